#include "gate/decision.h"

#include <doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include <fmt/format.h>

#include "gate/finding_json.h"
#include "gate/gate_fixture.h"
#include "gate/policy_writer.h"

namespace ouro::gate {
namespace {

constexpr std::string_view kFinding =
    R"({"id":"f1","class":"vuln","check":"CVE-1","severity":"high","vuln":{"id":"CVE-1"}})";

std::string Ask(std::string_view policy, std::string_view findings, std::string_view subject,
                std::string_view rest = "") {
  return fmt::format(
      R"({{"policy":{},"findings":[{}],"subject":{},"now":"2026-11-21T12:00:00Z"{}}})", policy,
      findings, subject, rest);
}

TEST_CASE("verdicts and exit codes, in the order of precedence") {
  constexpr std::string_view kWindow =
      R"(,"windows":[{"name":"w","kind":"blackout","start":"2026-11-21T00:00","duration":"24h"}])";
  constexpr std::string_view kBranch = R"("branches":[{"branch":"main","environments":["prod"]}])";
  struct Row {
    std::string policy;
    std::string findings;
    std::string subject;
    std::string rest;
    const char* verdict;
    int exit_code;
  };
  const std::string finding(kFinding);
  const std::string window(kWindow);
  const std::string branches = fmt::format("{{{},\"fail_on\":\"never\"}}", kBranch);
  const std::vector<Row> rows = {
      {"{}", "", "{}", "", "clean", 0},
      {"{}", finding, "{}", "", "blocked", 1},
      {R"({"fail_on":"critical"})", finding, "{}", "", "observed", 0},
      {R"({"rules":[{"severity":"low","action":"react"}]})", finding, "{}", "", "reacted", 0},
      {R"({"strict":true,"rules":[{"severity":"low","action":"react"}]})", finding, "{}", "",
       "reacted", 5},
      // Windows.
      {"{}", "", "{}", window, "window", 4},
      {"{}", finding, "{}", window, "blocked", 1},
      {R"({"incomplete":"block"})", "", "{}", window + R"(,"incomplete":3)", "window", 4},
      {R"({"strict":true,"incomplete":"block"})", "", "{}", R"(,"incomplete":3)", "incomplete", 3},
      // Branches.
      {branches, "", R"({"environment":"prod","branch":"main"})", "", "clean", 0},
      {branches, "", R"({"environment":"prod","branch":"x"})", "", "blocked", 1},
      {branches, "", R"({"environment":"prod"})", "", "blocked", 1},
      {branches, "", R"({"environment":"dev","branch":"main"})", "", "blocked", 1},
      {branches, "", R"({"branch":"x"})", "", "clean", 0},
      // What is not known.
      {"{}", "", "{}", R"(,"incomplete":1)", "observed", 0},
      {R"({"incomplete":"react"})", "", "{}", R"(,"incomplete":1)", "reacted", 0},
      {R"({"incomplete":"react","strict":true})", "", "{}", R"(,"incomplete":1)", "reacted", 5},
      {R"({"incomplete":"block"})", "", "{}", R"(,"incomplete":1)", "incomplete", 3},
      {R"({"environments":[{"environment":"prod"}]})", "", R"({"environment":"prod"})",
       R"(,"incomplete":1)", "incomplete", 3},
      {R"({"environments":[{"environment":"prod","production":false}]})", "",
       R"({"environment":"prod"})", R"(,"incomplete":1)", "reacted", 0},
      {R"({"environments":[{"environment":"q","production":true}]})", "", R"({"environment":"q"})",
       R"(,"incomplete":1)", "incomplete", 3},
      {R"({"incomplete":"block","environments":[{"environment":"dev","incomplete":"observe"}]})",
       "", R"({"environment":"dev"})", R"(,"incomplete":1)", "observed", 0},
      // No data is never a pass, whatever the policy says.
      {R"({"incomplete":"observe","fail_on":"never"})", "", "{}", R"(,"incomplete":true)",
       "incomplete", 3},
      {R"({"max_age":"1h"})", "", "{}", R"(,"incomplete":{"observed_at":"2026-11-21T11:00:01Z"})",
       "clean", 0},
      {R"({"max_age":"1h"})", "", "{}", R"(,"incomplete":{"observed_at":"2026-11-21T11:00:00Z"})",
       "incomplete", 3},
      {R"({"max_age":"1h"})", "", "{}", "", "incomplete", 3},
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    const Row& row = rows[i];
    const model::Decision decision =
        DecisionOf(Ask(row.policy, row.findings, row.subject, row.rest));
    CAPTURE(decision.sentence);
    CHECK(decision.verdict == row.verdict);
    CHECK(decision.exit_code == row.exit_code);
    CHECK(decision.sentence.rfind(row.verdict, 0) == 0);
  }
}

TEST_CASE("no findings data is never a pass: silence, and findings of others only") {
  const Request silent = RequestOf(R"({"policy":{},"subject":{},"now":"2026-11-21T12:00:00Z"})");
  CHECK(OutcomeOf(silent).decision.exit_code == 3);
  const std::string other = R"({"check":"X","severity":"low","asset":{"application":"other"}})";
  CHECK(DecisionOf(Ask("{}", other, R"({"application":"shop"})")).exit_code == 3);
  CHECK(DecisionOf(Ask("{}", other, R"({"application":"other"})")).exit_code == 0);
  CHECK(DecisionOf(Ask("{}", other + "," + R"({"check":"Y","severity":"low"})",
                       R"({"application":"shop"})"))
            .verdict == "observed");
}

std::string ExceptionText(std::string_view expires, std::string_view rest = "") {
  return fmt::format(
      R"(,"exceptions":[{{"id":"EX-1","scope":{{"checks":["CVE-1"]}},"reason":"r","owner":"o",)"
      R"("requested_by":"ana","requested_at":"2026-11-20T00:00:00Z","expires_at":"{}",)"
      R"("approvals":[{{"by":"ben","role":"dev","at":"2026-11-20T00:00:00Z"}}]{}}}])",
      expires, rest);
}

TEST_CASE("an exception takes a finding out until the second at which it ends") {
  const auto verdict = [](std::string_view policy, std::string_view exception) {
    return DecisionOf(Ask(policy, kFinding, "{}", exception)).verdict;
  };
  CHECK(verdict("{}", ExceptionText("2026-11-21T12:00:01Z")) == "clean");
  CHECK(verdict("{}", ExceptionText("2026-11-21T12:00:00Z")) == "blocked");
  // Grace keeps what has ended from blocking, not from being seen.
  CHECK(verdict(R"({"exceptions":{"grace_hours":1}})", ExceptionText("2026-11-21T11:00:01Z")) ==
        "reacted");
  CHECK(verdict(R"({"exceptions":{"grace_hours":1}})", ExceptionText("2026-11-21T11:00:00Z")) ==
        "blocked");
  CHECK(verdict(R"({"exceptions":{"approvals":{"high":2}}})",
                ExceptionText("2026-11-22T00:00:00Z")) == "blocked");
  CHECK(verdict(R"({"exceptions":{"max_days":{"high":1}}})",
                ExceptionText("2026-11-29T00:00:00Z")) == "blocked");
  CHECK(verdict(R"({"roles":{"dev":["carl"]}})", ExceptionText("2026-11-22T00:00:00Z")) ==
        "blocked");
  CHECK(verdict("{}", ExceptionText("2026-11-22T00:00:00Z", R"(,"author":"ben")")) == "blocked");
}

TEST_CASE("an exception does not lower a floor that its approvers do not own") {
  const auto outcome = [](std::string_view owners) {
    return DecisionOf(Ask(fmt::format(R"({{"rules":[{{"name":"floor","severity":"high","action":)"
                                      R"("block","locked":true}}],"exceptions":{{"owners":{}}}}})",
                                      owners),
                          kFinding, "{}", ExceptionText("2026-11-22T00:00:00Z")));
  };
  CHECK(outcome("[]").verdict == "clean");
  CHECK(outcome(R"(["dev"])").verdict == "clean");
  CHECK(outcome(R"(["security"])").verdict == "blocked");
}

TEST_CASE("suppressions end with their last day") {
  const auto verdict = [](std::string_view until) {
    return DecisionOf(Ask("{}",
                          fmt::format(R"({{"id":"f","check":"A","severity":"high","status":)"
                                      R"("suppressed","suppressed":{{"by":"x","until":"{}"}}}})",
                                      until),
                          "{}"))
        .verdict;
  };
  CHECK(verdict("") == "clean");
  CHECK(verdict("2026-11-21") == "clean");
  CHECK(verdict("2026-11-20") == "blocked");
  CHECK(verdict("2026-11-21T12:00:01Z") == "clean");
  CHECK(verdict("2026-11-21T12:00:00Z") == "blocked");
  CHECK(verdict("some day") == "blocked");
}

TEST_CASE("windows: scope, operations, roles, and verified fixes") {
  constexpr std::string_view kWindow =
      R"(,"windows":[{"name":"w","kind":"blackout","zone":"Europe/Berlin","start":)"
      R"("2026-11-21T00:00","duration":"24h","environments":["prod"],"operations":["deploy"],)"
      R"("bypass_roles":["boss"],"security_fix_exempt":true}])";
  const auto code = [&](std::string_view subject, std::string_view rest = "") {
    return DecisionOf(Ask("{}", "", subject, std::string(kWindow) + std::string(rest))).exit_code;
  };
  CHECK(code(R"({"environment":"prod"})") == 4);
  CHECK(code(R"({"environment":"dev"})") == 0);
  CHECK(code("{}") == 4);  // an unknown place is not let through
  CHECK(code(R"({"environment":"prod","operation":"rollback"})") == 0);
  CHECK(code(R"({"environment":"prod","roles":["boss"]})") == 0);
  CHECK(code(R"({"environment":"prod","roles":["clerk"]})") == 4);
  const std::string fix = fmt::format(R"(,"fixes":[{}])", kFinding);
  CHECK(code(R"({"environment":"prod"})", fix) == 0);
  // A fix of what would not block, or with parts not examined, is no reason.
  CHECK(code(R"({"environment":"prod"})",
             R"(,"fixes":[{"id":"f","check":"A","severity":"low"}])") == 4);
  CHECK(code(R"({"environment":"prod"})", fix + R"(,"incomplete":1)") == 4);
  // A fix of a finding that is still there is none.
  const Request still =
      RequestOf(Ask(R"({"fail_on":"never","rules":[{"checks":["CVE-1"],)"
                    R"("stages":["x"],"action":"block"}]})",
                    kFinding, R"({"environment":"prod"})", std::string(kWindow) + fix));
  CHECK_FALSE(OutcomeOf(still).security_fix);

  const Request blocked = RequestOf(Ask("{}", "", R"({"environment":"prod"})", kWindow));
  const Outcome outcome = OutcomeOf(blocked);
  CHECK(outcome.window.next_allowed == ParseRfc3339("2026-11-21T23:00:00Z"));
}

std::string GrantText(std::string_view operations = R"(["deploy"])") {
  return fmt::format(
      R"(,"grants":[{{"id":"G","operations":{},"environments":["prod"],"reason":"down",)"
      R"("ticket":"T","issued_by":"ana","issued_at":"2026-11-21T11:00:00Z",)"
      R"("expires_at":"2026-11-21T12:00:01Z","signature":"x","verified":true}}])",
      operations);
}

TEST_CASE("break glass overrides what blocks, and only what it covers") {
  constexpr std::string_view kPolicy = R"({"break_glass":{"key_env":"K"}})";
  const auto decide = [&](std::string_view policy, std::string_view environment,
                          const std::string& grants) {
    return DecisionOf(
        Ask(policy, kFinding, fmt::format(R"({{"environment":"{}"}})", environment), grants));
  };
  const model::Decision used = decide(kPolicy, "prod", GrantText());
  CHECK(used.verdict == "break_glass");
  CHECK(used.exit_code == 0);
  CHECK(decide("{}", "prod", GrantText()).exit_code == 1);
  CHECK(decide(kPolicy, "live", GrantText()).exit_code == 1);
  CHECK(decide(kPolicy, "prod", GrantText(R"(["rollback"])")).exit_code == 1);
  CHECK(decide(R"({"break_glass":{"key_env":"K","second_person":true}})", "prod", GrantText())
            .exit_code == 1);
  CHECK(decide(R"({"break_glass":{"key_env":"K","max":"30m"}})", "prod", GrantText()).exit_code ==
        1);
  // What nobody blocks needs no grant.
  const Request clean = RequestOf(Ask(kPolicy, "", R"({"environment":"prod"})", GrantText()));
  CHECK(OutcomeOf(clean).decision.verdict == "clean");
  CHECK_FALSE(OutcomeOf(clean).grants[0].used);
}

TEST_CASE("a batch line does not believe `verified`") {
  const std::string line =
      Ask(R"({"break_glass":{"key_env":"K"}})", kFinding, R"({"environment":"prod"})", GrantText());
  const auto key = [](const BreakGlass&) { return std::string("right"); };
  CHECK(AnswerBatchLine(line, key).find(R"("verdict":"blocked")") != std::string::npos);
  CHECK(AnswerBatchLine(line, nullptr).find(R"("verdict":"blocked")") != std::string::npos);
}

TEST_CASE("a batch line answers one line, errors too") {
  for (const char* line :
       {"", "x", "[]", "{}", R"({"now":"2026-11-21"})", R"({"findings":[],"now":"soon"})",
        R"({"policy":{"rule":[]},"findings":[],"now":"2026-11-21"})",
        R"({"findings":[{"severity":"high"}],"now":"2026-11-21"})",
        R"({"findings":[{"check":"a","severity":"grave"}],"now":"2026-11-21"})",
        R"({"findings":[],"now":"2026-11-21","sbject":{}})"}) {
    CAPTURE(line);
    const std::string answer = AnswerBatchLine(line, nullptr);
    CHECK(answer.find('\n') == std::string::npos);
    const bool no_data = std::string_view(line) == R"({"now":"2026-11-21"})";
    CHECK((answer.rfind("{\"error\":", 0) == 0) == !no_data);
  }
}

// ---- generated ----------------------------------------------------------------------------------

using Random = std::mt19937;

std::string RandomFindings(Random& random, int count, std::vector<std::string>& out) {
  static const char* const kSeverities[] = {"critical", "high", "medium", "low", "info"};
  std::string joined;
  for (int i = 0; i < count; ++i) {
    out.push_back(fmt::format(
        R"({{"id":"f{}","class":"vuln","check":"CVE-{}","severity":"{}","resource":{{"kind":"Pod",)"
        R"("namespace":"{}","name":"p"}},"vuln":{{"id":"CVE-{}","epss":0.{},"kev":{}}}}})",
        i, random() % 6, kSeverities[random() % 5], random() % 2 == 0 ? "a" : "b", random() % 6,
        random() % 10, random() % 8 == 0 ? "true" : "false"));
  }
  for (const std::string& one : out) joined += (joined.empty() ? "" : ",") + one;
  return joined;
}

std::string Join(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& one : parts) joined += (joined.empty() ? "" : ",") + one;
  return joined;
}

constexpr std::string_view kBusyPolicy =
    R"({"fail_on":"critical","max_age":"7d","rules":[{"kev":true,"action":"block","locked":true},)"
    R"({"name":"n","namespaces":["a"],"severity":"medium","action":"react"},)"
    R"({"when":"finding.vuln.epss > 0.5 && finding.resource.namespace == 'b'","action":"block"}],)"
    R"("environments":[{"environment":"prod","rules":[{"checks":["CVE-3"],"action":"observe"},)"
    R"({"severity":"high","action":"block-if-fixable"}]}],"break_glass":{"key_env":"K"}})";

TEST_CASE("the order of findings does not show, and a record replays to the same bytes") {
  Random random(3);
  for (int turn = 0; turn < 40; ++turn) {
    std::vector<std::string> findings;
    RandomFindings(random, 12, findings);
    const std::string rest =
        ExceptionText("2026-11-25T00:00:00Z") + GrantText() +
        R"(,"windows":[{"name":"w","kind":"maintenance","zone":"Europe/Berlin","start":)"
        R"("2026-01-03T02:00","rrule":"FREQ=WEEKLY;BYDAY=SA","duration":"2h"}],)"
        R"("baseline":["f3","f1"],"tzdata":"2026a",)"
        R"("incomplete":{"observed_at":"2026-11-20T00:00:00Z","missing":["z","y"]})";
    std::string first;
    for (int again = 0; again < 3; ++again) {
      Request request =
          RequestOf(Ask(kBusyPolicy, Join(findings), R"({"environment":"prod"})", rest));
      const auto record = DecideToRecord(request, {});
      REQUIRE(record);
      if (first.empty()) first = *record;
      CHECK(*record == first);
      std::shuffle(findings.begin(), findings.end(), random);
    }
    const auto replayed = Replay(first);
    REQUIRE_MESSAGE(replayed.has_value(), (replayed ? "" : replayed.error().ToString()));
    CHECK(*replayed == first);
  }
}

TEST_CASE("a changed record does not replay to its own bytes") {
  Request request = RequestOf(Ask("{}", kFinding, "{}"));
  const auto record = DecideToRecord(request, {});
  REQUIRE(record);
  std::string forged = *record;
  const size_t at = forged.find(R"("severity":"high","vuln")");
  REQUIRE(at != std::string::npos);
  forged.replace(at, 17, R"("severity":"low" )");
  const auto replayed = Replay(forged);
  REQUIRE(replayed);
  CHECK(*replayed != forged);
  CHECK_FALSE(Replay("{}"));
  CHECK_FALSE(Replay(R"({"schema":"ouro/decision/v1"})"));
}

TEST_CASE("a finding is written and read back to the same bytes") {
  const std::string text =
      R"({"id":"a","issue":"b","class":"vuln","check":"C","concept":"d","aliases":["e"],"title":"f",)"
      R"("message":"g","field_path":"h","severity":"low","resource":{"api_version":"v1","kind":"Pod",)"
      R"("namespace":"n","name":"m","container":"c"},"location":{"file":"x","line":3,"column":4},)"
      R"("package":{"purl":"pkg:npm/a@1","name":"a","version":"1","type":"npm","path":"p"},)"
      R"("image":{"reference":"r","digest":"sha256:1"},"asset":{"application":"s","environment":"t",)"
      R"("cluster":"u"},"priority":7,"outcome":"3 days","exposure":"exposed","reachability":"static",)"
      R"("vuln":{"id":"CVE-1","aliases":["GHSA-1"],"cvss":[{"vector":"V","score":7.5,"source":"nvd"}],)"
      R"("epss":0.125,"kev":true,"fixed_in":"2","fix_state":"fixed","published":"2026-01-01"},)"
      R"("fixable":true,"status":"suppressed","suppressed":{"by":"y","reason":"z",)"
      R"("until":"2027-01-01"},"first_seen":"2026-01-01T00:00:00Z","last_seen":"2026-01-02T00:00:00Z",)"
      R"("stage":"cd","count":2,"fix_group":"g1","fix_available_since":"2026-02-01","labels":{"k":"v"}})";
  const auto report = ReadFindingReport(text, "r");
  REQUIRE_MESSAGE(report.has_value(), (report ? "" : report.error().ToString()));
  REQUIRE(report->findings.size() == 1);
  std::string out;
  AppendFinding(out, report->findings[0]);
  CHECK(out == text);
  CHECK_FALSE(report->is_report);
}

}  // namespace
}  // namespace ouro::gate
