#include "rules/admission_policy_resources.h"

#include <doctest.h>

namespace ouro::rules {

TEST_CASE("built-in kinds and guesses") {
  const ResourceCatalog catalog;
  const auto resource = [&](std::string_view group, std::string_view kind) {
    return catalog.Find(group, kind).resource;
  };
  CHECK(resource("", "Pod") == "pods");
  CHECK(resource("networking.k8s.io", "NetworkPolicy") == "networkpolicies");
  CHECK(resource("", "Endpoints") == "endpoints");
  CHECK(resource("storage.k8s.io", "StorageClass") == "storageclasses");
  CHECK(catalog.Find("rbac.authorization.k8s.io", "ClusterRole").scope == ResourceScope::kCluster);
  CHECK(catalog.Find("", "Namespace").scope == ResourceScope::kCluster);
  CHECK(catalog.Find("apps", "Deployment").built_in);
  // The kind alone is not enough.
  CHECK_FALSE(catalog.Find("example.com", "Deployment").known);
  CHECK(resource("example.com", "Widget") == "widgets");
  CHECK(resource("example.com", "Policy") == "policies");
  CHECK(resource("example.com", "Ingress") == "ingresses");
  CHECK(resource("example.com", "MyEndpoints") == "myendpoints");
}

TEST_CASE("definitions of custom resources") {
  io::KeyTable keys;
  io::Tree tree;
  REQUIRE(io::ReadJson(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
      "spec":{"group":"example.com","scope":"Cluster","names":{"kind":"Ox","plural":"oxen"},
      "versions":[{"name":"v1","served":true},{"name":"v2","served":true},
                  {"name":"v0","served":false}]}})",
                       {}, keys, tree)
              .has_value());
  ResourceCatalog catalog;
  CHECK(catalog.AddDefinition({tree, keys, tree.roots().front().node}));
  const ResourceInfo info = catalog.Find("example.com", "Ox");
  CHECK(info.resource == "oxen");
  CHECK(info.scope == ResourceScope::kCluster);
  CHECK_FALSE(info.built_in);
  const auto equivalents = catalog.EquivalentsOf("example.com", "v1", "oxen", 37);
  CHECK(equivalents.complete);
  REQUIRE(equivalents.versions.size() == 1);
  CHECK(equivalents.versions[0].second == "v2");
}

TEST_CASE("other versions of the same objects") {
  const ResourceCatalog catalog;
  const auto count = [&](std::string_view group, std::string_view version,
                         std::string_view resource, int minor) {
    return catalog.EquivalentsOf(group, version, resource, minor).versions.size();
  };
  CHECK(count("autoscaling", "v2", "horizontalpodautoscalers", 37) == 1);
  CHECK(count("apps", "v1", "deployments", 37) == 0);
  CHECK(count("", "v1", "events", 37) == 1);
  CHECK(count("flowcontrol.apiserver.k8s.io", "v1", "flowschemas", 30) == 1);
  CHECK(count("flowcontrol.apiserver.k8s.io", "v1", "flowschemas", 32) == 0);
  CHECK_FALSE(catalog.EquivalentsOf("example.com", "v1", "widgets", 37).complete);
}

TEST_CASE("API versions") {
  CHECK(SplitApiVersion("v1").group.empty());
  CHECK(SplitApiVersion("v1").version == "v1");
  CHECK(SplitApiVersion("apps/v1").group == "apps");
  CHECK(SplitApiVersion("").version.empty());
}

}  // namespace ouro::rules
