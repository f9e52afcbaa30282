// kube-scan: the answer of its API (GET /api/risks): workloads with risk items of the KCCSS rules.
// Items of type "Remediation" lower a risk: they are not findings. Scores are 0 to 10 (KCCSS).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "kubescan";

std::vector<io::NodeView> Workloads(io::NodeView root) {
  if (root.IsList()) return root.Children();
  if (root.Get("data").IsList()) return Items(root, "data");
  return Items(root, "risks.data");
}

int Detect(const ReportInput& input) {
  const std::vector<io::NodeView> workloads = Workloads(input.json());
  if (workloads.empty()) return kNo;
  return At(workloads.front(), "risk.riskItems") || At(workloads.front(), "risk.riskScore") ? kSure
                                                                                            : kNo;
}

// Bands of KCCSS: 0 to 3 low, to 6 medium, to 10 high.
model::Severity SeverityOf(double score) {
  if (score >= 7) return model::Severity::kHigh;
  if (score >= 4) return model::Severity::kMedium;
  return score > 0 ? model::Severity::kLow : model::Severity::kInfo;
}

model::Finding ReadItem(io::NodeView workload, io::NodeView item) {
  std::string id = Text(item, "name");
  if (id.empty()) id = RuleOfTitle(Text(item, "title"));
  model::Finding finding = NewFinding(model::FindingClass::kMisconfig, kTool, {}, id);
  finding.title = FirstText(item, {"title", "name"});
  const double score = Number(item, "score").value_or(0);
  const std::string category = Text(item, "riskCategory");
  if (category.empty()) {
    SetSeverityAs(finding, kTool, Text(item, "score"), SeverityOf(score));
  } else {
    SetSeverity(finding, kTool, category);
  }
  finding.stage = kStageRuntime;
  SetResource(finding, Text(workload, "kind"), Text(workload, "namespace"), Text(workload, "name"),
              Text(item, "container"));
  finding.message = FirstText(item, {"shortDescription", "description", "title"});
  finding.origin->description = Text(item, "description");
  finding.origin->category = Text(item, "type");
  if (Text(workload, "risk.riskStatus") == "Accepted") finding.origin->state = "risk_accepted";
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const std::vector<io::NodeView> workloads = Workloads(root);
  for (const io::NodeView& workload : workloads) {
    if (!workload.Get("risk")) return MissingPart(workload, "risk");
  }
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  for (const io::NodeView& workload : workloads) {
    for (const io::NodeView& item : Items(workload, "risk.riskItems")) {
      if (Text(item, "type") == "Remediation") {
        sink.AddPassed(1);
      } else {
        sink.Add(ReadItem(workload, item));
      }
    }
  }
  return {};
}

}  // namespace

const Importer kKubescan = {"kubescan",
                            "kube-scan (KCCSS)",
                            "the answer of kube-scan's /api/risks",
                            "one risk item of one workload",
                            Detect,
                            Read};

}  // namespace ouro::ingest
