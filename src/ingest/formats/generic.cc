// DefectDojo's generic findings: JSON ({"name", "type", "findings": […]}) and CSV. Many small
// scripts write it. Source: the field table of DefectDojo's documentation ("Generic Findings
// Import").
#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/csv.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"
#include "model/purl.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "generic";

int DetectCsv(const ReportInput& input) {
  const std::vector<std::string_view> lines = input.Lines(4'096);
  if (lines.empty()) return kNo;
  const std::string header = "," + LowerAscii(ReplaceAll(lines.front(), " ", "")) + ",";
  const auto has = [&header](std::string_view column) {
    return header.find(fmt::format(",{},", column)) != std::string::npos;
  };
  if (!has("title") || !has("severity") || !has("description")) return kNo;
  return has("cweid") || has("falsepositive") || has("vulnerabilityid") || has("mitigation") ? kSure
                                                                                             : kNo;
}

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!json) return input.LooksLikeXml() ? kNo : DetectCsv(input);
  if (!json.IsMap()) return kNo;
  const std::vector<io::NodeView> items = Items(json, "findings");
  if (items.empty() || !HasKeys(items.front(), {"title", "severity", "description"})) return kNo;
  return kSure;
}

// One finding, whatever the format: its fields by DefectDojo's names.
class Fields {
 public:
  virtual ~Fields() = default;
  virtual std::string Get(std::string_view name) const = 0;
  virtual std::vector<std::string> List(std::string_view name) const = 0;
  bool Is(std::string_view name) const { return EqualsIgnoreCase(Get(name), "true"); }
  double GetNumber(std::string_view name) const {
    const std::string text = Get(name);
    if (text.empty()) return -1;
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    return *end == '\0' ? value : -1;
  }
};

class JsonFields : public Fields {
 public:
  explicit JsonFields(io::NodeView item) : item_(item) {}
  std::string Get(std::string_view name) const override { return ScalarText(item_.Get(name)); }
  // Lists of texts, or of maps whose id is `vulnerability_id` or `host`.
  std::vector<std::string> List(std::string_view name) const override {
    std::vector<std::string> texts;
    const io::NodeView list = item_.Get(name);
    for (const io::NodeView& entry : list.IsList() ? list.Children() : std::vector{list}) {
      AddUnique(texts, entry.IsMap() ? FirstText(entry, {"vulnerability_id", "host", "url"})
                                     : ScalarText(entry));
    }
    return texts;
  }

 private:
  io::NodeView item_;
};

// The columns of the CSV form and the fields that they are.
struct Column {
  std::string_view field;
  std::string_view column;
};
constexpr std::array<Column, 16> kColumns = {{{"title", "Title"},
                                              {"cwe", "CweId"},
                                              {"endpoints", "Url"},
                                              {"severity", "Severity"},
                                              {"description", "Description"},
                                              {"mitigation", "Mitigation"},
                                              {"impact", "Impact"},
                                              {"references", "References"},
                                              {"false_p", "FalsePositive"},
                                              {"duplicate", "Duplicate"},
                                              {"is_mitigated", "IsMitigated"},
                                              {"cve", "Vulnerability Id"},
                                              {"vulnerability_ids", "Vulnerability Id"},
                                              {"cvssv3", "CVSSV3"},
                                              {"cvssv4", "CVSSV4"},
                                              {"date", "Date"}}};

class CsvFields : public Fields {
 public:
  CsvFields(const Csv& csv, size_t row) : csv_(csv), row_(row) {}
  std::string Get(std::string_view name) const override {
    for (const Column& column : kColumns) {
      if (column.field != name || !csv_.HasColumn(column.column)) continue;
      return std::string(TrimSpace(csv_.Cell(row_, column.column)));
    }
    return std::string(TrimSpace(csv_.Cell(row_, name)));
  }
  std::vector<std::string> List(std::string_view name) const override {
    std::vector<std::string> texts;
    AddUnique(texts, Get(name));
    return texts;
  }

 private:
  const Csv& csv_;
  size_t row_;
};

std::string StateOf(const Fields& fields) {
  if (fields.Is("false_p")) return "false_positive";
  if (fields.Is("risk_accepted")) return "risk_accepted";
  if (fields.Is("out_of_scope")) return "out_of_scope";
  if (fields.Is("is_mitigated")) return "fixed";
  return fields.Is("duplicate") ? "duplicate" : "";
}

