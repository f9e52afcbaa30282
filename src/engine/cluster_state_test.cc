#include "engine/cluster_state.h"

#include <doctest/doctest.h>

namespace ouro::engine {
namespace {

std::shared_ptr<const Snapshot> Only(std::vector<std::string> ids) {
  SnapshotOptions options;
  options.selection.only = std::move(ids);
  auto snapshot = Snapshot::Create(std::move(options));
  REQUIRE_MESSAGE(snapshot, snapshot.error().message);
  return *snapshot;
}

std::string Metadata(const std::string& name, const std::string& owner_kind,
                     const std::string& owner, const std::string& more = {}) {
  std::string text = R"("metadata":{)" + more + R"("name":")" + name +
                     R"(","namespace":"shop","uid":"u-)" + name + "\"";
  if (!owner.empty()) {
    text += R"(,"ownerReferences":[{"apiVersion":"apps/v1","kind":")" + owner_kind +
            R"(","name":")" + owner + R"(","uid":"u-)" + owner + R"(","controller":true}])";
  }
  return text + "}";
}

std::string PodSpec(bool privileged) {
  return std::string(R"({"containers":[{"name":"api","securityContext":{"privileged":)") +
         (privileged ? "true" : "false") + "}}]}";
}

std::string Pod(const std::string& name, bool privileged, const std::string& owner = {},
                const std::string& more = {}) {
  return "{" + Metadata(name, "ReplicaSet", owner, more) + R"(,"spec":)" + PodSpec(privileged) +
         "}";
}

std::string Workload(const std::string& name, bool privileged, const std::string& owner = {},
                     int replicas = 1, const std::string& more = {}) {
  return "{" + Metadata(name, "Deployment", owner, more) + R"(,"spec":{"replicas":)" +
         std::to_string(replicas) + R"(,"template":{"spec":)" + PodSpec(privileged) + "}}}";
}

struct Harness {
  explicit Harness(std::vector<std::string> ids = {"OURO-K8S-0001"})
      : state({Only(std::move(ids)), 0, "kube://test", {}, {}}) {
    pods = state.StartKind("v1", "Pod", "pods");
    sets = state.StartKind("apps/v1", "ReplicaSet", "replicasets");
    deployments = state.StartKind("apps/v1", "Deployment", "deployments");
  }
  // What the step changed: "new Deployment web; gone Pod a", in order.
  std::string Put(size_t kind, const std::string& item) {
    std::vector<FindingChange> changes;
    const Status put = state.Put(kind, item, changes);
    CHECK_MESSAGE(put, (put ? "" : put.error().message));
    return Words(changes);
  }
  std::string Remove(const std::string& name) {
    std::vector<FindingChange> changes;
    state.Remove("u-" + name, changes);
    return Words(changes);
  }
  static std::string Words(const std::vector<FindingChange>& changes) {
    std::string text;
    for (const FindingChange& change : changes) {
      if (!text.empty()) text += "; ";
      text += std::string(FindingChangeName(change.kind)) + " " + change.finding.resource.kind +
              " " + change.finding.resource.name;
      if (!change.note.empty()) text += " (" + change.note + ")";
    }
    return text;
  }
  size_t OpenCount() {
    auto report = state.MakeReport({});
    REQUIRE(report);
    const model::Counts& c = report->counts;
    CHECK(c.objects == c.objects_examined + c.objects_excluded + c.objects_failed);
    size_t open = 0;
    for (const auto& finding : report->findings) {
      open += finding.status == model::FindingStatus::kOpen ? 1 : 0;
    }
    return open;
  }

  LiveState state;
  size_t pods;
  size_t sets;
  size_t deployments;
};

}  // namespace

TEST_CASE("changes of an object of its own are told at once") {
  Harness test;
  test.state.Settle();
  CHECK(test.Put(test.pods, Pod("a", false)) == "");
  CHECK(test.Put(test.pods, Pod("a", true)) == "new Pod a");
  CHECK(test.Put(test.pods, Pod("a", true)) == "");
  CHECK(test.OpenCount() == 1);
  CHECK(test.Put(test.pods, Pod("a", false)) == "gone Pod a");
  CHECK(test.Put(test.pods, Pod("a", true)) == "new Pod a");
  CHECK(test.Remove("a") == "gone Pod a");
  CHECK(test.Remove("a") == "");
  CHECK(test.OpenCount() == 0);
  CHECK(test.state.object_count() == 0);
}

TEST_CASE("what the first list held is not told") {
  Harness test;
  CHECK(test.Put(test.pods, Pod("web-5d-a", true, "web-5d")) == "");
  CHECK(test.Put(test.sets, Workload("web-5d", true, "web")) == "");
  CHECK(test.Put(test.deployments, Workload("web", true)) == "");
  test.state.Settle();
  CHECK(test.OpenCount() == 1);
  CHECK(test.Put(test.pods, Pod("web-5d-b", true, "web-5d")) == "");
}

