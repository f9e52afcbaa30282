// Wiz: results of the CLI (directory, IaC and image scans, --format json), and issues of the portal
// (CSV export, and the nodes of the GraphQL API).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/csv.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

constexpr std::string_view kTool = "wiz";

int DetectCli(const ReportInput& input) {
  const io::NodeView root = input.json();
  const bool frame = root.Get("result").IsMap() && root.Get("scanOriginResource");
  if (frame && ContainsIgnoreCase(Text(root, "scanOriginResource.__typename"), "CICDScanOrigin"))
    return kNamed;
  return frame && ContainsIgnoreCase(Text(root, "reportUrl"), "wiz.io") ? kNamed : kNo;
}

void SetImage(Finding& finding, io::NodeView root) {
  if (!ContainsIgnoreCase(Text(root, "scanOriginResource.__typename"), "ContainerImage")) return;
  finding.image = model::Image{
      Text(root, "scanOriginResource.name"), Text(root, "scanOriginResource.digest"), {}};
}

Finding ReadVulnerability(io::NodeView root, io::NodeView library, io::NodeView node) {
  const std::string id = Text(node, "name");
  Finding finding = NewVulnFinding(kTool, {}, {id});
  const std::string name = Text(library, "name");
  const std::string version = Text(library, "version");
  SetPackage(finding, "", name, version);
  const std::string path = Text(library, "path");
  // The CLI does not name the ecosystem; the manifest does.
  if (EndsWith(path, "go.mod") || EndsWith(path, "go.sum")) {
    finding.package.reset();
    SetPackage(finding, "golang", name, version);
  }
  finding.title = fmt::format("{} - {}", name, id);
  finding.message = fmt::format("{} {} is affected by {}", name, version, id);
  std::string& description = finding.origin->description;
  description = Text(node, "description");
  AddFactLine(description, "Library Name", name);
  AddFactLine(description, "Library Version", version);
  AddFactLine(description, "Library Path", path);
  AddFactLine(description, "Vulnerability Name", id);
  AddFactLine(description, "Fixed Version", Text(node, "fixedVersion"));
  AddFactLine(description, "Source", Text(node, "source"));
  AddFactLine(description, "Score", Text(node, "score"));
  AddFactLine(description, "Exploitability Score", Text(node, "exploitabilityScore"));
  AddFactLine(description, "Has Exploit", Text(node, "hasExploit"));
  AddFactLine(description, "Has CISA KEV Exploit", Text(node, "hasCisaKevExploit"));
  finding.location.file = LocationPath(path);
  if (finding.package) finding.package->path = finding.location.file;
  AddReference(finding, Text(node, "source"));
  AddCvss(*finding.vuln, FirstText(node, {"cvssV3Metrics.vector"}),
          Number(node, "score").value_or(-1), "wiz");
  finding.vuln->kev = Flag(node, "hasCisaKevExploit");
  const double epss = Number(node, "epssProbability").value_or(-1);
  finding.vuln->epss = epss > 1 ? epss / 100 : epss;
  finding.vuln->published = Text(node, "publishDate");
  if (Flag(node, "hasExploit")) AddTag(finding, "has-exploit");
  SetSeverity(finding, kTool, Text(node, "severity"));
  SetFixedIn(finding, {Text(node, "fixedVersion")});
  if (finding.image) finding.image->layer = Text(library, "layerMetadata.id");
  SetImage(finding, root);
  return finding;
}

Finding ReadSecret(io::NodeView root, io::NodeView node) {
  const std::string type = Text(node, "type");
  Finding finding = NewFinding(FindingClass::kSecret, kTool, {}, type.empty() ? "SECRET" : type);
  finding.title = fmt::format("Secret: {}", Text(node, "description"));
  finding.message = Text(node, "description");
  finding.origin->category = type;
  AddFactLine(finding.origin->description, "File Name", Text(node, "path"));
  AddFactLine(finding.origin->description, "Line Number", Text(node, "lineNumber"));
  finding.origin->uid = FirstText(node, {"id", "externalId"});
  finding.location.file = LocationPath(Text(node, "path"));
  finding.location.line = Integer(node, "lineNumber");
  const std::string snippet = Text(node, "snippet");
  if (!snippet.empty()) finding.origin->snippet_hash = SecretHash(snippet);
  finding.remediation = "Revoke the secret, then remove it from the file and from the history";
  const std::string word = Text(node, "severity");
  SetSeverity(finding, kTool, word.empty() ? "high" : word);
  if (word.empty()) finding.severity_source = "wiz (no severity given)";
  SetImage(finding, root);
  return finding;
}

