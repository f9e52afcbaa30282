#include "model/workload.h"

#include <algorithm>
#include <array>

namespace ouro::model {
namespace {

// Sorted by kind, then group; FindWorkload() searches it by halves.
constexpr std::array kWorkloadKinds = {
    WorkloadKind{"apps.kruise.io", "AdvancedCronJob", "spec.template.jobTemplate.spec.template",
                 ""},
    WorkloadKind{"apps.kruise.io", "AdvancedCronJob",
                 "spec.template.broadcastJobTemplate.spec.template", ""},
    WorkloadKind{"apps.kruise.io", "BroadcastJob", "spec.template", ""},
    WorkloadKind{"apps.kruise.io", "CloneSet", "spec.template", ""},
    WorkloadKind{"serving.knative.dev", "Configuration", "spec.template", ""},
    WorkloadKind{"batch", "CronJob", "spec.jobTemplate.spec.template", ""},
    WorkloadKind{"apps", "DaemonSet", "spec.template", ""},
    WorkloadKind{"apps.kruise.io", "DaemonSet", "spec.template", ""},
    WorkloadKind{"extensions", "DaemonSet", "spec.template", ""},
    WorkloadKind{"apps", "Deployment", "spec.template", ""},
    WorkloadKind{"extensions", "Deployment", "spec.template", ""},
    WorkloadKind{"", "DeploymentConfig", "spec.template", ""},
    WorkloadKind{"apps.openshift.io", "DeploymentConfig", "spec.template", ""},
    WorkloadKind{"agones.dev", "Fleet", "spec.template.spec.template", ""},
    WorkloadKind{"agones.dev", "GameServer", "spec.template", ""},
    WorkloadKind{"agones.dev", "GameServerSet", "spec.template.spec.template", ""},
    WorkloadKind{"kubeflow.org", "JAXJob", "template", "spec.jaxReplicaSpecs"},
    WorkloadKind{"batch", "Job", "spec.template", ""},
    WorkloadKind{"batch.volcano.sh", "Job", "template", "spec.tasks"},
    WorkloadKind{"jobset.x-k8s.io", "JobSet", "template.spec.template", "spec.replicatedJobs"},
    WorkloadKind{"leaderworkerset.x-k8s.io", "LeaderWorkerSet",
                 "spec.leaderWorkerTemplate.leaderTemplate", ""},
    WorkloadKind{"leaderworkerset.x-k8s.io", "LeaderWorkerSet",
                 "spec.leaderWorkerTemplate.workerTemplate", ""},
    WorkloadKind{"kubeflow.org", "MPIJob", "template", "spec.mpiReplicaSpecs"},
    WorkloadKind{"kubeflow.org", "MXJob", "template", "spec.mxReplicaSpecs"},
    WorkloadKind{"kubeflow.org", "Notebook", "spec.template", ""},
    WorkloadKind{"kubeflow.org", "PaddleJob", "template", "spec.paddleReplicaSpecs"},
    WorkloadKind{"", "Pod", "", ""},
    WorkloadKind{"", "PodTemplate", "template", ""},
    WorkloadKind{"kubeflow.org", "PyTorchJob", "template", "spec.pytorchReplicaSpecs"},
    WorkloadKind{"ray.io", "RayCluster", "spec.headGroupSpec.template", ""},
    WorkloadKind{"ray.io", "RayCluster", "template", "spec.workerGroupSpecs"},
    WorkloadKind{"ray.io", "RayJob", "spec.rayClusterSpec.headGroupSpec.template", ""},
    WorkloadKind{"ray.io", "RayJob", "template", "spec.rayClusterSpec.workerGroupSpecs"},
    WorkloadKind{"ray.io", "RayService", "spec.rayClusterConfig.headGroupSpec.template", ""},
    WorkloadKind{"ray.io", "RayService", "template", "spec.rayClusterConfig.workerGroupSpecs"},
    WorkloadKind{"apps", "ReplicaSet", "spec.template", ""},
    WorkloadKind{"extensions", "ReplicaSet", "spec.template", ""},
    WorkloadKind{"", "ReplicationController", "spec.template", ""},
    WorkloadKind{"serving.knative.dev", "Revision", "", ""},
    WorkloadKind{"argoproj.io", "Rollout", "spec.template", ""},
    WorkloadKind{"serving.knative.dev", "Service", "spec.template", ""},
    WorkloadKind{"apps", "StatefulSet", "spec.template", ""},
    WorkloadKind{"apps.kruise.io", "StatefulSet", "spec.template", ""},
    WorkloadKind{"kubeflow.org", "TFJob", "template", "spec.tfReplicaSpecs"},
    WorkloadKind{"apps.kruise.io", "UnitedDeployment",
                 "spec.template.statefulSetTemplate.spec.template", ""},
    WorkloadKind{"apps.kruise.io", "UnitedDeployment",
                 "spec.template.advancedStatefulSetTemplate.spec.template", ""},
    WorkloadKind{"apps.kruise.io", "UnitedDeployment",
                 "spec.template.cloneSetTemplate.spec.template", ""},
    WorkloadKind{"apps.kruise.io", "UnitedDeployment",
                 "spec.template.deploymentTemplate.spec.template", ""},
    WorkloadKind{"kubeflow.org", "XGBoostJob", "template", "spec.xgbReplicaSpecs"},
};

bool Before(const WorkloadKind& row, std::string_view group, std::string_view kind) {
  return row.kind != kind ? row.kind < kind : row.group < group;
}

}  // namespace

std::span<const WorkloadKind> WorkloadKinds() {
  return kWorkloadKinds;
}

std::span<const WorkloadKind> FindWorkload(std::string_view api_version, std::string_view kind) {
  const size_t slash = api_version.find('/');
  const std::string_view group =
      slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
  const auto first =
      std::partition_point(kWorkloadKinds.begin(), kWorkloadKinds.end(),
                           [&](const WorkloadKind& row) { return Before(row, group, kind); });
  auto last = first;
  while (last != kWorkloadKinds.end() && last->kind == kind && last->group == group) ++last;
  return {first, last};
}

}  // namespace ouro::model
