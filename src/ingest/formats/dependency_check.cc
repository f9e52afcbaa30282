// OWASP Dependency-Check, its XML report (schemas 1.0 to 4.x) and its JSON report.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;

constexpr std::string_view kTool = "dependency-check";

int Detect(const ReportInput& input) {
  if (input.LooksLikeXml()) {
    const XmlNode root = input.xml();
    if (root.name() != "analysis") return kNo;
    if (ContainsIgnoreCase(root.namespace_uri(), "dependency-check")) return kNamed;
    return root.Child("dependencies") && root.Child("scanInfo") ? kNamed : kNo;
  }
  const io::NodeView root = input.json();
  return HasKeys(root, {"reportSchema", "scanInfo", "dependencies"}) ? kNamed : kNo;
}

// What identifies a dependency, in either form.
struct Dependency {
  std::string file_name;
  std::string path;
  std::vector<std::string> related;  // paths
  std::string purl;
  std::string name;
  std::string version;
};

// Metrics of CVSS v3 are written out one by one: the vector is put together again.
struct Metric {
  std::string_view key;
  std::string_view name;
};
constexpr Metric kMetrics[] = {{"attackVector", "AV"},
                               {"attackComplexity", "AC"},
                               {"privilegesRequired", "PR"},
                               {"userInteraction", "UI"},
                               {"scope", "S"},
                               {"confidentialityImpact", "C"},
                               {"integrityImpact", "I"},
                               {"availabilityImpact", "A"}};

std::string VectorOf(const std::vector<std::string>& words, const std::string& version) {
  std::string vector = version.empty() ? "CVSS:3.1" : "CVSS:" + version;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].empty()) return {};
    vector += fmt::format("/{}:{}", kMetrics[i].name, words[i].substr(0, 1));
  }
  return vector;
}

void SetDependency(Finding& finding, const Dependency& dependency) {
  if (!SetPackagePurl(finding, dependency.purl)) {
    finding.package.Make().name = dependency.name.empty() ? dependency.file_name : dependency.name;
    finding.package->version = dependency.version;
  }
  finding.package->path = LocationPath(dependency.path);
  // Nested archives are told by the name ("a.ear: b.jar"), not by the path.
  finding.location.file = LocationPath(dependency.file_name);
  for (const std::string& path : dependency.related) {
    if (finding.other_locations.size() >= 20) break;
    finding.other_locations.emplace_back();
    finding.other_locations.back().file = LocationPath(path);
  }
}

// What a vulnerability has in either form.
struct Entry {
  std::string name;
  std::string source;
  std::string severity;
  std::string description;
  std::vector<std::string> cwes;
  std::vector<std::string> urls;
  std::string v2_score;
  std::string v3_score;
  std::string v3_vector;
  std::string v4_score;
  std::string v4_vector;
  bool suppressed = false;
  std::string notes;
  bool kev = false;
};

double Score(const std::string& text) {
  return text.empty() ? -1 : std::strtod(text.c_str(), nullptr);
}

Finding FindingOf(const Dependency& dependency, const Entry& entry, const std::string& version) {
  Finding finding = NewVulnFinding(kTool, version, {entry.name});
  SetDependency(finding, dependency);
  const model::Package& package = *finding.package;
  const std::string subject =
      package.version.empty() ? package.name : fmt::format("{}:{}", package.name, package.version);
  finding.title = fmt::format("{} | {}", subject, entry.name);
  finding.message = OneLine(entry.description, 500);
  finding.remediation =
      fmt::format("Update {} to at least the version recommended in the description", subject);
  model::Origin& origin = *finding.origin;
  origin.description = entry.description;
  AddFactLine(origin.description, "Source", entry.source);
  AddFactLine(origin.description, "Filepath", dependency.path);
  for (const std::string& path : dependency.related)
    AddFactLine(origin.description, "Related Filepaths", path);
  for (const std::string& cwe : entry.cwes) AddCwes(finding, cwe);
  AddReferences(finding, entry.urls);
  AddCvss(*finding.vuln, entry.v4_vector, Score(entry.v4_score), entry.source);
  AddCvss(*finding.vuln, entry.v3_vector, Score(entry.v3_score), entry.source);
  AddCvss(*finding.vuln, "", Score(entry.v2_score), entry.source);
  SetSeverityWordOrScore(finding, kTool, entry.severity, BestScore(*finding.vuln));
  finding.vuln->kev = entry.kev;
  if (entry.suppressed) {
    AddTag(finding, "suppressed");
    SetState(finding,
             ContainsIgnoreCase(entry.notes, "false positive") ? "false_positive" : "risk_accepted",
             entry.notes);
  }
  return finding;
}

