#include "prove/prove.h"

#include <doctest.h>

#include "engine/engine.h"
#include "prove/fake_api.h"
#include "prove/installed_policies.h"
#include "scan/test_folder.h"

namespace ouro::prove {
namespace {

constexpr std::string_view kPod = R"(apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  hostPID: true
  containers:
  - name: app
    image: a
    securityContext: {privileged: true}
)";

ProveRequest RequestFor(const scan::TestFolder& folder, std::vector<std::string> only) {
  ProveRequest request;
  request.paths = {folder.path()};
  request.config.only = std::move(only);
  request.selection = engine::SelectionOf(request.config);
  request.run = "0a1b2c3d";
  request.connection_count = 1;
  return request;
}

ProveReport Run(const ProveRequest& request, FakeCluster& cluster) {
  const Server server = FakeServer(cluster);
  Result<ProveReport> report = Prove(request, &server, {});
  REQUIRE_MESSAGE(report, (report ? std::string() : report.error().ToString()));
  return std::move(*report);
}

PairCount PairOf(const ProveReport& report, Leg a, Leg b) {
  for (const PairCount& pair : report.pairs) {
    if (pair.a == a && pair.b == b) return pair;
  }
  return {};
}

// What the API server does to a pod with hostNetwork.
std::string AddHostPort(const std::string& json) {
  return ReplaceAll(json, R"("containerPort":80)", R"("containerPort":80,"hostPort":80)");
}

}  // namespace

TEST_CASE("without a server four legs agree and nothing is proved of the live object") {
  scan::TestFolder folder;
  folder.Write("pod.yaml", kPod);
  const auto report =
      Prove(RequestFor(folder, {"OURO-K8S-0001", "OURO-K8S-0002"}), nullptr, "none is configured");
  REQUIRE(report);
  CHECK(PairOf(*report, Leg::kFile, Leg::kPolicy).same == 2);
  CHECK(PairOf(*report, Leg::kFile, Leg::kReview).same == 2);
  CHECK(PairOf(*report, Leg::kFile, Leg::kLive).compared == 0);
  CHECK(report->unexplained.empty());
  CHECK(ExitCodeOf(*report) == 3);
  CHECK(SentenceOf(*report).find("no object was compared with its live form") != std::string::npos);
}

TEST_CASE("all five legs agree on findings and passes") {
  scan::TestFolder folder;
  folder.Write("pod.yaml", kPod);
  folder.Write("good.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: good}\nspec: {}\n");
  for (const bool install : {false, true}) {
    CAPTURE(install);
    FakeCluster cluster;
    cluster.deaf_count = install ? 3 : 0;
    ProveRequest request = RequestFor(folder, {"OURO-K8S-0001", "OURO-K8S-0002"});
    request.install_policies = install;
    const ProveReport report = Run(request, cluster);
    CHECK(report.objects == 2);
    CHECK(report.objects_live == 2);
    for (const PairCount& pair : report.pairs) {
      CHECK(pair.compared == 4);
      CHECK(pair.same == 4);
    }
    CHECK(report.policies_installed == install);
    CHECK(cluster.policies.empty());
    CHECK(ExitCodeOf(report) == 0);
    // One request an object: what fails warns, what passes would deny.
    CHECK(report.requests == 2);
  }
}

TEST_CASE("what the server adds explains a difference that it makes, and no other") {
  scan::TestFolder folder;
  folder.Write("pod.yaml", R"(apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  hostNetwork: true
  containers: [{name: app, image: a, ports: [{containerPort: 80}]}]
)");
  FakeCluster cluster;
  cluster.admit = AddHostPort;
  ProveRequest request = RequestFor(folder, {"OURO-K8S-0005"});
  request.install_policies = true;
  const ProveReport report = Run(request, cluster);
  INFO(TableOf(report, true));
  REQUIRE(report.explained.size() == 1);
  CHECK(report.explained[0].field == "ports[].hostPort");
  CHECK(PairOf(report, Leg::kFile, Leg::kLive).explained == 1);
  CHECK(PairOf(report, Leg::kFile, Leg::kPolicy).explained == 1);
  CHECK(PairOf(report, Leg::kLive, Leg::kPolicy).same == 1);
  CHECK(ExitCodeOf(report) == 0);

  // A finding out of a field that no default adds.
  cluster.admit = [](const std::string& json) {
    return ReplaceAll(json, R"("hostNetwork":true)", R"("hostPID":true)");
  };
  request = RequestFor(folder, {"OURO-K8S-0002"});
  const ProveReport changed = Run(request, cluster);
  REQUIRE(changed.unexplained.size() == 1);
  CHECK(changed.unexplained[0].legs[static_cast<size_t>(Leg::kFile)]->verdict == Verdict::kPass);
  CHECK(changed.unexplained[0].legs[static_cast<size_t>(Leg::kLive)]->verdict == Verdict::kFail);
  CHECK(ExitCodeOf(changed) == 1);
  CHECK(TableOf(changed, false).find("unexplained:\n  OURO-K8S-0002  Pod shop/web") !=
        std::string::npos);
}

