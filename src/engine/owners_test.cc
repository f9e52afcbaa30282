#include "engine/owners.h"

#include <doctest/doctest.h>

namespace ouro::engine {
namespace {

model::Resource Object(std::string version, std::string kind, std::string name) {
  return {std::move(version), std::move(kind), "shop", std::move(name), {}};
}

OwnerTable Table() {
  OwnerTable table;
  table.Put("d1", {Object("apps/v1", "Deployment", "web"), {}, false});
  table.Put(
      "r1",
      {Object("apps/v1", "ReplicaSet", "web-5d"), {"apps/v1", "Deployment", "web", "d1"}, false});
  table.Put("c1", {Object("batch/v1", "CronJob", "clean"), {}, false});
  table.Put("j1",
            {Object("batch/v1", "Job", "clean-28"), {"batch/v1", "CronJob", "clean", "c1"}, false});
  return table;
}

}  // namespace

TEST_CASE("a replica belongs to the end of the chain of controllers") {
  OwnerTable table = Table();
  const auto owner =
      table.OwnerOf(Object("v1", "Pod", "web-5d-x2"), {"apps/v1", "ReplicaSet", "web-5d", "r1"});
  CHECK(owner.resource == Object("apps/v1", "Deployment", "web"));
  CHECK(owner.uid == "d1");
  CHECK_FALSE(owner.missing);
  CHECK(table.OwnerOf(Object("v1", "Pod", "clean-28-ab"), {"batch/v1", "Job", "clean-28", "j1"})
            .resource == Object("batch/v1", "CronJob", "clean"));
}

TEST_CASE("an object without controller stands for itself") {
  OwnerTable table = Table();
  const auto owner = table.OwnerOf(Object("v1", "Pod", "lone"), {});
  CHECK(owner.resource == Object("v1", "Pod", "lone"));
  CHECK(owner.uid.empty());
  CHECK_FALSE(owner.missing);
}

TEST_CASE("an owner that was not listed counts by the name in the reference") {
  OwnerTable table = Table();
  table.Remove("d1");
  auto owner =
      table.OwnerOf(Object("v1", "Pod", "web-5d-x2"), {"apps/v1", "ReplicaSet", "web-5d", "r1"});
  CHECK(owner.resource == Object("apps/v1", "Deployment", "web"));
  CHECK(owner.missing);
  table.Remove("r1");
  owner =
      table.OwnerOf(Object("v1", "Pod", "web-5d-x2"), {"apps/v1", "ReplicaSet", "web-5d", "r1"});
  CHECK(owner.resource == Object("apps/v1", "ReplicaSet", "web-5d"));
}

TEST_CASE("what is missing may be fetched") {
  OwnerTable table;
  int asked = 0;
  const OwnerTable::Lookup lookup =
      [&](const Controller& wanted,
          std::string_view name_space) -> std::optional<OwnerTable::Entry> {
    ++asked;
    CHECK(name_space == "shop");
    if (wanted.uid == "r9") {
      return OwnerTable::Entry{
          Object("apps/v1", "ReplicaSet", "api-7c"), {"apps/v1", "Deployment", "api", "d9"}, false};
    }
    return std::nullopt;
  };
  const auto owner = table.OwnerOf(Object("v1", "Pod", "api-7c-1"),
                                   {"apps/v1", "ReplicaSet", "api-7c", "r9"}, lookup);
  CHECK(owner.resource == Object("apps/v1", "Deployment", "api"));
  CHECK(owner.missing);
  CHECK(asked == 2);
}

TEST_CASE("only controllers with a pod template own anything but pods") {
  OwnerTable table;
  const Controller operator_object = {"example.com/v1", "Shop", "main", "s1"};
  CHECK(table.OwnerOf(Object("apps/v1", "Deployment", "web"), operator_object).uid.empty());
  CHECK(table.OwnerOf(Object("v1", "Pod", "db-1"), operator_object).resource ==
        Object("example.com/v1", "Shop", "main"));
  CHECK(table.OwnerOf(Object("v1", "Pod", "etcd-n1"), {"v1", "Node", "n1", "n"}).uid.empty());
  CHECK(table
            .OwnerOf(Object("apps/v1", "ReplicaSet", "web-1"),
                     {"argoproj.io/v1alpha1", "Rollout", "web", "ro"})
            .resource == Object("argoproj.io/v1alpha1", "Rollout", "web"));
}

TEST_CASE("a circle of owners ends and an excluded owner excludes") {
  OwnerTable table;
  const Controller a = {"apps/v1", "ReplicaSet", "a", "a"};
  const Controller b = {"apps/v1", "ReplicaSet", "b", "b"};
  table.Put("a", {Object("apps/v1", "ReplicaSet", "a"), b, false});
  table.Put("b", {Object("apps/v1", "ReplicaSet", "b"), a, true});
  CHECK(table.OwnerOf(Object("v1", "Pod", "p"), a).excluded);
}

TEST_CASE("field paths of replicas are those of the owner's template") {
  const model::Resource pod = Object("v1", "Pod", "web-5d-x2");
  const model::Resource deployment = Object("apps/v1", "Deployment", "web");
  const model::Resource replicas = Object("apps/v1", "ReplicaSet", "web-5d");
  const model::Resource job = Object("batch/v1", "Job", "clean-28");
  const model::Resource cron = Object("batch/v1", "CronJob", "clean");
  CHECK(FieldPathInOwner(pod, deployment, "spec.containers[name=web].image") ==
        "spec.template.spec.containers[name=web].image");
  CHECK(FieldPathInOwner(pod, cron, "spec.hostPID") ==
        "spec.jobTemplate.spec.template.spec.hostPID");
  CHECK(FieldPathInOwner(job, cron, "spec.template.spec.hostPID") ==
        "spec.jobTemplate.spec.template.spec.hostPID");
  CHECK(FieldPathInOwner(replicas, deployment, "spec.template.spec.hostPID") ==
        "spec.template.spec.hostPID");
  CHECK(FieldPathInOwner(pod, deployment, "metadata.annotations['a/b']") ==
        "spec.template.metadata.annotations['a/b']");
  CHECK(FieldPathInOwner(pod, deployment, "") == "spec.template");
  CHECK(FieldPathInOwner(pod, pod, "spec.hostPID") == "spec.hostPID");
  CHECK_FALSE(FieldPathInOwner(pod, Object("example.com/v1", "Shop", "main"), "spec.hostPID"));
  CHECK_FALSE(FieldPathInOwner(pod, Object("jobset.x-k8s.io/v1alpha2", "JobSet", "x"), "spec"));
}

TEST_CASE("versions of one group are spellings of one object") {
  CHECK(IsSameObject(Object("apps/v1", "Deployment", "web"),
                     Object("apps/v1beta1", "Deployment", "web")));
  CHECK_FALSE(
      IsSameObject(Object("apps/v1", "Deployment", "web"), Object("v1", "Deployment", "web")));
}

}  // namespace ouro::engine
