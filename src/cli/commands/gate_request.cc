#include "cli/commands/gate_request.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "calendar/time_zone.h"
#include "cli/commands/store_option.h"
#include "cli/settings.h"
#include "engine/gate_input.h"
#include "gate/exception_text.h"
#include "gate/policy_reader.h"
#include "scan/source.h"
#include "triage/triage.h"

namespace ouro::cli {
namespace {

Result<UnixSeconds> TimeOption(const Arguments& arguments, std::string_view name) {
  const std::string text = arguments.Value(name);
  const auto time = ParseRfc3339(text);
  if (!time) {
    return Fail(ErrorCode::kInvalid, fmt::format("{} does not know \"{}\": write "
                                                 "2026-12-24T18:00:00Z",
                                                 name, Printable(text)));
  }
  return *time;
}

Result<gate::Subject> SubjectOf(const Arguments& arguments) {
  gate::Subject subject;
  subject.application = arguments.Value("--app");
  subject.environment = arguments.Value("--environment");
  subject.cluster = arguments.Value("--cluster");
  subject.namespace_name = arguments.Value("--namespace");
  subject.branch = arguments.Value("--branch");
  subject.image = arguments.Value("--image");
  if (arguments.Has("--operation")) subject.operation = arguments.Value("--operation");
  subject.roles = arguments.List("--role");
  subject.actor = ActorOf(arguments);
  for (const std::string& label : arguments.List("--label")) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("--label does not know \"{}\": write key=value", Printable(label)));
    }
    subject.labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  return subject;
}

Status AddExceptions(const Arguments& arguments, GateSetup& setup) {
  const std::string path = ExceptionPath(arguments, setup.config);
  if (path.empty()) return {};
  OURO_TRY(std::string text, ReadWhole(path, limits::kFileSizeBytes));
  OURO_TRY(setup.request.exceptions, gate::ReadExceptionFile(std::move(text), path));
  return {};
}

// One grant a file, or a list of them.
Status AddGrants(const Arguments& arguments, gate::Request& request) {
  for (const std::string& path : arguments.List("--grant")) {
    OURO_TRY(std::string text, ReadWhole(path, limits::kConfigFileSizeBytes));
    io::KeyTable keys;
    io::Tree tree;
    if (const Status read = io::ReadDocument(std::move(text), {}, keys, tree); !read) {
      return tl::unexpected<Error>(WithContext(read.error(), path));
    }
    if (tree.roots().size() != 1 || tree.roots()[0].node == io::kNoNode) {
      return Fail(ErrorCode::kInvalid, "one grant is expected", path);
    }
    const io::SettingReader map(tree, keys, tree.roots()[0].node, path, "grant");
    OURO_TRY(gate::Grant grant, gate::ReadGrant(map, false));
    if (request.policy.break_glass) {
      grant.verified = gate::VerifyGrant(grant, BreakGlassKey(*request.policy.break_glass));
    }
    request.grants.push_back(std::move(grant));
  }
  return {};
}

Status AddBaseline(const Arguments& arguments, GateSetup& setup) {
  const std::string path =
      arguments.Has("--baseline") ? arguments.Value("--baseline") : setup.config.baseline;
  if (path.empty()) return {};
  OURO_TRY(std::string text, ReadWhole(path, limits::kFileSizeBytes));
  OURO_TRY(const auto known, triage::ReadBaseline(std::move(text), path));
  setup.request.baseline = std::vector<std::string>(known.begin(), known.end());
  return {};
}

Status AddFixes(const Arguments& arguments, store::Store& store, gate::Request& request) {
  for (const std::string& id : arguments.List("--fixes")) {
    OURO_TRY(const store::StoredFinding stored, store.Find(id));
    gate::InputFinding input;
    input.finding = stored.finding;
    request.fixes.push_back(std::move(input));
  }
  return {};
}

}  // namespace

