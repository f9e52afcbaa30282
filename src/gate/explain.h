// The words of a decision. Private to the gate.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gate/gate.h"
#include "gate/resolve.h"

namespace ouro::gate::internal {

// What beside the findings decides, each already judged.
struct Circumstances {
  OnIncomplete incomplete = OnIncomplete::kObserve;
  bool no_data = false;              // nothing is known of the subject: never a pass
  std::vector<std::string> missing;  // what is not known or not examined, in words
  std::string branch;                // why the branch may not go there; empty: it may
  std::string window;                // why not now; empty: now is allowed
  std::string clean;                 // what a pass says; empty: told by the counts of objects
};

// Gathers the rulings of all findings and turns them into the decision. Keeps pointers to the
// resolver, the counts, the circumstances and the findings, which must outlive it.
class Summary {
 public:
  Summary(const Resolver& resolver, const model::Counts& counts, const Circumstances& circumstances)
      : resolver_(resolver),
        policy_(resolver.policy()),
        counts_(counts),
        circumstances_(circumstances) {}

  // `action`: what comes of it, which an exception in its grace may have made milder.
  void Add(const model::Finding& finding, const Ruling& ruling, Action action);
  // Not judged, because of a suppression or an exception with that name.
  void AddSuppressed(std::string_view by);
  // Once, after the last Add().
  model::Decision Finish();

 private:
  // Why one rule won over another: both, and how exactly each named the finding.
  struct Side {
    int rule;
    Specificity specificity;
    Level level;
    Action action;
    bool locked;
    auto operator<=>(const Side&) const = default;
  };
  struct Contest {
    Side winner;
    Side loser;
    auto operator<=>(const Contest&) const = default;
  };
  static Side SideOf(const Match& match);

  struct Decided {
    const model::Finding* finding;
    int rule;
  };

  void CountRulings();
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
  std::string BlockedSentence() const;
  void Judge(model::Decision& decision) const;
  bool JudgeIncomplete(model::Decision& decision) const;
  void Set(model::Decision& decision, std::string_view verdict, int exit_code, std::string sentence,
           std::string_view rule) const;
  std::string ContestLine(const Contest& contest, int64_t count) const;
  std::vector<std::string> Explanation() const;

  const Resolver& resolver_;
  const Policy& policy_;
  const model::Counts& counts_;
  const Circumstances& circumstances_;
  std::array<std::vector<Decided>, 3> by_action_;  // index: Action; in the order given
  // By ruling: findings with each action.
  std::unordered_map<const Ruling*, std::array<int64_t, 3>> rulings_;
  const Ruling* last_ruling_ = nullptr;
  std::array<int64_t, 3>* last_counts_ = nullptr;      // of last_ruling_
  std::map<std::pair<Action, int>, int64_t> decided_;  // (action, rule) → findings
  std::map<Contest, int64_t> contests_;                // → findings
  std::map<std::string, int64_t> suppressed_by_;       // → findings
  std::set<int> matched_;                              // rules that matched any finding
  std::map<int, int64_t> uncertain_;                   // rule → findings it could not evaluate
};

}  // namespace ouro::gate::internal
