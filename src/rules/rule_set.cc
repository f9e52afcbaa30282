#include "rules/rule_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "model/workload.h"
#include "rules/rule_set_impl.h"

namespace ouro::rules {
namespace {

EnvironmentOptions MakeEnvironment(const RuleSetOptions& options) {
  EnvironmentOptions environment;
  // Own checks may use every function there is, whatever the version whose rules they apply: they
  // are evaluated here and not by an API server.
  environment.kubernetes_minor = std::max(options.kubernetes_minor, kNewestKubernetesMinor);
  environment.variables = {
      {"object", "dyn", 0},
      {"kubernetes", "map(string, int)", 0},
      {"pod", "dyn", 0},
      {"serviceAccount", "dyn", 0},
      {"container", "dyn", 1},
      {"containerType", "string", 1},
      {"item", "dyn", 2},
      {"itemKey", "dyn", 2},
      // Parameters differ from check to check, so nothing that uses them may be shared for long.
      {"params", "dyn", 2},
  };
  return environment;
}

std::string JoinPath(const std::vector<PathStep>& steps) {
  std::string path;
  for (const auto& step : steps) {
    if (step.index >= 0) {
      AppendIndexStep(path, step.index);
    } else {
      AppendKeyStep(path, step.key);
    }
  }
  return path;
}

uint32_t ContainerMask(const Match& match) {
  uint32_t mask = 0;
  for (uint32_t i = 0; i < 3; ++i) {
    const auto& lists = match.container_lists;
    const bool wanted = lists.empty() || std::find(lists.begin(), lists.end(),
                                                   kContainerListNames[i]) != lists.end();
    if (wanted) mask |= 1U << i;
  }
  return mask;
}

bool IsBoolType(std::string_view type) {
  return type == "bool" || type == "dyn";
}

// Compiles the rules of one set; see RuleSet::Compile().
class Compiler {
 public:
  Compiler(RuleSet::Impl& set, io::KeyTable& keys) : set_(set), keys_(keys) {}

  Status Run() {
    auto environment = Environment::Create(MakeEnvironment(set_.options));
    if (!environment) return tl::unexpected<Error>(environment.error());
    SetVariables(**environment);
    SetKeys();
    OURO_TRY_STATUS(SetTemplates());
    OURO_TRY_STATUS(SetParameters());
    ProgramBuilder builder(*environment, keys_);
    for (uint32_t i = 0; i < set_.checks.size(); ++i) {
      const SelectedCheck& selected = set_.checks[i];
      if (!selected.check->not_evaluable.empty()) continue;
      set_.needs_inventory |= selected.check->needs_inventory;
      for (const Rule& rule : selected.rules) {
        if (auto status = AddRule(builder, rule, i); !status) {
          return tl::unexpected<Error>(
              WithContext(std::move(status).error(), selected.selected_as));
        }
      }
    }
    set_.program = builder.Build();
    return {};
  }

 private:
  void SetVariables(const Environment& environment) {
    const auto index = [&](std::string_view name) {
      const int slot = environment.VariableIndex(name);
      OURO_CHECK(slot >= 0);
      return slot;
    };
    set_.object = index("object");
    set_.kubernetes = index("kubernetes");
    set_.pod = index("pod");
    set_.service_account = index("serviceAccount");
    set_.container = index("container");
    set_.container_type = index("containerType");
    set_.item = index("item");
    set_.item_key = index("itemKey");
    set_.params = index("params");
    set_.kubernetes_entry = {Value::String("minor"), Value::Int(set_.options.kubernetes_minor)};
    set_.kubernetes_map.entries = &set_.kubernetes_entry;
    set_.kubernetes_map.count = 1;
  }

  void SetKeys() {
    set_.api_version = keys_.Intern("apiVersion");
    set_.kind = keys_.Intern("kind");
    set_.metadata = keys_.Intern("metadata");
    set_.name = keys_.Intern("name");
    set_.name_space = keys_.Intern("namespace");
    set_.spec = keys_.Intern("spec");
    set_.service_account_name = keys_.Intern("serviceAccountName");
    set_.service_account_old_name = keys_.Intern("serviceAccount");
    set_.automount = keys_.Intern("automountServiceAccountToken");
    set_.annotations = keys_.Intern("annotations");
    set_.labels = keys_.Intern("labels");
    for (size_t i = 0; i < 3; ++i) set_.container_lists[i] = keys_.Intern(kContainerListNames[i]);
  }

  // Interned here, because a runner only reads the key table.
  Status SetTemplates() {
    for (const auto& workload : model::WorkloadKinds()) {
      TemplatePath paths;
      OURO_TRY(paths.items, ParseCheckPath(workload.item_list, &keys_));
      OURO_TRY(paths.path, ParseCheckPath(workload.template_path, &keys_));
      set_.templates.push_back(std::move(paths));
    }
    return {};
  }

