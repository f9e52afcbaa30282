#include <unistd.h>

#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/batch.h"
#include "cli/commands/commands.h"
#include "cli/commands/gate_request.h"
#include "cli/commands/gate_table.h"
#include "cli/commands/store_option.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/audit_log.h"
#include "gate/policy_writer.h"
#include "gate/record.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kFormats = {"table", "json"};

constexpr std::array kOptions = {
    OURO_SUBJECT_OPTIONS,
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
    Option{"--input",
           0,
           "FILE",
           "findings of this report (json or ndjson of ouro) instead of a store",
           {},
           "file",
           true},
    Option{"--policy",
           0,
           "FILE",
           "this policy instead of that of ouro.yaml; several make one",
           {},
           "file",
           true},
    Option{"--exceptions", 0, "FILE", "exceptions; default: `exceptions` of ouro.yaml", {}, "file"},
    Option{"--baseline", 0, "FILE", "findings that this file knows are not new", {}, "file"},
    Option{"--grant", 0, "FILE", "a signed break-glass grant", {}, "file", true},
    Option{"--fixes",
           0,
           "ID",
           "findings that this delivery fixes, for windows that let verified fixes pass",
           {},
           {},
           true},
    Option{"--began", 0, "TIME", "when an operation began that is running already"},
    Option{"--now", 0, "TIME", "decide as at this instant (RFC 3339); default: now"},
    Option{"--actor", 0, "NAME", "who asks; default: $OURO_ACTOR, $USER"},
    Option{"--strict", 0, "", "exit code 5 when a finding asks for a reaction"},
    Option{"--what-if", 0, "",
           "compare the policy of ouro.yaml with that of --policy; records nothing"},
    Option{"--replay", 0, "FILE|ID",
           "compute a recorded decision again and print it; exit code 2 when it differs"},
    Option{"--batch", 0, "",
           "read requests from standard input, one JSON object a line: {\"policy\", \"findings\", "
           "\"subject\", \"now\"}"},
    Option{"--format", 'f', "FORMAT", "form of the decision", kFormats},
};
constexpr std::array kExamples = {
    Example{"ouro gate --app shop --environment prod --branch main",
            "may this be delivered? The exit code says it, the output says why"},
    Example{"ouro gate --input report.json --policy strict.yaml", "decide on one report"},
    Example{"ouro gate --environment prod --policy new.yaml --what-if",
            "what would another policy change?"},
    Example{"ouro gate --format json > decision.json; ouro gate --replay decision.json",
            "keep a decision with all its inputs, and compute it again"},
    Example{"ouro gate --batch < requests.ndjson", "many decisions in one process"},
};

// Writes the decision into the audit log, where one is configured.
Status Audit(const GateSetup& setup, const gate::Outcome& outcome, std::string_view id) {
  if (setup.config.audit.empty()) return {};
  const gate::Request& request = setup.request;
  gate::AuditEntry entry;
  entry.time = FormatRfc3339(request.now);
  entry.actor = request.subject.actor;
  entry.action = "gate.decide";
  entry.object = gate::SubjectTitle(request.subject);
  entry.after = outcome.decision.verdict;
  entry.policy_hash = gate::PolicyHash(request.policy);
  entry.findings_hash = gate::FindingsHash(request);
  entry.note = fmt::format("decision {}", id);
  std::vector<gate::AuditEntry> entries = {entry};
  for (const gate::GrantOutcome& grant : outcome.grants) {
    if (!grant.used) continue;
    entry.action = "gate.break_glass";
    entry.before = outcome.overridden;
    entry.note = fmt::format("grant {} of {}, {}: {}; review due {}", grant.grant->id,
                             grant.grant->issued_by, grant.grant->ticket, grant.grant->reason,
                             FormatRfc3339(outcome.review_due.value_or(0)));
    entries.push_back(entry);
  }
  return engine::AppendAudit(setup.config.audit, std::move(entries));
}

