// tfsec: `tfsec --format json`, versions before 1.0 (rule_id, link) and since (long_id, links,
// status).
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "tfsec";

bool IsResult(io::NodeView node) {
  return HasKeys(node, {"rule_id", "location"}) && !Text(node, "location.filename").empty() &&
         (node.Get("rule_provider") || node.Get("long_id") || node.Get("link"));
}

int Detect(const ReportInput& input) {
  const std::vector<io::NodeView> results = Items(input.json(), "results");
  return !results.empty() && IsResult(results.front()) ? kSure : kNo;
}

std::string KeyOf(io::NodeView node) {
  std::string key;
  for (const std::string_view field : {"rule_id", "rule_description", "location.filename",
                                       "location.start_line", "resource", "description"}) {
    key += Text(node, field) + "\n";
  }
  return key;
}

// "See https://tfsec.dev/… for more information."
std::string UrlIn(std::string_view text) {
  const size_t at = text.find("http");
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at);
  return std::string(text.substr(0, text.find_first_of(" \t\n")));
}

// "aws_s3_bucket.logs"
void SetTerraformResource(model::Finding& finding, std::string_view resource) {
  const size_t dot = resource.find('.');
  if (dot == std::string_view::npos || StartsWith(resource, "module.")) {
    SetResource(finding, {}, {}, resource);
  } else {
    SetResource(finding, resource.substr(0, dot), {}, resource.substr(dot + 1));
  }
}

model::Finding ReadResult(io::NodeView node) {
  const std::string rule = Text(node, "rule_id");
  model::Finding finding = NewFinding(model::FindingClass::kMisconfig, kTool, {}, rule);
  const std::string long_id = Text(node, "long_id");
  if (!long_id.empty()) finding.aliases = {fmt::format("{}:{}", kTool, long_id)};
  finding.title = FirstText(node, {"rule_description", "description"});
  SetSeverity(finding, kTool, Text(node, "severity"), model::Severity::kLow);
  finding.message = Text(node, "description");
  finding.remediation = Text(node, "resolution");
  finding.origin->impact = Text(node, "impact");
  finding.origin->category = FirstText(node, {"rule_service", "rule_provider"});
  std::string& description = finding.origin->description;
  AddLine(description, finding.message);
  AddFact(description, "Rule", rule);
  AddFact(description, "Provider", Text(node, "rule_provider"));
  finding.location.file = LocationPath(Text(node, "location.filename"));
  finding.location.line = Integer(node, "location.start_line");
  finding.location.end_line = Integer(node, "location.end_line");
  SetTerraformResource(finding, Text(node, "resource"));
  AddReference(finding, UrlIn(Text(node, "link")));
  for (const std::string& link : Texts(node, "links")) AddReference(finding, link);
  // status: 0 failed, 1 passed, 2 ignored.
  if (Integer(node, "status") == 2) finding.origin->state = "risk_accepted";
  return finding;
}

bool HasPassed(io::NodeView node) {
  return Flag(node, "passed") || Integer(node, "status") == 1;
}

Status Read(const ReportInput& input, Sink& sink) {
  OURO_TRY(const io::NodeView root, JsonRoot(input));
  const io::NodeView results = root.Get("results");
  if (!results) return MissingPart(root, "results");
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  if (!results.IsList()) return {};
  Repeats repeats;
  for (const io::NodeView& node : results.Children()) repeats.Count(KeyOf(node));
  for (const io::NodeView& node : results.Children()) {
    const int64_t occurrences = repeats.Take(KeyOf(node));
    if (occurrences == 0) continue;
    if (HasPassed(node)) {
      sink.AddPassed(occurrences);
      continue;
    }
    model::Finding finding = ReadResult(node);
    finding.origin->occurrences = occurrences;
    sink.Add(std::move(finding));
  }
  return {};
}

}  // namespace

const Importer kTfsec = {
    "tfsec", "tfsec", "tfsec --format json, all versions", "one rule that one resource breaks",
    Detect,  Read};

}  // namespace ouro::ingest
