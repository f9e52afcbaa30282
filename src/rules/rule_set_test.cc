#include "rules/rule_set.h"

#include <doctest.h>

using namespace ouro;

namespace {

class Collector : public rules::HitSink {
 public:
  void OnHit(rules::Hit&& hit) override {
    hit.container = {};
    hits.push_back(std::move(hit));
  }
  std::vector<rules::Hit> hits;
};

rules::Check Read(const std::string& rest) {
  auto check = rules::ReadCheck(
      "id: TEST-0001\nconcept: demo\ntitle: Demo\ndescription: D.\nremediation: R.\nseverity: "
      "low\n" +
          rest,
      "demo.yaml");
  REQUIRE_MESSAGE(check, (check ? "" : check.error().ToString()));
  return *check;
}

struct Outcome {
  std::vector<rules::Hit> hits;
  int64_t passed = 0;
  std::string source;
  std::string text_at(const rules::Hit& hit, const io::Tree& tree) const {
    const io::Node& node = tree.node(hit.node);
    return std::string(tree.source().substr(node.start, node.end - node.start));
  }
};

Outcome Run(const rules::Check& check, const std::string& yaml, bool want_passes = false) {
  const std::vector<rules::Check> library = {check};
  auto selected = rules::SelectChecks(library, {.profile = "all"});
  REQUIRE(selected);
  io::KeyTable keys;
  const auto set = rules::RuleSet::Compile(*selected, {.want_passes = want_passes}, keys);
  REQUIRE_MESSAGE(set, (set ? "" : set.error().ToString()));
  io::Tree tree;
  REQUIRE(io::ReadYaml(yaml, {}, keys, tree));
  Collector collector;
  rules::RuleRunner runner(*set, keys);
  Outcome outcome;
  for (const auto& root : tree.roots()) {
    if (root.node != io::kNoNode) outcome.passed += runner.Run(tree, root.node, collector);
  }
  outcome.hits = std::move(collector.hits);
  for (auto& hit : outcome.hits) {
    if (hit.kind == rules::HitKind::kFail) outcome.source = outcome.text_at(hit, tree);
  }
  return outcome;
}

const std::string kPrivileged =
    "match: {pod: containers}\n"
    "expr: \"!container.?securityContext.?privileged.orValue(false)\"\n"
    "message: \"'bad ' + container.name\"\n"
    "at: securityContext.privileged\n"
    "fix: {set: {securityContext.privileged: false}}\n";

std::string Deployment(const std::string& containers) {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: "
         "{containers: " +
         containers + "}}}\n";
}

}  // namespace

TEST_CASE("a hit points to the byte, with both paths, message and fix") {
  const auto outcome = Run(Read(kPrivileged), Deployment("[{name: a}, {name: web, securityContext: "
                                                         "{privileged: true}}]"));
  REQUIRE(outcome.hits.size() == 1);
  const auto& hit = outcome.hits[0];
  CHECK(hit.kind == rules::HitKind::kFail);
  CHECK(hit.present);
  CHECK(hit.json_path == "$.spec.template.spec.containers[1].securityContext.privileged");
  CHECK(hit.field_path == "spec.template.spec.containers[name=web].securityContext.privileged");
  CHECK(hit.message == "bad web");
  CHECK(outcome.source == "true");
  REQUIRE(hit.fix.size() == 1);
  CHECK(hit.fix[0].first == hit.json_path);
  CHECK(hit.fix[0].second == "false");
  CHECK(outcome.passed == 1);
}

TEST_CASE("an absent field points to its nearest parent") {
  const auto check = Read(
      "match: {pod: containers}\nexpr: \"has(container.securityContext) && "
      "has(container.securityContext.a)\"\nat: securityContext.a.b\n");
  const auto absent = Run(check, Deployment("[{name: web}]"));
  REQUIRE(absent.hits.size() == 1);
  CHECK(!absent.hits[0].present);
  CHECK(absent.source == "{name: web}");
  CHECK(absent.hits[0].json_path == "$.spec.template.spec.containers[0].securityContext.a.b");
  const auto null = Run(check, Deployment("[{name: web, securityContext: null}]"));
  REQUIRE(null.hits.size() == 1);
  CHECK(!null.hits[0].present);
  CHECK(null.source == "null");
}

TEST_CASE("null is absent, also through aliases and in lists") {
  const auto check = Read(kPrivileged);
  CHECK(Run(check, Deployment("[{name: a, securityContext: null}]")).passed == 1);
  CHECK(Run(check, Deployment("[{name: a, securityContext: {privileged: null}}]")).passed == 1);
  CHECK(Run(check, Deployment("null")).hits.empty());
  CHECK(Run(check, Deployment("[null]")).passed == 1);
  CHECK(Run(check,
            "apiVersion: v1\nkind: Pod\nx: &n null\nspec: {containers: [{name: a, "
            "securityContext: *n}]}\n")
            .passed == 1);
  CHECK(Run(check, "apiVersion: v1\nkind: Pod\nspec: null\n").hits.empty());
  CHECK(Run(check, "apiVersion: v1\nkind: Pod\n").hits.empty());
}