void SetVulnerability(model::Finding& finding, const Fields& fields) {
  std::vector<std::string> ids = fields.List("vulnerability_ids");
  for (const char* name : {"vulnerability_id", "cve"}) AddUnique(ids, fields.Get(name));
  const std::string component = fields.Get("component_name");
  if (!component.empty()) {
    model::Package& package = finding.package.Make();
    package.name = component;
    package.version = fields.Get("component_version");
  }
  if (!ids.empty()) {
    finding.finding_class = model::FindingClass::kVuln;
    SetVulnIds(finding.vuln.Make(), ids);
  }
  AddCvss(finding, fields.Get("cvssv3"), fields.GetNumber("cvssv3_score"));
  AddCvss(finding, fields.Get("cvssv4"), fields.GetNumber("cvssv4_score"));
  const double epss = fields.GetNumber("epss_score");
  const std::string fixed_in = fields.Get("fix_version");
  const bool is_known_exploited = fields.Is("known_exploited");
  if (epss < 0 && fixed_in.empty() && !is_known_exploited && !finding.vuln) return;
  model::Vuln& vuln = finding.vuln.Make();
  vuln.epss = epss;
  vuln.epss_percentile = fields.GetNumber("epss_percentile");
  vuln.kev = is_known_exploited;
  vuln.fixed_in = fixed_in;
  if (!fixed_in.empty() || fields.Is("fix_available")) vuln.fix_state = "fixed";
  vuln.published = fields.Get("publish_date");
}

void SetPlace(model::Finding& finding, const Fields& fields) {
  finding.location.file = ReportPath(fields.Get("file_path"));
  finding.location.line = std::max<int64_t>(0, ParseInt64(fields.Get("line")).value_or(0));
  const std::vector<std::string> endpoints = fields.List("endpoints");
  if (endpoints.empty()) return;
  finding.origin->endpoint = endpoints.front();
  finding.asset.Make().host = HostOf(endpoints.front());
  for (const std::string& endpoint : endpoints) {
    AppendFact(finding.origin->description, "Endpoint", endpoint);
  }
  if (finding.finding_class == model::FindingClass::kLint && finding.location.file.empty()) {
    finding.finding_class = model::FindingClass::kProbe;
  }
}

model::Finding MakeFinding(const Fields& fields, std::string_view tool) {
  const std::string title = fields.Get("title");
  const std::string rule = fields.Get("vuln_id_from_tool");
  model::Finding finding =
      ScannerFinding(model::FindingClass::kLint, tool, rule.empty() ? title : rule, title);
  const std::string severity = fields.Get("severity");
  if (severity.empty()) {
    SetAssumedSeverity(finding, tool, model::Severity::kInfo);
  } else {
    SetSeverity(finding, tool, severity, model::Severity::kInfo);
  }
  finding.message = fields.Get("description");
  if (finding.message.empty()) finding.message = title;
  finding.remediation = fields.Get("mitigation");
  finding.references = UrlsIn(fields.Get("references"));
  SetVulnerability(finding, fields);
  model::Origin& origin = *finding.origin;
  AddCwe(finding, fields.Get("cwe"));
  AddCwes(finding, fields.List("cwes"));
  origin.impact = fields.Get("impact");
  origin.tags = fields.List("tags");
  origin.uid = fields.Get("unique_id_from_tool");
  origin.service = fields.Get("service");
  origin.state = StateOf(fields);
  origin.occurrences = std::max<int64_t>(1, ParseInt64(fields.Get("nb_occurences")).value_or(1));
  SetPlace(finding, fields);
  return finding;
}

// The tool that the report names, as a prefix of its checks: "My Scanner" → "my-scanner".
std::string ToolOf(io::NodeView json) {
  std::string tool = ReplaceAll(LowerAscii(Text(json, "type")), " ", "-");
  tool = ReplaceAll(tool, ":", "-");
  return tool.empty() ? std::string(kTool) : tool;
}

Status ReadJson(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> items, ListOf(json, "findings"));
  for (const io::NodeView& item : items) {
    if (Text(item, "title").empty()) {
      return Fail(ErrorCode::kInvalid, "a finding has no `title`", PlaceOf(item));
    }
  }
  const std::string tool = ToolOf(json);
  sink.Begin({tool, Text(json, "version"), Text(json, "name"), ""});
  for (const io::NodeView& item : items) sink.Add(MakeFinding(JsonFields(item), tool));
  return {};
}

Status ReadCsv(const ReportInput& input, Sink& sink) {
  OURO_TRY(const Csv csv, Csv::Parse(input.bytes()));
  if (!csv.HasColumn("Title")) {
    return Fail(ErrorCode::kInvalid, "the header line lacks `Title`", "1:1");
  }
  sink.Begin({std::string(kTool), "", "", ""});
  FindingFolder folder;
  for (size_t row = 0; row < csv.row_count(); ++row) {
    const CsvFields fields(csv, row);
    // One row an address: rows that differ in nothing else are one finding.
    const std::string key = fmt::format("{}\n{}\n{}", fields.Get("title"), fields.Get("severity"),
                                        fields.Get("description"));
    folder.Add(key, MakeFinding(fields, kTool));
  }
  folder.Flush(sink);
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  return input.LooksLikeJson() ? ReadJson(input, sink) : ReadCsv(input, sink);
}

}  // namespace

const Importer kGeneric = {"generic",
                           "Generic findings",
                           "DefectDojo's generic findings, JSON and CSV",
                           "one entry of the list",
                           Detect,
                           Read};

}  // namespace ouro::ingest
