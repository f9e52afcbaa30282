// What expressions ask the API server's authorizer (`authorizer.group('').resource('pods')…`), and
// who answers here.
//
// Source: k8s.io/apiserver pkg/cel/library/authz.go.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/cel_machine.h"
#include "rules/value.h"

namespace ouro::rules {

// May somebody do something? Views live during the call. Empty texts mean what they mean to the
// API server: no name, no namespace (all of them, or none for cluster-scoped resources).
struct AuthorizationQuestion {
  std::string_view service_account;  // "namespace:name"; empty: the user of the request
  std::string_view path;             // not empty: a question about a URL path, the rest is unused
  std::string_view group;
  std::string_view resource;
  std::string_view subresource;
  std::string_view name_space;
  std::string_view name;
  std::string_view field_selector;
  std::string_view label_selector;
  std::string_view verb;
};

struct AuthorizationAnswer {
  bool allowed = false;
  std::string reason;
  std::string error;  // not empty: the authorizer failed
};

// Gives answers, or says that it has none: then the expression is not evaluable here. Must be safe
// for the threads that use it.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  virtual std::optional<AuthorizationAnswer> Ask(const AuthorizationQuestion& question) const = 0;
};

// The values of `authorizer` and `authorizer.requestResource`. `authorizer` must outlive them; null
// gives the value of a fact that is not known.
Value AuthorizerValue(const Authorizer* authorizer, Arena& arena);
Value RequestResourceValue(const Authorizer* authorizer, const AuthorizationQuestion& request,
                           Arena& arena);

// Lets the calls of the authorizer library in these plans ask the authorizer of their receiver.
void ConnectAuthorizer(std::vector<std::unique_ptr<CallPlan>>& plans);

// Facts that the caller of an evaluation may not have. An expression that needs one has such a
// value as its result; it is no error of the policy.
enum class MissingFact : uint8_t { kNamespaceObject, kUserInfo, kOptions, kNamespace, kAuthorizer };
Value MissingValue(MissingFact fact);
bool IsMissingFact(const Value& value);

}  // namespace ouro::rules