TEST_CASE("a field that the server does not know explains a difference") {
  scan::TestFolder folder;
  folder.Write("pod.yaml", kPod);
  FakeCluster cluster;
  cluster.unknown_fields = {"spec.hostPID"};
  cluster.admit = [](const std::string& json) {
    return ReplaceAll(json, R"("hostPID":true,)", "");
  };
  const ProveReport report = Run(RequestFor(folder, {"OURO-K8S-0002"}), cluster);
  REQUIRE(report.explained.size() == 1);
  CHECK(report.explained[0].field == "spec.hostPID");
  CHECK(report.explained[0].reason == "the API server does not know this field and drops it");
  CHECK(report.unexplained.empty());
}

TEST_CASE("warnings that get lost are no passes") {
  scan::TestFolder folder;
  std::string pod =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: loud, namespace: shop}\nspec:\n"
      "  hostPID: true\n  hostIPC: true\n  volumes: [{name: v, hostPath: {path: \"/etc\\tx\"}}]\n"
      "  containers:\n";
  for (int i = 0; i < 40; ++i) {
    pod += fmt::format(
        "  - {{name: container-with-a-very-long-name-number-{0:020}, image: a, securityContext: "
        "{{privileged: true, runAsUser: 0}}}}\n",
        i);
  }
  folder.Write("pod.yaml", pod);
  FakeCluster cluster;
  ProveRequest request = RequestFor(folder, {"OURO-K8S-0001", "OURO-K8S-0002", "OURO-K8S-0003",
                                             "OURO-K8S-0008", "OURO-K8S-0009", "OURO-K8S-0023"});
  request.install_policies = true;
  const ProveReport report = Run(request, cluster);
  CHECK(report.unexplained.empty());
  CHECK(PairOf(report, Leg::kLive, Leg::kPolicy).same == 6);
  CHECK(report.requests > 1);
  CHECK(ExitCodeOf(report) == 0);
}

TEST_CASE("what the server refuses is named and is no pass") {
  scan::TestFolder folder;
  folder.Write("pod.yaml", kPod);
  folder.Write("other.yaml", "apiVersion: example/v1\nkind: Thing\nmetadata: {name: t}\n");
  FakeCluster cluster;
  cluster.refuse = [](const std::string& json) -> std::optional<kube::ApiStatus> {
    if (json.find("\"web\"") == std::string::npos) return std::nullopt;
    kube::ApiStatus status;
    status.code = 404;
    status.reason = "NotFound";
    status.message = "namespaces \"shop\" not found";
    return status;
  };
  ProveRequest request = RequestFor(folder, {"OURO-K8S-0001"});
  request.install_policies = true;
  const ProveReport report = Run(request, cluster);
  CHECK(report.objects_live == 0);
  CHECK(PairOf(report, Leg::kFile, Leg::kPolicy).compared == 0);
  CHECK(PairOf(report, Leg::kFile, Leg::kReview).compared == 2);
  REQUIRE(report.not_compared.size() == 2);
  CHECK(TableOf(report, false).find("namespaces \"shop\" not found") != std::string::npos);
  CHECK(ExitCodeOf(report) == 3);
}

TEST_CASE("an object that exists is asked under another name") {
  scan::TestFolder folder;
  folder.Write("pod.yaml", kPod);
  FakeCluster cluster;
  cluster.refuse = [](const std::string& json) -> std::optional<kube::ApiStatus> {
    if (json.find("\"web\"") == std::string::npos) return std::nullopt;
    kube::ApiStatus status;
    status.code = 409;
    status.reason = "AlreadyExists";
    status.message = "pods \"web\" already exists";
    return status;
  };
  const ProveReport report = Run(RequestFor(folder, {"OURO-K8S-0001"}), cluster);
  CHECK(report.objects_live == 1);
  CHECK(report.unexplained.empty());
}