TEST_CASE("a rollout that mends a finding is told in two steps") {
  Harness test;
  test.Put(test.pods, Pod("web-5d-a", true, "web-5d"));
  test.Put(test.sets, Workload("web-5d", true, "web"));
  test.Put(test.deployments, Workload("web", true));
  test.state.Settle();
  CHECK(test.Put(test.deployments, Workload("web", false)) ==
        "changed Deployment web (mended in the Deployment, but 2 objects that it made still have "
        "it)");
  CHECK(test.Put(test.sets, Workload("web-7c", false, "web")) == "");
  CHECK(test.Put(test.pods, Pod("web-7c-a", false, "web-7c")) == "");
  CHECK(test.Put(test.sets, Workload("web-5d", true, "web", 0)) == "");
  CHECK(test.OpenCount() == 1);
  CHECK(test.Remove("web-5d-a") == "gone Deployment web");
  CHECK(test.OpenCount() == 0);
  CHECK(test.Put(test.pods, Pod("web-7c-b", true, "web-7c")) == "new Deployment web");
  CHECK(test.Put(test.deployments, Workload("web", true)) ==
        "changed Deployment web (now in the Deployment itself)");
}

TEST_CASE("a suppression is a change") {
  Harness test;
  test.state.Settle();
  CHECK(test.Put(test.pods, Pod("a", true)) == "new Pod a");
  CHECK(test.Put(test.pods,
                 Pod("a", true, "",
                     R"("annotations":{"ouro.dev/ignore":"OURO-K8S-0001, reason=why"},)")) ==
        "changed Pod a (suppressed by ouro.dev/ignore: why)");
  CHECK(test.OpenCount() == 0);
  CHECK(test.Put(test.pods, Pod("a", true)) == "changed Pod a (open again)");
}

TEST_CASE("an owner that comes after what it owns takes it over") {
  Harness test;
  test.state.Settle();
  CHECK(test.Put(test.pods, Pod("web-5d-a", true, "web-5d")) == "new ReplicaSet web-5d");
  const std::string said = test.Put(test.sets, Workload("web-5d", true, "web"));
  CHECK(said.find("gone ReplicaSet web-5d") != std::string::npos);
  CHECK(said.find("new Deployment web") != std::string::npos);
  CHECK(test.OpenCount() == 1);
}

TEST_CASE("a new list tells what is gone") {
  Harness test;
  test.state.Settle();
  test.Put(test.pods, Pod("a", true));
  test.Put(test.pods, Pod("b", true));
  test.state.BeginSweep(test.pods);
  std::vector<FindingChange> changes;
  CHECK(test.state.Put(test.pods, Pod("b", true), changes));
  CHECK(changes.empty());
  test.state.EndSweep(test.pods, changes);
  CHECK(Harness::Words(changes) == "gone Pod a");
}

TEST_CASE("a broken item leaves what was known") {
  Harness test;
  test.state.Settle();
  test.Put(test.pods, Pod("a", true));
  std::vector<FindingChange> changes;
  CHECK_FALSE(
      test.state.Put(test.pods, R"({"metadata":{"name":"a","uid":"u-a"},"spec":{]})", changes));
  CHECK(test.OpenCount() == 1);
}

TEST_CASE("new grants name the namespaces to judge again") {
  Harness test({"OURO-K8S-0047"});
  const std::string pod =
      "{" + Metadata("a", "", "") + R"(,"spec":{"serviceAccountName":"robot","containers":[]}})";
  test.Put(test.pods, pod);
  CHECK(test.state.ApplyFacts().empty());
  test.state.Settle();
  CHECK(test.OpenCount() == 0);
  const std::string binding =
      R"({"metadata":{"name":"ops","uid":"b1"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",)"
      R"("kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"ServiceAccount",)"
      R"("name":"robot","namespace":"shop"}]})";
  test.state.PutFacts(binding, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding");
  CHECK(test.state.ApplyFacts() == std::set<std::string>{"shop"});
  CHECK(test.state.ApplyFacts().empty());
  CHECK(test.Put(test.pods, pod) == "new Pod a");
  test.state.RemoveFacts("b1");
  CHECK(test.state.ApplyFacts() == std::set<std::string>{"shop"});
  CHECK(test.Put(test.pods, pod) == "gone Pod a");
}

TEST_CASE("many rounds of random changes end where a fresh look ends") {
  uint32_t seed = 11;
  const auto next = [&](uint32_t below) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    return (seed >> 8) % below;
  };
  Harness test;
  test.state.Settle();
  std::map<std::string, std::string> pods;
  for (int round = 0; round < 2'000; ++round) {
    const std::string name = "p" + std::to_string(next(12));
    if (next(4) == 0) {
      test.Remove(name);
      pods.erase(name);
    } else {
      const std::string owner = next(2) == 0 ? "" : "set-" + std::to_string(next(3));
      pods[name] = Pod(name, next(2) == 0, owner);
      test.Put(test.pods, pods[name]);
    }
  }
  Harness fresh;
  for (const auto& [name, item] : pods) fresh.Put(fresh.pods, item);
  fresh.state.Settle();
  const auto a = test.state.MakeReport({});
  const auto b = fresh.state.MakeReport({});
  REQUIRE(a);
  REQUIRE(b);
  REQUIRE(a->findings.size() == b->findings.size());
  for (size_t i = 0; i < a->findings.size(); ++i) {
    CHECK(a->findings[i].id == b->findings[i].id);
    CHECK(a->findings[i].message == b->findings[i].message);
    CHECK(a->findings[i].count == b->findings[i].count);
  }
}

}  // namespace ouro::engine
