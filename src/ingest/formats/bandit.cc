// Bandit with -f json. Source: the tool's formatter documentation ("JSON formatter").
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "bandit";

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!HasKeys(json, {"results", "metrics"}) || !json.Get("metrics").IsMap()) return kNo;
  const std::vector<io::NodeView> results = Items(json, "results");
  if (!results.empty()) return HasKeys(results.front(), {"test_id", "issue_text"}) ? kNamed : kNo;
  return HasKeys(json.Get("metrics").Get("_totals"), {"loc"}) ? kNamed : kNo;
}

// B105 to B107 quote the value: "Possible hardcoded password: 'hunter2'".
std::string QuotedSecret(std::string_view rule, std::string_view text) {
  if (rule != "B105" && rule != "B106" && rule != "B107") return {};
  const size_t first = text.find('\'');
  const size_t last = text.rfind('\'');
  if (first == std::string_view::npos || last <= first + 1) return {};
  return std::string(text.substr(first + 1, last - first - 1));
}

void SetPlace(model::Location& place, io::NodeView result) {
  place.file = ReportPath(Text(result, "filename"));
  place.line = Integer(result, "line_number");
  const std::vector<io::NodeView> range = Items(result, "line_range");
  if (!range.empty()) place.end_line = ParseInt64(ScalarText(range.back())).value_or(0);
  // Bandit's columns count from 0; -1: unknown.
  if (const int64_t column = Integer(result, "col_offset", -1); column >= 0)
    place.column = column + 1;
  if (const int64_t column = Integer(result, "end_col_offset", -1); column >= 0) {
    place.end_column = column + 1;
  }
}

model::Finding ReadResult(io::NodeView result) {
  const std::string rule = Text(result, "test_id");
  const std::string text = Text(result, "issue_text");
  const std::string secret = QuotedSecret(rule, text);
  model::Finding finding =
      ScannerFinding(model::FindingClass::kLint, kTool, rule, WithoutSecret(text, secret));
  finding.message = finding.title;
  SetSeverity(finding, kTool, Text(result, "issue_severity"));
  SetPlace(finding.location, result);
  AddUnique(finding.references, Text(result, "more_info"));
  AddUnique(finding.references, Text(result, "issue_cwe.link"));
  AddCwe(finding, Text(result, "issue_cwe.id"));
  model::Origin& origin = *finding.origin;
  origin.category = Text(result, "test_name");
  origin.confidence = Text(result, "issue_confidence");
  const std::string code = Text(result, "code");
  if (rule == "B105" || rule == "B106" || rule == "B107") {
    finding.finding_class = model::FindingClass::kSecret;
    if (!secret.empty()) origin.snippet_hash = SecretHash(secret);
  }
  if (origin.snippet_hash.empty()) {
    origin.snippet_hash = NumberedCodeHash(code, finding.location.line, finding.location.end_line);
  }
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> results, ListOf(json, "results"));
  sink.Begin({std::string(kTool), "", "", Text(json, "generated_at")});
  for (const io::NodeView& error : Items(json, "errors")) {
    sink.AddProblem(ScannerProblem(
        ErrorCode::kRemote, ReportPath(Text(error, "filename")), 0,
        fmt::format("bandit could not examine this file: {}", FirstLine(Text(error, "reason")))));
  }
  for (const io::NodeView& result : results) sink.Add(ReadResult(result));
  return {};
}

}  // namespace

const Importer kBandit = {"bandit", "Bandit", "bandit -f json", "one issue at one place",
                          Detect,   Read};

}  // namespace ouro::ingest
