#include <array>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include <unistd.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "calendar/duration.h"
#include "cli/commands/commands.h"
#include "cli/commands/gate_request.h"
#include "cli/commands/store_option.h"
#include "cli/commands/text_table.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/audit_log.h"
#include "gate/exception_text.h"
#include "gate/json_object.h"
#include "gate/policy_writer.h"
#include "gate/selector_text.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kFormats = {"table", "json"};

constexpr Option kExceptionsOption = {
    "--exceptions", 0, "FILE", "the file of exceptions; default: `exceptions` of ouro.yaml", {},
    "file"};
constexpr Option kActorOption = {"--actor", 0, "NAME", "who does it; default: $OURO_ACTOR, $USER"};
constexpr Option kNowOption = {"--now", 0, "TIME", "as at this instant (RFC 3339); default: now"};
constexpr Option kStoreOption = {"--store", 0, "FILE", kStoreHelp, {}, "file"};
constexpr Option kInputOption = {
    "--input", 0, "FILE", "findings of this report instead of a store", {}, "file", true};
constexpr Option kPolicyOption = {
    "--policy", 0, "FILE", "this policy instead of that of ouro.yaml", {}, "file", true};
constexpr Option kExpiresOption = {
    "--expires", 0, "TIME", "when it ends: a time (RFC 3339), or a length from now such as 14d"};

constexpr std::array kAddOptions = {
    kExceptionsOption,
    Option{"--finding", 0, "ID", "findings that are meant, by id", {}, {}, true},
    Option{"--check", 0, "ID", "checks, concepts or vulnerabilities that are meant", {}, {}, true},
    Option{
        "--package", 0, "PURL", "packages that are meant: a package URL or a name", {}, {}, true},
    Option{"--versions", 0, "RANGE", "versions of the packages: \">=1.0 <2.0\""},
    Option{"--namespace", 0, "GLOB", "only in these namespaces", {}, {}, true},
    Option{"--app", 0, "GLOB", "only in these applications", {}, {}, true},
    Option{"--environment", 0, "GLOB", "only in these environments", {}, {}, true},
    Option{"--cluster", 0, "GLOB", "only in these clusters", {}, {}, true},
    Option{"--reason", 0, "TEXT", "why"},
    Option{"--justification", 0, "CODE", "why, as a word of VEX or ours", gate::kJustifications},
    Option{"--owner", 0, "NAME", "who answers for it"},
    Option{"--ticket", 0, "ID", "where it is worked on"},
    Option{"--compensating-control", 0, "TEXT", "what protects meanwhile"},
    Option{"--author", 0, "NAME", "who wrote the change that needs it; may not approve it"},
    Option{"--id", 0, "ID", "its id; default: made of what it says"},
    kExpiresOption,
    kStoreOption,
    kInputOption,
    kPolicyOption,
    kActorOption,
    kNowOption,
};
constexpr std::array kAddExamples = {
    Example{
        "ouro exception add --check CVE-2026-1234 --package pkg:deb/debian/openssl --reason 'no "
        "fix yet' --justification no_fix --owner team-shop --ticket SEC-9 --expires 14d",
        "ask for an exception; it holds when it is approved"},
};
constexpr std::array kListOptions = {
    kExceptionsOption, kStoreOption,
    kInputOption,      kPolicyOption,
    kNowOption,        Option{"--format", 'f', "FORMAT", "form of the list", kFormats}};
constexpr std::array kListExamples = {
    Example{"ouro exception list", "all exceptions with their state and what they match"},
};
constexpr std::array kShowExamples = {Example{"ouro exception show EX-1", "one exception"}};
constexpr std::array kApproveOptions = {
    kExceptionsOption, Option{"--role", 0, "ROLE", "the role in which it is approved"},
    kActorOption, kNowOption};
constexpr std::array kApproveExamples = {
    Example{"ouro exception approve EX-1 --role security", "approve what somebody else asked for"},
};
constexpr std::array kRevokeOptions = {kExceptionsOption, kActorOption, kNowOption};
constexpr std::array kRevokeExamples = {Example{"ouro exception revoke EX-1", "end it now"}};
constexpr std::array kRenewOptions = {kExceptionsOption, kExpiresOption, kStoreOption, kInputOption,
                                      kPolicyOption,     kActorOption,   kNowOption};
