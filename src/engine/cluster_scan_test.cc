#include "engine/cluster_scan.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/engine.h"
#include "triage/triage.h"

namespace ouro::engine {
namespace {

std::shared_ptr<const Snapshot> Only(std::vector<std::string> ids, Config config = {}) {
  SnapshotOptions options;
  options.config = std::move(config);
  options.selection.only = std::move(ids);
  auto snapshot = Snapshot::Create(std::move(options));
  REQUIRE_MESSAGE(snapshot, snapshot.error().message);
  return *snapshot;
}

std::string Container(const std::string& name, bool privileged) {
  return R"({"name":")" + name + R"(","image":"x","securityContext":{"privileged":)" +
         (privileged ? "true" : "false") + "}}";
}

std::string Reference(const std::string& version, const std::string& kind, const std::string& name,
                      const std::string& uid) {
  return R"("ownerReferences":[{"apiVersion":")" + version + R"(","kind":")" + kind +
         R"(","name":")" + name + R"(","uid":")" + uid + R"(","controller":true}],)";
}

std::string Pod(const std::string& name, const std::string& containers,
                const std::string& reference = {}) {
  return R"({"metadata":{)" + reference + R"("name":")" + name +
         R"(","namespace":"shop","uid":"pod-)" + name + R"("},"spec":{"containers":[)" +
         containers + "]}}";
}

std::string Workload(const std::string& name, const std::string& uid, const std::string& containers,
                     const std::string& more_metadata = {}, const std::string& more_spec = {}) {
  return R"({"metadata":{)" + more_metadata + R"("name":")" + name +
         R"(","namespace":"shop","uid":")" + uid + R"("},"spec":{)" + more_spec +
         R"("template":{"spec":{"containers":[)" + containers + "]}}}}";
}

struct Harness {
  explicit Harness(std::shared_ptr<const Snapshot> snapshot)
      : scan({std::move(snapshot), 0, "kube://test", {}}) {
    scan.FinishFacts({});
    pods = scan.StartKind("v1", "Pod", "pods");
    sets = scan.StartKind("apps/v1", "ReplicaSet", "replicasets");
    deployments = scan.StartKind("apps/v1", "Deployment", "deployments");
  }
  model::Report Finish() {
    auto report = scan.Finish({});
    REQUIRE_MESSAGE(report, report.error().message);
    const model::Counts& c = report->counts;
    CHECK(c.objects == c.objects_examined + c.objects_excluded + c.objects_failed);
    return std::move(*report);
  }

  ClusterScan scan;
  size_t pods;
  size_t sets;
  size_t deployments;
};

const std::string kBySet = Reference("apps/v1", "ReplicaSet", "web-5d", "r1");
const std::string kByDeployment = Reference("apps/v1", "Deployment", "web", "d1");

}  // namespace

TEST_CASE("replicas and their ReplicaSet fold into the finding of the Deployment") {
  Harness test(Only({"OURO-K8S-0001"}));
  for (const char* name : {"web-5d-c", "web-5d-a", "web-5d-b"}) {
    test.scan.AddItem(test.pods, Pod(name, Container("api", true), kBySet));
  }
  test.scan.AddItem(test.sets, Workload("web-5d", "r1", Container("api", true), kByDeployment));
  test.scan.AddItem(test.deployments, Workload("web", "d1", Container("api", true)));
  const model::Report report = test.Finish();
  REQUIRE(report.findings.size() == 1);
  const model::Finding& finding = report.findings.front();
  CHECK(finding.resource.kind == "Deployment");
  CHECK(finding.resource.container == "api");
  CHECK(finding.count == 5);
  CHECK(finding.location.file == "kube://test/apps/v1/namespaces/shop/deployments/web");
  CHECK(finding.location.line == 0);
  CHECK(finding.field_path == "spec.template.spec.containers[name=api].securityContext.privileged");
  REQUIRE(finding.other_locations.size() == 4);
  CHECK(finding.other_locations[0].file ==
        "kube://test/apps/v1/namespaces/shop/replicasets/web-5d");
  CHECK(finding.other_locations[1].file == "kube://test/v1/namespaces/shop/pods/web-5d-a");
  CHECK(finding.stage == "cd");
  CHECK(report.counts.objects == 5);
  CHECK(report.decision.exit_code == 1);
}

