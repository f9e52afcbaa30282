#include "engine/cluster_kinds.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "engine/cluster_fields.h"
#include "model/workload.h"

namespace ouro::engine {
namespace {

// Objects that one server serves under two groups: the second names the first's objects again.
// Source: Kubernetes API reference, the deprecated versions of `extensions`, and Event of
// events.k8s.io.
struct Twin {
  std::string_view group;
  std::string_view kind;  // empty: every kind that the other group has too
  std::string_view other_group;
};
constexpr std::array<Twin, 4> kTwins = {{
    {"extensions", "", "apps"},
    {"extensions", "", "networking.k8s.io"},
    {"extensions", "", "policy"},
    {"events.k8s.io", "Event", ""},
}};

bool IsTwin(const kube::Discovery& discovery, const kube::ApiResource& resource) {
  return std::any_of(kTwins.begin(), kTwins.end(), [&](const Twin& twin) {
    return twin.group == resource.group && (twin.kind.empty() || twin.kind == resource.kind) &&
           discovery.Find(twin.other_group, resource.kind) != nullptr;
  });
}

// Does a check name the kind, rather than look at every kind?
bool IsNamed(const rules::RuleSet& rules, const kube::ApiResource& resource) {
  for (const rules::SelectedCheck& selected : rules.checks()) {
    for (const rules::Rule& rule : selected.rules) {
      if (!rule.match.kinds.empty() &&
          MatchesKind(rule.match, resource.ApiVersion(), resource.kind)) {
        return true;
      }
    }
  }
  return false;
}

bool IsMatched(const rules::RuleSet& rules, std::string_view api_version, std::string_view kind) {
  for (const rules::SelectedCheck& selected : rules.checks()) {
    for (const rules::Rule& rule : selected.rules) {
      if (MatchesKind(rule.match, api_version, kind)) return true;
    }
  }
  return false;
}

bool LooksAtReplicas(const rules::RuleSet& rules) {
  return IsMatched(rules, "v1", "Pod") || IsMatched(rules, "apps/v1", "ReplicaSet") ||
         IsMatched(rules, "batch/v1", "Job");
}

bool LooksAtGroup(const rules::RuleSet& rules, std::string_view group) {
  for (const rules::SelectedCheck& selected : rules.checks()) {
    for (const rules::Rule& rule : selected.rules) {
      const auto& kinds = rule.match.kinds;
      if (rule.match.target == rules::Target::kObject && kinds.empty()) return true;
      for (const std::string& kind : kinds) {
        const size_t slash = kind.rfind('/');
        if (slash == std::string::npos || kind.substr(0, slash) == group) return true;
      }
    }
  }
  if (!LooksAtReplicas(rules)) return false;
  const auto rows = model::WorkloadKinds();
  return std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.group == group; });
}

}  // namespace

bool IsFactGroup(std::string_view group) {
  return group == kRbacGroup;
}

std::vector<kube::ApiResource> JudgedKinds(const kube::Discovery& discovery,
                                           const rules::RuleSet& rules) {
  const bool wants_owners = LooksAtReplicas(rules);
  std::vector<kube::ApiResource> kinds;
  for (const kube::ApiResource& resource : discovery.resources) {
    if (!resource.preferred || !resource.Can("list")) continue;
    const std::string version = resource.ApiVersion();
    const bool is_owner = wants_owners && !model::FindWorkload(version, resource.kind).empty();
    if (!is_owner && !IsMatched(rules, version, resource.kind)) continue;
    const bool is_secret = resource.group.empty() && resource.kind == "Secret";
    if (is_secret && !IsNamed(rules, resource)) continue;
    if (IsTwin(discovery, resource)) continue;
    kinds.push_back(resource);
  }
  return kinds;
}

std::vector<kube::ApiResource> FactKinds(const kube::Discovery& discovery,
                                         const rules::RuleSet& rules) {
  std::vector<kube::ApiResource> kinds;
  if (!rules.needs_inventory()) return kinds;
  for (const kube::ApiResource& resource : discovery.resources) {
    if (resource.group == kRbacGroup && resource.preferred && resource.Can("list")) {
      kinds.push_back(resource);
    }
  }
  return kinds;
}

std::vector<model::Problem> DiscoveryProblems(const kube::Discovery& discovery,
                                              const rules::RuleSet& rules,
                                              std::string_view source) {
  std::vector<model::Problem> problems;
  for (const kube::Discovery::Failure& failure : discovery.failures) {
    const std::string_view version = failure.group_version;
    const size_t slash = version.find('/');
    const std::string_view group =
        slash == std::string_view::npos ? std::string_view() : version.substr(0, slash);
    model::Problem problem;
    problem.kind = ErrorCodeName(failure.error.code);
    problem.file = fmt::format("{}/{}", source, version);
    problem.warning = !LooksAtGroup(rules, group);
    problem.message =
        fmt::format("the server could not say which kinds {} has, so none of them is examined: {}",
                    version, failure.error.message);
    problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace ouro::engine