constexpr std::array kRenewExamples = {
    Example{"ouro exception renew EX-1 --expires 14d", "ask for a new date; needs a new approval"},
};

Result<std::string> FileOf(const Arguments& arguments, const engine::Config& config) {
  std::string path = ExceptionPath(arguments, config);
  if (path.empty()) {
    return Fail(ErrorCode::kInvalid,
                "no file of exceptions is named: give --exceptions FILE, or set exceptions in "
                "ouro.yaml");
  }
  return path;
}

Result<std::string> ExpiresOf(const Arguments& arguments, UnixSeconds now) {
  const std::string text = arguments.Value("--expires");
  if (const auto time = ParseRfc3339(text)) return FormatRfc3339(*time);
  const auto length = calendar::ParseDuration(text);
  if (!length) {
    return Fail(ErrorCode::kInvalid,
                "--expires needs a time such as 2027-01-31T12:00:00Z, or a length "
                "such as 14d");
  }
  return FormatRfc3339(now + *length);
}

// One change of the file and its entry in the audit log.
struct Step {
  std::string action;
  std::string before;
  std::string note;
};

Status Keep(const Arguments& arguments, const engine::Config& config, const std::string& path,
            std::string_view text, const gate::Exception& exception, const Step& step,
            UnixSeconds now) {
  OURO_TRY_STATUS(WriteFile(path, text));
  if (config.audit.empty()) return {};
  gate::AuditEntry entry;
  entry.time = FormatRfc3339(now);
  entry.actor = ActorOf(arguments);
  entry.action = step.action;
  entry.object = exception.id;
  entry.before = step.before;
  entry.after = fmt::format("until {}", exception.expires_at);
  entry.policy_hash = gate::PolicyHash(config.policy);
  entry.note = step.note;
  return engine::AppendAudit(config.audit, {entry});
}

Result<std::string> ReadOrEmpty(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0) return std::string();
  return ReadWhole(path, limits::kFileSizeBytes);
}

// Facts of the findings that the exception matches now; `view` of the place with the demands.
struct Matched {
  gate::ExceptionFacts facts;
  int64_t days_max = 0;
};
Result<Matched> MatchNow(GateSetup& setup, const gate::Exception& exception) {
  gate::Request& request = setup.request;
  request.exceptions = {exception};
  OURO_TRY(const gate::Outcome outcome, gate::Decide(request));
  Matched matched;
  matched.facts = outcome.exceptions.front().facts;
  const gate::Subject& subject = request.subject;
  const gate::LevelView& view =
      outcome.resolver->ViewOf(subject.cluster, subject.environment, subject.application);
  const model::Severity severity = matched.facts.severity.value_or(model::Severity::kInfo);
  matched.days_max = view.days_max[static_cast<size_t>(severity)];
  return matched;
}

Result<gate::Selector> ScopeOf(const Arguments& arguments) {
  gate::Selector scope;
  scope.findings = arguments.List("--finding");
  scope.checks = arguments.List("--check");
  for (const std::string& package : arguments.List("--package")) {
    scope.packages.push_back({package, arguments.Value("--versions")});
  }
  if (arguments.Has("--versions") && scope.packages.empty()) {
    return Fail(ErrorCode::kInvalid, "--versions needs --package");
  }
  scope.namespaces = arguments.List("--namespace");
  scope.applications = arguments.List("--app");
  scope.environments = arguments.List("--environment");
  scope.clusters = arguments.List("--cluster");
  if (scope.findings.empty() && scope.checks.empty() && scope.packages.empty()) {
    return Fail(ErrorCode::kInvalid,
                "say which findings are meant: --finding, --check or --package");
  }
  return scope;
}

// Beginnings of ids become the ids of findings that are there.
Status CompleteIds(const gate::Request& request, std::vector<std::string>& ids) {
  for (std::string& id : ids) {
    std::string found;
    for (const gate::InputFinding& input : request.findings) {
      if (!StartsWith(input.finding.id, id) || input.finding.id == found) continue;
      if (!found.empty()) {
        return Fail(ErrorCode::kInvalid, "several findings begin with it: give more", id);
      }
      found = input.finding.id;
    }
    if (found.empty()) return Fail(ErrorCode::kNotFound, "no such finding is seen now", id);
    id = found;
  }
  return {};
}

