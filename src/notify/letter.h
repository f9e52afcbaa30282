// What a message says: events of one channel and group, put together with what is known of their
// issues. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "notify/config.h"
#include "notify/event.h"
#include "store/issue.h"

namespace ouro::notify {

// What is known of an issue now; nullopt: there is none with that id.
using IssueLookup = std::function<Result<std::optional<store::Issue>>(const std::string& id)>;

struct IssueLine {
  EventType type = EventType::kIssueOpened;  // the last thing that happened to it
  store::Issue issue;
  std::string url;  // empty: no dashboard is configured
};

struct Letter {
  std::string delivery;           // DeliveryId
  UnixSeconds time = 0;           // of sending
  std::string subject;            // one line
  std::vector<IssueLine> issues;  // gravest first; at most limits::kNotifyIssueCount
  int64_t omitted = 0;            // further issues
  std::vector<Event> events;      // those that are not about issues
  bool empty() const { return issues.empty() && events.empty(); }
};

// Does the channel want to hear of this event about this issue? (A resolved issue keeps the
// severity that its findings had.)
bool Wants(const EventFilter& filter, EventType type, const store::Issue& issue);
// Of an event that is not about issues.
bool Wants(const EventFilter& filter, EventType type);

// Puts the events together. What the channel does not want, and issues that are not known, are left
// out; an empty letter is not to be sent.
Result<Letter> MakeLetter(const Channel& channel, std::span<const Event> events,
                          const IssueLookup& lookup, std::string_view url);

// An event about issues, taken apart into the groups of the channel: key ("namespace:shop",
// "issue:<id>") and event. What the channel does not want is left out.
struct GroupedEvent {
  std::string group_key;
  Event event;
};
Result<std::vector<GroupedEvent>> SplitByGroup(const Channel& channel, const Event& event,
                                               const IssueLookup& lookup);

// "Deployment shop/payment, container api".
std::string ResourceText(const store::Issue& issue);
// "opened", "reopened", "resolved", "overdue".
std::string_view IssueWord(EventType type);
// The whole message as plain text, lines of any length that end with '\n'.
std::string LetterText(const Letter& letter);

}  // namespace ouro::notify
