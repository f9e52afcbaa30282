// Which rule decides a finding: the one algorithm behind every door of the gate.
//
//   floor   = the strictest action among the matching locked rules of all levels
//   winner  = of the other matching rules the most specific (identifier, concept, component,
//   class),
//             among those the one of the nearest level, among those the strictest;
//             where none matches the default for its severity: the nearest level that has one
//   action  = the stricter of the two; the rule that has it decides
//
// A rule "inherit" counts with the action that the farther levels alone would give.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/condition.h"
#include "gate/facts.h"
#include "gate/policy.h"
#include "gate/selector_index.h"
#include "gate/subject.h"

namespace ouro::gate {

inline constexpr int kThreshold = -1;  // Match::rule where no rule matches and the default decides

// A rule that matched one finding, or the default.
struct Match {
  int rule = kThreshold;  // index into Resolver::rules()
  Specificity specificity = Specificity::kNone;
  Level level = Level::kGlobal;
  Action action = Action::kObserve;  // what it comes to for this finding
  bool locked = false;
  bool uncertain = false;  // its expression could not be evaluated; counts as a match
  bool operator==(const Match&) const = default;
};

struct Ruling {
  Match winner;                // decides; its action is the finding's
  std::optional<Match> floor;  // the strictest locked rule, where one matched
  std::vector<Match> losers;   // all other rules that matched; by index
};

// A rule with the level it stands in.
struct RuleEntry {
  const PolicyRule* rule = nullptr;
  Level level = Level::kGlobal;
  int entry = -1;  // index into Policy::levels; -1: the global level
  int number = 0;  // from 1, within its level entry
};

// What the levels that apply to one place (cluster, environment, application) say beside rules.
struct LevelView {
  std::vector<int> entries;  // indices into Policy::levels that apply, farthest level first
  bool production = false;
  OnIncomplete incomplete = OnIncomplete::kObserve;
  std::optional<int64_t> max_age_seconds;
  std::array<int64_t, model::kSeverityCount> days_max{};   // of exceptions, by severity
  std::array<int64_t, model::kSeverityCount> approvals{};  // by severity
  int64_t growth_percent = 0;
  double epss_threshold = 0;
  int64_t grace_seconds = 0;
};

// Keeps pointers to policy and subject, which must outlive it. Serves one thread.
class Resolver {
 public:
  Resolver(const Policy& policy, const Subject& subject, UnixSeconds now);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Global rules first, in their order, then those of the levels.
  const std::vector<RuleEntry>& rules() const;
  const Policy& policy() const;
  bool HasDefaults() const;  // does any level set `defaults` beside the global `fail_on`?
  UnixSeconds now() const;

  // The ruling of a finding whose facts are complete; valid as long as the resolver. Findings that
  // are alike share one. The runner's finding is set to `facts`.
  const Ruling& Resolve(const Facts& facts);
  ConditionRunner& runner();

  // Levels for a place. Valid as long as the resolver.
  const LevelView& ViewOf(std::string_view cluster, std::string_view environment,
                          std::string_view application);

  // The rule's name, or "rule 3", or "rule 2 of environment prod"; for kThreshold "fail-on high".
  std::string RuleName(int rule) const;
  // "global", "environment prod".
  std::string RuleLevel(int rule) const;
  // Roles that own the level in which a rule stands; empty: anybody.
  const std::vector<std::string>& OwnersOf(int rule) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ouro::gate
