// Legitify: `legitify analyze --output-format json`, in all its schemes (flattened, grouped by
// namespace, by resource, by severity): policies with the violations of each repository,
// organisation or member.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "legitify";

bool IsPolicy(io::NodeView node) {
  return node.Get("policyInfo").IsMap() && node.Get("violations").IsList();
}

// All policies at any depth, in order.
void CollectPolicies(io::NodeView node, int depth, std::vector<io::NodeView>& policies) {
  if (IsPolicy(node)) {
    policies.push_back(node);
    return;
  }
  if (depth == 0 || !node.IsMap()) return;
  for (const auto& [key, child] : node.Members()) CollectPolicies(child, depth - 1, policies);
}

std::vector<io::NodeView> Policies(io::NodeView root) {
  std::vector<io::NodeView> policies;
  CollectPolicies(root.Get("content") ? root.Get("content") : root, 3, policies);
  return policies;
}

int Detect(const ReportInput& input) {
  const std::vector<io::NodeView> policies = Policies(input.json());
  if (policies.empty()) return kNo;
  return policies.front().Get("policyInfo").Get("fullyQualifiedPolicyName") ? kNamed : kSure;
}

std::string Capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

model::Finding ReadViolation(io::NodeView info, io::NodeView violation) {
  model::Finding finding =
      NewFinding(model::FindingClass::kMisconfig, kTool, {}, Text(info, "policyName"));
  finding.title = fmt::format("{} | {}", Capitalised(Text(info, "namespace")), Text(info, "title"));
  SetSeverity(finding, kTool, Text(info, "severity"));
  finding.message = Text(info, "description");
  for (const std::string& step : Texts(info, "remediationSteps")) {
    AddLine(finding.remediation, step);
  }
  for (const std::string& threat : Texts(info, "threat")) AddLine(finding.origin->impact, threat);
  finding.origin->description = finding.message;
  finding.origin->category = Text(info, "namespace");
  SetResource(finding, Text(violation, "violationEntityType"), {},
              FirstText(violation, {"aux.entityName", "canonicalLink"}));
  const std::string link = Text(violation, "canonicalLink");
  finding.origin->endpoint = link;
  AddReference(finding, link);
  if (Text(violation, "violationEntityType") == "repository") {
    finding.asset.Make().repository = link;
  }
  return finding;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  if (!root.IsMap()) return MissingPart(root, "content");
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  int64_t skipped = 0;
  for (const io::NodeView& policy : Policies(root)) {
    for (const io::NodeView& violation : Items(policy, "violations")) {
      const std::string status = Text(violation, "status");
      if (status == "PASSED") {
        sink.AddPassed(1);
      } else if (status == "SKIPPED") {
        ++skipped;
      } else {
        sink.Add(ReadViolation(policy.Get("policyInfo"), violation));
      }
    }
  }
  if (skipped > 0) {
    AddNotExamined(
        sink, input, {},
        fmt::format("checks that legitify skipped, for want of permissions or data: {}", skipped),
        true);
  }
  return {};
}

}  // namespace

const Importer kLegitify = {"legitify",
                            "Legitify",
                            "legitify analyze --output-format json, all schemes",
                            "one policy that one entity breaks",
                            Detect,
                            Read};

}  // namespace ouro::ingest
