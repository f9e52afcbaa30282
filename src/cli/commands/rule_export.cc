#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/engine.h"
#include "io/tree.h"
#include "rules/policy_export.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 1> kFormWords = {"vap"};
constexpr std::array<std::string_view, 2> kFormats = {"yaml", "json"};
constexpr std::array<std::string_view, 2> kFailurePolicies = {"fail", "ignore"};

constexpr std::array kOptions = {
    Option{"--as", 0, "FORM", "what to write: vap, ValidatingAdmissionPolicies with their bindings",
           kFormWords},
    Option{"--format", 'f', "FORMAT", "yaml, or json: one List", kFormats},
    Option{"--action",
           0,
           "ACTION",
           "what the API server does with what fails: deny, warn, audit; default: warn",
           {},
           {},
           true},
    Option{"--failure-policy", 0, "WORD",
           "what an evaluation error means: fail (as a finding; the default) or ignore",
           kFailurePolicies},
    Option{"--profile", 0, "NAME", "the set of checks, as in ouro scan; default: default"},
    Option{"--only", 0, "ID", "only these checks, as in ouro scan", {}, {}, true},
    Option{"--skip", 0, "ID", "not these checks", {}, {}, true},
    Option{"--kubernetes-version", 0, "VERSION",
           "the version of the API server; default: the newest known"},
    Option{
        "--checks", 0, "FOLDER", "read further check files from this folder", {}, "folder", true},
    Option{"--include-custom-kinds", 0, "", "judge custom resources with pod templates too"},
    Option{"--judge-unchanged", 0, "",
           "judge updates that leave the pod template as it is too (a controller that scales what "
           "is already there may then be stopped)"},
    Option{"--exclude-namespace", 0, "GLOB", "leave out objects of these namespaces", {}, {}, true},
    Option{"--exclude-kind", 0, "GLOB", "leave out objects of these kinds", {}, {}, true},
    Option{"--exclude-name", 0, "GLOB", "leave out objects with these names", {}, {}, true},
    Option{
        "--exclude-label", 0, "KEY[=VALUE]", "leave out objects with these labels", {}, {}, true},
};

constexpr std::array kExamples = {
    Example{"ouro rule export OURO-K8S-0001 --as vap", "look at one policy"},
    Example{"ouro rule export --as vap --kubernetes-version 1.33 | kubectl apply -f -",
            "warn about everything that the default profile finds"},
    Example{"ouro rule export --as vap --profile pss-baseline --action deny "
            "--exclude-namespace kube-system --output policies/",
            "a folder of policies that deny, one file each"},
};

Result<std::vector<std::string>> ActionsOf(const Arguments& arguments) {
  std::vector<std::string> actions;
  for (const std::string& word : arguments.List("--action")) {
    if (word != "deny" && word != "warn" && word != "audit") {
      return Fail(
          ErrorCode::kInvalid,
          fmt::format("--action does not know \"{}\": use deny, warn or audit", Printable(word)));
    }
    std::string action = word;
    action[0] = static_cast<char>(action[0] - 'a' + 'A');
    if (std::find(actions.begin(), actions.end(), action) == actions.end()) {
      actions.push_back(std::move(action));
    }
  }
  if (actions.empty()) actions.emplace_back("Warn");
  return actions;
}

// Does the word name many checks at once? Then one that cannot be exported is no mistake.
bool NamesMany(std::string_view word) {
  return word == "nsa" || word == "cis" || word == "pss:baseline" || word == "pss:restricted" ||
         word.find_first_of("*?") != std::string_view::npos;
}

struct Request {
  engine::Config config;
  rules::ExportOptions options;
  rules::SelectionOptions selection;
  bool by_name = false;  // checks were named one by one: each of them must be exported
};

Result<Request> MakeRequest(const Arguments& arguments) {
  Request request;
  OURO_TRY(request.config, LoadConfig(arguments, "."));
  OURO_TRY_STATUS(ApplyFlags(arguments, request.config));
  request.selection = engine::SelectionOf(request.config);
  std::vector<std::string> named = arguments.List("--only");
  for (const std::string& id : arguments.positionals()) {
    request.selection.only.push_back(id);
    named.push_back(id);
  }
  request.by_name = std::any_of(named.begin(), named.end(),
                                [](const std::string& word) { return !NamesMany(word); });
  rules::ExportOptions& options = request.options;
  std::string warning;
  OURO_TRY(const int minor,
           engine::ParseKubernetesVersion(request.config.kubernetes_version, warning));
  if (!warning.empty()) PrintWarning(warning);
  if (minor >= 0) options.kubernetes_minor = minor;
  OURO_TRY(options.actions, ActionsOf(arguments));
  options.ignore_errors = arguments.Value("--failure-policy") == "ignore";
  options.include_custom_kinds = arguments.Has("--include-custom-kinds");
  options.judge_unchanged = arguments.Has("--judge-unchanged");
  for (const scan::ObjectExclude& rule : request.config.exclude_objects) {
    options.excludes.push_back({rule.namespace_name, rule.kind, rule.name, rule.label});
  }
  return request;
}

