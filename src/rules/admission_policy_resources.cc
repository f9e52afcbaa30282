#include "rules/admission_policy_resources.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::rules {

namespace {

constexpr ResourceScope kNamespaced = ResourceScope::kNamespaced;
constexpr ResourceScope kCluster = ResourceScope::kCluster;

struct BuiltIn {
  std::string_view kind;
  std::string_view group;
  std::string_view resource;
  ResourceScope scope;
};

// Sorted by kind, then group.
constexpr std::array kBuiltIns = {
    BuiltIn{"APIService", "apiregistration.k8s.io", "apiservices", kCluster},
    BuiltIn{"Binding", "", "bindings", kNamespaced},
    BuiltIn{"CSIDriver", "storage.k8s.io", "csidrivers", kCluster},
    BuiltIn{"CSINode", "storage.k8s.io", "csinodes", kCluster},
    BuiltIn{"CSIStorageCapacity", "storage.k8s.io", "csistoragecapacities", kNamespaced},
    BuiltIn{"CertificateSigningRequest", "certificates.k8s.io", "certificatesigningrequests",
            kCluster},
    BuiltIn{"ClusterRole", "rbac.authorization.k8s.io", "clusterroles", kCluster},
    BuiltIn{"ClusterRoleBinding", "rbac.authorization.k8s.io", "clusterrolebindings", kCluster},
    BuiltIn{"ClusterTrustBundle", "certificates.k8s.io", "clustertrustbundles", kCluster},
    BuiltIn{"ComponentStatus", "", "componentstatuses", kCluster},
    BuiltIn{"ConfigMap", "", "configmaps", kNamespaced},
    BuiltIn{"ControllerRevision", "apps", "controllerrevisions", kNamespaced},
    BuiltIn{"CronJob", "batch", "cronjobs", kNamespaced},
    BuiltIn{"CustomResourceDefinition", "apiextensions.k8s.io", "customresourcedefinitions",
            kCluster},
    BuiltIn{"DaemonSet", "apps", "daemonsets", kNamespaced},
    BuiltIn{"Deployment", "apps", "deployments", kNamespaced},
    BuiltIn{"DeviceClass", "resource.k8s.io", "deviceclasses", kCluster},
    BuiltIn{"DeviceTaintRule", "resource.k8s.io", "devicetaintrules", kCluster},
    BuiltIn{"EndpointSlice", "discovery.k8s.io", "endpointslices", kNamespaced},
    BuiltIn{"Endpoints", "", "endpoints", kNamespaced},
    BuiltIn{"Event", "", "events", kNamespaced},
    BuiltIn{"Event", "events.k8s.io", "events", kNamespaced},
    BuiltIn{"FlowSchema", "flowcontrol.apiserver.k8s.io", "flowschemas", kCluster},
    BuiltIn{"HorizontalPodAutoscaler", "autoscaling", "horizontalpodautoscalers", kNamespaced},
    BuiltIn{"IPAddress", "networking.k8s.io", "ipaddresses", kCluster},
    BuiltIn{"Ingress", "networking.k8s.io", "ingresses", kNamespaced},
    BuiltIn{"IngressClass", "networking.k8s.io", "ingressclasses", kCluster},
    BuiltIn{"Job", "batch", "jobs", kNamespaced},
    BuiltIn{"Lease", "coordination.k8s.io", "leases", kNamespaced},
    BuiltIn{"LeaseCandidate", "coordination.k8s.io", "leasecandidates", kNamespaced},
    BuiltIn{"LimitRange", "", "limitranges", kNamespaced},
    BuiltIn{"LocalSubjectAccessReview", "authorization.k8s.io", "localsubjectaccessreviews",
            kNamespaced},
    BuiltIn{"MutatingAdmissionPolicy", "admissionregistration.k8s.io", "mutatingadmissionpolicies",
            kCluster},
    BuiltIn{"MutatingAdmissionPolicyBinding", "admissionregistration.k8s.io",
            "mutatingadmissionpolicybindings", kCluster},
    BuiltIn{"MutatingWebhookConfiguration", "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations", kCluster},
    BuiltIn{"Namespace", "", "namespaces", kCluster},
    BuiltIn{"NetworkPolicy", "networking.k8s.io", "networkpolicies", kNamespaced},
    BuiltIn{"Node", "", "nodes", kCluster},
    BuiltIn{"PersistentVolume", "", "persistentvolumes", kCluster},
    BuiltIn{"PersistentVolumeClaim", "", "persistentvolumeclaims", kNamespaced},
    BuiltIn{"Pod", "", "pods", kNamespaced},
    BuiltIn{"PodCertificateRequest", "certificates.k8s.io", "podcertificaterequests", kNamespaced},
    BuiltIn{"PodDisruptionBudget", "policy", "poddisruptionbudgets", kNamespaced},
    BuiltIn{"PodTemplate", "", "podtemplates", kNamespaced},
    BuiltIn{"PriorityClass", "scheduling.k8s.io", "priorityclasses", kCluster},
    BuiltIn{"PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io",
            "prioritylevelconfigurations", kCluster},
    BuiltIn{"ReplicaSet", "apps", "replicasets", kNamespaced},
    BuiltIn{"ReplicationController", "", "replicationcontrollers", kNamespaced},
    BuiltIn{"ResourceClaim", "resource.k8s.io", "resourceclaims", kNamespaced},
    BuiltIn{"ResourceClaimTemplate", "resource.k8s.io", "resourceclaimtemplates", kNamespaced},
    BuiltIn{"ResourceQuota", "", "resourcequotas", kNamespaced},
    BuiltIn{"ResourceSlice", "resource.k8s.io", "resourceslices", kCluster},
    BuiltIn{"Role", "rbac.authorization.k8s.io", "roles", kNamespaced},
    BuiltIn{"RoleBinding", "rbac.authorization.k8s.io", "rolebindings", kNamespaced},
    BuiltIn{"RuntimeClass", "node.k8s.io", "runtimeclasses", kCluster},
    BuiltIn{"Secret", "", "secrets", kNamespaced},
    BuiltIn{"SelfSubjectAccessReview", "authorization.k8s.io", "selfsubjectaccessreviews",
            kCluster},
    BuiltIn{"SelfSubjectReview", "authentication.k8s.io", "selfsubjectreviews", kCluster},
    BuiltIn{"SelfSubjectRulesReview", "authorization.k8s.io", "selfsubjectrulesreviews", kCluster},
    BuiltIn{"Service", "", "services", kNamespaced},
    BuiltIn{"ServiceAccount", "", "serviceaccounts", kNamespaced},
    BuiltIn{"ServiceCIDR", "networking.k8s.io", "servicecidrs", kCluster},
    BuiltIn{"StatefulSet", "apps", "statefulsets", kNamespaced},
    BuiltIn{"StorageClass", "storage.k8s.io", "storageclasses", kCluster},
    BuiltIn{"StorageVersion", "internal.apiserver.k8s.io", "storageversions", kCluster},
    BuiltIn{"StorageVersionMigration", "storagemigration.k8s.io", "storageversionmigrations",
            kCluster},
    BuiltIn{"SubjectAccessReview", "authorization.k8s.io", "subjectaccessreviews", kCluster},
    BuiltIn{"TokenReview", "authentication.k8s.io", "tokenreviews", kCluster},
    BuiltIn{"ValidatingAdmissionPolicy", "admissionregistration.k8s.io",
            "validatingadmissionpolicies", kCluster},
    BuiltIn{"ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io",
            "validatingadmissionpolicybindings", kCluster},
    BuiltIn{"ValidatingWebhookConfiguration", "admissionregistration.k8s.io",
            "validatingwebhookconfigurations", kCluster},
    BuiltIn{"VolumeAttachment", "storage.k8s.io", "volumeattachments", kCluster},
    BuiltIn{"VolumeAttributesClass", "storage.k8s.io", "volumeattributesclasses", kCluster},
};

constexpr bool Before(const BuiltIn& a, const BuiltIn& b) {
  return a.kind != b.kind ? a.kind < b.kind : a.group < b.group;
}
static_assert(std::is_sorted(kBuiltIns.begin(), kBuiltIns.end(),
                             [](const BuiltIn& a, const BuiltIn& b) { return Before(a, b); }));

// The same objects under several stable versions, served by default from one minor to another.
struct Served {
  std::string_view group;
  std::string_view version;
  std::string_view resource;
  int first_minor;
  int last_minor;
};
constexpr int kNoLast = 1'000'000;
constexpr std::array kServedTwice = {
    Served{"autoscaling", "v1", "horizontalpodautoscalers", 0, kNoLast},
    Served{"autoscaling", "v2", "horizontalpodautoscalers", 23, kNoLast},
    Served{"", "v1", "events", 0, kNoLast},
    Served{"events.k8s.io", "v1", "events", 19, kNoLast},
    Served{"flowcontrol.apiserver.k8s.io", "v1beta2", "flowschemas", 23, 28},
    Served{"flowcontrol.apiserver.k8s.io", "v1beta3", "flowschemas", 26, 31},
    Served{"flowcontrol.apiserver.k8s.io", "v1", "flowschemas", 29, kNoLast},
    Served{"flowcontrol.apiserver.k8s.io", "v1beta2", "prioritylevelconfigurations", 23, 28},
    Served{"flowcontrol.apiserver.k8s.io", "v1beta3", "prioritylevelconfigurations", 26, 31},
    Served{"flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations", 29, kNoLast},
};

std::string GuessPlural(std::string_view kind) {
  std::string name = LowerAscii(kind);
  if (name.empty() || EndsWith(name, "endpoints")) return name;
  if (name.back() == 's') return name + "es";
  if (name.back() == 'y') {
    name.pop_back();
    return name + "ies";
  }
  return name + "s";
}

bool IsTrue(const io::NodeView& view) {
  return view.type() == io::NodeType::kBool && view.tree().node(view.index()).boolean;
}

}  // namespace

