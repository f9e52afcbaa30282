// Veracode: the detailed XML report (static, dynamic and manual flaws, vulnerable components), and
// the findings of the REST API (plain or with `_embedded`). Sources: Veracode's documentation
// ("detailedreport.do", "Findings API"), detailedreport.xsd.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"
#include "model/purl.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "veracode";

std::vector<io::NodeView> ApiFindings(io::NodeView json) {
  const std::vector<io::NodeView> plain = Items(json, "findings");
  return plain.empty() ? Items(json, "_embedded.findings") : plain;
}

int Detect(const ReportInput& input) {
  if (input.LooksLikeXml()) {
    const XmlNode root = input.xml();
    return root.name() == "detailedreport" && root.HasAttribute("app_name") ? kNamed : kNo;
  }
  const std::vector<io::NodeView> items = ApiFindings(input.json());
  if (items.empty()) return kNo;
  return HasKeys(items.front(), {"scan_type", "finding_details", "finding_status"}) ? kNamed : kNo;
}

// 0 informational, 1 very low, 2 low, 3 medium, 4 high, 5 very high.
std::string SeverityWord(int64_t level) {
  static constexpr std::array<std::string_view, 6> kWords = {"informational", "info", "low",
                                                             "medium",        "high", "critical"};
  return std::string(
      kWords[static_cast<size_t>(std::min<int64_t>(5, std::max<int64_t>(0, level)))]);
}

void SetLevel(model::Finding& finding, std::string_view level) {
  SetSeverity(finding, kTool, SeverityWord(ParseInt64(level).value_or(0)));
  finding.origin->severity = level;
}

// Texts of <desc>, <recommendations> and <description>: paragraphs and bullets in attributes.
std::string ParagraphText(const XmlNode& node) {
  std::string text;
  for (const char* name : {"para", "text"}) {
    for (const XmlNode& paragraph : node.Descendants(name)) {
      if (!text.empty()) text += '\n';
      text += paragraph.Attribute("text");
      for (const XmlNode& bullet : paragraph.Children("bulletitem")) {
        text += fmt::format("\n- {}", bullet.Attribute("text"));
      }
    }
  }
  return text;
}

// What people decided: a mitigation counts when it was accepted.
std::string StateOf(const XmlNode& flaw) {
  if (EqualsIgnoreCase(flaw.Attribute("remediation_status"), "fixed")) return "fixed";
  if (!EqualsIgnoreCase(flaw.Attribute("mitigation_status"), "accepted")) return {};
  for (const XmlNode& step : flaw.Child("mitigations").Children("mitigation")) {
    const std::string action = LowerAscii(step.Attribute("action"));
    if (action.find("false positive") != std::string::npos) return "false_positive";
  }
  return "risk_accepted";
}

struct Report {
  std::string application;
  std::string application_id;
};

// A flaw at a place of the code or at an address. `kind` is "sast", "dast" or "manual".
model::Finding ReadFlaw(const XmlNode& flaw, const XmlNode& category, const XmlNode& cwe,
                        const Report& report, std::string_view kind) {
  const std::string_view name = flaw.Attribute("categoryname");
  const bool is_address = kind == "dast";
  model::Finding finding =
      ScannerFinding(is_address ? model::FindingClass::kProbe : model::FindingClass::kLint, kTool,
                     fmt::format("CWE-{}", flaw.Attribute("cweid")),
                     std::string(name.empty() ? category.Attribute("categoryname") : name));
  SetLevel(finding, flaw.Attribute("severity"));
  finding.message = PlainText(flaw.Attribute("description"));
  finding.remediation = ParagraphText(category.Child("recommendations"));
  AddCwe(finding, flaw.Attribute("cweid"));
  model::Origin& origin = *finding.origin;
  origin.description = ParagraphText(category.Child("desc"));
  AppendFact(origin.description, "Weakness", ParagraphText(cwe.Child("description")));
  AppendFact(origin.description, "Module", flaw.Attribute("module"));
  AppendFact(origin.description, "Call", flaw.Attribute("type"));
  AppendFact(origin.description, "Note", flaw.Attribute("note"));
  origin.uid = fmt::format("app-{}_issue-{}", report.application_id, flaw.Attribute("issueid"));
  origin.state = StateOf(flaw);
  origin.category = flaw.Attribute("module");
  origin.tags.emplace_back(kind);
  origin.service = report.application;
  origin.occurrences = std::max<int64_t>(1, ParseInt64(flaw.Attribute("count")).value_or(1));
  if (is_address) {
    origin.endpoint = flaw.Attribute("url");
    finding.field_path = flaw.Attribute("vuln_parameter");
    finding.asset.Make().host = HostOf(origin.endpoint);
    return finding;
  }
  // functionrelativelocation is a percentage of the function, not lines: it is not added to the
  // line.
  const std::string file =
      fmt::format("{}{}", flaw.Attribute("sourcefilepath"), flaw.Attribute("sourcefile"));
  finding.location.file = ReportPath(file);
  finding.location.line = ParseInt64(flaw.Attribute("line")).value_or(0);
  // Scope, function and position in it survive a move of the function.
  origin.snippet_hash = SecretHash(
      fmt::format("{}\n{}\n{}\n{}", flaw.Attribute("scope"), flaw.Attribute("functionprototype"),
                  flaw.Attribute("functionrelativelocation"), flaw.Attribute("type")));
  return finding;
}

