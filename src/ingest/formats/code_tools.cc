// Horusec (JSON output) and Brakeman (-f json). Sources: Horusec's documentation ("Output formats")
// and Brakeman's ("Report formats").
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

int DetectHorusec(const ReportInput& input) {
  return input.json().Get("analysisVulnerabilities") ? kNamed : kNo;
}

// "Vulnerability", "Risk Accepted", "False Positive", "Corrected".
std::string HorusecState(std::string_view type) {
  if (EqualsIgnoreCase(type, "Risk Accepted")) return "risk_accepted";
  if (EqualsIgnoreCase(type, "False Positive")) return "false_positive";
  return EqualsIgnoreCase(type, "Corrected") ? "fixed" : "";
}

// The first line of the details names the rule; some engines put "(1/1) * Possible vulnerability
// detected: " before it.
std::string HorusecTitle(const std::string& details) {
  std::string title = FirstLine(details, 500);
  static constexpr std::string_view kLead = "Possible vulnerability detected: ";
  if (const size_t lead = title.find(kLead); lead != std::string::npos) {
    title.erase(0, lead + kLead.size());
  }
  return title;
}

model::Finding ReadHorusecItem(io::NodeView item) {
  static constexpr std::string_view kTool = "horusec";
  const std::string details = Text(item, "details");
  const std::string title = HorusecTitle(details);
  const std::string rule = Text(item, "rule_id");
  model::Finding finding = ScannerFinding(model::FindingClass::kLint, kTool,
                                          rule.empty() ? FirstLine(title, 120) : rule, title);
  SetSeverity(finding, kTool, Text(item, "severity"), model::Severity::kInfo);
  finding.message = title;
  finding.location.file = ReportPath(Text(item, "file"));
  finding.location.line = Integer(item, "line");
  finding.location.column = Integer(item, "column");
  model::Origin& origin = *finding.origin;
  origin.confidence = Text(item, "confidence");
  origin.uid = Text(item, "vulnHash");
  origin.category = Text(item, "securityTool");
  AddUnique(origin.tags, Text(item, "language"));
  origin.state = HorusecState(Text(item, "type"));
  for (size_t at = details.find("CWE-"); at != std::string::npos;
       at = details.find("CWE-", at + 4)) {
    AddCwe(finding, details.substr(at, 10));
  }
  finding.references = UrlsIn(details);
  const std::string code = Text(item, "code");
  origin.snippet_hash = CodeHash(code);
  if (IsAboutSecrets(title, origin.cwes)) {
    finding.finding_class = model::FindingClass::kSecret;
    origin.description = WithoutSecret(details, code);
  } else {
    origin.description = details;
  }
  return finding;
}

Status ReadHorusec(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> items, ListOf(json, "analysisVulnerabilities"));
  const std::string version = Text(json, "version");
  sink.Begin({"horusec", version, Text(json, "repositoryName"), Text(json, "createdAt")});
  if (const std::string errors = Text(json, "errors"); !errors.empty()) {
    sink.AddProblem(
        ScannerProblem(ErrorCode::kRemote, "", 0,
                       fmt::format("horusec could not run all tools: {}", FirstLine(errors))));
  }
  for (const io::NodeView& item : items) {
    const io::NodeView facts = item.Get("vulnerabilities");
    model::Finding finding = ReadHorusecItem(facts.IsMap() ? facts : item);
    finding.origin->tool_version = version;
    sink.Add(std::move(finding));
  }
  return {};
}

int DetectBrakeman(const ReportInput& input) {
  const io::NodeView json = input.json();
  return HasKeys(json, {"scan_info", "warnings"}) && At(json, "scan_info.brakeman_version") ? kNamed
                                                                                            : kNo;
}

model::Finding ReadBrakemanWarning(io::NodeView item) {
  static constexpr std::string_view kTool = "brakeman";
  const std::string type = Text(item, "warning_type");
  model::Finding finding =
      ScannerFinding(model::FindingClass::kLint, kTool, Text(item, "check_name"),
                     fmt::format("{}: {}", type, Text(item, "message")));
  // Brakeman has no severity: its confidence ("High", "Medium", "Weak") is what it sorts by.
  const std::string confidence = Text(item, "confidence");
  SetSeverity(finding, kTool, confidence == "Weak" ? "low" : confidence);
  finding.origin->severity = confidence;
  finding.message = Text(item, "message");
  finding.location.file = ReportPath(Text(item, "file"));
  finding.location.line = Integer(item, "line");
  AddUnique(finding.references, Text(item, "link"));
  for (const std::string& cwe : Texts(item, "cwe_id")) AddCwe(finding, cwe);
  model::Origin& origin = *finding.origin;
  origin.confidence = confidence;
  origin.category = type;
  origin.uid = Text(item, "fingerprint");
  origin.snippet_hash = CodeHash(Text(item, "code"));
  AppendFact(origin.description, "Input", Text(item, "user_input"));
  AppendFact(origin.description, "Method", Text(item, "location.method"));
  return finding;
}

Status ReadBrakeman(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> items, ListOf(json, "warnings"));
  sink.Begin({"brakeman", Text(json, "scan_info.brakeman_version"),
              Text(json, "scan_info.app_path"), Text(json, "scan_info.end_time")});
  for (const io::NodeView& item : items) sink.Add(ReadBrakemanWarning(item));
  for (const io::NodeView& item : Items(json, "ignored_warnings")) {
    model::Finding finding = ReadBrakemanWarning(item);
    finding.origin->state = "risk_accepted";
    AppendFact(finding.origin->description, "Note", Text(item, "note"));
    sink.Add(std::move(finding));
  }
  for (const io::NodeView& error : Items(json, "errors")) {
    sink.AddProblem(ScannerProblem(
        ErrorCode::kRemote, Text(error, "location"), 0,
        fmt::format("brakeman could not examine this: {}", FirstLine(Text(error, "error")))));
  }
  return {};
}

}  // namespace

const Importer kHorusec = {
    "horusec",     "Horusec",  "horusec start --output-format json", "one finding at one place",
    DetectHorusec, ReadHorusec};
const Importer kBrakeman = {"brakeman",         "Brakeman",
                            "brakeman -f json", "one warning at one place",
                            DetectBrakeman,     ReadBrakeman};

}  // namespace ouro::ingest
