// npm audit (report versions 1 and 2), cargo audit and xeol. Sources: npm's documentation ("npm
// audit"), rustsec's report types, xeol's JSON presenter.
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

void SetPackage(model::Finding& finding, std::string_view ecosystem, const std::string& name,
                const std::string& version) {
  model::Package& package = finding.package.Make();
  package.name = name;
  package.version = version;
  package.type = model::PurlType(ecosystem);
  package.purl = model::MakePurl(ecosystem, name, version);
}

int DetectNpmAudit(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (json.Get("auditReportVersion") && json.Get("vulnerabilities").IsMap()) return kNamed;
  return json.Get("advisories").IsMap() && (json.Get("actions") || json.Get("metadata")) ? kNamed
                                                                                         : kNo;
}

model::Finding ReadNpmAdvisory(io::NodeView item, const std::string& version) {
  static constexpr std::string_view kTool = "npm-audit";
  const std::string name = Text(item, "module_name");
  const std::string id = FirstText(item, {"github_advisory_id", "id"});
  model::Finding finding = ScannerFinding(
      model::FindingClass::kVuln, kTool, id,
      fmt::format("{} - ({}, {})", Text(item, "title"), name, Text(item, "vulnerable_versions")));
  SetSeverity(finding, kTool, Text(item, "severity"));
  SetPackage(finding, "npm", name, version);
  std::vector<std::string> ids = Texts(item, "cves");
  AddUnique(ids, Text(item, "github_advisory_id"));
  if (ids.empty()) ids.push_back(fmt::format("NPM-{}", id));
  SetVulnIds(finding.vuln.Make(), std::move(ids));
  finding.vuln->fixed_in = Text(item, "patched_versions");
  finding.vuln->published = Text(item, "created");
  AddCvss(finding, Text(item, "cvss.vectorString"), Number(item, "cvss.score").value_or(-1),
          "ghsa");
  finding.message = Text(item, "overview");
  finding.remediation = Text(item, "recommendation");
  AddUnique(finding.references, Text(item, "url"));
  for (const std::string& url : UrlsIn(Text(item, "references")))
    AddUnique(finding.references, url);
  AddCwes(finding, Texts(item, "cwe"));
  return finding;
}

Status ReadNpmVersion1(io::NodeView json, Sink& sink) {
  for (const auto& [key, item] : json.Get("advisories").Members()) {
    static_cast<void>(key);
    for (const io::NodeView& place : Items(item, "findings")) {
      model::Finding finding = ReadNpmAdvisory(item, Text(place, "version"));
      const std::vector<std::string> paths = Texts(place, "paths");
      if (!paths.empty()) finding.package->path = paths.front();
      finding.origin->description = JoinText(paths, "\n");
      sink.Add(std::move(finding));
    }
  }
  return {};
}

// Version 2: a map of packages; `via` holds advisories, or names of packages that bring one.
Status ReadNpmVersion2(io::NodeView json, Sink& sink) {
  static constexpr std::string_view kTool = "npm-audit";
  for (const auto& [name, item] : json.Get("vulnerabilities").Members()) {
    for (const io::NodeView& advisory : Items(item, "via")) {
      if (!advisory.IsMap()) continue;
      const std::string url = Text(advisory, "url");
      std::vector<std::string> ids = VulnIdsIn(url);
      if (ids.empty()) ids.push_back(fmt::format("NPM-{}", Text(advisory, "source")));
      model::Finding finding =
          ScannerFinding(model::FindingClass::kVuln, kTool, ids.front(), Text(advisory, "title"));
      SetSeverity(finding, kTool, Text(advisory, "severity"));
      // The report has a range, not the installed version.
      SetPackage(finding, "npm", std::string(name), "");
      SetVulnIds(finding.vuln.Make(), std::move(ids));
      AddCvss(finding, Text(advisory, "cvss.vectorString"),
              Number(advisory, "cvss.score").value_or(-1), "ghsa");
      finding.message = fmt::format("{} {} is affected", name, Text(advisory, "range"));
      AddUnique(finding.references, url);
      AddCwes(finding, Texts(advisory, "cwe"));
      const std::vector<std::string> nodes = Texts(item, "nodes");
      if (!nodes.empty()) finding.package->path = nodes.front();
      if (const std::string fix = Text(item, "fixAvailable.version"); !fix.empty()) {
        finding.remediation = fmt::format("Upgrade {} to {}", Text(item, "fixAvailable.name"), fix);
      }
      finding.vuln->fix_state = Text(item, "fixAvailable") == "false" ? "not-fixed" : "fixed";
      sink.Add(std::move(finding));
    }
  }
  return {};
}

Status ReadNpmAudit(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView json, JsonOf(input));
  if (const std::string error = FirstText(json, {"error.summary", "error.code"}); !error.empty()) {
    return Fail(ErrorCode::kInvalid, fmt::format("npm audit did not run: {}", error),
                PlaceOf(json));
  }
  sink.Begin({"npm-audit", "", "", ""});
  return json.Get("advisories") ? ReadNpmVersion1(json, sink) : ReadNpmVersion2(json, sink);
}

int DetectCargoAudit(const ReportInput& input) {
  const io::NodeView json = input.json();
  return HasKeys(json, {"database", "lockfile", "vulnerabilities"}) &&
                 At(json, "vulnerabilities.list").IsList()
             ? kNamed
             : kNo;
}

