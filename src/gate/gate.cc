// Two steps: Resolve() finds for each finding the rule that decides it and writes down which rules
// lost to it; Decide() takes the maximum of the actions and puts the answer in words (explain.cc).
#include "gate/gate.h"

#include <algorithm>

#include "base/text.h"
#include "fmt/format.h"
#include "gate/explain.h"

namespace ouro::gate {
namespace {

using internal::Match;
using internal::Specificity;

bool IsGlob(std::string_view name) {
  return name.find('*') != std::string_view::npos;
}

// How exactly `name` of a rule's list names the finding; nullopt: it does not.
std::optional<Specificity> NameMatch(std::string_view name, const model::Finding& finding) {
  const auto& aliases = finding.aliases;
  if (IsGlob(name)) {
    const bool matches = MatchesGlob(finding.check, name) ||
                         std::any_of(aliases.begin(), aliases.end(), [&](const std::string& alias) {
                           return MatchesGlob(alias, name);
                         });
    return matches ? std::optional(Specificity::kClass) : std::nullopt;
  }
  if (name == finding.check || std::find(aliases.begin(), aliases.end(), name) != aliases.end()) {
    return Specificity::kIdentifier;
  }
  if (!name.empty() && name == finding.concept_name) return Specificity::kConcept;
  return std::nullopt;
}

bool AnyGlobMatches(const std::vector<std::string>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return MatchesGlob(text, glob); });
}

std::optional<Specificity> RuleMatch(const PolicyRule& rule, const model::Finding& finding) {
  if (rule.severity_min && finding.severity < *rule.severity_min) return std::nullopt;
  if (!rule.namespaces.empty() &&
      !AnyGlobMatches(rule.namespaces, finding.resource.namespace_name)) {
    return std::nullopt;
  }
  if (!rule.kinds.empty() && !AnyGlobMatches(rule.kinds, finding.resource.kind))
    return std::nullopt;
  if (rule.checks.empty()) return Specificity::kClass;
  std::optional<Specificity> best;
  for (const std::string& name : rule.checks) best = std::max(best, NameMatch(name, finding));
  return best;
}

// What decides when no rule matches: the threshold.
Match ThresholdMatch(const model::Finding& finding, const Policy& policy) {
  const bool blocks = policy.fail_on && finding.severity >= *policy.fail_on;
  return {internal::kThreshold, Specificity::kNone, blocks ? Action::kBlock : Action::kObserve};
}

internal::Ruling Resolve(const model::Finding& finding, const Policy& policy) {
  internal::Ruling ruling;
  ruling.winner = ThresholdMatch(finding, policy);
  for (size_t i = 0; i < policy.rules.size(); ++i) {
    const std::optional<Specificity> specificity = RuleMatch(policy.rules[i], finding);
    if (!specificity) continue;
    const Match match{static_cast<int>(i), *specificity, policy.rules[i].action};
    const bool wins =
        match.specificity > ruling.winner.specificity ||
        (match.specificity == ruling.winner.specificity && match.action > ruling.winner.action);
    if (!wins) {
      ruling.losers.push_back(match);
      continue;
    }
    if (ruling.winner.rule != internal::kThreshold) ruling.losers.push_back(ruling.winner);
    ruling.winner = match;
  }
  return ruling;
}

}  // namespace

std::string_view ActionName(Action action) {
  switch (action) {
    case Action::kObserve:
      return "observe";
    case Action::kReact:
      return "react";
    case Action::kBlock:
      return "block";
  }
  return "block";
}

model::Decision Decide(std::vector<model::Finding>& findings, const Policy& policy,
                       const model::Counts& counts) {
  internal::Summary summary(policy, counts);
  for (model::Finding& finding : findings) {
    if (finding.status == model::FindingStatus::kSuppressed) {
      finding.action.clear();
      summary.AddSuppressed(finding);
      continue;
    }
    const internal::Ruling ruling = Resolve(finding, policy);
    finding.action = ActionName(ruling.winner.action);
    summary.Add(finding, ruling);
  }
  return summary.Finish();
}

}  // namespace ouro::gate
