// golangci-lint with JSON output (v1 --out-format json, v2 --output.json.path).
// Source: the tool's printers/json and result.Issue types in its repository.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "golangci-lint";

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!json.IsMap() || !json.Get("Issues")) return kNo;
  if (At(json, "Report.Linters").IsList()) return kNamed;
  const std::vector<io::NodeView> issues = Items(json, "Issues");
  if (issues.empty()) return HasKeys(json, {"Report"}) ? kSure : kNo;
  return HasKeys(issues.front(), {"FromLinter", "Pos"}) ? kNamed : kNo;
}

// "G204: Subprocess launched …" → "G204". Linters of the staticcheck and gosec kind put their
// rule's id before the text; others have no rule of their own.
std::string RuleIn(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 3 || colon > 10) return {};
  const std::string_view word = text.substr(0, colon);
  const bool is_letter = word.front() >= 'A' && word.front() <= 'Z';
  const bool is_digit = word.back() >= '0' && word.back() <= '9';
  if (!is_letter || !is_digit || word.find(' ') != std::string_view::npos) return {};
  return std::string(word);
}

// gosec's rules keep their own names, so that both ways to run it meet.
model::Finding NamedFinding(const std::string& linter, const std::string& text) {
  const std::string rule = RuleIn(text);
  if (linter == "gosec" && !rule.empty()) {
    return ScannerFinding(
        rule == "G101" ? model::FindingClass::kSecret : model::FindingClass::kLint, linter, rule,
        text);
  }
  const std::string check = rule.empty() ? linter : fmt::format("{}/{}", linter, rule);
  return ScannerFinding(model::FindingClass::kLint, kTool, check, text);
}

model::Finding ReadIssue(io::NodeView issue) {
  const std::string linter = Text(issue, "FromLinter");
  const std::string text = Text(issue, "Text");
  model::Finding finding = NamedFinding(linter, text);
  finding.title = FirstLine(text);
  finding.message = text;
  const std::string severity = Text(issue, "Severity");
  if (severity.empty()) {
    SetAssumedSeverity(finding, kTool, model::Severity::kLow);
  } else {
    SetSeverity(finding, kTool, severity, model::Severity::kLow);
  }
  finding.location.file = ReportPath(Text(issue, "Pos.Filename"));
  finding.location.line = Integer(issue, "Pos.Line");
  finding.location.column = Integer(issue, "Pos.Column");
  finding.location.end_line = Integer(issue, "LineRange.To");
  model::Origin& origin = *finding.origin;
  origin.tool = kTool;
  origin.category = linter;
  origin.snippet_hash = CodeHash(JoinText(Texts(issue, "SourceLines"), "\n"));
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> issues, ListOf(json, "Issues"));
  sink.Begin({std::string(kTool), "", "", ""});
  for (const io::NodeView& warning : Items(json, "Report.Warnings")) {
    sink.AddProblem(
        ScannerWarning(ErrorCode::kRemote, "",
                       fmt::format("golangci-lint warned: {}", FirstLine(Text(warning, "Text")))));
  }
  if (const std::string error = Text(json, "Report.Error"); !error.empty()) {
    sink.AddProblem(
        ScannerProblem(ErrorCode::kRemote, "", 0,
                       fmt::format("golangci-lint did not finish: {}", FirstLine(error))));
  }
  for (const io::NodeView& issue : issues) sink.Add(ReadIssue(issue));
  return {};
}

}  // namespace

const Importer kGolangciLint = {"golangci-lint",
                                "golangci-lint",
                                "golangci-lint run with JSON output, v1 and v2",
                                "one issue of one linter at one place",
                                Detect,
                                Read};

}  // namespace ouro::ingest
