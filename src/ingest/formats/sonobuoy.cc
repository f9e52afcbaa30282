// Sonobuoy: `sonobuoy results --mode dump` (sonobuoy_results.yaml: a tree of items) and `--mode
// detailed` (JSON, one item a line). The e2e plugin's JUnit files are read by the importer of
// JUnit.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "sonobuoy";

bool IsItem(io::NodeView node) {
  return HasKeys(node, {"name", "status"}) && (node.Get("meta") || node.Get("items"));
}

int Detect(const ReportInput& input) {
  if (input.LooksLikeJson()) {
    const io::NodeView first = input.json();
    if (!IsItem(first)) return kNo;
    return first.Get("items").IsList() || !Text(first, "meta.path").empty() ? kSure : kGuess;
  }
  if (input.LooksLikeXml()) return kNo;
  if (!HasYamlLine(input, "status", {}) || !HasYamlLine(input, "items", {})) return kNo;
  return HasYamlLine(input, "type", "summary") && HasYamlLine(input, "name", {}) ? kSure : kNo;
}

// Where an item stands.
struct Place {
  std::string plugin;
  std::string file;
  std::string node;
};

bool IsFailure(std::string_view status) {
  return status == "failed" || status == "timeout";
}

model::Finding ReadItem(const Place& place, io::NodeView item, std::string_view status) {
  const std::string name = Text(item, "name");
  model::Finding finding = NewFinding(
      model::FindingClass::kBench, kTool, {},
      fmt::format("{}/{}", place.plugin.empty() ? "results" : place.plugin, RuleOfTitle(name)));
  finding.title = name;
  SetSeverityAs(finding, kTool, status, model::Severity::kMedium);
  finding.stage = kStageRuntime;
  finding.origin->category = place.plugin;
  const io::NodeView details = item.Get("details");
  finding.message =
      FirstLine(FirstText(details, {"failure", "error", "message", "system-out"}), 1'000);
  if (finding.message.empty()) finding.message = fmt::format("{}: {}", name, status);
  for (const auto& [key, value] : details.Members()) {
    AddFact(finding.origin->description, key, FirstLine(ScalarText(value), 1'000));
  }
  AddFact(finding.origin->description, "File", place.file);
  if (!place.node.empty()) finding.asset.Make().host = place.node;
  return finding;
}

void ReadTree(Place place, io::NodeView item, int depth, Sink& sink) {
  const std::string type = Text(item, "meta.type");
  const std::string name = Text(item, "name");
  if (depth == 0 && (type == "summary" || item.Get("items"))) place.plugin = name;
  if (type == "node") place.node = name;
  if (const std::string file = Text(item, "meta.file"); !file.empty()) place.file = file;
  // Lines of `--mode detailed` know their way: "e2e|junit_01.xml|…".
  if (const std::string path = Text(item, "meta.path"); !path.empty()) {
    place.plugin = path.substr(0, path.find('|'));
  }
  const std::vector<io::NodeView> items = Items(item, "items");
  if (!items.empty()) {
    for (const io::NodeView& child : items) ReadTree(place, child, depth + 1, sink);
    return;
  }
  const std::string status = Text(item, "status");
  if (IsFailure(status)) {
    sink.Add(ReadItem(place, item, status));
  } else if (status == "passed" || status == "complete") {
    sink.AddPassed(1);
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  if (input.LooksLikeJson()) OURO_TRY_STATUS(JsonValues(input));
  OURO_TRY(const ReportDocuments report, ReportDocuments::Read(input));
  for (const io::NodeView& item : report.documents()) {
    if (!item.Get("name")) return MissingPart(item, "name");
  }
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  for (const io::NodeView& item : report.documents()) ReadTree({}, item, 0, sink);
  return {};
}

}  // namespace

const Importer kSonobuoy = {"sonobuoy",
                            "Sonobuoy",
                            "sonobuoy results --mode dump (YAML, JSON) and --mode detailed",
                            "one test that failed",
                            Detect,
                            Read};

}  // namespace ouro::ingest