// The value of the member "id" at the beginning of a record.
std::string IdOf(std::string_view record) {
  constexpr std::string_view kStart = "{\"id\":\"";
  constexpr size_t kIdSize = 32;
  return std::string(record.substr(kStart.size(), kIdSize));
}

Result<ExitCode> Decide(const Arguments& arguments) {
  OURO_TRY(GateSetup setup, SetUpGate(arguments));
  OURO_TRY_STATUS(AddFindings(arguments, setup));
  gate::Request& request = setup.request;
  gate::Canonicalize(request);
  OURO_TRY(const gate::Outcome outcome, gate::Decide(request));
  const std::string record = gate::DecisionRecord(request, outcome, {});
  const std::string id = IdOf(record);
  // First what must be kept: a decision that is not in the log has not been made.
  OURO_TRY_STATUS(Audit(setup, outcome, id));
  if (!setup.store.empty()) {
    OURO_TRY(const auto store, OpenStoreToWrite(arguments, setup.config));
    OURO_TRY_STATUS(store->AddGateDecision(id, request.now, record));
  }
  for (const gate::GrantOutcome& grant : outcome.grants) {
    if (grant.used) PrintWarning(outcome.decision.sentence);
  }
  DecisionTableOptions options;
  options.verbose = arguments.Has("--verbose");
  options.quiet = arguments.Has("--quiet");
  OURO_TRY_STATUS(WriteResult(arguments, arguments.Value("--format") == "json"
                                             ? record + "\n"
                                             : DecisionTable(request, outcome, options)));
  return static_cast<ExitCode>(outcome.decision.exit_code);
}

// ---- what if ------------------------------------------------------------------------------------

struct Change {
  const gate::FindingOutcome* before;
  const gate::FindingOutcome* after;
};

std::string_view ActionOf(const gate::FindingOutcome& one) {
  return one.standing == gate::Standing::kJudged ? gate::ActionName(one.action)
                                                 : gate::StandingName(one.standing);
}

std::string WhatIfTable(const gate::Outcome& before, const gate::Outcome& after,
                        const std::vector<Change>& changes) {
  std::string out;
  std::map<std::pair<std::string_view, std::string_view>, int64_t> sums;
  for (const Change& change : changes) {
    ++sums[{ActionOf(*change.before), ActionOf(*change.after)}];
    const model::Finding& finding = change.after->input->finding;
    out += Printable(
        fmt::format("  {:<8} -> {:<8}  {:<8}  {}  {}", ActionOf(*change.before),
                    ActionOf(*change.after), model::SeverityName(finding.severity), finding.check,
                    change.after->ruling == nullptr
                        ? ""
                        : after.resolver->RuleName(change.after->ruling->winner.rule)));
    out += '\n';
  }
  for (const auto& [pair, count] : sums) {
    out += fmt::format("{} finding{}: {} -> {}\n", count, count == 1 ? "" : "s", pair.first,
                       pair.second);
  }
  if (changes.empty()) out += "no finding would be judged differently\n";
  out += Printable(fmt::format("now:     {}", before.decision.sentence)) + "\n";
  out += Printable(fmt::format("what if: {}", after.decision.sentence)) + "\n";
  return out;
}

void AppendSide(std::string& out, const gate::Request& request, const gate::Outcome& outcome) {
  out += "{\"verdict\":";
  AppendJsonString(out, outcome.decision.verdict);
  out += fmt::format(",\"exit_code\":{},\"sentence\":", outcome.decision.exit_code);
  AppendJsonString(out, outcome.decision.sentence);
  out += fmt::format(",\"policy_hash\":\"{}\"}}", gate::PolicyHash(request.policy));
}

