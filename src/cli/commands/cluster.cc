#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/cluster.h"
#include "engine/engine.h"
#include "kube/client.h"
#include "kube/config.h"
#include "report/report.h"
#include "store/store.h"
#include "triage/triage.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kIncompleteWords = {"observe", "block"};

constexpr std::array kOptions = {
    Option{"--context", 0, "NAME", "the context of the kubeconfig; default: its current one"},
    Option{"--kubeconfig",
           0,
           "FILE",
           "the kubeconfig; default: $KUBECONFIG, ~/.kube/config, or the account of the pod that "
           "this runs in",
           {},
           "file"},
    Option{"--server", 0, "URL", "the API server, over what the kubeconfig says"},
    Option{"--as", 0, "USER", "act as this user"},
    Option{"--as-group", 0, "GROUP", "act as a member of this group", {}, {}, true},
    Option{"--insecure-skip-tls-verify", 0, "", "do not check the server's certificate"},
    Option{"--namespace", 'n', "NAME", "only objects of this namespace"},
    Option{"--all-namespaces", 'A', "",
           "objects of all namespaces, and those that stand in none "
           "(the default)"},
    Option{"--selector", 'l', "LABELS", "only objects that match this label selector"},
    Option{"--watch", 'w', "",
           "after the first report go on, and print each change of the findings as it happens"},
    Option{"--dump",
           0,
           "FOLDER",
           "record what would be listed, redacted, instead of judging it; scan it later with "
           "`ouro cluster FOLDER`",
           {},
           "folder"},
    Option{"--format", 'f', "FORMAT", "form of the report", kReportFormats},
    Option{"--fail-on", 0, "SEVERITY",
           "block on findings of this severity or above; never: report only; default: high",
           kSeverityWords},
    Option{"--strict", 0, "", "exit code 5 when a finding asks for a reaction"},
    Option{"--incomplete", 0, "ACTION",
           "what it means when something could not be examined: observe, or block (exit code 3)",
           kIncompleteWords},
    Option{"--only", 0, "ID", "run only these checks, as for `ouro scan`", {}, {}, true},
    Option{"--skip", 0, "ID", "do not run these checks", {}, {}, true},
    Option{"--profile", 0, "NAME",
           "the set of checks: default, all, pss-baseline, pss-restricted, nsa, cis, or one that "
           "your own checks name"},
    Option{"--kubernetes-version", 0, "VERSION",
           "the Kubernetes version whose rules apply; default: that of the server"},
    Option{
        "--checks", 0, "FOLDER", "read further check files from this folder", {}, "folder", true},
    Option{"--exclude-namespace", 0, "GLOB", "leave out objects of these namespaces", {}, {}, true},
    Option{"--exclude-kind", 0, "GLOB", "leave out objects of these kinds", {}, {}, true},
    Option{"--exclude-name", 0, "GLOB", "leave out objects with these names", {}, {}, true},
    Option{
        "--exclude-label", 0, "KEY[=VALUE]", "leave out objects with these labels", {}, {}, true},
    Option{"--show-passed", 0, "", "add what was examined and passed"},
    Option{"--baseline",
           0,
           "FILE",
           "hide findings that this file knows: a baseline, or an earlier report (json, ndjson, "
           "sarif), of files too",
           {},
           "file"},
    Option{"--write-baseline", 0, "FILE", "write what is found now as a baseline", {}, "file"},
    Option{"--store",
           0,
           "FILE",
           "remember findings in this SQLite file, with first and last seen",
           {},
           "file"},
};

constexpr std::array kExamples = {
    Example{"ouro cluster", "every check on the live objects that the kubeconfig leads to"},
    Example{"ouro cluster -n shop --profile pss-restricted",
            "one namespace, by the restricted Pod Security Standard of the server's version"},
    Example{"ouro cluster --watch --format ndjson", "print each change of the findings"},
    Example{"ouro cluster --dump state/; ouro cluster state/",
            "record a cluster here, judge it elsewhere"},
    Example{"kubectl get all -A -o json | ouro cluster -", "judge what another program listed"},
};

// Options that ask something of a server.
constexpr std::array<std::string_view, 10> kLiveOptions = {
    "--context",   "--kubeconfig", "--server", "--as",  "--as-group", "--insecure-skip-tls-verify",
    "--namespace", "--selector",   "--watch",  "--dump"};

