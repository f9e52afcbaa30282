// GitHub: Dependabot alerts (GraphQL vulnerabilityAlerts and the REST list), code scanning alerts
// and secret scanning alerts of the REST API.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/sarif_tools.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

constexpr std::string_view kTool = "github";

// Lists of alerts of all repositories below the node, with the repository's name.
struct AlertList {
  io::NodeView nodes;
  std::string repository;
};

void CollectAlerts(io::NodeView node, std::string repository, std::vector<AlertList>& lists) {
  if (node.IsList()) {
    for (const io::NodeView& child : node.Children()) CollectAlerts(child, repository, lists);
    return;
  }
  const std::string name = FirstText(node, {"nameWithOwner", "name"});
  if (!name.empty()) repository = name;
  for (const auto& [key, value] : node.Members()) {
    if (key == "vulnerabilityAlerts") {
      lists.push_back({value.Get("nodes"), repository});
      for (const io::NodeView& edge : Items(value, "edges"))
        lists.push_back({edge.Get("node"), repository});
    } else if (value.IsMap() || value.IsList()) {
      CollectAlerts(value, repository, lists);
    }
  }
}

bool IsRestAlert(io::NodeView node) {
  return HasKeys(node, {"security_advisory", "security_vulnerability"});
}

int DetectVulnerabilities(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (root.IsList()) {
    const std::vector<io::NodeView> alerts = root.Children();
    return !alerts.empty() && IsRestAlert(alerts.front()) ? kNamed : kNo;
  }
  if (!root.Get("data").IsMap()) return kNo;
  std::vector<AlertList> lists;
  CollectAlerts(root.Get("data"), {}, lists);
  return lists.empty() ? kNo : kNamed;
}

// Reasons of both APIs.
void SetDismissal(Finding& finding, std::string state, std::string reason,
                  const std::string& comment) {
  state = LowerAscii(state);
  reason = ReplaceAll(LowerAscii(reason), " ", "_");
  const std::string why = comment.empty() ? reason : reason + ": " + comment;
  if (state == "fixed" || state == "auto_dismissed") {
    SetState(finding, state == "fixed" ? "fixed" : "not_affected", why);
  } else if (state == "dismissed" || !reason.empty()) {
    const bool wrong = reason == "inaccurate" || reason == "false_positive";
    SetState(finding,
             wrong                  ? "false_positive"
             : reason == "not_used" ? "not_affected"
                                    : "risk_accepted",
             why);
  }
}

Finding ReadGraphAlert(io::NodeView node, const std::string& repository) {
  const io::NodeView advisory = At(node, "securityVulnerability.advisory");
  std::vector<std::string> ids;
  for (const io::NodeView& id : Items(advisory, "identifiers")) ids.push_back(Text(id, "value"));
  if (ids.empty()) ids.push_back(Text(advisory, "ghsaId"));
  Finding finding = NewVulnFinding(kTool, {}, ids);
  std::string version = Text(node, "vulnerableRequirements");
  if (StartsWith(version, "= ")) version.erase(0, 2);
  SetPackage(finding, LowerAscii(Text(node, "securityVulnerability.package.ecosystem")),
             Text(node, "securityVulnerability.package.name"), version);
  finding.title = FirstText(advisory, {"summary"});
  if (finding.title.empty())
    finding.title =
        VulnTitle(finding.vuln->id, finding.package ? finding.package->name : "", version);
  model::Origin& origin = *finding.origin;
  origin.uid = Text(node, "id");
  origin.description = Text(advisory, "description");
  finding.message = OneLine(origin.description, 500);
  finding.location.file =
      LocationPath(FirstText(node, {"vulnerableManifestPath", "vulnerableManifestFilename"}));
  if (finding.package) finding.package->path = finding.location.file;
  for (const io::NodeView& reference : Items(advisory, "references"))
    AddReference(finding, Text(reference, "url"));
  AddReference(finding, Text(advisory, "permalink"));
  AddReference(finding, Text(node, "dependabotUpdate.pullRequest.permalink"));
  for (const io::NodeView& cwe : Items(advisory, "cwes.nodes"))
    AddCwes(finding, Text(cwe, "cweId"));
  const double score = Number(advisory, "cvss.score").value_or(-1);
  AddCvss(*finding.vuln, Text(advisory, "cvss.vectorString"), score > 0 ? score : -1, "ghsa");
  finding.vuln->epss = Number(advisory, "epss.percentage").value_or(-1);
  finding.vuln->epss_percentile = Number(advisory, "epss.percentile").value_or(-1);
  finding.vuln->published = Text(advisory, "publishedAt");
  SetSeverity(finding, kTool, Text(node, "securityVulnerability.severity"));
  SetFixedIn(finding, {Text(node, "securityVulnerability.firstPatchedVersion.identifier")});
  AddTag(finding, LowerAscii(Text(node, "dependencyScope")));
  if (!repository.empty()) finding.asset.Make().repository = repository;
  SetDismissal(finding, Text(node, "state"), Text(node, "dismissReason"),
               Text(node, "dismissComment"));
  return finding;
}

