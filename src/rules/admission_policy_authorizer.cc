#include "rules/admission_policy_authorizer.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::rules {

namespace {

// By MissingFact. An error with exactly this text, at this address, is a missing fact.
constexpr std::array<std::string_view, 5> kMissing = {
    "namespaceObject is not evaluable here: the object of the namespace was not given",
    "request.userInfo is not evaluable here: it is not known who sends the request",
    "request.options is not evaluable here: the options of the request were not given",
    "request.namespace is not evaluable here: it is not known whether the kind has namespaces",
    "authorizer is not evaluable here: there is no API server to ask, and the request brings no "
    "answer",
};

constexpr std::string_view kPrefix = "kubernetes.authorization.";

bool SameObject(const OpaqueObject& a, const OpaqueObject& b) {
  return &a == &b;
}
std::string NameOfType(const OpaqueObject& object) {
  return std::string(object.type->name);
}

constexpr OpaqueType kAuthorizerType = {"kubernetes.authorization.Authorizer", SameObject,
                                        NameOfType, ""};
constexpr OpaqueType kPathType = {"kubernetes.authorization.PathCheck", SameObject, NameOfType, ""};
constexpr OpaqueType kGroupType = {"kubernetes.authorization.GroupCheck", SameObject, NameOfType,
                                   ""};
constexpr OpaqueType kResourceType = {"kubernetes.authorization.ResourceCheck", SameObject,
                                      NameOfType, ""};
constexpr OpaqueType kDecisionType = {"kubernetes.authorization.Decision", SameObject, NameOfType,
                                      ""};

// A question in the making. Every type but Decision is one.
struct Check : OpaqueObject {
  const Authorizer* authorizer = nullptr;
  AuthorizationQuestion question;
};

struct Decision : OpaqueObject {
  bool allowed = false;
  std::string_view reason;
  std::string_view error;
};

const Check& CheckOf(const Value& value) {
  return static_cast<const Check&>(*value.opaque);
}
const Decision& DecisionOf(const Value& value) {
  return static_cast<const Decision&>(*value.opaque);
}

// The receiver's question with one more part.
template <std::string_view AuthorizationQuestion::* kPart>
Value With(CallContext& context, std::span<const Value> args, const OpaqueType& type) {
  Check* check = context.arena.New<Check>();
  *check = CheckOf(args[0]);
  check->type = &type;
  check->question.*kPart = args[1].str();
  return Value::Opaque(check);
}

Value Group(CallContext& context, std::span<const Value> args) {
  return With<&AuthorizationQuestion::group>(context, args, kGroupType);
}
Value Path(CallContext& context, std::span<const Value> args) {
  if (TrimSpace(args[1].str()).empty()) return Value::Error("path must not be empty");
  return With<&AuthorizationQuestion::path>(context, args, kPathType);
}
Value Resource(CallContext& context, std::span<const Value> args) {
  if (TrimSpace(args[1].str()).empty()) return Value::Error("resource must not be empty");
  return With<&AuthorizationQuestion::resource>(context, args, kResourceType);
}
Value Subresource(CallContext& context, std::span<const Value> args) {
  return With<&AuthorizationQuestion::subresource>(context, args, kResourceType);
}
Value Namespace(CallContext& context, std::span<const Value> args) {
  return With<&AuthorizationQuestion::name_space>(context, args, kResourceType);
}
Value Name(CallContext& context, std::span<const Value> args) {
  return With<&AuthorizationQuestion::name>(context, args, kResourceType);
}
Value FieldSelector(CallContext& context, std::span<const Value> args) {
  return With<&AuthorizationQuestion::field_selector>(context, args, kResourceType);
}
Value LabelSelectorOf(CallContext& context, std::span<const Value> args) {
  return With<&AuthorizationQuestion::label_selector>(context, args, kResourceType);
}

// Lower-case letters, digits and '-', with a letter or digit at both ends.
bool IsDnsWord(std::string_view text) {
  const auto is_inner = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), is_inner);
}

// DNS-1123 label and subdomain. The parts of a subdomain have no limit of their own.
bool IsDnsLabel(std::string_view text) {
  return text.size() <= 63 && IsDnsWord(text);
}
bool IsDnsSubdomain(std::string_view text) {
  const std::vector<std::string_view> words = SplitText(text, '.');
  return text.size() <= 253 && std::all_of(words.begin(), words.end(), IsDnsWord);
}

