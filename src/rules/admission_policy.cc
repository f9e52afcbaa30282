#include "rules/admission_policy.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "rules/admission_policy_impl.h"
#include "rules/admission_policy_match.h"
#include "rules/admission_policy_validation.h"
#include "rules/admission_policy_values.h"
#include "rules/rule_set_nulls.h"

namespace ouro::rules {

namespace {

Value NodeValue(const io::NodeView& view) {
  return view.exists() ? Value::OfNode(view.tree(), view.index()) : Value::Null();
}

// The parameters a binding is evaluated with: values, or why there are none.
struct Parameters {
  std::vector<Value> values;
  std::string error;    // the binding is misconfigured
  std::string missing;  // not decidable here
};

std::string JoinMessages(const std::vector<PolicyDecision>& decisions, bool ignored) {
  std::string text;
  for (const PolicyDecision& decision : decisions) {
    if (decision.ignored != ignored) continue;
    if (static_cast<int64_t>(text.size()) > limits::kMessageSizeBytes) break;
    if (!text.empty()) text += "; ";
    text += decision.message;
  }
  return text;
}

// Sums the decisions up. `applies` and `missing` are those of all parameters together.
void Conclude(bool applies, const std::string& missing, PolicyResult& result) {
  bool fails = false;
  bool denies = false;
  for (const PolicyDecision& decision : result.decisions) {
    fails |= !decision.ignored;
    denies |= !decision.ignored && (result.deny || decision.always_denies);
  }
  if (denies) {
    result.verdict = Verdict::kFail;
    result.message = JoinMessages(result.decisions, false);
  } else if (!missing.empty()) {
    result.verdict = Verdict::kError;
    result.message = missing;
  } else if (fails) {
    result.verdict = result.warn ? Verdict::kWarn : Verdict::kPass;
    const std::string text = JoinMessages(result.decisions, false);
    result.message = result.warn ? text : "only audited: " + text;
  } else if (!result.decisions.empty()) {
    result.verdict = Verdict::kPass;
    result.message = "ignored by failurePolicy: " + JoinMessages(result.decisions, true);
  } else if (!applies) {
    result.verdict = Verdict::kSkip;
    if (result.message.empty()) result.message = "a match condition excludes the request";
  }
}

}  // namespace

struct PolicyRunner::Impl {
  Impl(std::shared_ptr<const PolicySet> policies, const io::KeyTable& key_table)
      : shared(std::move(policies)),
        set(shared->impl()),
        keys(key_table),
        evaluator(keys),
        object_filter(set.annotations, set.labels),
        old_object_filter(set.annotations, set.labels),
        namespace_filter(set.annotations, set.labels) {}

  static io::NodeView WithoutNulls(NullFilter& filter, const io::NodeView& view) {
    if (!view.exists()) return view;
    return io::NodeView(filter.View(view.tree(), view.index()), view.keys(), view.index());
  }

  Status Prepare(const AdmissionRequest& admission_request) {
    request = &admission_request;
    OURO_TRY(resolved, ResolveRequest(admission_request, set.catalog));
    if (resolved.built_in) {
      resolved.object = WithoutNulls(object_filter, resolved.object);
      resolved.old_object = WithoutNulls(old_object_filter, resolved.old_object);
    }
    resolved.namespace_object = WithoutNulls(namespace_filter, resolved.namespace_object);
    values.Reset();
    parameter_filters.clear();
    const auto uses = [this](PolicyVariable variable) {
      return std::any_of(set.policies.begin(), set.policies.end(), [&](const BoundPolicy& policy) {
        return policy.program != nullptr && policy.program->Uses(variable);
      });
    };
    request_value =
        uses(PolicyVariable::kRequest) ? RequestValue(*request, resolved, values) : Value::Null();
    return {};
  }

  PolicyResult Begin(const BoundPolicy& policy, const BindingSpec* binding) const {
    PolicyResult result;
    result.policy = policy.spec.name;
    if (binding == nullptr) {
      result.deny = true;
      return result;
    }
    result.binding = binding->name;
    result.deny = binding->deny;
    result.warn = binding->warn;
    result.audit = binding->audit;
    return result;
  }

  static void Refused(std::string_view what, const std::string& why, PolicyResult& result) {
    result.verdict = Verdict::kError;
    result.message = fmt::format("the API server refuses this {}: {}", what, why);
  }
  static void Skip(std::string why, PolicyResult& result) {
    result.verdict = Verdict::kSkip;
    result.message = std::move(why);
  }
  static void Undecidable(std::string why, PolicyResult& result) {
    result.verdict = Verdict::kError;
    result.message = "not decidable here: " + std::move(why);
  }
  static void Misconfigured(const BoundPolicy& policy, std::string_view what,
                            const std::string& why, PolicyResult& result) {
    PolicyDecision decision =
        ErrorDecision(policy.spec, fmt::format("failed to configure {}: {}", what, why));
    decision.always_denies = true;
    result.decisions.push_back(std::move(decision));
    Conclude(true, "", result);
  }

