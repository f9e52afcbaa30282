// Trivy's JSON: image, fs, repo, rootfs, sbom, config (SchemaVersion 2 and the plain list of the
// years before), k8s (full and summary, old and new form) and compliance reports.
#include <map>

#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

constexpr std::string_view kTool = "trivy";

// What holds for all results that are read next.
struct Context {
  std::string version;
  model::Image image;      // empty reference: no image
  std::string host_image;  // of k8s: the image of the last operating system result
  Subject object;          // of k8s
  std::string cluster;
  std::string stage = "import";
  std::string control;  // of a compliance report: "5.2.1"
};

bool LooksLikeResult(io::NodeView node) {
  if (!node.Get("Target")) return false;
  return node.Get("Vulnerabilities") || node.Get("Type") || node.Get("Class") ||
         node.Get("Misconfigurations") || node.Get("Secrets");
}

bool IsCompliance(io::NodeView root) {
  return HasKeys(root, {"ID", "Title"}) &&
         (root.Get("SummaryControls") || root.Get("RelatedResources"));
}

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (root.IsList()) {
    const std::vector<io::NodeView> results = root.Children();
    return !results.empty() && LooksLikeResult(results.front()) ? kNamed : kNo;
  }
  if (HasKeys(root, {"SchemaVersion", "ArtifactName"})) return kNamed;
  if (root.Get("ClusterName") && (root.Get("Resources") || root.Get("Findings") ||
                                  root.Get("Vulnerabilities") || root.Get("Misconfigurations"))) {
    return kNamed;
  }
  if (HasKeys(root, {"ArtifactName", "Results"})) return kNamed;
  return IsCompliance(root) ? kSure : kNo;
}

// "registry/app:1 (debian 10.4)" → "registry/app:1".
std::string ImageOfTarget(const std::string& target) {
  const size_t blank = target.find(" (");
  return blank == std::string::npos ? std::string() : target.substr(0, blank);
}

// A target that is a file, not "Java" or "OS Packages".
bool IsFile(const std::string& target) {
  return target.find(' ') == std::string::npos && target.find_first_of("./") != std::string::npos;
}

void SetPlace(Finding& finding, const Context& context) {
  finding.stage = context.stage;
  if (!context.object.kind.empty()) {
    const Owner owner = OwnerOf(context.object.kind, context.object.name);
    SetResource(finding, owner.kind, context.object.namespace_name, owner.name,
                finding.resource.container);
  }
  if (!context.cluster.empty()) finding.asset.Make().cluster = context.cluster;
  if (!context.image.reference.empty() || !context.image.digest.empty())
    finding.image = context.image;
  if (!finding.image && !context.host_image.empty()) {
    finding.image = model::Image{context.host_image, {}, {}};
  }
  if (!context.control.empty()) finding.origin->category = context.control;
}

// Ratings of all sources, the one that the severity comes from first.
void SetCvss(Finding& finding, io::NodeView node) {
  const std::string first = Text(node, "SeveritySource");
  std::vector<std::pair<std::string_view, io::NodeView>> sources = node.Get("CVSS").Members();
  const auto add = [&finding](std::string_view source, io::NodeView rating) {
    for (const std::string_view version : {"V40", "V3", "V2"}) {
      const std::string vector = Text(rating, std::string(version) + "Vector");
      const std::optional<double> score = Number(rating, std::string(version) + "Score");
      AddCvss(*finding.vuln, vector, score.value_or(-1), source);
    }
  };
  for (const auto& [source, rating] : sources) {
    if (source == first) add(source, rating);
  }
  for (const auto& [source, rating] : sources) {
    if (source != first) add(source, rating);
  }
}

void SetLayer(Finding& finding, io::NodeView node) {
  const std::string layer = FirstText(node, {"Layer.Digest", "Layer.DiffID"});
  if (!layer.empty() && finding.image) finding.image->layer = layer;
}

Finding ReadVulnerability(io::NodeView result, io::NodeView node, const Context& context) {
  const std::string id = Text(node, "VulnerabilityID");
  Finding finding = NewVulnFinding(kTool, context.version, {id});
  const std::string target = Text(result, "Target");
  const std::string type = Text(result, "Type");
  const std::string name = Text(node, "PkgName");
  const std::string version = Text(node, "InstalledVersion");
  SetPackagePurl(finding, FirstText(node, {"PkgIdentifier.PURL", "PkgRef"}));
  SetPackage(finding, type, name, version, type);
  if (finding.package) finding.package->path = LocationPath(Text(node, "PkgPath"));
  finding.title = VulnTitle(id, name, version);
  finding.message = Text(node, "Title");
  model::Origin& origin = *finding.origin;
  origin.description = Text(node, "Description");
  if (finding.message.empty()) finding.message = FirstLine(origin.description, 500);
  for (const std::string& cwe : Texts(node, "CweIDs")) AddCwes(finding, cwe);
  AddReference(finding, Text(node, "PrimaryURL"));
  AddReferences(finding, Texts(node, "References"));
  AddTag(finding, type);
  AddTag(finding, Text(result, "Class"));
  SetCvss(finding, node);
  SetSeverity(finding, kTool, Text(node, "Severity"));
  finding.vuln->published = Text(node, "PublishedDate");
  finding.vuln->fix_state = FixState(Text(node, "Status"));
  SetFixedIn(finding, {Text(node, "FixedVersion")});
  finding.location.file = finding.package ? finding.package->path : std::string();
  if (finding.location.file.empty() && IsFile(target) && Text(result, "Class") != "os-pkgs") {
    finding.location.file = LocationPath(target);
    if (finding.package) finding.package->path = finding.location.file;
  }
  SetPlace(finding, context);
  SetLayer(finding, node);
  return finding;
}

