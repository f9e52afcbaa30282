// Polaris: `polaris audit --format json`, one value or many. Checks stand at three levels: the
// object, its pod template and each container (pkg/validator/output.go of Polaris 1 to 10).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "polaris";

int Detect(const ReportInput& input) {
  const io::NodeView json = input.json();
  if (!Text(json, "PolarisOutputVersion").empty()) return kNamed;
  return HasKeys(json, {"SourceType", "SourceName", "Results", "AuditTime"}) ? kSure : kNo;
}

// What all checks of one object share.
struct Audited {
  io::NodeView report;
  io::NodeView object;
  std::string file;
  bool live = false;
};

std::string Details(io::NodeView check) {
  std::string text = Text(check, "Details");
  for (const std::string& detail : Texts(check, "Details")) {
    if (detail != text) AddLine(text, detail);
  }
  return text;
}

std::string ComponentOf(const model::Resource& resource) {
  std::string text = fmt::format("{}/{}", resource.kind, resource.name);
  if (!resource.namespace_name.empty()) text = resource.namespace_name + "/" + text;
  return text;
}

model::Finding ReadCheck(const Audited& audited, std::string_view id, io::NodeView check,
                         std::string_view scope, std::string_view container) {
  model::Finding finding = NewFinding(model::FindingClass::kMisconfig, kTool, {}, id);
  finding.message = FirstText(check, {"Message", "ID"});
  finding.title = finding.message.empty() ? std::string(id) : finding.message;
  SetSeverity(finding, kTool, Text(check, "Severity"));
  SetResource(finding, Text(audited.object, "Kind"), Text(audited.object, "Namespace"),
              Text(audited.object, "Name"), container);
  if (audited.live) finding.stage = kStageRuntime;
  finding.location.file = audited.file;
  finding.origin->category = Text(check, "Category");
  std::string& description = finding.origin->description;
  AddLine(description, finding.message);
  AddFact(description, "Check", id);
  AddFact(description, "Category", finding.origin->category);
  AddFact(description, "Applies to", scope);
  AddFact(description, "Object", ComponentOf(finding.resource));
  AddFact(description, "Container", container);
  AddFact(description, "Details", Details(check));
  return finding;
}

// A map of results by check id, or (older versions) a list of {ID, …}.
void ReadResults(const Audited& audited, io::NodeView results, std::string_view scope,
                 std::string_view container, Sink& sink) {
  const auto read = [&](std::string_view id, io::NodeView check) {
    if (!check.IsMap()) return;
    if (Flag(check, "Success")) {
      sink.AddPassed(1);
    } else {
      sink.Add(ReadCheck(audited, id, check, scope, container));
    }
  };
  if (results.IsList()) {
    for (const io::NodeView& check : results.Children()) read(Text(check, "ID"), check);
    return;
  }
  for (const auto& [id, check] : results.Members()) read(id, check);
}

void ReadObject(const Audited& audited, Sink& sink) {
  ReadResults(audited, audited.object.Get("Results"), "object", {}, sink);
  const io::NodeView pod = audited.object.Get("PodResult");
  ReadResults(audited, pod.Get("Results"), "pod", {}, sink);
  for (const io::NodeView& container : Items(pod, "ContainerResults")) {
    ReadResults(audited, container.Get("Results"), "container", Text(container, "Name"), sink);
  }
}

void ReadReport(io::NodeView report, Sink& sink) {
  Audited audited;
  audited.report = report;
  const std::string source = Text(report, "SourceType");
  audited.live = StartsWith(source, "Cluster");
  if (source == "Path") audited.file = LocationPath(Text(report, "SourceName"));
  for (const io::NodeView& object : Items(report, "Results")) {
    audited.object = object;
    ReadObject(audited, sink);
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const std::vector<io::NodeView> reports, JsonValues(input));
  for (const io::NodeView& report : reports) {
    if (!report.Get("Results")) return MissingPart(report, "Results");
  }
  ReportFacts facts;
  facts.tool = kTool;
  if (!reports.empty()) {
    facts.created = Text(reports.front(), "AuditTime");
    // A file is a place, not a target: reports of many files are written one after the other.
    if (Text(reports.front(), "SourceType") != "Path") {
      facts.target = Text(reports.front(), "SourceName");
    }
  }
  sink.Begin(facts);
  for (const io::NodeView& report : reports) ReadReport(report, sink);
  return {};
}

}  // namespace

const Importer kPolaris = {"polaris",
                           "Polaris",
                           "polaris audit --format json",
                           "one failed check of one object, pod template or container",
                           Detect,
                           Read};

}  // namespace ouro::ingest