// ---- XML
// -------------------------------------------------------------------------------------------

// Evidence of the highest confidence, where no identifier tells.
std::string Evidence(XmlNode dependency, std::string_view type) {
  std::string best;
  int best_rank = -1;
  for (const XmlNode& evidence : dependency.Child("evidenceCollected").Children("evidence")) {
    if (evidence.Attribute("type") != type) continue;
    const std::string_view confidence = evidence.Attribute("confidence");
    const int rank = confidence == "HIGHEST"  ? 3
                     : confidence == "HIGH"   ? 2
                     : confidence == "MEDIUM" ? 1
                                              : 0;
    if (rank <= best_rank) continue;
    best = evidence.ChildText("value");
    best_rank = rank;
  }
  return best;
}

void ReadIdentifiers(XmlNode node, Dependency& dependency) {
  const XmlNode identifiers = node.Child("identifiers");
  for (const XmlNode& package : identifiers.Descendants("package")) {
    const std::string id = package.ChildText("id");
    if (dependency.purl.empty() && StartsWith(id, "pkg:")) dependency.purl = id;
  }
  if (!dependency.purl.empty()) return;
  for (const XmlNode& identifier : identifiers.Descendants("identifier")) {
    if (identifier.Attribute("type") != "maven") continue;
    // group:artifact:version
    const std::string name = identifier.ChildText("name");
    const size_t last = name.rfind(':');
    if (last == std::string::npos) continue;
    dependency.name = name.substr(0, last);
    dependency.version = name.substr(last + 1);
    const std::vector<std::string_view> parts = SplitText(name, ':');
    if (parts.size() == 3)
      dependency.purl = fmt::format("pkg:maven/{}/{}@{}", parts[0], parts[1], parts[2]);
    return;
  }
  for (const XmlNode& identifier : identifiers.Descendants("identifier")) {
    if (identifier.Attribute("type") != "cpe") continue;
    // cpe:/a:vendor:product:version
    const std::vector<std::string> parts = [&identifier] {
      std::vector<std::string> texts;
      for (const std::string_view part : SplitText(identifier.ChildText("name"), ':'))
        texts.emplace_back(part);
      return texts;
    }();
    if (parts.size() < 4) continue;
    dependency.name = parts[3];
    if (parts.size() > 4) dependency.version = parts[4];
    return;
  }
}

Dependency ReadDependency(XmlNode node) {
  Dependency dependency;
  dependency.file_name = node.ChildText("fileName");
  dependency.path = node.ChildText("filePath");
  for (const XmlNode& related : node.Child("relatedDependencies").Children("relatedDependency")) {
    dependency.related.push_back(related.ChildText("filePath"));
  }
  ReadIdentifiers(node, dependency);
  if (dependency.purl.empty() && dependency.name.empty()) {
    dependency.name = Evidence(node, "product");
    dependency.version = Evidence(node, "version");
  }
  return dependency;
}

std::string FirstChildText(XmlNode node, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    std::string text = node.ChildText(name);
    if (!text.empty()) return text;
  }
  return {};
}

Entry ReadEntry(XmlNode node) {
  Entry entry;
  entry.name = node.ChildText("name");
  entry.source = node.Attribute("source");
  entry.description = node.ChildText("description");
  const XmlNode v3 = node.Child("cvssV3");
  const XmlNode v4 = node.Child("cvssV4");
  const XmlNode v2 = node.Child("cvssV2");
  entry.severity = FirstChildText(v3, {"baseSeverity", "severity"});
  if (entry.severity.empty()) entry.severity = node.ChildText("severity");
  if (entry.severity.empty()) entry.severity = v4.ChildText("baseSeverity");
  if (entry.severity.empty()) entry.severity = v2.ChildText("severity");
  entry.v3_score = v3.ChildText("baseScore");
  entry.v4_score = v4.ChildText("baseScore");
  entry.v4_vector = v4.ChildText("vectorString");
  entry.v2_score = v2.ChildText("score");
  if (entry.v2_score.empty()) entry.v2_score = node.ChildText("cvssScore");
  std::vector<std::string> words;
  for (const Metric& metric : kMetrics) words.push_back(v3.ChildText(metric.key));
  entry.v3_vector = VectorOf(words, v3.ChildText("version"));
  for (const XmlNode& cwe : node.Child("cwes").Children("cwe")) entry.cwes.push_back(cwe.Text());
  if (entry.cwes.empty()) entry.cwes.push_back(node.ChildText("cwe"));
  for (const XmlNode& reference : node.Child("references").Children("reference")) {
    entry.urls.push_back(reference.ChildText("url"));
  }
  entry.suppressed = node.name() == "suppressedVulnerability";
  entry.notes = node.ChildText("notes");
  entry.kev = node.Child("knownExploitedVulnerability").exists();
  return entry;
}

