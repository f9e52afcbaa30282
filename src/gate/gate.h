// The gate for one run: a pure function of findings, policy and what was not examined. The door for
// scans, clusters and admission, which know no subject, exceptions or windows; decision.h is the
// whole gate, and both resolve findings by resolve.h. docs/formats/policy.md.
#pragma once

#include <vector>

#include "gate/policy.h"
#include "model/finding.h"
#include "model/report.h"

namespace ouro::gate {

// Sets the `action` of every finding that is not suppressed (an evaluation error counts as open),
// empties that of the others, and returns the decision. Exit codes, the first that holds of: 1
// blocked, 3 incomplete under `incomplete: block`, 5 strict with a reaction pending, else 0. Levels
// apply by what the findings say of their own cluster, environment and application. The
// verdict "clean" is given only when nothing is open and everything was examined. `sentence` and
// `explanation` are plain text for people and may hold names from the input. Actions, verdict and
// exit code do not depend on the order of rules nor of findings. There is no clock: ages are not
// known, so rules that ask for a minimal age do not match and rules about new findings do.
model::Decision Decide(std::vector<model::Finding>& findings, const Policy& policy,
                       const model::Counts& counts);

}  // namespace ouro::gate
