#include "scan/object.h"

#include <doctest.h>

namespace ouro::scan {
namespace {

struct Found {
  io::KeyTable keys;
  io::Tree tree;
  std::vector<Object> objects;
  std::vector<std::string> not_objects;
  std::vector<model::Problem> problems;
};

void Find(std::string_view yaml, Found& found) {
  REQUIRE(io::ReadDocument(std::string(yaml), {}, found.keys, found.tree));
  const ObjectKeys known(found.keys);
  ObjectVisitor visitor;
  visitor.object = [&](Object&& object) { found.objects.push_back(std::move(object)); };
  visitor.not_object = [&](uint32_t, std::string_view why) { found.not_objects.emplace_back(why); };
  visitor.problem = [&](model::Problem&& problem) { found.problems.push_back(std::move(problem)); };
  for (uint32_t root = 0; root < found.tree.roots().size(); ++root) {
    FindObjects(found.tree, root, found.keys, known, visitor);
  }
}

TEST_CASE("documents, empty documents and what is no object") {
  Found found;
  Find(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: ns}\nspec: {containers: []}\n"
      "---\n# nothing\n---\nreplicas: 3\n---\n[1, 2]\n---\napiVersion: v1\nkind: ConfigMap\n"
      "metadata: {generateName: b-}\n",
      found);
  REQUIRE(found.objects.size() == 2);
  CHECK(found.objects[0].resource.kind == "Pod");
  CHECK(found.objects[0].resource.namespace_name == "ns");
  CHECK(found.objects[0].workload);
  CHECK(found.objects[1].resource.name == "b-");
  CHECK_FALSE(found.objects[1].workload);
  CHECK(found.not_objects.size() == 2);
  CHECK(found.problems.empty());
}

TEST_CASE("lists are unpacked, also inside lists") {
  Found found;
  Find(
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n"
      "- apiVersion: v1\n  kind: ConfigMapList\n  items:\n"
      "  - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n- null\n- {x: 1}\n",
      found);
  REQUIRE(found.objects.size() == 2);
  CHECK(found.objects[0].path == "$.items[0]");
  CHECK(found.objects[1].path == "$.items[1].items[0]");
  CHECK(found.objects[1].resource.name == "b");
  CHECK(found.not_objects.size() == 1);
}

TEST_CASE("a kind that only ends in List is an object of its own") {
  Found found;
  Find("apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {}\n", found);
  REQUIRE(found.objects.size() == 1);
}

TEST_CASE("wrong types are examined all the same, with a warning") {
  Found found;
  Find(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: 7, namespace: [a]}\nspec: null\n---\n"
      "apiVersion: 1\nkind: Pod\nmetadata: text\n",
      found);
  REQUIRE(found.objects.size() == 2);
  CHECK(found.objects[0].resource.name == "7");
  CHECK(found.problems.size() == 4);
  for (const model::Problem& problem : found.problems) {
    CHECK(problem.warning);
    CHECK(problem.line > 0);
  }
}

TEST_CASE("templates of pods are found where the kind has them") {
  Found found;
  Find(
      "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\n"
      "spec: {jobTemplate: {spec: {template: {spec: {containers: []}}}}}\n---\n"
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: b}\nspec: null\n",
      found);
  REQUIRE(found.objects.size() == 2);
  CHECK(found.objects[0].workload);
  CHECK_FALSE(found.objects[1].workload);
}

TEST_CASE("excludes: all fields of a rule must match") {
  Found found;
  Find(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: web-1, namespace: kube-system, labels: {app: "
      "web, "
      "tier: front}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}\n",
      found);
  REQUIRE(found.objects.size() == 2);
  const ObjectKeys known(found.keys);
  const auto excluded = [&](size_t object, const ObjectExclude& rule) {
    return IsExcluded(found.objects[object], {rule}, found.keys, known);
  };
  CHECK(excluded(0, {"kube-*", "", "", ""}));
  CHECK(excluded(1, {"kube-*", "", "", ""}));
  CHECK(excluded(0, {"", "Pod", "web-*", ""}));
  CHECK_FALSE(excluded(0, {"", "Pod", "db-*", ""}));
  CHECK(excluded(0, {"", "", "", "app=web"}));
  CHECK(excluded(0, {"", "", "", "app=w*"}));
  CHECK(excluded(0, {"", "", "", "tier"}));
  CHECK_FALSE(excluded(0, {"", "", "", "app=db"}));
  CHECK_FALSE(excluded(1, {"", "", "", "app"}));
}

}  // namespace
}  // namespace ouro::scan
