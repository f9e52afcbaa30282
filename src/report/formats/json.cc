// The finding JSON, docs/formats/finding.md and finding.schema.json. One finding a line, so that
// two reports can be compared with line tools.
#include "report/formats/formats.h"
#include "report/formats/json_parts.h"
#include "report/json_text.h"

namespace ouro::report {
namespace {

void AppendResource(std::string& out, const model::Resource& resource) {
  JsonScope scope(out, '{');
  scope.Text("api_version", resource.api_version);
  scope.Text("kind", resource.kind);
  scope.TextIf("namespace", resource.namespace_name);
  scope.Text("name", resource.name);
  scope.TextIf("container", resource.container);
  scope.End();
}

void AppendLocation(std::string& out, const model::Location& location) {
  JsonScope scope(out, '{');
  scope.Text("file", location.file);
  if (location.line > 0) {
    scope.Int("line", location.line);
    if (location.column > 0) scope.Int("column", location.column);
    if (location.end_line > 0) scope.Int("end_line", location.end_line);
    if (location.end_column > 0) scope.Int("end_column", location.end_column);
    scope.Int("start_offset", location.start_offset);
    scope.Int("end_offset", location.end_offset);
  }
  scope.TextIf("json_path", location.json_path);
  scope.Int("document", location.document);
  scope.End();
}

void AppendFix(std::string& out, const std::vector<model::FixPatch>& fix) {
  JsonScope scope(out, '{');
  scope.Text("kind", "document");
  scope.Next("patches");
  JsonScope patches(out, '[');
  for (const model::FixPatch& patch : fix) {
    patches.Next();
    JsonScope entry(out, '{');
    entry.Text("op", patch.op);
    entry.Text("json_path", patch.json_path);
    if (patch.op != "remove") {
      entry.Next("value");
      out += patch.value.empty() ? "null" : patch.value;
    }
    entry.End();
  }
  patches.End();
  scope.End();
}

void AppendSuppression(std::string& out, const model::Suppression& suppression) {
  JsonScope scope(out, '{');
  scope.Text("by", suppression.by);
  scope.TextIf("reason", suppression.reason);
  scope.TextIf("until", suppression.until);
  scope.End();
}

void AppendProblem(std::string& out, const model::Problem& problem) {
  JsonScope scope(out, '{');
  scope.Text("kind", problem.kind);
  scope.TextIf("file", problem.file);
  if (problem.line > 0) scope.Int("line", problem.line);
  if (problem.column > 0) scope.Int("column", problem.column);
  if (problem.document >= 0) scope.Int("document", problem.document);
  scope.TextIf("object", problem.object);
  scope.Text("message", problem.message);
  scope.Bool("warning", problem.warning);
  scope.End();
}

void AppendPassed(std::string& out, const model::Passed& passed) {
  JsonScope scope(out, '{');
  scope.Text("check", passed.check);
  scope.Next("resource");
  AppendResource(out, passed.resource);
  scope.Text("file", passed.file);
  if (passed.line > 0) scope.Int("line", passed.line);
  scope.End();
}

void AppendRun(std::string& out, const model::Run& run) {
  JsonScope scope(out, '{');
  scope.Text("tool", "ouro");
  scope.Text("version", run.ouro_version);
  scope.Text("command", run.command);
  scope.Texts("paths", run.paths);
  scope.TextIf("profile", run.profile);
  scope.TextIf("kubernetes_version", run.kubernetes_version);
  scope.TextIf("started", run.started);
  scope.End();
}

void AppendDecision(std::string& out, const model::Decision& decision) {
  JsonScope scope(out, '{');
  scope.Text("verdict", decision.verdict);
  scope.Int("exit_code", decision.exit_code);
  scope.Text("sentence", decision.sentence);
  scope.Text("rule", decision.rule);
  scope.Texts("explanation", decision.explanation);
  scope.End();
}

void AppendSummary(std::string& out, const model::Counts& counts, const model::Decision& decision) {
  JsonScope scope(out, '{');
  scope.Int("files", counts.files);
  scope.Int("files_examined", counts.files_examined);
  scope.Int("files_excluded", counts.files_excluded);
  scope.Int("files_failed", counts.files_failed);
  scope.Int("files_skipped", counts.files_skipped);
  scope.Int("documents", counts.documents);
  scope.Int("objects", counts.objects);
  scope.Int("objects_examined", counts.objects_examined);
  scope.Int("objects_excluded", counts.objects_excluded);
  scope.Int("objects_failed", counts.objects_failed);
  scope.Int("workloads", counts.workloads);
  scope.Int("bytes", counts.bytes);
  scope.Int("checks", counts.checks);
  scope.Next("open");
  JsonScope open(out, '{');
  for (int i = model::kSeverityCount - 1; i >= 0; --i) {
    open.Int(model::SeverityName(static_cast<model::Severity>(i)),
             counts.open[static_cast<size_t>(i)]);
  }
  open.End();
  scope.Int("suppressed", counts.suppressed);
  scope.Int("baseline", counts.baseline);
  scope.Int("passed", counts.passed);
  scope.Int("not_examined", counts.not_examined);
  scope.Next("decision");
  AppendDecision(out, decision);
  scope.End();
}

// "name":[ one entry a line ].
template <typename T>
void AppendLines(std::string& out, std::string_view name, const std::vector<T>& values,
                 void (*append)(std::string&, const T&)) {
  out += ",\n\"";
  out += name;
  out += "\":[";
  for (size_t i = 0; i < values.size(); ++i) {
    out += i == 0 ? "\n" : ",\n";
    append(out, values[i]);
  }
  out += values.empty() ? "]" : "\n]";
}

}  // namespace

void AppendFindingJson(std::string& out, const model::Finding& finding) {
  JsonScope scope(out, '{');
  scope.Text("id", finding.id);
  scope.TextIf("issue", finding.issue);
  scope.Text("class", model::FindingClassName(finding.finding_class));
  scope.Text("check", finding.check);
  scope.TextIf("concept", finding.concept_name);
  scope.Texts("aliases", finding.aliases);
  scope.Text("title", finding.title);
  scope.Next("resource");
  AppendResource(out, finding.resource);
  scope.TextIf("field_path", finding.field_path);
  scope.Next("location");
  AppendLocation(out, finding.location);
  scope.Text("severity", model::SeverityName(finding.severity));
  scope.TextIf("severity_source", finding.severity_source);
  scope.Text("message", finding.message);
  scope.TextIf("remediation", finding.remediation);
  scope.Texts("references", finding.references);
  if (!finding.fix.empty()) {
    scope.Next("fix");
    AppendFix(out, finding.fix);
  }
  scope.Text("status", model::FindingStatusName(finding.status));
  if (finding.suppressed) {
    scope.Next("suppressed");
    AppendSuppression(out, *finding.suppressed);
  }
  scope.TextIf("action", finding.action);
  scope.TextIf("first_seen", finding.first_seen);
  scope.TextIf("last_seen", finding.last_seen);
  scope.Text("stage", finding.stage);
  scope.Int("count", finding.count);
  if (!finding.other_locations.empty()) {
    scope.Next("other_locations");
    JsonScope places(out, '[');
    for (const model::Location& location : finding.other_locations) {
      places.Next();
      AppendLocation(out, location);
    }
    places.End();
  }
  AppendParts(out, scope, finding);
  scope.End();
}

void WriteJson(const model::Report& report, const ReportOptions& options, std::string& out) {
  out.reserve(out.size() + 2'048 + report.findings.size() * kFindingJsonSize);
  out += "{\"schema\":\"ouro/finding/v1\",\n\"run\":";
  AppendRun(out, report.run);
  AppendLines(out, "findings", report.findings, AppendFindingJson);
  AppendLines(out, "problems", report.problems, AppendProblem);
  if (options.show_passed) AppendLines(out, "passed", report.passed, AppendPassed);
  out += ",\n\"summary\":";
  AppendSummary(out, report.counts, report.decision);
  out += "}\n";
}

}  // namespace ouro::report
