// Gatekeeper: the constraints of a cluster with what its audit found (`kubectl get constraints -o
// json` or yaml), its audit log (--log-denies and the audit's own lines, JSON) and `gator test
// --output json`.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "gatekeeper";
constexpr std::string_view kGroup = "constraints.gatekeeper.sh/";

bool IsConstraint(io::NodeView document) {
  return StartsWith(Text(document, "apiVersion"), kGroup);
}

bool IsLogLine(io::NodeView line) {
  return HasKeys(line, {"event_type", "constraint_kind", "constraint_name"});
}

bool IsGator(io::NodeView result) {
  return HasKeys(result, {"msg", "constraint"}) && IsConstraint(result.Get("constraint"));
}

int DetectJson(const ReportInput& input) {
  for (const io::NodeView& value : input.values()) {
    io::NodeView first = value;
    if (value.Get("items").IsList()) first = value.Get("items");
    if (first.IsList()) {
      const std::vector<io::NodeView> items = first.Children();
      if (items.empty()) return kNo;
      first = items.front();
    }
    if (IsConstraint(first) || IsGator(first) || IsLogLine(first)) return kNamed;
    // Other lines of a log.
    if (!HasKeys(first, {"level", "msg"})) return kNo;
  }
  return kNo;
}

int Detect(const ReportInput& input) {
  if (input.LooksLikeJson()) return DetectJson(input);
  if (input.LooksLikeXml()) return kNo;
  return HasYamlLine(input, "apiVersion", kGroup) ? kNamed : kNo;
}

// What one violation says, from any of the three forms.
struct Violation {
  std::string constraint_kind;
  std::string constraint_name;
  std::string action;  // deny, warn, dryrun
  std::string message;
  std::string group;
  std::string version;
  std::string kind;
  std::string namespace_name;
  std::string name;
};

// "Privileged container is not allowed: app, securityContext: …", "container <app> has no limits",
// "Container app attempted …".
std::string ContainerOf(std::string_view message) {
  std::string name = ContainerNamedIn(message);
  if (!name.empty()) return name;
  if (const size_t at = message.find("container <"); at != std::string_view::npos) {
    const std::string_view rest = message.substr(at + 11);
    return std::string(rest.substr(0, rest.find('>')));
  }
  if (const size_t at = message.find(": "); at != std::string_view::npos) {
    const std::string_view rest = message.substr(at + 2);
    const size_t comma = rest.find(", securityContext");
    if (comma != std::string_view::npos) return std::string(rest.substr(0, comma));
  }
  if (StartsWith(message, "Container ")) {
    const std::string_view rest = message.substr(10);
    const size_t blank = rest.find(' ');
    if (blank != std::string_view::npos && StartsWith(rest.substr(blank), " attempted")) {
      return std::string(rest.substr(0, blank));
    }
  }
  return {};
}

model::Finding MakeFinding(const Violation& violation) {
  model::Finding finding =
      NewFinding(model::FindingClass::kMisconfig, kTool, {},
                 fmt::format("{}/{}", violation.constraint_kind, violation.constraint_name));
  // The kind of a constraint is the rule that other catalogues know.
  finding.aliases = {fmt::format("{}:{}", kTool, violation.constraint_kind)};
  finding.title = fmt::format("{}: {}", violation.constraint_name, FirstLine(violation.message));
  SetSeverityAs(finding, kTool, violation.action,
                violation.action == "warn" ? model::Severity::kLow : model::Severity::kMedium);
  finding.message = violation.message;
  const std::string api_version = violation.group.empty() || violation.version.empty()
                                      ? violation.version
                                      : violation.group + "/" + violation.version;
  SetResource(finding, violation.kind, violation.namespace_name, violation.name,
              ContainerOf(violation.message), api_version);
  finding.stage = kStageRuntime;
  finding.origin->category = violation.constraint_kind;
  return finding;
}

