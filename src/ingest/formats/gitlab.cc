// GitLab's security reports (gl-*-report.json), schemas 2 to 15: SAST, secret detection, container
// and cluster image scanning, dependency scanning, DAST, API and coverage fuzzing. All have the
// same frame; the scan's type, or else the location of an entry, tells the kind. Checks are named
// by the scanner.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/sarif_tools.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

constexpr std::string_view kTool = "gitlab";

struct Context {
  std::string scan_type;
  std::string scanner;  // as importers name it, or "gitlab"
  std::string version;
  std::vector<io::NodeView> remediations;
  std::vector<io::NodeView> dependency_files;
};

bool IsEntry(io::NodeView node) {
  return node.Get("location").IsMap() && node.Get("identifiers").IsList();
}

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (!root.Get("vulnerabilities").IsList()) return kNo;
  const std::vector<io::NodeView> entries = Items(root, "vulnerabilities");
  const bool frame = root.Get("scan").IsMap() && At(root, "scan.type") && At(root, "scan.scanner");
  if (!entries.empty()) return IsEntry(entries.front()) ? kNamed : kNo;
  if (frame) return kNamed;
  // A report without scan and entries: the oldest schemas, and cuts of them.
  return HasKeys(root, {"version", "remediations"}) || root.Get("__comment__") ? kSure : kNo;
}

std::string KindOf(const Context& context, io::NodeView node) {
  const io::NodeView location = node.Get("location");
  for (const io::NodeView& identifier : Items(node, "identifiers")) {
    const std::string type = LowerAscii(Text(identifier, "type"));
    if (StartsWith(type, "gitleaks") || StartsWith(type, "trufflehog")) return "secret_detection";
  }
  if (!context.scan_type.empty()) return context.scan_type;
  if (const std::string category = Text(node, "category"); !category.empty()) return category;
  if (location.Get("image")) return "container_scanning";
  if (!Text(location, "dependency.package.name").empty()) return "dependency_scanning";
  if (location.Get("hostname") || location.Get("path")) return "dast";
  if (location.Get("crash_type")) return "coverage_fuzzing";
  return node.Get("raw_source_code_extract") ? "secret_detection" : "sast";
}

FindingClass ClassOf(const std::string& kind) {
  if (kind == "secret_detection") return FindingClass::kSecret;
  if (kind == "container_scanning" || kind == "cluster_image_scanning" ||
      kind == "dependency_scanning") {
    return FindingClass::kVuln;
  }
  if (kind == "dast" || kind == "api_fuzzing") return FindingClass::kProbe;
  return FindingClass::kLint;
}

// Ids of vulnerabilities in the report's order, the scanner's own last.
std::vector<std::string> VulnIdsOf(io::NodeView node) {
  std::vector<std::string> ids;
  std::string own;
  for (const io::NodeView& identifier : Items(node, "identifiers")) {
    const std::string type = LowerAscii(Text(identifier, "type"));
    const std::string value = Text(identifier, "value");
    if (type == "cwe" || type == "owasp" || type == "wasc") continue;
    const std::vector<std::string> found = VulnIdsIn(value);
    if (found.size() == 1) ids.push_back(found.front());
    if (found.empty() && own.empty()) own = value;
  }
  if (ids.empty() && !own.empty()) ids.push_back(own);
  return ids;
}

// The rule: the first identifier that is no weakness.
std::string RuleOf(io::NodeView node) {
  std::string weakness;
  for (const io::NodeView& identifier : Items(node, "identifiers")) {
    const std::string type = LowerAscii(Text(identifier, "type"));
    const std::string value = FirstText(identifier, {"value", "name"});
    if (type == "cwe" || type == "owasp") {
      if (weakness.empty()) weakness = type == "cwe" ? "CWE-" + value : value;
      continue;
    }
    return OneLine(value, 120);
  }
  return weakness.empty() ? OneLine(FirstText(node, {"name", "message"}), 120) : weakness;
}