TEST_CASE("suppressed findings are compared where they can be seen") {
  scan::TestFolder folder;
  folder.Write("pod.yaml",
               ReplaceAll(kPod, "namespace: shop}",
                          "namespace: shop, annotations: {ouro.dev/ignore: OURO-K8S-0001}}"));
  FakeCluster cluster;
  ProveRequest request = RequestFor(folder, {"OURO-K8S-0001"});
  request.install_policies = true;
  const ProveReport report = Run(request, cluster);
  CHECK(report.unexplained.empty());
  CHECK(PairOf(report, Leg::kLive, Leg::kPolicy).same == 1);
  CHECK(PairOf(report, Leg::kLive, Leg::kReview).same == 1);
  CHECK(PairOf(report, Leg::kReview, Leg::kPolicy).compared == 0);
}

TEST_CASE("policies go away after failures too, and what is left is said") {
  scan::TestFolder folder;
  folder.Write("pod.yaml", kPod);
  ProveRequest request = RequestFor(folder, {"OURO-K8S-0001"});
  request.install_policies = true;
  FakeCluster cluster;
  cluster.refuses_policies = true;
  const Server server = FakeServer(cluster);
  const auto refused = Prove(request, &server, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kDenied);
  CHECK(cluster.policies.empty());

  cluster.refuses_policies = false;
  cluster.keeps_policies = true;
  const ProveReport report = Run(request, cluster);
  CHECK(report.policies_left);
  CHECK(ExitCodeOf(report) == 3);
  CHECK(TableOf(report, false).find("-l ouro.dev/prove") != std::string::npos);
}

TEST_CASE("what cannot be evaluated is an error in a review too, and no matter for policies") {
  scan::TestFolder folder;
  folder.Write("list.yaml",
               "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [x]}\n");
  folder.Write(
      "flag.yaml",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {hostPID: \"yes\", containers: "
      "[{name: c, securityContext: 5}]}\n");
  const auto report = Prove(RequestFor(folder, {"OURO-K8S-0001", "OURO-K8S-0002", "OURO-K8S-0008"}),
                            nullptr, "none");
  REQUIRE(report);
  INFO(TableOf(*report, true));
  CHECK(PairOf(*report, Leg::kFile, Leg::kReview).same == 6);
  CHECK(PairOf(*report, Leg::kFile, Leg::kReview).findings > 1);
  CHECK(PairOf(*report, Leg::kFile, Leg::kPolicy).compared == 0);
  REQUIRE(report->not_compared.size() == 1);
  CHECK(report->not_compared[0].objects.size() == 2);
}

TEST_CASE("the report does not depend on the number of connections") {
  scan::TestFolder folder;
  std::string pods;
  for (int i = 0; i < 1500; ++i) {
    pods += fmt::format("---\n{}", ReplaceAll(kPod, "name: web", fmt::format("name: web-{}", i)));
  }
  folder.Write("many.yaml", pods);
  folder.Write("one.yaml", kPod);
  std::vector<std::string> reports;
  for (const int count : {1, 5}) {
    ProveRequest request = RequestFor(folder, {"OURO-K8S-0001"});
    request.connection_count = count;
    const auto report = Prove(request, nullptr, "none is configured");
    REQUIRE(report);
    CHECK(report->objects == 1501);
    reports.push_back(JsonOf(*report));
  }
  CHECK(reports[0] == reports[1]);
}

TEST_CASE("created objects are deleted again") {
  scan::TestFolder folder;
  folder.Write("pod.yaml", kPod);
  FakeCluster cluster;
  ProveRequest request = RequestFor(folder, {"OURO-K8S-0001"});
  request.create = true;
  const ProveReport report = Run(request, cluster);
  CHECK(report.objects_live == 1);
  CHECK(report.created);
  CHECK(report.unexplained.empty());
  CHECK(cluster.objects.empty());
}

TEST_CASE("the report as JSON holds what the table holds") {
  scan::TestFolder folder;
  folder.Write("pod.yaml", kPod);
  FakeCluster cluster;
  const ProveReport report = Run(RequestFor(folder, {"OURO-K8S-0001"}), cluster);
  io::KeyTable keys;
  io::Tree tree;
  REQUIRE(io::ReadJson(JsonOf(report), {}, keys, tree));
  REQUIRE(tree.problems().empty());
  const io::NodeView root(tree, keys, tree.roots()[0].node);
  CHECK(root.Get("schema").Text() == "ouro/prove/v1");
  CHECK(root.Get("pairs").Children().size() == 10);
  CHECK(root.Get("summary").Get("sentence").Text() == SentenceOf(report));
}

}  // namespace ouro::prove