void AddFlaws(const XmlNode& root, const Report& report, Sink& sink) {
  for (const XmlNode& severity : root.Children("severity")) {
    for (const XmlNode& category : severity.Children("category")) {
      for (const XmlNode& cwe : category.Children("cwe")) {
        for (const XmlNode& flaw : cwe.Child("staticflaws").Children("flaw")) {
          sink.Add(ReadFlaw(flaw, category, cwe, report, "sast"));
        }
        for (const XmlNode& flaw : cwe.Child("dynamicflaws").Children("flaw")) {
          sink.Add(ReadFlaw(flaw, category, cwe, report, "dast"));
        }
        for (const XmlNode& flaw : cwe.Child("manualflaws").Children("flaw")) {
          sink.Add(ReadFlaw(flaw, category, cwe, report, "manual"));
        }
      }
    }
  }
}

void SetComponent(model::Finding& finding, const XmlNode& component) {
  model::Package& package = finding.package.Make();
  package.name = component.Attribute("library");
  package.version = component.Attribute("version");
  const XmlNode path = component.Child("file_paths").Child("file_path");
  package.path = path ? path.Attribute("value") : component.Attribute("file_name");
  // Only a Java archive tells its ecosystem.
  if (EndsWith(component.Attribute("file_name"), ".jar")) {
    package.type = "maven";
    const std::string_view vendor = component.Attribute("vendor");
    const std::string name =
        vendor.empty() ? package.name : fmt::format("{}:{}", vendor, package.name);
    package.purl = model::MakePurl("maven", name, package.version);
  }
}

model::Finding ReadVulnerability(const XmlNode& item, const XmlNode& component,
                                 const Report& report) {
  const std::string id(item.Attribute("cve_id"));
  model::Finding finding =
      ScannerFinding(model::FindingClass::kVuln, kTool, id,
                     fmt::format("Vulnerable component: {}:{}", component.Attribute("library"),
                                 component.Attribute("version")));
  SetLevel(finding, item.Attribute("severity"));
  finding.message = item.Attribute("cve_summary");
  SetComponent(finding, component);
  SetVulnIds(finding.vuln.Make(), {id});
  const std::string score(item.Attribute("cvss_score"));
  if (!score.empty()) AddCvss(finding, "", std::strtod(score.c_str(), nullptr), kTool);
  const std::string weaknesses = ReplaceAll(item.Attribute("cwe_id"), ",", " ");
  for (const std::string_view cwe : SplitText(weaknesses, ' ')) AddCwe(finding, cwe);
  model::Origin& origin = *finding.origin;
  origin.description = component.Attribute("description");
  origin.tags.emplace_back("sca");
  origin.service = report.application;
  if (EqualsIgnoreCase(item.Attribute("mitigation"), "true")) origin.state = "risk_accepted";
  return finding;
}

Status ReadXml(const ReportInput& input, Sink& sink) {
  OURO_TRY(const XmlNode root, XmlOf(input, "detailedreport"));
  const Report report = {std::string(root.Attribute("app_name")),
                         std::string(root.Attribute("app_id"))};
  sink.Begin(
      {std::string(kTool), "", report.application, std::string(root.Attribute("generation_date"))});
  AddFlaws(root, report, sink);
  const XmlNode analysis = root.Child("software_composition_analysis");
  for (const XmlNode& component : analysis.Child("vulnerable_components").Children("component")) {
    for (const XmlNode& item : component.Child("vulnerabilities").Children("vulnerability")) {
      sink.Add(ReadVulnerability(item, component, report));
    }
  }
  return {};
}

// OPEN with a resolution that was approved.
std::string ApiState(io::NodeView status) {
  if (Text(status, "resolution_status") != "APPROVED") return {};
  const std::string resolution = Text(status, "resolution");
  if (resolution == "POTENTIAL_FALSE_POSITIVE" || resolution == "FALSE_POSITIVE")
    return "false_positive";
  return resolution == "UNRESOLVED" ? "" : "risk_accepted";
}

