// Does a policy or binding look at a request?
//
// Source: k8s.io/apiserver pkg/admission/plugin/policy/matching and
// pkg/admission/plugin/webhook/predicates (rules, namespace, object).
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "io/tree.h"
#include "rules/admission_policy.h"
#include "rules/admission_policy_resources.h"
#include "rules/admission_policy_spec.h"

namespace ouro::rules {

// A request with everything in it that can be known.
struct ResolvedRequest {
  io::NodeView object;  // does not exist when there is none; never null
  io::NodeView old_object;
  std::string operation;
  std::string kind_group;
  std::string kind_version;
  std::string kind;
  std::string group;  // of the resource, as the version
  std::string version;
  std::string resource;
  std::string subresource;
  std::string name;
  // Of a Namespace its own name, of cluster-scoped objects empty; nothing: not known.
  std::optional<std::string> name_space;
  ResourceScope scope = ResourceScope::kUnknown;
  bool built_in = false;
  io::NodeView namespace_object;

  bool IsNamespace() const { return group.empty() && resource == "namespaces"; }
};

// kInvalid when there is no object, or its kind is not known.
Result<ResolvedRequest> ResolveRequest(const AdmissionRequest& request,
                                       const ResourceCatalog& catalog);

struct MatchResult {
  Answer answer = Answer::kNo;
  // kUnknown: what would have to be known. kYes with is_error: the constraints are broken, which is
  // subject to failurePolicy. kYes with converts: the API server would convert the object first.
  std::string why;
  bool is_error = false;
  bool converts = false;
};
MatchResult Matches(const MatchResources& match, const ResolvedRequest& request,
                    const ResourceCatalog& catalog, int kubernetes_minor);

}  // namespace ouro::rules
