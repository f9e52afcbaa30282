// Aqua: results of scans (scannercli, the DevOps integration's list of them), vulnerabilities of
// the console's API v2, its older list of CVEs, and MicroScanner, whose form is that of scannercli.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

constexpr std::string_view kAquaTool = "aqua";
constexpr std::string_view kMicroscannerTool = "microscanner";

bool IsScan(io::NodeView root) {
  return root.Get("resources") &&
         (root.Get("vulnerability_summary") || root.Get("scan_started") || root.Get("image"));
}

bool IsMicroscanner(io::NodeView root) {
  return IsScan(root) && (Text(root, "initiating_user") == "token" || !root.Get("registry"));
}

bool IsCveList(io::NodeView root) {
  return root.Get("cves").IsList() && (root.Get("image_name") || root.Get("cves_counts"));
}

bool IsPage(io::NodeView root) {
  if (!root.Get("result").IsList() || !root.Get("count")) return false;
  const std::vector<io::NodeView> items = Items(root, "result");
  if (items.empty()) return root.Get("pagesize").exists();
  return HasKeys(items.front(), {"name", "aqua_severity"}) ||
         items.front().Get("image_repository_name");
}

bool IsScanList(io::NodeView root) {
  const std::vector<io::NodeView> items =
      root.IsList() ? root.Children() : std::vector<io::NodeView>();
  return !items.empty() && IsScan(items.front().Get("results"));
}

int DetectAqua(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (IsCveList(root) || IsPage(root) || IsScanList(root)) return kNamed;
  return IsScan(root) && !IsMicroscanner(root) ? kNamed : kNo;
}

int DetectMicroscanner(const ReportInput& input) {
  return IsMicroscanner(input.json()) ? kNamed : kNo;
}

struct Context {
  std::string_view tool;
  model::Image image;
  std::string distribution;
};

// Ratings: Aqua's own choice first, then NVD's. Keys differ between scans and the API.
void SetRatings(Finding& finding, io::NodeView node) {
  model::Vuln& vuln = *finding.vuln;
  AddCvss(vuln, Text(node, "aqua_vectors"), Number(node, "aqua_score").value_or(-1), "aqua");
  for (const std::string_view prefix :
       {"nvd_score_v3|nvd_vectors_v3", "nvd_cvss3_score|nvd_cvss3_vectors", "nvd_score|nvd_vectors",
        "nvd_cvss2_score|nvd_cvss2_vectors"}) {
    const size_t bar = prefix.find('|');
    AddCvss(vuln, Text(node, prefix.substr(bar + 1)),
            Number(node, prefix.substr(0, bar)).value_or(-1), "nvd");
  }
  vuln.epss = Number(node, "epss_score").value_or(-1);
  vuln.epss_percentile = Number(node, "epss_percentile").value_or(-1);
  const std::string listed = Text(node, "cisa_publish_date");
  vuln.kev = !listed.empty() && !StartsWith(listed, "0001");
}

std::string SeverityWord(io::NodeView node) {
  return FirstText(node, {"aqua_severity", "severity", "nvd_severity_v3", "nvd_cvss3_severity",
                          "vendor_severity", "nvd_severity"});
}

void SetResourceOf(Finding& finding, io::NodeView resource, const Context& context) {
  const std::string format = Text(resource, "format");
  SetPackage(finding, format, Text(resource, "name"), Text(resource, "version"),
             context.distribution);
  const std::string path = LocationPath(Text(resource, "path"));
  finding.location.file = path;
  if (finding.package) {
    finding.package->path = path;
    const std::string source = Text(resource, "src_name");
    if (source != finding.package->name) finding.package->source = source;
  }
  if (!context.image.reference.empty() || !context.image.digest.empty()) {
    finding.image = context.image;
    finding.image->layer = Text(resource, "layer_digest");
  }
}

Finding ReadVulnerability(io::NodeView resource, io::NodeView node, const Context& context) {
  const std::string id = Text(node, "name");
  Finding finding = NewVulnFinding(context.tool, {}, {id});
  SetResourceOf(finding, resource, context);
  const std::string name = Text(resource, "name");
  const std::string version = Text(resource, "version");
  finding.title = fmt::format("{} - {} ({})", id, name, version);
  finding.origin->description = Text(node, "description");
  finding.message = OneLine(finding.origin->description, 500);
  finding.remediation = Text(node, "solution");
  AddReference(finding, Text(node, "vendor_url"));
  AddReference(finding, Text(node, "nvd_url"));
  for (const io::NodeView& cwe : Items(node, "cwe_info")) AddCwes(finding, Text(cwe, "Id"));
  SetRatings(finding, node);
  SetSeverityWordOrScore(finding, context.tool, SeverityWord(node), BestScore(*finding.vuln));
  finding.vuln->published = Text(node, "publish_date");
  SetFixedIn(finding, {Text(node, "fix_version")});
  const std::string acknowledged = Text(node, "acknowledged_date");
  const bool accepted =
      Flag(node, "is_acknowledged") || (!acknowledged.empty() && acknowledged > "1971");
  if (accepted) SetState(finding, "risk_accepted", "acknowledged in Aqua");
  return finding;
}

