// nmap -oX: open ports, and what vulnerability scripts of the scripting engine say (vulners and
// those of the `vulns` library). Source: docs/nmap.dtd and nselib/vulns.lua of the tool.
#include <algorithm>
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

constexpr std::string_view kTool = "nmap";

int Detect(const ReportInput& input) {
  return input.LooksLikeXml() && input.xml().name() == "nmaprun" ? kNamed : kNo;
}

struct Target {
  std::string host;      // first name, else first address
  std::string endpoint;  // "host:443/tcp"; the host alone for host scripts
  XmlNode service;
};

// Text of <elem key="…"> in a <table>.
std::string Element(const XmlNode& table, std::string_view key) {
  for (const XmlNode& element : table.Children("elem")) {
    if (element.Attribute("key") == key) return element.Text();
  }
  return {};
}

XmlNode Table(const XmlNode& table, std::string_view key) {
  for (const XmlNode& child : table.Children("table")) {
    if (child.Attribute("key") == key) return child;
  }
  return {};
}

std::vector<std::string> Elements(const XmlNode& table) {
  std::vector<std::string> texts;
  for (const XmlNode& element : table.Children("elem")) AddUnique(texts, element.Text());
  return texts;
}

model::Finding HostFinding(model::FindingClass finding_class, std::string_view rule,
                           std::string title, const Target& target) {
  model::Finding finding = ScannerFinding(finding_class, kTool, rule, std::move(title));
  finding.asset.Make().host = target.host;
  finding.origin->endpoint = target.endpoint;
  finding.origin->service = target.service.Attribute("name");
  return finding;
}

// "cpe:/a:openbsd:openssh:7.4" or "cpe:2.3:a:openbsd:openssh:7.4:*…": product and version.
void SetProduct(model::Finding& finding, std::string_view cpe) {
  const std::vector<std::string_view> parts = SplitText(cpe, ':');
  const size_t first = StartsWith(cpe, "cpe:2.3:") ? 3 : 2;
  if (parts.size() <= first + 1) return;
  model::Package& package = finding.package.Make();
  package.name = parts[first + 1];
  if (parts.size() > first + 2 && parts[first + 2] != "*") package.version = parts[first + 2];
  package.type = "generic";
  package.purl = model::MakePurl("generic", package.name, package.version);
}

// The vulners script: one table a CPE, in it one table a vulnerability.
void AddVulners(const XmlNode& script, const Target& target, Sink& sink) {
  for (const XmlNode& product : script.Children("table")) {
    for (const XmlNode& entry : product.Children("table")) {
      const std::string id = Element(entry, "id");
      if (id.empty()) continue;
      model::Finding finding = HostFinding(model::FindingClass::kVuln, id, "", target);
      SetProduct(finding, product.Attribute("key"));
      const std::string name = finding.package ? finding.package->name : target.host;
      finding.title = fmt::format("{} in {}", id, name);
      finding.message =
          fmt::format("{} on {} has {} according to vulners", name, target.endpoint, id);
      SetVulnIds(finding.vuln.Make(), {id});
      const std::string score = Element(entry, "cvss");
      char* end = nullptr;
      const double value = score.empty() ? -1 : std::strtod(score.c_str(), &end);
      AddCvss(finding, "", value, "vulners");
      SetSeverity(finding, kTool, model::SeverityName(SeverityOfScore(std::max(value, 0.0))));
      finding.origin->severity = score;
      finding.references.push_back(
          fmt::format("https://vulners.com/{}/{}", Element(entry, "type"), id));
      if (Element(entry, "is_exploit") == "true") finding.origin->tags.emplace_back("exploit");
      sink.Add(std::move(finding));
    }
  }
}

