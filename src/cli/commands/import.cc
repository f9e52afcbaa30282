#include <array>
#include <chrono>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/commands/judge_option.h"
#include "cli/commands/store_option.h"
#include "cli/commands/text_table.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/import.h"
#include "notify/config.h"
#include "notify/store_outbox.h"
#include "report/json_text.h"
#include "report/report.h"
#include "store/store.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 5> kSeverities = {"critical", "high", "medium", "low",
                                                         "info"};
constexpr std::array<std::string_view, 6> kStageWords = {"ci",        "release", "cd",
                                                         "admission", "runtime", "import"};

constexpr std::array kOptions = {
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
    Option{"--format", 'f', "FORMAT",
           "form of the answer: table or json; with --dry-run every report format", kReportFormats},
    Option{"--tool", 0, "NAME", "the format of the reports, where the content does not decide it"},
    Option{"--dry-run", 0, "", "read and show; store nothing"},
    Option{"--no-dedupe", 0, "", "with --dry-run: each finding as the report has it, unfolded"},
    Option{"--close-old", 0, "",
           "the reports are all there is of their scope (tool, target, branch, app): what it saw "
           "before and they do not hold is resolved"},
    Option{"--target", 0, "NAME", "what was examined, where the report does not say it"},
    Option{"--branch", 0, "NAME", "branch that was examined"},
    Option{"--app", 0, "NAME", "application that the findings belong to"},
    Option{"--environment", 0, "NAME", "environment that the findings belong to"},
    Option{"--cluster", 0, "NAME", "cluster that was examined"},
    Option{"--repository", 0, "URL", "repository that was examined"},
    Option{"--commit", 0, "HASH", "commit that was examined"},
    Option{"--stage", 0, "STAGE", "where in the delivery the tool ran", kStageWords},
    Option{"--source",
           0,
           "FOLDER",
           "look places of the reports up in these files: names of containers, namespaces",
           {},
           "folder"},
    Option{"--minimum-severity", 0, "SEVERITY", "leave out what is below", kSeverities},
    Option{"--max-file-size", 0, "SIZE", "largest report that is read; default: 128M"},
    Option{"--stdin-name", 0, "NAME", "what standard input is called"},
    Option{"--now", 0, "TIME", "the time of the import (RFC 3339), to import what is older again"},
    Option{"--formats", 0, "", "list the formats that are read"},
};

constexpr std::array kExamples = {
    Example{"ouro import trivy.json checkov.json", "import two reports"},
    Example{"ouro import reports/ --app shop --close-old",
            "import a folder; what its tools no longer see is resolved"},
    Example{"trivy image -f json nginx | ouro import -", "import what a tool prints"},
    Example{"ouro import report.json --dry-run --no-dedupe --format json",
            "see what a report becomes"},
};

UnixSeconds Now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

Result<engine::ImportRequest> MakeRequest(const Arguments& arguments) {
  engine::ImportRequest request;
  request.paths = arguments.positionals();
  if (request.paths.empty()) {
    return Fail(ErrorCode::kInvalid,
                "no report is named: give files, a folder, or - for standard input");
  }
  request.tool = arguments.Value("--tool");
  request.target = arguments.Value("--target");
  request.branch = arguments.Value("--branch");
  request.application = arguments.Value("--app");
  request.environment = arguments.Value("--environment");
  request.cluster = arguments.Value("--cluster");
  request.repository = arguments.Value("--repository");
  request.commit = arguments.Value("--commit");
  request.stage = arguments.Value("--stage");
  request.source = arguments.Value("--source");
  request.close_old = arguments.Has("--close-old");
  if (!request.source.empty() && !std::filesystem::is_directory(request.source)) {
    return Fail(ErrorCode::kNotFound, "--source is no folder", request.source);
  }
  if (arguments.Has("--minimum-severity")) {
    request.severity_min = model::ParseSeverity(arguments.Value("--minimum-severity"));
  }
  if (arguments.Has("--max-file-size")) {
    OURO_TRY(request.file_size_max, ParseSize(arguments.Value("--max-file-size")));
  }
  if (arguments.Has("--stdin-name")) request.stdin_name = arguments.Value("--stdin-name");
  request.now = Now();
  if (arguments.Has("--now")) {
    const auto now = ParseRfc3339(arguments.Value("--now"));
    if (!now) return Fail(ErrorCode::kInvalid, "--now needs a time: 2026-11-21T15:04:05Z");
    request.now = *now;
  }
  return request;
}

std::string FormatsTable() {
  std::vector<std::vector<std::string>> rows = {{"NAME", "TOOL", "READS", "ONE FINDING IS"}};
  for (const ingest::Importer* importer : ingest::AllImporters()) {
    rows.push_back({std::string(importer->name), std::string(importer->title),
                    std::string(importer->reads), std::string(importer->unit)});
  }
  return TextTable(rows);
}

