// ZAP: the traditional XML and JSON reports, with or without requests and responses, of all
// versions. Source: the report generation add-on's help, and the alert fields of the desktop user
// guide.
#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/field.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/scanner_shared.h"
#include "ingest/words.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "zap";

int Detect(const ReportInput& input) {
  if (input.LooksLikeXml()) return input.xml().name() == "OWASPZAPReport" ? kNamed : kNo;
  const io::NodeView json = input.json();
  const io::NodeView sites = json.Get("site");
  // GitLab's report of its own ZAP also has `site`, beside `vulnerabilities`.
  if (!sites || json.Get("vulnerabilities")) return kNo;
  if (json.Get("@programName") && Text(json, "@programName").find("ZAP") != std::string::npos) {
    return kNamed;
  }
  const std::vector<io::NodeView> list = sites.IsList() ? sites.Children() : std::vector{sites};
  return json.Get("@version") && !list.empty() && HasKeys(list.front(), {"@name", "alerts"})
             ? kNamed
             : kNo;
}

// One alert, whatever the format. Texts are HTML.
struct Alert {
  std::string plugin;
  std::string reference;  // "10055-4": one of several alerts of a plugin
  std::string name;
  std::string risk_code;
  std::string risk;  // "Medium (High)": risk and confidence
  std::string confidence;
  std::string description;
  std::string solution;
  std::string other;
  std::string references;
  std::string cwe;
  std::string wasc;
  std::string site;
  std::vector<std::string> instances;  // "GET https://… (parameter)"
  int64_t count = 0;
};

std::string InstanceText(std::string_view method, std::string_view address,
                         std::string_view parameter) {
  std::string text = fmt::format("{} {}", method, address);
  if (!parameter.empty()) text += fmt::format(" (parameter {})", parameter);
  return std::string(TrimSpace(text));
}

// The word before the bracket; risk codes 0 to 3 where there is none.
std::string RiskWord(const Alert& alert) {
  static constexpr std::array<std::string_view, 4> kWords = {"Informational", "Low", "Medium",
                                                             "High"};
  const std::optional<int64_t> code = ParseInt64(alert.risk_code);
  if (code && *code >= 0 && *code <= 3) return std::string(kWords[static_cast<size_t>(*code)]);
  return std::string(TrimSpace(alert.risk.substr(0, alert.risk.find('('))));
}

// The alert's instances, at most this many are named; the rest is counted.
constexpr size_t kNamedInstanceCount = 20;

std::string InstanceList(const std::vector<std::string>& instances) {
  std::string text;
  for (size_t i = 0; i < instances.size() && i < kNamedInstanceCount; ++i) {
    text += fmt::format("{}- {}", text.empty() ? "" : "\n", instances[i]);
  }
  if (instances.size() > kNamedInstanceCount) {
    text += fmt::format("\n- and {} more", instances.size() - kNamedInstanceCount);
  }
  return text;
}

model::Finding MakeFinding(const Alert& alert) {
  const std::string& rule = alert.reference.empty() ? alert.plugin : alert.reference;
  model::Finding finding = ScannerFinding(model::FindingClass::kProbe, kTool, rule, alert.name);
  SetSeverity(finding, kTool, RiskWord(alert), model::Severity::kInfo);
  finding.message = PlainText(alert.description);
  finding.remediation = PlainText(alert.solution);
  finding.references = UrlsIn(alert.references);
  AddCwe(finding, alert.cwe);
  model::Origin& origin = *finding.origin;
  origin.endpoint = SiteOf(alert.site);
  finding.asset.Make().host = HostOf(alert.site);
  origin.description = InstanceList(alert.instances);
  AppendFact(origin.description, "Other information", PlainText(alert.other));
  origin.confidence = alert.confidence;
  if (alert.confidence == "0") origin.state = "false_positive";
  if (!alert.wasc.empty() && alert.wasc != "-1" && alert.wasc != "0") {
    origin.tags.push_back("WASC-" + alert.wasc);
  }
  const int64_t named = static_cast<int64_t>(alert.instances.size());
  origin.occurrences = std::max<int64_t>({1, alert.count, named});
  return finding;
}

