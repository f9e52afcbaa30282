// Kyverno: its policy reports, from the cluster (background scan and admission) and from `kyverno
// apply
// --policy-report`.
#include "ingest/formats/formats.h"
#include "ingest/formats/policy_report.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "kyverno";

bool IsKyverno(io::NodeView report) {
  if (Text(report, "source") == kTool) return true;
  const std::vector<io::NodeView> results = Items(report, "results");
  if (!results.empty()) return ContainsIgnoreCase(Text(results.front(), "source"), kTool);
  const io::NodeView labels = report.Get("metadata").Get("labels");
  return ScalarText(labels.Get("app.kubernetes.io/managed-by")) == kTool;
}

int Detect(const ReportInput& input) {
  if (!HoldsPolicyReport(input)) return kNo;
  if (!input.LooksLikeJson()) {
    return HasYamlLine(input, "source", kTool) ||
                   HasYamlLine(input, "app.kubernetes.io/managed-by", kTool)
               ? kNamed
               : kNo;
  }
  const io::NodeView root = input.json();
  const std::vector<io::NodeView> items = root.IsList() ? root.Children() : Items(root, "items");
  return IsKyverno(items.empty() ? root : items.front()) ? kNamed : kNo;
}

Status Read(const ReportInput& input, Sink& sink) {
  return ReadPolicyReports(input, kTool, sink);
}

}  // namespace

const Importer kKyverno = {"kyverno",
                           "Kyverno",
                           "policy reports of Kyverno and kyverno apply --policy-report",
                           "one result of one rule about one object",
                           Detect,
                           Read};

}  // namespace ouro::ingest
