// Harbor's vulnerability reports (scanner adapter API 1.0 and 1.1).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;

constexpr std::string_view kTool = "harbor";

bool IsMediaType(std::string_view key) {
  return StartsWith(key, "application/vnd.scanner.adapter.vuln.report") ||
         StartsWith(key, "application/vnd.security.vulnerability.report");
}

// The report under its media type, or the report itself.
io::NodeView ReportOf(io::NodeView root) {
  for (const auto& [key, value] : root.Members()) {
    if (IsMediaType(key)) return value;
  }
  return HasKeys(root, {"generated_at", "scanner", "vulnerabilities"}) ? root : io::NodeView();
}

int Detect(const ReportInput& input) {
  const io::NodeView report = ReportOf(input.json());
  return report.IsMap() ? kNamed : kNo;
}

void SetRatings(Finding& finding, io::NodeView node) {
  const io::NodeView cvss = node.Get("preferred_cvss");
  AddCvss(*finding.vuln, Text(cvss, "vector_v3"), Number(cvss, "score_v3").value_or(-1), "");
  AddCvss(*finding.vuln, Text(cvss, "vector_v2"), Number(cvss, "score_v2").value_or(-1), "");
  for (const auto& [source, rating] : At(node, "vendor_attributes.CVSS").Members()) {
    AddCvss(*finding.vuln, Text(rating, "V3Vector"), Number(rating, "V3Score").value_or(-1),
            source);
    AddCvss(*finding.vuln, Text(rating, "V2Vector"), Number(rating, "V2Score").value_or(-1),
            source);
  }
}

Finding ReadVulnerability(io::NodeView report, io::NodeView node) {
  const std::string id = Text(node, "id");
  Finding finding = NewVulnFinding(kTool, Text(report, "scanner.version"), {id});
  const std::string name = Text(node, "package");
  const std::string version = Text(node, "version");
  SetPackage(finding, "", name, version);
  finding.title = fmt::format("{} - {} ({})", id, name, version);
  finding.origin->description = Text(node, "description");
  finding.message = OneLine(finding.origin->description, 500);
  AddReferences(finding, Texts(node, "links"));
  for (const std::string& cwe : Texts(node, "cwe_ids")) AddCwes(finding, cwe);
  SetRatings(finding, node);
  SetSeverity(finding, kTool, Text(node, "severity"));
  const std::string fixed = Text(node, "fix_version");
  if (!fixed.empty()) finding.remediation = fmt::format("Upgrade {} to version {}", name, fixed);
  SetFixedIn(finding, {fixed});
  if (finding.vuln->fix_state.empty()) finding.vuln->fix_state = FixState(Text(node, "status"));
  const std::vector<std::string> digests = Texts(node, "artifact_digests");
  const std::string repository = Text(report, "artifact.repository");
  std::string digest = Text(report, "artifact.digest");
  if (digest.empty() && !digests.empty()) digest = digests.front();
  if (!digest.empty() || !repository.empty()) finding.image = model::Image{repository, digest, {}};
  const io::NodeView layer = node.Get("layer");
  if (layer && finding.image) finding.image->layer = FirstText(layer, {"digest", "diff_id"});
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const io::NodeView report = ReportOf(root);
  if (!report.IsMap()) return MissingPart(root, "report under Harbor's media type");
  const io::NodeView list = report.Get("vulnerabilities");
  if (list && !list.IsList() && list.type() != io::NodeType::kNull) {
    return Fail(ErrorCode::kInvalid, "\"vulnerabilities\" is no list", PlaceOf(list));
  }
  sink.Begin({std::string(kTool),
              {},
              FirstText(report, {"artifact.repository", "artifact.digest"}),
              Text(report, "generated_at")});
  for (const io::NodeView& node : Items(report, "vulnerabilities"))
    sink.Add(ReadVulnerability(report, node));
  return {};
}

}  // namespace

const Importer kHarbor = {"harbor",
                          "Harbor",
                          "Harbor's vulnerability report of an artifact (JSON)",
                          "one vulnerability of one package",
                          Detect,
                          Read};

}  // namespace ouro::ingest