Status ReadXml(XmlNode root, Sink& sink) {
  const XmlNode dependencies = root.Child("dependencies");
  if (!dependencies)
    return Fail(ErrorCode::kInvalid, "the report has no element <dependencies>", "1:1");
  const std::string version = root.Child("scanInfo").ChildText("engineVersion");
  sink.Begin({std::string(kTool), version, root.Child("projectInfo").ChildText("name"),
              root.Child("projectInfo").ChildText("reportDate")});
  for (const XmlNode& node : dependencies.Children("dependency")) {
    const Dependency dependency = ReadDependency(node);
    for (const std::string_view kind : {"vulnerability", "suppressedVulnerability"}) {
      for (const XmlNode& item : node.Child("vulnerabilities").Children(kind)) {
        sink.Add(FindingOf(dependency, ReadEntry(item), version));
      }
    }
  }
  return {};
}

// ---- JSON
// ------------------------------------------------------------------------------------------

Dependency ReadDependency(io::NodeView node) {
  Dependency dependency;
  dependency.file_name = Text(node, "fileName");
  dependency.path = Text(node, "filePath");
  for (const io::NodeView& related : Items(node, "relatedDependencies")) {
    dependency.related.push_back(Text(related, "filePath"));
  }
  for (const io::NodeView& package : Items(node, "packages")) {
    const std::string id = Text(package, "id");
    if (dependency.purl.empty() && StartsWith(id, "pkg:")) dependency.purl = id;
  }
  return dependency;
}

Entry ReadEntry(io::NodeView node, bool suppressed) {
  Entry entry;
  entry.name = Text(node, "name");
  entry.source = Text(node, "source");
  entry.description = Text(node, "description");
  const io::NodeView v3 = node.Get("cvssv3");
  const io::NodeView v4 = node.Get("cvssv4");
  entry.severity = FirstText(v3, {"baseSeverity"});
  if (entry.severity.empty()) entry.severity = Text(node, "severity");
  entry.v3_score = Text(v3, "baseScore");
  entry.v4_score = Text(v4, "baseScore");
  entry.v4_vector = Text(v4, "vectorString");
  entry.v2_score = Text(node, "cvssv2.score");
  std::vector<std::string> words;
  for (const Metric& metric : kMetrics) words.push_back(Text(v3, metric.key));
  entry.v3_vector = VectorOf(words, Text(v3, "version"));
  entry.cwes = Texts(node, "cwes");
  for (const io::NodeView& reference : Items(node, "references"))
    entry.urls.push_back(Text(reference, "url"));
  entry.suppressed = suppressed;
  entry.notes = Text(node, "notes");
  entry.kev = node.Get("knownExploitedVulnerability").IsMap();
  return entry;
}

Status ReadJson(io::NodeView root, Sink& sink) {
  if (!root.Get("dependencies").IsList()) return MissingPart(root, "list \"dependencies\"");
  const std::string version = Text(root, "scanInfo.engineVersion");
  sink.Begin({std::string(kTool), version, Text(root, "projectInfo.name"),
              Text(root, "projectInfo.reportDate")});
  for (const io::NodeView& node : Items(root, "dependencies")) {
    const Dependency dependency = ReadDependency(node);
    for (const io::NodeView& item : Items(node, "vulnerabilities")) {
      sink.Add(FindingOf(dependency, ReadEntry(item, false), version));
    }
    for (const io::NodeView& item : Items(node, "suppressedVulnerabilities")) {
      sink.Add(FindingOf(dependency, ReadEntry(item, true), version));
    }
  }
  return {};
}

Status Read(const ReportInput& input, Sink& sink) {
  if (input.LooksLikeXml()) {
    OURO_TRY(const XmlNode root, XmlRoot(input));
    return ReadXml(root, sink);
  }
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  return ReadJson(root, sink);
}

}  // namespace

const Importer kDependencyCheck = {"dependency-check",
                                   "Dependency-Check",
                                   "OWASP Dependency-Check reports, XML and JSON",
                                   "one vulnerability of one dependency",
                                   Detect,
                                   Read};

}  // namespace ouro::ingest