UnixSeconds Now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

std::string FormatOf(const Arguments& arguments) {
  return arguments.Has("--format") ? arguments.Value("--format") : "table";
}

Status CheckOptions(const Arguments& arguments) {
  if (!arguments.positionals().empty()) {
    for (const std::string_view option : kLiveOptions) {
      if (!arguments.Has(option)) continue;
      return Fail(ErrorCode::kInvalid,
                  fmt::format("{} asks a server; leave it out to scan a recorded state", option));
    }
  }
  if (arguments.Has("--namespace") && arguments.Has("--all-namespaces")) {
    return Fail(ErrorCode::kInvalid, "--namespace and --all-namespaces contradict each other");
  }
  if (!arguments.Has("--watch")) return {};
  const std::string format = FormatOf(arguments);
  if (format != "table" && format != "ndjson") {
    return Fail(ErrorCode::kInvalid,
                fmt::format("--watch prints changes as they come, which {} cannot hold: use table "
                            "or ndjson",
                            format));
  }
  for (const std::string_view option :
       {"--output", "--dump", "--show-passed", "--write-baseline"}) {
    if (!arguments.Has(option)) continue;
    return Fail(ErrorCode::kInvalid, fmt::format("--watch and {} do not go together", option));
  }
  return {};
}

Result<engine::ClusterRequest> MakeRequest(const Arguments& arguments) {
  engine::ClusterRequest request;
  OURO_TRY(request.config, LoadConfig(arguments, "."));
  OURO_TRY_STATUS(ApplyFlags(arguments, request.config));
  request.selection = engine::SelectionOf(request.config);
  if (!request.config.kubernetes_version.empty()) {
    std::string warning;
    OURO_TRY(request.kubernetes_minor,
             engine::ParseKubernetesVersion(request.config.kubernetes_version, warning));
    if (!warning.empty()) PrintWarning(warning);
  }
  request.show_passed = arguments.Has("--show-passed");
  request.name_space = arguments.Value("--namespace");
  request.label_selector = arguments.Value("--selector");
  request.now = Now();
  return request;
}

Result<std::unique_ptr<kube::Client>> Connect(const Arguments& arguments,
                                              const std::atomic<bool>* stop) {
  kube::ConfigOptions options;
  if (arguments.Has("--kubeconfig")) options.files = {arguments.Value("--kubeconfig")};
  options.context = arguments.Value("--context");
  options.server = arguments.Value("--server");
  options.insecure_skip_tls_verify = arguments.Has("--insecure-skip-tls-verify");
  options.impersonate.user = arguments.Value("--as");
  options.impersonate.groups = arguments.List("--as-group");
  OURO_TRY(kube::ClientConfig config, kube::LoadConfig(options));
  kube::ClientOptions client;
  client.user_agent = fmt::format("ouro/{}", engine::Version());
  client.stop = stop;
  return kube::Client::Create(std::move(config), std::move(client));
}

report::ReportOptions OutputOptions(const Arguments& arguments) {
  report::ReportOptions options;
  options.color = WantsColor(arguments);
  options.width = arguments.Has("--output") ? 0 : TerminalWidth();
  options.quiet = arguments.Has("--quiet");
  options.verbose = arguments.Has("--verbose");
  options.show_passed = arguments.Has("--show-passed");
  return options;
}

Status Remember(const engine::ClusterRequest& request, model::Report& report) {
  if (request.config.store.empty()) return {};
  OURO_TRY(const auto store, store::Store::Open(request.config.store));
  const std::string scope = JoinText(report.run.paths, "\n") + "\n" + request.selection.profile;
  return store->Record(report, scope, FormatRfc3339(Now()));
}

Status PrintReport(const Arguments& arguments, const model::Report& report) {
  const std::string format = FormatOf(arguments);
  const report::Reporter* reporter = report::FindReporter(format);
  if (reporter == nullptr) return Fail(ErrorCode::kInvalid, "this format is not built in", format);
  std::string out;
  reporter->write(report, OutputOptions(arguments), out);
  OURO_TRY_STATUS(WriteResult(arguments, out));
  if (arguments.Has("--write-baseline")) {
    return WriteFile(arguments.Value("--write-baseline"), triage::WriteBaseline(report.findings));
  }
  return {};
}

