// JFrog Xray: exported violations ("unified"), the artifact summary of its API, on-demand binary
// scans, and the simple-json of `jf scan` and `jf audit`.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

constexpr std::string_view kTool = "xray";

bool IsExport(io::NodeView root) {
  const std::vector<io::NodeView> items = Items(root, "data");
  if (!root.Get("total_count") || !root.Get("data").IsList()) return false;
  return items.empty() || HasKeys(items.front(), {"component", "issue_type"}) ||
         items.front().Get("component_versions");
}

bool IsSummary(io::NodeView root) {
  const std::vector<io::NodeView> items = Items(root, "artifacts");
  return !items.empty() && HasKeys(items.front(), {"general", "issues"});
}

bool IsScanList(io::NodeView root) {
  if (!root.IsList()) return false;
  const std::vector<io::NodeView> items = root.Children();
  return !items.empty() && items.front().Get("component_id") &&
         (items.front().Get("scan_id") || items.front().Get("package_type"));
}

bool IsSimple(io::NodeView root) {
  for (const std::string_view list :
       {"vulnerabilities", "securityViolations", "licensesViolations"}) {
    const std::vector<io::NodeView> items = Items(root, list);
    if (!items.empty() && items.front().Get("impactedPackageName")) return true;
  }
  return false;
}

bool IsViolations(io::NodeView root) {
  const std::vector<io::NodeView> items = Items(root, "violations");
  return !items.empty() && items.front().Get("watch_name");
}

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (IsViolations(root)) return kNamed;
  return IsExport(root) || IsSummary(root) || IsScanList(root) || IsSimple(root) ? kNamed : kNo;
}

// "deb://debian:stretch:libx11:2:1.6.4-3", "gav://org.yaml:snakeyaml:1.16", "npm://lodash:4.17.20".
void SetComponent(Finding& finding, const std::string& id, std::string_view version = {}) {
  const size_t colon = id.find("://");
  const std::string scheme = colon == std::string::npos ? std::string() : id.substr(0, colon);
  std::string name = colon == std::string::npos ? id : id.substr(colon + 3);
  std::string installed(version);
  const bool os = scheme == "deb" || scheme == "rpm" || scheme == "alpine";
  std::string distribution;
  if (os) {
    // distribution:release:name[:version]
    const std::vector<std::string_view> parts = SplitText(name, ':');
    if (parts.size() >= 3) {
      distribution = parts[0];
      const size_t begin = parts[0].size() + parts[1].size() + parts[2].size() + 3;
      if (installed.empty() && begin < name.size()) installed = name.substr(begin);
      name = parts[2];
    }
  } else if (installed.empty()) {
    const size_t last = name.rfind(':');
    const bool is_maven = scheme == "gav";
    const bool has_group = is_maven && last != std::string::npos && name.find(':') == last;
    if (last != std::string::npos && !has_group) {
      installed = name.substr(last + 1);
      name.resize(last);
    }
  }
  const std::string ecosystem = scheme == "gav" ? "maven" : scheme == "alpine" ? "apk" : scheme;
  const bool nameless = scheme == "gav" && name.find(':') == std::string::npos;
  SetPackage(finding, nameless ? std::string() : ecosystem, nameless ? id : name, installed,
             distribution);
}

// "7.5/CVSS:3.0/AV:N/…".
void AddScoredVector(Finding& finding, const std::string& text) {
  const size_t slash = text.find('/');
  if (text.empty()) return;
  const double score = std::strtod(text.substr(0, slash).c_str(), nullptr);
  std::string vector = slash == std::string::npos ? std::string() : text.substr(slash + 1);
  if (StartsWith(vector, "CVSS:2.0/")) vector.erase(0, 9);
  AddCvss(*finding.vuln, vector, score, "xray");
}

// Versions without the brackets and comparison signs that Xray writes ("[1.26]", "≥ 2:1.6").
std::vector<std::string> PlainVersions(const std::vector<std::string>& versions) {
  std::vector<std::string> plain;
  for (const std::string& version : versions) {
    std::string text = ReplaceAll(version, "≥", "");
    const size_t first = text.find_first_not_of(" [>=(");
    const size_t last = text.find_last_not_of(" ])");
    if (first != std::string::npos) plain.push_back(text.substr(first, last - first + 1));
  }
  return plain;
}

std::vector<std::string> IdsOf(const std::vector<io::NodeView>& cves, const std::string& own) {
  std::vector<std::string> ids;
  for (const io::NodeView& cve : cves) ids.push_back(FirstText(cve, {"cve", "id"}));
  std::erase(ids, "");
  if (ids.empty()) ids.push_back(own);
  return ids;
}

