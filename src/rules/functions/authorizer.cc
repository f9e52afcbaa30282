// Kubernetes' authorizer library (k8s.io/apiserver pkg/cel/library/authz.go). There is nobody to
// ask here: expressions that use it compile, and say so when they are evaluated.
#include <array>

#include "rules/functions/families.h"

namespace ouro::rules::functions {

namespace {

Value NotEvaluable(CallContext&, std::span<const Value>) {
  return Value::Error("authorizer is not evaluable here: there is no API server to ask");
}

// Two authorization checks are as much as one expression may cost.
uint64_t CheckCost(std::span<const Value>, const Value&, const io::KeyTable&) {
  return 350'000;
}

constexpr std::string_view kAuthorizer = "kubernetes.authorization.Authorizer";
constexpr std::string_view kDecision = "kubernetes.authorization.Decision";
constexpr std::string_view kGroup = "kubernetes.authorization.GroupCheck";
constexpr std::string_view kPath = "kubernetes.authorization.PathCheck";
constexpr std::string_view kResource = "kubernetes.authorization.ResourceCheck";
constexpr std::string_view kAuthorizerAndText = "kubernetes.authorization.Authorizer, string";
constexpr std::string_view kResourceAndText = "kubernetes.authorization.ResourceCheck, string";

constexpr std::array kOverloads = {
    Overload{"allowed", "decision_allowed", true, kDecision, "bool", NotEvaluable},
    Overload{"check", "pathcheck_check", true, "kubernetes.authorization.PathCheck, string",
             kDecision, NotEvaluable, CheckCost},
    Overload{"check", "resourcecheck_check", true, kResourceAndText, kDecision, NotEvaluable,
             CheckCost},
    Overload{"error", "decision_error", true, kDecision, "string", NotEvaluable},
    Overload{"errored", "decision_errored", true, kDecision, "bool", NotEvaluable},
    Overload{"fieldSelector", "authorizer_fieldselector", true, kResourceAndText, kResource,
             NotEvaluable, nullptr, 31},
    Overload{"group", "authorizer_group", true, kAuthorizerAndText, kGroup, NotEvaluable},
    Overload{"labelSelector", "authorizer_labelselector", true, kResourceAndText, kResource,
             NotEvaluable, nullptr, 31},
    Overload{"name", "resourcecheck_name", true, kResourceAndText, kResource, NotEvaluable},
    Overload{"namespace", "resourcecheck_namespace", true, kResourceAndText, kResource,
             NotEvaluable},
    Overload{"path", "authorizer_path", true, kAuthorizerAndText, kPath, NotEvaluable},
    Overload{"reason", "decision_reason", true, kDecision, "string", NotEvaluable},
    Overload{"resource", "groupcheck_resource", true, "kubernetes.authorization.GroupCheck, string",
             kResource, NotEvaluable},
    Overload{"serviceAccount", "authorizer_serviceaccount", true,
             "kubernetes.authorization.Authorizer, string, string", kAuthorizer, NotEvaluable},
    Overload{"subresource", "resourcecheck_subresource", true, kResourceAndText, kResource,
             NotEvaluable},
};

}  // namespace

const Library kAuthorizerLibrary = {"authorizer", "questions to the API server's authorizer", 27,
                                    kOverloads};

}  // namespace ouro::rules::functions
