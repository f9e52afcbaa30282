#include "notify/event.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "io/tree.h"

namespace ouro::notify {
namespace {

constexpr std::array<std::string_view, kEventTypeCount> kNames = {
    "issue.opened",      "issue.reopened",
    "issue.resolved",    "issue.overdue",
    "gate.blocked",      "exception.expiring",
    "exception.expired", "exception.suspended",
    "break_glass.used",  "test",
};

}  // namespace

std::string_view EventTypeName(EventType type) {
  return kNames[static_cast<size_t>(type)];
}

std::optional<EventType> ParseEventType(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<EventType>(i);
  }
  return std::nullopt;
}

bool IsIssueEvent(EventType type) {
  return type <= EventType::kIssueOverdue;
}

std::string EventJson(const Event& event) {
  std::string out = fmt::format("{{\"schema\":\"ouro/event/v1\",\"event\":\"{}\",\"time\":\"{}\"",
                                EventTypeName(event.type), FormatRfc3339(event.time));
  if (!event.issues.empty()) {
    out += ",\"issues\":[";
    for (size_t i = 0; i < event.issues.size(); ++i) {
      if (i > 0) out += ',';
      AppendJsonString(out, event.issues[i]);
    }
    out += ']';
  }
  if (!event.subject.empty()) {
    out += ",\"subject\":";
    AppendJsonString(out, event.subject);
  }
  if (!event.text.empty()) {
    out += ",\"text\":";
    AppendJsonString(out, event.text);
  }
  return out + "}";
}

Result<Event> ReadEvent(std::string_view json) {
  io::Tree tree;
  io::KeyTable keys;
  OURO_TRY_STATUS(io::ReadJson(std::string(json), {}, keys, tree));
  for (const io::ReadProblem& problem : tree.problems()) {
    if (!problem.warning) return tl::unexpected<Error>(problem.error);
  }
  if (tree.roots().size() != 1) return Fail(ErrorCode::kParse, "an event is one JSON object");
  const io::NodeView root(tree, keys, tree.roots()[0].node);
  if (!root.IsMap() || root.Get("schema").Text() != "ouro/event/v1") {
    return Fail(ErrorCode::kInvalid, "an event has \"schema\": \"ouro/event/v1\"");
  }
  Event event;
  const std::optional<EventType> type = ParseEventType(root.Get("event").Text());
  const std::optional<UnixSeconds> time = ParseRfc3339(root.Get("time").Text());
  if (!type || !time) return Fail(ErrorCode::kInvalid, "an event has \"event\" and \"time\"");
  event.type = *type;
  event.time = *time;
  for (const io::NodeView& id : root.Get("issues").Children()) {
    if (!id.IsString() || event.issues.size() >= kEventIssueCount) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("\"issues\" is a list of at most {} ids", kEventIssueCount));
    }
    event.issues.emplace_back(id.Text());
  }
  event.subject = root.Get("subject").Text();
  event.text = root.Get("text").Text();
  return event;
}

}  // namespace ouro::notify