// The description is HTML in three parts: what it is, what to do, references.
void SetApiTexts(model::Finding& finding, const std::string& html) {
  size_t part = 0;
  for (size_t at = html.find("<span>"); at != std::string::npos; at = html.find("<span>", at + 1)) {
    const size_t end = html.find("</span>", at);
    const std::string text = html.substr(at, end == std::string::npos ? end : end - at);
    if (part == 0) finding.message = PlainText(text);
    if (part == 1) finding.remediation = PlainText(text);
    ++part;
  }
  if (part == 0) finding.message = PlainText(html);
  for (const std::string& url : UrlsIn(html)) AddUnique(finding.references, url);
}

void SetApiComponent(model::Finding& finding, io::NodeView details) {
  finding.finding_class = model::FindingClass::kVuln;
  const std::string id = FirstText(details, {"cve.name", "cve.id"});
  finding.check = fmt::format("{}:{}", kTool, id);
  model::Package& package = finding.package.Make();
  package.name = FirstText(details, {"component_filename", "component_id"});
  package.version = Text(details, "version");
  SetVulnIds(finding.vuln.Make(), {id});
  AddCvss(finding, Text(details, "cve.cvss3.vector"),
          Number(details, "cve.cvss3.score").value_or(-1), kTool);
  AddCvss(finding, Text(details, "cve.vector"), Number(details, "cve.cvss").value_or(-1), kTool);
  finding.title = fmt::format("Vulnerable component: {}:{}", package.name, package.version);
  AddUnique(finding.references, Text(details, "cve.href"));
}

model::Finding ReadApiFinding(io::NodeView item) {
  const io::NodeView details = item.Get("finding_details");
  const std::string type = Text(item, "scan_type");
  const bool is_address = type == "DYNAMIC";
  const std::string cwe = Text(details, "cwe.id");
  model::Finding finding = ScannerFinding(
      is_address ? model::FindingClass::kProbe : model::FindingClass::kLint, kTool,
      fmt::format("CWE-{}", cwe), FirstText(details, {"finding_category.name", "cwe.name"}));
  SetLevel(finding, Text(details, "severity"));
  SetApiTexts(finding, Text(item, "description"));
  AddCwe(finding, cwe);
  model::Origin& origin = *finding.origin;
  origin.uid = Text(item, "issue_id");
  origin.state = ApiState(item.Get("finding_status"));
  origin.occurrences = std::max<int64_t>(1, Integer(item, "count", 1));
  AppendFact(origin.description, "Plugin", Text(details, "plugin"));
  AppendFact(origin.description, "Attack vector", Text(details, "attack_vector"));
  AppendFact(origin.description, "Module", Text(details, "module"));
  if (Flag(item, "violates_policy")) origin.tags.emplace_back("policy-violation");
  if (type == "SCA") SetApiComponent(finding, details);
  if (is_address) {
    origin.endpoint = Text(details, "url");
    finding.field_path = Text(details, "vulnerable_parameter");
    finding.asset.Make().host = FirstText(details, {"hostname", "url"});
    return finding;
  }
  finding.location.file = ReportPath(Text(details, "file_path"));
  finding.location.line = Integer(details, "file_line_number");
  if (type == "STATIC") {
    origin.snippet_hash =
        SecretHash(fmt::format("{}\n{}\n{}", Text(details, "procedure"),
                               Text(details, "relative_location"), Text(details, "attack_vector")));
  }
  return finding;
}

Status ReadApi(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  const std::vector<io::NodeView> items = ApiFindings(json);
  if (items.empty() && !json.Get("findings") && !json.Get("_embedded")) {
    return Fail(ErrorCode::kInvalid, "`findings` is missing: the report is not whole",
                PlaceOf(json));
  }
  sink.Begin({std::string(kTool), "", "", ""});
  for (const io::NodeView& item : items) {
    // A closed finding was not seen by the last scan any more.
    if (Text(item, "finding_status.status") == "CLOSED") {
      sink.AddPassed(1);
      continue;
    }
    sink.Add(ReadApiFinding(item));
  }
  if (Integer(json, "page.total_pages") > 1) {
    sink.AddProblem(
        ScannerWarning(ErrorCode::kLimit, input.name(),
                       "the report is one page of several; import the other pages as well"));
  }
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  return input.LooksLikeXml() ? ReadXml(input, sink) : ReadApi(input, sink);
}

}  // namespace

const Importer kVeracode = {"veracode",
                            "Veracode",
                            "Veracode's detailed XML report and findings of its REST API",
                            "one flaw, or one vulnerability of one component",
                            Detect,
                            Read};

}  // namespace ouro::ingest
