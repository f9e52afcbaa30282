// ValidatingAdmissionPolicies and their bindings as plain values, with the API server's defaults.
//
//   read (here) → compile (admission_policy_program.h) → judge (admission_policy.h)
//
// Source: k8s.io/api admissionregistration v1, v1beta1 and v1alpha1, whose fields are the same; the
// defaults and the refusals are those of k8s.io/kubernetes pkg/apis/admissionregistration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/tree.h"
#include "rules/admission_policy_selector.h"

namespace ouro::rules {

struct ResourceRule {
  enum class Scope : uint8_t { kAll, kNamespaced, kCluster };

  std::vector<std::string> groups;      // "*" is any
  std::vector<std::string> versions;    // "*" is any
  std::vector<std::string> resources;   // "pods", "pods/exec", "pods/*", "*/scale", "*", "*/*"
  std::vector<std::string> operations;  // "*" is any
  std::vector<std::string> names;       // empty: any
  Scope scope = Scope::kAll;
};

struct MatchResources {
  std::vector<ResourceRule> rules;  // empty: everything
  std::vector<ResourceRule> excluded;
  LabelSelector namespace_selector;
  LabelSelector object_selector;
  bool equivalent = true;  // matchPolicy Equivalent, the default; false: Exact
};

struct NamedExpression {
  std::string name;
  std::string expression;
};

struct Validation {
  std::string expression;
  std::string message;
  std::string message_expression;
  std::string reason;  // "Invalid" when the policy says nothing
};

struct PolicySpec {
  struct ParamKind {
    std::string api_version;
    std::string kind;
  };

  std::string name;
  std::optional<ParamKind> param_kind;
  std::optional<MatchResources> constraints;  // the API server refuses a policy without
  std::vector<NamedExpression> match_conditions;
  std::vector<NamedExpression> variables;  // each may use those before it
  std::vector<Validation> validations;
  std::vector<NamedExpression> audit_annotations;
  bool ignore_failures = false;  // failurePolicy Ignore; the default is Fail
};

struct BindingSpec {
  struct ParamRef {
    std::string name;
    std::string name_space;
    std::optional<LabelSelector> selector;
    bool deny_when_not_found = true;  // parameterNotFoundAction
  };

  std::string name;
  std::string policy_name;
  std::optional<ParamRef> param_ref;
  std::optional<MatchResources> match_resources;
  bool deny = false;  // validationActions
  bool warn = false;
  bool audit = false;
};

// "ValidatingAdmissionPolicy" or "ValidatingAdmissionPolicyBinding" of the API group
// admissionregistration.k8s.io, whatever the version.
bool IsPolicy(const io::NodeView& object);
bool IsPolicyBinding(const io::NodeView& object);

// Read one object. kInvalid with `where` = the field for what the API server refuses: a version
// that does not exist, a field of a wrong type, a required field that is missing, a word that is
// none of those allowed, two entries of one name. Fields that are not known are ignored.
Result<PolicySpec> ReadPolicy(const io::NodeView& object);
Result<BindingSpec> ReadPolicyBinding(const io::NodeView& object);

}  // namespace ouro::rules
