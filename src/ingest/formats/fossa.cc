// FOSSA: issues of `fossa test --format json` and of the API (/api/v2/issues).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

constexpr std::string_view kTool = "fossa";

bool IsIssue(io::NodeView node) {
  return node.Get("type") &&
         (node.Get("revisionId") || At(node, "source.id") || At(node, "source.packageManager"));
}

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (!root.Get("issues").IsList()) return kNo;
  const std::vector<io::NodeView> issues = Items(root, "issues");
  return !issues.empty() && IsIssue(issues.front()) ? kNamed : kNo;
}

// "npm+lodash$4.17.4": fetcher, package and revision.
struct Locator {
  std::string fetcher;
  std::string package;
  std::string revision;
};

Locator ReadLocator(const std::string& text) {
  Locator locator;
  const size_t plus = text.find('+');
  const size_t dollar = text.rfind('$');
  if (plus == std::string::npos) return locator;
  locator.fetcher = text.substr(0, plus);
  locator.package = text.substr(plus + 1, dollar == std::string::npos ? dollar : dollar - plus - 1);
  if (dollar != std::string::npos) locator.revision = text.substr(dollar + 1);
  return locator;
}

// FOSSA's fetchers that have another name than their ecosystem.
std::string EcosystemOf(const std::string& fetcher) {
  if (fetcher == "mvn") return "maven";
  if (fetcher == "pip") return "pypi";
  if (fetcher == "go") return "golang";
  if (fetcher == "comp") return "composer";
  return fetcher;
}

void SetSource(Finding& finding, io::NodeView node) {
  const Locator locator = ReadLocator(FirstText(node, {"source.id", "revisionId"}));
  std::string name = Text(node, "source.name");
  std::string version = Text(node, "source.version");
  if (name.empty()) name = locator.package;
  if (version.empty()) version = locator.revision;
  std::string ecosystem = EcosystemOf(locator.fetcher);
  if (ecosystem.empty()) ecosystem = EcosystemOf(Text(node, "source.packageManager"));
  SetPackage(finding, ecosystem, name, version);
}

Finding VulnerabilityFinding(io::NodeView node) {
  std::string own = FirstText(node, {"vulnId", "cve"});
  std::vector<std::string> ids = {Text(node, "cve")};
  for (std::string& id : VulnIdsIn(own)) ids.push_back(id.substr(0, id.find('_')));
  std::erase(ids, "");
  if (ids.empty()) ids.push_back(own.empty() ? Text(node, "id") : own);
  Finding finding = NewVulnFinding(kTool, {}, ids);
  SetSource(finding, node);
  AddCvss(*finding.vuln, FirstText(node, {"cvssVector"}), Number(node, "cvss").value_or(-1),
          "fossa");
  for (const std::string& cwe : Texts(node, "cwes")) AddCwes(finding, cwe);
  finding.vuln->epss = Number(node, "epss.score").value_or(-1);
  finding.vuln->epss_percentile = Number(node, "epss.percentile").value_or(-1);
  finding.vuln->published = Text(node, "published");
  SetSeverityWordOrScore(finding, kTool, FirstText(node, {"severity", "priorityString"}),
                         BestScore(*finding.vuln));
  SetFixedIn(finding, {FirstText(node, {"remediation.completeFix", "remediation.partialFix",
                                        "remediation.patchedVersion"})});
  return finding;
}

Finding PolicyFinding(io::NodeView node, const std::string& type) {
  const std::string licence = FirstText(node, {"license", "rule.licenseId"});
  const bool is_licence =
      StartsWith(type, "policy_") || type == "unlicensed_dependency" || !licence.empty();
  Finding finding = NewFinding(is_licence ? FindingClass::kLicence : FindingClass::kLint, kTool, {},
                               licence.empty() ? type : type + "/" + licence);
  SetSource(finding, node);
  SetSeverity(finding, kTool,
              type == "policy_conflict" ? "high"
              : type == "policy_flag"   ? "medium"
                                        : "low");
  finding.severity_source = "fossa (kind of issue)";
  finding.origin->severity = type;
  return finding;
}

Finding ReadIssue(io::NodeView node) {
  const std::string type = Text(node, "type");
  Finding finding =
      type == "vulnerability" ? VulnerabilityFinding(node) : PolicyFinding(node, type);
  finding.title = Text(node, "title");
  const std::string name = finding.package ? finding.package->name : "";
  if (finding.title.empty())
    finding.title = fmt::format("{} {}", finding.vuln ? finding.vuln->id : type, name);
  finding.origin->description = FirstText(node, {"details", "description"});
  finding.message = OneLine(
      finding.origin->description.empty() ? finding.title : finding.origin->description, 500);
  finding.origin->uid = Text(node, "id");
  finding.origin->category = type;
  AddReferences(finding, Texts(node, "references"));
  AddReference(finding, FirstText(node, {"issueURL", "url"}));
  for (const io::NodeView& project : Items(node, "projects")) {
    if (finding.origin->service.empty())
      finding.origin->service = FirstText(project, {"title", "id"});
    for (const std::string& path : Texts(project, "paths")) {
      if (finding.location.file.empty()) finding.location.file = LocationPath(path);
    }
  }
  const bool ignored =
      Integer(node, "statuses.ignored") > 0 && Integer(node, "statuses.active") == 0;
  if (ignored || Text(node, "status") == "ignored")
    SetState(finding, "risk_accepted", "ignored in FOSSA");
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.Get("issues").IsList()) return MissingPart(root, "list \"issues\"");
  sink.Begin({std::string(kTool), {}, {}, {}});
  for (const io::NodeView& node : Items(root, "issues")) sink.Add(ReadIssue(node));
  return {};
}

}  // namespace

const Importer kFossa = {"fossa",
                         "FOSSA",
                         "fossa test --format json and issues of the API",
                         "one issue of one dependency",
                         Detect,
                         Read};

}  // namespace ouro::ingest
