// What others are told: something happened to issues, exceptions or a delivery. Events are the
// payload of the outbox; they hold ids and sentences, no findings and no secrets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace ouro::notify {

enum class EventType : uint8_t {
  kIssueOpened,
  kIssueReopened,
  kIssueResolved,
  kIssueOverdue,  // its date of the SLA has passed
  kGateBlocked,   // a delivery was refused
  kExceptionExpiring,
  kExceptionExpired,
  kExceptionSuspended,  // its facts have changed
  kBreakGlassUsed,
  kTest,  // `ouro notify test`
};
inline constexpr int kEventTypeCount = 10;

// "issue.opened", "issue.reopened", "issue.resolved", "issue.overdue", "gate.blocked",
// "exception.expiring", "exception.expired", "exception.suspended", "break_glass.used", "test".
std::string_view EventTypeName(EventType type);
std::optional<EventType> ParseEventType(std::string_view name);
// Of the four that are about issues.
bool IsIssueEvent(EventType type);

struct Event {
  EventType type = EventType::kTest;
  UnixSeconds time = 0;
  std::vector<std::string> issues;  // ids, of events about issues; at most kEventIssueCount
  std::string subject;  // what it is about: "trivy nginx:1.25", "shop in prod"; may be empty
  std::string text;     // sentences for people; may be empty

  bool operator==(const Event&) const = default;
};
inline constexpr size_t kEventIssueCount = 1'000;

// One line of JSON; docs/formats/notify.md ("the outbox").
std::string EventJson(const Event& event);
// kParse or kInvalid with what is wrong.
Result<Event> ReadEvent(std::string_view json);

}  // namespace ouro::notify
