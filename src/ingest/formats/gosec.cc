// gosec with -fmt json. Source: the tool's report/core types (ReportInfo, Issue) in its repository.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "gosec";

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!HasKeys(json, {"Issues", "Stats"})) return kNo;
  if (json.Get("GosecVersion") || json.Get("Golang errors")) return kNamed;
  const std::vector<io::NodeView> issues = Items(json, "Issues");
  return !issues.empty() && HasKeys(issues.front(), {"rule_id", "details"}) ? kSure : kNo;
}

// "12", or "12-14" for several lines.
void SetLines(model::Location& place, const std::string& lines) {
  const size_t dash = lines.find('-');
  place.line = ParseInt64(lines.substr(0, dash)).value_or(0);
  if (dash != std::string::npos) place.end_line = ParseInt64(lines.substr(dash + 1)).value_or(0);
}

model::Finding ReadIssue(io::NodeView issue) {
  const std::string rule = Text(issue, "rule_id");
  const std::string details = Text(issue, "details");
  model::Finding finding = ScannerFinding(model::FindingClass::kLint, kTool, rule, details);
  finding.message = details;
  finding.remediation = Text(issue, "autofix");
  SetSeverity(finding, kTool, Text(issue, "severity"));
  finding.location.file = ReportPath(Text(issue, "file"));
  SetLines(finding.location, Text(issue, "line"));
  finding.location.column = Integer(issue, "column");
  AddCwe(finding, FirstText(issue, {"cwe.id", "cwe.ID"}));
  AddUnique(finding.references, FirstText(issue, {"cwe.url", "cwe.URL"}));
  model::Origin& origin = *finding.origin;
  origin.confidence = Text(issue, "confidence");
  const std::string code = Text(issue, "code");
  // G101: hard-coded credentials. The matched lines hold them.
  if (rule == "G101") finding.finding_class = model::FindingClass::kSecret;
  origin.snippet_hash = NumberedCodeHash(code, finding.location.line, finding.location.end_line);
  const std::vector<io::NodeView> suppressions = Items(issue, "suppressions");
  if (!suppressions.empty() || Flag(issue, "nosec")) {
    origin.state = "risk_accepted";
    for (const io::NodeView& suppression : suppressions) {
      AppendFact(origin.description, "Suppressed", Text(suppression, "justification"));
    }
  }
  return finding;
}

// {"file.go": [{"line": 1, "column": 2, "error": "…"}]}
void AddErrors(io::NodeView files, Sink& sink) {
  for (const auto& [file, errors] : files.Members()) {
    for (const io::NodeView& error : errors.Children()) {
      model::Problem problem = ScannerProblem(
          ErrorCode::kRemote, ReportPath(file), Integer(error, "line"),
          fmt::format(
              "gosec could not examine this file: {}; make the package build and scan again",
              FirstLine(Text(error, "error"))));
      problem.column = Integer(error, "column");
      sink.AddProblem(std::move(problem));
    }
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> issues, ListOf(json, "Issues"));
  const std::string version = Text(json, "GosecVersion");
  sink.Begin({std::string(kTool), version, "", ""});
  AddErrors(json.Get("Golang errors"), sink);
  for (const io::NodeView& issue : issues) {
    model::Finding finding = ReadIssue(issue);
    finding.origin->tool_version = version;
    sink.Add(std::move(finding));
  }
  return {};
}

}  // namespace

const Importer kGosec = {"gosec", "gosec", "gosec -fmt json", "one issue at one place",
                         Detect,  Read};

}  // namespace ouro::ingest
