#include "serve/manifest.h"

#include <algorithm>

#include <doctest.h>

#include "engine/engine.h"
#include "engine/snapshot.h"

namespace ouro::serve {
namespace {

std::vector<ResourceRule> Resources(std::vector<std::string> only) {
  engine::SnapshotOptions options;
  options.config.only = std::move(only);
  options.selection = engine::SelectionOf(options.config);
  const auto snapshot = engine::Snapshot::Create(std::move(options));
  REQUIRE(snapshot);
  return ResourcesOf(*(*snapshot)->rules());
}

bool Names(const std::vector<ResourceRule>& rules, std::string_view group,
           std::string_view resource) {
  return std::any_of(rules.begin(), rules.end(), [&](const ResourceRule& rule) {
    return rule.group == group && std::find(rule.resources.begin(), rule.resources.end(),
                                            resource) != rule.resources.end();
  });
}

TEST_CASE("resources are those that the checks judge") {
  const auto pods = Resources({"privileged"});
  CHECK(Names(pods, "", "pods"));
  CHECK(Names(pods, "", "pods/ephemeralcontainers"));
  CHECK(Names(pods, "apps", "deployments"));
  CHECK(Names(pods, "batch", "cronjobs"));
  CHECK(Names(pods, "argoproj.io", "rollouts"));
  CHECK_FALSE(Names(pods, "rbac.authorization.k8s.io", "roles"));
  const auto roles = Resources({"read-secrets"});
  CHECK(Names(roles, "rbac.authorization.k8s.io", "clusterroles"));
  CHECK_FALSE(Names(roles, "", "pods"));
}

TEST_CASE("plurals") {
  CHECK(PluralOf("", "Pod") == "pods");
  CHECK(PluralOf("networking.k8s.io", "NetworkPolicy") == "networkpolicies");
  CHECK(PluralOf("networking.k8s.io", "Ingress") == "ingresses");
  CHECK(PluralOf("networking.k8s.io", "IngressClass") == "ingressclasses");
  CHECK(PluralOf("gateway.networking.k8s.io", "Gateway") == "gateways");
  CHECK(PluralOf("", "Endpoints") == "endpoints");
  CHECK(PluralOf("constraints.gatekeeper.sh", "K8sAllowedRepos") == "k8sallowedrepos");
}

TEST_CASE("services and URLs") {
  ManifestOptions options;
  CHECK(ReadService("ouro-system/ouro:8443", options));
  CHECK(options.service_namespace == "ouro-system");
  CHECK(options.service_name == "ouro");
  CHECK(options.service_port == 8443);
  for (const std::string_view text :
       {"", "a", "/a", "a/", "a/b:", "a/b:0", "a/b:70000", "A/b", "a/b: x", "a/b:443:1", "a b/c"}) {
    CAPTURE(text);
    CHECK_FALSE(ReadService(text, options));
  }
  const std::vector<ResourceRule> rules = {{"", {"pods"}}};
  for (const char* url : {"http://a", "https://", "https:///x", "https://u@a", "https://a?b",
                          "https://a#b", "a", "https://a\"b"}) {
    CAPTURE(url);
    ManifestOptions wrong;
    wrong.url = url;
    CHECK_FALSE(WebhookManifest(wrong, rules));
  }
}

TEST_CASE("the manifest says what happens when nobody answers") {
  ManifestOptions options;
  options.url = "https://127.0.0.1:8443/";
  options.ca_bundle = "abc\n";
  const std::vector<ResourceRule> rules = {{"", {"pods"}}};
  const auto observe = WebhookManifest(options, rules);
  REQUIRE(observe);
  CHECK(observe->find("failurePolicy: Ignore\n") != std::string::npos);
  CHECK(observe->find("url: \"https://127.0.0.1:8443/validate\"\n") != std::string::npos);
  CHECK(observe->find("caBundle: YWJjCg==\n") != std::string::npos);
  CHECK(observe->find("values: [\"kube-system\"]") != std::string::npos);
  options.level = Level::kBlock;
  options.own_namespace = "ouro-system";
  const auto block = WebhookManifest(options, rules);
  REQUIRE(block);
  CHECK(block->find("failurePolicy: Fail\n") != std::string::npos);
  CHECK(block->find("values: [\"kube-system\", \"ouro-system\"]") != std::string::npos);
  CHECK_FALSE(WebhookManifest(options, {}));
}

}  // namespace
}  // namespace ouro::serve