Finding ReadRestAlert(io::NodeView node) {
  const io::NodeView advisory = node.Get("security_advisory");
  const io::NodeView vulnerability = node.Get("security_vulnerability");
  Finding finding =
      NewVulnFinding(kTool, {}, {Text(advisory, "ghsa_id"), Text(advisory, "cve_id")});
  SetPackage(finding, Text(node, "dependency.package.ecosystem"),
             Text(node, "dependency.package.name"), "");
  finding.title = Text(advisory, "summary");
  model::Origin& origin = *finding.origin;
  origin.uid = FirstText(node, {"html_url", "url", "number"});
  origin.description = Text(advisory, "description");
  finding.message = OneLine(origin.description, 500);
  finding.location.file = LocationPath(Text(node, "dependency.manifest_path"));
  if (finding.package) finding.package->path = finding.location.file;
  for (const io::NodeView& reference : Items(advisory, "references"))
    AddReference(finding, Text(reference, "url"));
  for (const io::NodeView& cwe : Items(advisory, "cwes")) AddCwes(finding, Text(cwe, "cwe_id"));
  for (const std::string_view key :
       {"cvss_severities.cvss_v4", "cvss_severities.cvss_v3", "cvss"}) {
    const io::NodeView rating = At(advisory, key);
    const double score = Number(rating, "score").value_or(-1);
    AddCvss(*finding.vuln, Text(rating, "vector_string"), score > 0 ? score : -1, "ghsa");
  }
  finding.vuln->epss = Number(advisory, "epss.percentage").value_or(-1);
  finding.vuln->epss_percentile = Number(advisory, "epss.percentile").value_or(-1);
  finding.vuln->published = Text(advisory, "published_at");
  SetSeverity(finding, kTool, FirstText(vulnerability, {"severity"}));
  SetFixedIn(finding, {Text(vulnerability, "first_patched_version.identifier")});
  AddTag(finding, Text(node, "dependency.scope"));
  const std::string repository = Text(node, "repository.full_name");
  if (!repository.empty()) finding.asset.Make().repository = repository;
  SetDismissal(finding, Text(node, "state"), Text(node, "dismissed_reason"),
               Text(node, "dismissed_comment"));
  return finding;
}

Status ReadVulnerabilities(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (root.IsList()) {
    sink.Begin({std::string(kTool), {}, {}, {}});
    for (const io::NodeView& node : root.Children()) sink.Add(ReadRestAlert(node));
    return {};
  }
  std::vector<AlertList> lists;
  CollectAlerts(root.Get("data"), {}, lists);
  if (lists.empty()) return MissingPart(root, "\"vulnerabilityAlerts\" below \"data\"");
  sink.Begin({std::string(kTool), {}, lists.size() == 1 ? lists.front().repository : "", {}});
  for (const AlertList& list : lists) {
    if (list.nodes.IsMap()) sink.Add(ReadGraphAlert(list.nodes, list.repository));
    for (const io::NodeView& node : Items(list.nodes, ""))
      sink.Add(ReadGraphAlert(node, list.repository));
  }
  return {};
}

