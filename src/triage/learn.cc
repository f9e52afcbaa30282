#include "triage/learn.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/limits.h"

namespace ouro::triage {
namespace {

// Quantile of the normal distribution for 95 %, two-sided.
constexpr double kZ = 1.959964;

// A text as a small number.
class Names {
 public:
  uint32_t Add(std::string text) {
    return ids_.emplace(std::move(text), static_cast<uint32_t>(ids_.size())).first->second;
  }

 private:
  std::unordered_map<std::string, uint32_t> ids_;
};

std::string ItemText(const Feature& feature) {
  return feature.first + '\0' + feature.second;
}

// How many groups have an item set, and of them how many each outcome. Examples come sorted by
// group, so the last group seen is enough to count each once for each outcome.
struct Tally {
  struct Count {
    uint32_t outcome = 0;
    uint32_t last_group = UINT32_MAX;
    int64_t groups = 0;
  };
  std::vector<Count> counts;

  void Add(uint32_t outcome, uint32_t group) {
    for (Count& count : counts) {
      if (count.outcome != outcome) continue;
      if (count.last_group != group) ++count.groups;
      count.last_group = group;
      return;
    }
    counts.push_back({outcome, group, 1});
  }
  int64_t Total() const {
    int64_t total = 0;
    for (const Count& count : counts) total += count.groups;
    return total;
  }
  const Count& Best() const {
    return *std::max_element(counts.begin(), counts.end(), [](const Count& a, const Count& b) {
      return a.groups != b.groups ? a.groups < b.groups : a.outcome > b.outcome;
    });
  }
};

using ItemSet = uint64_t;  // two items; the second is kNoItem for a set of one
constexpr uint32_t kNoItem = UINT32_MAX;

ItemSet SetOf(uint32_t a, uint32_t b) {
  return uint64_t{std::min(a, b)} << 32 | std::max(a, b);
}

// Counts all item sets of one and two.
class Miner {
 public:
  explicit Miner(const std::vector<LearnExample>& examples) {
    std::vector<const LearnExample*> sorted;
    for (const LearnExample& example : examples) {
      if (!example.outcome.empty()) sorted.push_back(&example);
    }
    std::sort(sorted.begin(), sorted.end(), [](const LearnExample* a, const LearnExample* b) {
      return std::tie(a->group, a->outcome, a->features) <
             std::tie(b->group, b->outcome, b->features);
    });
    uint32_t group = 0;
    for (size_t i = 0; i < sorted.size(); ++i) {
      if (i > 0 && sorted[i]->group != sorted[i - 1]->group) ++group;
      Count(*sorted[i], group);
    }
  }

  std::vector<LearnedRule> Rules(const MineOptions& options) const {
    std::vector<LearnedRule> rules;
    for (const auto& [set, tally] : tallies_) {
      const Tally::Count& best = tally.Best();
      if (best.groups < options.support_min) continue;
      const double bound = WilsonLowerBound(best.groups, tally.Total());
      if (bound < options.lower_bound_min || IsImplied(set, best.outcome, bound)) continue;
      rules.push_back(MakeRule(set, tally, bound));
    }
    return rules;
  }

 private:
  void Count(const LearnExample& example, uint32_t group) {
    const uint32_t outcome = Intern(example.outcome, outcome_names_, outcomes_);
    std::vector<uint32_t> items;
    for (const Feature& feature : example.features) {
      const uint32_t item = names_.Add(ItemText(feature));
      if (item == features_.size()) features_.push_back(feature);
      items.push_back(item);
    }
    for (size_t i = 0; i < items.size(); ++i) {
      tallies_[SetOf(items[i], kNoItem)].Add(outcome, group);
      for (size_t j = i + 1; j < items.size(); ++j) {
        tallies_[SetOf(items[i], items[j])].Add(outcome, group);
      }
    }
  }

  static uint32_t Intern(const std::string& text, Names& names, std::vector<std::string>& texts) {
    const uint32_t id = names.Add(text);
    if (id == texts.size()) texts.push_back(text);
    return id;
  }

  // Is one of the two conditions alone as sure?
  bool IsImplied(ItemSet set, uint32_t outcome, double bound) const {
    const uint32_t second = static_cast<uint32_t>(set);
    if (second == kNoItem) return false;
    for (const uint32_t item : {static_cast<uint32_t>(set >> 32), second}) {
      const Tally& alone = tallies_.at(SetOf(item, kNoItem));
      const Tally::Count& best = alone.Best();
      if (best.outcome == outcome && WilsonLowerBound(best.groups, alone.Total()) >= bound) {
        return true;
      }
    }
    return false;
  }

  LearnedRule MakeRule(ItemSet set, const Tally& tally, double bound) const {
    LearnedRule rule;
    rule.conditions.push_back(features_[set >> 32]);
    const uint32_t second = static_cast<uint32_t>(set);
    if (second != kNoItem) rule.conditions.push_back(features_[second]);
    std::sort(rule.conditions.begin(), rule.conditions.end());
    rule.outcome = outcomes_[tally.Best().outcome];
    rule.support = tally.Best().groups;
    rule.total = tally.Total();
    rule.lower_bound = bound;
    return rule;
  }

