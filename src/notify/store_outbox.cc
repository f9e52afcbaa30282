#include "notify/store_outbox.h"

#include <algorithm>
#include <utility>

namespace ouro::notify {
namespace {

void AppendIssueMessages(const Config& config, EventType type, const std::vector<std::string>& ids,
                         std::string_view subject, UnixSeconds now,
                         std::vector<store::OutboxMessage>& messages) {
  for (size_t begin = 0; begin < ids.size(); begin += kEventIssueCount) {
    const size_t end = std::min(ids.size(), begin + kEventIssueCount);
    Event event;
    event.type = type;
    event.time = now;
    event.subject = subject;
    event.issues.assign(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                        ids.begin() + static_cast<std::ptrdiff_t>(end));
    for (store::OutboxMessage& message : MessagesFor(config, event)) {
      messages.push_back(std::move(message));
    }
  }
}

}  // namespace

Status StoreOutbox::Append(const std::vector<store::OutboxMessage>& messages, UnixSeconds now) {
  return store_.AppendOutbox(messages, now);
}

Result<std::vector<store::OutboxEntry>> StoreOutbox::Due(UnixSeconds now, int64_t limit) {
  return store_.DueOutbox(now, limit);
}

Status StoreOutbox::MarkSent(std::span<const int64_t> ids, UnixSeconds now) {
  return store_.MarkOutboxSent(ids, now);
}

Status StoreOutbox::MarkFailed(std::span<const int64_t> ids, std::string_view error,
                               UnixSeconds next_try) {
  return store_.MarkOutboxFailed(ids, error, next_try);
}

IssueLookup LookupIn(store::Store& store, UnixSeconds now) {
  return [&store, now](const std::string& id) -> Result<std::optional<store::Issue>> {
    Result<store::Issue> issue = store.FindIssue(id, now);
    if (issue) return std::optional<store::Issue>(*std::move(issue));
    if (issue.error().code == ErrorCode::kNotFound) return std::optional<store::Issue>();
    return tl::unexpected<Error>(std::move(issue).error());
  };
}

std::vector<store::OutboxMessage> MessagesFor(const Config& config, const Event& event) {
  std::vector<store::OutboxMessage> messages;
  for (const Channel& channel : config.channels) {
    if (!Wants(channel.when, event.type)) continue;
    messages.push_back({channel.name, "", EventJson(event)});
  }
  return messages;
}

std::vector<store::OutboxMessage> MessagesForImport(const Config& config,
                                                    const store::ImportChanges& changes,
                                                    std::string_view subject, UnixSeconds now) {
  std::vector<store::OutboxMessage> messages;
  AppendIssueMessages(config, EventType::kIssueOpened, changes.created, subject, now, messages);
  AppendIssueMessages(config, EventType::kIssueReopened, changes.reopened, subject, now, messages);
  AppendIssueMessages(config, EventType::kIssueResolved, changes.resolved, subject, now, messages);
  return messages;
}

}  // namespace ouro::notify
