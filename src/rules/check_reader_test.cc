#include <doctest.h>

#include "rules/check.h"

using namespace ouro;

namespace {

constexpr const char* kMinimal = R"(id: TEST-0001
concept: demo
title: Demo
description: What it is.
remediation: What to do.
severity: high
match: {pod: containers}
expr: "true"
)";

std::string ErrorOf(const std::string& text) {
  const auto check = rules::ReadCheck(text, "demo.yaml");
  REQUIRE(!check);
  return check.error().ToString();
}

}  // namespace

TEST_CASE("a complete check file is read") {
  const auto check = rules::ReadCheck(std::string(kMinimal) + R"(message: "'m'"
at: securityContext.privileged
fix: {set: {securityContext.privileged: false}, remove: [a.b]}
also:
  - match: {pod: spec, each: "metadata.annotations['a.b/c']", when: "true"}
    expr: "item == ''"
params:
  names: {type: list(string), default: [a, b], description: Names.}
aliases:
  checkov: [CKV_1]
  pss:
    - {id: "baseline:x", expr: "false", params: {names: [c]}}
references: [https://example.com/]
profiles: [pss-baseline]
opt_in: true
needs: inventory
examples:
  pass:
    - container: {}
  fail:
    - name: example
      kubernetes: "1.30"
      count: 2
      at: $.spec
      as: "pss:baseline:x"
      annotations: {a: b}
      pod: {hostPID: true}
)",
                                      "demo.yaml");
  REQUIRE_MESSAGE(check, (check ? "" : check.error().ToString()));
  CHECK(check->severity == model::Severity::kHigh);
  CHECK(check->match.target == rules::Target::kContainers);
  REQUIRE(check->fixes.size() == 2);
  CHECK(check->fixes[0].value_json == "false");
  CHECK(check->fixes[1].value_json.empty());
  REQUIRE(check->also.size() == 1);
  CHECK(check->also[0].match.target == rules::Target::kPod);
  CHECK(check->also[0].match.when == "true");
  CHECK(rules::RulesOf(*check).size() == 2);
  REQUIRE(check->parameters.size() == 1);
  CHECK(check->parameters[0].default_json == R"(["a","b"])");
  REQUIRE(check->aliases.size() == 2);
  CHECK(check->aliases[1].rules.size() == 1);
  CHECK(check->aliases[1].rules[0].at == "securityContext.privileged");
  CHECK(check->aliases[1].parameters.at("names") == R"(["c"])");
  CHECK(check->opt_in);
  CHECK(check->needs_inventory);
  REQUIRE(check->examples.size() == 2);
  CHECK(check->examples[0].pass);
  CHECK(check->examples[0].yaml.find(R"("containers":[{"name":"web")") != std::string::npos);
  CHECK(check->examples[1].kubernetes_minor == 30);
  CHECK(check->examples[1].count == 2);
  CHECK(check->examples[1].yaml.find(R"("annotations":{"a":"b"})") != std::string::npos);
}

TEST_CASE("errors name the place and the nearest key") {
  CHECK(ErrorOf(std::string(kMinimal) + "remedation: x\n") ==
        "demo.yaml:9:1: unknown key \"remedation\" in a check; did you mean \"remediation\"?");
  CHECK(ErrorOf(std::string(kMinimal) + "at: 1\n") ==
        "demo.yaml:9:5: at must be text (put it in quotes)");
  CHECK(ErrorOf(std::string(kMinimal) + "aliases: {cis: [5.2]}\n").find("demo.yaml:9:17") == 0);
  CHECK(ErrorOf("id: x\n").find("demo.yaml:1:5: id must look like") == 0);
  CHECK(ErrorOf("id: TEST-0001\n").find("\"concept\" is missing") != std::string::npos);
  CHECK(ErrorOf(std::string(kMinimal) + "id: TEST-0002\n").find("demo.yaml:") == 0);
  CHECK(ErrorOf("[]\n").find("must be a map") != std::string::npos);
  CHECK(ErrorOf("a: b\n---\nc: d\n").find("exactly one document") != std::string::npos);
  CHECK(ErrorOf("").find("exactly one document") != std::string::npos);
  CHECK(ErrorOf("a: [\n").find("demo.yaml:") == 0);
  CHECK(ErrorOf(std::string(2 << 20, ' ')).find("at most") != std::string::npos);
}

TEST_CASE("contradictions are refused") {
  const std::string minimal(kMinimal);
  CHECK(ErrorOf(minimal + "not_evaluable: because\n").find("no \"expr\"") != std::string::npos);
  CHECK(ErrorOf(minimal + "at: a..b\n").find("expected a key") != std::string::npos);
  CHECK(ErrorOf(minimal + "needs: luck\n").find("inventory") != std::string::npos);
  CHECK(ErrorOf(minimal + "params: {a: {type: int, default: x}}\n").find("not of type") !=
        std::string::npos);
  CHECK(ErrorOf(minimal + "aliases: {a: [{id: x, at: b}]}\n").find("own expr") !=
        std::string::npos);
  CHECK(ErrorOf(minimal + "aliases: {a: [{id: x, params: {p: 1}}]}\n").find("parameter") !=
        std::string::npos);
  CHECK(ErrorOf(minimal + "examples: {pass: [{container: {}, at: $.a}]}\n").find("failing") !=
        std::string::npos);
  CHECK(
      ErrorOf(minimal + "examples: {pass: [{kubernetes: 1.30, container: {}}]}\n").find("quotes") !=
      std::string::npos);
}

TEST_CASE("parameters fit their types") {
  const auto fits = [](const char* type, const char* json) {
    return rules::ParameterFits({"p", type, "", ""}, json);
  };
  CHECK(fits("int", "3"));
  CHECK(!fits("int", "3.5"));
  CHECK(fits("double", "3"));
  CHECK(fits("list(string)", "[]"));
  CHECK(!fits("list(string)", "[1]"));
  CHECK(!fits("string", "null"));
  CHECK(!fits("bool", "tru"));
}