Result<std::string> Add(const Arguments& arguments) {
  OURO_TRY(const gate::Selector scope, ScopeOf(arguments));
  OURO_TRY(const engine::Config config, LoadConfig(arguments, "."));
  OURO_TRY(const std::string path, FileOf(arguments, config));
  OURO_TRY(const std::string source, ReadOrEmpty(path));
  GateSetup setup;
  setup.config = config;
  OURO_TRY(setup.request.policy, PolicyOf(arguments, config));
  OURO_TRY(setup.request.now, NowOf(arguments));
  const UnixSeconds now = setup.request.now;
  OURO_TRY_STATUS(AddFindings(arguments, setup));
  gate::Exception exception;
  exception.scope = scope;
  OURO_TRY_STATUS(CompleteIds(setup.request, exception.scope.findings));
  exception.reason = arguments.Value("--reason");
  exception.justification = arguments.Value("--justification");
  exception.owner = arguments.Value("--owner");
  exception.ticket = arguments.Value("--ticket");
  exception.compensating_control = arguments.Value("--compensating-control");
  exception.author = arguments.Value("--author");
  exception.requested_by = ActorOf(arguments);
  exception.requested_at = FormatRfc3339(now);
  if (exception.reason.empty() || exception.owner.empty()) {
    return Fail(ErrorCode::kInvalid, "an exception needs --reason and --owner");
  }
  OURO_TRY(exception.expires_at, ExpiresOf(arguments, now));
  exception.id = arguments.Value("--id");
  if (exception.id.empty()) {
    std::string text;
    gate::AppendException(text, exception, false);
    TupleHasher hasher("exception");
    hasher.Add("text", text);
    constexpr size_t kIdSize = 8;
    exception.id = "EX-" + hasher.Finish().substr(0, kIdSize);
  }
  OURO_TRY(const Matched matched, MatchNow(setup, exception));
  exception.facts = matched.facts;
  OURO_TRY_STATUS(gate::CheckLife(exception, matched.days_max));
  OURO_TRY(const std::string text, gate::AddToFile(source, path, exception));
  OURO_TRY_STATUS(Keep(arguments, config, path, text, exception,
                       {"exception.add", "", gate::SelectorTitle(exception.scope)}, now));
  return fmt::format(
      "{}: requested until {}, matches {} finding{} now; it holds when it is approved\n",
      exception.id, exception.expires_at, matched.facts.matched.value_or(0),
      matched.facts.matched.value_or(0) == 1 ? "" : "s");
}

// ---- list and show ------------------------------------------------------------------------------

struct Judged {
  GateSetup setup;
  gate::Outcome outcome;
};

// All exceptions with their state and what they match now. The setup must not move afterwards.
Result<std::unique_ptr<Judged>> JudgeAll(const Arguments& arguments) {
  auto judged = std::make_unique<Judged>();
  GateSetup& setup = judged->setup;
  OURO_TRY(setup.config, LoadConfig(arguments, "."));
  OURO_TRY(const std::string path, FileOf(arguments, setup.config));
  OURO_TRY(setup.request.policy, PolicyOf(arguments, setup.config));
  OURO_TRY(setup.request.now, NowOf(arguments));
  OURO_TRY(std::string text, ReadWhole(path, limits::kFileSizeBytes));
  OURO_TRY(setup.request.exceptions, gate::ReadExceptionFile(std::move(text), path));
  OURO_TRY_STATUS(AddFindings(arguments, setup));
  OURO_TRY(judged->outcome, gate::Decide(setup.request));
  return judged;
}

void AppendState(std::string& out, const gate::ExceptionOutcome& one) {
  gate::JsonObject object(out, '{');
  object.Text("id", one.exception->id);
  object.Text("state", gate::ExceptionStateName(one.status.state));
  object.Text("reason", one.status.reason);
  object.Text("until", FormatRfc3339(one.status.until));
  object.Int("matched", one.facts.matched.value_or(0));
  object.Int("covered", one.covered);
  if (one.warning_days) object.Int("ends_within_days", *one.warning_days);
  object.Next("exception");
  gate::AppendException(out, *one.exception, true);
  object.End();
}