Finding ReadRuleMatch(io::NodeView rule_match, io::NodeView match) {
  const io::NodeView rule = rule_match.Get("rule");
  Finding finding =
      NewFinding(FindingClass::kMisconfig, kTool, {}, FirstText(rule, {"id", "name"}));
  finding.title = fmt::format("{} - {}", Text(rule, "name"), Text(match, "resourceName"));
  finding.message = fmt::format("{}; expected: {}", Text(match, "found"), Text(match, "expected"));
  finding.remediation = Text(match, "remediationInstructions");
  if (finding.remediation.empty()) finding.remediation = Text(match, "expected");
  finding.origin->category = Text(match, "fileType");
  std::string& description = finding.origin->description;
  AddFactLine(description, "Rule ID", Text(rule, "id"));
  AddFactLine(description, "Rule Name", Text(rule, "name"));
  AddFactLine(description, "Resource Name", Text(match, "resourceName"));
  AddFactLine(description, "File Name", Text(match, "fileName"));
  AddFactLine(description, "Line Number", Text(match, "lineNumber"));
  AddFactLine(description, "Expected", Text(match, "expected"));
  AddFactLine(description, "Found", Text(match, "found"));
  AddFactLine(description, "File Type", Text(match, "fileType"));
  finding.location.file = LocationPath(Text(match, "fileName"));
  finding.location.line = Integer(match, "lineNumber");
  SetSeverity(finding, kTool, Text(rule_match, "severity"));
  // "Deployment.web" and "metadata.name={{web}}" are how Kubernetes files are told.
  const std::string name = Text(match, "resourceName");
  const size_t dot = name.find('.');
  const std::string_view kind = KubernetesKind(std::string_view(name).substr(0, dot));
  if (!kind.empty() && dot != std::string::npos)
    SetResource(finding, kind, "", name.substr(dot + 1));
  if (Text(match, "ignoredByRule") == "true" || Flag(match, "isIgnored"))
    SetState(finding, "risk_accepted", "ignored");
  return finding;
}

Status ReadCli(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const io::NodeView result = root.Get("result");
  if (!result.IsMap()) return MissingPart(root, "\"result\"");
  sink.Begin(
      {std::string(kTool), {}, Text(root, "scanOriginResource.name"), Text(root, "createdAt")});
  for (const std::string_view list : {"osPackages", "libraries", "applications", "cpes"}) {
    for (const io::NodeView& library : Items(result, list)) {
      for (const io::NodeView& node : Items(library, "vulnerabilities")) {
        sink.Add(ReadVulnerability(root, library, node));
      }
    }
  }
  for (const io::NodeView& rule_match : Items(result, "ruleMatches")) {
    for (const io::NodeView& match : Items(rule_match, "matches"))
      sink.Add(ReadRuleMatch(rule_match, match));
  }
  for (const io::NodeView& node : Items(result, "secrets")) sink.Add(ReadSecret(root, node));
  return {};
}

// ---- issues
// ----------------------------------------------------------------------------------------

constexpr std::string_view kIssueColumns[] = {"Title", "Severity", "Status", "Issue ID",
                                              "Control ID"};

