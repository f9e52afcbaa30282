// The ValidatingWebhookConfiguration that makes the API server ask this service.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "rules/rule_set.h"

namespace ouro::serve {

// What the service can do to a request: `observe` never holds one up (failurePolicy Ignore),
// `block` refuses what it cannot ask about (failurePolicy Fail).
enum class Level : uint8_t { kObserve, kBlock };

struct ManifestOptions {
  // One of the two: the URL of the service, or the Service object in front of it.
  std::string url;  // "https://…", without /validate
  std::string service_namespace;
  std::string service_name;
  int service_port = 443;
  std::string ca_bundle;  // PEM certificates; empty: those that the API server's machine trusts
  Level level = Level::kObserve;
  std::string own_namespace;  // excluded besides kube-system; empty: only that
};

// What a rule of the configuration names.
struct ResourceRule {
  std::string group;
  std::vector<std::string> resources;  // plurals, with subresources; sorted
  bool operator==(const ResourceRule&) const = default;
};

// The resources that the checks of a rule set judge, by group in order: the workload kinds as soon
// as one check looks at pods, and the kinds that checks name. A check on every kind gives "*".
std::vector<ResourceRule> ResourcesOf(const rules::RuleSet& rules);

// "ClusterRole" → "clusterroles". Kinds that are not Kubernetes' own follow the usual way of making
// plurals; constraints of Gatekeeper have none.
std::string PluralOf(std::string_view group, std::string_view kind);

// YAML. kInvalid: a URL or service name that the API server would refuse.
Result<std::string> WebhookManifest(const ManifestOptions& options,
                                    const std::vector<ResourceRule>& resources);

// "NAMESPACE/NAME" or "NAMESPACE/NAME:PORT" into the options.
Status ReadService(std::string_view text, ManifestOptions& options);

}  // namespace ouro::serve
