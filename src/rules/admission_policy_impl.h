// The compiled form behind PolicySet.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/admission_policy.h"
#include "rules/admission_policy_program.h"
#include "rules/admission_policy_resources.h"
#include "rules/admission_policy_spec.h"

namespace ouro::rules {

// A parameter, in PolicySet::Impl::parameter_tree.
struct PolicyParameter {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string name_space;
  uint32_t node = io::kNoNode;
};

struct BoundPolicy {
  PolicySpec spec;
  std::vector<BindingSpec> bindings;
  bool implicit = false;  // judged without bindings
  // Null when the policy could not be read or compiled at all.
  std::unique_ptr<const PolicyProgram> program;
  // Why the API server refuses the policy or one of its bindings; empty when it does not.
  std::string refusal;
  std::vector<std::string> binding_refusals;  // of bindings that could not be read
};

struct PolicySet::Impl {
  PolicySetOptions options;
  std::vector<BoundPolicy> policies;
  ResourceCatalog catalog;
  std::vector<PolicyParameter> parameters;
  io::Tree parameter_tree;
  std::vector<Problem> refused;
  std::vector<Problem> unbound;
  io::KeyId annotations = io::kNoKey;
  io::KeyId labels = io::kNoKey;
};

}  // namespace ouro::rules
