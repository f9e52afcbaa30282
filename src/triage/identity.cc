#include "triage/identity.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "fmt/format.h"
#include "model/kinds.h"
#include "model/purl.h"
#include "triage/concepts.h"

namespace ouro::triage {
namespace {

using model::FindingClass;

// Letters of generated names (k8s.io/apimachinery util/rand: no vowels, no 0, 1, 3, so that no
// words come about).
constexpr std::string_view kSafeLetters = "bcdfghjklmnpqrstvwxz2456789";
constexpr size_t kPodSuffixSize = 5;
constexpr size_t kTemplateHashSizeMin = 6;
constexpr size_t kTemplateHashSizeMax = 10;

std::string_view ApiGroup(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

bool HasObject(const model::Finding& finding) {
  return !finding.resource.kind.empty() || !finding.resource.name.empty();
}

// Takes "-<suffix>" of safe letters off the name.
bool DropSuffix(std::string_view& name, size_t size_min, size_t size_max) {
  const size_t dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return false;
  const std::string_view suffix = name.substr(dash + 1);
  const bool safe = std::all_of(suffix.begin(), suffix.end(), [](char c) {
    return kSafeLetters.find(c) != std::string_view::npos;
  });
  if (!safe || suffix.size() < size_min || suffix.size() > size_max) return false;
  name = name.substr(0, dash);
  return true;
}

void AddObject(TupleHasher& hasher, const model::Finding& finding) {
  const model::Resource& resource = finding.resource;
  hasher.Add("group", ApiGroup(resource.api_version));
  hasher.Add("kind", resource.kind);
  hasher.Add("namespace", resource.namespace_name);
  hasher.Add("name", resource.name);
  hasher.Add("container", resource.container);
}

// The object as tools that know less than the manifest name it: the group follows from the kind, no
// namespace is the default one.
void AddSharedObject(TupleHasher& hasher, const model::Resource& resource, bool with_container) {
  const bool known = !model::ApiVersionOfKind(resource.kind).empty();
  hasher.Add("group",
             known ? model::ApiGroupOfKind(resource.kind) : ApiGroup(resource.api_version));
  hasher.Add("kind", resource.kind);
  const bool in_namespace = !model::IsClusterScoped(resource.kind);
  const std::string_view written = resource.namespace_name;
  const std::string_view space = written.empty() ? std::string_view("default") : written;
  hasher.Add("namespace", in_namespace ? space : std::string_view());
  hasher.Add("name", resource.name);
  hasher.Add("container",
             with_container ? std::string_view(resource.container) : std::string_view());
}

void AddLineage(TupleHasher& hasher, const model::Finding& finding) {
  hasher.Add("application", finding.asset ? std::string_view(finding.asset->application) : "");
  if (finding.image && !finding.image->reference.empty()) {
    hasher.Add("image", ImageRepository(finding.image->reference));
  } else if (HasObject(finding)) {
    AddSharedObject(hasher, finding.resource, true);
  } else if (finding.asset && !finding.asset->repository.empty()) {
    hasher.Add("repository", finding.asset->repository);
  } else if (finding.asset && !finding.asset->host.empty()) {
    hasher.Add("host", finding.asset->host);
  }
}

// The package as such. OS packages count by their source package: libssl1.1 and openssl are one.
std::string PackageKey(const model::Finding& finding) {
  if (!finding.package) return finding.location.file;
  const model::Package& package = *finding.package;
  if (package.purl.empty()) return package.type + "/" + package.name;
  std::optional<model::Purl> purl = model::ParsePurl(package.purl);
  if (!purl) return package.type + "/" + package.name;
  const bool from_source = purl->type == "deb" || purl->type == "rpm" || purl->type == "apk";
  if (from_source && !package.source.empty()) purl->name = package.source;
  // A distribution is the namespace of an OS package; tools spell it differently or leave it out.
  if (from_source) purl->namespace_name.clear();
  purl->version.clear();
  purl->qualifiers.clear();
  purl->subpath.clear();
  return model::FormatPurl(*purl);
}

std::string VulnKey(const model::Finding& finding) {
  return finding.vuln && !finding.vuln->id.empty() ? finding.vuln->id : finding.check;
}

// Host, port and path; what follows '?' or '#' changes from request to request.
std::string EndpointKey(const model::Finding& finding) {
  if (!finding.origin) return {};
  const std::string_view endpoint = finding.origin->endpoint;
  return std::string(endpoint.substr(0, endpoint.find_first_of("?#")));
}

void AddFileSubject(TupleHasher& hasher, const model::Finding& finding) {
  hasher.Add("file", finding.location.file);
  hasher.Add("field", finding.field_path);
  if (finding.origin) {
    hasher.Add("code", finding.origin->snippet_hash);
    hasher.Add("endpoint", EndpointKey(finding));
  }
  AddLineage(hasher, finding);
}

// Subject of the classes that are about no Kubernetes object in the first place. False: about one.
bool AddClassSubject(TupleHasher& hasher, const model::Finding& finding) {
  switch (finding.finding_class) {
    case FindingClass::kVuln:
      hasher.Add("vuln", VulnKey(finding));
      hasher.Add("package", PackageKey(finding));
      AddLineage(hasher, finding);
      return true;
    case FindingClass::kSecret: {
      const bool known = finding.origin && !finding.origin->snippet_hash.empty();
      hasher.Add(known ? "value" : "file",
                 known ? finding.origin->snippet_hash : finding.location.file);
      AddLineage(hasher, finding);
      return true;
    }
    case FindingClass::kLicence:
      hasher.Add("package", PackageKey(finding));
      AddLineage(hasher, finding);
      return true;
    case FindingClass::kBench: {
      if (HasObject(finding)) return false;
      const bool role = finding.asset && !finding.asset->node_role.empty();
      hasher.Add("role", role            ? finding.asset->node_role
                         : finding.asset ? finding.asset->host
                                         : "");
      hasher.Add("cluster", finding.asset ? std::string_view(finding.asset->cluster) : "");
      return true;
    }
    case FindingClass::kProbe:
      if (HasObject(finding)) return false;
      hasher.Add("host", finding.asset ? std::string_view(finding.asset->host) : "");
      hasher.Add("endpoint", EndpointKey(finding));
      hasher.Add("field", finding.field_path);
      hasher.Add("application", finding.asset ? std::string_view(finding.asset->application) : "");
      return true;
    default:
      return false;
  }
}

// A vulnerability, a secret and a licence are the same whoever saw them.
bool IsToolIndependent(FindingClass value) {
  return value == FindingClass::kVuln || value == FindingClass::kSecret;
}

}  // namespace

void Classify(model::Finding& finding) {
  finding.check = CanonicalRule(finding.check);
  std::string kind;
  std::string name;
  if (finding.stage == "runtime" &&
      OwnerOfGeneratedName(finding.resource.kind, finding.resource.name, kind, name)) {
    finding.resource.kind = kind;
    finding.resource.name = name;
    finding.resource.api_version = std::string(model::ApiVersionOfKind(kind));
  }
  if (!finding.concept_name.empty()) return;
  const std::string evidence = fmt::format("{} {} {} {}", finding.message, finding.field_path,
                                           finding.location.json_path, finding.title);
  if (const Concept* found = ConceptOfRule(finding.check, evidence)) {
    finding.concept_name = std::string(found->name);
  }
}

// The first fields and their order are those of the first release: ids of manifests must stay.
std::string Fingerprint(const model::Finding& finding) {
  TupleHasher hasher("ouro/finding/v1");
  hasher.Add("class", model::FindingClassName(finding.finding_class));
  hasher.Add("concept", finding.concept_name.empty() ? finding.check : finding.concept_name);
  hasher.Add("check", finding.check);
  if (AddClassSubject(hasher, finding)) return hasher.Finish();
  AddObject(hasher, finding);
  hasher.Add("field", finding.field_path);
  if (HasObject(finding)) return hasher.Finish();
  AddFileSubject(hasher, finding);
  return hasher.Finish();
}

std::string IssueId(const model::Finding& finding) {
  TupleHasher hasher("ouro/issue/v1");
  const bool shared = !finding.concept_name.empty();
  if (IsToolIndependent(finding.finding_class)) {
    hasher.Add("class", model::FindingClassName(finding.finding_class));
  } else {
    hasher.Add("rule", shared ? finding.concept_name : finding.check);
  }
  if (AddClassSubject(hasher, finding)) return hasher.Finish();
  if (!HasObject(finding)) {
    AddFileSubject(hasher, finding);
    return hasher.Finish();
  }
  const Concept* row = shared ? FindConcept(finding.concept_name) : nullptr;
  AddSharedObject(hasher, finding.resource,
                  row == nullptr || row->subject == ConceptSubject::kContainer);
  // Rules that nobody else knows may say several things about one object.
  if (!shared) hasher.Add("field", finding.field_path);
  return hasher.Finish();
}

std::string ObservationKey(const model::Finding& finding) {
  TupleHasher hasher("ouro/observation/v1");
  hasher.Add("check", finding.check);
  hasher.Add("title", finding.title);
  hasher.Add("message", finding.message);
  AddObject(hasher, finding);
  hasher.Add("field", finding.field_path);
  const model::Location& place = finding.location;
  hasher.Add("place", fmt::format("{}:{}:{}:{}:{}", place.file, place.document, place.line,
                                  place.column, place.json_path));
  if (finding.package) {
    hasher.Add("package", finding.package->purl + " " + finding.package->name + " " +
                              finding.package->version + " " + finding.package->path);
  }
  if (finding.image) {
    hasher.Add("image",
               finding.image->reference + " " + finding.image->digest + " " + finding.image->layer);
  }
  if (finding.vuln) hasher.Add("vuln", finding.vuln->id);
  if (finding.origin) {
    hasher.Add("uid", finding.origin->uid);
    hasher.Add("endpoint", finding.origin->endpoint);
    hasher.Add("code", finding.origin->snippet_hash);
  }
  if (finding.asset) hasher.Add("host", finding.asset->host);
  return hasher.Finish();
}

bool OwnerOfGeneratedName(std::string_view kind, std::string_view name, std::string& owner_kind,
                          std::string& owner_name) {
  if (kind != "Pod" && kind != "ReplicaSet") return false;
  if (kind == "Pod" && !DropSuffix(name, kPodSuffixSize, kPodSuffixSize)) return false;
  if (!DropSuffix(name, kTemplateHashSizeMin, kTemplateHashSizeMax)) return false;
  owner_kind = "Deployment";
  owner_name = std::string(name);
  return true;
}

std::string ImageRepository(std::string_view reference) {
  reference = reference.substr(0, reference.find('@'));
  const size_t slash = reference.rfind('/');
  const size_t colon = reference.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    reference = reference.substr(0, colon);
  }
  std::string repository(reference);
  const std::string_view first = reference.substr(0, reference.find('/'));
  const bool has_registry =
      reference.find('/') != std::string_view::npos &&
      (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  if (!has_registry) {
    const bool official = reference.find('/') == std::string_view::npos;
    repository = (official ? "docker.io/library/" : "docker.io/") + repository;
  }
  if (StartsWith(repository, "index.docker.io/")) repository.erase(0, 6);
  return repository;
}

}  // namespace ouro::triage