  // True when the policy's own constraints let the binding be judged.
  bool MatchesPolicy(const BoundPolicy& policy, const MatchResult& match, PolicyResult& result) {
    if (match.answer == Answer::kNo) {
      Skip("matchConstraints do not select the request", result);
    } else if (!policy.refusal.empty()) {
      Refused("policy", policy.refusal, result);
    } else if (match.answer == Answer::kUnknown || match.converts) {
      Undecidable(match.why, result);
    } else if (match.is_error) {
      Misconfigured(policy, "policy", match.why, result);
    } else {
      return true;
    }
    return false;
  }

  bool MatchesBinding(const BoundPolicy& policy, const BindingSpec* binding, size_t index,
                      PolicyResult& result) {
    if (binding == nullptr) return true;
    if (!policy.binding_refusals[index].empty()) {
      Refused("binding", policy.binding_refusals[index], result);
      return false;
    }
    if (!binding->match_resources) return true;
    const MatchResult match =
        Matches(*binding->match_resources, resolved, set.catalog, set.options.kubernetes_minor);
    if (match.answer == Answer::kNo) {
      Skip("matchResources of the binding do not select the request", result);
    } else if (match.answer == Answer::kUnknown) {
      Undecidable(match.why, result);
    } else if (match.is_error) {
      Misconfigured(policy, "binding", match.why, result);
    } else {
      return true;
    }
    return false;
  }

  // ---- parameters

  Value DirectParameter(const PolicySpec& policy, const io::NodeView& view) {
    const GroupVersion group_version = SplitApiVersion(policy.param_kind->api_version);
    if (!set.catalog.Find(group_version.group, policy.param_kind->kind).built_in) {
      return NodeValue(view);
    }
    parameter_filters.emplace_back(set.annotations, set.labels);
    return NodeValue(WithoutNulls(parameter_filters.back(), view));
  }

  bool IsOfParamKind(const PolicySpec& policy, const PolicyParameter& parameter) const {
    return parameter.api_version == policy.param_kind->api_version &&
           parameter.kind == policy.param_kind->kind;
  }

  void TakeAll(const PolicySpec& policy, Parameters& parameters) const {
    for (const PolicyParameter& parameter : set.parameters) {
      if (!IsOfParamKind(policy, parameter)) continue;
      parameters.values.push_back(Value::OfNode(set.parameter_tree, parameter.node));
    }
  }

  bool HasNamespaces(const PolicySpec& policy, const BindingSpec::ParamRef& ref) const {
    const GroupVersion group_version = SplitApiVersion(policy.param_kind->api_version);
    const ResourceInfo info = set.catalog.Find(group_version.group, policy.param_kind->kind);
    if (info.scope != ResourceScope::kUnknown) return info.scope == ResourceScope::kNamespaced;
    return !ref.name_space.empty() ||
           std::any_of(set.parameters.begin(), set.parameters.end(),
                       [&](const PolicyParameter& parameter) {
                         return IsOfParamKind(policy, parameter) && !parameter.name_space.empty();
                       });
  }

  // The parameters that a binding refers to (policy_dispatcher.go, CollectParams).
  void TakeReferenced(const PolicySpec& policy, const BindingSpec::ParamRef& ref,
                      Parameters& parameters) const {
    const bool namespaced = HasNamespaces(policy, ref);
    std::string name_space = ref.name_space;
    if (!namespaced && !name_space.empty()) {
      parameters.error = "paramRef.namespace must not be provided for a cluster-scoped `paramKind`";
      return;
    }
    if (namespaced && name_space.empty()) {
      if (!resolved.name_space) {
        parameters.missing = "the parameter is that of the object's namespace, which is not known";
        return;
      }
      name_space = *resolved.name_space;
      if (name_space.empty()) {
        parameters.error =
            "cannot use namespaced paramRef in policy binding that matches cluster-scoped "
            "resources";
        return;
      }
    }
    if (ref.selector && !ref.selector->error.empty()) {
      parameters.error = ref.selector->error;
      return;
    }
    for (const PolicyParameter& parameter : set.parameters) {
      if (!IsOfParamKind(policy, parameter)) continue;
      std::string_view own = parameter.name_space;
      if (own.empty()) own = "default";
      if (namespaced && own != name_space) continue;
      const io::NodeView view(set.parameter_tree, keys, parameter.node);
      const bool wanted =
          ref.selector
              ? Selects(*ref.selector, LabelsOf(view.Get("metadata").Get("labels"))) == Answer::kYes
              : parameter.name == ref.name;
      if (wanted) parameters.values.push_back(NodeValue(view));
    }
    if (parameters.values.empty() && ref.deny_when_not_found) {
      parameters.error = "no params found for policy binding with `Deny` parameterNotFoundAction";
    }
  }

