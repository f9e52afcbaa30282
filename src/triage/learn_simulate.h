// What learning would have been worth: precision on decisions that were held back. Pure.
//
// Near-perfect figures come from leakage: the same decision repeated on both sides of a split. So
// equal examples are folded first, and a split never cuts through a group.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "triage/learn.h"

namespace ouro::triage {

// Proposals of one kind on the held-back side.
struct SimulatedKind {
  int64_t proposed = 0;
  int64_t correct = 0;
};

struct SimulatedSplit {
  std::string name;         // "time", "group"
  int64_t train_count = 0;  // examples after folding
  int64_t test_count = 0;
  int64_t test_group_count = 0;
  SimulatedKind majority;  // always the commonest outcome of the training side: the bar to beat
  SimulatedKind recall;    // the same group was decided before (only where groups may repeat)
  SimulatedKind rules;     // the surest rule, where recall is silent
  SimulatedKind bayes;     // naive Bayes for every example
  double bayes_group_mean =
      0;  // mean over groups of the share that is right: large groups count once
  int64_t rule_count = 0;
};

struct Simulation {
  int64_t example_count = 0;  // given
  int64_t folded_count = 0;   // after folding equal ones
  int64_t group_count = 0;
  int64_t split_group_count = 0;  // groups that hold more than one outcome
  std::vector<SimulatedSplit> splits;
  std::vector<LearnedRule> rules;  // learned from all examples, best first
};

// Splits: "time" (the oldest four fifths of the groups, by when a group was first decided, teach;
// the newer ones test) and "group" (one group in five tests, chosen by hash of its name). `outer`
// names for each example what must not stand on both sides in a third, harder split
// ("vulnerability"); empty: there is none. kInvalid without examples.
Result<Simulation> Simulate(std::vector<LearnExample> examples,
                            const std::vector<std::string>& outer, const MineOptions& options);

// For people; honest: counts, precision, Wilson's lower bound, the bar to beat.
std::string SimulationText(const Simulation& simulation);

}  // namespace ouro::triage