  Names names_;
  Names outcome_names_;
  std::vector<Feature> features_;
  std::vector<std::string> outcomes_;
  std::unordered_map<ItemSet, Tally> tallies_;
};

bool IsSurer(const LearnedRule& a, const LearnedRule& b) {
  if (a.lower_bound != b.lower_bound) return a.lower_bound > b.lower_bound;
  if (a.support != b.support) return a.support > b.support;
  return std::tie(a.conditions, a.outcome) < std::tie(b.conditions, b.outcome);
}

}  // namespace

double WilsonLowerBound(int64_t successes, int64_t total) {
  if (total <= 0) return 0;
  const double n = static_cast<double>(total);
  const double share = static_cast<double>(successes) / n;
  const double square = kZ * kZ;
  const double middle = share + square / (2 * n);
  const double spread = kZ * std::sqrt(share * (1 - share) / n + square / (4 * n * n));
  return std::max(0.0, (middle - spread) / (1 + square / n));
}

std::string_view RuleStateName(RuleState state) {
  switch (state) {
    case RuleState::kProposed:
      return "proposed";
    case RuleState::kActive:
      return "active";
    case RuleState::kRetired:
      return "retired";
  }
  return {};
}

std::string RuleText(const LearnedRule& rule) {
  std::string text = "where ";
  for (const Feature& condition : rule.conditions) {
    if (&condition != &rule.conditions.front()) text += " and ";
    text += fmt::format("{} is {}", condition.first, condition.second);
  }
  return fmt::format("{}, people decide {}: {} of {} groups, at least {:.0f} %", text, rule.outcome,
                     rule.support, rule.total, std::floor(rule.lower_bound * 100));
}

bool RuleHolds(const LearnedRule& rule, const std::vector<Feature>& features) {
  return std::all_of(rule.conditions.begin(), rule.conditions.end(), [&](const Feature& condition) {
    return std::find(features.begin(), features.end(), condition) != features.end();
  });
}

Result<std::vector<LearnedRule>> MineRules(const std::vector<LearnExample>& examples,
                                           const MineOptions& options) {
  if (static_cast<int64_t>(examples.size()) > limits::kLearnDecisionCount) {
    return Fail(ErrorCode::kLimit,
                fmt::format("more than {} decisions to learn from", limits::kLearnDecisionCount));
  }
  std::vector<LearnedRule> rules = Miner(examples).Rules(options);
  std::sort(rules.begin(), rules.end(), IsSurer);
  return rules;
}

Status ActivateRule(LearnedRule& rule, std::string who, UnixSeconds at) {
  if (who.empty()) return Fail(ErrorCode::kInvalid, "a rule is activated by a person: name one");
  if (rule.state == RuleState::kRetired) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("this rule was retired ({}); learn anew first", rule.retired_why));
  }
  rule.state = RuleState::kActive;
  rule.by = std::move(who);
  rule.at = at;
  return {};
}

int64_t RetireContradicted(std::vector<LearnedRule>& rules,
                           const std::vector<LearnExample>& decisions) {
  int64_t count = 0;
  for (LearnedRule& rule : rules) {
    if (rule.state != RuleState::kActive) continue;
    const auto against =
        std::find_if(decisions.begin(), decisions.end(), [&rule](const LearnExample& decision) {
          return decision.at > rule.at && !decision.outcome.empty() &&
                 decision.outcome != rule.outcome && RuleHolds(rule, decision.features);
        });
    if (against == decisions.end()) continue;
    rule.state = RuleState::kRetired;
    rule.retired_why = fmt::format("{} was decided {}", against->group, against->outcome);
    ++count;
  }
  return count;
}

std::string_view ProposalSourceName(ProposalSource source) {
  switch (source) {
    case ProposalSource::kNone:
      return "none";
    case ProposalSource::kRecall:
      return "recall";
    case ProposalSource::kRule:
      return "rule";
    case ProposalSource::kBayes:
      return "bayes";
  }
  return {};
}

Proposal Propose(const LearnExample& question, const Precedents& precedents,
                 const std::vector<LearnedRule>& rules) {
  Proposal recall = precedents.Recall(question);
  if (recall.source != ProposalSource::kNone) return recall;
  const LearnedRule* best = nullptr;
  for (const LearnedRule& rule : rules) {
    if (rule.state == RuleState::kRetired || !RuleHolds(rule, question.features)) continue;
    if (best == nullptr || IsSurer(rule, *best)) best = &rule;
  }
  if (best == nullptr) return {};
  return {ProposalSource::kRule, best->outcome, best->lower_bound, RuleText(*best),
          best->state == RuleState::kActive && !question.block_class};
}

bool IsBlindSample(std::string_view finding_id) {
  constexpr int kOneIn = 20;
  TupleHasher hasher("ouro/blind-sample/v1");
  hasher.Add("id", finding_id);
  const std::string digits = hasher.Finish();
  unsigned number = 0;
  for (const char c : digits.substr(0, 6)) {
    number = number * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return number % kOneIn == 0;
}

}  // namespace ouro::triage
