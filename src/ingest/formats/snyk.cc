// Snyk: `snyk test`, `snyk container test` and `snyk iac test` with --json, and the issues of the
// REST API. Snyk Code writes SARIF (sarif.cc).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

constexpr std::string_view kTool = "snyk";

bool IsProject(io::NodeView node) {
  if (HasKeys(node, {"infrastructureAsCodeIssues"})) return true;
  return node.Get("vulnerabilities") && node.Get("ok") &&
         (node.Get("dependencyCount") || node.Get("packageManager") || node.Get("projectName"));
}

std::vector<io::NodeView> ProjectsOf(io::NodeView root) {
  if (root.IsMap()) return {root};
  return root.Children();
}

int DetectTest(const ReportInput& input) {
  const std::vector<io::NodeView> projects = ProjectsOf(input.json());
  return !projects.empty() && IsProject(projects.front()) ? kNamed : kNo;
}

// The path through the dependencies, without the project's version as Snyk's own pages show it.
std::string PathOf(io::NodeView node) {
  std::string path;
  for (const std::string& step : Texts(node, "from")) {
    const size_t at = step.rfind('@');
    if (!path.empty()) path += " > ";
    path += step.substr(0, at == 0 ? std::string::npos : at);
  }
  return path;
}

std::vector<std::string> IdsOf(io::NodeView node) {
  std::vector<std::string> ids = {Text(node, "id")};
  for (const auto& [kind, list] : node.Get("identifiers").Members()) {
    if (kind != "CVE" && kind != "GHSA") continue;
    for (std::string& id : Texts(list, "")) ids.push_back(std::move(id));
  }
  return ids;
}

void SetRatings(Finding& finding, io::NodeView node) {
  const double score = Number(node, "cvssScore").value_or(-1);
  AddCvss(*finding.vuln, Text(node, "CVSSv3"), score, "snyk");
  for (const io::NodeView& rating : Items(node, "cvssDetails")) {
    AddCvss(*finding.vuln, Text(rating, "cvssV3Vector"),
            Number(rating, "cvssV3BaseScore").value_or(-1), Text(rating, "assigner"));
  }
  for (const io::NodeView& rating : Items(node, "cvssSources")) {
    AddCvss(*finding.vuln, Text(rating, "vector"), Number(rating, "baseScore").value_or(-1),
            Text(rating, "assigner"));
  }
  finding.vuln->epss = Number(node, "epssDetails.probability").value_or(-1);
  finding.vuln->epss_percentile = Number(node, "epssDetails.percentile").value_or(-1);
}

// The remediation of the description, and the upgrade that this path needs.
std::string RemediationOf(io::NodeView node, const std::string& description) {
  std::string text;
  const size_t begin = description.find("## Remediation");
  if (begin != std::string::npos) {
    const size_t end = description.find("\n## ", begin + 1);
    text = TrimSpace(
        description.substr(begin + 14, end == std::string::npos ? end : end - begin - 14));
  }
  const std::vector<std::string> from = Texts(node, "from");
  const std::vector<io::NodeView> upgrades = Items(node, "upgradePath");
  for (size_t i = 0; i < upgrades.size() && i < from.size(); ++i) {
    const std::string target(upgrades[i].Text());
    if (target.empty() || target == from[i]) continue;
    if (!text.empty()) text += "\n\n";
    return text + fmt::format("Upgrade {} to {}", from[i], target);
  }
  return text;
}

struct Context {
  std::string file;  // manifest, or empty
  model::Image image;
  std::string project;
};

Finding ReadVulnerability(io::NodeView node, const Context& context) {
  const std::string id = Text(node, "id");
  const bool licence = Text(node, "type") == "license" || StartsWith(id, "snyk:lic:");
  Finding finding = licence ? NewFinding(FindingClass::kLicence, kTool, {}, id)
                            : NewVulnFinding(kTool, {}, IdsOf(node));
  const std::vector<std::string> from = Texts(node, "from");
  const std::string name = FirstText(node, {"packageName", "name", "moduleName"});
  const std::string manager = FirstText(node, {"packageManager", "language"});
  const std::string family = manager.substr(0, manager.find(':'));
  SetPackage(finding, family, name, Text(node, "version"), family);
  if (finding.package) finding.package->path = context.file;
  finding.title =
      from.empty() ? Text(node, "title") : fmt::format("{}: {}", from.front(), Text(node, "title"));
  model::Origin& origin = *finding.origin;
  origin.description = Text(node, "description");
  finding.message = fmt::format("{} in {} {}", Text(node, "title"), name, Text(node, "version"));
  finding.remediation = RemediationOf(node, origin.description);
  for (const std::string& cwe : Texts(node, "identifiers.CWE")) AddCwes(finding, cwe);
  if (!licence) AddReference(finding, "https://security.snyk.io/vuln/" + id);
  for (const io::NodeView& reference : Items(node, "references"))
    AddReference(finding, Text(reference, "url"));
  SetSeverity(finding, kTool, FirstText(node, {"severityWithCritical", "severity"}));
  origin.service = context.project;
  origin.confidence = Text(node, "exploit");
  finding.location.file = from.empty() ? context.file : PathOf(node);
  if (finding.vuln) {
    SetRatings(finding, node);
    finding.vuln->published = Text(node, "publicationTime");
    std::vector<std::string> fixed = Texts(node, "fixedIn");
    if (fixed.empty()) fixed = Texts(node, "nearestFixedInVersion");
    SetFixedIn(finding, fixed);
  }
  if (!context.image.reference.empty()) finding.image = context.image;
  return finding;
}