Result<std::string> List(const Arguments& arguments) {
  OURO_TRY(const auto judged, JudgeAll(arguments));
  if (arguments.Value("--format") == "json") {
    std::string out = "{\"schema\":\"ouro/exceptions/v1\",\"exceptions\":";
    gate::JsonObject list(out, '[');
    for (const gate::ExceptionOutcome& one : judged->outcome.exceptions) {
      list.Next();
      AppendState(out, one);
    }
    list.End();
    return out + "}\n";
  }
  std::vector<std::vector<std::string>> rows = {
      {"ID", "STATE", "UNTIL", "COVERS", "OWNER", "TICKET", "SCOPE", "WHY"}};
  for (const gate::ExceptionOutcome& one : judged->outcome.exceptions) {
    const gate::Exception& exception = *one.exception;
    std::string why = one.status.reason;
    if (one.warning_days) why += fmt::format("; ends within {} days", *one.warning_days);
    rows.push_back({Printable(exception.id),
                    std::string(gate::ExceptionStateName(one.status.state)),
                    FormatRfc3339(one.status.until),
                    fmt::format("{}/{}", one.covered, one.facts.matched.value_or(0)),
                    Printable(exception.owner), Printable(exception.ticket),
                    Printable(gate::SelectorTitle(exception.scope)), Printable(why)});
  }
  return TextTable(rows) +
         fmt::format("{} exception{}\n", rows.size() - 1, rows.size() == 2 ? "" : "s");
}

Result<std::string> Show(const Arguments& arguments) {
  OURO_TRY(const auto judged, JudgeAll(arguments));
  const std::string& id = arguments.positionals().front();
  for (const gate::ExceptionOutcome& one : judged->outcome.exceptions) {
    if (one.exception->id != id) continue;
    std::string out;
    if (arguments.Value("--format") == "json") {
      AppendState(out, one);
      return out + "\n";
    }
    const gate::Exception& exception = *one.exception;
    const auto field = [&](std::string_view name, std::string_view value) {
      if (!value.empty()) out += fmt::format("{:<22} {}\n", name, Printable(value));
    };
    field("id", exception.id);
    field("state", gate::ExceptionStateName(one.status.state));
    field("why", one.status.reason);
    field("until", FormatRfc3339(one.status.until));
    field("scope", gate::SelectorTitle(exception.scope));
    field("covers", fmt::format("{} of {} findings", one.covered, one.facts.matched.value_or(0)));
    field("reason", exception.reason);
    field("justification", exception.justification);
    field("compensating control", exception.compensating_control);
    field("owner", exception.owner);
    field("ticket", exception.ticket);
    field("requested", fmt::format("{} by {}", exception.requested_at, exception.requested_by));
    for (const gate::Approval& approval : exception.approvals) {
      field("approved", fmt::format("{} by {}{}", approval.at, approval.by,
                                    approval.role.empty() ? "" : " as " + approval.role));
    }
    for (const gate::Renewal& renewal : exception.renewals) {
      field("renewed", fmt::format("{} by {}, was until {}", renewal.at, renewal.by, renewal.from));
    }
    field("stands at", exception.origin);
    return out;
  }
  return Fail(ErrorCode::kNotFound, "there is no such exception: see `ouro exception list`", id);
}

// ---- steps --------------------------------------------------------------------------------------

struct Found {
  engine::Config config;
  std::string path;
  std::string source;
  gate::Exception exception;
  UnixSeconds now = 0;
};

Result<Found> FindOne(const Arguments& arguments) {
  Found found;
  OURO_TRY(found.config, LoadConfig(arguments, "."));
  OURO_TRY(found.path, FileOf(arguments, found.config));
  OURO_TRY(found.now, NowOf(arguments));
  OURO_TRY(found.source, ReadWhole(found.path, limits::kFileSizeBytes));
  OURO_TRY(const auto exceptions, gate::ReadExceptionFile(found.source, found.path));
  const std::string& id = arguments.positionals().front();
  for (const gate::Exception& exception : exceptions) {
    if (exception.id != id) continue;
    found.exception = exception;
    return found;
  }
  return Fail(ErrorCode::kNotFound, fmt::format("there is no exception {}", id), found.path);
}

Result<std::string> KeepStep(const Arguments& arguments, const Found& found,
                             const gate::Exception& next, const Step& step) {
  OURO_TRY(const std::string text, gate::ReplaceInFile(found.source, found.path, next));
  OURO_TRY_STATUS(Keep(arguments, found.config, found.path, text, next, step, found.now));
  return fmt::format("{}: {} by {}\n", next.id, step.action.substr(step.action.find('.') + 1),
                     ActorOf(arguments));
}

