// The gate: a pure function of findings, policy and what was not examined. The thin form of the
// full semantics (one level, rules by severity and identifier); docs/formats/policy.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/finding.h"
#include "model/report.h"

namespace ouro::gate {

enum class Action : uint8_t { kObserve, kReact, kBlock };
std::string_view ActionName(Action action);  // "observe", "react", "block"

// One rule of the policy. All fields that are set must match. Of the rules that match a finding the
// most specific decides: one that names it by identifier (check id or alias) beats one that names
// its concept, which beats one that names neither (severity, namespace, kind, or a name with '*',
// which is a class too); among equals the stricter action wins.
struct PolicyRule {
  std::string name;                 // for the explanation; "rule 3" when unnamed
  std::vector<std::string> checks;  // ids, aliases or concepts; '*' is a glob over ids and aliases
  std::optional<model::Severity> severity_min;  // this severity or above
  std::vector<std::string> namespaces;  // globs; a finding without namespace matches only "*"
  std::vector<std::string> kinds;       // globs
  Action action = Action::kObserve;
};

enum class OnIncomplete : uint8_t { kObserve, kBlock };

struct Policy {
  std::vector<PolicyRule> rules;
  // Without a matching rule: block at this severity or above (nullopt: never).
  std::optional<model::Severity> fail_on = model::Severity::kHigh;
  OnIncomplete incomplete = OnIncomplete::kObserve;
  bool strict = false;             // --strict: a pending reaction gives exit code 5
  std::string origin = "default";  // where the policy came from, for people
};

// Sets the `action` of every finding that is not suppressed (an evaluation error counts as open),
// empties that of the others, and returns the decision. Exit codes, the first that holds of: 1
// blocked, 3 incomplete under `incomplete: block`, 5 strict with a reaction pending, else 0. The
// verdict "clean" is given only when nothing is open and everything was examined. `sentence` and
// `explanation` are plain text for people and may hold names from the input. Actions, verdict and
// exit code do not depend on the order of rules nor of findings.
model::Decision Decide(std::vector<model::Finding>& findings, const Policy& policy,
                       const model::Counts& counts);

}  // namespace ouro::gate
