#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/commands/gate_request.h"
#include "cli/commands/store_option.h"
#include "cli/output.h"
#include "gate/json_object.h"
#include "gate/policy_writer.h"
#include "gate/record.h"
#include "gate/selector_text.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kFormats = {"table", "json"};
constexpr std::array kOptions = {
    OURO_SUBJECT_OPTIONS,
    Option{"--finding", 0, "ID", "explain what decides about this finding"},
    Option{"--store", 0, "FILE", kStoreHelp, {}, "file"},
    Option{"--input", 0, "FILE", "look for the finding in this report", {}, "file", true},
    Option{"--policy", 0, "FILE", "this policy instead of that of ouro.yaml", {}, "file", true},
    Option{"--exceptions", 0, "FILE", "exceptions; default: `exceptions` of ouro.yaml", {}, "file"},
    Option{"--baseline", 0, "FILE", "findings that this file knows are not new", {}, "file"},
    Option{"--now", 0, "TIME", "as at this instant (RFC 3339); default: now"},
    Option{"--format", 'f', "FORMAT", "form of the answer", kFormats},
};
constexpr std::array kExamples = {
    Example{"ouro policy explain --app shop --environment prod", "what holds for this delivery?"},
    Example{"ouro policy explain --finding 3fa2c1d0 --environment prod",
            "which rule decides about this finding, and which lose?"},
};

using gate::JsonObject;
using gate::Resolver;

// The rules that apply to the subject, farthest level first.
std::vector<int> ApplicableRules(const Resolver& resolver, const gate::LevelView& view) {
  std::vector<int> rules;
  for (size_t i = 0; i < resolver.rules().size(); ++i) {
    const int entry = resolver.rules()[i].entry;
    const bool applies = entry < 0 || std::find(view.entries.begin(), view.entries.end(), entry) !=
                                          view.entries.end();
    if (applies) rules.push_back(static_cast<int>(i));
  }
  return rules;
}

// What happens to a finding of that severity that no rule matches.
gate::Match DefaultFor(Resolver& resolver, const gate::Subject& subject, model::Severity severity) {
  gate::Policy bare = resolver.policy();
  bare.rules.clear();
  for (gate::PolicyLevel& level : bare.levels) level.rules.clear();
  Resolver defaults(bare, subject, resolver.now());
  model::Finding finding;
  finding.severity = severity;
  gate::Facts facts = gate::FactsOf(finding);
  facts.cluster = subject.cluster;
  facts.environment = subject.environment;
  facts.application = subject.application;
  return defaults.Resolve(facts).winner;
}

std::string SubjectTable(const gate::Request& request) {
  Resolver resolver(request.policy, request.subject, request.now);
  const gate::Subject& subject = request.subject;
  const gate::LevelView& view =
      resolver.ViewOf(subject.cluster, subject.environment, subject.application);
  std::string out = fmt::format("policy of {} for {}{}\n", request.policy.origin,
                                gate::SubjectTitle(subject), view.production ? ", production" : "");
  out += "levels that apply: global";
  for (const int entry : view.entries) {
    const gate::PolicyLevel& level = request.policy.levels[static_cast<size_t>(entry)];
    out += fmt::format(", {}", gate::LevelTitle(level));
    if (!level.origin.empty()) out += fmt::format(" ({})", level.origin);
  }
  out += "\nrules, nearest level last:\n";
  const std::vector<int> rules = ApplicableRules(resolver, view);
  for (const int number : rules) {
    const gate::PolicyRule& rule = *resolver.rules()[static_cast<size_t>(number)].rule;
    out += fmt::format("  {:<16} {} \"{}\": {}", gate::RuleActionName(rule),
                       resolver.RuleLevel(number), resolver.RuleName(number),
                       gate::SelectorTitle(rule));
    if (rule.locked) out += " (locked)";
    if (!rule.origin.empty()) out += fmt::format("  {}", rule.origin);
    out += '\n';
  }
  if (rules.empty()) out += "  none\n";
  out += "where no rule matches:\n";
  for (int i = model::kSeverityCount - 1; i >= 0; --i) {
    const auto severity = static_cast<model::Severity>(i);
    const gate::Match match = DefaultFor(resolver, subject, severity);
    out += fmt::format("  {:<16} {} ({})\n", gate::ActionName(match.action),
                       model::SeverityName(severity), gate::LevelName(match.level));
  }
  out += fmt::format("what is not examined: {}\n", gate::OnIncompleteName(view.incomplete));
  out += "exceptions, by severity:";
  for (size_t i = model::kSeverityCount; i-- > 0;) {
    out += fmt::format(" {} at most {} days, {} approval{};",
                       model::SeverityName(static_cast<model::Severity>(i)), view.days_max[i],
                       view.approvals[i], view.approvals[i] == 1 ? "" : "s");
  }
  out.back() = '\n';
  return out;
}

void AppendRule(std::string& out, const Resolver& resolver, int number) {
  const gate::PolicyRule& rule = *resolver.rules()[static_cast<size_t>(number)].rule;
  JsonObject object(out, '{');
  object.Text("rule", resolver.RuleName(number));
  object.Text("level", resolver.RuleLevel(number));
  object.TextIf("origin", rule.origin);
  object.Text("action", gate::RuleActionName(rule));
  object.Bool("locked", rule.locked);
  object.Next("selector");
  JsonObject selector(out, '{');
  gate::AppendSelector(selector, out, rule);
  selector.End();
  object.End();
}