TEST_CASE("a live finding has the id that its manifest has in a file") {
  Harness test(Only({"OURO-K8S-0001"}));
  test.scan.AddItem(test.deployments, Workload("web", "d1", Container("api", true)));
  const model::Report live = test.Finish();
  model::Finding manifest;
  manifest.check = "OURO-K8S-0001";
  manifest.concept_name = "privileged";
  manifest.resource = {"apps/v1", "Deployment", "shop", "web", "api"};
  manifest.field_path = "spec.template.spec.containers[name=api].securityContext.privileged";
  manifest.location.file = "deploy/web.yaml";
  REQUIRE(live.findings.size() == 1);
  CHECK(live.findings.front().id == triage::Fingerprint(manifest));
  // Replicas alone give it too.
  Harness replicas(Only({"OURO-K8S-0001"}));
  replicas.scan.AddItem(replicas.pods, Pod("web-5d-a", Container("api", true), kByDeployment));
  const model::Report of_pod = replicas.Finish();
  REQUIRE(of_pod.findings.size() == 1);
  CHECK(of_pod.findings.front().id == live.findings.front().id);
}

TEST_CASE("what only a pod has is told under its owner and names the pod") {
  Harness test(Only({"OURO-K8S-0001"}));
  const std::string injected = Container("api", false) + "," + Container("sidecar", true);
  test.scan.AddItem(test.pods, Pod("web-5d-a", injected, kBySet));
  test.scan.AddItem(test.pods, Pod("web-5d-b", injected, kBySet));
  test.scan.AddItem(test.sets, Workload("web-5d", "r1", Container("api", false), kByDeployment));
  test.scan.AddItem(test.deployments, Workload("web", "d1", Container("api", false)));
  const model::Report report = test.Finish();
  REQUIRE(report.findings.size() == 1);
  const model::Finding& finding = report.findings.front();
  CHECK(finding.resource.kind == "Deployment");
  CHECK(finding.resource.container == "sidecar");
  CHECK(finding.count == 2);
  CHECK(finding.message ==
        "container sidecar runs privileged (only in 2 Pods: web-5d-a, web-5d-b, not in the "
        "Deployment itself)");
  CHECK(finding.location.file == "kube://test/apps/v1/namespaces/shop/deployments/web");
}

TEST_CASE("an owner that was not seen is named by the reference") {
  Harness test(Only({"OURO-K8S-0001"}));
  test.scan.AddItem(test.pods, Pod("web-5d-a", Container("api", true), kBySet));
  const model::Report report = test.Finish();
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().resource.kind == "ReplicaSet");
  CHECK(report.findings.front().resource.name == "web-5d");
  CHECK(report.findings.front().message ==
        "container api runs privileged (in Pod web-5d-a; the ReplicaSet was not seen)");
}

TEST_CASE("old revisions are not judged") {
  Harness test(Only({"OURO-K8S-0001"}));
  test.scan.AddItem(test.sets, Workload("web-4c", "r0", Container("api", true), kByDeployment,
                                        R"("replicas":0,)"));
  test.scan.AddItem(test.deployments, Workload("web", "d1", Container("api", false)));
  const model::Report report = test.Finish();
  CHECK(report.findings.empty());
  CHECK(report.counts.objects == 2);
  CHECK(report.counts.objects_excluded == 1);
}

TEST_CASE("an exclude of the owner is one of its replicas") {
  Config config;
  scan::ObjectExclude exclude;
  exclude.kind = "Deployment";
  exclude.name = "web";
  config.exclude_objects = {exclude};
  Harness test(Only({"OURO-K8S-0001"}, config));
  test.scan.AddItem(test.pods, Pod("web-5d-a", Container("api", true), kBySet));
  test.scan.AddItem(test.sets, Workload("web-5d", "r1", Container("api", true), kByDeployment));
  test.scan.AddItem(test.deployments, Workload("web", "d1", Container("api", true)));
  test.scan.AddItem(test.pods, Pod("lone", Container("api", true)));
  const model::Report report = test.Finish();
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().resource.name == "lone");
  CHECK(report.counts.objects_excluded == 3);
}

