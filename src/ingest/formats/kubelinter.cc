// KubeLinter: `kube-linter lint --format json`. It has no severities: everything is medium.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "kubelinter";

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!Text(json, "Summary.KubeLinterVersion").empty()) return kNamed;
  if (!HasKeys(json, {"Checks", "Reports"})) return kNo;
  return At(json, "Summary.ChecksStatus") ? kSure : kGuess;
}

std::string ApiVersionOf(io::NodeView gvk) {
  const std::string group = Text(gvk, "Group");
  const std::string version = Text(gvk, "Version");
  return group.empty() || version.empty() ? version : group + "/" + version;
}

model::Finding ReadEntry(std::string_view version, io::NodeView report) {
  const std::string check = Text(report, "Check");
  model::Finding finding = NewFinding(model::FindingClass::kMisconfig, kTool, version, check);
  finding.title = check;
  SetSeverityAs(finding, kTool, {}, model::Severity::kMedium);
  finding.message = Text(report, "Diagnostic.Message");
  finding.remediation = Text(report, "Remediation");
  const io::NodeView object = At(report, "Object.K8sObject");
  const io::NodeView gvk = object.Get("GroupVersionKind");
  SetResource(finding, Text(gvk, "Kind"), Text(object, "Namespace"), Text(object, "Name"),
              ContainerNamedIn(finding.message), ApiVersionOf(gvk));
  finding.location.file = LocationPath(Text(report, "Object.Metadata.FilePath"));
  finding.location.line = Integer(report, "Diagnostic.Line");
  std::string& description = finding.origin->description;
  AddLine(description, finding.message);
  AddFact(description, "Check", check);
  AddFact(description, "Object",
          fmt::format("{} ({})", finding.resource.kind, finding.resource.api_version));
  AddFact(description, "Name", finding.resource.name);
  AddFact(description, "Namespace",
          finding.resource.namespace_name.empty() ? "(not set)" : finding.resource.namespace_name);
  AddFact(description, "Manifest", finding.location.file);
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const io::NodeView reports = root.Get("Reports");
  if (!reports) return MissingPart(root, "Reports");
  ReportFacts facts;
  facts.tool = kTool;
  facts.tool_version = Text(root, "Summary.KubeLinterVersion");
  facts.created = Text(root, "Summary.CheckEndTime");
  sink.Begin(facts);
  for (const io::NodeView& report : Items(root, "Reports")) {
    if (Text(report, "Check").empty()) {
      AddEntryProblem(sink, input, report, "a report without Check is left out");
      continue;
    }
    sink.Add(ReadEntry(facts.tool_version, report));
  }
  return {};
}

}  // namespace

const Importer kKubelinter = {"kubelinter",
                              "KubeLinter",
                              "kube-linter lint --format json",
                              "one report of one check about one object",
                              Detect,
                              Read};

}  // namespace ouro::ingest