// `snyk iac test`: the path of keys leads to the field.
Finding ReadConfiguration(io::NodeView node, const Context& context) {
  const std::string id = FirstText(node, {"publicId", "id"});
  Finding finding = NewFinding(FindingClass::kMisconfig, kTool, {}, id);
  finding.title = Text(node, "title");
  finding.message = FirstText(node, {"iacDescription.issue", "issue", "msg"});
  finding.origin->impact = FirstText(node, {"iacDescription.impact", "impact"});
  finding.remediation = FirstText(node, {"iacDescription.resolve", "resolve"});
  finding.origin->category = Text(node, "subType");
  AddReference(finding, Text(node, "documentation"));
  AddReferences(finding, Texts(node, "references"));
  SetSeverity(finding, kTool, Text(node, "severity"));
  finding.location.file = context.file;
  finding.location.line = Integer(node, "lineNumber");
  const std::string path = JoinText(Texts(node, "path"), ".");
  if (!path.empty()) finding.location.json_path = "$." + path;
  // "Deployment.web.spec…" tells the object in older versions: [DocId: 0] begins newer ones.
  if (Flag(node, "isIgnored")) SetState(finding, "risk_accepted", "ignored");
  return finding;
}

Context ContextOf(io::NodeView project) {
  Context context;
  context.file = LocationPath(FirstText(project, {"displayTargetFile", "targetFile"}));
  context.project = Text(project, "projectName");
  const bool is_image = project.Get("docker") || StartsWith(context.project, "docker-image|");
  if (is_image) {
    const size_t bar = context.project.find('|');
    const std::string path = Text(project, "path");
    context.image.reference = bar == std::string::npos ? path : context.project.substr(bar + 1);
    if (!path.empty() && path.find('\\') == std::string::npos) context.image.reference = path;
  }
  return context;
}

void AddProject(io::NodeView project, Sink& sink) {
  Context context = ContextOf(project);
  for (const io::NodeView& node : Items(project, "vulnerabilities"))
    sink.Add(ReadVulnerability(node, context));
  for (const io::NodeView& node : Items(project, "infrastructureAsCodeIssues")) {
    sink.Add(ReadConfiguration(node, context));
  }
  const int64_t passed = static_cast<int64_t>(Items(project, "meta.successfulIssues").size());
  if (passed > 0) sink.AddPassed(passed);
  // Applications inside an image.
  for (const io::NodeView& application : Items(project, "applications")) {
    Context inner = ContextOf(application);
    inner.image = context.image;
    for (const io::NodeView& node : Items(application, "vulnerabilities"))
      sink.Add(ReadVulnerability(node, inner));
  }
  const std::string error = Text(project, "error");
  if (error.empty()) return;
  model::Problem problem;
  problem.kind = "tool_error";
  problem.file = context.file;
  problem.message = "snyk says: " + FirstLine(error, 500);
  sink.AddProblem(std::move(problem));
}

Status ReadTest(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const std::vector<io::NodeView> projects = ProjectsOf(root);
  for (const io::NodeView& project : projects) {
    if (!project.IsMap()) return MissingPart(project, "project with \"vulnerabilities\"");
  }
  sink.Begin(
      {std::string(kTool), {}, projects.empty() ? "" : Text(projects.front(), "projectName"), {}});
  for (const io::NodeView& project : projects) AddProject(project, sink);
  return {};
}

// ---- issues of the REST API
// ------------------------------------------------------------------------

int DetectIssues(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (!root.Get("jsonapi") || !root.Get("data").IsList()) return kNo;
  const std::vector<io::NodeView> items = Items(root, "data");
  if (items.empty()) return kSure;
  const bool issue = Text(items.front(), "type") == "issue" && items.front().Get("attributes");
  return issue ? kNamed : kNo;
}

FindingClass ClassOf(const std::string& type) {
  if (type == "package_vulnerability") return FindingClass::kVuln;
  if (type == "license") return FindingClass::kLicence;
  if (type == "config" || type == "cloud") return FindingClass::kMisconfig;
  return FindingClass::kLint;
}

