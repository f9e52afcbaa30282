// Facts about other objects of the run that some checks need: which RBAC rules a workload's service
// account holds.
//
// Built from every Role, ClusterRole, RoleBinding and ClusterRoleBinding of the run, asked once per
// workload. Semantics: Kubernetes documentation, "Using RBAC Authorization": a RoleBinding grants
// the rules of its role inside its own namespace, also when it names a ClusterRole; aggregated
// ClusterRoles hold the rules of the ClusterRoles that their selectors match; a service account is
// also a member of the groups system:serviceaccounts, system:serviceaccounts:<namespace> and
// system:authenticated. An object without a namespace stands in "default". The roles cluster-admin,
// admin, edit and view are known even when the run does not hold them, because every cluster does.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/tree.h"

namespace ouro::rules {

// One PolicyRule; values are lower level API names as written ("*" included).
struct GrantedRule {
  std::vector<std::string> api_groups;
  std::vector<std::string> resources;
  std::vector<std::string> verbs;
  std::vector<std::string> resource_names;
  std::vector<std::string> non_resource_urls;
  bool operator==(const GrantedRule&) const = default;
};

// A role bound to an account.
struct Grant {
  std::string binding;     // "ClusterRoleBinding ops", "RoleBinding shop/ops"
  std::string role;        // "ClusterRole cluster-admin", "Role shop/reader"
  std::string name_space;  // where the rules hold; empty: the whole cluster
  std::vector<GrantedRule> rules;
};

// Filled by Add() in any order, then Finish() once; queries are const and thread-safe after that.
class Inventory {
 public:
  // Takes what it needs of the object at `node` (copies; the tree may go away). Objects of other
  // kinds, and objects of wrong shape, are ignored.
  void Add(const io::Tree& tree, const io::KeyTable& keys, uint32_t node);
  // Takes everything of another inventory that is not finished yet (one per worker thread).
  void Merge(Inventory&& other);
  // Resolves aggregation and bindings. Grants come in order of binding, so that results do not
  // depend on the order of files.
  void Finish();

  // Grants of a service account, in order of binding. `name_space` empty: "default"; `name` empty:
  // "default".
  std::vector<const Grant*> GrantsOf(std::string_view name_space, std::string_view name) const;
  bool empty() const { return roles_.empty() && bindings_.empty(); }

 private:
  struct LabelRequirement {
    std::string key;
    std::string op;  // In, NotIn, Exists, DoesNotExist
    std::vector<std::string> values;
    auto operator<=>(const LabelRequirement&) const = default;
  };
  struct Role {
    std::vector<GrantedRule> rules;
    std::map<std::string, std::string> labels;
    std::vector<std::vector<LabelRequirement>> aggregation;  // any selector of the list may match
  };
  struct Subject {
    std::string kind, name, name_space;
    auto operator<=>(const Subject&) const = default;
  };
  struct Binding {
    std::string name_space;  // empty: ClusterRoleBinding
    std::string name;
    std::string role_kind, role_name;
    std::vector<Subject> subjects;
  };

  void AddRole(const io::NodeView& object, bool cluster);
  void AddBinding(const io::NodeView& object, bool cluster);
  void DropCopies();
  void ResolveAggregation();
  void AddWellKnownRoles();

  std::map<std::string, Role> roles_;  // "name" of a ClusterRole, "namespace/name" of a Role
  std::vector<Binding> bindings_;
  std::vector<Grant> grants_;
  // "u:<namespace>/<name>" of accounts and "g:<group>" → indexes into grants_
  std::unordered_map<std::string, std::vector<uint32_t>> by_subject_;
};

}  // namespace ouro::rules
