// Grype's JSON (-o json), all schema versions since 0.1.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;

constexpr std::string_view kTool = "grype";

struct Context {
  std::string version;
  model::Image image;
  std::string distribution;
};

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (Text(root, "descriptor.name") == "grype" && root.Get("matches")) return kNamed;
  const std::vector<io::NodeView> matches = Items(root, "matches");
  const bool shape = !matches.empty() && HasKeys(matches.front(), {"vulnerability", "artifact"});
  return shape ? kSure : kNo;
}

void SetRatings(Finding& finding, io::NodeView node) {
  for (const io::NodeView& rating : Items(node, "cvss")) {
    const std::optional<double> score = Number(rating, "metrics.baseScore");
    const std::string source = FirstText(rating, {"source"});
    AddCvss(*finding.vuln, Text(rating, "vector"), score.value_or(-1),
            source.empty() ? Text(node, "namespace") : source, Text(rating, "version"));
  }
  for (const io::NodeView& epss : Items(node, "epss")) {
    const double probability = Number(epss, "epss").value_or(-1);
    if (probability <= finding.vuln->epss) continue;
    finding.vuln->epss = probability;
    finding.vuln->epss_percentile = Number(epss, "percentile").value_or(-1);
  }
  const bool known = !Items(node, "knownExploited").empty();
  if (known) finding.vuln->kev = true;
  for (const io::NodeView& cwe : Items(node, "cwes"))
    AddCwes(finding, FirstText(cwe, {"cwe", "id"}));
}

void SetArtifact(Finding& finding, io::NodeView artifact, const Context& context) {
  const std::string type = Text(artifact, "type");
  SetPackagePurl(finding, Text(artifact, "purl"));
  SetPackage(finding, type, Text(artifact, "name"), Text(artifact, "version"),
             context.distribution);
  for (const io::NodeView& upstream : Items(artifact, "upstreams")) {
    if (finding.package && finding.package->source.empty())
      finding.package->source = Text(upstream, "name");
  }
  if (finding.package && finding.package->source.empty()) {
    finding.package->source = Text(artifact, "metadata.Source");
  }
  if (!context.image.reference.empty()) finding.image = context.image;
  for (const io::NodeView& location : Items(artifact, "locations")) {
    const std::string path = LocationPath(FirstText(location, {"path", "RealPath"}));
    if (!finding.location.file.empty()) {
      finding.other_locations.emplace_back();
      finding.other_locations.back().file = path;
      continue;
    }
    finding.location.file = path;
    if (finding.image) finding.image->layer = FirstText(location, {"layerID", "FileSystemID"});
  }
  finding.other_locations.resize(std::min<size_t>(finding.other_locations.size(), 20));
  if (finding.package) finding.package->path = finding.location.file;
  AddTag(finding, Text(artifact, "language"));
}

Finding ReadMatch(io::NodeView match, const Context& context) {
  const io::NodeView vulnerability = match.Get("vulnerability");
  const std::vector<io::NodeView> related = Items(match, "relatedVulnerabilities");
  std::vector<std::string> ids = {Text(vulnerability, "id")};
  for (const io::NodeView& other : related) ids.push_back(Text(other, "id"));
  Finding finding = NewVulnFinding(kTool, context.version, ids);
  SetArtifact(finding, match.Get("artifact"), context);
  const std::string name = Text(match, "artifact.name");
  const std::string version = Text(match, "artifact.version");
  finding.title = fmt::format("{} in {}:{}", ids.front(), name, version);
  model::Origin& origin = *finding.origin;
  origin.description = Text(vulnerability, "description");
  AddReference(finding, Text(vulnerability, "dataSource"));
  AddReferences(finding, Texts(vulnerability, "urls"));
  AddReferences(finding, Texts(vulnerability, "links"));  // the oldest schema
  SetRatings(finding, vulnerability);
  for (const io::NodeView& other : related) {
    if (origin.description.empty()) origin.description = Text(other, "description");
    AddReference(finding, Text(other, "dataSource"));
    AddReferences(finding, Texts(other, "urls"));
    SetRatings(finding, other);
  }
  for (const io::NodeView& detail : Items(match, "matchDetails")) {
    std::string matcher = Text(detail, "matcher");
    if (EndsWith(matcher, "-matcher")) matcher.resize(matcher.size() - 8);
    AddTag(finding, matcher);
    origin.confidence = Text(detail, "type");
  }
  finding.message = fmt::format("{} {} is affected by {}", name, version, ids.front());
  SetSeverity(finding, kTool, Text(vulnerability, "severity"));
  finding.vuln->fix_state = FixState(Text(vulnerability, "fix.state"));
  std::vector<std::string> fixed = Texts(vulnerability, "fix.versions");
  if (fixed.empty()) fixed = Texts(vulnerability, "fixedInVersion");
  SetFixedIn(finding, fixed);
  return finding;
}

Context ContextOf(io::NodeView root) {
  Context context;
  context.version = Text(root, "descriptor.version");
  context.distribution = Text(root, "distro.name");
  const io::NodeView target = At(root, "source.target");
  if (Text(root, "source.type") == "image") {
    context.image.reference = Text(target, "userInput");
    context.image.digest = Text(target, "manifestDigest");
    for (const std::string& digest : Texts(target, "repoDigests")) {
      const size_t at = digest.find('@');
      if (at != std::string::npos) context.image.digest = digest.substr(at + 1);
    }
  }
  return context;
}

std::string KeyOf(const Finding& finding) {
  return fmt::format("{}|{}|{}|{}", finding.check, finding.package ? finding.package->name : "",
                     finding.package ? finding.package->version : "", finding.location.file);
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const io::NodeView matches = root.Get("matches");
  if (!matches.IsList() && matches.type() != io::NodeType::kNull)
    return MissingPart(root, "list \"matches\"");
  const Context context = ContextOf(root);
  std::string target = context.image.reference;
  if (target.empty()) target = Text(root, "source.target");
  sink.Begin({std::string(kTool), context.version, target, Text(root, "descriptor.timestamp")});
  Folder folder;
  for (const io::NodeView& match : Items(root, "matches")) {
    Finding finding = ReadMatch(match, context);
    const std::string key = KeyOf(finding);
    folder.Add(key, std::move(finding));
  }
  // What an ignore rule or a VEX document took out (--show-suppressed).
  for (const io::NodeView& match : Items(root, "ignoredMatches")) {
    Finding finding = ReadMatch(match, context);
    const std::vector<io::NodeView> rules = Items(match, "appliedIgnoreRules");
    const std::string status = rules.empty() ? std::string() : Text(rules.front(), "vex-status");
    const bool known = status == "not_affected" || status == "fixed";
    SetState(
        finding, known ? status : "risk_accepted",
        rules.empty() ? std::string() : FirstText(rules.front(), {"reason", "vex-justification"}));
    const std::string key = "ignored|" + KeyOf(finding);
    folder.Add(key, std::move(finding));
  }
  folder.Flush(sink);
  return {};
}

}  // namespace

const Importer kGrype = {"grype",         "Grype",
                         "grype -o json", "one vulnerability of one package at one path",
                         Detect,          Read};

}  // namespace ouro::ingest