Alert ReadXmlAlert(const XmlNode& item, std::string_view site) {
  Alert alert;
  alert.plugin = item.ChildText("pluginid");
  alert.reference = item.ChildText("alertRef");
  alert.name = item.ChildText("alert");
  if (alert.name.empty()) alert.name = item.ChildText("name");
  alert.risk_code = item.ChildText("riskcode");
  alert.risk = item.ChildText("riskdesc");
  alert.confidence = item.ChildText("confidence");
  // Some versions write the HTML of a description as elements, others as text.
  alert.description = item.Child("desc").Text(true);
  alert.solution = item.Child("solution").Text(true);
  alert.other = item.Child("otherinfo").Text(true);
  alert.references = item.Child("reference").Text(true);
  alert.cwe = item.ChildText("cweid");
  alert.wasc = item.ChildText("wascid");
  alert.count = ParseInt64(item.ChildText("count")).value_or(0);
  alert.site = site;
  for (const XmlNode& instance : item.Child("instances").Children("instance")) {
    AddUnique(alert.instances, InstanceText(instance.ChildText("method"), instance.ChildText("uri"),
                                            instance.ChildText("param")));
  }
  // Before version 2.5 an item had one address and no instances.
  if (alert.instances.empty() && item.Child("uri")) {
    alert.instances.push_back(InstanceText("", item.ChildText("uri"), item.ChildText("param")));
  }
  return alert;
}

Status ReadXml(const ReportInput& input, Sink& sink) {
  OURO_TRY(const XmlNode root, XmlOf(input, "OWASPZAPReport"));
  const std::vector<XmlNode> sites = root.Children("site");
  sink.Begin({std::string(kTool), std::string(root.Attribute("version")),
              sites.empty() ? "" : std::string(sites.front().Attribute("name")),
              std::string(root.Attribute("generated"))});
  for (const XmlNode& site : sites) {
    for (const XmlNode& item : site.Child("alerts").Children("alertitem")) {
      sink.Add(MakeFinding(ReadXmlAlert(item, site.Attribute("name"))));
    }
  }
  return {};
}

Alert ReadJsonAlert(io::NodeView item, std::string site) {
  Alert alert;
  alert.plugin = Text(item, "pluginid");
  alert.reference = Text(item, "alertRef");
  alert.name = FirstText(item, {"alert", "name"});
  alert.risk_code = Text(item, "riskcode");
  alert.risk = Text(item, "riskdesc");
  alert.confidence = Text(item, "confidence");
  alert.description = Text(item, "desc");
  alert.solution = Text(item, "solution");
  alert.other = Text(item, "otherinfo");
  alert.references = Text(item, "reference");
  alert.cwe = Text(item, "cweid");
  alert.wasc = Text(item, "wascid");
  alert.count = Integer(item, "count");
  alert.site = std::move(site);
  for (const io::NodeView& instance : Items(item, "instances")) {
    AddUnique(alert.instances, InstanceText(Text(instance, "method"), Text(instance, "uri"),
                                            Text(instance, "param")));
  }
  return alert;
}

Status ReadJson(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  const io::NodeView site_node = json.Get("site");
  if (!site_node) return Fail(ErrorCode::kInvalid, "`site` is missing", PlaceOf(json));
  const std::vector<io::NodeView> sites =
      site_node.IsMap() ? std::vector{site_node} : site_node.Children();
  sink.Begin({std::string(kTool), Text(json, "@version"),
              sites.empty() ? "" : Text(sites.front(), "@name"), Text(json, "@generated")});
  for (const io::NodeView& site : sites) {
    for (const io::NodeView& item : Items(site, "alerts")) {
      sink.Add(MakeFinding(ReadJsonAlert(item, Text(site, "@name"))));
    }
  }
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  return input.LooksLikeXml() ? ReadXml(input, sink) : ReadJson(input, sink);
}

}  // namespace

const Importer kZap = {"zap",
                       "ZAP",
                       "ZAP's traditional XML and JSON reports",
                       "one alert on one site, whatever number of pages have it",
                       Detect,
                       Read};

}  // namespace ouro::ingest