// ---- misconfigurations
// -----------------------------------------------------------------------------

// What the other sentences of a file say about its objects. Trivy's checks differ in how much of
// the object they name; the lines of the cause tell which sentences are about the same container.
struct FileSubjects {
  std::map<std::string, std::string> namespaces;         // "Kind/name" → namespace
  std::map<std::pair<int64_t, int64_t>, Subject> lines;  // of the cause
  std::map<std::string, Subject> containers;             // first object with it
  std::vector<Subject> objects;                          // different ones
};

FileSubjects SubjectsOf(io::NodeView result) {
  FileSubjects all;
  for (const io::NodeView& node : Items(result, "Misconfigurations")) {
    const Subject subject = SubjectInMessage(Text(node, "Message"));
    if (subject.kind.empty()) continue;
    const std::string key = subject.kind + "/" + subject.name;
    if (all.namespaces.emplace(key, subject.namespace_name).second) all.objects.push_back(subject);
    if (!subject.namespace_name.empty()) all.namespaces[key] = subject.namespace_name;
    if (subject.container.empty()) continue;
    all.containers.emplace(subject.container, subject);
    all.lines.emplace(std::make_pair(Integer(node, "CauseMetadata.StartLine"),
                                     Integer(node, "CauseMetadata.EndLine")),
                      subject);
  }
  return all;
}

// Some checks write the object's name where others write the container's.
const Subject* ObjectNamed(const FileSubjects& all, const std::string& name) {
  for (const Subject& object : all.objects) {
    if (!name.empty() && object.name == name) return &object;
  }
  return nullptr;
}

Subject SubjectOf(io::NodeView node, const FileSubjects& all) {
  Subject subject = SubjectInMessage(Text(node, "Message"));
  if (subject.kind.empty()) {
    const auto lines = all.lines.find(
        {Integer(node, "CauseMetadata.StartLine"), Integer(node, "CauseMetadata.EndLine")});
    const auto container = all.containers.find(subject.container);
    const Subject* object = ObjectNamed(all, subject.container);
    if (container != all.containers.end()) {
      subject = container->second;
    } else if (object != nullptr) {
      subject = *object;
      subject.container.clear();
    } else if (subject.container.empty() && lines != all.lines.end() && lines->first.first > 0) {
      subject = lines->second;
    } else if (all.objects.size() == 1) {
      subject.kind = all.objects.front().kind;
      subject.name = all.objects.front().name;
    }
  }
  if (subject.namespace_name.empty()) {
    const auto found = all.namespaces.find(subject.kind + "/" + subject.name);
    if (found != all.namespaces.end()) subject.namespace_name = found->second;
  }
  return subject;
}

void SetCause(Finding& finding, io::NodeView result, io::NodeView node) {
  const std::string target = Text(result, "Target");
  finding.location.file = LocationPath(target);
  finding.location.line = Integer(node, "CauseMetadata.StartLine");
  finding.location.end_line = Integer(node, "CauseMetadata.EndLine");
}

Finding ReadMisconfiguration(io::NodeView result, io::NodeView node, const FileSubjects& all,
                             const Context& context) {
  const std::string id = FirstText(node, {"ID", "AVDID"});
  Finding finding = NewFinding(FindingClass::kMisconfig, kTool, context.version, TrivyCheckId(id));
  finding.title = fmt::format("{} - {}", id, Text(node, "Title"));
  finding.message = Text(node, "Message");
  finding.remediation = Text(node, "Resolution");
  model::Origin& origin = *finding.origin;
  origin.description = Text(node, "Description");
  origin.category = Text(node, "Type");
  AddReference(finding, Text(node, "PrimaryURL"));
  AddReferences(finding, Texts(node, "References"));
  AddTag(finding, Text(result, "Type"));
  AddTag(finding, Text(result, "Class"));
  SetSeverity(finding, kTool, Text(node, "Severity"));
  const Subject subject = SubjectOf(node, all);
  if (context.object.kind.empty()) {
    SetCause(finding, result, node);
    if (!subject.kind.empty() || !subject.container.empty()) {
      SetResource(finding, subject.kind, subject.namespace_name, subject.name, subject.container);
    }
  } else {
    finding.resource.container = subject.container;
  }
  SetPlace(finding, context);
  if (Text(node, "Status") == "EXCEPTION") SetState(finding, "risk_accepted", "exception");
  return finding;
}