// A file with keys or other sensitive data, or with malware. The file is told, never what is in it.
Finding ReadFile(io::NodeView resource, const Context& context, FindingClass finding_class,
                 const std::string& what) {
  Finding finding = NewFinding(finding_class, context.tool, {},
                               finding_class == FindingClass::kMalware ? "malware" : what);
  SetResourceOf(finding, resource, context);
  const std::string name = Text(resource, "name");
  finding.title = fmt::format("{} - {} ({})", name, name, Text(resource, "path"));
  finding.message = fmt::format("{} in {}", what, Text(resource, "path"));
  finding.package.reset();
  SetSeverity(finding, context.tool, finding_class == FindingClass::kMalware ? "critical" : "high");
  return finding;
}

void AddScan(io::NodeView root, std::string_view tool, Sink& sink) {
  Context context{tool, {}, Text(root, "os")};
  context.image.reference = FirstText(root, {"pull_name", "image"});
  context.image.digest = Text(root, "digest");
  // The same resource may stand in several layers.
  Folder folder;
  for (const io::NodeView& item : Items(root, "resources")) {
    const io::NodeView resource = item.Get("resource");
    for (const io::NodeView& node : Items(item, "vulnerabilities")) {
      Finding finding = ReadVulnerability(resource, node, context);
      const std::string key = fmt::format("{}|{}", finding.title, finding.location.file);
      folder.Add(key, std::move(finding));
    }
    if (!Items(item, "sensitive_data_items").empty() || !Texts(item, "sensitive_items").empty()) {
      const std::vector<std::string> kinds = Texts(resource, "sensitive_items");
      folder.Add(PlaceOf(item), ReadFile(resource, context, FindingClass::kSecret,
                                         kinds.empty() ? "sensitive data" : kinds.front()));
    }
    for (const io::NodeView& malware : Items(item, "malware")) {
      folder.Add(PlaceOf(malware), ReadFile(resource, context, FindingClass::kMalware,
                                            FirstText(malware, {"name", "malware"})));
    }
  }
  folder.Flush(sink);
}

Finding ReadCve(io::NodeView root, io::NodeView node) {
  const std::string id = Text(node, "name");
  Finding finding = NewVulnFinding(kAquaTool, {}, {id});
  SetPackage(finding, "", Text(node, "file"), "");
  finding.title = fmt::format("{}: {}", id, Text(node, "file"));
  finding.origin->description = Text(node, "description");
  finding.message = OneLine(finding.origin->description, 500);
  finding.remediation = Text(node, "solution");
  AddReference(finding, Text(node, "url"));
  AddCvss(*finding.vuln, "", Number(node, "score").value_or(-1), Text(node, "score_version"));
  SetSeverity(finding, kAquaTool, Text(node, "severity"));
  finding.vuln->published = Text(node, "publishdate");
  SetFixedIn(finding, {Text(node, "fix_version")});
  finding.image = model::Image{Text(root, "image_name"), {}, {}};
  if (Flag(node, "acknowledged")) SetState(finding, "risk_accepted", "acknowledged in Aqua");
  return finding;
}

void AddPage(io::NodeView root, Sink& sink) {
  for (const io::NodeView& node : Items(root, "result")) {
    Context context{
        kAquaTool, {Text(node, "image_name"), Text(node, "image_digest"), {}}, Text(node, "os")};
    Finding finding = ReadVulnerability(node.Get("resource"), node, context);
    sink.Add(std::move(finding));
  }
}

Status ReadAqua(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const bool empty_list = root.IsList() && root.Children().empty();
  if (!IsScan(root) && !IsScanList(root) && !IsCveList(root) && !IsPage(root) && !empty_list) {
    return MissingPart(root, "list of resources or vulnerabilities in a form of Aqua");
  }
  sink.Begin({std::string(kAquaTool), {}, FirstText(root, {"image", "image_name"}), {}});
  if (root.IsList()) {
    for (const io::NodeView& item : root.Children()) AddScan(item.Get("results"), kAquaTool, sink);
  } else if (IsCveList(root)) {
    for (const io::NodeView& node : Items(root, "cves")) sink.Add(ReadCve(root, node));
  } else if (IsPage(root)) {
    AddPage(root, sink);
  } else {
    AddScan(root, kAquaTool, sink);
  }
  return {};
}

Status ReadMicroscanner(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!IsScan(root)) return MissingPart(root, "list \"resources\"");
  sink.Begin({std::string(kMicroscannerTool), {}, FirstText(root, {"image", "digest"}), {}});
  AddScan(root, kMicroscannerTool, sink);
  return {};
}

}  // namespace

const Importer kAqua = {
    "aqua",
    "Aqua",
    "Aqua scans, the list of the DevOps integration and API v2 (JSON)",
    "one vulnerability of one resource, or one file with sensitive data or malware",
    DetectAqua,
    ReadAqua};

const Importer kMicroscanner = {"microscanner",
                                "MicroScanner",
                                "Aqua MicroScanner's JSON",
                                "one vulnerability of one resource",
                                DetectMicroscanner,
                                ReadMicroscanner};

}  // namespace ouro::ingest
