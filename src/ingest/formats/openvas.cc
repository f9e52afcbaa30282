// OpenVAS (Greenbone): the CSV and the XML of a report. A result with CVEs is a vulnerability,
// another one a probe.
#include <cstdlib>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/csv.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "openvas";

// What one result says, from either form.
struct Result {
  std::string oid;
  std::string name;
  std::string severity;  // word
  std::string cvss;
  std::string vector;
  std::string host;
  std::string port;  // "443/tcp" or "443"
  std::string protocol;
  std::string summary;
  std::string detail;
  std::string impact;
  std::string solution;
  std::string insight;
  std::string uid;
  std::string family;
  std::string quality;
  std::vector<std::string> cves;
  std::vector<std::string> references;
};

bool IsCsv(const ReportInput& input) {
  const std::string_view head = input.bytes().substr(0, 2'048);
  const std::string_view line = head.substr(0, head.find('\n'));
  return line.find("NVT Name") != std::string_view::npos &&
         line.find("NVT OID") != std::string_view::npos;
}

// <report> or an answer <get_reports_response> with results that name an nvt.
XmlNode FirstResult(XmlNode root) {
  if (root.name() != "report" && root.name() != "get_reports_response" &&
      root.name() != "get_results_response") {
    return {};
  }
  for (const XmlNode& results : root.Descendants("results")) {
    if (const XmlNode result = results.Child("result")) return result;
  }
  const std::vector<XmlNode> all = root.Descendants("result");
  return all.empty() ? XmlNode() : all.front();
}

bool IsReport(XmlNode root) {
  if (FirstResult(root).Child("nvt")) return true;
  return root.name() == "report" && !root.Descendants("scan_run_status").empty();
}

int Detect(const ReportInput& input) {
  if (input.LooksLikeXml()) return IsReport(input.xml()) ? kNamed : kNo;
  return !input.LooksLikeJson() && IsCsv(input) ? kNamed : kNo;
}

// Negative when there is no number.
double ScoreOf(const std::string& text) {
  char* end = nullptr;
  const double score = std::strtod(text.c_str(), &end);
  return text.empty() || end != text.c_str() + text.size() ? -1 : score;
}

model::Finding MakeFinding(const Result& result) {
  const bool vuln = !result.cves.empty();
  model::Finding finding =
      NewFinding(vuln ? model::FindingClass::kVuln : model::FindingClass::kProbe, kTool, {},
                 result.oid.empty() ? RuleOfTitle(result.name) : result.oid);
  finding.title = result.name;
  const double score = ScoreOf(result.cvss);
  SetSeverityWordOrScore(finding, kTool, result.severity, score);
  finding.stage = kStageRuntime;
  finding.message = result.detail.empty() ? result.summary : result.detail;
  finding.remediation = result.solution;
  if (vuln) {
    SetVulnIds(finding.vuln.Make(), result.cves);
    AddCvss(*finding.vuln, result.vector, score, "");
  }
  for (const std::string& reference : result.references) AddReference(finding, reference);
  model::Origin& origin = *finding.origin;
  origin.uid = result.uid;
  origin.impact = result.impact;
  origin.category = result.family;
  origin.confidence = result.quality;
  std::string port = result.port;
  if (!result.protocol.empty() && port.find('/') == std::string::npos) {
    port = fmt::format("{}/{}", port.empty() ? "general" : port, result.protocol);
  }
  origin.endpoint = port.empty() ? result.host : fmt::format("{}:{}", result.host, port);
  finding.field_path = port;
  finding.asset.Make().host = result.host;
  AddLine(origin.description, result.summary);
  AddFact(origin.description, "Result", result.detail);
  AddFact(origin.description, "Insight", result.insight);
  return finding;
}

void ReadRow(const Csv& csv, size_t row, Sink& sink) {
  const auto cell = [&](std::string_view column) {
    return std::string(TrimSpace(csv.Cell(row, column)));
  };
  Result result;
  result.oid = cell("NVT OID");
  result.name = cell("NVT Name");
  result.severity = cell("Severity");
  result.cvss = cell("CVSS");
  result.host = cell("IP").empty() ? cell("Hostname") : cell("IP");
  result.port = cell("Port");
  result.protocol = cell("Port Protocol");
  result.summary = cell("Summary");
  result.detail = cell("Specific Result");
  result.impact = cell("Impact");
  result.solution = cell("Solution");
  result.insight = cell("Vulnerability Insight");
  result.uid = cell("Result ID");
  result.quality = cell("QoD");
  result.cves = VulnIdsIn(cell("CVEs"));
  for (const std::string_view part : SplitText(cell("Other References"), ',')) {
    const std::string_view url = TrimSpace(part);
    if (StartsWith(url, "http")) result.references.emplace_back(url);
  }
  sink.Add(MakeFinding(result));
}

// "summary=…|insight=…|cvss_base_vector=…"
std::string TagValue(std::string_view tags, std::string_view key) {
  for (const std::string_view tag : SplitText(tags, '|')) {
    if (StartsWith(tag, key) && tag.size() > key.size() && tag[key.size()] == '=') {
      return std::string(TrimSpace(tag.substr(key.size() + 1)));
    }
  }
  return {};
}

void ReadReferences(XmlNode nvt, Result& result) {
  for (const XmlNode& reference : nvt.Child("refs").Children("ref")) {
    const std::string_view type = reference.Attribute("type");
    const std::string_view id = reference.Attribute("id");
    if (EqualsIgnoreCase(type, "cve")) result.cves.emplace_back(id);
    if (EqualsIgnoreCase(type, "url")) result.references.emplace_back(id);
  }
  for (const std::string& id : VulnIdsIn(nvt.ChildText("cve"))) result.cves.push_back(id);
}

void ReadResult(XmlNode node, Sink& sink) {
  const XmlNode nvt = node.Child("nvt");
  const std::string tags = nvt.ChildText("tags");
  Result result;
  result.oid = nvt.Attribute("oid");
  result.name = node.ChildText("name").empty() ? nvt.ChildText("name") : node.ChildText("name");
  result.severity = node.ChildText("threat");
  result.cvss =
      node.ChildText("severity").empty() ? nvt.ChildText("cvss_base") : node.ChildText("severity");
  result.vector = TagValue(tags, "cvss_base_vector");
  result.host = node.ChildText("host");
  result.port = node.ChildText("port");
  result.summary = TagValue(tags, "summary");
  result.detail = node.ChildText("description");
  result.impact = TagValue(tags, "impact");
  result.insight = TagValue(tags, "insight");
  result.solution = TagValue(tags, "solution");
  if (result.solution.empty()) result.solution = nvt.ChildText("solution");
  result.uid = node.Attribute("id");
  result.family = nvt.ChildText("family");
  result.quality = node.Child("qod").ChildText("value");
  ReadReferences(nvt, result);
  sink.Add(MakeFinding(result));
}

Status Read(const ReportInput& input, Sink& sink) {
  ReportFacts facts;
  facts.tool = kTool;
  if (input.LooksLikeXml()) {
    OURO_TRY(const XmlNode root, XmlRoot(input));
    sink.Begin(facts);
    for (const XmlNode& result : root.Descendants("result")) {
      if (result.Child("nvt")) ReadResult(result, sink);
    }
    return {};
  }
  OURO_TRY(const Csv csv, Csv::Parse(input.bytes()));
  if (!csv.HasColumn("NVT Name")) {
    return Fail(ErrorCode::kInvalid, "the report has no column 'NVT Name'", "1:1");
  }
  sink.Begin(facts);
  for (size_t row = 0; row < csv.row_count(); ++row) ReadRow(csv, row, sink);
  return {};
}

}  // namespace

const Importer kOpenvas = {"openvas",
                           "OpenVAS",
                           "reports of OpenVAS and Greenbone as CSV and XML",
                           "one result of one test on one port of a host",
                           Detect,
                           Read};

}  // namespace ouro::ingest