ExitCode CodeOf(const model::Report& report, bool interrupted) {
  const int code = report.decision.exit_code;
  // An interrupted run never looks like a clean one.
  if (interrupted && code == 0) return ExitCode::kIncomplete;
  return static_cast<ExitCode>(code);
}

ExitCode Dump(const Arguments& arguments, const engine::ClusterRequest& request,
              kube::Client& client) {
  const std::string folder = arguments.Value("--dump");
  const auto summary = engine::DumpCluster(request, client, folder);
  if (!summary) return FailWith(summary.error());
  std::string out = fmt::format("{} objects of {} kinds recorded in {}\n", summary->objects,
                                summary->kinds, Printable(folder));
  bool incomplete = false;
  for (const model::Problem& problem : summary->problems) {
    out += fmt::format("  {} {}\n", problem.warning ? "warning" : "not recorded",
                       Printable(problem.message));
    incomplete = incomplete || !problem.warning;
  }
  if (const Status written = WriteStdout(out); !written) return FailWith(written.error());
  const bool blocks = request.config.policy.incomplete == gate::OnIncomplete::kBlock;
  return incomplete && blocks ? ExitCode::kIncomplete : ExitCode::kClean;
}

// Lines of a watch, as they happen.
class WatchPrinter {
 public:
  explicit WatchPrinter(const Arguments& arguments)
      : arguments_(arguments),
        json_(FormatOf(arguments) == "ndjson"),
        color_(WantsColor(arguments)) {}

  void Listed(const model::Report& report) {
    if (!json_) {
      Write(TableOf(report, arguments_.Has("--quiet")));
      return;
    }
    std::string out;
    for (const model::Finding& finding : report.findings) AppendEvent(out, "listed", {}, finding);
    Write(out);
    Summary("watching", report);
  }

  void Changed(const engine::FindingChange& change) {
    const bool hidden = change.finding.status == model::FindingStatus::kSuppressed &&
                        change.kind != engine::FindingChange::Kind::kChanged;
    std::string out;
    if (json_) {
      AppendEvent(out, engine::FindingChangeName(change.kind), change.note, change.finding);
    } else if (!hidden || arguments_.Has("--verbose")) {
      out = Line(change);
    }
    Write(out);
  }

  void Note(std::string_view text) {
    if (json_) {
      std::string out = "{\"event\":\"note\",\"message\":";
      AppendJsonString(out, text);
      Write(out + "}\n");
    } else {
      PrintWarning(text);
    }
  }

  void Ended(const model::Report& report) {
    if (json_) return Summary("ended", report);
    Write("\n" + TableOf(report, true));
  }

  const Status& status() const { return status_; }

 private:
  void Write(std::string_view text) {
    if (status_ && !text.empty()) status_ = WriteStdout(text);
    // Nobody reads any more: that ends a watch as an interrupt does.
    if ((!status_ || OutputIsClosed()) && !closed_) {
      closed_ = true;
      std::raise(SIGTERM);
    }
  }

  std::string TableOf(const model::Report& report, bool quiet) const {
    report::ReportOptions options = OutputOptions(arguments_);
    options.quiet = quiet;
    std::string out;
    report::FindReporter("table")->write(report, options, out);
    return out;
  }

  // A finding as in the other reports, with "event" and "note" before its own members.
  static void AppendEvent(std::string& out, std::string_view event, std::string_view note,
                          const model::Finding& finding) {
    std::string json;
    report::AppendFindingJson(json, finding);
    out += fmt::format("{{\"event\":\"{}\",", event);
    if (!note.empty()) {
      out += "\"note\":";
      AppendJsonString(out, note);
      out += ',';
    }
    out.append(json, 1, std::string::npos);
    out += '\n';
  }

  void Summary(std::string_view event, const model::Report& report) {
    int64_t open = 0;
    for (const int64_t count : report.counts.open) open += count;
    std::string out = fmt::format(
        "{{\"event\":\"{}\",\"objects\":{},\"open\":{},\"suppressed\":{},\"not_examined\":{},"
        "\"verdict\":\"{}\",\"problems\":[",
        event, report.counts.objects, open, report.counts.suppressed, report.counts.not_examined,
        report.decision.verdict);
    bool first = true;
    for (const model::Problem& problem : report.problems) {
      if (!first) out += ',';
      first = false;
      AppendJsonString(out, problem.message);
    }
    Write(out + "]}\n");
  }

