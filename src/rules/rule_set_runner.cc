// RuleRunner: finds the subjects of an object and asks the rules about them.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/limits.h"
#include "model/workload.h"
#include "rules/inventory.h"
#include "rules/rule_set_impl.h"
#include "rules/rule_set_nulls.h"

namespace ouro::rules {
namespace {

// Kinds whose plan is remembered; a run over generated kinds must not fill memory.
constexpr size_t kPlanCountMax = 4096;

// What a kind of object needs, found out once.
struct Plan {
  std::vector<uint32_t> object_groups;
  std::vector<uint32_t> pod_groups;
  std::vector<uint32_t> container_groups;
  std::vector<uint32_t> templates;  // indexes into RuleSet::Impl::templates
  bool empty() const {
    return object_groups.empty() &&
           (templates.empty() || (pod_groups.empty() && container_groups.empty()));
  }
};

std::string_view GroupOfVersion(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

// "Kind", "group/Kind" or "core/Kind".
bool KindMatches(std::string_view wanted, std::string_view group, std::string_view kind) {
  const size_t slash = wanted.rfind('/');
  if (slash == std::string_view::npos) return wanted == kind;
  std::string_view wanted_group = wanted.substr(0, slash);
  if (wanted_group == "core") wanted_group = {};
  return wanted.substr(slash + 1) == kind && wanted_group == group;
}

// A step of the way from the object to a subject. Views are of the key table or of the rule set.
struct TrailStep {
  std::string_view key;  // when index < 0
  int64_t index = -1;
  uint32_t node = io::kNoNode;
};

}  // namespace

struct RuleRunner::Impl {
  Impl(std::shared_ptr<const RuleSet> rule_set, const io::KeyTable& key_table,
       const Inventory* rbac)
      : rules(std::move(rule_set)),
        set(rules->impl()),
        keys(key_table),
        inventory(rbac),
        evaluator(set.program, key_table),
        nulls(set.annotations, set.labels) {}

  std::shared_ptr<const RuleSet> rules;
  const RuleSet::Impl& set;
  const io::KeyTable& keys;
  const Inventory* inventory;
  std::vector<Account> accounts;  // of the object being judged
  Evaluator evaluator;
  NullFilter nulls;
  std::unordered_map<std::string, Plan> plans;
  std::string plan_key;

  // The object in work.
  const io::Tree* tree = nullptr;  // as written: for places
  const io::Tree* view = nullptr;  // without nulls: for values; same node indexes
  uint32_t object = io::kNoNode;
  std::vector<TrailStep> trail;
  std::string_view container_name;
  std::vector<const MapPath*> wrong_paths;  // of the subject in work
  std::vector<Hit> hits;
  std::vector<size_t> order;  // of hits, by check
  int64_t passed = 0;

  const Plan& PlanFor(std::string_view api_version, std::string_view kind);
  void RunObject(const Plan& plan);
  void RunTemplates(const Plan& plan, const TemplatePath& paths);
  void RunTemplate(const Plan& plan, uint32_t node);
  void RunContainers(const Plan& plan, uint32_t spec);
  void RunGroup(const RuleGroup& group, uint32_t subject);
  void CheckShape(const RuleGroup& group, uint32_t subject);
  bool LooksBelowWrongPath(const CompiledRule& rule) const;
  void Ask(const RuleGroup& group, uint32_t subject);
  bool Evaluate(const CompiledRule& rule, uint32_t subject);

  Account AccountOf(uint32_t pod_template) const;
  Value BindServiceAccount(const Account& account);
  uint32_t Walk(uint32_t from, const std::vector<PathStep>& steps, bool& wrong_type);
  void PushKey(std::string_view key, uint32_t node) { trail.push_back({key, -1, node}); }
  void PushIndex(int64_t index, uint32_t node) { trail.push_back({{}, index, node}); }

