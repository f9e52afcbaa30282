#include "gate/window_rule.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "calendar/duration.h"
#include "gate/json_object.h"

namespace ouro::gate {
namespace {

using io::SettingReader;

struct ListField {
  std::string_view key;
  std::vector<std::string> WindowRule::* field;
};
constexpr std::array kListFields = {
    ListField{"applications", &WindowRule::applications},
    ListField{"environments", &WindowRule::environments},
    ListField{"clusters", &WindowRule::clusters},
    ListField{"namespaces", &WindowRule::namespaces},
    ListField{"operations", &WindowRule::operations},
};

// The texts of which the window is made; the rest is set at once.
struct Texts {
  std::string name;
  std::string kind;
  std::string duration;
};

Status ReadText(const SettingReader& member, WindowRule& rule, Texts& texts, bool& known) {
  const std::string_view key = member.key();
  known = true;
  if (key == "name") {
    OURO_TRY(texts.name, member.Text());
  } else if (key == "kind") {
    OURO_TRY(texts.kind, member.Text());
  } else if (key == "zone") {
    OURO_TRY(rule.zone, member.Text());
  } else if (key == "start") {
    OURO_TRY(rule.start, member.Text());
  } else if (key == "rrule" || key == "ical") {
    if (!rule.recurrence.empty()) return member.Wrong("given alone: rrule or ical, not both");
    OURO_TRY(rule.recurrence, member.Text());
  } else if (key == "duration") {
    OURO_TRY(texts.duration, member.Text());
  } else if (key == "message") {
    OURO_TRY(rule.window.message, member.Text());
  } else if (key == "origin") {
    OURO_TRY(rule.origin, member.Text());
  } else {
    known = false;
  }
  return {};
}

Status ReadOther(const SettingReader& member, WindowRule& rule) {
  const std::string_view key = member.key();
  if (key == "bypass_roles") {
    OURO_TRY(rule.window.bypass_roles, member.TextList());
    return {};
  }
  if (key == "overrun") {
    OURO_TRY(rule.window.overrun, member.Boolean());
    return {};
  }
  if (key == "security_fix_exempt") {
    OURO_TRY(rule.window.security_fix_exempt, member.Boolean());
    return {};
  }
  for (const ListField& row : kListFields) {
    if (row.key != key) continue;
    OURO_TRY(rule.*row.field, member.TextList());
    return {};
  }
  std::vector<std::string_view> keys = {"name",
                                        "kind",
                                        "zone",
                                        "start",
                                        "rrule",
                                        "ical",
                                        "duration",
                                        "message",
                                        "overrun",
                                        "bypass_roles",
                                        "security_fix_exempt"};
  for (const ListField& row : kListFields) keys.push_back(row.key);
  return member.Unknown(keys);
}

Result<WindowRule> ReadWindow(const SettingReader& item) {
  WindowRule rule;
  Texts texts;
  if (!item.file().empty()) rule.origin = item.Where();
  OURO_TRY(const auto members, item.Members());
  for (const SettingReader& member : members) {
    if (member.IsNull()) continue;
    bool known = false;
    OURO_TRY_STATUS(ReadText(member, rule, texts, known));
    if (!known) OURO_TRY_STATUS(ReadOther(member, rule));
  }
  auto window = calendar::MakeWindow(
      {texts.name, texts.kind, rule.zone, rule.start, rule.recurrence, texts.duration});
  if (!window) {
    const Error& error = window.error();
    return Fail(error.code, fmt::format("{}.{}: {}", item.name(), error.where, error.message),
                item.Where());
  }
  window->message = std::move(rule.window.message);
  window->bypass_roles = std::move(rule.window.bypass_roles);
  window->overrun = rule.window.overrun;
  window->security_fix_exempt = rule.window.security_fix_exempt;
  rule.window = std::move(*window);
  return rule;
}

// Unknown (empty) text matches, so that silence about the place does not open a window.
bool Matches(const std::vector<std::string>& globs, std::string_view text) {
  return globs.empty() || text.empty() ||
         std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return MatchesGlob(text, glob); });
}