// The file tells what it does not hold.
std::string Header(const rules::ExportResult& result) {
  std::string out;
  for (const rules::RefusedCheck& refused : result.refused) {
    out += fmt::format("# not exported: {}: {}\n", refused.check,
                       Printable(ReplaceAll(refused.reason, "\n", " ")));
  }
  return out;
}

std::string AsYaml(const rules::ExportResult& result) {
  std::string out = Header(result);
  std::string_view separator;
  for (const rules::ExportedPolicy& policy : result.policies) {
    out += separator;
    out += policy.manifest;
    separator = "---\n";
  }
  return out;
}

Result<std::string> AsJson(const rules::ExportResult& result) {
  std::string items;
  for (const rules::ExportedPolicy& policy : result.policies) {
    io::KeyTable keys;
    io::Tree tree;
    OURO_TRY_STATUS(io::ReadYaml(policy.manifest, {}, keys, tree));
    for (const io::Root& root : tree.roots()) {
      OURO_TRY(const std::string json, io::ToJson(tree, keys, root.node));
      items += (items.empty() ? "" : ",\n") + json;
    }
  }
  return "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n" + items + "]}\n";
}

bool IsFolder(const std::string& path) {
  struct stat info{};
  return EndsWith(path, "/") || (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode));
}

// One file a policy.
Status WriteFolder(const std::string& folder, const Arguments& arguments,
                   const rules::ExportResult& result) {
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    return Fail(ErrorCode::kIo, fmt::format("cannot make the folder: {}", std::strerror(errno)),
                folder);
  }
  const bool json = arguments.Value("--format") == "json";
  for (const rules::ExportedPolicy& policy : result.policies) {
    std::string text = policy.manifest;
    if (json) {
      OURO_TRY(text, AsJson({{policy}, {}}));
    }
    OURO_TRY_STATUS(WriteFile(fmt::format("{}{}{}.{}", folder, EndsWith(folder, "/") ? "" : "/",
                                          policy.name, json ? "json" : "yaml"),
                              text));
  }
  return {};
}

Status Write(const Arguments& arguments, const rules::ExportResult& result) {
  const std::string output = arguments.Value("--output");
  if (!output.empty() && IsFolder(output)) return WriteFolder(output, arguments, result);
  if (arguments.Value("--format") != "json") return WriteResult(arguments, AsYaml(result));
  OURO_TRY(const std::string json, AsJson(result));
  return WriteResult(arguments, json);
}

Status Export(const Arguments& arguments) {
  OURO_TRY(const Request request, MakeRequest(arguments));
  OURO_TRY(const auto library, engine::LoadLibrary(request.config.check_folders, true));
  OURO_TRY(const auto selected, rules::SelectChecks(library, request.selection));
  OURO_TRY(const rules::ExportResult result, rules::ExportPolicies(selected, request.options));
  if (!result.refused.empty() && (request.by_name || result.policies.empty())) {
    const rules::RefusedCheck& first = result.refused.front();
    return Fail(ErrorCode::kUnsupported,
                fmt::format("not exported: {}{}", first.reason,
                            result.refused.size() == 1
                                ? ""
                                : fmt::format(" (and {} more)", result.refused.size() - 1)),
                first.check);
  }
  OURO_TRY_STATUS(Write(arguments, result));
  for (const rules::RefusedCheck& refused : result.refused) {
    PrintWarning(fmt::format("{}: not exported: {}", refused.check, refused.reason));
  }
  return {};
}

ExitCode RunRuleExport(const Arguments& arguments) {
  const Status exported = Export(arguments);
  return exported ? ExitCode::kClean : FailWith(exported.error());
}

}  // namespace

const Command kRuleExportCommand = {
    "rule export",
    "write checks as policies of the API server",
    "[ID…]",
    -1,
    0,
    "",
    "Writes each check as a ValidatingAdmissionPolicy with its binding: the API server then gives "
    "the verdict and the message that ouro scan gives on a file. --output may name a file or a "
    "folder.\n"
    "A check that a policy cannot say is named on standard error with the reason, and is an error "
    "when it was asked for by name. Every policy is judged by the examples of its check before it "
    "is written, and its cost is measured as the API server counts it.",
    kOptions,
    kExamples,
    RunRuleExport};

}  // namespace ouro::cli
