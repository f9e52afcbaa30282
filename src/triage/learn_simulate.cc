#include "triage/learn_simulate.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/hash.h"

namespace ouro::triage {
namespace {

constexpr size_t kParts = 5;  // one of them tests

struct Item {
  LearnExample example;
  std::string outer;
};

// Equal examples (group, features, outcome) become one, with the earliest time.
std::vector<Item> Fold(std::vector<LearnExample> examples, const std::vector<std::string>& outer) {
  std::vector<Item> items;
  for (size_t i = 0; i < examples.size(); ++i) {
    items.push_back({std::move(examples[i]), i < outer.size() ? outer[i] : std::string()});
  }
  const auto key = [](const Item& item) {
    return std::tie(item.example.group, item.example.features, item.example.outcome);
  };
  std::sort(items.begin(), items.end(), [&key](const Item& a, const Item& b) {
    if (key(a) != key(b)) return key(a) < key(b);
    return a.example.at < b.example.at;
  });
  items.erase(std::unique(items.begin(), items.end(),
                          [&key](const Item& a, const Item& b) { return key(a) == key(b); }),
              items.end());
  return items;
}

bool InTestPart(std::string_view name) {
  TupleHasher hasher("ouro/learn-split/v1");
  hasher.Add("name", name);
  const std::string digits = hasher.Finish();
  const size_t number = static_cast<size_t>(std::stoul(digits.substr(0, 6), nullptr, 16));
  return number % kParts == 0;
}

// Groups that were first decided after four fifths of them had been.
std::set<std::string> NewerGroups(const std::vector<Item>& items) {
  std::map<std::string, UnixSeconds> first;
  for (const Item& item : items) {
    const auto [found, is_new] = first.emplace(item.example.group, item.example.at);
    if (!is_new) found->second = std::min(found->second, item.example.at);
  }
  std::vector<std::pair<UnixSeconds, std::string>> order;
  for (const auto& [group, at] : first) order.emplace_back(at, group);
  std::sort(order.begin(), order.end());
  std::set<std::string> newer;
  for (size_t i = order.size() * (kParts - 1) / kParts; i < order.size(); ++i) {
    newer.insert(order[i].second);
  }
  return newer;
}

std::string Commonest(const std::vector<LearnExample>& examples) {
  std::map<std::string, int64_t> counts;
  for (const LearnExample& example : examples) ++counts[example.outcome];
  std::string best;
  for (const auto& [outcome, count] : counts) {
    if (best.empty() || count > counts[best]) best = outcome;
  }
  return best;
}

void Count(SimulatedKind& kind, const std::string& proposed, const std::string& right) {
  ++kind.proposed;
  kind.correct += proposed == right ? 1 : 0;
}

Result<SimulatedSplit> RunSplit(std::string name, const std::vector<Item>& items,
                                const std::vector<bool>& tests, const MineOptions& options) {
  std::vector<LearnExample> train;
  std::vector<const LearnExample*> test;
  for (size_t i = 0; i < items.size(); ++i) {
    if (tests[i]) {
      test.push_back(&items[i].example);
    } else {
      train.push_back(items[i].example);
    }
  }
  SimulatedSplit split;
  split.name = std::move(name);
  split.train_count = static_cast<int64_t>(train.size());
  split.test_count = static_cast<int64_t>(test.size());
  if (train.empty() || test.empty()) return split;
  OURO_TRY(const std::vector<LearnedRule> rules, MineRules(train, options));
  split.rule_count = static_cast<int64_t>(rules.size());
  const Precedents precedents(train);
  const std::string commonest = Commonest(train);
  std::map<std::string_view, SimulatedKind> by_group;
  for (const LearnExample* example : test) {
    Count(split.majority, commonest, example->outcome);
    const Proposal proposal = Propose(*example, precedents, rules);
    if (proposal.source == ProposalSource::kRecall) {
      Count(split.recall, proposal.outcome, example->outcome);
    } else if (proposal.source == ProposalSource::kRule) {
      Count(split.rules, proposal.outcome, example->outcome);
    }
    const Proposal guess = precedents.Guess(*example);
    Count(split.bayes, guess.outcome, example->outcome);
    Count(by_group[example->group], guess.outcome, example->outcome);
  }
  for (const auto& [group, kind] : by_group) {
    split.bayes_group_mean +=
        static_cast<double>(kind.correct) / static_cast<double>(kind.proposed);
  }
  split.test_group_count = static_cast<int64_t>(by_group.size());
  split.bayes_group_mean /= static_cast<double>(by_group.size());
  return split;
}

std::string KindLine(std::string_view name, const SimulatedKind& kind, int64_t test_count) {
  if (kind.proposed == 0) return fmt::format("    {:<22} no proposals\n", name);
  const double share = static_cast<double>(kind.correct) / static_cast<double>(kind.proposed);
  return fmt::format(
      "    {:<22} {:>5} of {:>5} right: precision {:.1f} % (at least {:.1f} %), speaks of {:.0f} "
      "%\n",
      name, kind.correct, kind.proposed, share * 100,
      WilsonLowerBound(kind.correct, kind.proposed) * 100,
      100.0 * static_cast<double>(kind.proposed) / static_cast<double>(test_count));
}

}  // namespace

Result<Simulation> Simulate(std::vector<LearnExample> examples,
                            const std::vector<std::string>& outer, const MineOptions& options) {
  if (examples.empty()) return Fail(ErrorCode::kInvalid, "there are no decisions to learn from");
  Simulation simulation;
  simulation.example_count = static_cast<int64_t>(examples.size());
  const std::vector<Item> items = Fold(std::move(examples), outer);
  simulation.folded_count = static_cast<int64_t>(items.size());
  std::map<std::string_view, std::set<std::string_view>> outcomes;
  std::vector<LearnExample> all;
  for (const Item& item : items) {
    outcomes[item.example.group].insert(item.example.outcome);
    all.push_back(item.example);
  }
  simulation.group_count = static_cast<int64_t>(outcomes.size());
  for (const auto& [group, words] : outcomes) simulation.split_group_count += words.size() > 1;

  const std::set<std::string> newer = NewerGroups(items);
  std::vector<bool> by_time;
  std::vector<bool> by_group;
  std::vector<bool> by_outer;
  for (const Item& item : items) {
    by_time.push_back(newer.count(item.example.group) != 0);
    by_group.push_back(InTestPart(item.example.group));
    by_outer.push_back(InTestPart(item.outer));
  }
  OURO_TRY(SimulatedSplit time, RunSplit("time", items, by_time, options));
  OURO_TRY(SimulatedSplit group, RunSplit("group", items, by_group, options));
  simulation.splits = {std::move(time), std::move(group)};
  if (!outer.empty()) {
    OURO_TRY(SimulatedSplit harder, RunSplit("vulnerability", items, by_outer, options));
    simulation.splits.push_back(std::move(harder));
  }
  OURO_TRY(simulation.rules, MineRules(all, options));
  return simulation;
}

std::string SimulationText(const Simulation& simulation) {
  std::string out = fmt::format(
      "{} decisions, {} after folding equal ones, {} groups; {} groups hold more than one "
      "outcome\n",
      simulation.example_count, simulation.folded_count, simulation.group_count,
      simulation.split_group_count);
  for (const SimulatedSplit& split : simulation.splits) {
    out += fmt::format("  split by {}: {} teach, {} test in {} groups that were not taught\n",
                       split.name, split.train_count, split.test_count, split.test_group_count);
    out += KindLine("commonest outcome", split.majority, split.test_count);
    if (split.recall.proposed > 0) out += KindLine("exact recall", split.recall, split.test_count);
    out += KindLine(fmt::format("{} rules", split.rule_count), split.rules, split.test_count);
    out += KindLine("naive Bayes", split.bayes, split.test_count);
    out += fmt::format("    {:<22} mean over groups {:.1f} %\n", "", split.bayes_group_mean * 100);
  }
  constexpr size_t kRulesShown = 10;
  const size_t shown = std::min(kRulesShown, simulation.rules.size());
  if (shown > 0) {
    out += fmt::format("  {} rules could be activated; the surest:\n", simulation.rules.size());
  }
  for (size_t i = 0; i < shown; ++i) out += "    " + RuleText(simulation.rules[i]) + "\n";
  return out;
}

}  // namespace ouro::triage
