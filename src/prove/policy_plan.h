// The chosen checks as ValidatingAdmissionPolicies: exported once, then judged by our own evaluator
// or installed in an API server (installed_policies.h).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/snapshot.h"
#include "io/tree.h"
#include "kube/resource.h"
#include "prove/leg_judge.h"
#include "prove/verdict.h"
#include "rules/admission_policy.h"

namespace ouro::prove {

struct PlannedPolicy {
  size_t check = 0;      // its number
  std::string name;      // as exported
  std::string manifest;  // YAML: policy and binding
};

struct NotExported {
  size_t check = 0;
  std::string reason;  // one sentence without final period
};

struct PolicyPlan {
  std::vector<PlannedPolicy> policies;  // in order of check
  std::vector<NotExported> refused;
};

// Exports what can be exported for a server of the snapshot's version. A server that is too old for
// any policy refuses all checks.
Result<PolicyPlan> PlanPolicies(const engine::Snapshot& snapshot, const CheckNumbers& numbers);

// The policies compiled by our own evaluator; immutable.
class LocalPolicySet {
 public:
  static Result<std::shared_ptr<const LocalPolicySet>> Compile(const PolicyPlan& plan,
                                                               int kubernetes_minor);

 private:
  friend class LocalPolicies;
  io::KeyTable keys_;
  std::shared_ptr<const rules::PolicySet> set_;
  std::vector<std::string> names_;
  std::vector<size_t> checks_;
};

// Judges by them. One per thread; `set` must outlive it.
class LocalPolicies {
 public:
  LocalPolicies(const LocalPolicySet& set, size_t check_count);
  // The CREATE of the object; `resource` may be null where the server does not serve it.
  Result<Verdicts> Judge(std::string_view object, const kube::ApiResource* resource);

 private:
  const LocalPolicySet& set_;
  size_t check_count_;
  io::KeyTable keys_;
  io::Tree tree_;
  io::Tree namespace_tree_;
  std::unique_ptr<rules::PolicyRunner> runner_;
};

}  // namespace ouro::prove
