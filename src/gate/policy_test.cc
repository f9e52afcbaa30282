#include <doctest.h>

#include "base/text.h"
#include "gate/gate_fixture.h"
#include "gate/policy_writer.h"
#include "gate/version.h"

namespace ouro::gate {
namespace {

constexpr std::string_view kFull = R"(
fail_on: medium
defaults: {critical: block, low: react}
incomplete: react
max_age: 36h
strict: true
rules:
- {name: everything, class: [vuln, secret], checks: [CVE-2024-1, "checkov:*"], findings: [aa],
   issues: [bb], fix_groups: [g],
   packages: [{purl: "pkg:deb/debian/*", versions: ">=1.0 <2.0"}, lodash],
   severity: high, cvss: 7.5, epss: 0.25, kev: true, fixable: false, new: true, ssvc: "3 days",
   exposure: [exposed, unknown], reachability: runtime, stages: [cd], fix_age_days: 30,
   newer_than_days: 7, namespaces: [a], kinds: [Pod], clusters: [c], environments: [e],
   applications: [p], labels: ["tier=web", team], when: "finding.vuln.epss > 0.5", action: block,
   locked: true}
- {action: block-if-fixable}
exceptions: {max_days: {critical: 7}, approvals: 2, growth_percent: 5, epss_threshold: 0.3,
   grace_hours: 12, owners: [security]}
branches: [{branch: main, environments: [prod]}]
clusters: [{cluster: "eu-*", fail_on: high}]
environments:
- {environment: prod, production: true, incomplete: block,
   rules: [{severity: low, action: inherit}]}
applications: [{application: shop, environment: dev, defaults: {high: observe}}]
production: [live]
roles: {security: [ana, ben]}
break_glass: {key_env: KEY, max: 2h, second_person: true, review_days: 5}
)";

TEST_CASE("a policy is read, written and read back to the same bytes") {
  const Policy policy = PolicyOf(kFull);
  CHECK(policy.origin == "policy.yaml");
  REQUIRE(policy.rules.size() == 2);
  CHECK(policy.rules[0].locked);
  CHECK(policy.rules[0].origin == "policy.yaml:8:3");
  CHECK(policy.rules[0].condition != nullptr);
  CHECK(policy.rules[0].packages.size() == 2);
  CHECK(policy.rules[1].applies == Applies::kIfFixable);
  REQUIRE(policy.levels.size() == 3);
  CHECK(LevelTitle(policy.levels[2]) == "application shop in dev");
  std::string once;
  AppendPolicy(once, policy, true);
  const auto again = ReadPolicyText(once, "other.json");
  REQUIRE_MESSAGE(again.has_value(), (again ? "" : again.error().ToString()));
  std::string twice;
  AppendPolicy(twice, *again, true);
  CHECK(once == twice);
  CHECK(PolicyHash(policy) == PolicyHash(*again));
}

TEST_CASE("the hash of a policy does not depend on where it stands, but on what it says") {
  const Policy one = PolicyOf("rules:\n- {severity: high, action: block}\n");
  const Policy two = PolicyOf("\n\n\nrules:\n  - {action: block, severity: high}\n");
  const Policy other = PolicyOf("rules:\n- {severity: high, action: react}\n");
  CHECK(one.rules[0].origin != two.rules[0].origin);
  CHECK(PolicyHash(one) == PolicyHash(two));
  CHECK(PolicyHash(one) != PolicyHash(other));
}

TEST_CASE("what is wrong in a policy is told with its place and the nearest word") {
  struct Row {
    std::string_view yaml;
    std::string_view place;
    std::string_view message;
  };
  const Row rows[] = {
      {"rule: []\n", "f:1:1", "did you mean rules?"},
      {"rules:\n- {severty: high, action: block}\n", "f:2:4", "did you mean severity?"},
      {"rules:\n- {severity: high}\n", "f:2:3", "with an action"},
      {"rules:\n- {action: alow}\n", "f:2:4", "inherit"},
      {"rules:\n- {action: inherit}\n", "f:2:3", "none to inherit from"},
      {"environments:\n- {environment: e, rules: [{action: inherit, locked: true}]}\n", "f:2:28",
       "not both"},
      {"rules:\n- {when: \"finding.\", action: block}\n", "f:2:4", "no expression"},
      {"rules:\n- {when: \"1 + 1\", action: block}\n", "f:2:4", "no expression"},
      {"rules:\n- {epss: 2, action: block}\n", "f:2:4", "between 0 and 1"},
      {"rules:\n- {class: vulnerability, action: block}\n", "f:2:4", "of misconfig"},
      {"rules:\n- {packages: [{purl: a, versions: \"~>1\"}], action: block}\n", "f:2:25",
       "no version constraint"},
      {"environments:\n- {fail_on: high}\n", "f:2:3", "names its environment"},
      {"environments:\n- {environment: a, application: b}\n", "f:2:20", "unknown key"},
      {"max_age: soon\n", "f:1:1", "length of time"},
      {"break_glass: {max: 5h, key_env: A}\n", "f:1:15", "at most 4h"},
      {"break_glass: {max: 1h}\n", "f:1:1", "key_env or key_file"},
      {"exceptions: {max_days: {critcal: 1}}\n", "f:1:25", "did you mean critical?"},
      {"branches: [{branch: main}]\n", "f:1:12", "branch and environments"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    const auto policy = ReadPolicyText(std::string(row.yaml), "f");
    REQUIRE_FALSE(policy);
    CAPTURE(policy.error().ToString());
    CHECK(StartsWith(policy.error().where, row.place));
    CHECK(policy.error().message.find(row.message) != std::string::npos);
  }
}

TEST_CASE("several files are one policy, and contradictions are refused") {
  const auto merge = [](std::string_view a, std::string_view b) {
    return MergePolicies({PolicyOf(a), PolicyOf(b)});
  };
  const auto both = merge("fail_on: low\nrules: [{action: block}]\n",
                          "rules: [{action: react}]\nincomplete: block\n");
  REQUIRE(both);
  CHECK(both->rules.size() == 2);
  CHECK(both->fail_on == model::Severity::kLow);
  CHECK(both->incomplete == OnIncomplete::kBlock);
  CHECK_FALSE(merge("incomplete: block\n", "incomplete: observe\n"));
  CHECK_FALSE(merge("defaults: {high: block}\n", "defaults: {high: observe}\n"));
  CHECK_FALSE(merge("fail_on: low\n", "fail_on: critical\n"));
  CHECK(merge("policy: {fail_on: low}\nonly: [x]\n", "fail_on: low\n"));
}

TEST_CASE("versions and constraints") {
  struct Row {
    const char* version;
    const char* constraints;
    const char* type;
    bool holds;
  };
  const Row rows[] = {
      {"1.1.1k-1", "<1.1.1n", "deb", true},    {"1.1.1n-1", "<1.1.1n", "deb", false},
      {"1:1.0", ">2.0", "deb", true},          {"1.0~rc1", "<1.0", "deb", true},
      {"1.10.0", ">1.9.0", "npm", true},       {"1.0.0-rc1", "<1.0.0", "npm", true},
      {"1.0", "=1.0.0", "npm", true},          {"v1.2.3", ">=1.2.3 <1.3", "golang", true},
      {"1.2.3+build5", "=1.2.3", "npm", true}, {"2.0", "!=2.0", "npm", false},
      {"1.5", ">=1.0, <2.0", "pypi", true},    {"1.0.0-alpha", "<1.0.0-beta", "npm", true},
      {"1.0.0-2", "<1.0.0-10", "npm", true},   {"10", ">9", "maven", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.version);
    CAPTURE(row.constraints);
    CHECK(CheckConstraints(row.constraints));
    CHECK(SatisfiesConstraints(row.version, row.constraints, row.type) == row.holds);
  }
  CHECK_FALSE(CheckConstraints(">="));
  CHECK_FALSE(CheckConstraints("<>1"));
}

}  // namespace
}  // namespace ouro::gate