bool IsIssueCsv(const ReportInput& input) {
  if (input.LooksLikeJson() || input.LooksLikeXml()) return false;
  const std::vector<std::string_view> lines = input.Lines(8'192);
  if (lines.empty()) return false;
  for (const std::string_view column : kIssueColumns) {
    if (lines.front().find(column) == std::string_view::npos) return false;
  }
  return true;
}

std::vector<io::NodeView> IssueNodes(io::NodeView root) {
  for (const std::string_view path : {"data.issues.nodes", "data.issuesV2.nodes", "issues.nodes"}) {
    if (At(root, path).IsList()) return Items(root, path);
  }
  const std::vector<io::NodeView> items =
      root.IsList() ? root.Children() : std::vector<io::NodeView>();
  const bool shape = !items.empty() && items.front().Get("entitySnapshot");
  return shape ? items : std::vector<io::NodeView>();
}

int DetectIssues(const ReportInput& input) {
  if (IsIssueCsv(input)) return kNamed;
  const io::NodeView root = input.json();
  if (At(root, "data.issues.nodes").IsList() || At(root, "data.issuesV2.nodes").IsList())
    return kSure;
  return IssueNodes(root).empty() ? kNo : kNamed;
}

void SetIssueState(Finding& finding, const std::string& status, const std::string& reason) {
  const std::string lower = LowerAscii(status);
  if (lower == "resolved") SetState(finding, "fixed", reason);
  if (lower != "rejected" && lower != "ignored") return;
  SetState(finding, ContainsIgnoreCase(reason, "false") ? "false_positive" : "risk_accepted",
           reason);
}

Finding ReadCsvIssue(const Csv& csv, size_t row) {
  const auto cell = [&csv, row](std::string_view column) {
    return std::string(TrimSpace(csv.Cell(row, column)));
  };
  Finding finding = NewFinding(FindingClass::kMisconfig, kTool, {}, cell("Control ID"));
  finding.title = cell("Title");
  finding.origin->description = cell("Description");
  finding.message = OneLine(
      finding.origin->description.empty() ? finding.title : finding.origin->description, 500);
  finding.remediation = cell("Remediation Recommendation");
  finding.origin->uid = cell("Issue ID");
  finding.origin->category = cell("Resource Type");
  finding.origin->service = cell("Resource Name");
  AddReference(finding, cell("Wiz URL"));
  SetSeverity(finding, kTool, cell("Severity"));
  const std::string_view kind = KubernetesKind(cell("Resource Type"));
  if (!kind.empty())
    SetResource(finding, kind, cell("Kubernetes Namespace"), cell("Resource Name"));
  const std::string cluster = cell("Kubernetes Cluster");
  if (!cluster.empty()) finding.asset.Make().cluster = cluster;
  SetIssueState(finding, cell("Status"), cell("Resolution"));
  finding.stage = "runtime";
  return finding;
}

Finding ReadNode(io::NodeView node) {
  const std::string rule = FirstText(node, {"sourceRule.id", "control.id"});
  Finding finding = NewFinding(FindingClass::kMisconfig, kTool, {}, rule.empty() ? "issue" : rule);
  finding.title = FirstText(node, {"sourceRule.name", "control.name", "title"});
  finding.origin->description =
      FirstText(node, {"sourceRule.controlDescription", "sourceRule.description",
                       "control.description", "description"});
  finding.message = OneLine(
      finding.origin->description.empty() ? finding.title : finding.origin->description, 500);
  finding.remediation =
      FirstText(node, {"sourceRule.resolutionRecommendation", "control.resolutionRecommendation"});
  finding.origin->uid = Text(node, "id");
  finding.origin->category = FirstText(node, {"entitySnapshot.type", "entity.type"});
  finding.origin->service = FirstText(node, {"entitySnapshot.name", "entity.name"});
  SetSeverity(finding, kTool, Text(node, "severity"));
  const std::string_view kind = KubernetesKind(FirstText(node, {"entitySnapshot.nativeType"}));
  if (!kind.empty()) {
    SetResource(finding, kind, Text(node, "entitySnapshot.kubernetesNamespaceName"),
                finding.origin->service);
  }
  const std::string cluster = Text(node, "entitySnapshot.kubernetesClusterName");
  if (!cluster.empty()) finding.asset.Make().cluster = cluster;
  SetIssueState(finding, Text(node, "status"), Text(node, "resolutionReason"));
  finding.stage = "runtime";
  return finding;
}

Status ReadIssues(const ReportInput& input, Sink& sink) {
  if (!input.LooksLikeJson()) {
    OURO_TRY(const Csv csv, Csv::Parse(input.bytes()));
    for (const std::string_view column : kIssueColumns) {
      if (!csv.HasColumn(column)) {
        return Fail(ErrorCode::kInvalid, fmt::format("the report has no column \"{}\"", column),
                    "1:1");
      }
    }
    sink.Begin({std::string(kTool), {}, {}, {}});
    for (size_t row = 0; row < csv.row_count(); ++row) sink.Add(ReadCsvIssue(csv, row));
    return {};
  }
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  sink.Begin({std::string(kTool), {}, {}, {}});
  for (const io::NodeView& node : IssueNodes(root)) sink.Add(ReadNode(node));
  return {};
}

}  // namespace

const Importer kWiz = {"wiz",
                       "Wiz CLI",
                       "wizcli dir, iac and docker scans with --format json",
                       "one vulnerability, secret or matched rule at one place",
                       DetectCli,
                       ReadCli};

const Importer kWizIssues = {"wiz-issues", "Wiz issues", "issues of the Wiz portal as CSV or JSON",
                             "one issue",  DetectIssues, ReadIssues};

}  // namespace ouro::ingest
