#include "model/workload.h"

#include <doctest.h>

#include <algorithm>
#include <string>

using namespace ouro;

TEST_CASE("workload kinds are sorted and found by group and kind") {
  const auto kinds = model::WorkloadKinds();
  CHECK(std::is_sorted(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) {
    return a.kind != b.kind ? a.kind < b.kind : a.group < b.group;
  }));
  for (const auto& row : kinds) {
    const std::string version =
        row.group.empty() ? std::string("v1") : std::string(row.group) + "/v9beta1";
    CHECK(!model::FindWorkload(version, row.kind).empty());
  }
}

TEST_CASE("the group decides, the version does not") {
  REQUIRE(model::FindWorkload("apps/v1", "Deployment").size() == 1);
  CHECK(model::FindWorkload("apps/v1beta2", "Deployment")[0].template_path == "spec.template");
  CHECK(model::FindWorkload("extensions/v1beta1", "Deployment").size() == 1);
  CHECK(model::FindWorkload("example.com/v1", "Deployment").empty());
  CHECK(model::FindWorkload("v1", "Deployment").empty());
  CHECK(model::FindWorkload("v1", "Pod")[0].template_path.empty());
  CHECK(model::FindWorkload("v1", "Service").empty());
  CHECK(model::FindWorkload("serving.knative.dev/v1", "Service").size() == 1);
  CHECK(model::FindWorkload("batch/v1", "CronJob")[0].template_path ==
        "spec.jobTemplate.spec.template");
  CHECK(model::FindWorkload("", "").empty());
}

TEST_CASE("some kinds have several templates") {
  const auto ray = model::FindWorkload("ray.io/v1", "RayCluster");
  REQUIRE(ray.size() == 2);
  CHECK(std::count_if(ray.begin(), ray.end(), [](const auto& row) {
          return row.item_list == "spec.workerGroupSpecs";
        }) == 1);
  CHECK(model::FindWorkload("batch.volcano.sh/v1alpha1", "Job")[0].item_list == "spec.tasks");
}
