#include <array>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "calendar/duration.h"
#include "cli/commands/commands.h"
#include "cli/commands/gate_request.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/audit_log.h"
#include "gate/grant.h"

namespace ouro::cli {
namespace {

constexpr std::array kOptions = {
    Option{"--app", 0, "GLOB", "applications that it covers; default: any", {}, {}, true},
    Option{"--environment", 0, "GLOB", "environments that it covers; default: any", {}, {}, true},
    Option{"--cluster", 0, "GLOB", "clusters that it covers; default: any", {}, {}, true},
    Option{"--namespace", 0, "GLOB", "namespaces that it covers; default: any", {}, {}, true},
    Option{"--operation", 0, "NAME", "operations that it covers: deploy", {}, {}, true},
    Option{"--reason", 0, "TEXT", "why it is needed"},
    Option{"--ticket", 0, "ID", "ticket in which it is worked up"},
    Option{"--second-person", 0, "NAME", "who agreed beside the one who asks"},
    Option{"--for", 0, "LENGTH", "how long it holds, at most 4h; default: 1h"},
    Option{"--policy", 0, "FILE", "this policy instead of that of ouro.yaml", {}, "file", true},
    Option{"--now", 0, "TIME", "when it begins (RFC 3339); default: now"},
    Option{"--actor", 0, "NAME", "who grants; default: $OURO_ACTOR, $USER"},
};
constexpr std::array kExamples = {
    Example{
        "ouro gate grant --environment prod --operation deploy --reason 'shop is down' --ticket "
        "INC-7 --output grant.json",
        "sign a grant with the key that the policy names"},
    Example{"ouro gate --environment prod --grant grant.json", "use it"},
};

Result<std::string> Make(const Arguments& arguments) {
  OURO_TRY(const engine::Config config, LoadConfig(arguments, "."));
  OURO_TRY(const gate::Policy policy, PolicyOf(arguments, config));
  if (!policy.break_glass) {
    return Fail(ErrorCode::kInvalid, "the policy accepts no grants: set policy.break_glass");
  }
  for (const std::string_view option : {"--operation", "--reason", "--ticket"}) {
    if (arguments.Value(option).empty()) {
      return Fail(ErrorCode::kInvalid, fmt::format("a grant needs {}", option));
    }
  }
  const std::string key = BreakGlassKey(*policy.break_glass);
  if (key.empty()) {
    return Fail(ErrorCode::kDenied, "the key that policy.break_glass names cannot be read");
  }
  gate::Grant grant;
  grant.applications = arguments.List("--app");
  grant.environments = arguments.List("--environment");
  grant.clusters = arguments.List("--cluster");
  grant.namespaces = arguments.List("--namespace");
  grant.operations = arguments.List("--operation");
  grant.reason = arguments.Value("--reason");
  grant.ticket = arguments.Value("--ticket");
  grant.issued_by = ActorOf(arguments);
  grant.second_person = arguments.Value("--second-person");
  OURO_TRY(const UnixSeconds now, NowOf(arguments));
  int64_t seconds = 3600;
  if (arguments.Has("--for")) {
    OURO_TRY(seconds, calendar::ParseDuration(arguments.Value("--for")));
  }
  if (seconds < 1 || seconds > policy.break_glass->max_seconds) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("--for is at most {}",
                            calendar::FormatDuration(policy.break_glass->max_seconds)));
  }
  grant.issued_at = FormatRfc3339(now);
  grant.expires_at = FormatRfc3339(now + seconds);
  TupleHasher hasher("grant");
  hasher.Add("by", grant.issued_by);
  hasher.Add("at", grant.issued_at);
  hasher.Add("ticket", grant.ticket);
  hasher.Add("reason", grant.reason);
  constexpr size_t kIdSize = 12;
  grant.id = "BG-" + hasher.Finish().substr(0, kIdSize);
  grant.signature = gate::SignGrant(grant, key);
  if (!config.audit.empty()) {
    gate::AuditEntry entry;
    entry.time = grant.issued_at;
    entry.actor = grant.issued_by;
    entry.action = "gate.grant";
    entry.object = grant.id;
    entry.after = fmt::format("until {}", grant.expires_at);
    entry.note = fmt::format("{}: {}", grant.ticket, grant.reason);
    OURO_TRY_STATUS(engine::AppendAudit(config.audit, {entry}));
  }
  std::string out;
  gate::AppendGrant(out, grant, false);
  return out + "\n";
}

ExitCode Run(const Arguments& arguments) {
  const auto text = Make(arguments);
  if (!text) return FailWith(text.error());
  const Status wrote = WriteResult(arguments, *text);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

const Command kGateGrantCommand = {
    "gate grant",
    "sign a short-lived leave to pass the gate (break glass)",
    "",
    0,
    0,
    "",
    "Whoever has the key that policy.break_glass names can grant. A grant covers named operations "
    "and "
    "places for at most four hours; its use is a warning, stands in the decision and in the audit "
    "log, and must be reviewed.",
    kOptions,
    kExamples,
    Run};

}  // namespace ouro::cli
