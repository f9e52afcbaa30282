// kubeaudit: `kubeaudit all --format json` (-p json): one logrus line for each result. Version 0.22
// and older write the same fields; lines of the program itself ("level":"info" without
// AuditResultName) count for nothing.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "kubeaudit";

int Detect(const ReportInput& input) {
  for (const io::NodeView& value : input.values()) {
    if (HasKeys(value, {"AuditResultName", "level", "msg"})) return kNamed;
    if (!HasKeys(value, {"level", "msg"})) return kNo;
  }
  return kNo;
}

// An allowed result ("PrivilegedTrueAllowed") is one that an override label excuses.
bool IsAllowed(std::string_view rule) {
  return rule.size() > 7 && EndsWith(rule, "Allowed");
}

model::Finding ReadLine(io::NodeView line) {
  std::string rule = Text(line, "AuditResultName");
  const bool allowed = IsAllowed(rule);
  if (allowed) rule.resize(rule.size() - std::string_view("Allowed").size());
  model::Finding finding = NewFinding(model::FindingClass::kMisconfig, kTool, {}, rule);
  const std::string level = Text(line, "level");
  SetSeverity(finding, kTool, level, model::Severity::kLow);
  finding.message = Text(line, "msg");
  finding.title = FirstLine(finding.message.empty() ? rule : finding.message);
  const std::string kind = Text(line, "ResourceKind");
  SetResource(finding, kind, kind == "Namespace" ? "" : Text(line, "ResourceNamespace"),
              Text(line, "ResourceName"), Text(line, "Container"),
              Text(line, "ResourceApiVersion"));
  if (allowed) {
    finding.origin->state = "risk_accepted";
    AddFact(finding.origin->description, "Override", Text(line, "OverrideLabel"));
    AddFact(finding.origin->description, "Reason", Text(line, "OverrideReason"));
  }
  for (const std::string_view fact :
       {"MissingAnnotation", "Annotation", "AnnotationValue", "Metadata", "MountName", "MountPath",
        "MountReadOnly", "MountVolume", "MountVolumeHostPath", "DeprecatedMajor", "DeprecatedMinor",
        "RemovedMajor", "RemovedMinor", "IntroducedMajor", "IntroducedMinor", "ReplacementKind",
        "Capability", "AddedCapability"}) {
    AddFact(finding.origin->description, fact, Text(line, fact));
  }
  // Which of several capabilities, mounts or annotations: part of what the finding is about.
  finding.field_path = FirstText(line, {"Metadata", "Capability", "MountName", "Annotation"});
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> lines, JsonValues(input));
  ReportFacts facts;
  facts.tool = kTool;
  if (!lines.empty()) facts.created = Text(lines.front(), "time");
  sink.Begin(facts);
  for (const io::NodeView& line : lines) {
    if (!Text(line, "AuditResultName").empty()) sink.Add(ReadLine(line));
  }
  return {};
}

}  // namespace

const Importer kKubeaudit = {"kubeaudit",
                             "kubeaudit",
                             "kubeaudit all --format json (one object a line)",
                             "one audit result of one object or container",
                             Detect,
                             Read};

}  // namespace ouro::ingest
