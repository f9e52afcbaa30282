// Which kinds of a cluster are listed. Internal to this module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kube/resource.h"
#include "model/finding.h"
#include "rules/rule_set.h"

namespace ouro::engine {

// Kinds that some check judges, each group in its preferred version once, in the server's order.
// Where a check looks at pods, all kinds with a pod template are there too, because they own the
// pods. Secrets are listed only for a check that names them. Kinds that one server serves under two
// groups (events, and what stood in `extensions`) are listed once.
std::vector<kube::ApiResource> JudgedKinds(const kube::Discovery& discovery,
                                           const rules::RuleSet& rules);

// Kinds whose objects checks ask about while they judge others; empty when no check does.
std::vector<kube::ApiResource> FactKinds(const kube::Discovery& discovery,
                                         const rules::RuleSet& rules);
bool IsFactGroup(std::string_view group);

// One problem for each group version that the server could not describe; a warning where no check
// looks at that group.
std::vector<model::Problem> DiscoveryProblems(const kube::Discovery& discovery,
                                              const rules::RuleSet& rules, std::string_view source);

// The resource as the label of a problem: "apps/v1" and "deployments" for places.
inline constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";

}  // namespace ouro::engine