std::string CountsSentence(const engine::ImportOutcome& outcome) {
  const store::ImportCounts& total = outcome.total;
  int64_t findings = 0;
  for (const engine::ImportedReport& report : outcome.reports) findings += report.findings;
  std::string text = fmt::format("{} report{}, {} finding{}: {} new, {} new issue{}, {} known",
                                 outcome.reports.size(), outcome.reports.size() == 1 ? "" : "s",
                                 findings, findings == 1 ? "" : "s", total.created,
                                 total.issues_created, total.issues_created == 1 ? "" : "s",
                                 total.unchanged + total.updated + total.observed);
  if (total.reopened > 0) text += fmt::format(", {} reopened", total.reopened);
  if (total.closed > 0) {
    text += fmt::format(", {} gone ({} issues resolved)", total.closed, total.issues_resolved);
  }
  if (outcome.cleared_by_vex > 0) {
    text += fmt::format(", {} not affected by VEX", outcome.cleared_by_vex);
  }
  if (outcome.skipped > 0) text += fmt::format("; {} files are no reports", outcome.skipped);
  if (outcome.refused > 0) text += fmt::format("; {} NOT IMPORTED", outcome.refused);
  return text + "\n";
}

std::string OutcomeTable(const engine::ImportOutcome& outcome) {
  std::vector<std::vector<std::string>> rows = {
      {"REPORT", "TOOL", "TARGET", "FINDINGS", "NEW", "KNOWN", "GONE", "PASSED"}};
  for (const engine::ImportedReport& report : outcome.reports) {
    const store::ImportCounts& counts = report.counts;
    const int64_t known = counts.unchanged + counts.updated + counts.observed;
    rows.push_back({Printable(report.file), Printable(report.facts.tool),
                    report.facts.target.empty() ? "-" : Printable(report.facts.target),
                    fmt::format("{}", report.findings), fmt::format("{}", counts.created),
                    fmt::format("{}", known), fmt::format("{}", counts.closed),
                    fmt::format("{}", report.passed)});
  }
  return outcome.reports.empty() ? std::string() : TextTable(rows);
}

void AppendCounts(report::JsonScope& scope, const store::ImportCounts& counts) {
  scope.Int("received", counts.received);
  scope.Int("created", counts.created);
  scope.Int("issues_created", counts.issues_created);
  scope.Int("observed", counts.observed);
  scope.Int("reopened", counts.reopened);
  scope.Int("issues_reopened", counts.issues_reopened);
  scope.Int("updated", counts.updated);
  scope.Int("unchanged", counts.unchanged);
  scope.Int("folded", counts.folded);
  scope.Int("closed", counts.closed);
  scope.Int("issues_resolved", counts.issues_resolved);
  scope.Int("untouched", counts.untouched);
}

void AppendReport(std::string& out, const engine::ImportedReport& report) {
  report::JsonScope scope(out, '{');
  scope.Text("file", report.file);
  scope.Text("format", report.importer->name);
  scope.Text("tool", report.facts.tool);
  scope.TextIf("tool_version", report.facts.tool_version);
  scope.TextIf("target", report.facts.target);
  scope.TextIf("created_at", report.facts.created);
  scope.Int("findings", report.findings);
  scope.Int("below_minimum_severity", report.below);
  scope.Int("passed", report.passed);
  scope.Int("components", report.components);
  scope.Int("vex_statements", report.vex);
  scope.Int("proposals", report.proposals);
  scope.Bool("repeated", report.repeated);
  AppendCounts(scope, report.counts);
  scope.End();
}

void AppendProblem(std::string& out, const model::Problem& problem) {
  report::JsonScope scope(out, '{');
  scope.Text("kind", problem.kind);
  scope.TextIf("file", problem.file);
  if (problem.line > 0) scope.Int("line", problem.line);
  if (problem.column > 0) scope.Int("column", problem.column);
  scope.Text("message", problem.message);
  scope.Bool("warning", problem.warning);
  scope.End();
}

std::string OutcomeJson(const engine::ImportOutcome& outcome) {
  std::string out;
  report::JsonScope scope(out, '{');
  scope.Text("schema", "ouro/import/v1");
  scope.Next("reports");
  report::JsonScope reports(out, '[');
  for (const engine::ImportedReport& report : outcome.reports) {
    reports.Next();
    AppendReport(out, report);
  }
  reports.End();
  scope.Next("problems");
  report::JsonScope problems(out, '[');
  for (const model::Problem& problem : outcome.problems) {
    problems.Next();
    AppendProblem(out, problem);
  }
  problems.End();
  scope.Next("summary");
  report::JsonScope summary(out, '{');
  AppendCounts(summary, outcome.total);
  summary.Int("cleared_by_vex", outcome.cleared_by_vex);
  summary.Int("refused", outcome.refused);
  summary.Int("skipped", outcome.skipped);
  summary.End();
  scope.End();
  return out + "\n";
}

