// Dependency-Track's finding packaging format (FPF 1.0 to 1.3), and the list of the API's findings.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;

constexpr std::string_view kTool = "dependency-track";

bool IsFinding(io::NodeView node) {
  return HasKeys(node, {"component", "vulnerability", "matrix"});
}

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (Text(root, "meta.application") == "Dependency-Track" && root.Get("findings")) return kNamed;
  const std::vector<io::NodeView> items = root.IsList() ? root.Children() : Items(root, "findings");
  return !items.empty() && IsFinding(items.front()) ? kNamed : kNo;
}

std::vector<std::string> IdsOf(io::NodeView vulnerability) {
  std::vector<std::string> ids = {Text(vulnerability, "vulnId")};
  for (const io::NodeView& alias : Items(vulnerability, "aliases")) {
    for (const auto& [key, value] : alias.Members()) {
      if (EndsWith(key, "Id")) ids.push_back(ScalarText(value));
    }
  }
  return ids;
}

// References are a Markdown list of links.
void AddMarkdownLinks(Finding& finding, std::string_view text) {
  for (size_t at = text.find("]("); at != std::string_view::npos; at = text.find("](", at + 1)) {
    const size_t end = text.find(')', at);
    if (end == std::string_view::npos) return;
    AddReference(finding, text.substr(at + 2, end - at - 2));
  }
}

void SetAnalysis(Finding& finding, io::NodeView analysis) {
  const std::string state = Text(analysis, "state");
  if (state == "FALSE_POSITIVE") {
    SetState(finding, "false_positive", Text(analysis, "details"));
  } else if (state == "NOT_AFFECTED") {
    SetState(finding, "not_affected", Text(analysis, "justification"));
  } else if (StartsWith(state, "RESOLVED")) {
    SetState(finding, "fixed", {});
  } else if (Flag(analysis, "isSuppressed")) {
    SetState(finding, "risk_accepted", state);
  }
}

void SetRatings(Finding& finding, io::NodeView node) {
  const std::string source = Text(node, "source");
  for (const std::string_view version : {"cvssV4", "cvssV3", "cvssV2"}) {
    const std::string prefix(version);
    const double score =
        Number(node, prefix + "BaseScore").value_or(Number(node, prefix + "Score").value_or(-1));
    AddCvss(*finding.vuln, Text(node, prefix + "Vector"), score, source);
  }
  finding.vuln->epss = Number(node, "epssScore").value_or(-1);
  finding.vuln->epss_percentile = Number(node, "epssPercentile").value_or(-1);
}

Finding ReadFinding(io::NodeView root, io::NodeView node) {
  const io::NodeView component = node.Get("component");
  const io::NodeView vulnerability = node.Get("vulnerability");
  const std::vector<std::string> ids = IdsOf(vulnerability);
  Finding finding = NewVulnFinding(kTool, Text(root, "meta.version"), ids);
  const std::string name = Text(component, "name");
  const std::string version = Text(component, "version");
  SetPackagePurl(finding, Text(component, "purl"));
  SetPackage(finding, "", name, version);
  finding.title = fmt::format("{}:{} affected by: {} ({})", name, version, ids.front(),
                              Text(vulnerability, "source"));
  model::Origin& origin = *finding.origin;
  finding.message = FirstText(vulnerability, {"title"});
  origin.description = Text(vulnerability, "description");
  if (finding.message.empty()) finding.message = OneLine(origin.description, 500);
  finding.remediation = Text(vulnerability, "recommendation");
  origin.uid = Text(node, "matrix");
  origin.service = Text(root, "project.name");
  AddMarkdownLinks(finding, Text(vulnerability, "references"));
  for (const io::NodeView& cwe : Items(vulnerability, "cwes")) AddCwes(finding, Text(cwe, "cweId"));
  AddCwes(finding, Text(vulnerability, "cweId"));
  SetRatings(finding, vulnerability);
  // UNASSIGNED is the word for a vulnerability that nobody rated.
  const std::string word = Text(vulnerability, "severity");
  SetSeverityWordOrScore(finding, kTool, word == "UNASSIGNED" ? "unknown" : word,
                         BestScore(*finding.vuln));
  finding.vuln->published = Text(vulnerability, "published");
  const std::string latest = Text(component, "latestVersion");
  if (finding.remediation.empty() && !latest.empty() && latest != version) {
    finding.remediation = fmt::format("The latest version of {} is {}", name, latest);
  }
  SetAnalysis(finding, node.Get("analysis"));
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const io::NodeView findings = root.IsList() ? root : root.Get("findings");
  if (!findings) return MissingPart(root, "list \"findings\"");
  if (!findings.IsList() && findings.type() != io::NodeType::kNull) {
    return Fail(ErrorCode::kInvalid, "\"findings\" is no list", PlaceOf(findings));
  }
  std::string target = Text(root, "project.name");
  const std::string version = Text(root, "project.version");
  if (!version.empty()) target += " " + version;
  sink.Begin(
      {std::string(kTool), Text(root, "meta.version"), target, Text(root, "meta.timestamp")});
  for (const io::NodeView& node : Items(findings, "")) sink.Add(ReadFinding(root, node));
  return {};
}

}  // namespace

const Importer kDependencyTrack = {"dependency-track",
                                   "Dependency-Track",
                                   "Dependency-Track findings (FPF) as JSON",
                                   "one vulnerability of one component",
                                   Detect,
                                   Read};

}  // namespace ouro::ingest