std::string Refusal(const calendar::WindowDecision& decision, const WindowRule* rule) {
  std::string out;
  if (decision.reason == calendar::WindowReason::kInBlackout && rule != nullptr) {
    out = fmt::format("the blackout \"{}\" is active", rule->window.name);
    if (decision.interval) out += fmt::format(" until {}", FormatRfc3339(decision.interval->end));
  } else {
    out = "no maintenance window is open";
    if (rule != nullptr && decision.interval) {
      out += fmt::format("; \"{}\" opens at {}", rule->window.name,
                         FormatRfc3339(decision.interval->start));
    }
  }
  if (rule != nullptr && !rule->window.message.empty()) {
    out += fmt::format(" ({})", rule->window.message);
  }
  if (decision.next_allowed) {
    out += fmt::format("; allowed from {}", FormatRfc3339(*decision.next_allowed));
  } else {
    out += fmt::format("; not allowed within the next {} days", decision.horizon_seconds / 86'400);
  }
  return out;
}

}  // namespace

Result<std::vector<WindowRule>> ReadWindows(const SettingReader& list) {
  std::vector<WindowRule> rules;
  OURO_TRY(const auto items, list.Items());
  if (static_cast<int64_t>(items.size()) > limits::kGateWindowCount) {
    return Fail(ErrorCode::kLimit, fmt::format("more than {} windows", limits::kGateWindowCount),
                list.Where());
  }
  for (const SettingReader& item : items) {
    OURO_TRY(WindowRule rule, ReadWindow(item));
    rules.push_back(std::move(rule));
  }
  return rules;
}

void AppendWindow(std::string& out, const WindowRule& rule, bool with_origin) {
  const calendar::Window& window = rule.window;
  JsonObject object(out, '{');
  object.Text("name", window.name);
  object.Text("kind", calendar::WindowKindName(window.kind));
  object.TextIf("zone", rule.zone);
  object.TextIf("start", rule.start);
  object.TextIf("rrule", rule.recurrence);
  object.Text("duration", calendar::FormatDuration(window.duration_seconds));
  object.TextIf("message", window.message);
  object.TextsIf("bypass_roles", window.bypass_roles);
  if (window.overrun) object.Bool("overrun", true);
  if (window.security_fix_exempt) object.Bool("security_fix_exempt", true);
  for (const ListField& row : kListFields) object.TextsIf(row.key, rule.*row.field);
  if (with_origin) object.TextIf("origin", rule.origin);
  object.End();
}

bool Concerns(const WindowRule& rule, const Subject& subject) {
  return Matches(rule.applications, subject.application) &&
         Matches(rule.environments, subject.environment) &&
         Matches(rule.clusters, subject.cluster) &&
         Matches(rule.namespaces, subject.namespace_name) &&
         Matches(rule.operations, subject.operation);
}

bool MayBypass(const WindowRule& rule, const Subject& subject) {
  const std::vector<std::string>& roles = rule.window.bypass_roles;
  return std::any_of(subject.roles.begin(), subject.roles.end(), [&](const std::string& role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  });
}

Result<WindowVerdict> JudgeWindows(const std::vector<WindowRule>& rules, const Subject& subject,
                                   std::optional<UnixSeconds> began, bool security_fix,
                                   UnixSeconds now) {
  WindowVerdict verdict;
  std::vector<const WindowRule*> concerned;
  std::vector<const calendar::Window*> windows;
  for (const WindowRule& rule : rules) {
    if (!Concerns(rule, subject)) continue;
    if (MayBypass(rule, subject)) {
      verdict.bypassed.push_back(rule.window.name);
      continue;
    }
    if (security_fix && rule.window.security_fix_exempt) {
      verdict.exempted.push_back(rule.window.name);
      continue;
    }
    concerned.push_back(&rule);
    windows.push_back(&rule.window);
  }
  if (windows.empty()) return verdict;
  OURO_TRY(const calendar::WindowDecision decision,
           calendar::DecideWindows(windows, {.now = now, .began = began}));
  const WindowRule* rule = decision.window ? concerned[*decision.window] : nullptr;
  verdict.allowed = decision.allowed;
  verdict.reason = calendar::WindowReasonName(decision.reason);
  verdict.next_allowed = decision.next_allowed;
  if (rule != nullptr) verdict.window = rule->window.name;
  if (!decision.allowed) {
    verdict.sentence = Refusal(decision, rule);
  } else if (rule != nullptr) {
    verdict.sentence = fmt::format("allowed by the window \"{}\"", rule->window.name);
  }
  return verdict;
}

}  // namespace ouro::gate