void SetCves(Finding& finding, const std::vector<io::NodeView>& cves) {
  for (const io::NodeView& cve : cves) {
    for (const std::string_view key : {"cvss_v3", "cvss_v2"})
      AddScoredVector(finding, Text(cve, key));
    for (const std::string_view key : {"cvss_v3", "cvss_v2"}) {
      const std::string prefix(key);
      std::string vector = Text(cve, prefix + "_vector");
      if (StartsWith(vector, "CVSS:2.0/")) vector.erase(0, 9);
      AddCvss(*finding.vuln, vector, Number(cve, prefix + "_score").value_or(-1), "xray");
    }
    AddCvss(*finding.vuln, Text(cve, "cvssV3Vector"), Number(cve, "cvssV3").value_or(-1), "xray");
    for (const std::string& cwe : Texts(cve, "cwe")) AddCwes(finding, cwe);
  }
}

// What an issue says in all forms. `own` is Xray's id ("XRAY-124116"), which may be missing.
Finding BaseFinding(io::NodeView node, const std::vector<io::NodeView>& cves,
                    const std::string& own) {
  const std::string type = Text(node, "issue_type");
  const bool licence = type == "license";
  Finding finding =
      licence ? NewFinding(FindingClass::kLicence, kTool, {}, own.empty() ? "license" : own)
              : NewVulnFinding(kTool, {}, IdsOf(cves, own));
  finding.message = Text(node, "summary");
  finding.origin->description = Text(node, "description");
  if (finding.origin->description.empty()) finding.origin->description = finding.message;
  finding.message = OneLine(finding.message, 500);
  finding.origin->uid = own;
  finding.origin->category = type;
  AddReferences(finding, Texts(node, "references"));
  if (finding.vuln) SetCves(finding, cves);
  SetSeverity(finding, kTool, Text(node, "severity"));
  return finding;
}

void SetTitle(Finding& finding) {
  const std::string name = finding.package ? finding.package->name : "";
  const std::string version = finding.package ? finding.package->version : "";
  finding.title = VulnTitle(finding.vuln ? finding.vuln->id : finding.message, name, version);
}

void ReadExport(io::NodeView root, Sink& sink) {
  for (const io::NodeView& node : Items(root, "data")) {
    const std::vector<io::NodeView> cves = Items(node, "component_versions.more_details.cves");
    const std::string id = FirstText(node, {"source_comp_id", "source_id", "component"});
    Finding finding = BaseFinding(node, cves, Text(node, "id"));
    const std::string component = Text(node, "component");
    SetComponent(finding, id);
    if (finding.package && !component.empty()) finding.package->name = component;
    if (finding.vuln)
      SetFixedIn(finding, PlainVersions(Texts(node, "component_versions.fixed_versions")));
    SetTitle(finding);
    sink.Add(std::move(finding));
  }
}

// The impact path ends in the component: ".../sha256__….tar.gz/3.12:busybox:1.31.1-r20".
void SetImpactPath(Finding& finding, const std::string& path) {
  const std::string last = path.substr(path.rfind('/') + 1);
  const std::vector<std::string_view> parts = SplitText(last, ':');
  finding.location.file = LocationPath(path);
  if (parts.size() < 2) return;
  if (parts.size() == 3) {
    SetPackage(finding, "", parts[1], parts[2]);
  } else {
    SetPackage(finding, "", parts[0], last.substr(parts[0].size() + 1));
  }
}

void ReadSummary(io::NodeView root, Sink& sink) {
  for (const io::NodeView& artifact : Items(root, "artifacts")) {
    const std::string name = Text(artifact, "general.name");
    const bool image = EqualsIgnoreCase(Text(artifact, "general.pkg_type"), "docker");
    for (const io::NodeView& node : Items(artifact, "issues")) {
      Finding finding = BaseFinding(node, Items(node, "cves"), Text(node, "issue_id"));
      for (const io::NodeView& component : Items(node, "components")) {
        if (!finding.package) SetComponent(finding, Text(component, "component_id"));
        if (finding.vuln) SetFixedIn(finding, PlainVersions(Texts(component, "fixed_versions")));
      }
      const std::vector<std::string> paths = Texts(node, "impact_path");
      if (!paths.empty()) SetImpactPath(finding, paths.front());
      for (size_t i = 1; i < paths.size() && i < 20; ++i) {
        finding.other_locations.emplace_back();
        finding.other_locations.back().file = LocationPath(paths[i]);
      }
      if (finding.vuln) finding.vuln->published = Text(node, "created");
      if (image)
        finding.image = model::Image{name, "sha256:" + Text(artifact, "general.sha256"), {}};
      finding.origin->service = name;
      SetTitle(finding);
      sink.Add(std::move(finding));
    }
  }
}

