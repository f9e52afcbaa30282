#include "gate/policy_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "calendar/duration.h"
#include "gate/selector_text.h"

namespace ouro::gate {
namespace {

using io::SettingReader;

constexpr std::array<std::string_view, 15> kPolicyKeys = {
    "fail_on",      "defaults",   "incomplete", "max_age",     "strict",
    "rules",        "exceptions", "branches",   "clusters",    "environments",
    "applications", "production", "roles",      "break_glass", "origin"};

std::string OriginOf(const SettingReader& reader) {
  return reader.file().empty() ? std::string() : reader.Where();
}

Result<Action> ReadAction(const SettingReader& value) {
  OURO_TRY(const std::string text, value.Text());
  for (const Action action : {Action::kObserve, Action::kReact, Action::kBlock}) {
    if (text == ActionName(action)) return action;
  }
  return value.Wrong("observe, react or block");
}

Status ReadRuleAction(const SettingReader& value, PolicyRule& rule) {
  OURO_TRY(const std::string text, value.Text());
  if (text == "inherit") {
    rule.applies = Applies::kInherit;
    return {};
  }
  if (text == "block-if-fixable") {
    rule.applies = Applies::kIfFixable;
    rule.action = Action::kBlock;
    return {};
  }
  const auto action = ReadAction(value);
  if (!action) return value.Wrong("observe, react, block, block-if-fixable or inherit");
  rule.action = *action;
  return {};
}

// Level kGlobal has nothing to inherit from.
Result<PolicyRule> ReadRule(const SettingReader& item, Level level) {
  PolicyRule rule;
  bool has_action = false;
  OURO_TRY(const auto members, item.Members());
  rule.origin = OriginOf(item);
  for (const SettingReader& member : members) {
    if (member.IsNull()) continue;
    const std::string_view key = member.key();
    OURO_TRY(const bool selects, ReadSelectorMember(member, rule));
    if (selects) continue;
    if (key == "name") {
      OURO_TRY(rule.name, member.Text());
    } else if (key == "action") {
      has_action = true;
      OURO_TRY_STATUS(ReadRuleAction(member, rule));
    } else if (key == "locked") {
      OURO_TRY(rule.locked, member.Boolean());
    } else if (key == "origin") {
      OURO_TRY(rule.origin, member.Text());
    } else {
      std::vector<std::string_view> known = SelectorKeys();
      known.insert(known.end(), {"name", "action", "locked", "origin"});
      return member.Unknown(known);
    }
  }
  if (!has_action) return item.Wrong("a map with an action (observe, react or block)");
  if (rule.applies == Applies::kInherit && rule.locked) {
    return item.Wrong("a rule that is locked or inherits, not both");
  }
  if (rule.applies == Applies::kInherit && level == Level::kGlobal) {
    return item.Wrong(
        "a rule with an action of its own: the global level has none to inherit from");
  }
  return rule;
}

Status ReadRules(const SettingReader& value, Level level, std::vector<PolicyRule>& rules) {
  OURO_TRY(const auto items, value.Items());
  for (const SettingReader& item : items) {
    OURO_TRY(PolicyRule rule, ReadRule(item, level));
    rules.push_back(std::move(rule));
  }
  return {};
}

Status ReadDefaults(const SettingReader& value, LevelRules& level) {
  OURO_TRY(const auto members, value.Members());
  for (const SettingReader& member : members) {
    const auto severity = model::ParseSeverity(member.key());
    if (!severity) return member.Unknown({"critical", "high", "medium", "low", "info"});
    OURO_TRY(level.defaults[static_cast<size_t>(*severity)], ReadAction(member));
  }
  return {};
}

// nullopt: never.
Result<std::optional<model::Severity>> ReadFailOn(const SettingReader& value) {
  OURO_TRY(const std::string text, value.Text());
  if (text == "never") return std::optional<model::Severity>();
  const auto severity = model::ParseSeverity(text);
  if (!severity) return value.Wrong("critical, high, medium, low, info or never");
  return std::optional(*severity);
}

// `fail_on` of a level is short for `defaults`: block from there on, observe below.
Status ReadLevelFailOn(const SettingReader& value, LevelRules& level) {
  OURO_TRY(const std::optional<model::Severity> fail_on, ReadFailOn(value));
  for (size_t i = 0; i < level.defaults.size(); ++i) {
    if (level.defaults[i]) continue;
    const bool blocks = fail_on && static_cast<model::Severity>(i) >= *fail_on;
    level.defaults[i] = blocks ? Action::kBlock : Action::kObserve;
  }
  return {};
}

Result<OnIncomplete> ReadIncomplete(const SettingReader& value) {
  OURO_TRY(const std::string text, value.Text());
  for (const OnIncomplete one :
       {OnIncomplete::kObserve, OnIncomplete::kReact, OnIncomplete::kBlock}) {
    if (text == OnIncompleteName(one)) return one;
  }
  return value.Wrong("observe, react or block");
}

Result<int64_t> ReadDuration(const SettingReader& value) {
  OURO_TRY(const std::string text, value.Text());
  const auto seconds = calendar::ParseDuration(text);
  if (!seconds) return value.Wrong("a length of time such as 36h or 7d");
  return *seconds;
}

Result<int64_t> ReadCount(const SettingReader& value, int64_t minimum, int64_t maximum) {
  OURO_TRY(const int64_t count, value.Integer());
  if (count < minimum || count > maximum) {
    return value.Wrong(fmt::format("a whole number from {} to {}", minimum, maximum));
  }
  return count;
}

using BySeverity = std::array<std::optional<int64_t>, model::kSeverityCount>;

// A map by severity, or one number for all.
Status ReadBySeverity(const SettingReader& value, int64_t minimum, int64_t maximum,
                      BySeverity& out) {
  if (!value.IsMap()) {
    OURO_TRY(const int64_t count, ReadCount(value, minimum, maximum));
    out.fill(count);
    return {};
  }
  OURO_TRY(const auto members, value.Members());
  for (const SettingReader& member : members) {
    const auto severity = model::ParseSeverity(member.key());
    if (!severity) return member.Unknown({"critical", "high", "medium", "low", "info"});
    OURO_TRY(out[static_cast<size_t>(*severity)], ReadCount(member, minimum, maximum));
  }
  return {};
}

Status ReadExceptionRules(const SettingReader& value, ExceptionRules& rules) {
  OURO_TRY(const auto members, value.Members());
  for (const SettingReader& member : members) {
    const std::string_view key = member.key();
    if (key == "max_days") {
      OURO_TRY_STATUS(ReadBySeverity(member, 1, 36'500, rules.days_max));
    } else if (key == "approvals") {
      OURO_TRY_STATUS(ReadBySeverity(member, 0, 100, rules.approvals));
    } else if (key == "growth_percent") {
      OURO_TRY(rules.growth_percent, ReadCount(member, 0, 1'000'000));
    } else if (key == "epss_threshold") {
      OURO_TRY(const double threshold, member.Number());
      if (threshold < 0 || threshold > 1) return member.Wrong("between 0 and 1");
      rules.epss_threshold = threshold;
    } else if (key == "grace_hours") {
      OURO_TRY(rules.grace_hours, ReadCount(member, 0, 24 * 365));
    } else if (key == "owners") {
      OURO_TRY(rules.owners, member.TextList());
    } else {
      return member.Unknown(
          {"max_days", "approvals", "growth_percent", "epss_threshold", "grace_hours", "owners"});
    }
  }
  return {};
}

Status ReadBranches(const SettingReader& value, std::vector<BranchRule>& branches) {
  OURO_TRY(const auto items, value.Items());
  for (const SettingReader& item : items) {
    BranchRule rule;
    rule.origin = OriginOf(item);
    OURO_TRY(const auto members, item.Members());
    for (const SettingReader& member : members) {
      if (member.key() == "branch") {
        OURO_TRY(rule.branch, member.Text());
      } else if (member.key() == "environments") {
        OURO_TRY(rule.environments, member.TextList());
      } else if (member.key() == "origin") {
        OURO_TRY(rule.origin, member.Text());
      } else {
        return member.Unknown({"branch", "environments"});
      }
    }
    if (rule.branch.empty() || rule.environments.empty()) {
      return item.Wrong("a map with branch and environments");
    }
    branches.push_back(std::move(rule));
  }
  return {};
}

// The keys that every level has; false: it is none of them. `fail_on` is the caller's.
Result<bool> ReadLevelMember(const SettingReader& member, Level level, LevelRules& rules) {
  const std::string_view key = member.key();
  if (key == "defaults") {
    OURO_TRY_STATUS(ReadDefaults(member, rules));
  } else if (key == "max_age") {
    OURO_TRY(rules.max_age_seconds, ReadDuration(member));
  } else if (key == "rules") {
    OURO_TRY_STATUS(ReadRules(member, level, rules.rules));
  } else if (key == "exceptions") {
    OURO_TRY_STATUS(ReadExceptionRules(member, rules.exceptions));
  } else if (key == "branches") {
    OURO_TRY_STATUS(ReadBranches(member, rules.branches));
  } else {
    return false;
  }
  return true;
}

Status ReadLevelScope(const SettingReader& member, PolicyLevel& entry, bool& known) {
  const std::string_view key = member.key();
  known = true;
  if (key == "cluster") {
    OURO_TRY(entry.cluster, member.Text());
  } else if (key == "environment" && entry.level >= Level::kEnvironment) {
    OURO_TRY(entry.environment, member.Text());
  } else if (key == "application" && entry.level == Level::kApplication) {
    OURO_TRY(entry.application, member.Text());
  } else if (key == "production" && entry.level != Level::kCluster) {
    OURO_TRY(entry.production, member.Boolean());
  } else if (key == "incomplete") {
    OURO_TRY(entry.incomplete, ReadIncomplete(member));
  } else if (key == "origin") {
    OURO_TRY(entry.origin, member.Text());
  } else {
    known = false;
  }
  return {};
}

tl::unexpected<Error> UnknownInLevel(const SettingReader& member, Level level) {
  std::vector<std::string_view> known = {"cluster", "fail_on", "defaults", "incomplete",
                                         "max_age", "rules",   "branches", "exceptions"};
  if (level != Level::kCluster) known.insert(known.end(), {"environment", "production"});
  if (level == Level::kApplication) known.emplace_back("application");
  return member.Unknown(known);
}

Result<PolicyLevel> ReadLevel(const SettingReader& item, Level level) {
  PolicyLevel entry;
  entry.level = level;
  entry.origin = OriginOf(item);
  OURO_TRY(const auto members, item.Members());
  for (const SettingReader& member : members) {
    if (member.IsNull() || member.key() == "fail_on") continue;
    bool known = false;
    OURO_TRY_STATUS(ReadLevelScope(member, entry, known));
    if (known) continue;
    OURO_TRY(known, ReadLevelMember(member, level, entry));
    if (!known) return UnknownInLevel(member, level);
  }
  // After `defaults`, which are more exact.
  for (const SettingReader& member : members) {
    if (member.key() == "fail_on") OURO_TRY_STATUS(ReadLevelFailOn(member, entry));
  }
  const std::string& name = level == Level::kCluster       ? entry.cluster
                            : level == Level::kEnvironment ? entry.environment
                                                           : entry.application;
  if (name.empty()) return item.Wrong(fmt::format("a map that names its {}", LevelName(level)));
  return entry;
}

Status ReadLevels(const SettingReader& value, Level level, Policy& policy) {
  OURO_TRY(const auto items, value.Items());
  for (const SettingReader& item : items) {
    OURO_TRY(PolicyLevel entry, ReadLevel(item, level));
    policy.levels.push_back(std::move(entry));
  }
  return {};
}

Status ReadRoles(const SettingReader& value, Policy& policy) {
  OURO_TRY(const auto members, value.Members());
  for (const SettingReader& member : members) {
    OURO_TRY(policy.roles[std::string(member.key())], member.TextList());
  }
  return {};
}

Status ReadBreakGlass(const SettingReader& value, Policy& policy) {
  BreakGlass rules;
  rules.max_seconds = limits::kBreakGlassSeconds;
  OURO_TRY(const auto members, value.Members());
  for (const SettingReader& member : members) {
    const std::string_view key = member.key();
    if (key == "key_env") {
      OURO_TRY(rules.key_environment, member.Text());
    } else if (key == "key_file") {
      OURO_TRY(rules.key_file, member.Text());
    } else if (key == "max") {
      OURO_TRY(rules.max_seconds, ReadDuration(member));
      if (rules.max_seconds < 1 || rules.max_seconds > limits::kBreakGlassSeconds) {
        return member.Wrong("a length of time of at most 4h");
      }
    } else if (key == "second_person") {
      OURO_TRY(rules.second_person, member.Boolean());
    } else if (key == "review_days") {
      OURO_TRY(rules.review_days, ReadCount(member, 1, 365));
    } else {
      return member.Unknown({"key_env", "key_file", "max", "second_person", "review_days"});
    }
  }
  if (rules.key_environment.empty() == rules.key_file.empty()) {
    return value.Wrong("a map with key_env or key_file");
  }
  policy.break_glass = rules;
  return {};
}

template <typename T>
Status MergeValue(const std::optional<T>& from, std::optional<T>& into, std::string_view key,
                  const std::string& origins) {
  if (!from) return {};
  if (into && !(*into == *from)) {
    return Fail(ErrorCode::kInvalid, fmt::format("{} differs: set it in one file only", key),
                origins);
  }
  into = from;
  return {};
}

template <typename T>
void Append(std::vector<T>&& from, std::vector<T>& into) {
  std::move(from.begin(), from.end(), std::back_inserter(into));
}

Status MergeLevel(LevelRules& from, LevelRules& into, const std::string& origins) {
  for (size_t i = 0; i < into.defaults.size(); ++i) {
    OURO_TRY_STATUS(MergeValue(from.defaults[i], into.defaults[i], "defaults", origins));
    OURO_TRY_STATUS(MergeValue(from.exceptions.days_max[i], into.exceptions.days_max[i],
                               "exceptions.max_days", origins));
    OURO_TRY_STATUS(MergeValue(from.exceptions.approvals[i], into.exceptions.approvals[i],
                               "exceptions.approvals", origins));
  }
  OURO_TRY_STATUS(MergeValue(from.max_age_seconds, into.max_age_seconds, "max_age", origins));
  OURO_TRY_STATUS(MergeValue(from.exceptions.growth_percent, into.exceptions.growth_percent,
                             "exceptions.growth_percent", origins));
  OURO_TRY_STATUS(MergeValue(from.exceptions.epss_threshold, into.exceptions.epss_threshold,
                             "exceptions.epss_threshold", origins));
  OURO_TRY_STATUS(MergeValue(from.exceptions.grace_hours, into.exceptions.grace_hours,
                             "exceptions.grace_hours", origins));
  Append(std::move(from.exceptions.owners), into.exceptions.owners);
  Append(std::move(from.branches), into.branches);
  return {};
}

}  // namespace

std::span<const std::string_view> PolicyKeys() {
  return kPolicyKeys;
}

Status ReadPolicyMember(const SettingReader& member, Policy& policy) {
  const std::string_view key = member.key();
  if (key == "fail_on") {
    OURO_TRY(policy.fail_on, ReadFailOn(member));
  } else if (key == "incomplete") {
    OURO_TRY(policy.incomplete, ReadIncomplete(member));
  } else if (key == "strict") {
    OURO_TRY(policy.strict, member.Boolean());
  } else if (key == "rules") {
    return ReadRules(member, Level::kGlobal, policy.rules);
  } else if (key == "clusters") {
    return ReadLevels(member, Level::kCluster, policy);
  } else if (key == "environments") {
    return ReadLevels(member, Level::kEnvironment, policy);
  } else if (key == "applications") {
    return ReadLevels(member, Level::kApplication, policy);
  } else if (key == "production") {
    OURO_TRY(policy.production, member.TextList());
  } else if (key == "roles") {
    return ReadRoles(member, policy);
  } else if (key == "break_glass") {
    return ReadBreakGlass(member, policy);
  } else if (key == "origin") {
    OURO_TRY(policy.origin, member.Text());
  } else {
    OURO_TRY(const bool known, ReadLevelMember(member, Level::kGlobal, policy.global));
    if (!known) return member.Unknown({kPolicyKeys.begin(), kPolicyKeys.end()});
  }
  return {};
}

Result<Policy> ReadPolicy(const SettingReader& map) {
  Policy policy;
  if (!map.file().empty()) policy.origin = map.file();
  OURO_TRY(const auto members, map.Members());
  for (const SettingReader& member : members) {
    if (!member.IsNull()) OURO_TRY_STATUS(ReadPolicyMember(member, policy));
  }
  OURO_TRY_STATUS(CheckPolicy(policy));
  return policy;
}

Result<Policy> ReadPolicyText(std::string source, std::string_view name) {
  io::KeyTable keys;
  io::Tree tree;
  io::ReadOptions options;
  options.strict_keys = true;
  if (static_cast<int64_t>(source.size()) > limits::kConfigFileSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("larger than {} bytes", limits::kConfigFileSizeBytes),
                std::string(name));
  }
  if (const Status read = io::ReadDocument(std::move(source), options, keys, tree); !read) {
    return tl::unexpected<Error>(WithContext(read.error(), name));
  }
  for (const io::ReadProblem& problem : tree.problems()) {
    return tl::unexpected<Error>(WithContext(problem.error, name));
  }
  if (tree.roots().size() != 1 || tree.roots()[0].node == io::kNoNode) {
    return Fail(ErrorCode::kInvalid, "one document with a policy is expected", std::string(name));
  }
  const SettingReader top(tree, keys, tree.roots()[0].node, name, "");
  OURO_TRY(const auto members, top.Members());
  for (const SettingReader& member : members) {
    if (member.key() == "policy") return ReadPolicy(member);
  }
  return ReadPolicy(top);
}

Result<Policy> MergePolicies(std::vector<Policy> policies) {
  Policy merged = std::move(policies.front());
  for (size_t i = 1; i < policies.size(); ++i) {
    Policy& next = policies[i];
    const std::string origins = fmt::format("{}, {}", merged.origin, next.origin);
    static const Policy kDefault;
    if (next.fail_on != kDefault.fail_on) {
      if (merged.fail_on != kDefault.fail_on && merged.fail_on != next.fail_on) {
        return Fail(ErrorCode::kInvalid, "fail_on differs: set it in one file only", origins);
      }
      merged.fail_on = next.fail_on;
    }
    if (next.production != kDefault.production) merged.production = std::move(next.production);
    OURO_TRY_STATUS(MergeValue(next.incomplete, merged.incomplete, "incomplete", origins));
    OURO_TRY_STATUS(MergeLevel(next.global, merged.global, origins));
    merged.strict = merged.strict || next.strict;
    Append(std::move(next.rules), merged.rules);
    Append(std::move(next.levels), merged.levels);
    for (auto& [role, people] : next.roles) Append(std::move(people), merged.roles[role]);
    if (next.break_glass && merged.break_glass) {
      return Fail(ErrorCode::kInvalid, "break_glass stands in both: set it in one file only",
                  origins);
    }
    if (next.break_glass) merged.break_glass = std::move(next.break_glass);
    merged.origin = origins;
  }
  OURO_TRY_STATUS(CheckPolicy(merged));
  return merged;
}

Status CheckPolicy(const Policy& policy) {
  size_t count = policy.rules.size();
  for (const PolicyLevel& level : policy.levels) count += level.rules.size() + 1;
  if (static_cast<int64_t>(count) > limits::kGateRuleCount) {
    return Fail(ErrorCode::kLimit, fmt::format("more than {} rules", limits::kGateRuleCount),
                policy.origin);
  }
  return {};
}

}  // namespace ouro::gate
