#include "base/hash.h"
#include "triage/triage.h"

namespace ouro::triage {
namespace {

// "apps/v1" → "apps"; "v1" → "": a served version is a spelling of the object, not its identity.
std::string_view ApiGroup(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

}  // namespace

std::string Fingerprint(const model::Finding& finding) {
  const model::Resource& resource = finding.resource;
  TupleHasher hasher("ouro/finding/v1");
  hasher.Add("class", model::FindingClassName(finding.finding_class));
  hasher.Add("concept", finding.concept_name.empty() ? finding.check : finding.concept_name);
  hasher.Add("check", finding.check);
  hasher.Add("group", ApiGroup(resource.api_version));
  hasher.Add("kind", resource.kind);
  hasher.Add("namespace", resource.namespace_name);
  hasher.Add("name", resource.name);
  hasher.Add("container", resource.container);
  hasher.Add("field", finding.field_path);
  if (resource.kind.empty() && resource.name.empty()) hasher.Add("file", finding.location.file);
  return hasher.Finish();
}

void AssignFingerprints(std::vector<model::Finding>& findings) {
  for (model::Finding& finding : findings) finding.id = Fingerprint(finding);
}

}  // namespace ouro::triage
