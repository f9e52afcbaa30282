#include "rules/schema.h"

#include <doctest.h>

namespace ouro::rules {

namespace {

struct Case {
  std::string schema;
  std::string rule;
  std::string object;
  std::string old = "null";
  bool is_root = false;
};

RuleVerdict Judge(const Case& c, const SchemaRule& extra = {}) {
  io::KeyTable keys;
  io::Tree tree;
  const std::string json =
      "{\"schema\":" + c.schema + ",\"object\":" + c.object + ",\"old\":" + c.old + "}";
  REQUIRE(io::ReadJson(json, {}, keys, tree).has_value());
  const io::NodeView root(tree, keys, tree.roots().front().node);
  const auto schema = StructuralSchema::Read(root.Get("schema"), c.is_root);
  REQUIRE(schema.has_value());
  SchemaRule rule = extra;
  rule.rule = c.rule;
  return CheckSchemaRule(*schema, rule, root.Get("object"), root.Get("old"), kNewestKubernetesMinor,
                         keys);
}

bool Passes(const Case& c) {
  const RuleVerdict verdict = Judge(c);
  INFO(c.rule);
  INFO(verdict.message);
  CHECK(verdict.verdict == Verdict::kPass);
  return verdict.verdict == Verdict::kPass;
}

std::string Object(const std::string& properties) {
  return R"({"type":"object","properties":{)" + properties + "}}";
}

}  // namespace

TEST_CASE("property names are escaped") {
  CHECK(EscapeProperty("name") == "name");
  CHECK(EscapeProperty("namespace") == "__namespace__");
  CHECK(EscapeProperty("a-b.c/d") == "a__dash__b__dot__c__slash__d");
  CHECK(EscapeProperty("a__b") == "a__underscores__b");
  CHECK_FALSE(EscapeProperty("1a").has_value());
  CHECK_FALSE(EscapeProperty("a$").has_value());
  Passes({Object(R"("namespace":{"type":"string"},"a-b":{"type":"integer"})"),
          "self.__namespace__ == 'x' && self.a__dash__b == 1", R"({"namespace":"x","a-b":1})"});
}

TEST_CASE("formats give types") {
  Passes({Object(R"("b":{"type":"string","format":"byte"},"d":{"type":"string","format":"date"},)"
                 R"("t":{"type":"string","format":"date-time"},)"
                 R"("u":{"type":"string","format":"duration"},"n":{"type":"number"})"),
          "self.b == b'abc' && self.d == timestamp('2024-01-02T00:00:00Z') && "
          "self.t.getHours() == 5 && self.u == duration('72h') && self.n == 1.0",
          R"({"b":"YWJj","d":"2024-01-02","t":"2024-01-02T05:00:00Z","u":"3 days","n":1})"});
}

TEST_CASE("null fields are absent, int-or-string is either") {
  Passes(
      {Object(R"("a":{"type":"string","nullable":true},"p":{"x-kubernetes-int-or-string":true})"),
       "!has(self.a) && self.p == 80", R"({"a":null,"p":80})"});
}

TEST_CASE("lists declared as sets and maps") {
  const std::string set =
      R"({"type":"array","items":{"type":"integer"},"x-kubernetes-list-type":"set"})";
  Passes({Object("\"a\":" + set + ",\"b\":" + set),
          "self.a == self.b && (self.a + [4]).size() == 4", R"({"a":[1,2,3],"b":[3,2,1]})"});
  const std::string map =
      R"({"type":"array","items":{"type":"object","properties":{"k":{"type":"string"},)"
      R"("v":{"type":"integer"}}},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"]})";
  CHECK(Judge({Object("\"a\":" + map), "self.a == oldSelf.a",
               R"({"a":[{"k":"x","v":1},{"k":"y","v":2}]})",
               R"({"a":[{"k":"y","v":2},{"k":"x","v":1}]})"})
            .verdict == Verdict::kPass);
}

TEST_CASE("roots and embedded resources show their type and name") {
  Passes({Object(R"("a":{"type":"string"})"), "self.kind == 'X' && self.metadata.name == 'n'",
          R"({"kind":"X","metadata":{"name":"n","labels":{}}})", "null", true});
  CHECK(Judge({Object(R"("a":{"type":"string"})"), "has(self.metadata.labels)",
               R"({"kind":"X","metadata":{"name":"n"}})", "null", true})
            .verdict == Verdict::kError);
}

TEST_CASE("rules about transitions") {
  const std::string schema = R"({"type":"integer"})";
  CHECK(Judge({schema, "self >= oldSelf", "2"}).verdict == Verdict::kSkip);
  CHECK(Judge({schema, "self >= oldSelf", "2", "3"}).verdict == Verdict::kFail);
  SchemaRule optional;
  optional.optional_old_self = true;
  CHECK(Judge({schema, "!oldSelf.hasValue() || self >= oldSelf.value()", "2"}, optional).verdict ==
        Verdict::kPass);
}

TEST_CASE("messages and costs") {
  SchemaRule rule;
  rule.message = "too small";
  CHECK(Judge({R"({"type":"integer"})", "self > 5", "2"}, rule).message == "too small");
  rule.message_expression = "'got ' + string(self)";
  CHECK(Judge({R"({"type":"integer"})", "self > 5", "2"}, rule).message == "got 2");
  CHECK(Judge({R"({"type":"integer"})", "self > 5", "2"}).message == "failed rule: self > 5");
  CHECK(Judge({R"({"type":"integer"})", "self > 1", "2"}).cost == 2);
}

TEST_CASE("what does not fit is an error, not a pass") {
  CHECK(Judge({R"({"type":"integer"})", "self", "2"}).verdict == Verdict::kError);
  CHECK(Judge({R"({"type":"integer"})", "self.a == 1", "2"}).verdict == Verdict::kError);
  CHECK(Judge({R"({"type":"integer"})", "self == 1", "\"x\""}).verdict == Verdict::kError);
}

}  // namespace ouro::rules