model::Finding ReadCargoItem(io::NodeView item) {
  static constexpr std::string_view kTool = "cargo-audit";
  const io::NodeView advisory = item.Get("advisory");
  const std::string id = Text(advisory, "id");
  model::Finding finding =
      ScannerFinding(model::FindingClass::kVuln, kTool, id, Text(advisory, "title"));
  SetAssumedSeverity(finding, kTool, model::Severity::kHigh);
  SetPackage(finding, "cargo", Text(item, "package.name"), Text(item, "package.version"));
  std::vector<std::string> ids = Texts(advisory, "aliases");
  AddUnique(ids, id);
  SetVulnIds(finding.vuln.Make(), std::move(ids));
  AddCvss(finding, Text(advisory, "cvss"), -1, "rustsec");
  finding.vuln->published = Text(advisory, "date");
  finding.vuln->fixed_in = JoinText(Texts(item, "versions.patched"), ", ");
  finding.message = Text(advisory, "description");
  if (!finding.vuln->fixed_in.empty()) {
    finding.remediation =
        fmt::format("Upgrade {} to {}", finding.package->name, finding.vuln->fixed_in);
  }
  AddUnique(finding.references, Text(advisory, "url"));
  for (const std::string& url : Texts(advisory, "references")) AddUnique(finding.references, url);
  finding.origin->tags = Texts(advisory, "categories");
  return finding;
}

Status ReadCargoAudit(const ReportInput& input, Sink& sink) {
  static constexpr std::string_view kTool = "cargo-audit";
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> items, ListOf(json.Get("vulnerabilities"), "list"));
  sink.Begin({std::string(kTool), "", "", ""});
  for (const io::NodeView& item : items) sink.Add(ReadCargoItem(item));
  // Unmaintained, unsound and yanked packages: no vulnerability of their own.
  for (const auto& [kind, list] : json.Get("warnings").Members()) {
    for (const io::NodeView& item : list.Children()) {
      model::Finding finding = ReadCargoItem(item);
      SetAssumedSeverity(finding, kTool, model::Severity::kLow);
      finding.origin->category = kind;
      if (finding.title.empty()) {
        finding.check = fmt::format("{}:{}", kTool, kind);
        finding.title = fmt::format("{} is {}", finding.package->name, kind);
        finding.vuln.reset();
      }
      sink.Add(std::move(finding));
    }
  }
  return {};
}

int DetectXeol(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!json.Get("matches").IsList()) return kNo;
  if (Text(json, "descriptor.name") == "xeol") return kNamed;
  const std::vector<io::NodeView> items = Items(json, "matches");
  return !items.empty() && HasKeys(items.front(), {"Cycle", "artifact"}) ? kNamed : kNo;
}

Status ReadXeol(const ReportInput& input, Sink& sink) {
  static constexpr std::string_view kTool = "xeol";
  OURO_TRY(const io::NodeView json, JsonOf(input));
  OURO_TRY(const std::vector<io::NodeView> items, ListOf(json, "matches"));
  const std::string image = Text(json, "source.target.userInput");
  sink.Begin({std::string(kTool), Text(json, "descriptor.version"), image, ""});
  for (const io::NodeView& item : items) {
    const std::string product = Text(item, "Cycle.ProductName");
    const std::string end = Text(item, "Cycle.Eol");
    model::Finding finding =
        ScannerFinding(model::FindingClass::kVuln, kTool,
                       fmt::format("{} {}", product, Text(item, "Cycle.ReleaseCycle")),
                       fmt::format("{} EOL Information", product));
    // The report has a date and no severity; past the end there are no fixes any more.
    SetAssumedSeverity(finding, kTool, model::Severity::kHigh);
    AddCwe(finding, "CWE-672");
    model::Package& package = finding.package.Make();
    package.name = Text(item, "artifact.name");
    package.version = Text(item, "artifact.version");
    package.purl = Text(item, "artifact.purl");
    package.type = Text(item, "artifact.type");
    const std::vector<io::NodeView> places = Items(item, "artifact.locations");
    if (!places.empty()) package.path = Text(places.front(), "path");
    finding.message = fmt::format("{} {} reached its end of life on {}", product,
                                  Text(item, "Cycle.ReleaseCycle"), end);
    finding.remediation = "Move to a release that still gets fixes";
    AddUnique(finding.references, Text(item, "Cycle.ProductPermalink"));
    if (!image.empty()) finding.image.Make().reference = image;
    sink.Add(std::move(finding));
  }
  return {};
}

}  // namespace

const Importer kNpmAudit = {"npm-audit",
                            "npm audit",
                            "npm audit --json, report versions 1 and 2",
                            "one advisory of one package and version",
                            DetectNpmAudit,
                            ReadNpmAudit};
const Importer kCargoAudit = {"cargo-audit",        "cargo audit",
                              "cargo audit --json", "one advisory or warning of one package",
                              DetectCargoAudit,     ReadCargoAudit};
const Importer kXeol = {"xeol",     "xeol",  "xeol -o json", "one package past its end of life",
                        DetectXeol, ReadXeol};

}  // namespace ouro::ingest