// ---- code scanning
// ---------------------------------------------------------------------------------

bool IsCodeAlert(io::NodeView node) {
  return HasKeys(node, {"rule", "tool", "most_recent_instance"});
}

int DetectCode(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (root.IsMap()) return IsCodeAlert(root) ? kNamed : kNo;
  const std::vector<io::NodeView> alerts = root.Children();
  return !alerts.empty() && IsCodeAlert(alerts.front()) ? kNamed : kNo;
}

Finding ReadCodeAlert(io::NodeView node) {
  const SarifDriver driver = DriverOf(Text(node, "tool.name"));
  const std::string rule = Text(node, "rule.id");
  const bool vuln = !VulnIdsIn(rule).empty();
  Finding finding =
      vuln ? NewVulnFinding(driver.prefix, Text(node, "tool.version"), VulnIdsIn(rule))
           : NewFinding(driver.finding_class, driver.prefix, Text(node, "tool.version"), rule);
  const io::NodeView instance = node.Get("most_recent_instance");
  finding.title = FirstText(node, {"rule.description", "rule.name", "rule.id"});
  finding.message = Text(instance, "message.text");
  model::Origin& origin = *finding.origin;
  origin.uid = FirstText(node, {"html_url", "url", "number"});
  origin.description = FirstText(node, {"rule.full_description", "rule.help"});
  for (const std::string& tag : Texts(node, "rule.tags")) {
    AddTag(finding, tag);
    const std::string lower = LowerAscii(tag);
    if (const size_t at = lower.find("cwe-"); at != std::string::npos)
      AddCwes(finding, lower.substr(at));
  }
  AddReference(finding, Text(node, "rule.help_uri"));
  AddReference(finding, Text(node, "html_url"));
  SetSeverity(finding, driver.prefix,
              FirstText(node, {"rule.security_severity_level", "rule.severity"}));
  finding.location.file = LocationPath(Text(instance, "location.path"));
  finding.location.line = Integer(instance, "location.start_line");
  finding.location.end_line = Integer(instance, "location.end_line");
  finding.location.column = Integer(instance, "location.start_column");
  finding.location.end_column = Integer(instance, "location.end_column");
  model::Asset& asset = finding.asset.Make();
  asset.repository = Text(node, "repository.full_name");
  asset.commit = Text(instance, "commit_sha");
  asset.branch = Text(instance, "ref");
  SetDismissal(finding, Text(node, "state"), Text(node, "dismissed_reason"),
               Text(node, "dismissed_comment"));
  return finding;
}

Status ReadCode(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const std::vector<io::NodeView> alerts =
      root.IsMap() ? std::vector<io::NodeView>{root} : root.Children();
  for (const io::NodeView& node : alerts) {
    if (!node.Get("rule")) return MissingPart(node, "\"rule\" in an alert");
  }
  sink.Begin({std::string(kTool),
              {},
              alerts.empty() ? "" : Text(alerts.front(), "repository.full_name"),
              {}});
  for (const io::NodeView& node : alerts) sink.Add(ReadCodeAlert(node));
  return {};
}

// ---- secret scanning
// -------------------------------------------------------------------------------

int DetectSecrets(const ReportInput& input) {
  const io::NodeView root = input.json();
  const std::vector<io::NodeView> alerts =
      root.IsMap() ? std::vector<io::NodeView>{root} : root.Children();
  const bool shape = !alerts.empty() && HasKeys(alerts.front(), {"number", "secret_type", "state"});
  return shape ? kNamed : kNo;
}

// GitHub gives no severity: what is open and public or still works is critical.
void SetSecretSeverity(Finding& finding, io::NodeView node) {
  const bool open = Text(node, "state") == "open";
  const bool urgent = Flag(node, "publicly_leaked") || Text(node, "validity") == "active";
  finding.severity = !open    ? model::Severity::kInfo
                     : urgent ? model::Severity::kCritical
                              : model::Severity::kHigh;
  finding.severity_source = "github (state and validity)";
  finding.origin->severity = Text(node, "validity");
}

