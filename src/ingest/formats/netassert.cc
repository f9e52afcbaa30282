// NetAssert: its results in TAP (Test Anything Protocol, version 13 of NetAssert 1, version 14 of
// NetAssert 2), each test one expectation about a connection. The reason of a failure stands in a
// YAML block below the test.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "netassert";

struct Test {
  bool ok = false;
  std::string name;
  std::string directive;  // what follows '#': "SKIP …", "TODO …"
  std::string reason;
  int64_t line = 0;
};

struct Report {
  std::vector<Test> tests;
  int64_t planned = -1;
  std::string bail_out;
};

// "1..12"
int64_t PlanOf(std::string_view line) {
  if (!StartsWith(line, "1..")) return -1;
  line.remove_prefix(3);
  return ParseInt64(TrimSpace(line.substr(0, line.find('#')))).value_or(-1);
}

// "ok 1 - name # SKIP why", "not ok 2 name".
std::optional<Test> TestOf(std::string_view line) {
  Test test;
  test.ok = StartsWith(line, "ok");
  if (!test.ok && !StartsWith(line, "not ok")) return std::nullopt;
  line.remove_prefix(test.ok ? 2 : 6);
  if (!line.empty() && line.front() != ' ') return std::nullopt;
  line = TrimSpace(line);
  size_t digits = 0;
  while (digits < line.size() && line[digits] >= '0' && line[digits] <= '9') ++digits;
  line = TrimSpace(line.substr(digits));
  if (StartsWith(line, "-")) line = TrimSpace(line.substr(1));
  const size_t hash = line.find(" # ");
  if (hash != std::string_view::npos) {
    test.directive = std::string(TrimSpace(line.substr(hash + 3)));
    line = TrimSpace(line.substr(0, hash));
  }
  test.name = std::string(line);
  return test;
}

Report Parse(const ReportInput& input, size_t limit) {
  Report report;
  bool in_block = false;
  int64_t number = 0;
  for (const std::string_view raw : input.Lines(limit)) {
    ++number;
    const std::string_view line = TrimSpace(raw);
    if (in_block) {
      in_block = line != "...";
      if (!in_block || report.tests.empty()) continue;
      std::string_view text = line;
      if (StartsWith(text, "reason:")) text = TrimSpace(text.substr(7));
      AddLine(report.tests.back().reason, text);
      continue;
    }
    if (line == "---") {
      in_block = true;
    } else if (const std::optional<Test> test = TestOf(line)) {
      report.tests.push_back(*test);
      report.tests.back().line = number;
    } else if (const int64_t planned = PlanOf(line); planned >= 0) {
      report.planned = planned;
    } else if (StartsWith(line, "Bail out!")) {
      report.bail_out = std::string(TrimSpace(line.substr(9)));
    }
  }
  return report;
}

int Detect(const ReportInput& input) {
  if (!StartsWith(TrimSpace(input.bytes().substr(0, 256)), "TAP version ")) return kNo;
  const Report report = Parse(input, 65'536);
  return report.tests.empty() ? kGuess : kSure;
}

model::Finding MakeFinding(const Test& test) {
  model::Finding finding = NewFinding(model::FindingClass::kNetpol, kTool, {}, test.name);
  finding.title = test.name;
  SetSeverityAs(finding, kTool, "not ok", model::Severity::kMedium);
  finding.stage = kStageRuntime;
  finding.message =
      test.reason.empty()
          ? fmt::format("The connection of the test '{}' is not as expected", test.name)
          : test.reason;
  finding.origin->description = test.reason;
  return finding;
}

void AddTextProblem(Sink& sink, const ReportInput& input, int64_t line, std::string message) {
  model::Problem problem;
  problem.kind = "not_evaluable";
  problem.file = input.name();
  problem.line = line;
  problem.message = std::move(message);
  sink.AddProblem(std::move(problem));
}

Status Read(const ReportInput& input, Sink& sink) {
  const Report report = Parse(input, 0);
  if (report.tests.empty() && report.planned != 0) {
    return Fail(ErrorCode::kInvalid, "the report holds no TAP test", "1:1");
  }
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  for (const Test& test : report.tests) {
    if (StartsWith(LowerAscii(test.directive), "skip")) {
      AddTextProblem(sink, input, test.line, fmt::format("the test '{}' was skipped", test.name));
    } else if (test.ok) {
      sink.AddPassed(1);
    } else {
      sink.Add(MakeFinding(test));
    }
  }
  const int64_t count = static_cast<int64_t>(report.tests.size());
  if (report.planned > count) {
    AddTextProblem(sink, input, 0,
                   fmt::format("{} of {} planned tests have no result", report.planned - count,
                               report.planned));
  }
  if (!report.bail_out.empty()) {
    AddTextProblem(sink, input, 0, "the run stopped early: " + report.bail_out);
  }
  return {};
}

}  // namespace

const Importer kNetassert = {"netassert",
                             "NetAssert (TAP)",
                             "results of NetAssert 1 and 2 in TAP",
                             "one connection that is not as expected",
                             Detect,
                             Read};

}  // namespace ouro::ingest
