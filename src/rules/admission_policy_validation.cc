#include "rules/admission_policy_validation.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"

namespace ouro::rules {

namespace {

constexpr std::string_view kOutOfBudget =
    "validation failed due to running out of cost budget, no further validation rules will be run";

// What came of one expression. Nothing at all for an expression that is not there.
struct Evaluated {
  Value value;
  std::string error;  // as the API server words it
  bool present = false;
  bool missing = false;  // a fact that is not known was needed: `error` says which
};

// Spends the cost budget of a group of expressions, as the API server does: what variables cost is
// taken off first, then the expression itself.
class Budget {
 public:
  explicit Budget(int64_t units) : remaining_(static_cast<uint64_t>(units)) {}
  uint64_t remaining() const { return remaining_; }
  // False when the group must stop.
  bool Spend(const PolicyEvaluator::Outcome& outcome) {
    for (const uint64_t cost : {outcome.variables_cost, outcome.cost}) {
      if (cost > remaining_) return false;
      remaining_ -= cost;
    }
    return true;
  }

 private:
  uint64_t remaining_;
};

bool Evaluate(PolicyEvaluator& evaluator, const PolicyExpression& expression, Budget& budget,
              Evaluated& result) {
  if (!expression.exists()) return true;
  result.present = true;
  const PolicyEvaluator::Outcome outcome = evaluator.Run(expression.entry);
  if (!budget.Spend(outcome)) return false;
  result.value = outcome.value;
  if (!outcome.value.is_error()) return true;
  result.missing = IsMissingFact(outcome.value);
  result.error = result.missing ? std::string(outcome.value.str())
                                : fmt::format("expression '{}' resulted in error: {}",
                                              expression.text, outcome.value.str());
  return true;
}

// The errors of several conditions as one text; equal ones are told once.
std::string Aggregate(const std::vector<std::string>& errors) {
  std::vector<std::string> distinct;
  for (const std::string& error : errors) {
    if (std::find(distinct.begin(), distinct.end(), error) == distinct.end()) {
      distinct.push_back(error);
    }
  }
  return distinct.size() == 1 ? distinct.front() : fmt::format("[{}]", fmt::join(distinct, ", "));
}

std::string MessageOf(const Validation& validation, const Evaluated& evaluated) {
  std::string_view message;
  if (evaluated.present && evaluated.value.kind == Kind::kString) {
    message = TrimSpace(evaluated.value.str());
    const bool fits = static_cast<int64_t>(message.size()) <= limits::kPolicyMessageSizeBytes;
    if (!fits || message.find('\n') != std::string_view::npos) message = {};
  }
  if (message.empty()) message = TrimSpace(validation.message);
  if (!message.empty()) return std::string(message);
  return fmt::format("failed expression: {}", TrimSpace(validation.expression));
}

class PolicyValidation {
 public:
  PolicyValidation(const PolicySpec& spec, const PolicyProgram& program, PolicyEvaluator& evaluator,
                   PolicyResult& result)
      : spec_(spec), program_(program), evaluator_(evaluator), result_(result) {}

  // All names but namespaceObject must be bound.
  Validated Run(const Value& namespace_object) {
    Validated validated;
    // Match conditions do not see the namespace.
    evaluator_.Bind(PolicyVariable::kNamespaceObject, Value::Null());
    if (!Conditions(validated)) return validated;
    validated.applies = true;
    evaluator_.Bind(PolicyVariable::kNamespaceObject, namespace_object);
    const size_t before = result_.decisions.size();
    Budget budget(limits::kCelTotalCostLimit);
    if (!Validations(budget)) {
      result_.decisions.push_back(ErrorDecision(spec_, std::string(kOutOfBudget)));
      return validated;
    }
    // Messages and audit annotations cannot ask the authorizer.
    evaluator_.Unbind(PolicyVariable::kAuthorizer);
    evaluator_.Unbind(PolicyVariable::kRequestResource);
    Decide(budget, validated);
    if (!Annotations()) {
      result_.decisions.resize(before);
      validated.missing.clear();
      result_.decisions.push_back(ErrorDecision(spec_, std::string(kOutOfBudget)));
    }
    return validated;
  }