Finding ReadSecret(io::NodeView node) {
  Finding finding = NewFinding(FindingClass::kSecret, kTool, {}, Text(node, "secret_type"));
  const std::string name = FirstText(node, {"secret_type_display_name", "secret_type"});
  finding.title = fmt::format("Exposed Secret Detected: {}", name);
  const auto yes_no = [&node](std::string_view key) { return Flag(node, key) ? "yes" : "no"; };
  finding.message =
      fmt::format("{}; validity {}, publicly leaked: {}, in several repositories: {}", name,
                  FirstText(node, {"validity"}).empty() ? "unknown" : Text(node, "validity"),
                  yes_no("publicly_leaked"), yes_no("multi_repo"));
  finding.remediation = "Revoke the secret where it was issued, then remove it from the history";
  model::Origin& origin = *finding.origin;
  origin.uid = Text(node, "number");
  origin.endpoint = Text(node, "html_url");
  origin.confidence = Text(node, "validity");
  AddReference(finding, Text(node, "html_url"));
  if (Flag(node, "push_protection_bypassed")) AddTag(finding, "push-protection-bypassed");
  std::string& description = origin.description;
  AddFactLine(description, "Secret Type", name);
  AddFactLine(description, "Alert State", Text(node, "state"));
  AddFactLine(description, "Repository", Text(node, "repository.full_name"));
  AddFactLine(description, "Resolution", Text(node, "resolution"));
  AddFactLine(description, "Validity", Text(node, "validity"));
  AddFactLine(description, "Push Protection Bypassed", Text(node, "push_protection_bypassed"));
  AddFactLine(description, "Publicly Leaked", yes_no("publicly_leaked"));
  AddFactLine(description, "Multi-Repository", yes_no("multi_repo"));
  const std::string secret = Text(node, "secret");
  if (!secret.empty()) origin.snippet_hash = SecretHash(secret);
  const io::NodeView place = node.Get("first_location_detected");
  finding.location.file = LocationPath(Text(place, "path"));
  finding.location.line = Integer(place, "start_line");
  finding.location.end_line = Integer(place, "end_line");
  finding.location.column = Integer(place, "start_column");
  finding.location.end_column = Integer(place, "end_column");
  model::Asset& asset = finding.asset.Make();
  asset.repository = Text(node, "repository.full_name");
  asset.commit = Text(place, "commit_sha");
  SetSecretSeverity(finding, node);
  const std::string resolution = Text(node, "resolution");
  if (Text(node, "state") == "resolved") {
    const bool gone = resolution == "revoked" || resolution == "pattern_deleted";
    SetState(finding,
             resolution == "false_positive" ? "false_positive"
             : gone                         ? "fixed"
                                            : "risk_accepted",
             resolution);
  }
  return finding;
}

Status ReadSecrets(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const std::vector<io::NodeView> alerts =
      root.IsMap() ? std::vector<io::NodeView>{root} : root.Children();
  for (const io::NodeView& node : alerts) {
    if (!node.Get("secret_type")) return MissingPart(node, "\"secret_type\" in an alert");
  }
  sink.Begin({std::string(kTool),
              {},
              alerts.empty() ? "" : Text(alerts.front(), "repository.full_name"),
              {}});
  for (const io::NodeView& node : alerts) sink.Add(ReadSecret(node));
  return {};
}

}  // namespace

const Importer kGithubCode = {"github-code",
                              "GitHub code scanning",
                              "code scanning alerts of the REST API",
                              "one alert",
                              DetectCode,
                              ReadCode};

const Importer kGithubSecrets = {"github-secrets",
                                 "GitHub secret scanning",
                                 "secret scanning alerts of the REST API",
                                 "one alert",
                                 DetectSecrets,
                                 ReadSecrets};

const Importer kGithubVulnerabilities = {"github-vulnerabilities",
                                         "GitHub Dependabot alerts",
                                         "vulnerability alerts of the GraphQL and the REST API",
                                         "one alert",
                                         DetectVulnerabilities,
                                         ReadVulnerabilities};

}  // namespace ouro::ingest