void AddMisconfigurations(io::NodeView result, const Context& context, Sink& sink) {
  const std::vector<io::NodeView> nodes = Items(result, "Misconfigurations");
  const FileSubjects all = SubjectsOf(result);
  int64_t passed = 0;
  for (const io::NodeView& node : nodes) {
    if (Text(node, "Status") == "PASS") {
      ++passed;
    } else {
      sink.Add(ReadMisconfiguration(result, node, all, context));
    }
  }
  if (passed == 0) passed = Integer(result, "MisconfSummary.Successes");
  if (passed > 0) sink.AddPassed(passed);
}

// ---- secrets and licences
// --------------------------------------------------------------------------

// The match is redacted by Trivy; it is hashed and not kept all the same.
Finding ReadSecret(io::NodeView result, io::NodeView node, const Context& context) {
  Finding finding = NewFinding(FindingClass::kSecret, kTool, context.version, Text(node, "RuleID"));
  const std::string target = LocationPath(Text(result, "Target"));
  finding.title = fmt::format("Secret detected in {} - {}", target, Text(node, "Title"));
  finding.message = fmt::format("{} in {}", Text(node, "Title"), target);
  finding.remediation = "Revoke the secret, then remove it from the file and from the history";
  finding.origin->category = Text(node, "Category");
  const std::string match = Text(node, "Match");
  if (!match.empty()) finding.origin->snippet_hash = SecretHash(match);
  SetSeverity(finding, kTool, Text(node, "Severity"));
  finding.location.file = target;
  finding.location.line = Integer(node, "StartLine");
  finding.location.end_line = Integer(node, "EndLine");
  SetPlace(finding, context);
  SetLayer(finding, node);
  return finding;
}

Finding ReadLicence(io::NodeView result, io::NodeView node, const Context& context) {
  const std::string name = Text(node, "Name");
  Finding finding = NewFinding(FindingClass::kLicence, kTool, context.version, name);
  SetPackage(finding, Text(result, "Type"), Text(node, "PkgName"), "");
  const std::string file = LocationPath(Text(node, "FilePath"));
  const std::string subject = finding.package ? finding.package->name : file;
  finding.title = fmt::format("{} in {}", name, subject);
  finding.message =
      fmt::format("{} has the licence {}, which is {}", subject, name, Text(node, "Category"));
  finding.origin->category = Text(node, "Category");
  finding.origin->confidence = Text(node, "Confidence");
  AddReference(finding, Text(node, "Link"));
  SetSeverity(finding, kTool, Text(node, "Severity"));
  finding.location.file = file;
  SetPlace(finding, context);
  return finding;
}

// Findings that a VEX document or an ignore file took out (--show-suppressed).
void AddSuppressed(io::NodeView result, const Context& context, Sink& sink) {
  for (const io::NodeView& node : Items(result, "ExperimentalModifiedFindings")) {
    if (Text(node, "Type") != "vulnerability") continue;
    Finding finding = ReadVulnerability(result, node.Get("Finding"), context);
    const std::string status = Text(node, "Status");
    const bool known = status == "not_affected" || status == "fixed";
    SetState(finding, known ? status : "risk_accepted", FirstText(node, {"Statement", "Source"}));
    sink.Add(std::move(finding));
  }
}

// Packages of --list-all-pkgs that have no vulnerability.
void AddPackages(io::NodeView result, Sink& sink) {
  std::map<std::string, bool> vulnerable;
  for (const io::NodeView& node : Items(result, "Vulnerabilities")) {
    vulnerable[Text(node, "PkgName") + "@" + Text(node, "InstalledVersion")] = true;
  }
  for (const io::NodeView& node : Items(result, "Packages")) {
    std::optional<model::Package> package = PackageOfPurl(Text(node, "Identifier.PURL"));
    if (!package || vulnerable.count(Text(node, "Name") + "@" + Text(node, "Version")) != 0)
      continue;
    package->path = LocationPath(Text(node, "FilePath"));
    sink.AddComponent(std::move(*package));
  }
}