void SetPlace(Finding& finding, io::NodeView attributes) {
  for (const io::NodeView& coordinate : Items(attributes, "coordinates")) {
    for (const io::NodeView& place : Items(coordinate, "representations")) {
      if (const io::NodeView source = place.Get("sourceLocation")) {
        finding.location.file = LocationPath(Text(source, "file"));
        finding.location.line = Integer(source, "region.start.line");
        finding.location.column = Integer(source, "region.start.column");
        finding.location.end_line = Integer(source, "region.end.line");
        finding.location.end_column = Integer(source, "region.end.column");
        finding.asset.Make().commit = Text(source, "commit_id");
      }
      if (const io::NodeView dependency = place.Get("dependency")) {
        SetPackage(finding, "", Text(dependency, "package_name"),
                   Text(dependency, "package_version"));
      }
      if (const std::string path = Text(place, "resourcePath"); !path.empty()) {
        finding.location.json_path = path;
      }
    }
  }
}

// Snyk's own ids name the ecosystem: SNYK-PYTHON-PILLOW-5918878.
void SetEcosystem(Finding& finding, const std::string& key) {
  const std::vector<std::string_view> parts = SplitText(key, '-');
  if (!finding.package || parts.size() < 4 || parts[0] != "SNYK") return;
  const std::string family = LowerAscii(parts[1]);
  const std::string ecosystem = family == "js"       ? "npm"
                                : family == "java"   ? "maven"
                                : family == "python" ? "pypi"
                                : family == "dotnet" ? "nuget"
                                : family == "ruby"   ? "gem"
                                : family == "php"    ? "composer"
                                                     : family;
  const model::Package before = *finding.package;
  finding.package->type.clear();
  SetPackage(finding, ecosystem, before.name, before.version);
}

Finding ReadIssue(io::NodeView node) {
  const io::NodeView attributes = node.Get("attributes");
  const FindingClass finding_class = ClassOf(Text(attributes, "type"));
  const std::string key = Text(attributes, "key");
  std::vector<std::string> ids;
  for (const io::NodeView& problem : Items(attributes, "problems"))
    ids.push_back(Text(problem, "id"));
  Finding finding = finding_class == FindingClass::kVuln
                        ? NewVulnFinding(kTool, {}, ids)
                        : NewFinding(finding_class, kTool, {}, key);
  if (finding_class == FindingClass::kVuln) finding.check = fmt::format("{}:{}", kTool, key);
  finding.title = Text(attributes, "title");
  finding.message = FirstText(attributes, {"description", "title"});
  model::Origin& origin = *finding.origin;
  origin.uid = Text(node, "id");
  origin.category = Text(attributes, "type");
  for (const io::NodeView& problem : Items(attributes, "problems")) {
    AddReference(finding, Text(problem, "url"));
    origin.impact +=
        fmt::format("{}Source: {}\nType: {}\nLast Updated: {}", origin.impact.empty() ? "" : "\n",
                    Text(problem, "source"), Text(problem, "type"), Text(problem, "updated_at"));
  }
  for (const io::NodeView& weakness : Items(attributes, "classes"))
    AddCwes(finding, Text(weakness, "id"));
  SetSeverity(finding, kTool, Text(attributes, "effective_severity_level"));
  SetPlace(finding, attributes);
  SetEcosystem(finding, key);
  if (finding.vuln) {
    for (const io::NodeView& rating : Items(attributes, "severities")) {
      AddCvss(*finding.vuln, Text(rating, "vector"), Number(rating, "score").value_or(-1),
              Text(rating, "source"));
    }
    for (const io::NodeView& level : Items(attributes, "exploit_details.sources")) {
      if (level.Text() == "CISA") finding.vuln->kev = true;
    }
  }
  if (Text(attributes, "status") == "resolved") SetState(finding, "fixed", {});
  if (Flag(attributes, "ignored")) SetState(finding, "risk_accepted", "ignored in Snyk");
  return finding;
}

Status ReadIssues(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.Get("data").IsList()) return MissingPart(root, "list \"data\"");
  sink.Begin({std::string(kTool), {}, {}, {}});
  for (const io::NodeView& node : Items(root, "data")) sink.Add(ReadIssue(node));
  return {};
}

}  // namespace

const Importer kSnyk = {"snyk",
                        "Snyk",
                        "snyk test, container test and iac test with --json",
                        "one issue on one path of dependencies, or at one place",
                        DetectTest,
                        ReadTest};

const Importer kSnykIssues = {"snyk-issues", "Snyk issues", "issues of Snyk's REST API as JSON",
                              "one issue",   DetectIssues,  ReadIssues};

}  // namespace ouro::ingest
