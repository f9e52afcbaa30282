// Which checks run: profiles, --only, --skip, ids of ours and of other tools.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "rules/check.h"

namespace ouro::rules {

// What --only, --skip and severity overrides may name: "OURO-…", "<tool>:<id>" (also with a glob:
// "checkov:CKV_K8S_1*"), a concept name, "nsa" or "cis" (every check with an alias of that source),
// "pss:baseline" and "pss:restricted" (the level, as the profiles pss-… do), "pss:<upstream
// check>". Where an alias with an own expression is named by --only, the check runs with that
// expression.
//
// Profiles: `default` is every check that is neither opt-in nor marked not evaluable; `all` is
// every check; `pss-baseline`, `pss-restricted` and others that check files name under `profiles`;
// `nsa` and `cis` are the checks with such an alias. In pss-restricted a check runs with its alias
// "pss:restricted:…" when it has one, else with "pss:baseline:…".
struct SelectionOptions {
  std::string profile = "default";     // default, all, pss-baseline, pss-restricted, nsa, cis
  std::vector<std::string> only = {};  // non-empty: exactly these
  std::vector<std::string> skip = {};
  // Check id → parameter name → JSON text (from ouro.yaml).
  std::map<std::string, std::map<std::string, std::string>> parameters = {};
  std::map<std::string, model::Severity> severities = {};  // overrides by any such name
};

// A check as it will run: the expression may be an alias' own.
struct SelectedCheck {
  const Check* check = nullptr;  // owned by the library (BuiltinChecks or loaded folders)
  std::string expression;        // of the first rule
  std::vector<Rule> rules;       // at least one
  std::map<std::string, std::string> parameters;  // every parameter's effective JSON text
  std::string selected_as;  // "checkov:CKV_K8S_16" when an alias chose it, else the check id
  model::Severity severity = model::Severity::kMedium;
  std::string severity_source = "check";
};

// kNotFound for an id nobody knows, with the nearest known one. Result is in order of check id.
Result<std::vector<SelectedCheck>> SelectChecks(const std::vector<Check>& library,
                                                const SelectionOptions& options);

}  // namespace ouro::rules