 private:
  // False when the policy does not apply, or an error decides.
  bool Conditions(Validated& validated) {
    if (program_.conditions.empty()) return true;
    evaluator_.Begin();
    Budget budget(limits::kCelMatchConditionCostLimit);
    std::vector<std::string> errors;
    bool excluded = false;
    for (const PolicyExpression& condition : program_.conditions) {
      Evaluated evaluated;
      if (!Evaluate(evaluator_, condition, budget, evaluated)) {
        return ConditionsFailed(std::string(kOutOfBudget), validated);
      }
      excluded |= evaluated.value.is_false();
      if (evaluated.missing) {
        validated.missing = evaluated.error;
      } else if (!evaluated.error.empty()) {
        errors.push_back(evaluated.error);
      }
    }
    if (excluded) {
      validated.missing.clear();
      return false;
    }
    if (!validated.missing.empty()) return false;
    return errors.empty() || ConditionsFailed(Aggregate(errors), validated);
  }

  // With failurePolicy Ignore the policy then does not apply.
  bool ConditionsFailed(std::string message, Validated& validated) {
    validated.missing.clear();
    validated.applies = !spec_.ignore_failures;
    result_.decisions.push_back(ErrorDecision(spec_, std::move(message)));
    return false;
  }

  bool Validations(Budget& budget) {
    evaluator_.Begin();
    evaluated_.assign(program_.validations.size(), {});
    for (size_t i = 0; i < evaluated_.size(); ++i) {
      if (!Evaluate(evaluator_, program_.validations[i], budget, evaluated_[i])) return false;
    }
    return true;
  }

  // Messages of validations that hold are evaluated as well: they may exceed the budget.
  bool Messages(Budget& budget, std::vector<Evaluated>& messages) {
    messages.assign(program_.messages.size(), {});
    evaluator_.Begin();
    for (size_t i = 0; i < messages.size(); ++i) {
      if (!Evaluate(evaluator_, program_.messages[i], budget, messages[i])) return false;
    }
    return true;
  }

  void Decide(Budget& budget, Validated& validated) {
    std::vector<Evaluated> messages;
    const bool within_budget = Messages(budget, messages);
    for (size_t i = 0; i < evaluated_.size(); ++i) {
      const Evaluated& evaluated = evaluated_[i];
      const int number = static_cast<int>(i);
      if (evaluated.missing) {
        validated.missing = evaluated.error;
      } else if (!evaluated.error.empty()) {
        result_.decisions.push_back(ErrorDecision(spec_, evaluated.error, number));
      } else if (!within_budget) {
        result_.decisions.push_back(ErrorDecision(
            spec_, fmt::format("failed messageExpression: {}", kOutOfBudget), number));
      } else if (!evaluated.value.is_true()) {
        PolicyDecision decision;
        decision.validation = number;
        decision.reason = spec_.validations[i].reason;
        decision.message = MessageOf(spec_.validations[i], messages[i]);
        result_.decisions.push_back(std::move(decision));
      }
    }
  }

  bool Annotations() {
    if (program_.annotations.empty()) return true;
    evaluator_.Begin();
    Budget budget(limits::kCelTotalCostLimit);
    for (size_t i = 0; i < program_.annotations.size(); ++i) {
      Evaluated evaluated;
      if (!Evaluate(evaluator_, program_.annotations[i], budget, evaluated)) return false;
      // An annotation says nothing about the object; one that cannot be known here is left out.
      if (evaluated.missing) continue;
      if (!evaluated.error.empty()) {
        if (spec_.ignore_failures) continue;
        PolicyDecision decision = ErrorDecision(spec_, evaluated.error);
        decision.always_denies = true;
        result_.decisions.push_back(std::move(decision));
      } else if (evaluated.value.kind == Kind::kString) {
        Publish(spec_.audit_annotations[i].name, evaluated.value.str());
      }
    }
    return true;
  }

  void Publish(const std::string& key, std::string_view text) {
    std::string_view value = TrimSpace(text);
    if (value.empty()) return;
    value = value.substr(0, static_cast<size_t>(limits::kPolicyAuditValueSizeBytes));
    result_.audit_annotations.push_back({key, std::string(value)});
  }

  const PolicySpec& spec_;
  const PolicyProgram& program_;
  PolicyEvaluator& evaluator_;
  PolicyResult& result_;
  std::vector<Evaluated> evaluated_;
};

}  // namespace

PolicyDecision ErrorDecision(const PolicySpec& policy, std::string message, int validation) {
  PolicyDecision decision;
  decision.validation = validation;
  decision.is_error = true;
  decision.ignored = policy.ignore_failures;
  decision.message = std::move(message);
  return decision;
}

Validated ValidatePolicy(const PolicySpec& policy, const PolicyProgram& program,
                         const Value& namespace_object, PolicyEvaluator& evaluator,
                         PolicyResult& result) {
  return PolicyValidation(policy, program, evaluator, result).Run(namespace_object);
}

}  // namespace ouro::rules
