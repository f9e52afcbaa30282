// Acunetix: XML of the on-premises product, JSON of Acunetix 360 (detailed scan report).
// Source: the products' export documentation ("Exporting scan results", "Report formats").
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "acunetix";

int Detect(const ReportInput& input) {
  if (input.LooksLikeXml()) {
    const XmlNode root = input.xml();
    return root.name() == "ScanGroup" && (root.Child("Scan") || root.HasAttribute("ExportedOn"))
               ? kNamed
               : kNo;
  }
  const io::NodeView json = input.json();
  if (!HasKeys(json, {"Generated", "Target", "Vulnerabilities"})) return kNo;
  const std::vector<io::NodeView> items = Items(json, "Vulnerabilities");
  return items.empty() || HasKeys(items.front(), {"LookupId", "Name"}) ? kNamed : kNo;
}

std::optional<double> ScoreOf(std::string_view text) {
  const std::string score(TrimSpace(text));
  if (score.empty()) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(score.c_str(), &end);
  return *end == '\0' ? std::optional<double>(value) : std::nullopt;
}

void AddXmlCvss(model::Finding& finding, const XmlNode& rating) {
  if (!rating) return;
  AddCvss(finding, rating.ChildText("Descriptor"), ScoreOf(rating.ChildText("Score")).value_or(-1),
          kTool);
}

model::Finding ReadItem(const XmlNode& item, std::string_view start_url) {
  const std::string name = item.ChildText("Name");
  model::Finding finding = ScannerFinding(model::FindingClass::kProbe, kTool, name, name);
  SetSeverity(finding, kTool, item.ChildText("Severity"), model::Severity::kInfo);
  finding.message = PlainText(item.ChildText("Description"));
  finding.remediation = PlainText(item.ChildText("Recommendation"));
  model::Origin& origin = *finding.origin;
  origin.impact = PlainText(item.ChildText("Impact"));
  origin.category = item.ChildText("Type");
  origin.description = PlainText(item.ChildText("Details"));
  AppendFact(origin.description, "Details", PlainText(item.ChildText("DetailedInformation")));
  AppendFact(origin.description, "Module", item.ChildText("ModuleName"));
  finding.field_path = item.ChildText("Parameter");
  const std::string affects = item.ChildText("Affects");
  origin.endpoint = SiteOf(start_url) + (StartsWith(affects, "/") ? affects : "");
  finding.asset.Make().host = HostOf(start_url);
  const std::string verdict = item.ChildText("IsFalsePositive");
  if (verdict == "1" || EqualsIgnoreCase(verdict, "true")) origin.state = "false_positive";
  for (const XmlNode& cwe : item.Child("CWEList").Children("CWE")) AddCwe(finding, cwe.Text());
  if (origin.cwes.empty()) AddCwe(finding, item.Child("CWE").Attribute("id"));
  std::vector<std::string> ids;
  for (const XmlNode& cve : item.Child("CVEList").Children("CVE")) {
    for (const std::string& id : VulnIdsIn(cve.Text(true))) AddUnique(ids, id);
  }
  if (!ids.empty()) SetVulnIds(finding.vuln.Make(), std::move(ids));
  AddXmlCvss(finding, item.Child("CVSS3"));
  AddXmlCvss(finding, item.Child("CVSS"));
  for (const XmlNode& reference : item.Child("References").Children("Reference")) {
    AddUnique(finding.references, reference.ChildText("URL"));
  }
  return finding;
}

Status ReadXml(const ReportInput& input, Sink& sink) {
  OURO_TRY(const XmlNode root, XmlOf(input, "ScanGroup"));
  const std::vector<XmlNode> scans = root.Children("Scan");
  sink.Begin({std::string(kTool), "", scans.empty() ? "" : scans.front().ChildText("StartURL"),
              scans.empty() ? "" : scans.front().ChildText("StartTime")});
  for (const XmlNode& scan : scans) {
    const std::string start_url = scan.ChildText("StartURL");
    for (const XmlNode& item : scan.Child("ReportItems").Children("ReportItem")) {
      sink.Add(ReadItem(item, start_url));
    }
    if (EqualsIgnoreCase(scan.ChildText("Aborted"), "true")) {
      sink.AddProblem(ScannerProblem(ErrorCode::kRemote, start_url, 0,
                                     "the scan was aborted: parts of the site were not examined"));
    }
  }
  return {};
}

// "Present, FalsePositive", "Revived", "Fixed (Confirmed)", "Present, AcceptedRisk", …
std::string StateOf(std::string_view states) {
  if (states.find("FalsePositive") != std::string_view::npos) return "false_positive";
  if (states.find("AcceptedRisk") != std::string_view::npos) return "risk_accepted";
  if (states.find("Fixed") != std::string_view::npos) return "fixed";
  return {};
}

model::Finding ReadVulnerability(io::NodeView item) {
  model::Finding finding = ScannerFinding(model::FindingClass::kProbe, kTool,
                                          FirstText(item, {"Type", "Name"}), Text(item, "Name"));
  SetSeverity(finding, kTool, Text(item, "Severity"), model::Severity::kInfo);
  finding.message = PlainText(Text(item, "Description"));
  finding.remediation = PlainText(Text(item, "RemedialProcedure"));
  if (const std::string actions = PlainText(Text(item, "RemedialActions")); !actions.empty()) {
    finding.remediation += fmt::format("{}{}", finding.remediation.empty() ? "" : "\n", actions);
  }
  for (const char* key : {"ExternalReferences", "RemedyReferences"}) {
    for (const std::string& url : UrlsIn(Text(item, key))) AddUnique(finding.references, url);
  }
  model::Origin& origin = *finding.origin;
  origin.uid = Text(item, "LookupId");
  origin.impact = PlainText(Text(item, "Impact"));
  origin.confidence = Text(item, "Certainty");
  origin.state = StateOf(Text(item, "State"));
  const std::string url = Text(item, "Url");
  origin.endpoint = url;
  finding.asset.Make().host = HostOf(url);
  const io::NodeView facts = item.Get("Classification");
  AddCwe(finding, Text(facts, "Cwe"));
  for (const char* version : {"Cvss", "Cvss31", "Cvss40"}) {
    const io::NodeView rating = facts.Get(version);
    if (!rating.IsMap()) continue;
    AddCvss(finding, Text(rating, "Vector"), Number(rating, "BaseScore.Value").value_or(-1), kTool);
  }
  for (const char* list : {"Owasp", "Wasc", "Capec"}) {
    if (const std::string id = Text(facts, list); !id.empty()) {
      origin.tags.push_back(fmt::format("{}: {}", list, id));
    }
  }
  return finding;
}

Status ReadJson(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> items, ListOf(json, "Vulnerabilities"));
  sink.Begin({std::string(kTool), "", Text(json, "Target.Url"), Text(json, "Generated")});
  for (const io::NodeView& item : items) sink.Add(ReadVulnerability(item));
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  return input.LooksLikeXml() ? ReadXml(input, sink) : ReadJson(input, sink);
}

}  // namespace

const Importer kAcunetix = {"acunetix",
                            "Acunetix",
                            "Acunetix XML and Acunetix 360 JSON reports",
                            "one vulnerability at one address",
                            Detect,
                            Read};

}  // namespace ouro::ingest
