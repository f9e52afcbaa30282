#include "model/kinds.h"

#include <array>

#include "base/text.h"

namespace ouro::model {
namespace {

struct KnownKind {
  std::string_view kind;
  std::string_view plural;  // lower case
  std::string_view short_name;
  std::string_view api_version;
  bool cluster_scoped;
};

// kubectl api-resources of Kubernetes 1.33, and PodSecurityPolicy, which was removed in 1.25.
constexpr std::array kKinds = {
    KnownKind{"APIService", "apiservices", "", "apiregistration.k8s.io/v1", true},
    KnownKind{"CertificateSigningRequest", "certificatesigningrequests", "csr",
              "certificates.k8s.io/v1", true},
    KnownKind{"ClusterRole", "clusterroles", "", "rbac.authorization.k8s.io/v1", true},
    KnownKind{"ClusterRoleBinding", "clusterrolebindings", "", "rbac.authorization.k8s.io/v1",
              true},
    KnownKind{"ConfigMap", "configmaps", "cm", "v1", false},
    KnownKind{"ControllerRevision", "controllerrevisions", "", "apps/v1", false},
    KnownKind{"CronJob", "cronjobs", "cj", "batch/v1", false},
    KnownKind{"CSIDriver", "csidrivers", "", "storage.k8s.io/v1", true},
    KnownKind{"CSINode", "csinodes", "", "storage.k8s.io/v1", true},
    KnownKind{"CustomResourceDefinition", "customresourcedefinitions", "crd",
              "apiextensions.k8s.io/v1", true},
    KnownKind{"DaemonSet", "daemonsets", "ds", "apps/v1", false},
    KnownKind{"Deployment", "deployments", "deploy", "apps/v1", false},
    KnownKind{"Endpoints", "endpoints", "ep", "v1", false},
    KnownKind{"EndpointSlice", "endpointslices", "", "discovery.k8s.io/v1", false},
    KnownKind{"Event", "events", "ev", "v1", false},
    KnownKind{"FlowSchema", "flowschemas", "", "flowcontrol.apiserver.k8s.io/v1", true},
    KnownKind{"HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", "autoscaling/v2",
              false},
    KnownKind{"Ingress", "ingresses", "ing", "networking.k8s.io/v1", false},
    KnownKind{"IngressClass", "ingressclasses", "", "networking.k8s.io/v1", true},
    KnownKind{"Job", "jobs", "", "batch/v1", false},
    KnownKind{"Lease", "leases", "", "coordination.k8s.io/v1", false},
    KnownKind{"LimitRange", "limitranges", "limits", "v1", false},
    KnownKind{"MutatingAdmissionPolicy", "mutatingadmissionpolicies", "",
              "admissionregistration.k8s.io/v1beta1", true},
    KnownKind{"MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "",
              "admissionregistration.k8s.io/v1", true},
    KnownKind{"Namespace", "namespaces", "ns", "v1", true},
    KnownKind{"NetworkPolicy", "networkpolicies", "netpol", "networking.k8s.io/v1", false},
    KnownKind{"Node", "nodes", "no", "v1", true},
    KnownKind{"PersistentVolume", "persistentvolumes", "pv", "v1", true},
    KnownKind{"PersistentVolumeClaim", "persistentvolumeclaims", "pvc", "v1", false},
    KnownKind{"Pod", "pods", "po", "v1", false},
    KnownKind{"PodDisruptionBudget", "poddisruptionbudgets", "pdb", "policy/v1", false},
    KnownKind{"PodSecurityPolicy", "podsecuritypolicies", "psp", "policy/v1beta1", true},
    KnownKind{"PodTemplate", "podtemplates", "", "v1", false},
    KnownKind{"PriorityClass", "priorityclasses", "pc", "scheduling.k8s.io/v1", true},
    KnownKind{"PriorityLevelConfiguration", "prioritylevelconfigurations", "",
              "flowcontrol.apiserver.k8s.io/v1", true},
    KnownKind{"ReplicaSet", "replicasets", "rs", "apps/v1", false},
    KnownKind{"ReplicationController", "replicationcontrollers", "rc", "v1", false},
    KnownKind{"ResourceQuota", "resourcequotas", "quota", "v1", false},
    KnownKind{"Role", "roles", "", "rbac.authorization.k8s.io/v1", false},
    KnownKind{"RoleBinding", "rolebindings", "", "rbac.authorization.k8s.io/v1", false},
    KnownKind{"RuntimeClass", "runtimeclasses", "", "node.k8s.io/v1", true},
    KnownKind{"Secret", "secrets", "", "v1", false},
    KnownKind{"Service", "services", "svc", "v1", false},
    KnownKind{"ServiceAccount", "serviceaccounts", "sa", "v1", false},
    KnownKind{"StatefulSet", "statefulsets", "sts", "apps/v1", false},
    KnownKind{"StorageClass", "storageclasses", "sc", "storage.k8s.io/v1", true},
    KnownKind{"ValidatingAdmissionPolicy", "validatingadmissionpolicies", "",
              "admissionregistration.k8s.io/v1", true},
    KnownKind{"ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", "",
              "admissionregistration.k8s.io/v1", true},
    KnownKind{"ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "",
              "admissionregistration.k8s.io/v1", true},
    KnownKind{"VolumeAttachment", "volumeattachments", "", "storage.k8s.io/v1", true},
};

const KnownKind* FindKind(std::string_view kind) {
  for (const KnownKind& known : kKinds) {
    if (known.kind == kind) return &known;
  }
  return nullptr;
}

}  // namespace

std::string_view CanonicalKind(std::string_view word) {
  for (const KnownKind& known : kKinds) {
    if (EqualsIgnoreCase(word, known.kind) || EqualsIgnoreCase(word, known.plural) ||
        (!known.short_name.empty() && EqualsIgnoreCase(word, known.short_name))) {
      return known.kind;
    }
  }
  return word;
}

std::string_view ApiVersionOfKind(std::string_view kind) {
  const KnownKind* known = FindKind(kind);
  return known == nullptr ? std::string_view() : known->api_version;
}

std::string_view ApiGroupOfKind(std::string_view kind) {
  const std::string_view version = ApiVersionOfKind(kind);
  const size_t slash = version.find('/');
  return slash == std::string_view::npos ? std::string_view() : version.substr(0, slash);
}

bool IsClusterScoped(std::string_view kind) {
  const KnownKind* known = FindKind(kind);
  return known != nullptr && known->cluster_scoped;
}

}  // namespace ouro::model
