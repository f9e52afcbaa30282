#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/engine.h"
#include "engine/snapshot.h"
#include "scan/source.h"
#include "serve/service.h"
#include "triage/triage.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kIncompleteWords = {"observe", "block"};
constexpr int64_t kThreadCountMax = 64;
constexpr int kDefaultThreadCountMax = 8;
constexpr int64_t kSecondsMax = 3'600;
constexpr int64_t kPortMax = 65'535;
// Where a pod finds the namespace it runs in (Kubernetes documentation, "Accessing the Kubernetes
// API from a Pod").
constexpr std::string_view kNamespaceFile =
    "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

constexpr std::array kOptions = {
    Option{"--admission", 0, "", "answer the API server's AdmissionReviews"},
    Option{"--listen", 0, "ADDRESS:PORT",
           "listen there; port 0 takes any free one; default: 127.0.0.1:8443, which other machines "
           "cannot reach"},
    Option{"--certificate", 0, "FILE", "serving certificate and its chain, PEM", {}, "file"},
    Option{"--key", 0, "FILE", "its private key, PEM", {}, "file"},
    Option{"--client-ca",
           0,
           "FILE",
           "answer reviews only for clients with a certificate of this authority",
           {},
           "file"},
    Option{"--threads", 0, "COUNT", "threads; default: one a processor, at most 8"},
    Option{"--own-namespace", 0, "NAME",
           "the namespace that ouro runs in: never judged; default: that of the service account"},
    Option{"--strict-updates", 0, "",
           "refuse an update for findings that the object had before; without it they warn"},
    Option{"--grace", 0, "SECONDS", "time for open requests at the end; default: 10"},
    Option{"--shutdown-delay", 0, "SECONDS",
           "go on answering for so long after the wish to end, while /readyz says no; default: 0"},
    Option{"--fail-on", 0, "SEVERITY",
           "refuse for findings of this severity or above; never: warn only; default: high",
           kSeverityWords},
    Option{"--incomplete", 0, "ACTION",
           "what it means when an object could not be examined: observe, or block",
           kIncompleteWords},
    Option{"--only", 0, "ID", "run only these checks", {}, {}, true},
    Option{"--skip", 0, "ID", "do not run these checks", {}, {}, true},
    Option{"--profile", 0, "NAME", "the set of checks, as for ouro scan", {}, {}},
    Option{"--kubernetes-version", 0, "VERSION",
           "the Kubernetes version whose rules apply; default: the newest known"},
    Option{
        "--checks", 0, "FOLDER", "read further check files from this folder", {}, "folder", true},
    Option{"--baseline", 0, "FILE", "accept findings that this file knows", {}, "file"},
    Option{"--exclude-namespace", 0, "GLOB", "leave out objects of these namespaces", {}, {}, true},
    Option{"--exclude-kind", 0, "GLOB", "leave out objects of these kinds", {}, {}, true},
    Option{"--exclude-name", 0, "GLOB", "leave out objects with these names", {}, {}, true},
    Option{
        "--exclude-label", 0, "KEY[=VALUE]", "leave out objects with these labels", {}, {}, true},
};

constexpr std::array kExamples = {
    Example{"ouro serve certificate --out pki --names ouro.ouro-system.svc",
            "make an authority and a serving certificate"},
    Example{"ouro serve --admission --certificate pki/tls.crt --key pki/tls.key",
            "listen on 127.0.0.1:8443"},
    Example{"ouro serve --admission --listen '[::]:8443' --certificate tls.crt --key tls.key "
            "--fail-on never",
            "warn, never refuse, in a pod"},
};

// "127.0.0.1:8443", "[::1]:8443".
Status ReadListen(const std::string& text, serve::HttpOptions& http) {
  const size_t colon = text.rfind(':');
  std::string address = colon == std::string::npos ? std::string() : text.substr(0, colon);
  if (StartsWith(address, "[") && EndsWith(address, "]")) {
    address = address.substr(1, address.size() - 2);
  } else if (address.find(':') != std::string::npos) {
    address.clear();
  }
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : ParseInt64(std::string_view(text).substr(colon + 1));
  if (address.empty() || !port || *port < 0 || *port > kPortMax) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("--listen does not know \"{}\": write 127.0.0.1:8443, 0.0.0.0:8443 or "
                            "[::]:8443",
                            Printable(text)));
  }
  http.address = address;
  http.port = static_cast<uint16_t>(*port);
  return {};
}

Result<int64_t> ReadCount(const Arguments& arguments, std::string_view option, int64_t least,
                          int64_t most, int64_t otherwise) {
  if (!arguments.Has(option)) return otherwise;
  const auto count = ParseInt64(arguments.Value(option));
  if (!count || *count < least || *count > most) {
    return Fail(ErrorCode::kInvalid, fmt::format("{} does not know \"{}\": write {} … {}", option,
                                                 Printable(arguments.Value(option)), least, most));
  }
  return *count;
}

