// Anchore Engine and Enterprise: vulnerabilities of an image (anchore-cli, anchorectl and the API)
// and evaluations of policies (anchorectl image check --detail).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

constexpr std::string_view kTool = "anchore";

bool IsVulnerability(io::NodeView node) {
  return HasKeys(node, {"vuln", "severity"}) &&
         (node.Get("package_name") || node.Get("package") || node.Get("packageName"));
}

// Vulnerabilities under either name, or the report is the list itself.
std::vector<io::NodeView> VulnerabilitiesOf(io::NodeView root) {
  if (root.IsList()) return root.Children();
  std::vector<io::NodeView> items = Items(root, "vulnerabilities");
  if (items.empty()) items = Items(root, "images");
  return items;
}

bool IsEvaluation(io::NodeView node) {
  return (node.Get("detail") || node.Get("evaluations")) && node.Get("policyId");
}

int DetectVulnerabilities(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (HasKeys(root, {"imageDigest", "vulnerabilities", "vulnerability_type"})) return kNamed;
  if (HasKeys(root, {"imageDigest", "vulnerabilities", "vulnerabilityType"})) return kNamed;
  const std::vector<io::NodeView> items = VulnerabilitiesOf(root);
  return !items.empty() && IsVulnerability(items.front()) && items.front().Get("feed") ? kNamed
                                                                                       : kNo;
}

void SetScores(Finding& finding, io::NodeView node) {
  for (const std::string_view list : {"nvd_data", "vendor_data", "nvdData", "vendorData"}) {
    const std::string_view source = StartsWith(list, "nvd") ? "nvd" : "vendor";
    for (const io::NodeView& rating : Items(node, list)) {
      for (const std::string_view version : {"cvss_v3", "cvssV3", "cvss_v2", "cvssV2"}) {
        const io::NodeView scores = rating.Get(version);
        const double score =
            Number(scores, "base_score").value_or(Number(scores, "baseScore").value_or(-1));
        const std::string vector = FirstText(scores, {"vector_string", "vectorString"});
        if (score >= 0) AddCvss(*finding.vuln, vector, score, source);
      }
    }
  }
}

std::string Known(const std::string& text) {
  return EqualsIgnoreCase(text, "none") ? std::string() : text;
}

Finding ReadVulnerability(io::NodeView node, const model::Image& image) {
  const std::string id = FirstText(node, {"vuln", "vulnerabilityId"});
  std::vector<std::string> ids = {id};
  for (const io::NodeView& related : Items(node, "nvd_data")) {
    if (!StartsWith(id, "CVE-")) ids.push_back(Text(related, "id"));
  }
  Finding finding = NewVulnFinding(kTool, {}, ids);
  std::string name = FirstText(node, {"package_name", "packageName"});
  if (name.empty()) name = Text(node, "package");
  const std::string version = FirstText(node, {"package_version", "packageVersion"});
  const std::string group = FirstText(node, {"feed_group", "feedGroup"});
  SetPackage(finding, FirstText(node, {"package_type", "packageType"}), name, version,
             group.substr(0, group.find(':')));
  finding.title = fmt::format("{} - {}({})", id, name, version);
  finding.message = fmt::format("{} {} is affected by {}", name, version, id);
  finding.origin->description = FirstText(node, {"description"});
  const std::string path = Known(FirstText(node, {"package_path", "packagePath"}));
  finding.location.file = path == "pkgdb" ? std::string() : LocationPath(path);
  if (finding.package) finding.package->path = finding.location.file;
  AddReference(finding, Text(node, "url"));
  SetScores(finding, node);
  SetSeverity(finding, kTool, Text(node, "severity"));
  SetFixedIn(finding, {Known(Text(node, "fix"))});
  if (Flag(node, "will_not_fix") || Flag(node, "willNotFix")) finding.vuln->fix_state = "wont-fix";
  finding.image = image;
  return finding;
}

Status ReadVulnerabilities(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const std::vector<io::NodeView> items = VulnerabilitiesOf(root);
  if (items.empty() && !root.Get("vulnerabilities") && !root.IsList()) {
    return MissingPart(root, "list \"vulnerabilities\"");
  }
  model::Image image;
  image.digest = FirstText(root, {"imageDigest", "image_digest"});
  image.reference = FirstText(root, {"imageTag", "image_tag", "fullTag"});
  sink.Begin(
      {std::string(kTool), {}, image.reference.empty() ? image.digest : image.reference, {}});
  for (const io::NodeView& node : items) sink.Add(ReadVulnerability(node, image));
  return {};
}

