// Clair: clair-scanner (v2), Klar (v2), and the vulnerability reports of Clair v4 (clairctl report
// --out json, the API's vulnerability_report and its v2 layers).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;

constexpr std::string_view kTool = "clair";

bool IsKlar(io::NodeView root) {
  return root.Get("LayerCount") && root.Get("Vulnerabilities").IsMap();
}

bool IsScanner(io::NodeView root) {
  return HasKeys(root, {"image", "unapproved", "vulnerabilities"});
}

// v4: maps by id, joined by package_vulnerabilities.
bool IsReport(io::NodeView root) {
  return HasKeys(root, {"manifest_hash", "packages", "package_vulnerabilities"}) ||
         HasKeys(root, {"vulnerabilities", "packages", "package_vulnerabilities"});
}

// v1 API of Clair 2: a layer with features.
bool IsLayer(io::NodeView root) {
  return At(root, "Layer.Features").IsList();
}

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  return IsKlar(root) || IsScanner(root) || IsReport(root) || IsLayer(root) ? kNamed : kNo;
}

std::string DistributionOf(std::string_view namespace_name) {
  return std::string(namespace_name.substr(0, namespace_name.find_first_of(":-")));
}

// What all forms have, under their own names.
struct Entry {
  std::string id;
  std::string package;
  std::string version;
  std::string namespace_name;  // "ubuntu:18.04"
  std::string severity;
  std::string fixed;
  std::string description;
  std::string link;
  std::string image;
  std::string digest;
};

Finding FindingOf(const Entry& entry) {
  // Clair v4 writes "CVE-2024-1 on Ubuntu 22.04 LTS (jammy)".
  std::vector<std::string> ids = VulnIdsIn(entry.id);
  if (ids.empty()) ids.push_back(entry.id);
  Finding finding = NewVulnFinding(kTool, {}, {ids.front()});
  const std::string distribution = DistributionOf(entry.namespace_name);
  SetPackage(finding, distribution, entry.package, entry.version, distribution);
  finding.title = fmt::format("{} - ({}, {})", entry.id, entry.package, entry.version);
  finding.message = FirstLine(entry.description, 500);
  finding.origin->description = entry.description;
  finding.origin->category = entry.namespace_name;
  for (const std::string_view url : SplitText(entry.link, ' ')) AddReference(finding, url);
  SetSeverity(finding, kTool, entry.severity);
  SetFixedIn(finding, {entry.fixed});
  if (!entry.image.empty() || !entry.digest.empty())
    finding.image = model::Image{entry.image, entry.digest, {}};
  return finding;
}

void ReadScanner(io::NodeView root, Sink& sink) {
  for (const io::NodeView& node : Items(root, "vulnerabilities")) {
    sink.Add(FindingOf({Text(node, "vulnerability"),
                        Text(node, "featurename"),
                        Text(node, "featureversion"),
                        Text(node, "namespace"),
                        Text(node, "severity"),
                        Text(node, "fixedby"),
                        Text(node, "description"),
                        Text(node, "link"),
                        Text(root, "image"),
                        {}}));
  }
}

void ReadKlar(io::NodeView root, Sink& sink) {
  for (const auto& [severity, list] : root.Get("Vulnerabilities").Members()) {
    for (const io::NodeView& node : Items(list, "")) {
      const std::string word = Text(node, "Severity");
      sink.Add(FindingOf({Text(node, "Name"),
                          Text(node, "FeatureName"),
                          Text(node, "FeatureVersion"),
                          Text(node, "NamespaceName"),
                          word.empty() ? std::string(severity) : word,
                          Text(node, "FixedBy"),
                          Text(node, "Description"),
                          Text(node, "Link"),
                          {},
                          {}}));
    }
  }
}

void ReadLayer(io::NodeView root, Sink& sink) {
  for (const io::NodeView& feature : Items(root, "Layer.Features")) {
    for (const io::NodeView& node : Items(feature, "Vulnerabilities")) {
      sink.Add(FindingOf({Text(node, "Name"),
                          Text(feature, "Name"),
                          Text(feature, "Version"),
                          FirstText(feature, {"NamespaceName"}),
                          Text(node, "Severity"),
                          Text(node, "FixedBy"),
                          Text(node, "Description"),
                          Text(node, "Link"),
                          Text(root, "Layer.Name"),
                          {}}));
    }
  }
}

void ReadReport(io::NodeView root, Sink& sink) {
  for (const auto& [package_id, list] : root.Get("package_vulnerabilities").Members()) {
    const io::NodeView package = root.Get("packages").Get(package_id);
    for (const std::string& id : Texts(list, "")) {
      const io::NodeView node = root.Get("vulnerabilities").Get(id);
      if (!node) continue;
      std::string namespace_name = FirstText(node, {"distribution.did", "repository.name"});
      Finding finding = FindingOf({Text(node, "name"),
                                   Text(package, "name"),
                                   Text(package, "version"),
                                   namespace_name,
                                   FirstText(node, {"normalized_severity", "severity"}),
                                   Text(node, "fixed_in_version"),
                                   Text(node, "description"),
                                   Text(node, "links"),
                                   {},
                                   Text(root, "manifest_hash")});
      const std::string source = Text(package, "source.name");
      if (finding.package) finding.package->source = source;
      finding.vuln->published = Text(node, "issued");
      sink.Add(std::move(finding));
    }
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const bool known = IsKlar(root) || IsScanner(root) || IsReport(root) || IsLayer(root);
  if (!known) return MissingPart(root, "list of vulnerabilities in a form of Clair");
  sink.Begin(
      {std::string(kTool), {}, FirstText(root, {"image", "manifest_hash", "Layer.Name"}), {}});
  if (IsScanner(root)) ReadScanner(root, sink);
  if (IsKlar(root)) ReadKlar(root, sink);
  if (IsLayer(root)) ReadLayer(root, sink);
  if (IsReport(root)) ReadReport(root, sink);
  return {};
}

}  // namespace

const Importer kClair = {"clair",
                         "Clair",
                         "clair-scanner, Klar, Clair v4 (clairctl, API) as JSON",
                         "one vulnerability of one package",
                         Detect,
                         Read};

}  // namespace ouro::ingest