Result<serve::ServiceOptions> ReadOptions(const Arguments& arguments) {
  serve::ServiceOptions options;
  if (!arguments.Has("--admission")) {
    return Fail(ErrorCode::kInvalid, "say what to serve: ouro serve --admission");
  }
  if (!arguments.Has("--certificate") || !arguments.Has("--key")) {
    return Fail(ErrorCode::kInvalid,
                "--certificate and --key are needed, because the API server speaks HTTPS only: "
                "`ouro serve certificate` makes them");
  }
  if (arguments.Has("--listen")) {
    OURO_TRY_STATUS(ReadListen(arguments.Value("--listen"), options.http));
  }
  options.tls.certificate = arguments.Value("--certificate");
  options.tls.key = arguments.Value("--key");
  options.tls.client_ca = arguments.Value("--client-ca");
  const int processors = static_cast<int>(std::thread::hardware_concurrency());
  OURO_TRY(const int64_t threads, ReadCount(arguments, "--threads", 1, kThreadCountMax,
                                            std::clamp(processors, 1, kDefaultThreadCountMax)));
  options.http.thread_count = static_cast<int>(threads);
  OURO_TRY(const int64_t grace, ReadCount(arguments, "--grace", 0, kSecondsMax, 10));
  options.grace = std::chrono::seconds(grace);
  OURO_TRY(const int64_t delay, ReadCount(arguments, "--shutdown-delay", 0, kSecondsMax, 0));
  options.shutdown_delay = std::chrono::seconds(delay);
  return options;
}

std::string OwnNamespace(const Arguments& arguments) {
  if (arguments.Has("--own-namespace")) return arguments.Value("--own-namespace");
  const std::string path(kNamespaceFile);
  std::string bytes;
  if (!scan::ReadFile({path, path, true}, limits::kTokenSizeBytes, bytes)) return {};
  return std::string(TrimSpace(bytes));
}

Result<std::shared_ptr<const serve::AdmissionRules>> LoadRules(const Arguments& arguments) {
  auto rules = std::make_shared<serve::AdmissionRules>();
  engine::SnapshotOptions options;
  OURO_TRY(options.config, LoadConfig(arguments, "."));
  OURO_TRY_STATUS(ApplyFlags(arguments, options.config));
  options.selection = engine::SelectionOf(options.config);
  std::string warning;
  OURO_TRY(options.kubernetes_minor,
           engine::ParseKubernetesVersion(options.config.kubernetes_version, warning));
  if (!warning.empty()) PrintWarning(warning);
  if (const std::string& path = options.config.baseline; !path.empty()) {
    std::string bytes;
    OURO_TRY_STATUS(scan::ReadFile({path, path, true}, limits::kFileSizeBytes, bytes));
    OURO_TRY(rules->baseline, triage::ReadBaseline(std::move(bytes), path));
  }
  OURO_TRY(rules->snapshot, engine::Snapshot::Create(std::move(options)));
  rules->strict_updates = arguments.Has("--strict-updates");
  rules->excluded_namespaces = {"kube-system"};
  if (std::string own = OwnNamespace(arguments); !own.empty()) {
    rules->excluded_namespaces.push_back(std::move(own));
  }
  return std::shared_ptr<const serve::AdmissionRules>(std::move(rules));
}

// The signals that the service waits for. Blocked before any thread starts, so that every thread
// inherits it and only sigtimedwait() takes them.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

serve::ServiceEvent WaitForSignal(const sigset_t& signals, std::chrono::milliseconds time) {
  struct timespec wait = {};
  wait.tv_sec = time.count() / 1000;
  wait.tv_nsec = (time.count() % 1000) * 1'000'000;
  const int number = sigtimedwait(&signals, nullptr, &wait);
  if (number < 0) return serve::ServiceEvent::kNone;
  return number == SIGHUP ? serve::ServiceEvent::kReload : serve::ServiceEvent::kStop;
}

// A log that nobody can read any more must not end the service.
void WriteLogLine(const std::string& line) {
  const std::string text = line + "\n";
  size_t at = 0;
  while (at < text.size()) {
    const ssize_t wrote = write(STDERR_FILENO, text.data() + at, text.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    at += static_cast<size_t>(wrote);
  }
}

ExitCode RunServe(const Arguments& arguments) {
  const auto options = ReadOptions(arguments);
  if (!options) return FailWith(options.error());
  const sigset_t signals = BlockSignals();
  serve::LogLevel least = serve::LogLevel::kInfo;
  if (arguments.Has("--verbose")) least = serve::LogLevel::kDebug;
  if (arguments.Has("--quiet")) least = serve::LogLevel::kWarning;
  serve::Log log(least, WriteLogLine);
  const Status served = serve::Serve(
      *options, [&] { return LoadRules(arguments); },
      [&](std::chrono::milliseconds time) { return WaitForSignal(signals, time); }, log);
  return served ? ExitCode::kClean : FailWith(served.error());
}

}  // namespace

const Command kServeCommand = {
    "serve",
    "answer the API server's admission reviews",
    "",
    0,
    0,
    "",
    "Listens for AdmissionReviews over HTTPS, judges each object by the checks and the policy that "
    "`ouro scan` uses, and refuses or warns. What it listens on is said on standard error.\n"
    "SIGHUP reads the configuration again; a broken one is refused and the old one stays. A "
    "certificate that is replaced is taken without a restart. SIGTERM and SIGINT finish open "
    "requests and end with 0; a second one does not wait.\n"
    "`ouro serve manifest` writes what the API server must be told, `ouro serve certificate` makes "
    "a certificate.",
    kOptions,
    kExamples,
    RunServe};

}  // namespace ouro::cli
