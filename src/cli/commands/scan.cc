#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/commands/judge_option.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/engine.h"
#include "report/report.h"
#include "store/store.h"
#include "triage/triage.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kIncompleteWords = {"observe", "block"};
constexpr int64_t kThreadCountMax = 256;

constexpr std::array kOptions = {
    Option{"--format", 'f', "FORMAT", "form of the report", kReportFormats},
    Option{"--fail-on", 0, "SEVERITY",
           "block on findings of this severity or above; never: report only; default: high",
           kSeverityWords},
    Option{"--strict", 0, "", "exit code 5 when a finding asks for a reaction"},
    Option{"--incomplete", 0, "ACTION",
           "what it means when something could not be examined: observe, or block (exit code 3)",
           kIncompleteWords},
    Option{"--only",
           0,
           "ID",
           "run only these checks: our ids, other tools' ids (checkov:CKV_K8S_16), concepts, "
           "pss:baseline, nsa, cis; checks that run only on request run too when named",
           {},
           {},
           true},
    Option{"--skip", 0, "ID", "do not run these checks", {}, {}, true},
    Option{"--profile",
           0,
           "NAME",
           "the set of checks: default, all, pss-baseline, pss-restricted, nsa, cis, or one that "
           "your own checks name",
           {},
           {}},
    Option{"--kubernetes-version", 0, "VERSION",
           "the Kubernetes version whose rules apply (1.0 and later); default: the newest known"},
    Option{
        "--checks", 0, "FOLDER", "read further check files from this folder", {}, "folder", true},
    Option{"--exclude",
           0,
           "PATTERN",
           "leave out files and folders (.gitignore syntax, relative to the scanned folder)",
           {},
           {},
           true},
    Option{"--exclude-namespace", 0, "GLOB", "leave out objects of these namespaces", {}, {}, true},
    Option{"--exclude-kind", 0, "GLOB", "leave out objects of these kinds", {}, {}, true},
    Option{"--exclude-name", 0, "GLOB", "leave out objects with these names", {}, {}, true},
    Option{
        "--exclude-label", 0, "KEY[=VALUE]", "leave out objects with these labels", {}, {}, true},
    Option{"--no-gitignore", 0, "", "do not honour .gitignore files"},
    Option{"--follow-links", 0, "", "walk into folders through links"},
    Option{"--max-file-size", 0, "SIZE", "largest file that is read; default: 128M"},
    Option{"--stdin-name", 0, "NAME", "what standard input is called in the report"},
    Option{"--show-passed", 0, "", "add what was examined and passed"},
    Option{"--baseline",
           0,
           "FILE",
           "hide findings that this file knows: a baseline, or an earlier report (json, ndjson, "
           "sarif)",
           {},
           "file"},
    Option{"--write-baseline", 0, "FILE", "write what is found now as a baseline", {}, "file"},
    Option{"--store",
           0,
           "FILE",
           "remember findings in this SQLite file, with first and last seen",
           {},
           "file"},
    Option{"--threads", 0, "COUNT", "worker threads; default: one a processor, at most 8"},
};

constexpr std::array kExamples = {
    Example{"ouro scan .",
            "scan this folder; exit code 1 when something of severity high is found"},
    Example{"helm template ./chart | ouro scan -", "scan what a chart renders to"},
    Example{"ouro scan deploy/ --format sarif --output ouro.sarif",
            "write a report for a code-scanning service"},
    Example{"ouro scan . --profile pss-restricted --kubernetes-version 1.31",
            "judge by the Pod Security Standards of that version"},
    Example{"ouro scan . --only checkov:CKV_K8S_16,trivy:KSV-0017",
            "run what other tools' ids name"},
    Example{"ouro scan . --write-baseline known.json; ouro scan . --baseline known.json",
            "from now on count only what is new"},
};

UnixSeconds Now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

