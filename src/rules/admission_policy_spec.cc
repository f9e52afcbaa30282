#include "rules/admission_policy_spec.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>
#include <span>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "rules/admission_policy_resources.h"

namespace ouro::rules {

namespace {

constexpr std::string_view kGroup = "admissionregistration.k8s.io";
constexpr std::array<std::string_view, 3> kVersions = {"v1", "v1beta1", "v1alpha1"};

// A field with the way that leads to it, for messages. A field that is null is absent.
class Field {
 public:
  Field(const io::NodeView& view, std::string path) : view_(view), path_(std::move(path)) {
    if (view_.exists() && view_.type() == io::NodeType::kNull) view_ = {};
  }
  const io::NodeView& view() const { return view_; }
  const std::string& path() const { return path_; }
  bool exists() const { return view_.exists(); }

  Field Get(std::string_view key) const {
    std::string path = path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
    return Field(view_.exists() ? view_.Get(key) : io::NodeView(), std::move(path));
  }
  tl::unexpected<Error> Refuse(std::string message) const {
    return Fail(ErrorCode::kInvalid, std::move(message), path_);
  }
  Status MustBeMap() const {
    if (exists() && !view_.IsMap()) return Refuse("must be an object");
    return {};
  }
  // Empty when absent.
  Result<std::string> Text() const {
    if (!exists()) return std::string();
    if (!view_.IsString()) return Refuse("must be a string");
    return std::string(view_.Text());
  }
  Result<std::string> RequiredText() const {
    OURO_TRY(std::string text, Text());
    if (TrimSpace(text).empty()) return Refuse("is required");
    return text;
  }
  Result<std::string> OneOf(std::initializer_list<std::string_view> words) const {
    OURO_TRY(std::string text, Text());
    if (text.empty() || std::find(words.begin(), words.end(), text) != words.end()) return text;
    return Refuse(fmt::format("\"{}\" is not one of {}", Printable(text), fmt::join(words, ", ")));
  }
  Result<std::vector<Field>> Items() const {
    std::vector<Field> items;
    if (!exists()) return items;
    if (!view_.IsList()) return Refuse("must be a list");
    const std::vector<io::NodeView> children = view_.Children();
    if (static_cast<int64_t>(children.size()) > limits::kPolicyExpressionCount) {
      return Fail(ErrorCode::kLimit, "has too many entries", path_);
    }
    for (size_t i = 0; i < children.size(); ++i) {
      items.emplace_back(children[i], fmt::format("{}[{}]", path_, i));
    }
    return items;
  }
  Result<std::vector<std::string>> Texts() const {
    std::vector<std::string> texts;
    OURO_TRY(const std::vector<Field> items, Items());
    for (const Field& item : items) {
      OURO_TRY(std::string text, item.Text());
      texts.push_back(std::move(text));
    }
    return texts;
  }

