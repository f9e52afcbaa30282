// A finished program: the operations and what they point to.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/cel_graph.h"
#include "rules/cel_machine.h"

namespace ouro::rules {

struct Program::Impl {
  std::unique_ptr<Graph> graph;  // owns constants, names and call targets
  std::vector<Op> ops;
  std::vector<const Op*> args;
  std::vector<std::unique_ptr<CallPlan>> plans;
  std::vector<std::unique_ptr<Pattern>> patterns;
  std::vector<std::unique_ptr<bool[]>> marks;
  std::vector<const Op*> entries;
  std::vector<Value> unbound;  // the error of each variable that is not bound
  uint32_t local_count = 0;
  uint32_t shared_count = 0;
  uint64_t cost_limit = 0;
};

// Lays the nodes that `entries` reach out as operations.
std::unique_ptr<Program::Impl> LayOut(std::unique_ptr<Graph> graph,
                                      const std::vector<uint32_t>& entries,
                                      const Environment& environment);

}  // namespace ouro::rules