Result<engine::ScanRequest> MakeRequest(const Arguments& arguments) {
  engine::ScanRequest request;
  request.paths = arguments.positionals();
  if (request.paths.empty()) request.paths.emplace_back(".");
  OURO_TRY(request.config, LoadConfig(arguments, request.paths.front()));
  OURO_TRY_STATUS(ApplyFlags(arguments, request.config));
  request.selection = engine::SelectionOf(request.config);
  std::string warning;
  OURO_TRY(request.kubernetes_minor,
           engine::ParseKubernetesVersion(request.config.kubernetes_version, warning));
  if (!warning.empty()) PrintWarning(warning);
  request.walk.use_gitignore = !arguments.Has("--no-gitignore");
  request.walk.follow_links = arguments.Has("--follow-links");
  if (arguments.Has("--max-file-size")) {
    OURO_TRY(request.walk.file_size_max, ParseSize(arguments.Value("--max-file-size")));
  }
  if (arguments.Has("--stdin-name")) request.walk.stdin_name = arguments.Value("--stdin-name");
  if (arguments.Has("--threads")) {
    const auto count = ParseInt64(arguments.Value("--threads"));
    if (!count || *count < 1 || *count > kThreadCountMax) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("--threads does not know \"{}\": write 1 … {}",
                              Printable(arguments.Value("--threads")), kThreadCountMax));
    }
    request.thread_count = static_cast<int>(*count);
  }
  request.show_passed = arguments.Has("--show-passed");
  request.name_skipped = arguments.Has("--verbose");
  request.now = Now();
  return request;
}

Status Remember(const engine::ScanRequest& request, model::Report& report) {
  if (request.config.store.empty()) return {};
  OURO_TRY(const engine::FindingJudge judge,
           engine::FindingJudge::Make(JudgeOptionsOf(request.config, request.now)));
  for (model::Finding& finding : report.findings) judge.Judge(finding);
  OURO_TRY(const auto store, store::Store::Open(request.config.store));
  const std::string scope = JoinText(request.paths, "\n") + "\n" + request.selection.profile;
  return store->Record(report, scope, FormatRfc3339(request.now),
                       [&](const store::SlaQuestion& question) { return judge.Due(question); });
}

Status Report(const Arguments& arguments, const model::Report& report) {
  const std::string format = arguments.Has("--format") ? arguments.Value("--format") : "table";
  const report::Reporter* reporter = report::FindReporter(format);
  if (reporter == nullptr) return Fail(ErrorCode::kInvalid, "this format is not built in", format);
  report::ReportOptions options;
  options.color = WantsColor(arguments);
  options.width = arguments.Has("--output") ? 0 : TerminalWidth();
  options.quiet = arguments.Has("--quiet");
  options.verbose = arguments.Has("--verbose");
  options.show_passed = arguments.Has("--show-passed");
  std::string out;
  reporter->write(report, options, out);
  OURO_TRY_STATUS(WriteResult(arguments, out));
  if (arguments.Has("--write-baseline")) {
    return WriteFile(arguments.Value("--write-baseline"), triage::WriteBaseline(report.findings));
  }
  return {};
}

ExitCode RunScan(const Arguments& arguments) {
  auto request = MakeRequest(arguments);
  if (!request) return FailWith(request.error());
  const std::atomic<bool>& interrupted = WatchInterrupts();
  request->stop = &interrupted;
  Result<model::Report> report;
  {
    Progress progress(!arguments.Has("--quiet"));
    request->progress = [&](int64_t files_done) { progress.Show(files_done); };
    report = engine::Scan(*request);
  }
  if (!report) return FailWith(report.error());
  if (const Status remembered = Remember(*request, *report); !remembered) {
    return FailWith(remembered.error());
  }
  if (const Status reported = Report(arguments, *report); !reported) {
    return FailWith(reported.error());
  }
  const int code = report->decision.exit_code;
  // An interrupted run never looks like a clean one.
  if (interrupted.load() && code == 0) return ExitCode::kIncomplete;
  return static_cast<ExitCode>(code);
}

}  // namespace

const Command kScanCommand = {
    "scan",
    "scan Kubernetes manifests in files and folders",
    "[PATH…|-]",
    -1,
    0,
    "file",
    "Examines every Kubernetes object in the files and folders named (this folder where none is), "
    "or "
    "on standard input (-). Folders are walked; .gitignore is honoured. YAML and JSON are "
    "recognised "
    "by name, other files by content.\n"
    "Without a policy it blocks on findings of severity high or above. What could not be examined "
    "is "
    "listed, and never counted as passed.\n"
    "The first interrupt finishes the files that are open and reports; the second ends at once.",
    kOptions,
    kExamples,
    RunScan};

}  // namespace ouro::cli