 private:
  io::NodeView view_;
  std::string path_;
};

bool IsOfKind(const io::NodeView& object, std::string_view kind) {
  return SplitApiVersion(object.Get("apiVersion").Text()).group == kGroup &&
         object.Get("kind").Text() == kind;
}

Status CheckVersion(const io::NodeView& object) {
  const std::string_view version = SplitApiVersion(object.Get("apiVersion").Text()).version;
  if (std::find(kVersions.begin(), kVersions.end(), version) != kVersions.end()) return {};
  return Fail(ErrorCode::kInvalid,
              fmt::format("version \"{}\" of {} does not exist", Printable(version), kGroup),
              "apiVersion");
}

bool IsIdentifier(std::string_view text) {
  static constexpr std::string_view kReserved[] = {
      "true",     "false",   "null",   "in",        "as",  "break",  "const",
      "continue", "else",    "for",    "function",  "if",  "import", "let",
      "loop",     "package", "return", "namespace", "var", "void",   "while"};
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (text.empty() || !is_letter(text.front())) return false;
  if (std::find(std::begin(kReserved), std::end(kReserved), text) != std::end(kReserved)) {
    return false;
  }
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

Result<ResourceRule> ReadRule(const Field& field) {
  OURO_TRY_STATUS(field.MustBeMap());
  ResourceRule rule;
  OURO_TRY(rule.groups, field.Get("apiGroups").Texts());
  OURO_TRY(rule.versions, field.Get("apiVersions").Texts());
  OURO_TRY(rule.resources, field.Get("resources").Texts());
  OURO_TRY(rule.operations, field.Get("operations").Texts());
  OURO_TRY(rule.names, field.Get("resourceNames").Texts());
  OURO_TRY(const std::string scope, field.Get("scope").OneOf({"*", "Namespaced", "Cluster"}));
  if (scope == "Namespaced") rule.scope = ResourceRule::Scope::kNamespaced;
  if (scope == "Cluster") rule.scope = ResourceRule::Scope::kCluster;
  for (const auto& [texts, name] :
       {std::pair{&rule.groups, "apiGroups"}, std::pair{&rule.versions, "apiVersions"},
        std::pair{&rule.resources, "resources"}, std::pair{&rule.operations, "operations"}}) {
    if (texts->empty()) return field.Get(name).Refuse("is required");
  }
  for (const std::string& operation : rule.operations) {
    static constexpr std::string_view kOperations[] = {"*", "CREATE", "UPDATE", "DELETE",
                                                       "CONNECT"};
    if (std::find(std::begin(kOperations), std::end(kOperations), operation) ==
        std::end(kOperations)) {
      return field.Get("operations")
          .Refuse(fmt::format("\"{}\" is not one of *, CREATE, UPDATE, DELETE, CONNECT",
                              Printable(operation)));
    }
  }
  return rule;
}

Result<std::vector<ResourceRule>> ReadRules(const Field& field) {
  std::vector<ResourceRule> rules;
  OURO_TRY(const std::vector<Field> items, field.Items());
  for (const Field& item : items) {
    OURO_TRY(ResourceRule rule, ReadRule(item));
    rules.push_back(std::move(rule));
  }
  return rules;
}

Result<LabelSelector> ReadSelector(const Field& field) {
  auto selector = ReadLabelSelector(field.view());
  if (!selector) return field.Refuse(selector.error().message);
  return selector;
}

Result<MatchResources> ReadMatchResources(const Field& field) {
  OURO_TRY_STATUS(field.MustBeMap());
  MatchResources match;
  OURO_TRY(match.rules, ReadRules(field.Get("resourceRules")));
  OURO_TRY(match.excluded, ReadRules(field.Get("excludeResourceRules")));
  OURO_TRY(match.namespace_selector, ReadSelector(field.Get("namespaceSelector")));
  OURO_TRY(match.object_selector, ReadSelector(field.Get("objectSelector")));
  OURO_TRY(const std::string policy, field.Get("matchPolicy").OneOf({"Exact", "Equivalent"}));
  match.equivalent = policy != "Exact";
  return match;
}

struct NamedFields {
  std::string_view name;
  std::string_view expression;
};

Result<std::vector<NamedExpression>> ReadNamed(const Field& field, const NamedFields& fields) {
  std::vector<NamedExpression> named;
  std::set<std::string> names;
  OURO_TRY(const std::vector<Field> items, field.Items());
  for (const Field& item : items) {
    OURO_TRY_STATUS(item.MustBeMap());
    NamedExpression entry;
    OURO_TRY(entry.name, item.Get(fields.name).RequiredText());
    OURO_TRY(entry.expression, item.Get(fields.expression).RequiredText());
    if (!names.insert(entry.name).second) {
      return item.Get(fields.name)
          .Refuse(fmt::format("\"{}\" stands there twice", Printable(entry.name)));
    }
    named.push_back(std::move(entry));
  }
  return named;
}

Result<std::vector<NamedExpression>> ReadVariables(const Field& field) {
  OURO_TRY(std::vector<NamedExpression> variables, ReadNamed(field, {"name", "expression"}));
  for (size_t i = 0; i < variables.size(); ++i) {
    if (IsIdentifier(variables[i].name)) continue;
    return Fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is not a valid CEL identifier", Printable(variables[i].name)),
                fmt::format("{}[{}].name", field.path(), i));
  }
  return variables;
}

Status CheckMessage(const Field& field, std::string_view message) {
  if (message.empty()) return {};
  const std::string_view text = TrimSpace(message);
  if (text.empty()) return field.Refuse("must be non-empty if specified");
  if (text.find_first_of("\r\n") != std::string_view::npos) {
    return field.Refuse("must not contain line breaks");
  }
  return {};
}

Result<std::vector<Validation>> ReadValidations(const Field& field) {
  std::vector<Validation> validations;
  OURO_TRY(const std::vector<Field> items, field.Items());
  for (const Field& item : items) {
    OURO_TRY_STATUS(item.MustBeMap());
    Validation validation;
    OURO_TRY(validation.expression, item.Get("expression").RequiredText());
    OURO_TRY(validation.message, item.Get("message").Text());
    OURO_TRY_STATUS(CheckMessage(item.Get("message"), validation.message));
    OURO_TRY(validation.message_expression, item.Get("messageExpression").Text());
    if (!validation.message_expression.empty() &&
        TrimSpace(validation.message_expression).empty()) {
      return item.Get("messageExpression").Refuse("must be non-empty if specified");
    }
    OURO_TRY(validation.reason,
             item.Get("reason").OneOf(
                 {"Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"}));
    if (validation.reason.empty()) validation.reason = "Invalid";
    validations.push_back(std::move(validation));
  }
  return validations;
}

Result<PolicySpec::ParamKind> ReadParamKind(const Field& field) {
  OURO_TRY_STATUS(field.MustBeMap());
  PolicySpec::ParamKind kind;
  OURO_TRY(kind.api_version, field.Get("apiVersion").RequiredText());
  OURO_TRY(kind.kind, field.Get("kind").RequiredText());
  return kind;
}

Status CheckCounts(const PolicySpec& policy, const Field& spec) {
  if (policy.validations.empty() && policy.audit_annotations.empty()) {
    return spec.Get("validations")
        .Refuse("validations or auditAnnotations must contain at least one item");
  }
  if (policy.match_conditions.size() > limits::kPolicyMatchConditionCount) {
    return spec.Get("matchConditions").Refuse("must not have more than 64 entries");
  }
  if (policy.audit_annotations.size() > limits::kPolicyAuditAnnotationCount) {
    return spec.Get("auditAnnotations").Refuse("must not have more than 20 entries");
  }
  return {};
}

Result<BindingSpec::ParamRef> ReadParamRef(const Field& field) {
  OURO_TRY_STATUS(field.MustBeMap());
  BindingSpec::ParamRef ref;
  OURO_TRY(ref.name, field.Get("name").Text());
  OURO_TRY(ref.name_space, field.Get("namespace").Text());
  if (field.Get("selector").exists()) {
    OURO_TRY(ref.selector, ReadSelector(field.Get("selector")));
  }
  if (!ref.name.empty() && ref.selector) {
    return field.Refuse("name and selector are mutually exclusive");
  }
  if (ref.name.empty() && !ref.selector) return field.Refuse("needs name or selector");
  OURO_TRY(const std::string action, field.Get("parameterNotFoundAction").OneOf({"Allow", "Deny"}));
  ref.deny_when_not_found = action != "Allow";
  return ref;
}

Status ReadActions(const Field& field, BindingSpec& binding) {
  OURO_TRY(const std::vector<Field> items, field.Items());
  for (const Field& item : items) {
    OURO_TRY(const std::string action, item.OneOf({"Deny", "Warn", "Audit"}));
    bool& flag =
        action == "Deny" ? binding.deny : (action == "Warn" ? binding.warn : binding.audit);
    if (action.empty() || flag) return item.Refuse("is empty or stands there twice");
    flag = true;
  }
  if (items.empty()) return field.Refuse("at least one validation action is required");
  if (binding.deny && binding.warn) return field.Refuse("must not contain both Deny and Warn");
  return {};
}

Result<std::string> ReadName(const Field& object) {
  OURO_TRY_STATUS(object.Get("metadata").MustBeMap());
  return object.Get("metadata").Get("name").Text();
}

}  // namespace

bool IsPolicy(const io::NodeView& object) {
  return IsOfKind(object, "ValidatingAdmissionPolicy");
}

bool IsPolicyBinding(const io::NodeView& object) {
  return IsOfKind(object, "ValidatingAdmissionPolicyBinding");
}

Result<PolicySpec> ReadPolicy(const io::NodeView& object) {
  OURO_TRY_STATUS(CheckVersion(object));
  const Field root(object, "");
  const Field spec = root.Get("spec");
  PolicySpec policy;
  OURO_TRY(policy.name, ReadName(root));
  if (!spec.exists()) return spec.Refuse("is required");
  OURO_TRY_STATUS(spec.MustBeMap());
  if (spec.Get("paramKind").exists()) {
    OURO_TRY(policy.param_kind, ReadParamKind(spec.Get("paramKind")));
  }
  const Field constraints = spec.Get("matchConstraints");
  if (!constraints.exists()) return constraints.Refuse("is required");
  OURO_TRY(policy.constraints, ReadMatchResources(constraints));
  if (policy.constraints->rules.empty())
    return constraints.Get("resourceRules").Refuse("is required");
  OURO_TRY(policy.match_conditions, ReadNamed(spec.Get("matchConditions"), {"name", "expression"}));
  OURO_TRY(policy.variables, ReadVariables(spec.Get("variables")));
  OURO_TRY(policy.validations, ReadValidations(spec.Get("validations")));
  OURO_TRY(policy.audit_annotations,
           ReadNamed(spec.Get("auditAnnotations"), {"key", "valueExpression"}));
  OURO_TRY(const std::string failure, spec.Get("failurePolicy").OneOf({"Fail", "Ignore"}));
  policy.ignore_failures = failure == "Ignore";
  OURO_TRY_STATUS(CheckCounts(policy, spec));
  return policy;
}

Result<BindingSpec> ReadPolicyBinding(const io::NodeView& object) {
  OURO_TRY_STATUS(CheckVersion(object));
  const Field root(object, "");
  const Field spec = root.Get("spec");
  BindingSpec binding;
  OURO_TRY(binding.name, ReadName(root));
  if (!spec.exists()) return spec.Refuse("is required");
  OURO_TRY_STATUS(spec.MustBeMap());
  OURO_TRY(binding.policy_name, spec.Get("policyName").RequiredText());
  if (spec.Get("paramRef").exists()) {
    OURO_TRY(binding.param_ref, ReadParamRef(spec.Get("paramRef")));
  }
  if (spec.Get("matchResources").exists()) {
    OURO_TRY(binding.match_resources, ReadMatchResources(spec.Get("matchResources")));
  }
  OURO_TRY_STATUS(ReadActions(spec.Get("validationActions"), binding));
  return binding;
}

}  // namespace ouro::rules