  void AddHit(HitKind kind, const CompiledRule& rule, uint32_t subject, std::string message);
  void AddShapeError(const Plan& plan, std::string_view wanted);
  void SetPaths(Hit& hit, const std::vector<PathStep>& at, uint32_t subject) const;
  std::string JsonPath() const;
  std::string FieldPath() const;
  std::string MessageOf(const CompiledRule& rule);
};

const Plan& RuleRunner::Impl::PlanFor(std::string_view api_version, std::string_view kind) {
  plan_key.assign(api_version);
  plan_key += '\n';
  plan_key += kind;
  if (const auto known = plans.find(plan_key); known != plans.end()) return known->second;
  if (plans.size() >= kPlanCountMax) plans.clear();
  Plan plan;
  const std::string_view api_group = GroupOfVersion(api_version);
  for (uint32_t i = 0; i < set.groups.size(); ++i) {
    const RuleGroup& group = set.groups[i];
    const auto& kinds = group.match.kinds;
    const bool matches =
        kinds.empty() || std::any_of(kinds.begin(), kinds.end(), [&](const std::string& wanted) {
          return KindMatches(wanted, api_group, kind);
        });
    if (!matches) continue;
    switch (group.match.target) {
      case Target::kObject:
        plan.object_groups.push_back(i);
        break;
      case Target::kPod:
        plan.pod_groups.push_back(i);
        break;
      case Target::kContainers:
        plan.container_groups.push_back(i);
        break;
    }
  }
  const auto workloads = model::FindWorkload(api_version, kind);
  for (const auto& workload : workloads) {
    plan.templates.push_back(static_cast<uint32_t>(&workload - model::WorkloadKinds().data()));
  }
  return plans.emplace(plan_key, std::move(plan)).first->second;
}

// The node at the end of the path, and the trail to it. kNoNode when it is absent; `wrong_type`
// when something on the way is neither a map nor absent.
uint32_t RuleRunner::Impl::Walk(uint32_t from, const std::vector<PathStep>& steps,
                                bool& wrong_type) {
  uint32_t node = from;
  for (const auto& step : steps) {
    if (step.index >= 0) return io::kNoNode;  // checks have no indexes in `each`
    node = view->Resolve(node);
    if (view->node(node).type != io::NodeType::kMap) {
      wrong_type = true;
      return io::kNoNode;
    }
    node = view->ChildSlot(node, step.key_id);
    if (node == io::kNoNode) return node;
    PushKey(step.key, node);
  }
  return view->Resolve(node);
}

void RuleRunner::Impl::RunObject(const Plan& plan) {
  evaluator.Reset();
  evaluator.Bind(set.kubernetes, Value::Map(&set.kubernetes_map));
  evaluator.Bind(set.object, Value::OfNode(*view, object));
  container_name = {};
  trail.clear();
  for (const uint32_t group : plan.object_groups) RunGroup(set.groups[group], object);
  if (plan.pod_groups.empty() && plan.container_groups.empty()) return;
  for (const uint32_t index : plan.templates) {
    trail.clear();
    RunTemplates(plan, set.templates[index]);
  }
}

void RuleRunner::Impl::RunTemplates(const Plan& plan, const TemplatePath& paths) {
  bool wrong_type = false;
  const uint32_t items = Walk(object, paths.items, wrong_type);
  if (wrong_type) return AddShapeError(plan, "a map");
  if (items == io::kNoNode) return;
  const auto run_one = [&](uint32_t from) {
    const uint32_t node = Walk(from, paths.path, wrong_type);
    if (wrong_type) {
      AddShapeError(plan, "a map");
      wrong_type = false;
    } else if (node != io::kNoNode) {
      RunTemplate(plan, node);
    }
  };
  if (paths.items.empty()) return run_one(object);
  const io::Node& list = view->node(items);
  if (list.type != io::NodeType::kList && list.type != io::NodeType::kMap) {
    return AddShapeError(plan, "a list or a map");
  }
  const size_t depth = trail.size();
  int64_t index = 0;
  for (uint32_t i = items + 1; i < list.next; i = view->node(i).next, ++index) {
    if (view->node(i).flags & io::kNodeOverridden) continue;
    if (list.type == io::NodeType::kList) {
      PushIndex(index, i);
    } else {
      PushKey(keys.Text(view->node(i).key), i);
    }
    run_one(view->Resolve(i));
    trail.resize(depth);
  }
}

void RuleRunner::Impl::RunTemplate(const Plan& plan, uint32_t node) {
  if (view->node(node).type != io::NodeType::kMap) return AddShapeError(plan, "a map");
  evaluator.Bind(set.pod, Value::OfNode(*view, node));
  if (set.needs_inventory) {
    accounts.push_back(AccountOf(node));
    if (inventory != nullptr) {
      evaluator.Bind(set.service_account, BindServiceAccount(accounts.back()));
    }
  }
  container_name = {};
  const size_t depth = trail.size();
  for (const uint32_t group : plan.pod_groups) {
    RunGroup(set.groups[group], node);
    trail.resize(depth);
  }
  const uint32_t spec = view->ChildSlot(node, set.spec);
  if (spec == io::kNoNode || plan.container_groups.empty()) return;
  PushKey("spec", spec);
  if (view->node(view->Resolve(spec)).type == io::NodeType::kMap) {
    RunContainers(plan, view->Resolve(spec));
  } else {
    AddShapeError(plan, "a map");
  }
  trail.resize(depth);
}

void RuleRunner::Impl::RunContainers(const Plan& plan, uint32_t spec) {
  const size_t depth = trail.size();
  for (uint32_t l = 0; l < 3; ++l) {
    trail.resize(depth);
    const uint32_t slot = view->ChildSlot(spec, set.container_lists[l]);
    if (slot == io::kNoNode) continue;
    PushKey(kContainerListNames[l], slot);
    const uint32_t list = view->Resolve(slot);
    if (view->node(list).type != io::NodeType::kList) {
      AddShapeError(plan, "a list");
      continue;
    }
    int64_t index = 0;
    for (uint32_t i = list + 1; i < view->node(list).next; i = view->node(i).next, ++index) {
      trail.resize(depth + 1);
      PushIndex(index, i);
      const uint32_t container = view->Resolve(i);
      if (view->node(container).type != io::NodeType::kMap) {
        AddShapeError(plan, "a map");
        continue;
      }
      const uint32_t name = view->Child(container, set.name);
      container_name = name == io::kNoNode ? std::string_view() : view->Text(name);
      evaluator.Bind(set.container, Value::OfNode(*view, container));
      evaluator.Bind(set.container_type, Value::String(kContainerListNames[l]));
      for (const uint32_t group : plan.container_groups) {
        if ((set.groups[group].container_mask & (1U << l)) == 0) continue;
        RunGroup(set.groups[group], container);
        trail.resize(depth + 2);
      }
    }
    container_name = {};
  }
  trail.resize(depth);
}

void RuleRunner::Impl::RunGroup(const RuleGroup& group, uint32_t subject) {
  if (group.each.empty()) {
    CheckShape(group, subject);
    Ask(group, subject);
    wrong_paths.clear();
    return;
  }
  const size_t start = trail.size();
  bool wrong_type = false;
  const uint32_t list = Walk(subject, group.each, wrong_type);
  const io::NodeType type = list == io::kNoNode ? io::NodeType::kNull : view->node(list).type;
  const bool is_list = type == io::NodeType::kList;
  if (wrong_type || (list != io::kNoNode && !is_list && type != io::NodeType::kMap)) {
    CompiledRule whole;  // the place is the value of the wrong type itself
    whole.check = group.rules.front().check;
    AddHit(HitKind::kError, whole, trail.empty() ? subject : trail.back().node,
           fmt::format("{} is of the wrong type, so its items were not judged", FieldPath()));
    trail.resize(start);
    return;
  }
  const size_t depth = trail.size();
  int64_t index = 0;
  for (uint32_t i = list + 1; list != io::kNoNode && i < view->node(list).next;
       i = view->node(i).next, ++index) {
    const io::Node& item = view->node(i);
    if (item.flags & io::kNodeOverridden) continue;
    const uint32_t node = view->Resolve(i);
    if (is_list) {
      PushIndex(index, i);
      evaluator.Bind(set.item_key, Value::Int(index));
    } else {
      const std::string_view key = keys.Text(item.key);
      PushKey(key, i);
      evaluator.Bind(set.item_key, Value::String(key));
    }
    evaluator.Bind(set.item, Value::OfNode(*view, node));
    Ask(group, i);
    trail.resize(depth);
  }
  trail.resize(start);
}

void RuleRunner::Impl::CheckShape(const RuleGroup& group, uint32_t subject) {
  const size_t depth = trail.size();
  wrong_paths.clear();
  for (const MapPath& path : group.map_paths) {
    bool wrong_type = false;
    const uint32_t node = Walk(subject, path.steps, wrong_type);
    if (node != io::kNoNode && view->node(node).type != io::NodeType::kMap) {
      CompiledRule whole;
      whole.check = path.check;
      wrong_paths.push_back(&path);
      AddHit(HitKind::kError, whole, trail.back().node,
             fmt::format("{} must be a map; what it should hold was not judged", FieldPath()));
    }
    trail.resize(depth);
  }
}

bool RuleRunner::Impl::LooksBelowWrongPath(const CompiledRule& rule) const {
  return std::any_of(wrong_paths.begin(), wrong_paths.end(), [&](const MapPath* path) {
    if (rule.at.size() <= path->steps.size()) return false;
    return std::equal(
        path->steps.begin(), path->steps.end(), rule.at.begin(),
        [](const PathStep& a, const PathStep& b) { return a.key == b.key && a.index == b.index; });
  });
}

void RuleRunner::Impl::Ask(const RuleGroup& group, uint32_t subject) {
  for (const CompiledRule& rule : group.rules) {
    const Check& check = *set.checks[rule.check].check;
    if (check.needs_inventory && inventory == nullptr) continue;
    if (!wrong_paths.empty() && LooksBelowWrongPath(rule)) continue;
    if (set.parameters[rule.check].kind != Kind::kNull) {
      evaluator.Bind(set.params, set.parameters[rule.check]);
    }
    if (rule.when != kNoEntry) {
      const Value when = evaluator.Run(rule.when);
      if (when.is_false()) continue;
      if (!when.is_true()) {
        AddHit(HitKind::kError, rule, subject,
               when.is_error() ? std::string(when.str()) : "match.when gave no boolean");
        continue;
      }
    }
    if (Evaluate(rule, subject)) ++passed;
  }
}

bool RuleRunner::Impl::Evaluate(const CompiledRule& rule, uint32_t subject) {
  const Value result = evaluator.Run(rule.expression);
  if (result.is_true()) {
    if (set.options.want_passes) AddHit(HitKind::kPass, rule, subject, {});
    return true;
  }
  if (result.is_false()) {
    AddHit(HitKind::kFail, rule, subject, MessageOf(rule));
  } else {
    AddHit(HitKind::kError, rule, subject,
           result.is_error() ? std::string(result.str())
                             : fmt::format("expr gave {}, not a boolean", TypeName(result)));
  }
  return false;
}

std::string RuleRunner::Impl::MessageOf(const CompiledRule& rule) {
  if (rule.message != kNoEntry) {
    const Value message = evaluator.Run(rule.message);
    if (message.kind == Kind::kString) {
      std::string text(message.str());
      if (text.size() > static_cast<size_t>(limits::kMessageSizeBytes)) {
        text.resize(static_cast<size_t>(limits::kMessageSizeBytes));
        text += " …";
      }
      return text;
    }
  }
  return set.checks[rule.check].check->title;
}

RuleRunner::Account RuleRunner::Impl::AccountOf(uint32_t pod_template) const {
  const auto text_of = [&](uint32_t map, io::KeyId key) {
    const uint32_t child = view->Child(map, key);
    return child == io::kNoNode ? std::string_view() : view->Text(child);
  };
  const std::string_view name_space = text_of(view->Child(object, set.metadata), set.name_space);
  const uint32_t spec = view->Child(pod_template, set.spec);
  std::string_view name = text_of(spec, set.service_account_name);
  if (name.empty()) name = text_of(spec, set.service_account_old_name);
  return {name_space, name};
}

Value RuleRunner::Impl::BindServiceAccount(const Account& account) {
  const auto [name_space, name] = account;
  Arena& arena = evaluator.arena();
  const auto list = [&](const std::vector<std::string>& items) {
    Value* values = arena.NewArray<Value>(items.size());
    for (size_t i = 0; i < items.size(); ++i) values[i] = Value::String(items[i]);
    return arena.NewList({values, items.size()});
  };
  std::vector<Value> grants;
  for (const Grant* grant : inventory->GrantsOf(name_space, name)) {
    std::vector<Value> granted;
    for (const auto& rule : grant->rules) {
      const MapEntry entries[] = {
          {Value::String("apiGroups"), list(rule.api_groups)},
          {Value::String("resources"), list(rule.resources)},
          {Value::String("verbs"), list(rule.verbs)},
          {Value::String("resourceNames"), list(rule.resource_names)},
          {Value::String("nonResourceURLs"), list(rule.non_resource_urls)},
      };
      granted.push_back(arena.NewMap(entries));
    }
    const MapEntry entries[] = {
        {Value::String("binding"), Value::String(grant->binding)},
        {Value::String("role"), Value::String(grant->role)},
        {Value::String("namespace"), Value::String(grant->name_space)},
        {Value::String("rules"), arena.NewList(granted)},
    };
    grants.push_back(arena.NewMap(entries));
  }
  const MapEntry entries[] = {
      {Value::String("namespace"), Value::String(name_space.empty() ? "default" : name_space)},
      {Value::String("name"), Value::String(name.empty() ? "default" : name)},
      {Value::String("grants"), arena.NewList(grants)},
  };
  return arena.NewMap(entries);
}

std::string RuleRunner::Impl::JsonPath() const {
  std::string path = "$";
  for (const auto& step : trail) {
    if (step.index >= 0) {
      AppendIndexStep(path, step.index);
    } else {
      AppendKeyStep(path, step.key);
    }
  }
  return path;
}

std::string RuleRunner::Impl::FieldPath() const {
  std::string path;
  std::string_view list_key;
  for (const auto& step : trail) {
    if (step.index < 0) {
      AppendKeyStep(path, step.key);
      list_key = step.key;
    } else {
      path += '[';
      path += ListItemName(*tree, keys, list_key, step.node);
      path += ']';
    }
  }
  return path;
}

void RuleRunner::Impl::SetPaths(Hit& hit, const std::vector<PathStep>& at, uint32_t subject) const {
  uint32_t node = subject;
  hit.node = subject;
  hit.present = true;
  std::string_view list_key = trail.empty() ? std::string_view() : trail.back().key;
  for (const auto& step : at) {
    uint32_t child = io::kNoNode;
    if (node != io::kNoNode && step.index < 0) {
      child = tree->ChildSlot(node, step.key_id);
    } else if (node != io::kNoNode) {
      const uint32_t list = tree->Resolve(node);
      int64_t index = 0;
      for (uint32_t i = list + 1;
           tree->node(list).type == io::NodeType::kList && i < tree->node(list).next;
           i = tree->node(i).next, ++index) {
        if (index == step.index) child = i;
      }
    }
    if (step.index < 0) {
      AppendKeyStep(hit.json_path, step.key);
      AppendKeyStep(hit.field_path, step.key);
      list_key = step.key;
    } else {
      AppendIndexStep(hit.json_path, step.index);
      hit.field_path +=
          fmt::format("[{}]", child == io::kNoNode ? std::to_string(step.index)
                                                   : ListItemName(*tree, keys, list_key, child));
    }
    node = child;
    if (child == io::kNoNode) {
      hit.present = false;
    } else {
      hit.node = child;
    }
  }
}

void RuleRunner::Impl::AddHit(HitKind kind, const CompiledRule& rule, uint32_t subject,
                              std::string message) {
  Hit hit;
  hit.kind = kind;
  hit.check = rule.check;
  hit.container = container_name;
  hit.message = std::move(message);
  const std::string base = JsonPath();
  hit.json_path = base;
  hit.field_path = FieldPath();
  SetPaths(hit, rule.at, subject);
  if (kind == HitKind::kFail) {
    for (const auto& fix : rule.fixes) {
      std::string path = base;
      for (const auto& step : fix.path) {
        if (step.index >= 0) {
          AppendIndexStep(path, step.index);
        } else {
          AppendKeyStep(path, step.key);
        }
      }
      hit.fix.emplace_back(std::move(path), fix.value_json);
    }
  }
  hits.push_back(std::move(hit));
}

// Something that holds pods is of a wrong type: none of the rules below it could run.
void RuleRunner::Impl::AddShapeError(const Plan& plan, std::string_view wanted) {
  CompiledRule whole;
  whole.check = static_cast<uint32_t>(set.checks.size());
  for (const auto* groups : {&plan.pod_groups, &plan.container_groups}) {
    for (const uint32_t group : *groups) {
      whole.check = std::min(whole.check, set.groups[group].rules.front().check);
    }
  }
  if (whole.check == set.checks.size()) return;
  AddHit(HitKind::kError, whole, trail.empty() ? object : trail.back().node,
         fmt::format("{} must be {}; no check could judge what it holds", FieldPath(), wanted));
}

RuleRunner::RuleRunner(std::shared_ptr<const RuleSet> rules, const io::KeyTable& keys,
                       const Inventory* inventory)
    : impl_(std::make_unique<Impl>(std::move(rules), keys, inventory)) {}
RuleRunner::~RuleRunner() = default;

int64_t RuleRunner::Run(const io::Tree& tree, uint32_t node, HitSink& sink) {
  Impl& run = *impl_;
  run.accounts.clear();
  node = tree.Resolve(node);
  const uint32_t api_version = tree.Child(node, run.set.api_version);
  const uint32_t kind = tree.Child(node, run.set.kind);
  if (api_version == io::kNoNode || kind == io::kNoNode) return 0;
  const Plan& plan = run.PlanFor(tree.Text(api_version), tree.Text(kind));
  if (plan.empty()) return 0;
  run.tree = &tree;
  run.view = &run.nulls.View(tree, node);
  run.object = node;
  run.hits.clear();
  run.passed = 0;
  run.RunObject(plan);
  run.order.resize(run.hits.size());
  std::iota(run.order.begin(), run.order.end(), size_t{0});
  std::sort(run.order.begin(), run.order.end(), [&](size_t a, size_t b) {
    const uint32_t check_a = run.hits[a].check;
    const uint32_t check_b = run.hits[b].check;
    return check_a != check_b ? check_a < check_b : a < b;
  });
  for (const size_t i : run.order) sink.OnHit(std::move(run.hits[i]));
  return run.passed;
}

const std::vector<RuleRunner::Account>& RuleRunner::accounts() const {
  return impl_->accounts;
}

}  // namespace ouro::rules