// Scripts of the vulns library: a table a vulnerability with title, state, ids, description, refs.
void AddVulns(const XmlNode& script, const Target& target, Sink& sink) {
  for (const XmlNode& entry : script.Children("table")) {
    const std::string state = Element(entry, "state");
    if (state.empty()) continue;
    if (StartsWith(state, "NOT")) {
      sink.AddPassed(1);
      continue;
    }
    model::Finding finding = HostFinding(model::FindingClass::kProbe, script.Attribute("id"),
                                         Element(entry, "title"), target);
    if (finding.title.empty()) finding.title = entry.Attribute("key");
    finding.field_path = entry.Attribute("key");
    finding.message = finding.title;
    finding.origin->description = JoinText(Elements(Table(entry, "description")), "\n");
    finding.origin->confidence = state;
    std::vector<std::string> ids = Elements(Table(entry, "ids"));
    ids.emplace_back(entry.Attribute("key"));
    ids = VulnIdsIn(JoinText(ids, " "));
    if (!ids.empty()) SetVulnIds(finding.vuln.Make(), std::move(ids));
    finding.references = Elements(Table(entry, "refs"));
    const std::string risk = Element(entry, "risk_factor");
    if (risk.empty()) {
      SetAssumedSeverity(finding, kTool, model::Severity::kHigh);
    } else {
      SetSeverity(finding, kTool, FirstLine(risk.substr(0, risk.find(' '))),
                  model::Severity::kHigh);
    }
    sink.Add(std::move(finding));
  }
}

void AddScripts(const XmlNode& parent, const Target& target, Sink& sink) {
  for (const XmlNode& script : parent.Children("script")) {
    if (script.Attribute("id") == "vulners") {
      AddVulners(script, target, sink);
    } else {
      AddVulns(script, target, sink);
    }
  }
}

std::string ServiceText(const XmlNode& service) {
  std::string text(service.Attribute("name"));
  for (const char* key : {"product", "version", "extrainfo"}) {
    const std::string_view value = service.Attribute(key);
    if (!value.empty()) text += fmt::format("{}{}", text.empty() ? "" : " ", value);
  }
  return text;
}

void AddOpenPort(const XmlNode& port, const Target& target, Sink& sink) {
  const std::string name =
      fmt::format("{}/{}", port.Attribute("portid"), port.Attribute("protocol"));
  model::Finding finding = HostFinding(model::FindingClass::kProbe, "open-port",
                                       fmt::format("Open port: {}", name), target);
  SetAssumedSeverity(finding, kTool, model::Severity::kInfo);
  const std::string service = ServiceText(target.service);
  finding.message = fmt::format("{} answers on port {}{}", target.host, name,
                                service.empty() ? "" : ": " + service);
  AppendFact(finding.origin->description, "Reason", port.Child("state").Attribute("reason"));
  sink.Add(std::move(finding));
}

std::string HostName(const XmlNode& host) {
  for (const XmlNode& name : host.Child("hostnames").Children("hostname")) {
    if (!name.Attribute("name").empty()) return std::string(name.Attribute("name"));
  }
  for (const XmlNode& address : host.Children("address")) {
    if (address.Attribute("addrtype") != "mac") return std::string(address.Attribute("addr"));
  }
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const XmlNode root, XmlOf(input, "nmaprun"));
  sink.Begin({std::string(kTool), std::string(root.Attribute("version")), "",
              std::string(root.Attribute("startstr"))});
  for (const XmlNode& host : root.Children("host")) {
    const std::string name = HostName(host);
    for (const XmlNode& port : host.Child("ports").Children("port")) {
      if (port.Child("state").Attribute("state") != "open") continue;
      const Target target{
          name, fmt::format("{}:{}/{}", name, port.Attribute("portid"), port.Attribute("protocol")),
          port.Child("service")};
      AddScripts(port, target, sink);
      AddOpenPort(port, target, sink);
    }
    AddScripts(host.Child("hostscript"), {name, name, XmlNode()}, sink);
  }
  const XmlNode finished = root.Child("runstats").Child("finished");
  if (finished.Attribute("exit") == "error") {
    sink.AddProblem(
        ScannerProblem(ErrorCode::kRemote, input.name(), 0,
                       fmt::format("nmap did not finish: {}", finished.Attribute("errormsg"))));
  }
  return {};
}

}  // namespace

const Importer kNmap = {
    "nmap",     "nmap",
    "nmap -oX", "one open port of one host, and one vulnerability that a script found on it",
    Detect,     Read};

}  // namespace ouro::ingest
