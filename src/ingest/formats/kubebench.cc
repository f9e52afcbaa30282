// kube-bench: `kube-bench --json` in all its forms (a list of controls, {"Controls", "Totals"}
// since 0.5.0, one set of controls a value) and the findings that `--asff` sends to AWS Security
// Hub.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/benchmark_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "kubebench";

std::vector<io::NodeView> AsffFindings(io::NodeView root) {
  if (root.IsMap()) return Items(root, "Findings");
  return root.Children();
}

bool IsAsff(io::NodeView finding) {
  return HasKeys(finding, {"SchemaVersion", "GeneratorId", "Title"}) &&
         (ContainsIgnoreCase(Text(finding, "GeneratorId"), "kube-bench") ||
          ContainsIgnoreCase(Text(finding, "ProductArn"), "kube-bench"));
}

int Detect(const ReportInput& input) {
  const io::NodeView root = input.json();
  const std::vector<io::NodeView> findings = AsffFindings(root);
  if (!findings.empty() && IsAsff(findings.front())) return kNamed;
  const std::vector<io::NodeView> controls = BenchmarkControls(root);
  if (controls.empty() || !IsBenchmarkControls(controls.front())) return kNo;
  return Text(controls.front(), "node_type").empty() ? kGuess : kSure;
}

// "arn:…/cis-1.6/aqua-security-kube-bench/1.2.1" or a title "1.2.1 Ensure …": the control's number.
std::string NumberOf(io::NodeView finding) {
  const std::string generator = Text(finding, "GeneratorId");
  const size_t slash = generator.rfind('/');
  std::string_view number = std::string_view(generator).substr(slash + 1);
  if (number.find('.') != std::string_view::npos &&
      number.find_first_not_of("0123456789.") == std::string_view::npos) {
    return std::string(number);
  }
  const std::string title = Text(finding, "Title");
  return title.substr(0, title.find(' '));
}

model::Finding ReadAsff(io::NodeView node) {
  model::Finding finding = NewFinding(model::FindingClass::kBench, kTool, {}, NumberOf(node));
  finding.title = Text(node, "Title");
  const bool failed = FirstText(node, {"Compliance.Status"}) != "WARNING";
  const std::string word = Text(node, "Severity.Label");
  if (word.empty()) {
    SetSeverityAs(finding, kTool, failed ? "FAIL" : "WARN",
                  failed ? model::Severity::kMedium : model::Severity::kInfo);
  } else {
    SetSeverity(finding, kTool, word);
  }
  finding.stage = kStageRuntime;
  finding.message = FirstText(node, {"Description", "Title"});
  finding.remediation = Text(node, "Remediation.Recommendation.Text");
  AddReference(finding, Text(node, "Remediation.Recommendation.Url"));
  finding.origin->uid = Text(node, "Id");
  const io::NodeView fields = node.Get("ProductFields");
  for (const std::string_view field :
       {"Reason", "Actual result", "Expected result", "Section", "Subsection"}) {
    AddFact(finding.origin->description, field, ScalarText(fields.Get(field)));
  }
  finding.origin->category = ScalarText(fields.Get("Section"));
  const std::vector<io::NodeView> resources = Items(node, "Resources");
  if (!resources.empty()) finding.asset.Make().cluster = Text(resources.front(), "Id");
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const std::vector<io::NodeView> findings = AsffFindings(root);
  if (findings.empty() || !IsAsff(findings.front())) return ReadBenchmark(input, kTool, sink);
  ReportFacts facts;
  facts.tool = kTool;
  facts.created = Text(findings.front(), "CreatedAt");
  sink.Begin(facts);
  for (const io::NodeView& finding : findings) {
    const std::string status = Text(finding, "Compliance.Status");
    if (status == "PASSED") {
      sink.AddPassed(1);
    } else {
      sink.Add(ReadAsff(finding));
    }
  }
  return {};
}

}  // namespace

const Importer kKubebench = {"kubebench",
                             "kube-bench",
                             "kube-bench --json (all forms) and the findings of --asff",
                             "one control that a node role fails",
                             Detect,
                             Read};

}  // namespace ouro::ingest
