// Our checks as ValidatingAdmissionPolicies: the API server gives the verdict that a scan gives.
//
//   selected checks → rules as CEL over `object` → compile as the API server does → judge the
//   examples of the check, measure cost → manifests
//
// A check that cannot be said in a policy is refused by name with the reason; it is never exported
// in a weaker form. docs/formats/exported-policy.md documents what is written.
//
// Source: k8s.io/api admissionregistration/v1; k8s.io/apiserver 1.37 pkg/admission/plugin/policy
// and pkg/admission/plugin/cel (environment, costs, messages).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "rules/cel.h"
#include "rules/selection.h"

namespace ouro::rules {

// Oldest Kubernetes 1.x whose API server takes what is exported: optional selection (`a.?b`) may be
// written into policies from 1.29 on (k8s.io/apiserver pkg/cel/environment: introduced in 1.28, for
// new expressions one minor later).
inline constexpr int kOldestExportMinor = 29;

// Objects that policies leave out. Globs ('*', '?'); an empty field matches everything, within one
// entry all fields must match. The same meaning as scan::ObjectExclude.
struct ExportExclude {
  std::string namespace_name;
  std::string kind;
  std::string name;
  std::string label;  // "key=value" or "key"
};

struct ExportOptions {
  // The API server that will run the policies; its minor also is the `kubernetes.minor` of checks.
  int kubernetes_minor = kNewestKubernetesMinor;
  // Of the bindings: "Deny", "Warn", "Audit"; at least one, not Deny and Warn together.
  std::vector<std::string> actions = {"Warn"};
  bool ignore_errors = false;         // failurePolicy Ignore instead of Fail
  bool include_custom_kinds = false;  // kinds of custom resources too
  // Judge updates that leave pod templates as they are. Otherwise such updates pass, so that
  // controllers can scale down and finish what stands in the cluster already.
  bool judge_unchanged = false;
  std::vector<ExportExclude> excludes;
};

// What a policy costs in the API server's units, found by evaluating it.
struct ExportCost {
  uint64_t example = 0;       // total for the costliest example; 0: none was judged
  std::string list;           // the list that costs most when it grows; empty: none
  int64_t list_size = 0;      // largest size of that list within the budget and a request's size
  bool list_by_size = false;  // true: the size of a request ends it, not the budget
  int64_t text_size = 0;      // largest size in bytes of the texts of an object within the budget
  bool text_by_size = false;
};

struct ExportedPolicy {
  std::string check;     // id
  std::string name;      // of policy and binding
  std::string manifest;  // YAML: policy and binding, two documents, "---" between them
  ExportCost cost;
};

struct RefusedCheck {
  std::string check;
  std::string reason;  // one sentence without final period
};

struct ExportResult {
  std::vector<ExportedPolicy> policies;  // in order of check id
  std::vector<RefusedCheck> refused;     // the others, in the same order
};

// Exports each check. `checks` should come from a library with examples (engine::LoadLibrary):
// every example is judged by the check and by its policy, and a policy that says something else is
// refused. kUnsupported when no API server of that version can run them; kInvalid for options that
// no policy can express.
Result<ExportResult> ExportPolicies(const std::vector<SelectedCheck>& checks,
                                    const ExportOptions& options);

// "ouro-k8s-0001" of OURO-K8S-0001, "ouro-acme-0007" of ACME-0007.
std::string PolicyName(std::string_view check_id);

}  // namespace ouro::rules