Result<std::string> Approve(const Arguments& arguments) {
  OURO_TRY(const Found found, FindOne(arguments));
  const gate::Approval approval{ActorOf(arguments), arguments.Value("--role"), ""};
  const auto& roles = found.config.policy.roles;
  OURO_TRY(const gate::Exception next, gate::Approve(found.exception, approval, found.now));
  // Told now rather than at the gate: a role that the policy does not give does not count.
  if (gate::ValidApprovals(next, roles, found.now).size() ==
      gate::ValidApprovals(found.exception, roles, found.now).size()) {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("{} does not have the role \"{}\" (policy.roles)", approval.by, approval.role),
        next.id);
  }
  return KeepStep(arguments, found, next,
                  {"exception.approve",
                   fmt::format("{} approvals", found.exception.approvals.size()), approval.role});
}

Result<std::string> Revoke(const Arguments& arguments) {
  OURO_TRY(const Found found, FindOne(arguments));
  OURO_TRY(const gate::Exception next,
           gate::Revoke(found.exception, ActorOf(arguments), found.now));
  return KeepStep(arguments, found, next,
                  {"exception.revoke", fmt::format("until {}", found.exception.expires_at), ""});
}

Result<std::string> Renew(const Arguments& arguments) {
  OURO_TRY(const Found found, FindOne(arguments));
  GateSetup setup;
  setup.config = found.config;
  OURO_TRY(setup.request.policy, PolicyOf(arguments, found.config));
  setup.request.now = found.now;
  OURO_TRY_STATUS(AddFindings(arguments, setup));
  OURO_TRY(const std::string expires, ExpiresOf(arguments, found.now));
  OURO_TRY(const Matched matched, MatchNow(setup, found.exception));
  OURO_TRY(const gate::Exception next,
           gate::Renew(found.exception, ActorOf(arguments), expires, matched.facts, found.now));
  OURO_TRY_STATUS(gate::CheckLife(next, matched.days_max));
  return KeepStep(arguments, found, next,
                  {"exception.renew", fmt::format("until {}", found.exception.expires_at), ""});
}

template <Result<std::string> (*kMake)(const Arguments&)>
ExitCode RunAndWrite(const Arguments& arguments) {
  const auto text = kMake(arguments);
  if (!text) return FailWith(text.error());
  const Status wrote = WriteResult(arguments, *text);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

const Command kExceptionAddCommand = {
    "exception add",
    "ask for an exception",
    "",
    0,
    0,
    "",
    "Appends an exception to the file of exceptions, which is reviewed like code; every other byte "
    "of the file stays. It holds when enough others have approved it, and not beyond its end.",
    kAddOptions,
    kAddExamples,
    RunAndWrite<Add>};

const Command kExceptionListCommand = {
    "exception list",
    "list exceptions with their state",
    "",
    0,
    0,
    "",
    "Shows all exceptions of the file, in which state they are and how many findings they cover.",
    kListOptions,
    kListExamples,
    RunAndWrite<List>};

const Command kExceptionShowCommand = {"exception show",
                                       "show one exception",
                                       "ID",
                                       1,
                                       1,
                                       "",
                                       "Shows everything about one exception.",
                                       kListOptions,
                                       kShowExamples,
                                       RunAndWrite<Show>};

const Command kExceptionApproveCommand = {
    "exception approve",
    "approve an exception that somebody else asked for",
    "ID",
    1,
    1,
    "",
    "Neither who asked for it nor the author of the change can approve. Only the entry of this "
    "exception is written anew.",
    kApproveOptions,
    kApproveExamples,
    RunAndWrite<Approve>};

const Command kExceptionRevokeCommand = {"exception revoke",
                                         "end an exception now",
                                         "ID",
                                         1,
                                         1,
                                         "",
                                         "Its findings count again from this moment on.",
                                         kRevokeOptions,
                                         kRevokeExamples,
                                         RunAndWrite<Revoke>};

const Command kExceptionRenewCommand = {
    "exception renew",
    "ask for a new end of an exception",
    "ID",
    1,
    1,
    "",
    "The new date is kept as given; the approvals so far no longer count.",
    kRenewOptions,
    kRenewExamples,
    RunAndWrite<Renew>};

}  // namespace ouro::cli