void SetPlace(Finding& finding, io::NodeView location) {
  finding.location.file = LocationPath(Text(location, "file"));
  finding.location.line = Integer(location, "start_line");
  finding.location.end_line = Integer(location, "end_line");
  const std::string image = FirstText(location, {"image"});
  if (!image.empty()) {
    const size_t at = image.find('@');
    finding.image =
        model::Image{image, at == std::string::npos ? std::string() : image.substr(at + 1), {}};
  }
  const std::string commit = Text(location, "commit.sha");
  if (commit.find_first_not_of('0') != std::string::npos) finding.asset.Make().commit = commit;
  const std::string host = Text(location, "hostname");
  if (!host.empty()) {
    finding.origin->endpoint = host + Text(location, "path");
    finding.asset.Make().host = host;
  }
  if (const io::NodeView object = location.Get("kubernetes_resource")) {
    const Owner owner = OwnerOf(Text(object, "kind"), Text(object, "name"));
    SetResource(finding, owner.kind, Text(object, "namespace"), owner.name,
                Text(object, "container_name"));
    finding.asset.Make().cluster = FirstText(object, {"cluster_id", "agent_id"});
    finding.stage = "runtime";
  }
}

// The package manager of the file, from the list of dependencies beside the vulnerabilities.
std::string ManagerOf(const Context& context, const std::string& file) {
  for (const io::NodeView& node : context.dependency_files) {
    if (Text(node, "path") == file) return Text(node, "package_manager");
  }
  return {};
}

void SetDependency(Finding& finding, io::NodeView location, const Context& context) {
  const std::string name = Text(location, "dependency.package.name");
  const std::string system = Text(location, "operating_system");  // "debian:9.4", "debian 10.9"
  const std::string distribution = LowerAscii(system.substr(0, system.find_first_of(": ")));
  std::string ecosystem = distribution;
  if (ecosystem.empty()) ecosystem = ManagerOf(context, Text(location, "file"));
  SetPackage(finding, ecosystem, name, Text(location, "dependency.version"), distribution);
  if (finding.package) finding.package->path = finding.location.file;
}

void SetRemediation(Finding& finding, io::NodeView node, const Context& context) {
  finding.remediation = Text(node, "solution");
  if (!finding.remediation.empty()) return;
  const std::string id = FirstText(node, {"id", "cve"});
  for (const io::NodeView& remediation : context.remediations) {
    for (const io::NodeView& fix : Items(remediation, "fixes")) {
      if (!id.empty() && FirstText(fix, {"id", "cve"}) == id)
        finding.remediation = Text(remediation, "summary");
    }
  }
}

std::string TitleOf(io::NodeView node, const Finding& finding) {
  std::string title = Text(node, "name");
  if (title.empty() && finding.vuln && finding.package) {
    const std::string version =
        finding.package->version.empty() ? "" : "-" + finding.package->version;
    return fmt::format("{} in {}{}", finding.vuln->id, finding.package->name, version);
  }
  if (title.empty()) title = Text(node, "message");
  for (const io::NodeView& identifier : Items(node, "identifiers")) {
    if (title.empty()) title = Text(identifier, "name");
  }
  return title.empty() ? finding.check : OneLine(title);
}

