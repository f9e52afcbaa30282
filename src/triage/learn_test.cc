#include "triage/learn.h"

#include <algorithm>

#include <doctest.h>

#include "triage/learn_simulate.h"

using namespace ouro;
using namespace ouro::triage;

namespace {

LearnExample Example(std::string group, std::string component, std::string product,
                     std::string outcome, UnixSeconds at = 1) {
  return {std::move(group),
          {{"component", std::move(component)}, {"product", std::move(product)}},
          std::move(outcome),
          at,
          false};
}

// Component a is always "no"; component b is "no" in product x and "yes" elsewhere.
std::vector<LearnExample> Decisions() {
  std::vector<LearnExample> examples;
  for (int i = 0; i < 40; ++i) {
    const std::string group = "g" + std::to_string(i);
    const std::string product = i % 2 == 0 ? "x" : "y";
    const bool is_a = i < 20;
    examples.push_back(
        Example(group, is_a ? "a" : "b", product, is_a || product == "x" ? "no" : "yes", 100 + i));
  }
  return examples;
}

std::vector<LearnExample> Twice() {
  std::vector<LearnExample> examples = Decisions();
  const std::vector<LearnExample> again = examples;
  examples.insert(examples.end(), again.begin(), again.end());
  return examples;
}

const LearnedRule* Find(const std::vector<LearnedRule>& rules, size_t count,
                        std::string_view value) {
  for (const LearnedRule& rule : rules) {
    if (rule.conditions.size() == count && rule.conditions.front().second == value) return &rule;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("Wilson's lower bound") {
  CHECK(WilsonLowerBound(0, 0) == 0);
  CHECK(WilsonLowerBound(10, 10) == doctest::Approx(0.7225).epsilon(0.001));
  CHECK(WilsonLowerBound(40, 41) == doctest::Approx(0.8741).epsilon(0.001));
  CHECK(WilsonLowerBound(0, 10) == doctest::Approx(0));
  CHECK(WilsonLowerBound(5, 10) < 0.5);
}

TEST_CASE("rules are mined with their support, and not repeated where a condition alone says it") {
  const std::vector<LearnedRule> rules =
      MineRules(Decisions(), {.support_min = 5, .lower_bound_min = 0.7}).value();
  const LearnedRule* a = Find(rules, 1, "a");
  REQUIRE(a != nullptr);
  CHECK(a->outcome == "no");
  CHECK(a->support == 20);
  CHECK(a->total == 20);
  CHECK(Find(rules, 2, "a") == nullptr);
  CHECK(Find(rules, 1, "b") == nullptr);
  CHECK(Find(rules, 2, "b") != nullptr);
  CHECK(RuleText(*a) == "where component is a, people decide no: 20 of 20 groups, at least 83 %");
  CHECK(a->state == RuleState::kProposed);
}

TEST_CASE("a group is one piece of evidence, however many findings it has, in any order") {
  std::vector<LearnExample> examples;
  for (int i = 0; i < 500; ++i) examples.push_back(Example("one", "a", std::to_string(i), "no"));
  CHECK(MineRules(examples, {.support_min = 2, .lower_bound_min = 0}).value().empty());
  std::vector<LearnExample> decisions = Twice();
  const std::vector<LearnedRule> rules = MineRules(Decisions(), {}).value();
  std::reverse(decisions.begin(), decisions.end());
  CHECK(MineRules(decisions, {}).value() == rules);
}

TEST_CASE("only a person activates a rule, and a later decision against it retires it for good") {
  std::vector<LearnedRule> rules = {
      *Find(MineRules(Decisions(), {.support_min = 5, .lower_bound_min = 0.7}).value(), 1, "a")};
  CHECK_FALSE(ActivateRule(rules[0], "", 200).has_value());
  REQUIRE(ActivateRule(rules[0], "ada", 200).has_value());
  CHECK(RetireContradicted(rules, {Example("old", "a", "x", "yes", 150)}) == 0);
  CHECK(RetireContradicted(rules, {Example("other", "b", "x", "yes", 250)}) == 0);
  CHECK(RetireContradicted(rules, {Example("same", "a", "x", "no", 250)}) == 0);
  CHECK(RetireContradicted(rules, {Example("new", "a", "x", "yes", 250)}) == 1);
  CHECK(rules[0].state == RuleState::kRetired);
  CHECK(rules[0].retired_why == "new was decided yes");
  CHECK_FALSE(ActivateRule(rules[0], "ada", 300).has_value());
}

TEST_CASE("proposals: recall first, then the surest rule; only what is active may be applied") {
  const std::vector<LearnExample> decisions = Decisions();
  const Precedents precedents(decisions);
  std::vector<LearnedRule> rules =
      MineRules(decisions, {.support_min = 5, .lower_bound_min = 0.7}).value();
  const Proposal recall = Propose(Example("g3", "z", "z", ""), precedents, rules);
  CHECK(recall.source == ProposalSource::kRecall);
  CHECK(recall.outcome == "no");
  CHECK(recall.may_apply);
  LearnExample question = Example("fresh", "a", "new", "");
  Proposal proposal = Propose(question, precedents, rules);
  CHECK(proposal.source == ProposalSource::kRule);
  CHECK_FALSE(proposal.may_apply);
  for (LearnedRule& rule : rules) REQUIRE(ActivateRule(rule, "ada", 200).has_value());
  CHECK(Propose(question, precedents, rules).may_apply);
  question.block_class = true;
  proposal = Propose(question, precedents, rules);
  CHECK(proposal.outcome == "no");
  CHECK_FALSE(proposal.may_apply);
  LearnExample blocked = Example("g3", "z", "z", "");
  blocked.block_class = true;
  CHECK_FALSE(Propose(blocked, precedents, rules).may_apply);
  for (LearnedRule& rule : rules) rule.state = RuleState::kRetired;
  CHECK(Propose(question, precedents, rules).source == ProposalSource::kNone);
}

TEST_CASE("a group that was decided in several ways is not recalled") {
  std::vector<LearnExample> decisions = Decisions();
  decisions.push_back(Example("g3", "a", "y", "yes"));
  CHECK(Precedents(decisions).Recall(Example("g3", "a", "y", "")).source == ProposalSource::kNone);
}

TEST_CASE("naive Bayes says which features speak for its guess") {
  const std::vector<LearnExample> decisions = Decisions();
  const Proposal guess = Precedents(decisions).Guess(Example("q", "b", "y", ""));
  CHECK(guess.outcome == "yes");
  CHECK(guess.confidence > 0.5);
  CHECK(guess.why.find("component b") != std::string::npos);
  CHECK_FALSE(guess.may_apply);
  const std::vector<LearnExample> none;
  CHECK(Precedents(none).Guess(Example("q", "b", "y", "")).source == ProposalSource::kNone);
}

TEST_CASE("precedents: what is rare in common counts more") {
  std::vector<LearnExample> decisions = Decisions();
  decisions.push_back(Example("rare", "c", "x", "yes", 5));
  const std::vector<Precedent> nearest =
      Precedents(decisions).Nearest(Example("q", "c", "y", ""), 3);
  REQUIRE(nearest.size() == 3);
  CHECK(decisions[nearest[0].example].group == "rare");
  CHECK(nearest[0].similarity < 1);
  CHECK(decisions[Precedents(decisions).Nearest(Example("q", "b", "y", ""), 1)[0].example].group ==
        "g39");
}

TEST_CASE("simulation: groups never stand on both sides, and the figures add up") {
  const Simulation simulation =
      Simulate(Twice(), {}, {.support_min = 5, .lower_bound_min = 0.6}).value();
  CHECK(simulation.example_count == 80);
  CHECK(simulation.folded_count == 40);
  CHECK(simulation.group_count == 40);
  CHECK(simulation.split_group_count == 0);
  REQUIRE(simulation.splits.size() == 2);
  for (const SimulatedSplit& split : simulation.splits) {
    CHECK(split.train_count + split.test_count == 40);
    CHECK(split.recall.proposed == 0);
    CHECK(split.majority.proposed == split.test_count);
    CHECK(split.bayes.proposed == split.test_count);
  }
  CHECK(simulation.splits[0].test_count == 8);
  CHECK(SimulationText(simulation).find("split by time: 32 teach, 8 test") != std::string::npos);
  CHECK_FALSE(Simulate({}, {}, {}).has_value());
}

TEST_CASE("one finding in twenty is looked at blind, always the same ones") {
  int count = 0;
  for (int i = 0; i < 10'000; ++i) count += IsBlindSample(std::to_string(i)) ? 1 : 0;
  CHECK(count > 400);
  CHECK(count < 600);
  CHECK(IsBlindSample("x") == IsBlindSample("x"));
}