  Parameters CollectParameters(const BoundPolicy& policy, const BindingSpec* binding) {
    Parameters parameters;
    const bool wants = policy.spec.param_kind.has_value();
    const io::NodeView& direct = request->params;
    if (wants && direct.exists() && direct.type() != io::NodeType::kNull) {
      if (!direct.IsList()) {
        parameters.values.push_back(DirectParameter(policy.spec, direct));
      }
      for (const io::NodeView& item :
           direct.IsList() ? direct.Children() : std::vector<io::NodeView>()) {
        parameters.values.push_back(DirectParameter(policy.spec, item));
      }
    } else if (wants && binding == nullptr) {
      TakeAll(policy.spec, parameters);
      if (parameters.values.empty()) parameters.values.push_back(Value::Null());
    } else if (!wants || !binding->param_ref) {
      parameters.values.push_back(Value::Null());
    } else {
      TakeReferenced(policy.spec, *binding->param_ref, parameters);
    }
    return parameters;
  }

  // ---- judging

  void BindNames(const BoundPolicy& policy, const Value& parameter) {
    evaluator.Use(*policy.program);
    evaluator.Bind(PolicyVariable::kObject, NodeValue(resolved.object));
    evaluator.Bind(PolicyVariable::kOldObject, NodeValue(resolved.old_object));
    evaluator.Bind(PolicyVariable::kRequest, request_value);
    evaluator.Bind(PolicyVariable::kParams, parameter);
    // As a value by itself `variables` is of no use; its fields are read in their own way.
    evaluator.Bind(PolicyVariable::kVariables,
                   Value::Error("variables can only be used one by one"));
    evaluator.Bind(PolicyVariable::kAuthorizer, AuthorizerValue(request->authorizer, values));
    evaluator.Bind(PolicyVariable::kRequestResource,
                   RequestResourceValue(request->authorizer, QuestionOf(resolved), values));
  }

  void JudgeBinding(const BoundPolicy& policy, const BindingSpec* binding, PolicyResult& result) {
    const Parameters parameters = CollectParameters(policy, binding);
    if (!parameters.missing.empty()) return Undecidable(parameters.missing, result);
    if (!parameters.error.empty())
      return Misconfigured(policy, "binding", parameters.error, result);
    if (parameters.values.empty()) return Skip("there is no parameter for the binding", result);
    bool applies = false;
    std::string missing;
    for (const Value& parameter : parameters.values) {
      BindNames(policy, parameter);
      const Validated validated =
          ValidatePolicy(policy.spec, *policy.program, NamespaceValue(resolved), evaluator, result);
      applies |= validated.applies;
      if (!validated.missing.empty()) missing = validated.missing;
    }
    Conclude(applies, missing, result);
  }

  void JudgePolicy(const BoundPolicy& policy, std::vector<PolicyResult>& results) {
    MatchResult match{Answer::kUnknown, {}, false, false};
    if (policy.spec.constraints) {
      match =
          Matches(*policy.spec.constraints, resolved, set.catalog, set.options.kubernetes_minor);
    }
    const bool exempt = IsExemptFromPolicies(resolved.group, resolved.resource);
    const size_t count = policy.implicit ? 1 : policy.bindings.size();
    for (size_t i = 0; i < count; ++i) {
      const BindingSpec* binding = policy.implicit ? nullptr : &policy.bindings[i];
      PolicyResult result = Begin(policy, binding);
      if (exempt) {
        Skip(fmt::format("requests for {} are never judged by policies", resolved.resource),
             result);
      } else if (MatchesPolicy(policy, match, result) &&
                 MatchesBinding(policy, binding, i, result)) {
        JudgeBinding(policy, binding, result);
      }
      results.push_back(std::move(result));
    }
  }

  std::shared_ptr<const PolicySet> shared;
  const PolicySet::Impl& set;
  const io::KeyTable& keys;
  PolicyEvaluator evaluator;
  NullFilter object_filter;
  NullFilter old_object_filter;
  NullFilter namespace_filter;
  std::deque<NullFilter> parameter_filters;
  Arena values;
  Value request_value;
  ResolvedRequest resolved;
  const AdmissionRequest* request = nullptr;
};

PolicyRunner::PolicyRunner(std::shared_ptr<const PolicySet> set, const io::KeyTable& keys)
    : impl_(std::make_unique<Impl>(std::move(set), keys)) {}
PolicyRunner::~PolicyRunner() = default;

Result<std::vector<PolicyResult>> PolicyRunner::Judge(const AdmissionRequest& request) {
  OURO_TRY_STATUS(impl_->Prepare(request));
  std::vector<PolicyResult> results;
  for (const BoundPolicy& policy : impl_->set.policies) impl_->JudgePolicy(policy, results);
  return results;
}

std::string DenialText(const PolicyResult& result, const PolicyDecision& decision) {
  if (result.binding.empty()) {
    return fmt::format("ValidatingAdmissionPolicy '{}' denied request: {}", result.policy,
                       decision.message);
  }
  return fmt::format("ValidatingAdmissionPolicy '{}' with binding '{}' denied request: {}",
                     result.policy, result.binding, decision.message);
}

}  // namespace ouro::rules