  // All parameters of all checks stand in one small document, one line a check.
  Status SetParameters() {
    std::string json;
    for (const auto& selected : set_.checks) {
      json += '{';
      std::string_view separator;
      for (const auto& [name, text] : selected.parameters) {
        json += separator;
        AppendJsonString(json, name);
        json += ':';
        json += text;
        separator = ",";
      }
      json += "}\n";
    }
    set_.parameters.resize(set_.checks.size());
    if (set_.checks.empty()) return {};
    OURO_TRY_STATUS(io::ReadJson(std::move(json), {}, keys_, set_.parameter_tree));
    const auto& roots = set_.parameter_tree.roots();
    if (roots.size() != set_.checks.size()) {
      return Fail(ErrorCode::kInvalid, "a parameter of a check is not JSON");
    }
    for (size_t i = 0; i < roots.size(); ++i) {
      if (roots[i].failed) return Fail(ErrorCode::kInvalid, "a parameter of a check is not JSON");
      if (set_.checks[i].parameters.empty()) continue;
      set_.parameters[i] = Value::OfNode(set_.parameter_tree, roots[i].node);
    }
    return {};
  }

  Result<int> AddExpression(ProgramBuilder& builder, const std::string& text, std::string_view what,
                            bool wants_bool) {
    // Equal texts stand in many rules (conditions of RBAC checks, messages); parse them once.
    if (const auto known = entries_.find(text); known != entries_.end()) return known->second;
    auto added = builder.Add(text);
    if (!added) {
      Error error = std::move(added).error();
      error.message = fmt::format("{}: {}", what, error.message);
      return tl::unexpected<Error>(std::move(error));
    }
    const std::string_view type = added->result_type;
    if (wants_bool ? !IsBoolType(type) : type != "string" && type != "dyn") {
      return Fail(ErrorCode::kInvalid, fmt::format("{} must give {}, not {}", what,
                                                   wants_bool ? "true or false" : "text", type));
    }
    entries_.emplace(text, added->entry);
    return added->entry;
  }

  Status AddRule(ProgramBuilder& builder, const Rule& rule, uint32_t check) {
    CompiledRule compiled;
    compiled.check = check;
    OURO_TRY(compiled.expression, AddExpression(builder, rule.expression, "expr", true));
    if (!rule.match.when.empty()) {
      OURO_TRY(compiled.when, AddExpression(builder, rule.match.when, "match.when", true));
    }
    if (!rule.message.empty()) {
      OURO_TRY(compiled.message, AddExpression(builder, rule.message, "message", false));
    }
    OURO_TRY(compiled.at, ParseCheckPath(rule.at, &keys_));
    for (const auto& fix : rule.fixes) {
      CompiledFix compiled_fix;
      OURO_TRY(compiled_fix.path, ParseCheckPath(fix.path, &keys_));
      compiled_fix.value_json = fix.value_json;
      compiled.fixes.push_back(std::move(compiled_fix));
    }
    OURO_TRY(RuleGroup * group, GroupOf(rule.match));
    if (group->each.empty()) AddMapPaths(*group, compiled);
    group->rules.push_back(std::move(compiled));
    return {};
  }

  static void AddMapPaths(RuleGroup& group, const CompiledRule& rule) {
    for (size_t size = 1; size < rule.at.size(); ++size) {
      MapPath path;
      path.steps.assign(rule.at.begin(), rule.at.begin() + static_cast<ptrdiff_t>(size));
      path.check = rule.check;
      const std::string text = JoinPath(path.steps);
      const bool known = std::any_of(group.map_paths.begin(), group.map_paths.end(),
                                     [&](const MapPath& p) { return JoinPath(p.steps) == text; });
      if (!known) group.map_paths.push_back(std::move(path));
    }
  }

  Result<RuleGroup*> GroupOf(const Match& match) {
    OURO_TRY(std::vector<PathStep> each, ParseCheckPath(match.each, &keys_));
    const uint32_t mask = ContainerMask(match);
    for (auto& group : set_.groups) {
      if (group.match.target == match.target && group.match.kinds == match.kinds &&
          group.container_mask == mask && JoinPath(group.each) == JoinPath(each)) {
        return &group;
      }
    }
    RuleGroup group;
    group.match = match;
    group.match.when.clear();
    group.container_mask = mask;
    group.each = std::move(each);
    set_.groups.push_back(std::move(group));
    return &set_.groups.back();
  }

  RuleSet::Impl& set_;
  io::KeyTable& keys_;
  // Text → entry. A text that is used as a condition and as a message would need both types; the
  // one that was seen first was checked, and the runner checks the value again.
  std::unordered_map<std::string, int> entries_;
};

}  // namespace

RuleSet::RuleSet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RuleSet::~RuleSet() = default;

const std::vector<SelectedCheck>& RuleSet::checks() const {
  return impl_->checks;
}
bool RuleSet::needs_inventory() const {
  return impl_->needs_inventory;
}

Result<std::shared_ptr<const RuleSet>> RuleSet::Compile(std::vector<SelectedCheck> checks,
                                                        const RuleSetOptions& options,
                                                        io::KeyTable& keys) {
  auto impl = std::make_unique<Impl>();
  impl->checks = std::move(checks);
  impl->options = options;
  OURO_TRY_STATUS(Compiler(*impl, keys).Run());
  return std::shared_ptr<const RuleSet>(new RuleSet(std::move(impl)));
}

}  // namespace ouro::rules