Finding ReadEntry(io::NodeView node, const Context& context) {
  const std::string kind = KindOf(context, node);
  const FindingClass finding_class = ClassOf(kind);
  const std::string own = Text(node, "scanner.id");
  const SarifDriver driver = DriverOf(own.empty() ? Text(node, "scanner.name") : own);
  const std::string tool = driver.known ? driver.prefix : context.scanner;
  Finding finding = finding_class == FindingClass::kVuln
                        ? NewVulnFinding(tool, context.version, VulnIdsOf(node))
                        : NewFinding(finding_class, tool, context.version, RuleOf(node));
  model::Origin& origin = *finding.origin;
  origin.uid = FirstText(node, {"id"});
  origin.category = kind;
  origin.confidence = Text(node, "confidence");
  origin.description = Text(node, "description");
  AddFactLine(origin.description, "Crash", Text(node, "location.crash_type"));
  AddFactLine(origin.description, "State", Text(node, "location.crash_state"));
  finding.message = FirstText(node, {"message", "description"});
  if (finding.message.size() > 500) finding.message = OneLine(finding.message, 500);
  SetPlace(finding, node.Get("location"));
  if (finding.vuln) SetDependency(finding, node.Get("location"), context);
  finding.title = TitleOf(node, finding);
  SetSeverity(finding, tool, Text(node, "severity"));
  SetRemediation(finding, node, context);
  for (const io::NodeView& identifier : Items(node, "identifiers")) {
    if (EqualsIgnoreCase(Text(identifier, "type"), "cwe"))
      AddCwes(finding, FirstText(identifier, {"value", "name"}));
    AddReference(finding, Text(identifier, "url"));
  }
  for (const io::NodeView& link : Items(node, "links")) AddReference(finding, Text(link, "url"));
  for (const io::NodeView& rating : Items(node, "cvss_vectors")) {
    if (finding.vuln) AddCvss(*finding.vuln, Text(rating, "vector"), -1, Text(rating, "vendor"));
  }
  for (const io::NodeView& flag : Items(node, "flags")) AddTag(finding, Text(flag, "type"));
  const std::string secret = Text(node, "raw_source_code_extract");
  if (finding_class == FindingClass::kSecret && !secret.empty()) {
    origin.snippet_hash = SecretHash(secret);
    for (std::string* text : {&finding.title, &finding.message, &origin.description}) {
      *text = ReplaceAll(*text, secret, "[secret]");
    }
  }
  return finding;
}

// Entries of the oldest schemas have no id; there "cve" (file, hash and rule) is what GitLab itself
// compares, and entries with the same one are one finding at several lines.
std::string KeyOf(io::NodeView node, const Finding& finding) {
  const bool in_code = finding.finding_class == FindingClass::kLint ||
                       finding.finding_class == FindingClass::kSecret;
  if (in_code && Text(node, "id").empty() && !Text(node, "cve").empty()) return Text(node, "cve");
  return PlaceOf(node);
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.Get("vulnerabilities").IsList()) return MissingPart(root, "list \"vulnerabilities\"");
  Context context;
  context.scan_type = Text(root, "scan.type");
  const SarifDriver driver = DriverOf(Text(root, "scan.scanner.id"));
  context.scanner = driver.known ? driver.prefix : std::string(kTool);
  context.version = Text(root, "scan.scanner.version");
  context.remediations = Items(root, "remediations");
  context.dependency_files = Items(root, "dependency_files");
  sink.Begin({context.scanner, context.version, context.scan_type, Text(root, "scan.end_time")});
  Folder folder;
  for (const io::NodeView& node : Items(root, "vulnerabilities")) {
    Finding finding = ReadEntry(node, context);
    const std::string key = KeyOf(node, finding);
    folder.Add(key, std::move(finding));
  }
  folder.Flush(sink);
  for (const io::NodeView& message : Items(root, "scan.messages")) {
    const std::string level = Text(message, "level");
    if (level != "fatal" && level != "error") continue;
    model::Problem problem;
    problem.kind = "tool_error";
    problem.message =
        fmt::format("{} says: {}", context.scanner, FirstLine(Text(message, "value"), 500));
    sink.AddProblem(std::move(problem));
  }
  return {};
}

}  // namespace

const Importer kGitlab = {
    "gitlab",
    "GitLab security report",
    "GitLab SAST, secret, container, dependency, DAST and fuzzing reports, schemas 2 to 15",
    "one entry of \"vulnerabilities\"; those without id that GitLab compares as equal are one",
    Detect,
    Read};

}  // namespace ouro::ingest