TEST_CASE("wrong types are errors, never passes") {
  const auto check = Read(kPrivileged);
  for (const char* containers :
       {"[{name: a, securityContext: {privileged: \"true\"}}]", "[{name: a, securityContext: yes}]",
        "{a: b}", "[text]", "[[]]", "7"}) {
    CAPTURE(std::string(containers));
    const auto outcome = Run(check, Deployment(containers));
    REQUIRE(outcome.hits.size() == 1);
    CHECK(outcome.hits[0].kind == rules::HitKind::kError);
    CHECK(!outcome.hits[0].message.empty());
    CHECK(outcome.passed == 0);
  }
  CHECK(Run(check, "apiVersion: v1\nkind: Pod\nspec: []\n").hits.size() == 1);
  CHECK(Run(check, "apiVersion: apps/v1\nkind: Deployment\nspec: {template: []}\n").hits.size() ==
        1);
  CHECK(Run(check, "apiVersion: apps/v1\nkind: Deployment\nspec: 3\n").hits.size() == 1);
  const auto each = Read("match: {pod: containers, each: a.b}\nexpr: \"false\"\n");
  CHECK(Run(each, Deployment("[{name: a, a: 3}]")).hits.at(0).kind == rules::HitKind::kError);
  CHECK(Run(each, Deployment("[{name: a, a: {b: 3}}]")).hits.at(0).kind == rules::HitKind::kError);
}

TEST_CASE("each walks lists and maps") {
  const auto check = Read(
      "match: {pod: spec, each: metadata.annotations}\n"
      "expr: \"item == 'ok'\"\nmessage: \"itemKey + '=' + item\"\n");
  const auto outcome =
      Run(check, "apiVersion: v1\nkind: Pod\nmetadata: {annotations: {a: ok, b.c/d: bad}}\n");
  REQUIRE(outcome.hits.size() == 1);
  CHECK(outcome.hits[0].json_path == "$.metadata.annotations['b.c/d']");
  CHECK(outcome.hits[0].message == "b.c/d=bad");
  CHECK(outcome.passed == 1);
  const auto list = Read(
      "match: {pod: containers, each: args}\nexpr: \"item != 'x' && itemKey >= 0\"\n"
      "fix: {remove: [\".\"]}\n");
  const auto found = Run(list, Deployment("[{name: a, args: [y, x]}]"));
  REQUIRE(found.hits.size() == 1);
  CHECK(found.hits[0].field_path == "spec.template.spec.containers[name=a].args[x]");
  CHECK(found.hits[0].fix[0].first == "$.spec.template.spec.containers[0].args[1]");
  CHECK(found.hits[0].fix[0].second.empty());
  CHECK(found.hits[0].message == "Demo");
}

TEST_CASE("kinds, groups, when and parameters") {
  const auto check = Read(
      "match: {kinds: [core/ConfigMap, example.com/Thing], when: \"has(object.a)\"}\n"
      "expr: \"object.a in params.allowed\"\n"
      "params: {allowed: {type: list(int), default: [1, 2]}}\nat: a\n");
  CHECK(Run(check, "{apiVersion: v1, kind: ConfigMap, a: 3}").hits.size() == 1);
  CHECK(Run(check, "{apiVersion: v1, kind: ConfigMap, a: 1}").passed == 1);
  CHECK(Run(check, "{apiVersion: v1, kind: ConfigMap}").passed == 0);
  CHECK(Run(check, "{apiVersion: example.com/v7, kind: Thing, a: 3}").hits.size() == 1);
  CHECK(Run(check, "{apiVersion: v1, kind: Thing, a: 3}").hits.empty());
  CHECK(Run(check, "{kind: ConfigMap, a: 3}").hits.empty());
  CHECK(Run(check, "{apiVersion: [], kind: {}, a: 3}").hits.empty());
}

TEST_CASE("templates in lists and maps, all container lists") {
  const auto check = Read(kPrivileged);
  const std::string bad = "{spec: {containers: [{name: c, securityContext: {privileged: true}}]}}";
  const auto volcano = Run(check,
                           "{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, spec: {tasks: "
                           "[{name: t, template: " +
                               bad + "}]}}");
  REQUIRE(volcano.hits.size() == 1);
  CHECK(volcano.hits[0].field_path ==
        "spec.tasks[name=t].template.spec.containers[name=c].securityContext.privileged");
  const auto kubeflow = Run(check,
                            "{apiVersion: kubeflow.org/v1, kind: TFJob, spec: "
                            "{tfReplicaSpecs: {Worker: {template: " +
                                bad + "}}}}");
  REQUIRE(kubeflow.hits.size() == 1);
  CHECK(kubeflow.hits[0].json_path ==
        "$.spec.tfReplicaSpecs.Worker.template.spec.containers[0].securityContext.privileged");
  const auto init = Run(check,
                        "{apiVersion: v1, kind: Pod, spec: {initContainers: [{name: i, "
                        "securityContext: {privileged: true}}], ephemeralContainers: [{name: e, "
                        "securityContext: {privileged: true}}]}}");
  CHECK(init.hits.size() == 2);
}

TEST_CASE("passes are reported on request, and bad expressions name the check") {
  const auto outcome = Run(Read(kPrivileged), Deployment("[{name: a}]"), true);
  REQUIRE(outcome.hits.size() == 1);
  CHECK(outcome.hits[0].kind == rules::HitKind::kPass);
  io::KeyTable keys;
  const std::vector<rules::Check> library = {Read("match: {pod: spec}\nexpr: \"pod +\"\n")};
  auto selected = rules::SelectChecks(library, {.profile = "all"});
  REQUIRE(selected);
  const auto set = rules::RuleSet::Compile(*selected, {}, keys);
  REQUIRE(!set);
  CHECK(set.error().ToString().find("TEST-0001") != std::string::npos);
  const std::vector<rules::Check> text = {Read("match: {pod: spec}\nexpr: \"'a'\"\n")};
  selected = rules::SelectChecks(text, {.profile = "all"});
  CHECK(!rules::RuleSet::Compile(*selected, {}, keys));
}