Violation ReadViolation(io::NodeView constraint, io::NodeView node) {
  Violation violation;
  violation.constraint_kind = Text(constraint, "kind");
  violation.constraint_name = Text(constraint, "metadata.name");
  violation.action = Text(node, "enforcementAction");
  if (violation.action.empty()) violation.action = Text(constraint, "spec.enforcementAction");
  if (violation.action.empty()) violation.action = "deny";
  violation.message = FirstText(node, {"message", "msg"});
  violation.group = Text(node, "group");
  violation.version = Text(node, "version");
  violation.kind = Text(node, "kind");
  violation.namespace_name = Text(node, "namespace");
  violation.name = Text(node, "name");
  return violation;
}

void ReadConstraint(const ReportInput& input, io::NodeView constraint, Sink& sink) {
  const io::NodeView status = constraint.Get("status");
  const std::vector<io::NodeView> violations = Items(status, "violations");
  for (const io::NodeView& node : violations) {
    sink.Add(MakeFinding(ReadViolation(constraint, node)));
  }
  const int64_t total = Integer(status, "totalViolations");
  const int64_t listed = static_cast<int64_t>(violations.size());
  if (total > listed) {
    AddEntryProblem(sink, input, constraint,
                    fmt::format("constraint {} has {} violations but lists {}: raise "
                                "--constraint-violations-limit of the audit",
                                Text(constraint, "metadata.name"), total, listed));
  }
  if (!status.Get("auditTimestamp")) {
    AddNotExamined(
        sink, input, constraint,
        fmt::format("constraint {} has not been audited yet", Text(constraint, "metadata.name")));
  }
}

void ReadLogLine(io::NodeView line, Sink& sink) {
  const std::string event = Text(line, "event_type");
  if (event != "violation_audited" && event != "violation") return;
  Violation violation;
  violation.constraint_kind = Text(line, "constraint_kind");
  violation.constraint_name = Text(line, "constraint_name");
  violation.action = FirstText(line, {"constraint_action", "enforcement_action"});
  violation.message = FirstText(line, {"msg", "message"});
  violation.group = FirstText(line, {"resource_group"});
  violation.version = Text(line, "resource_api_version");
  violation.kind = Text(line, "resource_kind");
  violation.namespace_name = Text(line, "resource_namespace");
  violation.name = Text(line, "resource_name");
  model::Finding finding = MakeFinding(violation);
  // A denied request: the object never ran.
  if (event == "violation") finding.stage = "admission";
  sink.Add(std::move(finding));
}

void ReadGator(io::NodeView result, Sink& sink) {
  Violation violation = ReadViolation(result.Get("constraint"), result);
  model::Finding finding = MakeFinding(violation);
  const io::NodeView object = result.Get("violatingObject");
  SetResourceOfObject(finding, object, finding.resource.container);
  finding.stage = "import";
  sink.Add(std::move(finding));
}

Status Read(const ReportInput& input, Sink& sink) {
  if (input.LooksLikeJson()) OURO_TRY_STATUS(JsonValues(input));
  OURO_TRY(const ReportDocuments report, ReportDocuments::Read(input));
  ReportFacts facts;
  facts.tool = kTool;
  for (const io::NodeView& document : report.documents()) {
    if (!document.IsMap()) return MissingPart(document, "constraint");
    if (facts.created.empty()) facts.created = Text(document, "status.auditTimestamp");
  }
  sink.Begin(facts);
  for (const io::NodeView& document : report.documents()) {
    if (IsConstraint(document)) {
      ReadConstraint(input, document, sink);
    } else if (IsLogLine(document)) {
      ReadLogLine(document, sink);
    } else if (IsGator(document)) {
      ReadGator(document, sink);
    }
  }
  return {};
}

}  // namespace

const Importer kGatekeeper = {
    "gatekeeper",
    "Gatekeeper",
    "constraints with audit results (JSON, YAML), the audit log, gator test "
    "--output json",
    "one violation of one constraint by one object",
    Detect,
    Read};

}  // namespace ouro::ingest
