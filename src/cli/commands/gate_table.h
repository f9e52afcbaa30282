// A decision for people. Internal to the commands.
#pragma once

#include <string>

#include "gate/decision.h"

namespace ouro::cli {

struct DecisionTableOptions {
  bool verbose = false;  // every rule that lost, and what was observed
  bool quiet = false;    // the sentence only
  // Path of the exceptions' file, for the advice; empty: none is configured.
  std::string exceptions;
};

// What blocks, why, by which rule, and how to get out; then what reacts, exceptions, windows. Ends
// with the sentence of the decision.
std::string DecisionTable(const gate::Request& request, const gate::Outcome& outcome,
                          const DecisionTableOptions& options);

}  // namespace ouro::cli