// ---- policies
// --------------------------------------------------------------------------------------

// Evaluations in their two forms: a list with "detail", or an object with "evaluations".
std::vector<io::NodeView> EvaluationsOf(io::NodeView root) {
  if (root.IsMap()) return {root};
  return root.Children();
}

int DetectPolicies(const ReportInput& input) {
  const io::NodeView root = input.json();
  const std::vector<io::NodeView> items = EvaluationsOf(root);
  return !items.empty() && IsEvaluation(items.front()) ? kNamed : kNo;
}

// Newer reports begin the description with the severity.
std::string SeverityIn(std::string_view description, std::string_view status) {
  const std::string_view first = description.substr(0, description.find(' '));
  for (const std::string_view word :
       {"CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO", "NEGLIGIBLE", "UNKNOWN"}) {
    if (first == word) return std::string(word);
  }
  return status == "stop" ? "critical" : status == "go" ? "info" : "medium";
}

Finding ReadViolation(io::NodeView node, const std::string& digest) {
  const std::string gate = Text(node, "gate");
  const std::string trigger = FirstText(node, {"triggerName", "trigger"});
  const std::string policy = Text(node, "policyId");
  const std::string description = FirstText(node, {"description", "message"});
  const std::vector<std::string> ids = gate == "vulnerabilities"
                                           ? VulnIdsIn(description + " " + Text(node, "triggerId"))
                                           : std::vector<std::string>();
  Finding finding = ids.empty() ? NewFinding(gate == "secret_scans" ? FindingClass::kSecret
                                                                    : FindingClass::kMisconfig,
                                             kTool, {}, gate + "/" + trigger)
                                : NewVulnFinding(kTool, {}, {ids.front()});
  finding.title = fmt::format("{} - gate|{} - trigger|{}", policy, gate, Text(node, "triggerId"));
  finding.message = description;
  if (gate == "licenses") finding.finding_class = FindingClass::kLicence;
  if (gate == "malware") finding.finding_class = FindingClass::kMalware;
  finding.origin->uid = Text(node, "triggerId");
  finding.origin->category = gate;
  SetSeverity(finding, kTool, SeverityIn(description, Text(node, "status")));
  finding.image = model::Image{Text(node, "tag"), digest, {}};
  if (Flag(node, "allowlisted") || Flag(node, "whitelisted"))
    SetState(finding, "risk_accepted", "allow list");
  return finding;
}

Status ReadPolicies(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const std::vector<io::NodeView> items = EvaluationsOf(root);
  if (!items.empty() && !IsEvaluation(items.front()))
    return MissingPart(items.front(), "\"detail\" or \"evaluations\"");
  sink.Begin({std::string(kTool),
              {},
              items.empty() ? std::string() : FirstText(items.front(), {"tag", "evaluatedTag"}),
              {}});
  for (const io::NodeView& item : items) {
    const std::string digest = FirstText(item, {"digest", "imageDigest"});
    for (const io::NodeView& node : Items(item, "detail")) sink.Add(ReadViolation(node, digest));
    for (const io::NodeView& evaluation : Items(item, "evaluations")) {
      for (const io::NodeView& node : Items(evaluation, "details"))
        sink.Add(ReadViolation(node, digest));
      for (const io::NodeView& node : Items(evaluation, "details.findings"))
        sink.Add(ReadViolation(node, digest));
    }
  }
  return {};
}

}  // namespace

const Importer kAnchore = {"anchore",
                           "Anchore",
                           "vulnerabilities of Anchore Engine and Enterprise (JSON)",
                           "one vulnerability of one package",
                           DetectVulnerabilities,
                           ReadVulnerabilities};

const Importer kAnchorePolicies = {"anchore-policies",
                                   "Anchore policies",
                                   "anchorectl image check --detail as JSON",
                                   "one violated trigger of one policy",
                                   DetectPolicies,
                                   ReadPolicies};

}  // namespace ouro::ingest
