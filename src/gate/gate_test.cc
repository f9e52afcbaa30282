#include "gate/gate.h"

#include <doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace ouro::gate {
namespace {

using model::Finding;
using model::Severity;

Finding Make(const char* check, const char* concept_name, Severity severity,
             const char* namespace_name = "shop") {
  Finding f;
  f.check = check;
  f.concept_name = concept_name;
  f.aliases = {"checkov:CKV_K8S_16"};
  f.title = std::string("Title of ") + check;
  f.severity = severity;
  f.resource = {"apps/v1", "Deployment", namespace_name, "web", ""};
  f.location.file = "shop/web.yaml";
  f.location.line = 14;
  return f;
}

model::Counts Examined() {
  model::Counts counts;
  counts.files = counts.files_examined = 1;
  counts.objects = counts.objects_examined = 2;
  return counts;
}

PolicyRule Rule(const char* name, std::vector<std::string> checks, Action action) {
  PolicyRule rule;
  rule.name = name;
  rule.checks = std::move(checks);
  rule.action = action;
  return rule;
}

PolicyRule SeverityRule(const char* name, Severity severity, Action action) {
  PolicyRule rule = Rule(name, {}, action);
  rule.severity_min = severity;
  return rule;
}

bool Holds(const std::vector<std::string>& lines, std::string_view part) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

TEST_CASE("the threshold decides what no rule names") {
  struct Row {
    Severity severity;
    std::optional<Severity> fail_on;
    const char* verdict;
    int exit_code;
  };
  const std::vector<Row> rows = {
      {Severity::kHigh, Severity::kHigh, "blocked", 1},
      {Severity::kCritical, Severity::kHigh, "blocked", 1},
      {Severity::kMedium, Severity::kHigh, "observed", 0},
      {Severity::kInfo, Severity::kInfo, "blocked", 1},
      {Severity::kCritical, std::nullopt, "observed", 0},
  };
  for (const Row& row : rows) {
    Policy policy;
    policy.fail_on = row.fail_on;
    std::vector<Finding> findings = {Make("A", "a", row.severity)};
    const model::Decision decision = Decide(findings, policy, Examined());
    CHECK(decision.verdict == row.verdict);
    CHECK(decision.exit_code == row.exit_code);
    CHECK(findings[0].action == (row.exit_code == 1 ? "block" : "observe"));
  }
}

TEST_CASE("identifier beats concept beats class, then the stricter action") {
  const PolicyRule by_id = Rule("id", {"A"}, Action::kObserve);
  const PolicyRule by_alias = Rule("alias", {"checkov:CKV_K8S_16"}, Action::kReact);
  const PolicyRule by_concept = Rule("concept", {"a"}, Action::kReact);
  const PolicyRule by_severity = SeverityRule("severity", Severity::kLow, Action::kBlock);
  const PolicyRule by_glob = Rule("glob", {"checkov:*"}, Action::kObserve);
  PolicyRule by_namespace = Rule("namespace", {}, Action::kObserve);
  by_namespace.namespaces = {"sh*"};
  PolicyRule elsewhere = Rule("elsewhere", {"A"}, Action::kBlock);
  elsewhere.namespaces = {"prod"};
  PolicyRule other_kind = Rule("kind", {"A"}, Action::kBlock);
  other_kind.kinds = {"Pod"};
  PolicyRule too_low = Rule("low", {"A"}, Action::kBlock);
  too_low.severity_min = Severity::kCritical;
  struct Row {
    std::vector<PolicyRule> rules;
    const char* action;
    const char* rule;
  };
  const std::vector<Row> rows = {
      {{}, "block", "fail-on high"},
      {{by_severity}, "block", "severity"},
      {{by_severity, by_concept}, "react", "concept"},
      {{by_severity, by_concept, by_id}, "observe", "id"},
      {{by_id, by_alias}, "react", "alias"},
      {{by_glob}, "observe", "glob"},
      {{by_glob, by_severity}, "block", "severity"},
      {{by_glob, by_concept}, "react", "concept"},
      {{by_namespace}, "observe", "namespace"},
      {{by_namespace, by_severity}, "block", "severity"},
      {{elsewhere, other_kind, too_low, by_id}, "observe", "id"},
      {{elsewhere}, "block", "fail-on high"},
      {{Rule("both", {"a", "A"}, Action::kObserve), by_concept}, "observe", "both"},
      {{Rule("none", {"B", "b", ""}, Action::kObserve)}, "block", "fail-on high"},
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    Policy policy;
    policy.origin = "ouro.yaml";
    policy.rules = rows[i].rules;
    for (int turn = 0; turn < 2; ++turn) {
      std::vector<Finding> findings = {Make("A", "a", Severity::kHigh)};
      const model::Decision decision = Decide(findings, policy, Examined());
      CHECK(findings[0].action == rows[i].action);
      CHECK(decision.rule == std::string("ouro.yaml: ") + rows[i].rule);
      std::reverse(policy.rules.begin(), policy.rules.end());
    }
  }
}

TEST_CASE("exit codes: blocked, then incomplete, then a pending reaction") {
  struct Row {
    Action action;
    int64_t not_examined;
    OnIncomplete incomplete;
    bool strict;
    const char* verdict;
    int exit_code;
  };
  const std::vector<Row> rows = {
      {Action::kBlock, 1, OnIncomplete::kBlock, true, "blocked", 1},
      {Action::kReact, 1, OnIncomplete::kBlock, true, "incomplete", 3},
      {Action::kReact, 1, OnIncomplete::kObserve, true, "reacted", 5},
      {Action::kReact, 0, OnIncomplete::kBlock, true, "reacted", 5},
      {Action::kReact, 0, OnIncomplete::kBlock, false, "reacted", 0},
      {Action::kObserve, 1, OnIncomplete::kBlock, false, "incomplete", 3},
      {Action::kObserve, 1, OnIncomplete::kObserve, false, "observed", 0},
      {Action::kObserve, 0, OnIncomplete::kBlock, true, "observed", 0},
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    const Row& row = rows[i];
    Policy policy;
    policy.rules = {Rule("r", {"A"}, row.action)};
    policy.incomplete = row.incomplete;
    policy.strict = row.strict;
    model::Counts counts = Examined();
    counts.not_examined = row.not_examined;
    std::vector<Finding> findings = {Make("A", "a", Severity::kHigh)};
    const model::Decision decision = Decide(findings, policy, counts);
    CHECK(decision.verdict == row.verdict);
    CHECK(decision.exit_code == row.exit_code);
    CHECK(decision.sentence.rfind(row.verdict, 0) == 0);
  }
}

TEST_CASE("incomplete is never clean") {
  for (int which = 0; which < 3; ++which) {
    model::Counts counts = Examined();
    if (which == 0) counts.not_examined = 1;
    if (which == 1) counts.files_failed = 1;
    if (which == 2) counts.objects_failed = 1;
    std::vector<Finding> findings;
    Policy policy;
    CHECK(Decide(findings, policy, counts).verdict == "observed");
    CHECK(Decide(findings, policy, counts).exit_code == 0);
    policy.incomplete = OnIncomplete::kBlock;
    policy.fail_on = std::nullopt;
    const model::Decision decision = Decide(findings, policy, counts);
    CHECK(decision.exit_code == 3);
    CHECK(decision.sentence ==
          "incomplete: the policy of default fails closed (incomplete: block); 1 part of the input "
          "was "
          "not examined");
  }
}

TEST_CASE("suppressed findings decide nothing; evaluation errors do") {
  std::vector<Finding> findings = {Make("A", "a", Severity::kCritical),
                                   Make("B", "b", Severity::kHigh)};
  findings[0].status = model::FindingStatus::kSuppressed;
  findings[0].suppressed = model::Suppression{"baseline", "", ""};
  findings[0].action = "block";
  findings[1].status = model::FindingStatus::kError;
  const model::Decision decision = Decide(findings, Policy{}, Examined());
  CHECK(findings[0].action.empty());
  CHECK(findings[1].action == "block");
  CHECK(decision.exit_code == 1);
  CHECK(Holds(decision.explanation, "1 finding suppressed by baseline and not judged"));
  findings.pop_back();
  CHECK(Decide(findings, Policy{}, Examined()).sentence ==
        "clean: no findings in 2 objects; 1 in the baseline");
}

TEST_CASE("sentences for people") {
  std::vector<Finding> findings = {
      Make("A", "a", Severity::kHigh), Make("B", "b", Severity::kCritical),
      Make("A", "a", Severity::kHigh), Make("C", "c", Severity::kHigh),
      Make("D", "d", Severity::kHigh), Make("E", "e", Severity::kMedium),
  };
  findings[1].location.line = 21;
  const model::Decision decision = Decide(findings, Policy{}, Examined());
  CHECK(decision.sentence ==
        "blocked: 5 findings of severity high or above (fail-on high): 1 × Title of B, 2 × Title "
        "of A, "
        "1 × Title of C and 1 more; first at shop/web.yaml:21");
  CHECK(decision.rule == "default: fail-on high");
  REQUIRE(decision.explanation.size() == 2);
  CHECK(decision.explanation[0] == "block: 5 findings of severity high or above (fail-on high)");
  CHECK(decision.explanation[1] == "observe: 1 finding below fail-on high (default)");

  Policy policy;
  policy.origin = "ouro.yaml";
  policy.rules = {Rule("", {"E"}, Action::kBlock), Rule("relax", {"a"}, Action::kObserve),
                  Rule("unused", {"Z"}, Action::kBlock),
                  SeverityRule("s", Severity::kHigh, Action::kBlock)};
  const model::Decision mixed = Decide(findings, policy, Examined());
  CHECK(mixed.sentence ==
        "blocked: 4 findings, 3 by the rule \"s\" of ouro.yaml and 1 by the rule \"rule 1\" of "
        "ouro.yaml: "
        "1 × Title of B, 1 × Title of C, 1 × Title of D and 1 more; first at shop/web.yaml:21");
  CHECK(Holds(
      mixed.explanation,
      "\"s\" (block) lost 2 findings to \"relax\" (observe): a rule by concept beats a rule by "
      "severity or scope"));
  CHECK(Holds(mixed.explanation, "\"unused\" matched no finding"));
}

TEST_CASE("sentences when nothing was found, and when nothing was there") {
  std::vector<Finding> none;
  CHECK(Decide(none, Policy{}, Examined()).sentence == "clean: no findings in 2 objects");
  CHECK(Decide(none, Policy{}, Examined()).exit_code == 0);
  model::Counts counts;
  counts.files = 3;
  CHECK(Decide(none, Policy{}, counts).sentence ==
        "clean: nothing was examined, no object was found in 3 files");
  counts.objects = counts.objects_excluded = 4;
  CHECK(Decide(none, Policy{}, counts).sentence ==
        "clean: nothing was examined, all 4 objects are excluded");
  std::vector<Finding> low = {Make("A", "a", Severity::kLow)};
  CHECK(Decide(low, Policy{}, Examined()).sentence ==
        "observed: 1 finding, none of which blocks (fail-on high)");
}

TEST_CASE("the decision does not depend on the order of findings") {
  std::mt19937 random(7);
  Policy policy;
  policy.rules = {Rule("x", {"A"}, Action::kReact),
                  SeverityRule("y", Severity::kMedium, Action::kObserve)};
  std::vector<Finding> findings;
  for (int i = 0; i < 30; ++i) {
    findings.push_back(Make(i % 3 == 0 ? "A" : "B", "a", static_cast<Severity>(i % 5)));
  }
  const model::Decision first = Decide(findings, policy, Examined());
  for (int turn = 0; turn < 20; ++turn) {
    std::shuffle(findings.begin(), findings.end(), random);
    const model::Decision again = Decide(findings, policy, Examined());
    CHECK(again.verdict == first.verdict);
    CHECK(again.sentence == first.sentence);
    CHECK(again.explanation == first.explanation);
  }
}

}  // namespace
}  // namespace ouro::gate
