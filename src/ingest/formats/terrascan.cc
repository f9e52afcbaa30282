// Terrascan: `terrascan scan -o json` (and yaml): violations of rules by resources.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"
#include "model/kinds.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "terrascan";

int Detect(const ReportInput& input) {
  const io::NodeView results = input.json().Get("results");
  if (HasKeys(results, {"violations", "scan_summary"})) return kSure;
  const std::vector<io::NodeView> found = Items(results, "violations");
  return !found.empty() && HasKeys(found.front(), {"rule_name", "rule_id", "resource_type"}) ? kSure
                                                                                             : kNo;
}

std::string KeyOf(io::NodeView node) {
  std::string key;
  for (const std::string_view field :
       {"rule_id", "rule_name", "resource_name", "resource_type", "file", "line"}) {
    key += Text(node, field) + "\n";
  }
  return key;
}

// "kubernetes_cron_job" → "CronJob"; other types stay as they are.
std::string KindOf(std::string_view type) {
  static constexpr std::string_view kKubernetes = "kubernetes_";
  if (!StartsWith(type, kKubernetes)) return std::string(type);
  return std::string(model::CanonicalKind(ReplaceAll(type.substr(kKubernetes.size()), "_", "")));
}

model::Finding ReadViolation(io::NodeView node) {
  model::Finding finding =
      NewFinding(model::FindingClass::kMisconfig, kTool, {}, Text(node, "rule_id"));
  finding.title = fmt::format("{}: {}", Text(node, "category"), Text(node, "rule_name"));
  SetSeverity(finding, kTool, Text(node, "severity"), model::Severity::kInfo);
  finding.message = Text(node, "description");
  finding.origin->description = finding.message;
  finding.origin->category = Text(node, "category");
  SetResource(finding, KindOf(Text(node, "resource_type")), Text(node, "namespace"),
              Text(node, "resource_name"));
  finding.location.file = LocationPath(Text(node, "file"));
  finding.location.line = Integer(node, "line");
  return finding;
}

void ReadList(io::NodeView results, std::string_view list, std::string_view state, Sink& sink) {
  Repeats repeats;
  for (const io::NodeView& node : Items(results, list)) repeats.Count(KeyOf(node));
  for (const io::NodeView& node : Items(results, list)) {
    const int64_t occurrences = repeats.Take(KeyOf(node));
    if (occurrences == 0) continue;
    model::Finding finding = ReadViolation(node);
    finding.origin->occurrences = occurrences;
    finding.origin->state = state;
    AddFact(finding.origin->description, "Skipped", Text(node, "skip_comment"));
    sink.Add(std::move(finding));
  }
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const io::NodeView results = root.Get("results");
  if (!results.IsMap()) return MissingPart(root, "results");
  ReportFacts facts;
  facts.tool = kTool;
  facts.target = FirstText(results.Get("scan_summary"), {"file/folder"});
  facts.created = Text(results, "scan_summary.scanned_at");
  sink.Begin(facts);
  ReadList(results, "violations", {}, sink);
  ReadList(results, "skipped_violations", "risk_accepted", sink);
  sink.AddPassed(static_cast<int64_t>(Items(results, "passed_rules").size()));
  for (const io::NodeView& error : Items(results, "scan_errors")) {
    AddNotExamined(sink, input, error,
                   fmt::format("terrascan did not examine {} as {}: {}", Text(error, "directory"),
                               Text(error, "iac_type"), Text(error, "errMsg")),
                   true);
  }
  return {};
}

}  // namespace

const Importer kTerrascan = {
    "terrascan", "Terrascan", "terrascan scan -o json", "one violation of one rule by one resource",
    Detect,      Read};

}  // namespace ouro::ingest
