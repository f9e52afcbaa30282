// ValidatingAdmissionPolicies as rules: a set of policies, bindings and parameters is compiled once
// and judges requests the way the API server does.
//
//   objects → read (admission_policy_spec) → compile (admission_policy_program) → PolicySet
//   request → match (admission_policy_match) → evaluate (here) → one PolicyResult a binding
//
// Where the API server knows more than the caller of this module (labels of a namespace, who asks,
// what the authorizer answers, conversion between versions), a policy that needs it is not guessed:
// its verdict is kError and says what is missing.
//
// Source: k8s.io/apiserver 1.37 pkg/admission/plugin/policy/validating (validator.go,
// dispatcher.go), …/policy/matching, …/policy/generic (CollectParams), pkg/admission/plugin/cel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/tree.h"
#include "rules/admission_policy_authorizer.h"
#include "rules/cel.h"
#include "rules/schema.h"

namespace ouro::rules {

// One request to the API server. Only `object` is needed (or `old_object`, for a DELETE); what is
// left out is taken from it. All nodes must use the key table of the runner, and live during the
// call.
struct AdmissionRequest {
  io::NodeView object;      // absent or null: there is none
  io::NodeView old_object;  // the object before an UPDATE or DELETE
  // CREATE, UPDATE, DELETE or CONNECT; empty: by which of the two objects is there.
  std::string operation;
  // Kind of the object, with its group and version. Empty kind: what the object says.
  std::string group;
  std::string version;
  std::string kind;
  // What the request is about. Empty resource: that of the kind. The two differ for subresources:
  // apps/v1 deployments, subresource scale, takes an autoscaling/v1 Scale.
  std::string resource_group;
  std::string resource_version;
  std::string resource;
  std::string subresource;
  std::optional<std::string> name;        // else metadata.name
  std::optional<std::string> name_space;  // else metadata.namespace, else "default" or none
  io::NodeView namespace_object;          // the v1 Namespace; absent: not known
  io::NodeView user_info;                 // username, uid, groups, extra; absent: not known
  io::NodeView options;                   // CreateOptions …; absent: not known
  bool dry_run = false;
  // Used by all policies with a paramKind, whatever their bindings refer to; a list is several.
  io::NodeView params;
  const Authorizer* authorizer = nullptr;  // null: questions to it are not evaluable
};

// Reads the `request` of an AdmissionReview (admission.k8s.io/v1). Parts that are absent stay as
// they are in `request`. kInvalid when a part is of a wrong type.
Status ReadAdmissionRequest(const io::NodeView& review, AdmissionRequest& request);

// A validation that did not hold, or could not be evaluated.
struct PolicyDecision {
  int validation = -1;    // number of the validation in the policy; -1: not about one
  bool is_error = false;  // it could not be evaluated, or the policy or binding is misconfigured
  // An error that failurePolicy Ignore lets pass; it does not count.
  bool ignored = false;
  // A Deny that does not depend on validationActions: misconfiguration, or a failing audit
  // annotation.
  bool always_denies = false;
  std::string message;  // as the API server words it, without the name of the policy
  std::string reason;   // "Invalid", "Forbidden", …; empty for errors
};

struct PolicyAuditAnnotation {
  std::string key;
  std::string value;
};

// What one policy says through one binding.
struct PolicyResult {
  std::string_view policy;   // names live as long as the set
  std::string_view binding;  // empty: judged without a binding, as if with action Deny
  // kFail: the request is denied. kWarn: it is admitted with a warning. kPass: it is admitted; with
  // decisions, these are only audited or ignored. kSkip: the policy does not apply. kError: not
  // decidable here, or a policy that the API server refuses.
  Verdict verdict = Verdict::kPass;
  bool deny = false;  // validationActions of the binding
  bool warn = false;
  bool audit = false;
  std::vector<PolicyDecision> decisions;
  std::vector<PolicyAuditAnnotation> audit_annotations;  // as they would be published
  std::string message;                                   // why, for everything but a plain kPass
};

struct PolicySetOptions {
  int kubernetes_minor = kNewestKubernetesMinor;
  // Bindings bind the policy whatever name they give, when the set has exactly one policy.
  bool bind_single_policy = false;
};

// Immutable; share it between threads.
class PolicySet {
 public:
  // Policies, bindings, CustomResourceDefinitions (plural names and scopes of custom kinds) and
  // parameters, in any order; other objects are ignored. Without any binding in the set each policy
  // is judged as if bound with action Deny, and with all parameters of its paramKind; with
  // bindings, only bound policies are judged. A policy or binding that the API server would refuse
  // stays in the set, see PolicyProblem. Fails (kLimit) past limits::kPolicySetObjectCount. Key
  // names are interned into `keys`; nothing of the objects is referenced afterwards.
  static Result<std::shared_ptr<const PolicySet>> Compile(std::span<const io::NodeView> objects,
                                                          const PolicySetOptions& options,
                                                          io::KeyTable& keys);
  ~PolicySet();

  // Something that a person should know about the set.
  struct Problem {
    std::string name;     // of the policy or binding
    std::string message;  // what is wrong with it
  };
  // Policies and bindings that the API server refuses. A refused policy gives kError for every
  // request that it may match.
  const std::vector<Problem>& refused() const;
  // Policies that no binding names, in a set with bindings: they are not judged. Bindings that name
  // no policy of the set.
  const std::vector<Problem>& unbound() const;
  int64_t policy_count() const;
  std::string_view policy_name(int64_t index) const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit PolicySet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Judges requests. One per thread; `keys` is the table the set was compiled with, or a copy of it,
// and may grow.
class PolicyRunner {
 public:
  PolicyRunner(std::shared_ptr<const PolicySet> set, const io::KeyTable& keys);
  ~PolicyRunner();
  // One result for each pair of policy and binding that is judged, in the order of policies and
  // bindings. kInvalid when the request is not about an object of some kind.
  Result<std::vector<PolicyResult>> Judge(const AdmissionRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How the API server words the refusal of a request.
std::string DenialText(const PolicyResult& result, const PolicyDecision& decision);

}  // namespace ouro::rules
