#include "engine/cluster_fields.h"

#include <doctest/doctest.h>

#include "engine/snapshot.h"
#include "rules/check_reader.h"

namespace ouro::engine {
namespace {

FieldUse UseOf(const std::string& match, const std::string& expression,
               const std::string& kind = "Pod", const std::string& version = "v1") {
  rules::SelectedCheck selected;
  static rules::Check check;
  check.id = "OURO-TEST-0001";
  selected.check = &check;
  selected.selected_as = check.id;
  rules::Rule rule;
  if (match == "pod") rule.match.target = rules::Target::kPod;
  if (match == "containers") rule.match.target = rules::Target::kContainers;
  if (match.starts_with("each ")) {
    rule.match.target = rules::Target::kPod;
    rule.match.each = match.substr(5);
  }
  if (match.starts_with("kind ")) rule.match.kinds = {match.substr(5)};
  rule.expression = expression;
  selected.rules = {rule};
  io::KeyTable keys;
  const auto rules = rules::RuleSet::Compile({selected}, {}, keys);
  REQUIRE_MESSAGE(rules, rules.error().message);
  return FieldUse(**rules, version, kind);
}

}  // namespace

TEST_CASE("constant paths are read, in every spelling") {
  for (const char* expression :
       {"object.spec.nodeName == 'a'", "object.?spec.?nodeName.orValue('') == ''",
        "object['spec']['nodeName'] == ''", "object[?'spec'][?'nodeName'].orValue('') == ''",
        "has(object.spec.nodeName)", "pod.spec.nodeName == ''"}) {
    const FieldUse use = UseOf("pod", expression);
    CHECK_MESSAGE(use.Reads({"spec", "nodeName"}), expression);
    CHECK_MESSAGE(use.Reads({"spec"}), expression);
    CHECK_FALSE_MESSAGE(use.Reads({"spec", "nodeSelector"}), expression);
    CHECK_FALSE_MESSAGE(use.Reads({"status"}), expression);
  }
}

TEST_CASE("what is done with a whole value reads everything below it") {
  for (const char* expression :
       {"object.spec.all(k, k != 'x')", "size(object.spec) > 0", "object.spec == object.spec",
        "object.spec[object.kind] == 1", "[object.spec].exists(s, has(s.nodeName))",
        "object.?spec.orValue({}).?nodeName.hasValue()"}) {
    CHECK_MESSAGE(UseOf("pod", expression).Reads({"spec", "nodeName"}), expression);
  }
  const FieldUse whole = UseOf("pod", "object != null");
  CHECK(whole.Reads({"status"}));
  CHECK(whole.Reads({"metadata", "managedFields"}));
}

TEST_CASE("has() of a map reads nothing below it") {
  CHECK_FALSE(UseOf("pod", "has(object.spec)").Reads({"spec", "nodeName"}));
  CHECK(UseOf("pod", "has(object.status)").Reads({"status"}));
}

TEST_CASE("paths of entries are read") {
  CHECK(UseOf("each spec.tolerations", "item.key != ''").Reads({"spec", "tolerations"}));
  CHECK_FALSE(UseOf("each spec.tolerations", "item.key != ''").Reads({"spec", "volumes"}));
}

TEST_CASE("rules of other kinds do not count") {
  CHECK_FALSE(UseOf("kind core/ConfigMap", "object.spec.nodeName == ''").Reads({"spec"}));
  CHECK(UseOf("kind core/Pod", "object.spec.nodeName == ''").Reads({"spec"}));
  // Below a Deployment `pod` is not the object.
  CHECK_FALSE(
      UseOf("pod", "pod.spec.nodeName == ''", "Deployment", "apps/v1").Reads({"spec", "nodeName"}));
}

TEST_CASE("the built-in checks read neither status nor what the scheduler writes") {
  const auto snapshot = Snapshot::Create({});
  REQUIRE(snapshot);
  const FieldUse use(*(*snapshot)->rules(), "v1", "Pod");
  for (const char* field : {"status"}) CHECK_FALSE(use.Reads({field}));
  for (const char* field : {"managedFields", "uid", "resourceVersion", "creationTimestamp"}) {
    CHECK_FALSE(use.Reads({"metadata", field}));
  }
  CHECK_FALSE(use.Reads({"spec", "nodeName"}));
  CHECK(use.Reads({"spec", "volumes"}));
  CHECK(use.Reads({"spec", "hostPID"}));
}

}  // namespace ouro::engine
