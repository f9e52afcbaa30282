#include "serve/owner.h"

#include <doctest.h>
#include <fmt/format.h>

namespace ouro::serve {
namespace {

struct Case {
  std::string_view object;     // apiVersion, kind
  std::string_view reference;  // fields of the ownerReference
  std::string_view labels;
  std::string_view owner;  // "apiVersion kind name", empty: none
  std::string_view path;   // where "spec.x" of the object's template goes
};

constexpr std::string_view kPod = R"("apiVersion":"v1","kind":"Pod")";

TEST_CASE("owners") {
  const Case cases[] = {
      {kPod, R"("apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-7d4f","controller":true)",
       R"("pod-template-hash":"7d4f")", "apps/v1 Deployment web", "spec.template.spec.x"},
      {kPod, R"("apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-7d4f","controller":true)",
       "", "apps/v1 ReplicaSet web-7d4f", "spec.template.spec.x"},
      {kPod, R"("apiVersion":"apps/v1","kind":"ReplicaSet","name":"-7d4f","controller":true)",
       R"("pod-template-hash":"7d4f")", "apps/v1 ReplicaSet -7d4f", "spec.template.spec.x"},
      {kPod, R"("apiVersion":"example.org/v1","kind":"Fleet","name":"f","controller":true)", "",
       "example.org/v1 Fleet f", "spec.x"},
      {kPod, R"("apiVersion":"v1","kind":"Node","name":"n1","controller":true)", "", "", "spec.x"},
      {kPod, R"("apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","controller":false)", "",
       "", "spec.x"},
      {kPod, R"("apiVersion":"apps/v1","kind":"ReplicaSet","controller":true)", "", "", "spec.x"},
      {kPod, R"("controller":"true","kind":1)", R"("pod-template-hash":1)", "", "spec.x"},
      {R"("apiVersion":"batch/v1","kind":"Job")",
       R"("apiVersion":"batch/v1","kind":"CronJob","name":"night","controller":true)", "",
       "batch/v1 CronJob night", "spec.jobTemplate.spec.template.spec.x"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.reference);
    io::KeyTable keys;
    const ReviewKeys known(keys);
    io::Tree tree;
    REQUIRE(io::ReadJson(
        fmt::format(
            R"({{{},"metadata":{{"name":"o","labels":{{{}}},"ownerReferences":[{{}},{{{}}}]}}}})",
            one.object, one.labels, one.reference),
        {}, keys, tree));
    model::Finding finding;
    finding.resource = {"v1", "Pod", "shop", "o", "app"};
    finding.field_path = "spec.x";
    if (one.object != kPod) {
      finding.resource.api_version = "batch/v1";
      finding.resource.kind = "Job";
      finding.field_path = "spec.template.spec.x";
    }
    const Owner owner = FindOwner(tree, known, tree.roots().front().node, finding.resource);
    const model::Resource& found = owner.resource;
    if (one.owner.empty()) {
      CHECK(found.kind.empty());
      continue;
    }
    CHECK(fmt::format("{} {} {}", found.api_version, found.kind, found.name) == one.owner);
    CHECK(found.namespace_name == "shop");
    MoveToOwner(owner, finding);
    CHECK(finding.field_path == one.path);
    CHECK(finding.resource.container == "app");
    CHECK(finding.resource.name == found.name);
  }
}

TEST_CASE("controllers of the cluster") {
  CHECK(IsClusterController("system:kube-controller-manager"));
  CHECK(IsClusterController("system:serviceaccount:kube-system:replicaset-controller"));
  CHECK_FALSE(IsClusterController("system:serviceaccount:shop:replicaset-controller"));
  CHECK_FALSE(IsClusterController("system:serviceaccount:kube-system:default"));
  CHECK_FALSE(IsClusterController("replicaset-controller"));
  CHECK_FALSE(IsClusterController(""));
}

}  // namespace
}  // namespace ouro::serve
