// Reports that Trivy Operator (and Starboard before it) keeps as objects in the cluster: as kubectl
// prints one, a List of them, several JSON values, or a map from resource name to a list.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/formats.h"
#include "ingest/formats/vuln_shared.h"

namespace ouro::ingest {
namespace {

using model::Finding;
using model::FindingClass;

// Checks are Trivy's; the tool that found them is the operator.
constexpr std::string_view kCheckPrefix = "trivy";
constexpr std::string_view kTool = "trivy-operator";

bool IsReport(io::NodeView node) {
  const bool group = ContainsIgnoreCase(Text(node, "apiVersion"), "aquasecurity.github.io/");
  const std::string kind = Text(node, "kind");
  return group && ContainsIgnoreCase(kind, "report") && !EndsWith(kind, "List");
}

// Reports in any of the shapes, in order.
std::vector<io::NodeView> ReportsOf(const std::vector<io::NodeView>& values) {
  std::vector<io::NodeView> reports;
  for (const io::NodeView& value : values) {
    if (IsReport(value)) {
      reports.push_back(value);
      continue;
    }
    std::vector<io::NodeView> candidates =
        value.IsList() ? value.Children() : Items(value, "items");
    for (const auto& [key, list] : value.Members()) {
      if (!EndsWith(key, ".aquasecurity.github.io")) continue;
      for (const io::NodeView& node : list.IsMap() ? Items(list, "items") : list.Children()) {
        candidates.push_back(node);
      }
    }
    for (const io::NodeView& node : candidates) {
      if (IsReport(node)) reports.push_back(node);
    }
  }
  return reports;
}

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  if (!ReportsOf({root}).empty()) return kNamed;
  if (ContainsIgnoreCase(Text(root, "apiVersion"), "aquasecurity.github.io/")) return kNamed;
  for (const auto& [key, list] : root.Members()) {
    if (EndsWith(key, "reports.aquasecurity.github.io")) return kNamed;
  }
  return kNo;
}

// What holds for all entries of one report.
struct Context {
  Subject object;
  std::string version;
  model::Image image;
};

std::string Label(io::NodeView report, std::string_view name) {
  for (const std::string_view group : {"metadata.labels", "metadata.annotations"}) {
    const io::NodeView map = At(report, group);
    for (const std::string_view prefix : {"trivy-operator.", "starboard."}) {
      std::string text = ScalarText(map.Get(fmt::format("{}{}", prefix, name)));
      if (!text.empty()) return text;
    }
  }
  return {};
}

Context ContextOf(io::NodeView report) {
  Context context;
  std::string kind = Label(report, "resource.kind");
  std::string name = Label(report, "resource.name");
  if (kind.empty() || name.empty()) {
    for (const io::NodeView& owner : Items(report, "metadata.ownerReferences")) {
      kind = Text(owner, "kind");
      name = Text(owner, "name");
    }
  }
  const Owner owner = OwnerOf(kind, name);
  context.object.kind = owner.kind;
  context.object.name = owner.name;
  context.object.namespace_name = Label(report, "resource.namespace");
  if (context.object.namespace_name.empty()) {
    context.object.namespace_name = Text(report, "metadata.namespace");
  }
  context.object.container = Label(report, "container.name");
  context.version = Text(report, "report.scanner.version");
  const std::string repository = Text(report, "report.artifact.repository");
  if (!repository.empty()) {
    const std::string server = Text(report, "report.registry.server");
    const std::string tag = Text(report, "report.artifact.tag");
    context.image.digest = Text(report, "report.artifact.digest");
    context.image.reference = server.empty() ? repository : server + "/" + repository;
    if (!tag.empty()) context.image.reference += ":" + tag;
  }
  return context;
}

void SetPlace(Finding& finding, const Context& context, const std::string& container) {
  finding.stage = "runtime";
  finding.origin->tool = kTool;
  SetResource(finding, context.object.kind, context.object.namespace_name, context.object.name,
              container.empty() ? context.object.container : container);
  if (!context.image.reference.empty()) finding.image = context.image;
}

void SetVulnRatings(Finding& finding, io::NodeView node) {
  for (const auto& [source, rating] : node.Get("cvss").Members()) {
    for (const std::string_view version : {"V40", "V3", "V2"}) {
      const std::optional<double> score = Number(rating, std::string(version) + "Score");
      AddCvss(*finding.vuln, Text(rating, std::string(version) + "Vector"), score.value_or(-1),
              source);
    }
  }
  const std::optional<double> score = Number(node, "score");
  if (score && finding.vuln->cvss.empty()) AddCvss(*finding.vuln, "", *score, "");
}

Finding ReadVulnerability(io::NodeView node, const Context& context) {
  const std::string id = Text(node, "vulnerabilityID");
  Finding finding = NewVulnFinding(kCheckPrefix, context.version, {id});
  const std::string name = Text(node, "resource");
  const std::string version = Text(node, "installedVersion");
  const std::string type = Text(node, "packageType");
  SetPackagePurl(finding, Text(node, "packagePURL"));
  SetPackage(finding, type, name, version, type);
  finding.title = VulnTitle(id, name, version);
  finding.message = Text(node, "title");
  finding.origin->description = Text(node, "description");
  const std::string path = LocationPath(Text(node, "packagePath"));
  if (finding.package) finding.package->path = path;
  finding.location.file = path;
  AddReference(finding, Text(node, "primaryLink"));
  AddReferences(finding, Texts(node, "links"));
  AddTag(finding, type);
  AddTag(finding, Text(node, "class"));
  for (const std::string& cwe : Texts(node, "cweIDs")) AddCwes(finding, cwe);
  SetVulnRatings(finding, node);
  SetSeverity(finding, kTool, Text(node, "severity"));
  finding.vuln->published = Text(node, "publishedDate");
  SetFixedIn(finding, {Text(node, "fixedVersion")});
  SetPlace(finding, context, {});
  return finding;
}

Finding ReadSecret(io::NodeView node, const Context& context) {
  Finding finding =
      NewFinding(FindingClass::kSecret, kCheckPrefix, context.version, Text(node, "ruleID"));
  const std::string target = LocationPath(Text(node, "target"));
  finding.title = fmt::format("Secret detected in {} - {}", target, Text(node, "title"));
  finding.message = fmt::format("{} in {}", Text(node, "title"), target);
  finding.remediation = "Revoke the secret, then remove it from the image and from its layers";
  finding.origin->category = Text(node, "category");
  const std::string match = Text(node, "match");
  if (!match.empty()) finding.origin->snippet_hash = SecretHash(match);
  SetSeverity(finding, kTool, Text(node, "severity"));
  finding.location.file = target;
  SetPlace(finding, context, {});
  return finding;
}

// Checks of configuration, RBAC and infrastructure.
Finding ReadCheck(io::NodeView node, const Context& context, FindingClass finding_class) {
  const std::string id = Text(node, "checkID");
  Finding finding = NewFinding(finding_class, kCheckPrefix, context.version, TrivyCheckId(id));
  finding.title = fmt::format("{} - {}", id, Text(node, "title"));
  const std::vector<std::string> messages = Texts(node, "messages");
  finding.message = messages.empty() ? Text(node, "description") : JoinText(messages, "; ");
  finding.remediation = Text(node, "remediation");
  finding.origin->description = Text(node, "description");
  finding.origin->category = Text(node, "category");
  AddReferences(finding, Texts(node, "references"));
  SetSeverity(finding, kTool, Text(node, "severity"));
  SetPlace(finding, context,
           messages.empty() ? std::string() : SubjectInMessage(messages.front()).container);
  return finding;
}

void AddChecks(io::NodeView report, const Context& context, FindingClass finding_class,
               Sink& sink) {
  int64_t passed = 0;
  for (const io::NodeView& node : Items(report, "report.checks")) {
    if (Flag(node, "success")) {
      ++passed;
    } else {
      sink.Add(ReadCheck(node, context, finding_class));
    }
  }
  if (passed > 0) sink.AddPassed(passed);
}

Finding ControlFinding(io::NodeView report, io::NodeView control, int64_t failed) {
  const std::string benchmark = FirstText(report, {"spec.compliance.id", "metadata.name"});
  const std::string id = Text(control, "id");
  Finding finding =
      NewFinding(FindingClass::kBench, kCheckPrefix, {}, fmt::format("{}/{}", benchmark, id));
  finding.origin->tool = kTool;
  finding.title = fmt::format("{} {}", id, Text(control, "name"));
  finding.message = fmt::format("{} checks of this control failed", failed);
  finding.origin->description = Text(control, "description");
  finding.origin->category = FirstText(report, {"spec.compliance.title", "spec.compliance.name"});
  finding.origin->occurrences = failed;
  finding.stage = "runtime";
  SetSeverity(finding, kTool, Text(control, "severity"));
  return finding;
}

// A compliance report: one finding a control with failures, from the detail or the summary.
void AddCompliance(io::NodeView report, Sink& sink) {
  for (const std::string_view list : {"status.detailReport.results", "report.controlCheck",
                                      "status.summaryReport.controlCheck"}) {
    const std::vector<io::NodeView> controls = Items(report, list);
    for (const io::NodeView& control : controls) {
      int64_t failed = Integer(control, "totalFail", Integer(control, "failTotal"));
      for (const io::NodeView& check : Items(control, "checks"))
        failed += Flag(check, "success") ? 0 : 1;
      if (failed > 0) {
        sink.Add(ControlFinding(report, control, failed));
      } else {
        sink.AddPassed(1);
      }
    }
    if (!controls.empty()) return;
  }
}

void AddSbom(io::NodeView report, Sink& sink) {
  for (const io::NodeView& node : Items(report, "report.components.components")) {
    std::optional<model::Package> package = PackageOfPurl(Text(node, "purl"));
    if (package) sink.AddComponent(std::move(*package));
  }
}

void AddReport(io::NodeView report, Sink& sink) {
  const std::string kind = Text(report, "kind");
  const Context context = ContextOf(report);
  if (EndsWith(kind, "ComplianceReport")) return AddCompliance(report, sink);
  if (EndsWith(kind, "SbomReport")) return AddSbom(report, sink);
  const bool is_rbac = ContainsIgnoreCase(kind, "rbac");
  AddChecks(report, context, is_rbac ? FindingClass::kRbac : FindingClass::kMisconfig, sink);
  for (const io::NodeView& node : Items(report, "report.vulnerabilities")) {
    sink.Add(ReadVulnerability(node, context));
  }
  for (const io::NodeView& node : Items(report, "report.secrets"))
    sink.Add(ReadSecret(node, context));
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> values, JsonValues(input));
  const std::vector<io::NodeView> reports = ReportsOf(values);
  ReportFacts facts;
  facts.tool = kTool;
  if (!reports.empty()) {
    facts.tool_version = Text(reports.front(), "report.scanner.version");
    facts.created =
        FirstText(reports.front(), {"report.updateTimestamp", "metadata.creationTimestamp"});
  }
  sink.Begin(facts);
  for (const io::NodeView& report : reports) AddReport(report, sink);
  return {};
}

}  // namespace

const Importer kTrivyOperator = {
    "trivy-operator",
    "Trivy Operator",
    "report objects of Trivy Operator, as kubectl get -o json prints them",
    "one vulnerability, failed check or secret of one workload",
    Detect,
    Read};

}  // namespace ouro::ingest