Result<UnixSeconds> NowOf(const Arguments& arguments) {
  if (arguments.Has("--now")) return TimeOption(arguments, "--now");
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

std::string ActorOf(const Arguments& arguments) {
  if (arguments.Has("--actor")) return arguments.Value("--actor");
  for (const char* name : {"OURO_ACTOR", "USER"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return fmt::format("uid {}", getuid());
}

Result<std::string> ReadWhole(const std::string& path, int64_t size_max) {
  std::string bytes;
  if (const Status read = scan::ReadFile({path, path, true}, size_max, bytes); !read) {
    Error error = read.error();
    if (error.code == ErrorCode::kNotFound) error.message = "no such file";
    return tl::unexpected<Error>(std::move(error));
  }
  return bytes;
}

std::string BreakGlassKey(const gate::BreakGlass& rules) {
  std::string key;
  if (!rules.key_environment.empty()) {
    const char* value = std::getenv(rules.key_environment.c_str());
    if (value != nullptr) key = value;
  } else if (auto text = ReadWhole(rules.key_file, limits::kTokenSizeBytes)) {
    key = std::move(*text);
  }
  return std::string(TrimSpace(key));
}

Result<gate::Policy> PolicyOf(const Arguments& arguments, const engine::Config& config) {
  gate::Policy policy = config.policy;
  std::vector<gate::Policy> policies;
  for (const std::string& path : arguments.List("--policy")) {
    OURO_TRY(std::string text, ReadWhole(path, limits::kConfigFileSizeBytes));
    OURO_TRY(gate::Policy one, gate::ReadPolicyText(std::move(text), path));
    policies.push_back(std::move(one));
  }
  if (!policies.empty()) {
    OURO_TRY(policy, gate::MergePolicies(std::move(policies)));
  }
  if (arguments.Has("--strict")) policy.strict = true;
  return policy;
}

std::string ExceptionPath(const Arguments& arguments, const engine::Config& config) {
  return arguments.Has("--exceptions") ? arguments.Value("--exceptions") : config.exceptions;
}

Result<GateSetup> SetUpGate(const Arguments& arguments) {
  GateSetup setup;
  OURO_TRY(setup.config, LoadConfig(arguments, "."));
  gate::Request& request = setup.request;
  OURO_TRY(request.policy, PolicyOf(arguments, setup.config));
  OURO_TRY(request.subject, SubjectOf(arguments));
  OURO_TRY(request.now, NowOf(arguments));
  if (arguments.Has("--began")) {
    OURO_TRY(request.began, TimeOption(arguments, "--began"));
  }
  request.windows = setup.config.windows;
  request.tzdata = calendar::TzdataVersion();
  OURO_TRY_STATUS(AddExceptions(arguments, setup));
  OURO_TRY_STATUS(AddGrants(arguments, request));
  OURO_TRY_STATUS(AddBaseline(arguments, setup));
  return setup;
}

Status AddFindings(const Arguments& arguments, GateSetup& setup) {
  gate::Request& request = setup.request;
  if (arguments.Has("--input")) {
    for (const std::string& path : arguments.List("--input")) {
      OURO_TRY(std::string text, ReadWhole(path, limits::kFileSizeBytes));
      OURO_TRY_STATUS(engine::AddReportedFindings(std::move(text), path, request));
    }
    return {};
  }
  const std::string path = StorePath(arguments, setup.config);
  if (access(path.c_str(), F_OK) != 0) {
    request.data.present = false;
    request.data.missing.push_back(fmt::format(
        "there is no store {}: `ouro import` and `ouro scan --store FILE` make one, and "
        "--input FILE reads a report",
        path));
    return {};
  }
  OURO_TRY(const auto store, OpenStoreToRead(arguments, setup.config));
  setup.store = path;
  OURO_TRY_STATUS(engine::AddStoredFindings(*store, request));
  return AddFixes(arguments, *store, request);
}

}  // namespace ouro::cli
