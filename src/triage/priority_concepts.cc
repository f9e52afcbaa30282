// How much a concept changes the priority of a misconfiguration beyond its severity: what hands
// over the node or the cluster comes first, what only costs order or comfort comes last.
#include <algorithm>
#include <array>

#include "triage/priority.h"

namespace ouro::triage {
namespace {

struct Row {
  std::string_view concept_name;
  int weight;
};

constexpr int kTakesNode = 12;      // one step from container to node
constexpr int kTakesCluster = 15;   // one step to the rights of an administrator
constexpr int kTakesSecrets = 8;    // credentials can be read or made
constexpr int kOpensDoor = 8;       // something sensitive can be reached
constexpr int kHelpsAttacker = 4;   // widens what a compromised container can do
constexpr int kAvailability = -5;   // costs availability, not confidentiality
constexpr int kHousekeeping = -10;  // order, no risk by itself

// Sorted by name.
constexpr std::array kRows = {
    Row{"annotation-missing", kHousekeeping},
    Row{"anonymous-binding", kTakesCluster},
    Row{"anti-affinity", kAvailability},
    Row{"api-anonymous-auth", kTakesCluster},
    Row{"api-authz-always-allow", kTakesCluster},
    Row{"api-insecure-bind", kTakesCluster},
    Row{"api-insecure-port", kTakesCluster},
    Row{"cap-added", kHelpsAttacker},
    Row{"cap-dangerous", kHelpsAttacker},
    Row{"cap-net-raw", kHelpsAttacker},
    Row{"cap-sys-admin", kTakesNode},
    Row{"cap-sys-module", kTakesNode},
    Row{"cloud-credential-mount", kTakesSecrets},
    Row{"cluster-admin", kTakesCluster},
    Row{"cpu-limit", kAvailability},
    Row{"cpu-request", kAvailability},
    Row{"create-pods", kTakesNode},
    Row{"critical-exposed", kOpensDoor},
    Row{"csr-approve", kTakesCluster},
    Row{"dashboard", kOpensDoor},
    Row{"escalate-bind", kTakesCluster},
    Row{"etcd-client-auth", kTakesCluster},
    Row{"gateway-exposed", kOpensDoor},
    Row{"host-ipc", kHelpsAttacker},
    Row{"host-network", kHelpsAttacker},
    Row{"host-path", kHelpsAttacker},
    Row{"host-path-sensitive", kTakesNode},
    Row{"host-path-writable", kTakesNode},
    Row{"host-pid", kTakesNode},
    Row{"host-proc", kTakesNode},
    Row{"impersonate", kTakesCluster},
    Row{"keys-sorted", kHousekeeping},
    Row{"kubelet-anonymous", kTakesNode},
    Row{"kubelet-authz", kTakesNode},
    Row{"kubelet-read-only-port", kOpensDoor},
    Row{"labels-missing", kHousekeeping},
    Row{"liveness", kAvailability},
    Row{"memory-limit", kAvailability},
    Row{"memory-request", kAvailability},
    Row{"node-proxy", kTakesCluster},
    Row{"pdb-missing", kAvailability},
    Row{"pod-exec", kTakesSecrets},
    Row{"privileged", kTakesNode},
    Row{"probes-identical", kAvailability},
    Row{"pull-policy", kHousekeeping},
    Row{"pv-create", kTakesNode},
    Row{"rce-exposed", kTakesCluster},
    Row{"read-secrets", kTakesSecrets},
    Row{"readiness", kAvailability},
    Row{"replicas-single", kAvailability},
    Row{"runtime-socket", kTakesNode},
    Row{"secret-in-configmap", kTakesSecrets},
    Row{"secret-in-env-value", kTakesSecrets},
    Row{"sensitive-interface-exposed", kOpensDoor},
    Row{"system-masters", kTakesCluster},
    Row{"tiller", kTakesCluster},
    Row{"token-create", kTakesSecrets},
    Row{"topology-spread", kAvailability},
    Row{"webhook-edit", kTakesCluster},
    Row{"wildcard-rule", kTakesCluster},
    Row{"windows-host-process", kTakesNode},
    Row{"workload-cluster-takeover", kTakesCluster},
};
static_assert(std::is_sorted(kRows.begin(), kRows.end(), [](const Row& a, const Row& b) {
  return a.concept_name < b.concept_name;
}));

}  // namespace

int ConceptWeight(std::string_view concept_name) {
  const auto row =
      std::lower_bound(kRows.begin(), kRows.end(), concept_name,
                       [](const Row& a, std::string_view name) { return a.concept_name < name; });
  return row != kRows.end() && row->concept_name == concept_name ? row->weight : 0;
}

}  // namespace ouro::triage
