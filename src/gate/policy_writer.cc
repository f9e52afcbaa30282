#include "gate/policy_writer.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "calendar/duration.h"
#include "gate/json_object.h"
#include "gate/selector_text.h"

namespace ouro::gate {
namespace {

using BySeverity = std::array<std::optional<int64_t>, model::kSeverityCount>;

void AppendBySeverity(JsonObject& parent, std::string& out, std::string_view name,
                      const BySeverity& values) {
  bool any = false;
  for (const auto& value : values) any = any || value.has_value();
  if (!any) return;
  parent.Next(name);
  JsonObject object(out, '{');
  for (size_t i = values.size(); i-- > 0;) {
    if (values[i]) object.Int(model::SeverityName(static_cast<model::Severity>(i)), *values[i]);
  }
  object.End();
}

class PolicyWriter {
 public:
  PolicyWriter(std::string& out, bool with_origins) : out_(out), with_origins_(with_origins) {}

  void Write(const Policy& policy) {
    JsonObject object(out_, '{');
    if (with_origins_) object.TextIf("origin", policy.origin);
    object.Text("fail_on", policy.fail_on ? model::SeverityName(*policy.fail_on) : "never");
    if (policy.incomplete) object.Text("incomplete", OnIncompleteName(*policy.incomplete));
    if (policy.strict) object.Bool("strict", true);
    WriteRules(object, policy.rules);
    WriteLevelValues(object, policy.global);
    for (const Level level : {Level::kCluster, Level::kEnvironment, Level::kApplication}) {
      WriteLevels(object, policy, level);
    }
    object.Texts("production", policy.production);
    if (!policy.roles.empty()) {
      object.Next("roles");
      JsonObject roles(out_, '{');
      for (const auto& [role, people] : policy.roles) roles.Texts(role, people);
      roles.End();
    }
    if (policy.break_glass) WriteBreakGlass(object, *policy.break_glass);
    object.End();
  }

 private:
  void WriteOrigin(JsonObject& object, const std::string& origin) {
    if (with_origins_) object.TextIf("origin", origin);
  }

  void WriteRules(JsonObject& parent, const std::vector<PolicyRule>& rules) {
    if (rules.empty()) return;
    parent.Next("rules");
    JsonObject list(out_, '[');
    for (const PolicyRule& rule : rules) {
      list.Next();
      JsonObject object(out_, '{');
      object.TextIf("name", rule.name);
      AppendSelector(object, out_, rule);
      object.Text("action", RuleActionName(rule));
      if (rule.locked) object.Bool("locked", true);
      WriteOrigin(object, rule.origin);
      object.End();
    }
    list.End();
  }

  void WriteExceptionRules(JsonObject& parent, const ExceptionRules& rules) {
    parent.Next("exceptions");
    JsonObject object(out_, '{');
    AppendBySeverity(object, out_, "max_days", rules.days_max);
    AppendBySeverity(object, out_, "approvals", rules.approvals);
    if (rules.growth_percent) object.Int("growth_percent", *rules.growth_percent);
    if (rules.epss_threshold) object.Number("epss_threshold", *rules.epss_threshold);
    if (rules.grace_hours) object.Int("grace_hours", *rules.grace_hours);
    object.TextsIf("owners", rules.owners);
    object.End();
  }

  void WriteLevelValues(JsonObject& object, const LevelRules& level) {
    bool any = false;
    for (const auto& action : level.defaults) any = any || action.has_value();
    if (any) {
      object.Next("defaults");
      JsonObject defaults(out_, '{');
      for (size_t i = level.defaults.size(); i-- > 0;) {
        if (!level.defaults[i]) continue;
        defaults.Text(model::SeverityName(static_cast<model::Severity>(i)),
                      ActionName(*level.defaults[i]));
      }
      defaults.End();
    }
    if (level.max_age_seconds) {
      object.Text("max_age", calendar::FormatDuration(*level.max_age_seconds));
    }
    WriteExceptionRules(object, level.exceptions);
    if (level.branches.empty()) return;
    object.Next("branches");
    JsonObject list(out_, '[');
    for (const BranchRule& rule : level.branches) {
      list.Next();
      JsonObject entry(out_, '{');
      entry.Text("branch", rule.branch);
      entry.Texts("environments", rule.environments);
      WriteOrigin(entry, rule.origin);
      entry.End();
    }
    list.End();
  }

  void WriteLevels(JsonObject& parent, const Policy& policy, Level level) {
    std::vector<const PolicyLevel*> entries;
    for (const PolicyLevel& entry : policy.levels) {
      if (entry.level == level) entries.push_back(&entry);
    }
    if (entries.empty()) return;
    parent.Next(fmt::format("{}s", LevelName(level)));
    JsonObject list(out_, '[');
    for (const PolicyLevel* entry : entries) {
      list.Next();
      JsonObject object(out_, '{');
      object.TextIf("cluster", entry->cluster);
      object.TextIf("environment", entry->environment);
      object.TextIf("application", entry->application);
      if (entry->production) object.Bool("production", *entry->production);
      if (entry->incomplete) object.Text("incomplete", OnIncompleteName(*entry->incomplete));
      WriteOrigin(object, entry->origin);
      WriteRules(object, entry->rules);
      WriteLevelValues(object, *entry);
      object.End();
    }
    list.End();
  }

  void WriteBreakGlass(JsonObject& parent, const BreakGlass& rules) {
    parent.Next("break_glass");
    JsonObject object(out_, '{');
    object.TextIf("key_env", rules.key_environment);
    object.TextIf("key_file", rules.key_file);
    object.Text("max", calendar::FormatDuration(rules.max_seconds));
    object.Bool("second_person", rules.second_person);
    object.Int("review_days", rules.review_days);
    object.End();
  }

  std::string& out_;
  bool with_origins_;
};

}  // namespace

void AppendPolicy(std::string& out, const Policy& policy, bool with_origins) {
  PolicyWriter(out, with_origins).Write(policy);
}

std::string PolicyHash(const Policy& policy) {
  std::string text;
  AppendPolicy(text, policy, false);
  Sha256 sha;
  sha.Update(text);
  const std::array<uint8_t, 32> digest = sha.Finish();
  return HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace ouro::gate
