// Evaluates one policy for one request and one parameter: match conditions, validations, messages
// and audit annotations, with their budgets.
//
// Source: k8s.io/apiserver pkg/admission/plugin/policy/validating/validator.go,
// pkg/admission/plugin/webhook/matchconditions/matcher.go, pkg/admission/plugin/cel/activation.go.
#pragma once

#include <string>

#include "rules/admission_policy.h"
#include "rules/admission_policy_program.h"
#include "rules/admission_policy_spec.h"

namespace ouro::rules {

// An error of a policy or binding; failurePolicy Ignore lets it pass.
PolicyDecision ErrorDecision(const PolicySpec& policy, std::string message, int validation = -1);

// How the evaluation with one parameter went.
struct Validated {
  bool applies = false;  // the match conditions hold
  std::string missing;   // not decidable here: what would have to be known; empty: nothing
};

// Adds decisions and audit annotations to `result`. `evaluator` uses the program of the policy,
// with all names bound but namespaceObject.
Validated ValidatePolicy(const PolicySpec& policy, const PolicyProgram& program,
                         const Value& namespace_object, PolicyEvaluator& evaluator,
                         PolicyResult& result);

}  // namespace ouro::rules
