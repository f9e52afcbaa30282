#include "gate/policy.h"

#include <fmt/format.h>

namespace ouro::gate {

std::string_view ActionName(Action action) {
  switch (action) {
    case Action::kObserve:
      return "observe";
    case Action::kReact:
      return "react";
    case Action::kBlock:
      return "block";
  }
  return "block";
}

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kGlobal:
      return "global";
    case Level::kCluster:
      return "cluster";
    case Level::kEnvironment:
      return "environment";
    case Level::kApplication:
      return "application";
  }
  return "global";
}

std::string_view OnIncompleteName(OnIncomplete value) {
  switch (value) {
    case OnIncomplete::kObserve:
      return "observe";
    case OnIncomplete::kReact:
      return "react";
    case OnIncomplete::kBlock:
      return "block";
  }
  return "block";
}

std::string_view RuleActionName(const PolicyRule& rule) {
  if (rule.applies == Applies::kInherit) return "inherit";
  if (rule.applies == Applies::kIfFixable) return "block-if-fixable";
  return ActionName(rule.action);
}

bool Selector::IsEmpty() const {
  return classes.empty() && checks.empty() && findings.empty() && issues.empty() &&
         fix_groups.empty() && packages.empty() && !severity_min && !cvss_min && !epss_min &&
         !kev && !fixable && !is_new && ssvc.empty() && exposure.empty() && reachability.empty() &&
         stages.empty() && !fix_age_days_min && !newer_than_days && namespaces.empty() &&
         kinds.empty() && clusters.empty() && environments.empty() && applications.empty() &&
         labels.empty() && when.empty();
}

std::string LevelTitle(const PolicyLevel& level) {
  switch (level.level) {
    case Level::kGlobal:
      return "global";
    case Level::kCluster:
      return fmt::format("cluster {}", level.cluster);
    case Level::kEnvironment:
      return level.cluster.empty()
                 ? fmt::format("environment {}", level.environment)
                 : fmt::format("environment {} of cluster {}", level.environment, level.cluster);
    case Level::kApplication:
      break;
  }
  std::string out = fmt::format("application {}", level.application);
  if (!level.environment.empty()) out += fmt::format(" in {}", level.environment);
  if (!level.cluster.empty()) out += fmt::format(" of cluster {}", level.cluster);
  return out;
}

}  // namespace ouro::gate
