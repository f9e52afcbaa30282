#include "rules/inventory.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/text.h"

namespace ouro::rules {
namespace {

constexpr std::string_view kRbacGroupPrefix = "rbac.authorization.k8s.io/";
constexpr std::string_view kDefault = "default";  // namespace and service account
// Levels of aggregated roles that aggregate aggregated roles. Kubernetes ships two.
constexpr size_t kAggregationDepthMax = 8;

std::string NamespaceOr(std::string_view name_space) {
  return std::string(name_space.empty() ? kDefault : name_space);
}

std::vector<std::string> Texts(const io::NodeView& list) {
  std::vector<std::string> out;
  for (const auto& item : list.Children()) {
    if (item.IsString()) out.emplace_back(item.Text());
  }
  return out;
}

std::vector<GrantedRule> ReadRules(const io::NodeView& list) {
  std::vector<GrantedRule> rules;
  for (const auto& item : list.Children()) {
    if (!item.IsMap()) continue;
    rules.push_back({Texts(item.Get("apiGroups")), Texts(item.Get("resources")),
                     Texts(item.Get("verbs")), Texts(item.Get("resourceNames")),
                     Texts(item.Get("nonResourceURLs"))});
  }
  return rules;
}

GrantedRule MakeRule(std::vector<std::string> groups, std::vector<std::string> resources,
                     std::vector<std::string> verbs) {
  return {std::move(groups), std::move(resources), std::move(verbs), {}, {}};
}

}  // namespace

void Inventory::Add(const io::Tree& tree, const io::KeyTable& keys, uint32_t node) {
  const io::NodeView object(tree, keys, node);
  if (!StartsWith(object.Get("apiVersion").Text(), kRbacGroupPrefix)) return;
  const std::string_view kind = object.Get("kind").Text();
  if (kind == "Role" || kind == "ClusterRole") AddRole(object, kind == "ClusterRole");
  if (kind == "RoleBinding" || kind == "ClusterRoleBinding") {
    AddBinding(object, kind == "ClusterRoleBinding");
  }
}

void Inventory::AddRole(const io::NodeView& object, bool cluster) {
  const auto metadata = object.Get("metadata");
  Role role;
  role.rules = ReadRules(object.Get("rules"));
  for (const auto& [key, value] : metadata.Get("labels").Members()) {
    role.labels[std::string(key)] = std::string(value.Text());
  }
  for (const auto& selector :
       object.Get("aggregationRule").Get("clusterRoleSelectors").Children()) {
    std::vector<LabelRequirement> requirements;
    for (const auto& [key, value] : selector.Get("matchLabels").Members()) {
      requirements.push_back({std::string(key), "In", {std::string(value.Text())}});
    }
    for (const auto& item : selector.Get("matchExpressions").Children()) {
      requirements.push_back({std::string(item.Get("key").Text()),
                              std::string(item.Get("operator").Text()), Texts(item.Get("values"))});
    }
    role.aggregation.push_back(std::move(requirements));
  }
  std::string name(metadata.Get("name").Text());
  if (!cluster) name = NamespaceOr(metadata.Get("namespace").Text()) + "/" + name;
  // The same role in two files: rights add up, so that no order of files hides one.
  Role& known = roles_[name];
  known.rules.insert(known.rules.end(), role.rules.begin(), role.rules.end());
  known.labels.merge(role.labels);
  known.aggregation.insert(known.aggregation.end(), role.aggregation.begin(),
                           role.aggregation.end());
}

void Inventory::AddBinding(const io::NodeView& object, bool cluster) {
  const auto metadata = object.Get("metadata");
  Binding binding;
  if (!cluster) binding.name_space = NamespaceOr(metadata.Get("namespace").Text());
  binding.name = std::string(metadata.Get("name").Text());
  binding.role_kind = std::string(object.Get("roleRef").Get("kind").Text());
  binding.role_name = std::string(object.Get("roleRef").Get("name").Text());
  for (const auto& subject : object.Get("subjects").Children()) {
    Subject entry{std::string(subject.Get("kind").Text()), std::string(subject.Get("name").Text()),
                  std::string(subject.Get("namespace").Text())};
    if (entry.kind == "ServiceAccount" && entry.name_space.empty()) {
      entry.name_space = cluster ? std::string(kDefault) : binding.name_space;
    }
    binding.subjects.push_back(std::move(entry));
  }
  bindings_.push_back(std::move(binding));
}

void Inventory::Merge(Inventory&& other) {
  for (auto& [name, role] : other.roles_) {
    Role& known = roles_[name];
    std::move(role.rules.begin(), role.rules.end(), std::back_inserter(known.rules));
    known.labels.merge(role.labels);
    std::move(role.aggregation.begin(), role.aggregation.end(),
              std::back_inserter(known.aggregation));
  }
  std::move(other.bindings_.begin(), other.bindings_.end(), std::back_inserter(bindings_));
}

// Reduced to what decides over a cluster: the full lists of admin and edit are long and change with
// releases (Kubernetes documentation, "User-facing roles").
void Inventory::AddWellKnownRoles() {
  const std::vector<std::string> write = {"create", "delete", "get",  "list",
                                          "patch",  "update", "watch"};
  const auto add = [&](const std::string& name, std::vector<GrantedRule> rules) {
    if (roles_.count(name) == 0) roles_[name].rules = std::move(rules);
  };
  add("cluster-admin", {MakeRule({"*"}, {"*"}, {"*"})});
  std::vector<GrantedRule> edit = {
      MakeRule({""},
               {"pods", "pods/exec", "pods/attach", "secrets", "configmaps", "serviceaccounts",
                "replicationcontrollers"},
               write),
      MakeRule({""}, {"serviceaccounts/token"}, {"create"}),
      MakeRule({"apps"}, {"deployments", "daemonsets", "statefulsets", "replicasets"}, write),
      MakeRule({"batch"}, {"jobs", "cronjobs"}, write),
  };
  add("edit", edit);
  edit.push_back(MakeRule({"rbac.authorization.k8s.io"}, {"roles", "rolebindings"}, write));
  add("admin", std::move(edit));
  add("view", {MakeRule({""}, {"pods", "configmaps", "services"}, {"get", "list", "watch"})});
}

void Inventory::ResolveAggregation() {
  const auto matches = [](const Role& role, const std::vector<LabelRequirement>& selector) {
    return std::all_of(selector.begin(), selector.end(), [&](const LabelRequirement& wanted) {
      const auto label = role.labels.find(wanted.key);
      const bool exists = label != role.labels.end();
      const bool listed = exists && std::find(wanted.values.begin(), wanted.values.end(),
                                              label->second) != wanted.values.end();
      if (wanted.op == "In") return listed;
      if (wanted.op == "NotIn") return !listed;
      if (wanted.op == "Exists") return exists;
      return wanted.op == "DoesNotExist" && !exists;
    });
  };
  // One round a level of nesting; an aggregated role may itself be aggregated. Rules are read from
  // the round before, so a cycle ends after as many rounds as there are aggregated roles.
  size_t rounds = 0;
  for (const auto& [name, role] : roles_) rounds += role.aggregation.empty() ? 0U : 1U;
  bool changed = rounds > 0;
  rounds = std::min(rounds, kAggregationDepthMax);
  for (size_t round = 0; changed && round <= rounds; ++round) {
    changed = false;
    for (auto& [name, role] : roles_) {
      for (const auto& selector : role.aggregation) {
        for (const auto& [other_name, other] : roles_) {
          const bool is_cluster_role = other_name.find('/') == std::string::npos;
          if (&other == &role || !is_cluster_role || !matches(other, selector)) continue;
          for (const auto& rule : other.rules) {
            if (std::find(role.rules.begin(), role.rules.end(), rule) != role.rules.end()) continue;
            role.rules.push_back(rule);
            changed = true;
          }
        }
      }
    }
  }
}

// One object may stand in many files of a run (an overlay beside its base, copies for stages):
// equal rules and equal bindings count once, or the work per account would grow with the copies.
// Sorted, so that results do not depend on the order of files either.
void Inventory::DropCopies() {
  const auto rule_key = [](const GrantedRule& r) {
    return std::tie(r.api_groups, r.resources, r.verbs, r.resource_names, r.non_resource_urls);
  };
  for (auto& [name, role] : roles_) {
    std::vector<GrantedRule>& rules = role.rules;
    std::sort(rules.begin(), rules.end(), [&](const GrantedRule& a, const GrantedRule& b) {
      return rule_key(a) < rule_key(b);
    });
    rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
    std::sort(role.aggregation.begin(), role.aggregation.end());
    role.aggregation.erase(std::unique(role.aggregation.begin(), role.aggregation.end()),
                           role.aggregation.end());
  }
  const auto binding_key = [](const Binding& b) {
    return std::tie(b.name_space, b.name, b.role_kind, b.role_name, b.subjects);
  };
  std::sort(bindings_.begin(), bindings_.end(),
            [&](const Binding& a, const Binding& b) { return binding_key(a) < binding_key(b); });
  const auto same = [&](const Binding& a, const Binding& b) {
    return binding_key(a) == binding_key(b);
  };
  bindings_.erase(std::unique(bindings_.begin(), bindings_.end(), same), bindings_.end());
}

void Inventory::Finish() {
  AddWellKnownRoles();
  DropCopies();
  ResolveAggregation();
  for (const auto& binding : bindings_) {
    const bool cluster_role = binding.role_kind == "ClusterRole";
    const std::string key =
        cluster_role ? binding.role_name : binding.name_space + "/" + binding.role_name;
    const auto role = roles_.find(key);
    if (role == roles_.end()) continue;
    const auto index = static_cast<uint32_t>(grants_.size());
    grants_.push_back(
        {binding.name_space.empty() ? "ClusterRoleBinding " + binding.name
                                    : "RoleBinding " + binding.name_space + "/" + binding.name,
         (cluster_role ? "ClusterRole " : "Role ") + key, binding.name_space, role->second.rules});
    for (const auto& subject : binding.subjects) {
      if (subject.kind == "ServiceAccount") {
        by_subject_["u:" + subject.name_space + "/" + subject.name].push_back(index);
      } else if (subject.kind == "Group") {
        by_subject_["g:" + subject.name].push_back(index);
      } else if (subject.kind == "User" && StartsWith(subject.name, "system:serviceaccount:")) {
        // The user name of an account: system:serviceaccount:<namespace>:<name>.
        const auto parts = SplitText(subject.name, ':');
        if (parts.size() == 4) {
          by_subject_["u:" + std::string(parts[2]) + "/" + std::string(parts[3])].push_back(index);
        }
      }
    }
  }
}

std::vector<const Grant*> Inventory::GrantsOf(std::string_view name_space,
                                              std::string_view name) const {
  const std::string in = NamespaceOr(name_space);
  std::vector<uint32_t> indexes;
  const auto take = [&](const std::string& subject) {
    if (const auto found = by_subject_.find(subject); found != by_subject_.end()) {
      indexes.insert(indexes.end(), found->second.begin(), found->second.end());
    }
  };
  take("u:" + in + "/" + NamespaceOr(name));
  take("g:system:serviceaccounts");
  take("g:system:serviceaccounts:" + in);
  take("g:system:authenticated");
  std::sort(indexes.begin(), indexes.end());
  indexes.erase(std::unique(indexes.begin(), indexes.end()), indexes.end());
  std::vector<const Grant*> grants;
  for (const uint32_t index : indexes) grants.push_back(&grants_[index]);
  return grants;
}

}  // namespace ouro::rules
