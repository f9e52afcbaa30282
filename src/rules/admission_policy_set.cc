// Objects → PolicySet: read, bind, compile.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "rules/admission_policy_impl.h"
#include "rules/rule_set_nulls.h"

namespace ouro::rules {

namespace {

class SetBuilder {
 public:
  SetBuilder(PolicySet::Impl& set, io::KeyTable& keys)
      : set_(set), keys_(keys), environments_(set.options.kubernetes_minor) {}

  Status Run(std::span<const io::NodeView> objects) {
    if (static_cast<int64_t>(objects.size()) > limits::kPolicySetObjectCount) {
      return Fail(ErrorCode::kLimit, "too many policies, bindings and parameters");
    }
    set_.annotations = keys_.Intern("annotations");
    set_.labels = keys_.Intern("labels");
    for (const io::NodeView& object : objects) {
      if (!object.IsMap()) continue;
      if (IsPolicy(object)) {
        AddPolicy(object);
      } else if (IsPolicyBinding(object)) {
        AddBinding(object);
      } else {
        set_.catalog.AddDefinition(object);
      }
    }
    Bind();
    OURO_TRY_STATUS(CompilePolicies());
    return AddParameters(objects);
  }

 private:
  static std::string NameOf(const io::NodeView& object) {
    return std::string(object.Get("metadata").Get("name").Text());
  }

  void Refuse(const std::string& name, const std::string& message) {
    set_.refused.push_back({name, message});
  }

  void AddPolicy(const io::NodeView& object) {
    BoundPolicy policy;
    auto spec = ReadPolicy(object);
    if (spec) {
      policy.spec = std::move(*spec);
    } else {
      policy.spec.name = NameOf(object);
      policy.refusal = spec.error().ToString();
    }
    const bool known =
        std::any_of(set_.policies.begin(), set_.policies.end(), [&](const BoundPolicy& other) {
          return !policy.spec.name.empty() && other.spec.name == policy.spec.name;
        });
    if (known && policy.refusal.empty())
      policy.refusal = "another policy of this name stands before it";
    if (!policy.refusal.empty()) Refuse(policy.spec.name, policy.refusal);
    set_.policies.push_back(std::move(policy));
  }

  void AddBinding(const io::NodeView& object) {
    has_bindings_ = true;
    auto binding = ReadPolicyBinding(object);
    if (binding) {
      bindings_.push_back({std::move(*binding), ""});
      return;
    }
    BindingSpec broken;
    broken.name = NameOf(object);
    broken.policy_name = object.Get("spec").Get("policyName").Text();
    Refuse(broken.name, binding.error().ToString());
    bindings_.push_back({std::move(broken), binding.error().ToString()});
  }

  void Bind() {
    const bool single = set_.options.bind_single_policy && set_.policies.size() == 1;
    for (Binding& binding : bindings_) {
      bool used = false;
      for (BoundPolicy& policy : set_.policies) {
        if (!single && policy.spec.name != binding.spec.policy_name) continue;
        used = true;
        policy.bindings.push_back(binding.spec);
        policy.binding_refusals.push_back(binding.refusal);
        break;
      }
      if (!used) {
        set_.unbound.push_back(
            {binding.spec.name, fmt::format("binds policy \"{}\", which is not there",
                                            Printable(binding.spec.policy_name))});
      }
    }
    for (BoundPolicy& policy : set_.policies) {
      if (!policy.bindings.empty()) continue;
      policy.implicit = !has_bindings_;
      if (has_bindings_) set_.unbound.push_back({policy.spec.name, "no binding names this policy"});
    }
  }

  Status CompilePolicies() {
    for (BoundPolicy& policy : set_.policies) {
      if (!policy.refusal.empty()) continue;
      if (!policy.implicit && policy.bindings.empty()) continue;
      OURO_TRY(policy.program, PolicyProgram::Compile(policy.spec, environments_, keys_));
      policy.refusal = policy.program->FirstProblem();
      if (!policy.refusal.empty()) Refuse(policy.spec.name, policy.refusal);
    }
    return {};
  }

  bool IsParameter(std::string_view api_version, std::string_view kind) const {
    return std::any_of(set_.policies.begin(), set_.policies.end(), [&](const BoundPolicy& policy) {
      const auto& wanted = policy.spec.param_kind;
      return wanted && wanted->api_version == api_version && wanted->kind == kind;
    });
  }

  // Parameters are copied, one a line, so that the set does not need the objects any more.
  Status AddParameters(std::span<const io::NodeView> objects) {
    std::string json;
    for (const io::NodeView& object : objects) {
      PolicyParameter parameter;
      parameter.api_version = object.Get("apiVersion").Text();
      parameter.kind = object.Get("kind").Text();
      if (!object.IsMap() || !IsParameter(parameter.api_version, parameter.kind)) continue;
      parameter.name = NameOf(object);
      parameter.name_space = object.Get("metadata").Get("namespace").Text();
      OURO_TRY(const std::string text, ParameterJson(object, parameter));
      json += text;
      json += '\n';
      set_.parameters.push_back(std::move(parameter));
    }
    if (set_.parameters.empty()) return {};
    OURO_TRY_STATUS(io::ReadJson(std::move(json), {}, keys_, set_.parameter_tree));
    const auto& roots = set_.parameter_tree.roots();
    if (roots.size() != set_.parameters.size()) {
      return Fail(ErrorCode::kInvalid, "a parameter is not JSON");
    }
    for (size_t i = 0; i < roots.size(); ++i) set_.parameters[i].node = roots[i].node;
    return {};
  }

  Result<std::string> ParameterJson(const io::NodeView& object, const PolicyParameter& parameter) {
    const GroupVersion group_version = SplitApiVersion(parameter.api_version);
    if (!set_.catalog.Find(group_version.group, parameter.kind).built_in) {
      return io::ToJson(object.tree(), keys_, object.index());
    }
    NullFilter filter(set_.annotations, set_.labels);
    return io::ToJson(filter.View(object.tree(), object.index()), keys_, object.index());
  }

  struct Binding {
    BindingSpec spec;
    std::string refusal;
  };

  PolicySet::Impl& set_;
  io::KeyTable& keys_;
  PolicyEnvironments environments_;
  std::vector<Binding> bindings_;
  bool has_bindings_ = false;
};

}  // namespace

PolicySet::PolicySet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PolicySet::~PolicySet() = default;

Result<std::shared_ptr<const PolicySet>> PolicySet::Compile(std::span<const io::NodeView> objects,
                                                            const PolicySetOptions& options,
                                                            io::KeyTable& keys) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  OURO_TRY_STATUS(SetBuilder(*impl, keys).Run(objects));
  return std::shared_ptr<const PolicySet>(new PolicySet(std::move(impl)));
}

const std::vector<PolicySet::Problem>& PolicySet::refused() const {
  return impl_->refused;
}
const std::vector<PolicySet::Problem>& PolicySet::unbound() const {
  return impl_->unbound;
}
int64_t PolicySet::policy_count() const {
  return static_cast<int64_t>(impl_->policies.size());
}
std::string_view PolicySet::policy_name(int64_t index) const {
  return impl_->policies[static_cast<size_t>(index)].spec.name;
}

}  // namespace ouro::rules
