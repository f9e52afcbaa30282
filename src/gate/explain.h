// The words of a decision. Private to the gate.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gate/gate.h"

namespace ouro::gate::internal {

// In order of precedence; kNone is the threshold, which decides only what no rule names.
enum class Specificity : uint8_t { kNone, kClass, kConcept, kIdentifier };

inline constexpr int kThreshold = -1;  // Match::rule of the threshold `fail_on`

// A rule that matched one finding.
struct Match {
  int rule = kThreshold;  // index into Policy::rules
  Specificity specificity = Specificity::kNone;
  Action action = Action::kObserve;
};

// Which rule decides one finding, and which it overruled (the threshold is not counted among them).
struct Ruling {
  Match winner;
  std::vector<Match> losers;
};

// Gathers the rulings of all findings and turns them into the decision. Keeps pointers to the
// policy, the counts and the findings, which must outlive it.
class Summary {
 public:
  Summary(const Policy& policy, const model::Counts& counts) : policy_(policy), counts_(counts) {}

  void Add(const model::Finding& finding, const Ruling& ruling);
  void AddSuppressed(const model::Finding& finding);
  model::Decision Finish() const;

 private:
  // Why one rule won over another: both, and how exactly each named the finding.
  struct Contest {
    int winner;
    int loser;
    Specificity winner_specificity;
    Specificity loser_specificity;
    auto operator<=>(const Contest&) const = default;
  };

  struct Decided {
    const model::Finding* finding;
    int rule;
  };

  bool IsIncomplete() const;
  const std::vector<Decided>& Of(Action action) const;
  const Decided* Gravest(Action action) const;
  std::string RuleName(int rule) const;
  std::string Decider(int rule) const;
  std::string Who(Action action) const;
  std::string Examples(Action action) const;
  std::string Hidden() const;
  std::string CleanSentence() const;
  std::string ObservedSentence() const;
  void Judge(model::Decision& decision) const;
  std::string ContestLine(const Contest& contest, int64_t count) const;
  std::vector<std::string> Explanation() const;

  const Policy& policy_;
  const model::Counts& counts_;
  std::array<std::vector<Decided>, 3> by_action_;      // index: Action; in the order given
  std::map<std::pair<Action, int>, int64_t> decided_;  // (action, rule) → findings
  std::map<Contest, int64_t> contests_;                // → findings
  std::map<std::string, int64_t> suppressed_by_;       // → findings
  std::set<int> matched_;                              // rules that matched any finding
};

}  // namespace ouro::gate::internal
