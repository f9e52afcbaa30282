#include "rules/inventory.h"

#include <doctest.h>

using namespace ouro;

namespace {

rules::Inventory Build(std::initializer_list<const char*> files) {
  rules::Inventory inventory;
  for (const char* text : files) {
    io::KeyTable keys;
    io::Tree tree;
    REQUIRE(io::ReadYaml(text, {}, keys, tree));
    rules::Inventory part;
    for (const auto& root : tree.roots()) part.Add(tree, keys, root.node);
    inventory.Merge(std::move(part));
  }
  inventory.Finish();
  return inventory;
}

constexpr const char* kBinding = R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: shop}
roleRef: {kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: web}]
)";
constexpr const char* kRole = R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
)";

}  // namespace

TEST_CASE("a binding gives a role, whatever the order of files") {
  for (const auto& inventory : {Build({kBinding, kRole}), Build({kRole, kBinding})}) {
    const auto grants = inventory.GrantsOf("shop", "web");
    REQUIRE(grants.size() == 1);
    CHECK(grants[0]->binding == "RoleBinding shop/b");
    CHECK(grants[0]->role == "Role shop/reader");
    CHECK(grants[0]->name_space == "shop");
    CHECK(grants[0]->rules[0].verbs == std::vector<std::string>{"get"});
    CHECK(inventory.GrantsOf("other", "web").empty());
    CHECK(inventory.GrantsOf("shop", "").empty());
  }
}

TEST_CASE("groups, users, defaults and roles that every cluster has") {
  const auto inventory = Build({R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects:
  - {kind: Group, name: "system:serviceaccounts:shop"}
  - {kind: User, name: "system:serviceaccount:other:robot"}
  - {kind: ServiceAccount, name: default}
)"});
  CHECK(inventory.GrantsOf("shop", "anybody").size() == 1);
  CHECK(inventory.GrantsOf("other", "robot").size() == 1);
  REQUIRE(inventory.GrantsOf("", "").size() == 1);
  CHECK(inventory.GrantsOf("", "")[0]->name_space.empty());
  CHECK(inventory.GrantsOf("other", "web").empty());
}

TEST_CASE("aggregated roles, also of aggregated roles, also in a circle") {
  const auto inventory = Build({R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: top, labels: {circle: "yes"}}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: top}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: middle, labels: {to: top}}
aggregationRule:
  clusterRoleSelectors:
    - matchExpressions: [{key: to, operator: In, values: [middle]}]
    - matchLabels: {circle: "yes"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: leaf, labels: {to: middle}}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {kind: ClusterRole, name: top}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
)"});
  const auto grants = inventory.GrantsOf("shop", "web");
  REQUIRE(grants.size() == 1);
  REQUIRE(grants[0]->rules.size() == 1);
  CHECK(grants[0]->rules[0].verbs[0] == "*");
}

TEST_CASE("objects of other kinds and of wrong shape are ignored") {
  const auto inventory =
      Build({"a: b\n", "[]\n", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules: 3\n",
             "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n"
             "subjects: {a: b}\nroleRef: []\n"});
  CHECK(inventory.GrantsOf("default", "default").empty());
}

TEST_CASE("copies of one object in several files count once") {
  const auto inventory = Build({kBinding, kRole, kBinding, kRole, kBinding, kRole});
  const auto grants = inventory.GrantsOf("shop", "web");
  REQUIRE(grants.size() == 1);
  CHECK(grants[0]->rules.size() == 1);
}
