#include "engine/settings.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"
#include "calendar/duration.h"
#include "engine/setting_reader.h"
#include "engine/settings_triage.h"
#include "gate/policy_reader.h"
#include "gate/policy_writer.h"
#include "rules/cel.h"

namespace ouro::engine {
namespace {

using model::Severity;

constexpr std::string_view kSeverityWords = "critical, high, medium, low or info";

Result<Severity> ReadSeverity(const SettingReader& value) {
  OURO_TRY(const std::string text, value.Text());
  const auto severity = model::ParseSeverity(text);
  if (!severity) return value.Wrong(kSeverityWords);
  return *severity;
}

std::string ShowList(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ", ";
    AppendJsonString(out, text);
  }
  return out + "]";
}

// --- exclude -------------------------------------------------------------------------------------

Status ReadExcludePaths(const SettingReader& value, Config& config) {
  OURO_TRY(config.exclude_paths, value.TextList());
  return {};
}
std::string ShowExcludePaths(const Config& config) {
  return ShowList(config.exclude_paths);
}

using ExcludeField = std::string scan::ObjectExclude::*;

// Rows of ObjectExclude in which only `field` is set.
std::vector<std::string> SingleExcludes(const Config& config, ExcludeField field) {
  std::vector<std::string> texts;
  for (const scan::ObjectExclude& rule : config.exclude_objects) {
    scan::ObjectExclude rest = rule;
    (rest.*field).clear();
    const bool alone =
        rest.namespace_name.empty() && rest.kind.empty() && rest.name.empty() && rest.label.empty();
    if (alone) texts.push_back(rule.*field);
  }
  return texts;
}

template <ExcludeField kField>
Status ReadExcludeField(const SettingReader& value, Config& config) {
  OURO_TRY(auto texts, value.TextList());
  for (std::string& text : texts) {
    if (text.empty()) return value.Wrong("a list of texts that are not empty");
    scan::ObjectExclude rule;
    rule.*kField = std::move(text);
    config.exclude_objects.push_back(std::move(rule));
  }
  return {};
}
template <ExcludeField kField>
std::string ShowExcludeField(const Config& config) {
  return ShowList(SingleExcludes(config, kField));
}

Status ReadExcludeObjects(const SettingReader& value, Config& config) {
  OURO_TRY(const auto items, value.Items());
  for (const SettingReader& item : items) {
    scan::ObjectExclude rule;
    const std::array<std::pair<std::string_view, std::string*>, 4> fields = {
        {{"namespace", &rule.namespace_name},
         {"kind", &rule.kind},
         {"name", &rule.name},
         {"label", &rule.label}}};
    OURO_TRY(const auto members, item.Members());
    if (members.empty()) return item.Wrong("a map with namespace, kind, name or label");
    for (const SettingReader& member : members) {
      std::string* target = nullptr;
      for (const auto& [name, field] : fields) {
        if (name == member.key()) target = field;
      }
      if (target == nullptr) return member.Unknown({"namespace", "kind", "name", "label"});
      OURO_TRY(*target, member.Text());
      if (target->empty()) return member.Wrong("text that is not empty");
    }
    config.exclude_objects.push_back(std::move(rule));
  }
  return {};
}
std::string ShowExcludeObjects(const Config& config) {
  std::string out = "[";
  for (const scan::ObjectExclude& rule : config.exclude_objects) {
    std::vector<std::string> parts;
    if (!rule.namespace_name.empty()) parts.push_back("namespace: " + rule.namespace_name);
    if (!rule.kind.empty()) parts.push_back("kind: " + rule.kind);
    if (!rule.name.empty()) parts.push_back("name: " + rule.name);
    if (!rule.label.empty()) parts.push_back("label: " + rule.label);
    if (parts.size() < 2) continue;
    if (out.size() > 1) out += ", ";
    out += "{" + JoinText(parts, ", ") + "}";
  }
  return out + "]";
}

// --- what runs -----------------------------------------------------------------------------------

template <std::string Config::* kField>
Status ReadTextField(const SettingReader& value, Config& config) {
  OURO_TRY(config.*kField, value.Text());
  return {};
}
template <std::string Config::* kField>
std::string ShowTextField(const Config& config) {
  return (config.*kField).empty() ? std::string("none") : config.*kField;
}
template <std::vector<std::string> Config::* kField>
Status ReadListField(const SettingReader& value, Config& config) {
  OURO_TRY(config.*kField, value.TextList());
  return {};
}
template <std::vector<std::string> Config::* kField>
std::string ShowListField(const Config& config) {
  return ShowList(config.*kField);
}

Status ReadKubernetesVersion(const SettingReader& value, Config& config) {
  OURO_TRY(config.kubernetes_version, value.Text());
  std::string warning;
  if (auto parsed = ParseKubernetesVersion(config.kubernetes_version, warning); !parsed) {
    return value.Wrong("a Kubernetes version such as \"1.29\"");
  }
  return {};
}
std::string ShowKubernetesVersion(const Config& config) {
  return config.kubernetes_version.empty() ? fmt::format("1.{}", rules::kNewestKubernetesMinor)
                                           : config.kubernetes_version;
}

Status ReadParameters(const SettingReader& value, Config& config) {
  OURO_TRY(const auto checks, value.Members());
  for (const SettingReader& check : checks) {
    OURO_TRY(const auto parameters, check.Members());
    for (const SettingReader& parameter : parameters) {
      OURO_TRY(std::string json, parameter.Json());
      config.parameters[std::string(check.key())][std::string(parameter.key())] = std::move(json);
    }
  }
  return {};
}
std::string ShowParameters(const Config& config) {
  std::vector<std::string> parts;
  for (const auto& [check, parameters] : config.parameters) {
    for (const auto& [name, json] : parameters) {
      parts.push_back(fmt::format("{}: {{{}: {}}}", check, name, json));
    }
  }
  return "{" + JoinText(parts, ", ") + "}";
}

Status ReadSeverities(const SettingReader& value, Config& config) {
  OURO_TRY(const auto checks, value.Members());
  for (const SettingReader& check : checks) {
    OURO_TRY(config.severities[std::string(check.key())], ReadSeverity(check));
  }
  return {};
}
std::string ShowSeverities(const Config& config) {
  std::vector<std::string> parts;
  for (const auto& [check, severity] : config.severities) {
    parts.push_back(fmt::format("{}: {}", check, model::SeverityName(severity)));
  }
  return "{" + JoinText(parts, ", ") + "}";
}

// --- ignore --------------------------------------------------------------------------------------

Status ReadIgnoreEntry(const SettingReader& item, Config& config) {
  triage::SuppressionRule base;
  base.by = "ouro.yaml";
  std::vector<std::string> checks;
  OURO_TRY(const auto members, item.Members());
  for (const SettingReader& member : members) {
    const std::string_view key = member.key();
    if (key == "check") {
      OURO_TRY(checks, member.TextList());
    } else if (key == "reason") {
      OURO_TRY(base.reason, member.Text());
    } else if (key == "until") {
      OURO_TRY(base.until, member.Text());
      if (base.until.size() != 10 || !ParseRfc3339(base.until)) {
        return member.Wrong("a date such as 2027-01-31");
      }
    } else if (key == "file") {
      OURO_TRY(base.file_glob, member.Text());
    } else if (key == "namespace") {
      OURO_TRY(base.resource.namespace_name, member.Text());
    } else if (key == "kind") {
      OURO_TRY(base.resource.kind, member.Text());
    } else if (key == "name") {
      OURO_TRY(base.resource.name, member.Text());
    } else if (key == "container") {
      OURO_TRY(base.container, member.Text());
    } else {
      return member.Unknown(
          {"check", "reason", "until", "file", "namespace", "kind", "name", "container"});
    }
  }
  if (checks.empty()) return item.Wrong("a map that names a check");
  for (std::string& check : checks) {
    if (check.empty()) return item.Wrong("a map whose check is not empty");
    triage::SuppressionRule rule = base;
    rule.selector = std::move(check);
    config.suppressions.push_back(std::move(rule));
  }
  return {};
}

Status ReadIgnore(const SettingReader& value, Config& config) {
  OURO_TRY(const auto items, value.Items());
  for (const SettingReader& item : items) OURO_TRY_STATUS(ReadIgnoreEntry(item, config));
  return {};
}
std::string ShowIgnore(const Config& config) {
  std::vector<std::string> parts;
  for (const triage::SuppressionRule& rule : config.suppressions) {
    parts.push_back(rule.selector + (rule.until.empty() ? "" : " until " + rule.until));
  }
  return ShowList(parts);
}

// --- policy --------------------------------------------------------------------------------------

// The gate reads its own settings; a wrong one is told with its place.
Status ReadPolicySetting(const SettingReader& value, Config& config) {
  return gate::ReadPolicyMember(value, config.policy);
}

std::string ShowFailOn(const Config& config) {
  return config.policy.fail_on ? std::string(model::SeverityName(*config.policy.fail_on)) : "never";
}
std::string ShowIncomplete(const Config& config) {
  const auto& incomplete = config.policy.incomplete;
  if (incomplete) return std::string(gate::OnIncompleteName(*incomplete));
  return config.policy.levels.empty() ? "observe" : "block in production, react elsewhere";
}
std::string ShowStrict(const Config& config) {
  return config.policy.strict ? "true" : "false";
}
std::string ShowPolicyRules(const Config& config) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < config.policy.rules.size(); ++i) {
    const gate::PolicyRule& rule = config.policy.rules[i];
    parts.push_back(fmt::format("{}: {}",
                                rule.name.empty() ? fmt::format("rule {}", i + 1) : rule.name,
                                gate::RuleActionName(rule)));
  }
  return ShowList(parts);
}
std::string ShowDefaults(const Config& config) {
  std::vector<std::string> parts;
  const auto& defaults = config.policy.global.defaults;
  for (size_t i = defaults.size(); i-- > 0;) {
    if (!defaults[i]) continue;
    parts.push_back(fmt::format("{}: {}", model::SeverityName(static_cast<Severity>(i)),
                                gate::ActionName(*defaults[i])));
  }
  return "{" + JoinText(parts, ", ") + "}";
}
std::string ShowMaxAge(const Config& config) {
  const auto& seconds = config.policy.global.max_age_seconds;
  return seconds ? calendar::FormatDuration(*seconds) : "none";
}
template <gate::Level kLevel>
std::string ShowLevels(const Config& config) {
  std::vector<std::string> parts;
  for (const gate::PolicyLevel& level : config.policy.levels) {
    if (level.level == kLevel) parts.push_back(gate::LevelTitle(level));
  }
  return ShowList(parts);
}
std::string ShowBranches(const Config& config) {
  std::vector<std::string> parts;
  for (const gate::BranchRule& rule : config.policy.global.branches) {
    parts.push_back(fmt::format("{} to {}", rule.branch, JoinText(rule.environments, " or ")));
  }
  return ShowList(parts);
}
std::string ShowProduction(const Config& config) {
  return ShowList(config.policy.production);
}
std::string ShowRoles(const Config& config) {
  std::vector<std::string> parts;
  for (const auto& [role, people] : config.policy.roles) {
    parts.push_back(fmt::format("{}: {}", role, JoinText(people, " and ")));
  }
  return "{" + JoinText(parts, ", ") + "}";
}
// Limits on exceptions, as the canonical policy has them.
std::string ShowExceptionRules(const Config& config) {
  gate::Policy policy;
  policy.global.exceptions = config.policy.global.exceptions;
  std::string text;
  gate::AppendPolicy(text, policy, false);
  constexpr std::string_view kKey = "\"exceptions\":";
  const size_t begin = text.find(kKey) + kKey.size();
  const size_t end = text.find(",\"production\"", begin);
  return text.substr(begin, end - begin);
}
std::string ShowBreakGlass(const Config& config) {
  if (!config.policy.break_glass) return "none";
  const gate::BreakGlass& rules = *config.policy.break_glass;
  return rules.key_file.empty() ? fmt::format("key of ${}", rules.key_environment)
                                : fmt::format("key of {}", rules.key_file);
}