GroupVersion SplitApiVersion(std::string_view api_version) {
  const size_t slash = api_version.rfind('/');
  if (slash == std::string_view::npos) return {{}, api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

bool ResourceCatalog::AddDefinition(const io::NodeView& definition) {
  const std::string_view group = SplitApiVersion(definition.Get("apiVersion").Text()).group;
  if (group != "apiextensions.k8s.io" ||
      definition.Get("kind").Text() != "CustomResourceDefinition") {
    return false;
  }
  const io::NodeView spec = definition.Get("spec");
  Custom custom;
  custom.group = spec.Get("group").Text();
  custom.kind = spec.Get("names").Get("kind").Text();
  custom.resource = spec.Get("names").Get("plural").Text();
  if (custom.group.empty() || custom.kind.empty() || custom.resource.empty()) return false;
  custom.scope = spec.Get("scope").Text() == "Cluster" ? kCluster : kNamespaced;
  for (const io::NodeView& version : spec.Get("versions").Children()) {
    if (IsTrue(version.Get("served"))) custom.served.emplace_back(version.Get("name").Text());
  }
  if (spec.Get("version").IsString()) custom.served.emplace_back(spec.Get("version").Text());
  custom_.push_back(std::move(custom));
  return true;
}

ResourceInfo ResourceCatalog::Find(std::string_view group, std::string_view kind) const {
  const BuiltIn probe{kind, group, {}, kCluster};
  const auto found = std::lower_bound(kBuiltIns.begin(), kBuiltIns.end(), probe, Before);
  if (found != kBuiltIns.end() && found->kind == kind && found->group == group) {
    return {std::string(found->resource), found->scope, true, true};
  }
  for (const Custom& custom : custom_) {
    if (custom.group == group && custom.kind == kind) {
      return {custom.resource, custom.scope, false, true};
    }
  }
  ResourceInfo guess;
  guess.resource = GuessPlural(kind);
  // Kinds that only subresources take (Scale, Eviction), and those of a group that was given up.
  guess.built_in = group == "extensions" ||
                   std::any_of(kBuiltIns.begin(), kBuiltIns.end(),
                               [group](const BuiltIn& row) { return row.group == group; });
  return guess;
}

ResourceCatalog::Equivalents ResourceCatalog::EquivalentsOf(std::string_view group,
                                                            std::string_view version,
                                                            std::string_view resource,
                                                            int kubernetes_minor) const {
  Equivalents result;
  for (const Custom& custom : custom_) {
    if (custom.group != group || custom.resource != resource) continue;
    for (const std::string& served : custom.served) {
      if (served != version) result.versions.emplace_back(group, served);
    }
    return result;
  }
  result.complete = std::any_of(kBuiltIns.begin(), kBuiltIns.end(), [&](const BuiltIn& row) {
    return row.group == group && row.resource == resource;
  });
  for (const Served& row : kServedTwice) {
    const bool same = row.resource == resource && (resource == "events" || row.group == group);
    const bool itself = row.group == group && row.version == version;
    if (same && !itself && result.complete && row.first_minor <= kubernetes_minor &&
        kubernetes_minor <= row.last_minor) {
      result.versions.emplace_back(row.group, row.version);
    }
  }
  return result;
}

bool IsExemptFromPolicies(std::string_view group, std::string_view resource) {
  if (group == "authentication.k8s.io") {
    return resource == "selfsubjectreviews" || resource == "tokenreviews";
  }
  if (group == "authorization.k8s.io") {
    return resource == "localsubjectaccessreviews" || resource == "selfsubjectaccessreviews" ||
           resource == "selfsubjectrulesreviews" || resource == "subjectaccessreviews";
  }
  if (group != "admissionregistration.k8s.io") return false;
  return resource == "validatingadmissionpolicies" ||
         resource == "validatingadmissionpolicybindings" ||
         resource == "mutatingadmissionpolicies" || resource == "mutatingadmissionpolicybindings";
}

}  // namespace ouro::rules