  // "12:30:01  new      critical  OURO-K8S-0001  Deployment shop/web  container api runs
  // privileged"
  std::string Line(const engine::FindingChange& change) const {
    const model::Finding& finding = change.finding;
    const model::Resource& resource = finding.resource;
    const std::string clock = FormatRfc3339(Now()).substr(11, 8);
    const std::string object =
        resource.namespace_name.empty()
            ? fmt::format("{} {}", resource.kind, resource.name)
            : fmt::format("{} {}/{}", resource.kind, resource.namespace_name, resource.name);
    std::string line =
        fmt::format("{}  {:<7}  {:<8}  {}  {}  {}", clock, engine::FindingChangeName(change.kind),
                    model::SeverityName(finding.severity), finding.check, object, finding.message);
    if (!change.note.empty()) line += " · " + change.note;
    line = Printable(line);
    if (!color_) return line + "\n";
    const bool gone = change.kind == engine::FindingChange::Kind::kGone;
    const bool blocks = !gone && finding.action == "block";
    return fmt::format("\x1b[{}m{}\x1b[0m\n", gone ? "32" : blocks ? "31" : "33", line);
  }

  const Arguments& arguments_;
  bool json_;
  bool color_;
  bool closed_ = false;
  Status status_;
};

ExitCode Watch(const Arguments& arguments, const engine::ClusterRequest& request,
               kube::Client& client) {
  WatchPrinter printer(arguments);
  Status remembered;
  engine::WatchSink sink;
  sink.listed = [&](const model::Report& report) {
    model::Report copy = report;
    remembered = Remember(request, copy);
    printer.Listed(copy);
  };
  sink.changed = [&](const engine::FindingChange& change) { printer.Changed(change); };
  sink.note = [&](std::string_view text) { printer.Note(text); };
  auto report = engine::WatchCluster(request, client, sink);
  if (!report) return FailWith(report.error());
  if (remembered) remembered = Remember(request, *report);
  if (!remembered) return FailWith(remembered.error());
  printer.Ended(*report);
  if (!printer.status()) return FailWith(printer.status().error());
  // Here the interrupt is how a watch ends.
  return static_cast<ExitCode>(report->decision.exit_code);
}

ExitCode RunCluster(const Arguments& arguments) {
  if (const Status checked = CheckOptions(arguments); !checked) return FailWith(checked.error());
  auto request = MakeRequest(arguments);
  if (!request) return FailWith(request.error());
  const std::atomic<bool>& interrupted = WatchInterrupts();
  request->stop = &interrupted;
  Result<model::Report> report;
  if (!arguments.positionals().empty()) {
    report = engine::ScanRecorded(*request, arguments.positionals().front());
  } else {
    auto client = Connect(arguments, &interrupted);
    if (!client) return FailWith(client.error());
    if (arguments.Has("--dump")) return Dump(arguments, *request, **client);
    if (arguments.Has("--watch")) return Watch(arguments, *request, **client);
    report = engine::ScanCluster(*request, **client);
  }
  if (!report) return FailWith(report.error());
  if (const Status remembered = Remember(*request, *report); !remembered) {
    return FailWith(remembered.error());
  }
  if (const Status printed = PrintReport(arguments, *report); !printed) {
    return FailWith(printed.error());
  }
  return CodeOf(*report, interrupted.load());
}

}  // namespace

const Command kClusterCommand = {
    "cluster",
    "judge the live objects of a cluster, or a recorded state",
    "[FOLDER|FILE|-]",
    1,
    0,
    "file",
    "Lists every kind of object that a check looks at through the API server and judges it as "
    "`ouro scan` judges files. Findings of replicas are told once, at the workload that owns them, "
    "with the same id as in its manifest.\n"
    "With an argument nothing is asked of a server: a folder that --dump wrote, or the output of "
    "`kubectl get -o json`.\n"
    "What could not be listed is named with the server's reason, and never counted as passed. "
    "Secrets are not listed.",
    kOptions,
    kExamples,
    RunCluster};

}  // namespace ouro::cli