std::string SubjectJson(const gate::Request& request) {
  Resolver resolver(request.policy, request.subject, request.now);
  const gate::Subject& subject = request.subject;
  const gate::LevelView& view =
      resolver.ViewOf(subject.cluster, subject.environment, subject.application);
  std::string out;
  JsonObject object(out, '{');
  object.Text("schema", "ouro/policy-explain/v1");
  object.Next("subject");
  gate::AppendSubject(out, subject);
  object.Text("policy_hash", gate::PolicyHash(request.policy));
  object.Bool("production", view.production);
  std::vector<std::string> levels = {"global"};
  for (const int entry : view.entries) {
    levels.push_back(gate::LevelTitle(request.policy.levels[static_cast<size_t>(entry)]));
  }
  object.Texts("levels", levels);
  object.Next("rules");
  JsonObject rules(out, '[');
  for (const int number : ApplicableRules(resolver, view)) {
    rules.Next();
    AppendRule(out, resolver, number);
  }
  rules.End();
  object.Next("defaults");
  JsonObject defaults(out, '{');
  for (int i = model::kSeverityCount - 1; i >= 0; --i) {
    const auto severity = static_cast<model::Severity>(i);
    defaults.Text(model::SeverityName(severity),
                  gate::ActionName(DefaultFor(resolver, subject, severity).action));
  }
  defaults.End();
  object.Text("incomplete", gate::OnIncompleteName(view.incomplete));
  object.End();
  return out + "\n";
}

std::string MatchText(const Resolver& resolver, const gate::Match& match) {
  std::string out = fmt::format(
      "\"{}\" of {}: {}, by {}", resolver.RuleName(match.rule),
      match.rule < 0 ? std::string(gate::LevelName(match.level)) : resolver.RuleLevel(match.rule),
      gate::ActionName(match.action), gate::SpecificityName(match.specificity));
  if (match.locked) out += ", locked";
  if (match.uncertain) out += ", its expression could not be evaluated";
  if (match.rule >= 0) {
    const std::string& origin = resolver.rules()[static_cast<size_t>(match.rule)].rule->origin;
    if (!origin.empty()) out += fmt::format("  {}", origin);
  }
  return Printable(out);
}

std::string FindingTable(const gate::Outcome& outcome, const gate::FindingOutcome& one) {
  const model::Finding& finding = one.input->finding;
  std::string out = fmt::format("finding {}  {}  {}\n", Printable(finding.id),
                                model::SeverityName(finding.severity), Printable(finding.check));
  if (one.ruling == nullptr) {
    return out + fmt::format("not judged: {}\n", gate::StandingName(one.standing));
  }
  const Resolver& resolver = *outcome.resolver;
  out += fmt::format("decides  {}\n", MatchText(resolver, one.ruling->winner));
  for (const gate::Match& loser : one.ruling->losers) {
    out += fmt::format("loses    {}\n", MatchText(resolver, loser));
  }
  if (one.standing == gate::Standing::kExcepted) {
    const gate::ExceptionOutcome& exception =
        outcome.exceptions[static_cast<size_t>(one.exception)];
    out += Printable(fmt::format("excepted by {}: {}", exception.exception->id,
                                 exception.status.reason)) +
           "\n";
  }
  if (!one.note.empty()) out += fmt::format("note     {}\n", Printable(one.note));
  out += fmt::format("action   {}\n", one.standing == gate::Standing::kJudged
                                          ? gate::ActionName(one.action)
                                          : gate::StandingName(one.standing));
  return out;
}

// The part of the decision record that speaks of the finding.
Result<std::string> ExplainFinding(const Arguments& arguments, GateSetup& setup) {
  const std::string wanted = arguments.Value("--finding");
  OURO_TRY_STATUS(AddFindings(arguments, setup));
  gate::Request& request = setup.request;
  gate::Canonicalize(request);
  OURO_TRY(const gate::Outcome outcome, gate::Decide(request));
  const gate::FindingOutcome* found = nullptr;
  for (const gate::FindingOutcome& one : outcome.findings) {
    if (!StartsWith(one.input->finding.id, wanted)) continue;
    if (found != nullptr && found->input->finding.id != one.input->finding.id) {
      return Fail(ErrorCode::kInvalid, "several findings begin with it: give more", wanted);
    }
    found = &one;
  }
  if (found == nullptr) {
    return Fail(ErrorCode::kNotFound, "no finding that is seen now has this id", wanted);
  }
  if (arguments.Value("--format") != "json") return FindingTable(outcome, *found);
  gate::Request one = request;
  one.findings = {*found->input};
  return gate::DecideToRecord(one, {.with_inputs = false});
}

Result<std::string> Explain(const Arguments& arguments) {
  OURO_TRY(GateSetup setup, SetUpGate(arguments));
  if (arguments.Has("--finding")) return ExplainFinding(arguments, setup);
  return arguments.Value("--format") == "json" ? SubjectJson(setup.request)
                                               : SubjectTable(setup.request);
}

ExitCode Run(const Arguments& arguments) {
  auto text = Explain(arguments);
  if (!text) return FailWith(text.error());
  if (text->empty() || text->back() != '\n') *text += '\n';
  const Status wrote = WriteResult(arguments, *text);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

const Command kPolicyExplainCommand = {
    "policy explain",
    "show the effective policy for a delivery or a finding",
    "",
    0,
    0,
    "",
    "Shows every rule that applies with its level and the place where it stands, what happens "
    "where "
    "none matches, and what exceptions must fulfil. With --finding: which rule decides, and which "
    "lose to it.",
    kOptions,
    kExamples,
    Run};

}  // namespace ouro::cli
