// The expressions of one policy as a program, and its evaluation with the API server's accounting.
//
// Variables are composed as the API server composes them (k8s.io/apiserver
// pkg/admission/plugin/cel, composition.go): `variables` is an object whose fields have the types
// that were deduced for the variables before; a variable is evaluated when it is first read, as a
// program of its own with a cost limit of its own, and its value is kept until the next Begin().
// What it cost is charged to the budget of the expression that asked, not to that expression's own
// limit. This file therefore puts the stages of the engine together by itself: all expressions and
// variables of a policy are lowered into one graph, and in the laid out program the operations that
// select a field of `variables` are replaced by one that evaluates the variable.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/admission_policy_spec.h"
#include "rules/cel_checker.h"
#include "rules/cel_machine.h"
#include "rules/cel_program.h"

namespace ouro::rules {

// The names that expressions of policies may use. params is declared only where the policy has a
// paramKind; authorizer and authorizer.requestResource not in message expressions.
enum class PolicyVariable : uint8_t {
  kObject,
  kOldObject,
  kRequest,
  kNamespaceObject,
  kVariables,
  kParams,
  kAuthorizer,
  kRequestResource,
};
inline constexpr size_t kPolicyVariableCount = 8;

// Environments of policies, made once for a set. Lives as long as policies are being compiled.
class PolicyEnvironments {
 public:
  explicit PolicyEnvironments(int kubernetes_minor) : minor_(kubernetes_minor) {}

  struct Scope {
    std::shared_ptr<const Environment> environment;
    std::unique_ptr<SignatureCache> signatures;
  };
  // `variables`: name and type of the fields of `variables`. Those without fields are kept.
  Result<std::shared_ptr<Scope>> Get(bool has_params, bool has_authorizer,
                                     const std::vector<ObjectField>& variables);

 private:
  int minor_;
  std::map<std::pair<bool, bool>, std::shared_ptr<Scope>> plain_;
};

// One expression of a policy. `problem` tells why it does not compile; then it has no entry. An
// absent expression (no messageExpression) has neither.
struct PolicyExpression {
  std::string text;
  int entry = -1;
  std::string problem;

  bool exists() const { return entry >= 0 || !problem.empty(); }
};

// Immutable; shared by threads.
class PolicyProgram {
 public:
  // Never fails for a bad expression: that stands in its `problem`. Fails when the environment
  // cannot be made. Field names are interned into `keys`.
  static Result<std::unique_ptr<const PolicyProgram>> Compile(const PolicySpec& policy,
                                                              PolicyEnvironments& environments,
                                                              io::KeyTable& keys);

  // In the order of the policy; `messages` has one entry a validation.
  std::vector<PolicyExpression> conditions;
  std::vector<PolicyExpression> variables;
  std::vector<PolicyExpression> validations;
  std::vector<PolicyExpression> messages;
  std::vector<PolicyExpression> annotations;
  std::vector<std::string> variable_names;

  // The first expression that does not compile, with its place in the policy; empty when all do.
  std::string FirstProblem() const;
  // Does any expression use that name?
  bool Uses(PolicyVariable variable) const { return SlotOf(variable) >= 0; }
  // Index among the globals; -1 when no expression uses it.
  int SlotOf(PolicyVariable variable) const { return slots_[static_cast<size_t>(variable)]; }
  const Program::Impl& code() const { return *code_; }

 private:
  friend class PolicyCompiler;
  PolicyProgram() { std::fill(std::begin(slots_), std::end(slots_), -1); }
  int slots_[kPolicyVariableCount];
  std::shared_ptr<const Environment> environment_;  // owns names that the program points to
  std::unique_ptr<Program::Impl> code_;
};

// Evaluates programs of policies one after the other. One per thread. Values that it returns live
// until the next Use() or Begin().
class PolicyEvaluator {
 public:
  explicit PolicyEvaluator(const io::KeyTable& keys);
  ~PolicyEvaluator();
  PolicyEvaluator(const PolicyEvaluator&) = delete;
  PolicyEvaluator& operator=(const PolicyEvaluator&) = delete;

  // Turns to another program (which must outlive its use) and forgets everything.
  void Use(const PolicyProgram& program);
  // Sets a name; nothing happens when no expression uses it. A name that is not set is an error.
  void Bind(PolicyVariable variable, const Value& value);
  void Unbind(PolicyVariable variable);
  // Forgets the values of variables: the API server evaluates match conditions, validations,
  // messages and audit annotations each with fresh ones.
  void Begin();

  struct Outcome {
    Value value;
    uint64_t cost = 0;            // of the expression itself
    uint64_t variables_cost = 0;  // of the variables that it was the first to read
  };
  // `entry` of an expression of the program.
  Outcome Run(int entry);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ouro::rules