void AddResult(io::NodeView result, Context& context, Sink& sink) {
  if (context.image.reference.empty() && !context.object.kind.empty()) {
    const std::string image = ImageOfTarget(Text(result, "Target"));
    if (!image.empty()) context.host_image = image;
  }
  for (const io::NodeView& node : Items(result, "Vulnerabilities")) {
    sink.Add(ReadVulnerability(result, node, context));
  }
  AddSuppressed(result, context, sink);
  AddMisconfigurations(result, context, sink);
  for (const io::NodeView& node : Items(result, "Secrets"))
    sink.Add(ReadSecret(result, node, context));
  for (const io::NodeView& node : Items(result, "Licenses"))
    sink.Add(ReadLicence(result, node, context));
  AddPackages(result, sink);
}

// ---- reports
// ---------------------------------------------------------------------------------------

void AddArtifact(io::NodeView root, Context& context, Sink& sink) {
  const std::string type = Text(root, "ArtifactType");
  if (type == "container_image" || type == "vm")
    context.image.reference = Text(root, "ArtifactName");
  for (const std::string& digest : Texts(root, "Metadata.RepoDigests")) {
    const size_t at = digest.find('@');
    if (at != std::string::npos && context.image.digest.empty())
      context.image.digest = digest.substr(at + 1);
  }
  for (const io::NodeView& result : Items(root, "Results")) AddResult(result, context, sink);
}

// One object of `trivy k8s`, or a node of the cluster.
void AddObject(io::NodeView object, Context context, Sink& sink) {
  context.object.kind = Text(object, "Kind");
  context.object.name = Text(object, "Name");
  context.object.namespace_name = Text(object, "Namespace");
  const std::string error = Text(object, "Error");
  if (!error.empty()) {
    model::Problem problem;
    problem.kind = "tool_error";
    problem.object = fmt::format("{} {}/{}", context.object.kind, context.object.namespace_name,
                                 context.object.name);
    problem.message = "trivy could not examine it: " + FirstLine(error, 500);
    sink.AddProblem(std::move(problem));
  }
  for (const io::NodeView& result : Items(object, "Results")) AddResult(result, context, sink);
}

void AddCluster(io::NodeView root, Context& context, Sink& sink) {
  context.cluster = Text(root, "ClusterName");
  context.stage = "runtime";
  for (const std::string_view list :
       {"Vulnerabilities", "Misconfigurations", "Resources", "Findings"}) {
    for (const io::NodeView& object : Items(root, list)) AddObject(object, context, sink);
  }
}

// A report by controls of a benchmark: with all findings, or only how many there are.
void AddCompliance(io::NodeView root, Context& context, Sink& sink) {
  context.stage = "runtime";
  for (const io::NodeView& control : Items(root, "Results")) {
    context.control = fmt::format("{} {}", Text(control, "ID"), Text(control, "Name"));
    for (const io::NodeView& result : Items(control, "Results")) AddResult(result, context, sink);
  }
  for (const io::NodeView& control : Items(root, "SummaryControls")) {
    const int64_t failed = Integer(control, "TotalFail");
    if (failed <= 0) {
      sink.AddPassed(1);
      continue;
    }
    const std::string id = Text(control, "ID");
    Finding finding = NewFinding(FindingClass::kBench, kTool, context.version,
                                 fmt::format("{}/{}", Text(root, "ID"), id));
    finding.title = fmt::format("{} {}", id, Text(control, "Name"));
    finding.message = fmt::format("{} checks of this control failed", failed);
    finding.stage = context.stage;
    finding.origin->category = Text(root, "Title");
    finding.origin->occurrences = failed;
    SetSeverity(finding, kTool, Text(control, "Severity"));
    sink.Add(std::move(finding));
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  Context context;
  context.version = Text(root, "Trivy.Version");
  const std::string target = FirstText(root, {"ArtifactName", "ClusterName", "Title"});
  if (root.IsList()) {
    const std::vector<io::NodeView> results = root.Children();
    if (results.empty() || !LooksLikeResult(results.front()))
      return MissingPart(root, "result with \"Target\"");
    context.image.reference = ImageOfTarget(Text(results.front(), "Target"));
    sink.Begin({std::string(kTool), {}, context.image.reference, {}});
    for (const io::NodeView& result : results) AddResult(result, context, sink);
    return {};
  }
  const io::NodeView results = root.Get("Results");
  if (results && !results.IsList() && results.type() != io::NodeType::kNull) {
    return Fail(ErrorCode::kInvalid, "\"Results\" is no list", PlaceOf(results));
  }
  sink.Begin({std::string(kTool), context.version, target, Text(root, "CreatedAt")});
  if (root.Get("ClusterName")) {
    AddCluster(root, context, sink);
  } else if (IsCompliance(root)) {
    AddCompliance(root, context, sink);
  } else {
    AddArtifact(root, context, sink);
  }
  return {};
}

}  // namespace

const Importer kTrivy = {"trivy",
                         "Trivy",
                         "trivy image, fs, repo, rootfs, sbom, config and k8s with --format json",
                         "one vulnerability, misconfiguration, secret or licence of one target",
                         Detect,
                         Read};

}  // namespace ouro::ingest