Value ServiceAccount(CallContext& context, std::span<const Value> args) {
  if (!IsDnsSubdomain(args[2].str())) return Value::Error("Invalid service account name");
  if (!IsDnsLabel(args[1].str())) return Value::Error("Invalid service account namespace");
  Check* check = context.arena.New<Check>();
  *check = CheckOf(args[0]);
  check->question.service_account =
      context.arena.Copy(fmt::format("{}:{}", args[1].str(), args[2].str()));
  return Value::Opaque(check);
}

Value Ask(CallContext& context, std::span<const Value> args) {
  const Check& check = CheckOf(args[0]);
  AuthorizationQuestion question = check.question;
  question.verb = args[1].str();
  if (check.authorizer == nullptr) return MissingValue(MissingFact::kAuthorizer);
  const auto answer = check.authorizer->Ask(question);
  if (!answer) return MissingValue(MissingFact::kAuthorizer);
  Decision* decision = context.arena.New<Decision>();
  decision->type = &kDecisionType;
  decision->allowed = answer->allowed;
  decision->reason = context.arena.Copy(answer->reason);
  decision->error = context.arena.Copy(answer->error);
  return Value::Opaque(decision);
}

Value Allowed(CallContext&, std::span<const Value> args) {
  return Value::Bool(DecisionOf(args[0]).allowed);
}
Value Reason(CallContext&, std::span<const Value> args) {
  return Value::String(DecisionOf(args[0]).reason);
}
Value Errored(CallContext&, std::span<const Value> args) {
  return Value::Bool(!DecisionOf(args[0]).error.empty());
}
Value ErrorText(CallContext&, std::span<const Value> args) {
  return Value::String(DecisionOf(args[0]).error);
}

struct Function {
  std::string_view name;
  Implementation call;
};
constexpr std::array kFunctions = {
    Function{"allowed", Allowed},
    Function{"check", Ask},
    Function{"error", ErrorText},
    Function{"errored", Errored},
    Function{"fieldSelector", FieldSelector},
    Function{"group", Group},
    Function{"labelSelector", LabelSelectorOf},
    Function{"name", Name},
    Function{"namespace", Namespace},
    Function{"path", Path},
    Function{"reason", Reason},
    Function{"resource", Resource},
    Function{"serviceAccount", ServiceAccount},
    Function{"subresource", Subresource},
};

}  // namespace

Value MissingValue(MissingFact fact) {
  return Value::Error(kMissing[static_cast<size_t>(fact)]);
}

bool IsMissingFact(const Value& value) {
  return value.is_error() &&
         std::any_of(kMissing.begin(), kMissing.end(),
                     [&](std::string_view text) { return value.text == text.data(); });
}

Value AuthorizerValue(const Authorizer* authorizer, Arena& arena) {
  if (authorizer == nullptr) return MissingValue(MissingFact::kAuthorizer);
  Check* check = arena.New<Check>();
  check->type = &kAuthorizerType;
  check->authorizer = authorizer;
  return Value::Opaque(check);
}

Value RequestResourceValue(const Authorizer* authorizer, const AuthorizationQuestion& request,
                           Arena& arena) {
  if (authorizer == nullptr) return MissingValue(MissingFact::kAuthorizer);
  Check* check = arena.New<Check>();
  check->type = &kResourceType;
  check->authorizer = authorizer;
  check->question = request;
  return Value::Opaque(check);
}

void ConnectAuthorizer(std::vector<std::unique_ptr<CallPlan>>& plans) {
  for (const std::unique_ptr<CallPlan>& plan : plans) {
    const auto function = std::find_if(kFunctions.begin(), kFunctions.end(),
                                       [&](const Function& row) { return row.name == plan->name; });
    if (function == kFunctions.end()) continue;
    for (PlannedCandidate& candidate : plan->candidates) {
      if (candidate.parameters == nullptr) continue;
      if (candidate.parameters[0].opaque_name.starts_with(kPrefix)) candidate.call = function->call;
    }
  }
}

}  // namespace ouro::rules