Status ReadWindowSettings(const SettingReader& value, Config& config) {
  OURO_TRY(config.windows, gate::ReadWindows(value));
  return {};
}
std::string ShowWindows(const Config& config) {
  std::vector<std::string> parts;
  for (const gate::WindowRule& rule : config.windows) {
    parts.push_back(
        fmt::format("{}: {}", rule.window.name, calendar::WindowKindName(rule.window.kind)));
  }
  return ShowList(parts);
}

using scan::ObjectExclude;

constexpr std::array kSettings = {
    Setting{"exclude.paths", "list of patterns (.gitignore syntax)", "[]",
            "Files and folders to leave out, relative to the scanned folder.",
            "paths: [\"vendor/\", \"**/testdata/**\"]", ReadExcludePaths, ShowExcludePaths},
    Setting{"exclude.namespaces", "list of globs", "[]",
            "Objects of these namespaces are left out.", "namespaces: [kube-system]",
            ReadExcludeField<&ObjectExclude::namespace_name>,
            ShowExcludeField<&ObjectExclude::namespace_name>},
    Setting{"exclude.kinds", "list of globs", "[]", "Objects of these kinds are left out.",
            "kinds: [Event]", ReadExcludeField<&ObjectExclude::kind>,
            ShowExcludeField<&ObjectExclude::kind>},
    Setting{"exclude.names", "list of globs", "[]", "Objects with these names are left out.",
            "names: [\"debug-*\"]", ReadExcludeField<&ObjectExclude::name>,
            ShowExcludeField<&ObjectExclude::name>},
    Setting{"exclude.labels", "list of key=value or key", "[]",
            "Objects with these labels are left out. Key and value are globs.",
            "labels: [\"app.kubernetes.io/managed-by=flux\"]",
            ReadExcludeField<&ObjectExclude::label>, ShowExcludeField<&ObjectExclude::label>},
    Setting{"exclude.objects", "list of maps", "[]",
            "Objects for which all named fields match (namespace, kind, name, label).",
            "objects:\n  - {namespace: ci, kind: Job, name: \"load-*\"}", ReadExcludeObjects,
            ShowExcludeObjects},
    Setting{"profile", "text", "default",
            "The set of checks: default, all, pss-baseline, pss-restricted, nsa or cis.",
            "profile: default", ReadTextField<&Config::profile>, ShowTextField<&Config::profile>},
    Setting{"kubernetes_version", "text", "the newest known",
            "The Kubernetes version whose rules apply.", "kubernetes_version: \"1.31\"",
            ReadKubernetesVersion, ShowKubernetesVersion},
    Setting{
        "only", "list of ids", "[]",
        "Only these checks run, by our id, another tool's id, or a concept. Checks that run only "
        "on request run too when named here.",
        "only: [OURO-K8S-0001, \"checkov:CKV_K8S_20\"]", ReadListField<&Config::only>,
        ShowListField<&Config::only>},
    Setting{"skip", "list of ids", "[]", "These checks do not run.",
            "skip: [\"polaris:hostIPCSet\"]", ReadListField<&Config::skip>,
            ShowListField<&Config::skip>},
    Setting{"check_folders", "list of paths", "[]",
            "Folders with check files of your own, relative to this file.",
            "check_folders: [policies/]", ReadListField<&Config::check_folders>,
            ShowListField<&Config::check_folders>},
    Setting{"params", "map of check id to map", "{}",
            "Parameters of checks; `ouro rule show <id>` lists them.",
            "params:\n  OURO-K8S-0001: {name: value}", ReadParameters, ShowParameters},
    Setting{"severity", "map of check id to severity", "{}",
            "Another severity for a check, by our id, another tool's id, or a concept.",
            "severity:\n  OURO-K8S-0001: high", ReadSeverities, ShowSeverities},
    Setting{
        "ignore", "list of maps", "[]",
        "Findings to suppress. Each names a check and may name a reason, an end (until), and a "
        "scope (file, namespace, kind, name, container; globs).",
        "ignore:\n  - {check: host-path, kind: DaemonSet, name: node-exporter, reason: reads /proc,"
        " until: 2027-01-31}",
        ReadIgnore, ShowIgnore},
    Setting{"policy.fail_on", "severity or never", "high",
            "Findings of this severity or above block where no rule below speaks of them.",
            "fail_on: high", ReadPolicySetting, ShowFailOn},
    Setting{"policy.defaults", "map of severity to action", "{}",
            "More exact than fail_on: what happens to findings of a severity that no rule matches.",
            "defaults: {critical: block, high: block, medium: react}", ReadPolicySetting,
            ShowDefaults},
    Setting{"policy.incomplete", "observe, react or block",
            "observe; with levels: block in production, react elsewhere",
            "What it means when something could not be examined; block gives exit code 3.",
            "incomplete: observe", ReadPolicySetting, ShowIncomplete},
    Setting{"policy.max_age", "length of time", "none",
            "Findings data older than this count as no data, which is never a pass.", "max_age: 7d",
            ReadPolicySetting, ShowMaxAge},
    Setting{"policy.strict", "true or false", "false",
            "A finding that asks for a reaction gives exit code 5.", "strict: false",
            ReadPolicySetting, ShowStrict},
    Setting{
        "policy.rules", "list of maps", "[]",
        "Rules of the gate: which findings (checks, severity, namespaces, kinds, …) lead to "
        "which action (observe, react, block, block-if-fixable). A rule that names a check beats "
        "one by concept, then by package, then by severity; `locked` rules are floors.",
        "rules:\n  - {name: no privileged pods, checks: [privileged], action: block}",
        ReadPolicySetting, ShowPolicyRules},
    Setting{
        "policy.clusters", "list of maps", "[]",
        "What holds for one cluster: cluster (a glob), and rules, fail_on, defaults, incomplete, "
        "max_age, exceptions, branches as above. Nearer levels win.",
        "clusters:\n  - {cluster: \"eu-*\", fail_on: medium}", ReadPolicySetting,
        ShowLevels<gate::Level::kCluster>},
    Setting{"policy.environments", "list of maps", "[]",
            "The same for one environment; production says whether it is one.",
            "environments:\n  - {environment: prod, production: true, incomplete: block}",
            ReadPolicySetting, ShowLevels<gate::Level::kEnvironment>},
    Setting{"policy.applications", "list of maps", "[]",
            "The same for one application, in all environments or in one.",
            "applications:\n  - {application: shop, environment: dev, fail_on: critical}",
            ReadPolicySetting, ShowLevels<gate::Level::kApplication>},
    Setting{"policy.production", "list of globs",
            "[\"prod\", \"prod-*\", \"production\", \"production-*\", \"live\"]",
            "Environments that are production where no entry of environments says so.",
            "production: [prod]", ReadPolicySetting, ShowProduction},
    Setting{"policy.branches", "list of maps", "[]",
            "Which branches may go to which environments; what no line allows may not.",
            "branches:\n  - {branch: main, environments: [\"*\"]}", ReadPolicySetting,
            ShowBranches},
    Setting{"policy.exceptions", "map", "{}",
            "Limits on exceptions: max_days and approvals by severity, growth_percent, "
            "epss_threshold, grace_hours, owners (roles that may approve).",
            "exceptions: {max_days: {critical: 14}, approvals: {critical: 2}}", ReadPolicySetting,
            ShowExceptionRules},
    Setting{"policy.roles", "map of role to people", "{}",
            "Who has which role; an approval in a role that its author does not have does not "
            "count.",
            "roles: {security: [ana, ben]}", ReadPolicySetting, ShowRoles},
    Setting{"policy.break_glass", "map", "none",
            "How signed grants for emergencies are checked: key_env or key_file, max (at most 4h), "
            "second_person, review_days.",
            "break_glass: {key_env: OURO_BREAK_GLASS_KEY}", ReadPolicySetting, ShowBreakGlass},
    Setting{"windows", "list of maps", "[]",
            "Blackout and maintenance windows: name, kind, zone, start, rrule, duration, and whom "
            "they concern.",
            "windows:\n  - {name: friday, kind: blackout, zone: Europe/Berlin, start: "
            "\"2026-01-02T15:00\", rrule: FREQ=WEEKLY, duration: 9h}",
            ReadWindowSettings, ShowWindows},
    Setting{"exceptions", "path", "none", "File of exceptions, relative to this file.",
            "exceptions: exceptions.yaml", ReadTextField<&Config::exceptions>,
            ShowTextField<&Config::exceptions>},
    Setting{"audit", "path", "none",
            "Hash-chained log of decisions and of what people decide, relative to this file.",
            "audit: audit.jsonl", ReadTextField<&Config::audit>, ShowTextField<&Config::audit>},
    Setting{"feeds", "map", "{}",
            "Facts about vulnerabilities (`ouro db update`): file, mirror, epss, kev, vulnrichment "
            "(addresses), max_age_days.",
            "feeds: {mirror: \"https://mirror.example/feeds/\"}", ReadFeeds, ShowFeeds},
    Setting{"owners", "map", "{}",
            "Who answers for findings: labels (keys), namespaces and paths (pattern to owner), "
            "base_images, default. CODEOWNERS is read where it is.",
            "owners: {namespaces: {\"shop-*\": team-shop}, default: platform}", ReadOwners,
            ShowOwners},
    Setting{"sla", "map", "days: {critical: 1, high: 7, medium: 30, low: 90}",
            "Days until an issue must be fixed: days and fix_days by severity (0: no date), clock "
            "(first_seen, fix_available, earlier), restart_on_reopen, grace_days.",
            "sla: {days: {critical: 3}, grace_days: 1}", ReadSla, ShowSla},
    Setting{"notify", "map", "{}",
            "Whom to tell of what happens: channels (email, slack, webhook, jira), each with its "
            "filter; secrets come from the environment or files.",
            "notify: {channels: [{name: team, kind: slack, url: {env: OURO_SLACK_URL}}]}",
            ReadNotify, ShowNotify},
    Setting{
        "store", "path", "none",
        "SQLite file that remembers when each finding was first and last seen, relative to this "
        "file.",
        "store: .ouro/findings.db", ReadTextField<&Config::store>, ShowTextField<&Config::store>},
    Setting{
        "baseline", "path", "none",
        "Findings that this file knows are hidden, so that only new ones count. Relative to this "
        "file.",
        "baseline: ouro-baseline.json", ReadTextField<&Config::baseline>,
        ShowTextField<&Config::baseline>},
};

}  // namespace

std::span<const Setting> AllSettings() {
  return kSettings;
}

}  // namespace ouro::engine