std::string WhatIfJson(const gate::Request& now, const gate::Outcome& before,
                       const gate::Request& then, const gate::Outcome& after,
                       const std::vector<Change>& changes) {
  std::string out = "{\"schema\":\"ouro/what-if/v1\",\"before\":";
  AppendSide(out, now, before);
  out += ",\"after\":";
  AppendSide(out, then, after);
  out += ",\"changes\":[";
  bool first = true;
  for (const Change& change : changes) {
    if (!first) out += ',';
    first = false;
    out += "{\"id\":";
    AppendJsonString(out, change.after->input->finding.id);
    out += ",\"check\":";
    AppendJsonString(out, change.after->input->finding.check);
    out += fmt::format(",\"from\":\"{}\",\"to\":\"{}\"}}", ActionOf(*change.before),
                       ActionOf(*change.after));
  }
  return out + "]}\n";
}

Result<ExitCode> WhatIf(const Arguments& arguments) {
  if (!arguments.Has("--policy")) {
    return Fail(ErrorCode::kInvalid, "--what-if needs the other policy: --policy FILE");
  }
  OURO_TRY(GateSetup setup, SetUpGate(arguments));
  OURO_TRY_STATUS(AddFindings(arguments, setup));
  gate::Request& then = setup.request;
  gate::Canonicalize(then);
  gate::Request now = then;
  now.policy = setup.config.policy;
  now.policy.strict = now.policy.strict || arguments.Has("--strict");
  OURO_TRY(const gate::Outcome before, gate::Decide(now));
  OURO_TRY(const gate::Outcome after, gate::Decide(then));
  std::vector<Change> changes;
  for (size_t i = 0; i < before.findings.size(); ++i) {
    if (ActionOf(before.findings[i]) != ActionOf(after.findings[i])) {
      changes.push_back({&before.findings[i], &after.findings[i]});
    }
  }
  OURO_TRY_STATUS(WriteResult(arguments, arguments.Value("--format") == "json"
                                             ? WhatIfJson(now, before, then, after, changes)
                                             : WhatIfTable(before, after, changes)));
  return ExitCode::kClean;
}

// ---- replay -------------------------------------------------------------------------------------

Result<std::string> RecordedDecision(const Arguments& arguments) {
  const std::string name = arguments.Value("--replay");
  if (name == "-" || access(name.c_str(), F_OK) == 0) {
    return ReadWhole(name, limits::kDecisionSizeBytes);
  }
  OURO_TRY(const engine::Config config, LoadConfig(arguments, "."));
  OURO_TRY(const auto store, OpenStoreToRead(arguments, config));
  return store->FindGateDecision(name);
}

Result<ExitCode> Replay(const Arguments& arguments) {
  OURO_TRY(std::string record, RecordedDecision(arguments));
  while (!record.empty() && record.back() == '\n') record.pop_back();
  const auto again = gate::Replay(record);
  if (!again) return tl::unexpected<Error>(WithContext(again.error(), arguments.Value("--replay")));
  OURO_TRY_STATUS(WriteResult(arguments, *again + "\n"));
  if (*again == record) return ExitCode::kClean;
  size_t at = 0;
  while (at < record.size() && at < again->size() && record[at] == (*again)[at]) ++at;
  return Fail(ErrorCode::kInvalid,
              fmt::format("the decision is not the recorded one: they differ from byte {} on", at),
              arguments.Value("--replay"));
}

ExitCode Run(const Arguments& arguments) {
  if (arguments.Has("--batch")) {
    return RunBatch(
        [](std::string_view line) { return gate::AnswerBatchLine(line, BreakGlassKey); });
  }
  const Result<ExitCode> code = arguments.Has("--replay")    ? Replay(arguments)
                                : arguments.Has("--what-if") ? WhatIf(arguments)
                                                             : Decide(arguments);
  return code ? *code : FailWith(code.error());
}

}  // namespace

const Command kGateCommand = {
    "gate",
    "decide whether something may be delivered, and say why",
    "",
    0,
    0,
    "",
    "Judges the findings of a store or of reports by the policy, its exceptions, windows and "
    "branches, for what --app, --environment and the like name. Exit codes: 1 blocked by findings "
    "or branch, 4 by a window, 3 by what is not known, 5 with --strict when something asks for a "
    "reaction. Without findings data it never passes. See docs/user/gate.md.",
    kOptions,
    kExamples,
    Run};

}  // namespace ouro::cli
