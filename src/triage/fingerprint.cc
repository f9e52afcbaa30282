#include <unordered_map>

#include "base/hash.h"
#include "triage/triage.h"

namespace ouro::triage {
namespace {

// "apps/v1" → "apps"; "v1" → "": a served version is a spelling of the object, not its identity.
std::string_view ApiGroup(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

// The part of the identity that a check gives to all its findings alike. The object follows.
TupleHasher HashCheck(const model::Finding& finding) {
  TupleHasher hasher("ouro/finding/v1");
  hasher.Add("class", model::FindingClassName(finding.finding_class));
  hasher.Add("concept", finding.concept_name.empty() ? finding.check : finding.concept_name);
  hasher.Add("check", finding.check);
  return hasher;
}

std::string HashObject(TupleHasher hasher, const model::Finding& finding) {
  const model::Resource& resource = finding.resource;
  hasher.Add("group", ApiGroup(resource.api_version));
  hasher.Add("kind", resource.kind);
  hasher.Add("namespace", resource.namespace_name);
  hasher.Add("name", resource.name);
  hasher.Add("container", resource.container);
  hasher.Add("field", finding.field_path);
  if (resource.kind.empty() && resource.name.empty()) hasher.Add("file", finding.location.file);
  return hasher.Finish();
}

// A check whose part has been hashed already. The texts live in the findings.
struct HashedCheck {
  model::FindingClass finding_class;
  std::string_view concept_name;
  TupleHasher hasher;
};

}  // namespace

std::string Fingerprint(const model::Finding& finding) {
  return HashObject(HashCheck(finding), finding);
}

void AssignFingerprints(std::vector<model::Finding>& findings) {
  std::unordered_map<std::string_view, HashedCheck> by_check;
  for (model::Finding& finding : findings) {
    auto found = by_check.find(finding.check);
    if (found == by_check.end()) {
      const HashedCheck hashed = {finding.finding_class, finding.concept_name, HashCheck(finding)};
      found = by_check.emplace(finding.check, hashed).first;
    }
    const HashedCheck& hashed = found->second;
    // Imported findings may give one check several concepts.
    const bool same = hashed.finding_class == finding.finding_class &&
                      hashed.concept_name == finding.concept_name;
    finding.id = same ? HashObject(hashed.hasher, finding) : Fingerprint(finding);
  }
}

}  // namespace ouro::triage
