#include <array>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/engine.h"
#include "kube/config.h"
#include "prove/prove.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kFormats = {"table", "json"};

constexpr std::array kOptions = {
    Option{"--check", 0, "ID", "only these checks; the same as --only", {}, {}, true},
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
    Option{"--namespace", 'n', "NAME",
           "where objects stand that name no namespace; default: that of the context"},
    Option{"--create", 0, "",
           "really create each object, read it back and delete it, instead of a dry run"},
    Option{"--install-policies", 0, "",
           "let the API server judge the exported policies: they are installed for the time of "
           "this run, for its own dry runs alone, and removed at its end"},
    Option{"--connections", 0, "COUNT", "requests in flight; default: 8"},
    Option{"--format", 'f', "FORMAT", "form of the report", kFormats},
    Option{"--only", 0, "ID", "run only these checks, as for `ouro scan`", {}, {}, true},
    Option{"--skip", 0, "ID", "do not run these checks", {}, {}, true},
    Option{"--profile", 0, "NAME", "the set of checks, as for `ouro scan`; default: default"},
    Option{"--kubernetes-version", 0, "VERSION",
           "the Kubernetes version whose rules apply; default: that of the server"},
    Option{
        "--checks", 0, "FOLDER", "read further check files from this folder", {}, "folder", true},
    Option{"--exclude",
           0,
           "PATTERN",
           "leave out files and folders (.gitignore syntax, relative to the folder)",
           {},
           {},
           true},
    Option{"--exclude-namespace", 0, "GLOB", "leave out objects of these namespaces", {}, {}, true},
    Option{"--exclude-kind", 0, "GLOB", "leave out objects of these kinds", {}, {}, true},
    Option{"--exclude-name", 0, "GLOB", "leave out objects with these names", {}, {}, true},
    Option{
        "--exclude-label", 0, "KEY[=VALUE]", "leave out objects with these labels", {}, {}, true},
    Option{"--no-gitignore", 0, "", "do not honour .gitignore files"},
};

constexpr std::array kExamples = {
    Example{"ouro prove deploy/", "ask the current cluster by dry runs; nothing is stored"},
    Example{"ouro prove --install-policies deploy/",
            "let the API server judge the exported policies as well"},
    Example{"ouro prove --check OURO-K8S-0001 web.yaml", "one check, one file"},
};

UnixSeconds Now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

// Names of this run in the cluster must not meet those of another.
std::string RunName() {
  std::random_device random;
  return fmt::format("{:08x}", random());
}

Status ReadConnections(const Arguments& arguments, prove::ProveRequest& request) {
  if (!arguments.Has("--connections")) return {};
  const auto count = ParseInt64(arguments.Value("--connections"));
  if (!count || *count < 1 || *count > limits::kProveConnectionCount) {
    return Fail(ErrorCode::kInvalid, fmt::format("--connections does not know \"{}\": write 1 … {}",
                                                 Printable(arguments.Value("--connections")),
                                                 limits::kProveConnectionCount));
  }
  request.connection_count = static_cast<int>(*count);
  return {};
}

Result<prove::ProveRequest> MakeRequest(const Arguments& arguments) {
  prove::ProveRequest request;
  request.paths = arguments.positionals();
  OURO_TRY(request.config, LoadConfig(arguments, request.paths.front()));
  OURO_TRY_STATUS(ApplyFlags(arguments, request.config));
  if (arguments.Has("--check")) {
    if (!arguments.Has("--only")) request.config.only.clear();
    for (std::string& id : arguments.List("--check")) request.config.only.push_back(std::move(id));
  }
  request.selection = engine::SelectionOf(request.config);
  if (!request.config.kubernetes_version.empty()) {
    std::string warning;
    OURO_TRY(request.kubernetes_minor,
             engine::ParseKubernetesVersion(request.config.kubernetes_version, warning));
    if (!warning.empty()) PrintWarning(warning);
  }
  request.walk.use_gitignore = !arguments.Has("--no-gitignore");
  request.create = arguments.Has("--create");
  request.install_policies = arguments.Has("--install-policies");
  OURO_TRY_STATUS(ReadConnections(arguments, request));
  request.run = RunName();
  request.now = Now();
  return request;
}

Result<kube::ClientConfig> ServerConfig(const Arguments& arguments) {
  kube::ConfigOptions options;
  if (arguments.Has("--kubeconfig")) options.files = {arguments.Value("--kubeconfig")};
  options.context = arguments.Value("--context");
  options.server = arguments.Value("--server");
  options.insecure_skip_tls_verify = arguments.Has("--insecure-skip-tls-verify");
  options.impersonate.user = arguments.Value("--as");
  options.impersonate.groups = arguments.List("--as-group");
  return kube::LoadConfig(options);
}

// Was a server asked for by name? Then a proof without it is not what was meant.
bool WantsServer(const Arguments& arguments) {
  for (const std::string_view option :
       {"--context", "--kubeconfig", "--server", "--create", "--install-policies"}) {
    if (arguments.Has(option)) return true;
  }
  return false;
}

Result<prove::ProveReport> Run(const Arguments& arguments) {
  OURO_TRY(prove::ProveRequest request, MakeRequest(arguments));
  const std::atomic<bool>& interrupted = WatchInterrupts();
  request.stop = &interrupted;
  std::optional<prove::Server> server;
  std::string missing;
  Result<kube::ClientConfig> config = ServerConfig(arguments);
  if (config) {
    request.name_space = config->name_space.empty() ? "default" : config->name_space;
    Result<prove::Server> opened =
        prove::OpenServer(*config, fmt::format("ouro/{}", engine::Version()), &interrupted);
    if (opened) {
      server = std::move(*opened);
    } else {
      if (WantsServer(arguments)) return tl::unexpected<Error>(opened.error());
      missing = opened.error().ToString();
    }
  } else {
    if (WantsServer(arguments)) return tl::unexpected<Error>(config.error());
    missing = config.error().ToString();
  }
  if (arguments.Has("--namespace")) request.name_space = arguments.Value("--namespace");
  Progress progress(!arguments.Has("--quiet"));
  request.progress = [&](int64_t files_done) { progress.Show(files_done); };
  return prove::Prove(request, server ? &*server : nullptr, missing);
}

ExitCode RunProve(const Arguments& arguments) {
  const Result<prove::ProveReport> report = Run(arguments);
  if (!report) return FailWith(report.error());
  const bool json = arguments.Value("--format") == "json";
  const Status written =
      WriteResult(arguments, json ? prove::JsonOf(*report)
                                  : prove::TableOf(*report, arguments.Has("--verbose")));
  if (!written) return FailWith(written.error());
  return static_cast<ExitCode>(prove::ExitCodeOf(*report));
}

}  // namespace

const Command kProveCommand = {
    "prove",
    "prove that each check says the same of a file, a live object, in admission and as a policy",
    "PATH…",
    -1,
    1,
    "file",
    "Takes every object of the files by five ways: as a file, as JSON, as the API server gives it "
    "back, as an admission review, and as an exported ValidatingAdmissionPolicy. Each check must "
    "say the same by all of them; only what the API server itself adds to an object or drops from "
    "it explains a difference.\n"
    "The server is asked by dry runs, which store nothing. --create and --install-policies do "
    "store "
    "something for the time of the run.\n"
    "Exit codes: 0 no unexplained difference, 1 there is one, 2 wrong use or no answer of a server "
    "that was named, 3 no object could be compared with its live form.",
    kOptions,
    kExamples,
    RunProve};

}  // namespace ouro::cli