TEST_CASE("a suppression beside the owner covers its replicas, and no other way round") {
  Harness test(Only({"OURO-K8S-0001"}));
  const std::string ignore =
      R"("annotations":{"ouro.dev/ignore":"OURO-K8S-0001, reason=debugging"},)";
  test.scan.AddItem(test.pods, Pod("web-5d-a", Container("api", true), kByDeployment));
  test.scan.AddItem(test.deployments, Workload("web", "d1", Container("api", true), ignore));
  test.scan.AddItem(test.pods, Pod("api-1", Container("api", true),
                                   ignore + Reference("apps/v1", "Deployment", "api", "d2")));
  test.scan.AddItem(test.deployments, Workload("api", "d2", Container("api", true)));
  const model::Report report = test.Finish();
  REQUIRE(report.findings.size() == 2);
  for (const model::Finding& finding : report.findings) {
    CHECK((finding.status == model::FindingStatus::kSuppressed) ==
          (finding.resource.name == "web"));
  }
}

TEST_CASE("the order of objects does not matter") {
  std::vector<std::pair<int, std::string>> items;
  for (int i = 0; i < 12; ++i) {
    items.emplace_back(0, Pod("web-5d-" + std::to_string(i),
                              Container("api", i % 3 == 0) + "," + Container("b", true), kBySet));
  }
  items.emplace_back(1, Workload("web-5d", "r1", Container("api", false), kByDeployment));
  items.emplace_back(2, Workload("web", "d1", Container("b", true)));
  std::string first;
  for (int round = 0; round < 20; ++round) {
    std::rotate(items.begin(), items.begin() + round % 5 + 1, items.end());
    Harness test(Only({"OURO-K8S-0001", "OURO-K8S-0007"}));
    for (const auto& [kind, item] : items) {
      const size_t kinds[] = {test.pods, test.sets, test.deployments};
      test.scan.AddItem(kinds[kind], item);
    }
    std::string text;
    for (const model::Finding& finding : test.Finish().findings) {
      text += finding.id + " " + finding.message + " " + std::to_string(finding.count) + " " +
              std::to_string(finding.other_locations.size()) + "\n";
    }
    if (first.empty()) first = text;
    CHECK(text == first);
  }
}

TEST_CASE("pages that end early, and items that are no objects, are told") {
  Harness test(Only({"OURO-K8S-0001"}));
  CHECK(test.scan.AddPage(test.pods, R"({"kind":"PodList","items":[]})"));
  CHECK(test.scan.AddPage(test.pods, R"({"kind":"PodList","items":null})"));
  CHECK_FALSE(test.scan.AddPage(test.pods, R"({"kind":"Status"})"));
  CHECK_FALSE(test.scan.AddPage(test.pods, R"({"items":[)" + Pod("a", Container("c", true))));
  CHECK(test.scan.AddPage(
      test.pods, R"({"items":[{"metadata":{}},{"metadata":{"name":"x"},"spec":{"a":}}]})"));
  const model::Report report = test.Finish();
  CHECK(report.counts.objects_failed == 2);
  CHECK(report.counts.not_examined == 2);
  CHECK(report.decision.verdict != "clean");
}

TEST_CASE("a list that begins anew forgets what it gave") {
  Harness test(Only({"OURO-K8S-0001"}));
  test.scan.AddItem(test.pods, Pod("a", Container("c", true)));
  test.scan.Restart(test.pods);
  test.scan.AddItem(test.pods, Pod("b", Container("c", true)));
  const model::Report report = test.Finish();
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().resource.name == "b");
  CHECK(report.counts.objects == 1);
}

TEST_CASE("workloads are judged by the roles of the cluster") {
  ClusterScan scan({Only({"OURO-K8S-0047"}), 0, "kube://test", {}});
  REQUIRE(scan.needs_facts());
  scan.AddFacts(R"({"metadata":{"name":"ops"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",)"
                R"("kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":)"
                R"("ServiceAccount","name":"robot","namespace":"shop"}]})",
                "rbac.authorization.k8s.io/v1", "ClusterRoleBinding");
  scan.FinishFacts({"roles.rbac.authorization.k8s.io (forbidden)"});
  const size_t pods = scan.StartKind("v1", "Pod", "pods");
  scan.AddItem(
      pods,
      R"({"metadata":{"name":"a","namespace":"shop"},"spec":{"serviceAccountName":"robot","containers":[]}})");
  scan.AddItem(
      pods,
      R"({"metadata":{"name":"b","namespace":"shop"},"spec":{"serviceAccountName":"other","containers":[]}})");
  const auto report = scan.Finish({});
  REQUIRE(report);
  REQUIRE(report->findings.size() == 1);
  CHECK(report->findings.front().resource.name == "a");
  CHECK(report->counts.not_examined == 1);
}

}  // namespace ouro::engine
