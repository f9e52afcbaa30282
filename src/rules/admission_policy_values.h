// `request` and `namespaceObject` as expressions see them.
//
// Source: k8s.io/apiserver pkg/admission/plugin/cel/condition.go (CreateAdmissionRequest,
// CreateNamespaceObject). Fields that the API's Go types leave out when they are empty are absent
// here as well, so that has() tells the same.
#pragma once

#include "rules/admission_policy.h"
#include "rules/admission_policy_match.h"
#include "rules/value.h"

namespace ouro::rules {

// The request as an object; texts are views into `resolved` and the nodes of `request`. What is not
// known is a value of its own kind, see MissingFact.
Value RequestValue(const AdmissionRequest& request, const ResolvedRequest& resolved, Arena& arena);

// null for requests outside of namespaces and about namespaces themselves.
Value NamespaceValue(const ResolvedRequest& resolved);

// Values of `authorizer` questions about the request itself.
AuthorizationQuestion QuestionOf(const ResolvedRequest& resolved);

}  // namespace ouro::rules
