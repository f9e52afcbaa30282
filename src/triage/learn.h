// Learning from decisions that people made, so that nobody decides the same thing twice: exact
// recall, association rules that can be read, precedents. Nothing here decides: it proposes, with
// its evidence. A rule acts only after a person activated it, and never on a finding whose action
// is "block". docs/user/vex.md tells how it is used. Pure and deterministic.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace ouro::triage {

// A categorical fact: name and value ("component", "pkg:golang/stdlib").
using Feature = std::pair<std::string, std::string>;

struct LearnExample {
  // What was decided at once: examples of one group are one piece of evidence, however many
  // findings it has. ("vulnerability + component").
  std::string group;
  std::vector<Feature> features;  // sorted by name, each name at most once
  std::string outcome;            // what people decided; empty in a question
  UnixSeconds at = 0;             // when
  bool block_class = false;       // the gate would block it
};

// Lower bound of the 95 % confidence interval of a share (E. B. Wilson, 1927), 0 for total = 0.
double WilsonLowerBound(int64_t successes, int64_t total);

enum class RuleState : uint8_t { kProposed, kActive, kRetired };
std::string_view RuleStateName(RuleState state);

struct LearnedRule {
  std::vector<Feature> conditions;  // one or two, sorted; all must hold
  std::string outcome;
  int64_t support = 0;     // groups that have the conditions and the outcome
  int64_t total = 0;       // groups that have the conditions
  double lower_bound = 0;  // WilsonLowerBound(support, total)
  RuleState state = RuleState::kProposed;
  std::string by;      // who activated it
  UnixSeconds at = 0;  // when
  std::string retired_why;
  bool operator==(const LearnedRule&) const = default;
};

// "where component is X and product is Y, people decide Z: 40 of 41 groups, at least 87 %".
std::string RuleText(const LearnedRule& rule);
bool RuleHolds(const LearnedRule& rule, const std::vector<Feature>& features);

struct MineOptions {
  int64_t support_min = 8;  // groups
  double lower_bound_min = 0.85;
};

// Rules that hold in the examples, best first (lower bound, support, then text). A rule of two
// conditions is kept only when it is surer than each of its conditions alone. kLimit above
// limits::kLearnDecisionCount examples.
Result<std::vector<LearnedRule>> MineRules(const std::vector<LearnExample>& examples,
                                           const MineOptions& options);

// Makes a proposed rule act. kInvalid without a name, and for a rule that was retired.
Status ActivateRule(LearnedRule& rule, std::string who, UnixSeconds at);

// Retires active rules that a later decision of a person contradicts: an example after `rule.at`
// with the rule's conditions and another outcome. Returns how many.
int64_t RetireContradicted(std::vector<LearnedRule>& rules,
                           const std::vector<LearnExample>& decisions);

enum class ProposalSource : uint8_t { kNone, kRecall, kRule, kBayes };
std::string_view ProposalSourceName(ProposalSource source);

struct Proposal {
  ProposalSource source = ProposalSource::kNone;
  std::string outcome;
  double confidence = 0;  // lower bound of a rule; share of agreeing decisions; posterior
  std::string why;        // one sentence
  // May it be applied without a person? Recall without dissent, or an active rule; never for what
  // the gate blocks.
  bool may_apply = false;
};

struct Precedent {
  size_t example = 0;     // index into the decisions
  double similarity = 0;  // 0 to 1: share of the rarity of what they have in common
};

// Decisions made ready for questions. The examples must outlive it.
class Precedents {
 public:
  explicit Precedents(const std::vector<LearnExample>& decisions);
  ~Precedents();
  Precedents(Precedents&&) noexcept;
  Precedents& operator=(Precedents&&) noexcept;

  // The outcome of the same group. Where the group was decided in several ways: no proposal.
  Proposal Recall(const LearnExample& question) const;
  // The likeliest outcome by naive Bayes with add-one smoothing; `why` names the features that
  // speak most for it, with their log-odds. Never applied without a person.
  Proposal Guess(const LearnExample& question) const;
  // The most similar decisions, most similar first, then newest; at most `count`.
  std::vector<Precedent> Nearest(const LearnExample& question, size_t count) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

// Recall, else the surest rule that holds and is not retired, else nothing.
Proposal Propose(const LearnExample& question, const Precedents& precedents,
                 const std::vector<LearnedRule>& rules);

// One in twenty, by the id: those findings are shown to a person again without the proposal.
bool IsBlindSample(std::string_view finding_id);

}  // namespace ouro::triage