void ReadScanList(io::NodeView root, Sink& sink) {
  for (const io::NodeView& scan : root.Children()) {
    for (const std::string_view list : {"vulnerabilities", "violations"}) {
      for (const io::NodeView& node : Items(scan, list)) {
        for (const auto& [id, component] : node.Get("components").Members()) {
          Finding finding = BaseFinding(node, Items(node, "cves"), Text(node, "issue_id"));
          SetComponent(finding, std::string(id));
          if (finding.vuln) SetFixedIn(finding, PlainVersions(Texts(component, "fixed_versions")));
          for (const io::NodeView& path : Items(component, "impact_paths")) {
            for (const io::NodeView& step : Items(path, "")) {
              const std::string full = Text(step, "full_path");
              if (!full.empty()) finding.location.file = LocationPath(full);
            }
          }
          finding.origin->service = Text(scan, "component_id");
          SetTitle(finding);
          sink.Add(std::move(finding));
        }
      }
    }
  }
}

void ReadSimple(io::NodeView root, Sink& sink) {
  for (const std::string_view list :
       {"vulnerabilities", "securityViolations", "licensesViolations"}) {
    for (const io::NodeView& node : Items(root, list)) {
      Finding finding =
          BaseFinding(node, Items(node, "cves"), FirstText(node, {"issueId", "licenseKey"}));
      if (list == "licensesViolations") {
        finding = NewFinding(FindingClass::kLicence, kTool, {}, Text(node, "licenseKey"));
        SetSeverity(finding, kTool, Text(node, "severity"));
      }
      SetPackage(finding, LowerAscii(Text(node, "impactedPackageType")),
                 Text(node, "impactedPackageName"), Text(node, "impactedPackageVersion"));
      if (finding.vuln) SetFixedIn(finding, PlainVersions(Texts(node, "fixedVersions")));
      SetTitle(finding);
      sink.Add(std::move(finding));
    }
  }
}

// Violations of watches (API v1 and v2): one finding an infected component.
void ReadViolations(io::NodeView root, Sink& sink) {
  for (const io::NodeView& node : Items(root, "violations")) {
    std::vector<std::string> components = Texts(node, "infected_components");
    if (components.empty()) components.emplace_back();
    for (const std::string& component : components) {
      std::vector<io::NodeView> cves = Items(node, "properties");
      if (cves.empty()) cves = Items(node, "cves");
      Finding finding = BaseFinding(node, cves, Text(node, "issue_id"));
      if (EqualsIgnoreCase(Text(node, "type"), "license")) {
        finding.finding_class = FindingClass::kLicence;
        finding.vuln.reset();
      }
      SetComponent(finding, component);
      if (finding.message.empty()) finding.message = OneLine(Text(node, "description"), 500);
      if (finding.vuln) SetFixedIn(finding, PlainVersions(Texts(node, "fix_versions")));
      finding.origin->category = Text(node, "watch_name");
      const std::vector<std::string> artifacts = Texts(node, "impacted_artifacts");
      if (!artifacts.empty()) finding.origin->service = artifacts.front();
      AddReference(finding, Text(node, "violation_details_url"));
      SetTitle(finding);
      sink.Add(std::move(finding));
    }
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (IsExport(root)) {
    sink.Begin({std::string(kTool), {}, {}, {}});
    ReadExport(root, sink);
  } else if (IsSummary(root)) {
    sink.Begin(
        {std::string(kTool), {}, Text(Items(root, "artifacts").front(), "general.name"), {}});
    ReadSummary(root, sink);
  } else if (IsScanList(root)) {
    sink.Begin({std::string(kTool), {}, Text(root.Children().front(), "component_id"), {}});
    ReadScanList(root, sink);
  } else if (IsViolations(root)) {
    sink.Begin({std::string(kTool), {}, {}, {}});
    ReadViolations(root, sink);
  } else if (IsSimple(root)) {
    sink.Begin({std::string(kTool), {}, {}, {}});
    ReadSimple(root, sink);
  } else {
    return MissingPart(root, "list of issues in a form of Xray");
  }
  return {};
}

}  // namespace

const Importer kXray = {
    "xray",
    "JFrog Xray",
    "Xray exports, artifact summaries, binary scans and jf scan --format simple-json",
    "one issue of one component",
    Detect,
    Read};

}  // namespace ouro::ingest