// One line each on standard error: place, cause, remedy.
void PrintProblems(const engine::ImportOutcome& outcome, bool verbose) {
  for (const model::Problem& problem : outcome.problems) {
    if (problem.warning && !verbose) continue;
    std::string where = problem.file;
    if (problem.line > 0) where += fmt::format(":{}", problem.line);
    if (problem.column > 0) where += fmt::format(":{}", problem.column);
    if (problem.warning) {
      PrintWarning(where + ": " + problem.message);
    } else {
      PrintError(Error{ErrorCode::kInvalid, problem.message, where});
    }
  }
}

ExitCode CodeOf(const engine::ImportOutcome& outcome) {
  return outcome.refused > 0 ? ExitCode::kUsage : ExitCode::kClean;
}

Result<ExitCode> DryRun(const Arguments& arguments, engine::ImportRequest& request) {
  OURO_TRY(const engine::Config config, LoadConfig(arguments, "."));
  OURO_TRY(const engine::FindingJudge judge,
           engine::FindingJudge::Make(JudgeOptionsOf(config, request.now)));
  request.judge = &judge;
  engine::ImportOutcome outcome;
  OURO_TRY(const model::Report report,
           engine::ReadReports(request, !arguments.Has("--no-dedupe"), outcome));
  const std::string format = arguments.Has("--format") ? arguments.Value("--format") : "table";
  const report::Reporter* reporter = report::FindReporter(format);
  if (reporter == nullptr) return Fail(ErrorCode::kInvalid, "this format is not built in", format);
  report::ReportOptions options;
  options.color = WantsColor(arguments);
  options.width = arguments.Has("--output") ? 0 : TerminalWidth();
  options.quiet = arguments.Has("--quiet");
  options.verbose = arguments.Has("--verbose");
  std::string out;
  reporter->write(report, options, out);
  OURO_TRY_STATUS(WriteResult(arguments, out));
  return CodeOf(outcome);
}

Result<ExitCode> Store(const Arguments& arguments, engine::ImportRequest& request) {
  OURO_TRY(const engine::Config config, LoadConfig(arguments, "."));
  OURO_TRY(const auto store, OpenStoreToWrite(arguments, config));
  OURO_TRY(const engine::FindingJudge judge,
           engine::FindingJudge::Make(JudgeOptionsOf(config, request.now)));
  request.judge = &judge;
  notify::Config channels;
  if (config.has_notify) {
    OURO_TRY(channels, notify::ReadConfigFile(config.file));
    request.messages = [&](const store::ImportChanges& changes) {
      return notify::MessagesForImport(channels, changes, JoinText(request.paths, " "),
                                       request.now);
    };
  }
  OURO_TRY(const engine::ImportOutcome outcome, engine::Import(request, *store));
  PrintProblems(outcome, arguments.Has("--verbose"));
  if (arguments.Value("--format") == "json") {
    OURO_TRY_STATUS(WriteResult(arguments, OutcomeJson(outcome)));
  } else {
    const std::string table = arguments.Has("--quiet") ? "" : OutcomeTable(outcome);
    OURO_TRY_STATUS(WriteResult(arguments, table + CountsSentence(outcome)));
  }
  return CodeOf(outcome);
}

ExitCode RunImport(const Arguments& arguments) {
  if (arguments.Has("--formats")) {
    const Status written = WriteResult(arguments, FormatsTable());
    return written ? ExitCode::kClean : FailWith(written.error());
  }
  auto request = MakeRequest(arguments);
  if (!request) return FailWith(request.error());
  const std::atomic<bool>& interrupted = WatchInterrupts();
  request->stop = &interrupted;
  const Result<ExitCode> code =
      arguments.Has("--dry-run") ? DryRun(arguments, *request) : Store(arguments, *request);
  if (!code) return FailWith(code.error());
  if (interrupted.load() && *code == ExitCode::kClean) return ExitCode::kIncomplete;
  return *code;
}

}  // namespace

const Command kImportCommand = {
    "import",
    "take over other tools' reports",
    "[FILE…|FOLDER…|-]",
    -1,
    0,
    "file",
    "Reads reports of other tools, told apart by their content, and remembers their findings in "
    "the "
    "store: the same finding of two reports is one, findings of several tools with one cause are "
    "one issue.\n"
    "A report is imported whole or not at all, and importing it again changes nothing. What cannot "
    "be read is named with its place, stops nothing else and gives exit code 2.\n"
    "Without --close-old an import only adds; with it, the reports are the whole truth of their "
    "scope, and what they no longer hold is resolved.",
    kOptions,
    kExamples,
    RunImport};

}  // namespace ouro::cli
