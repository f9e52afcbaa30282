#include "store/outbox.h"

#include "base/limits.h"
#include "fmt/format.h"
#include "store/core.h"
#include "store/import_impl.h"
#include "store/store.h"

namespace ouro::store {

Status InsertOutbox(Database& database, const OutboxMessage& message, UnixSeconds now) {
  if (message.payload.size() > limits::kOutboxPayloadSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("a message has at most {} bytes", limits::kOutboxPayloadSizeBytes));
  }
  OURO_TRY(Statement insert,
           database.Prepare("INSERT INTO outbox(channel, group_key, payload, state, tries, "
                            "created, next_try, error) VALUES(?, ?, ?, 0, 0, ?, ?, '')"));
  insert.Bind(message.channel).Bind(message.group_key).Bind(message.payload).Bind(now).Bind(now);
  return insert.Run();
}

Status Store::AppendOutbox(const std::vector<OutboxMessage>& messages, UnixSeconds now) {
  OURO_TRY(Transaction transaction, core_->BeginWriting());
  for (const OutboxMessage& message : messages) {
    OURO_TRY_STATUS(InsertOutbox(*core_->database, message, now));
  }
  return transaction.Commit();
}

Result<std::vector<OutboxEntry>> Store::DueOutbox(UnixSeconds now, int64_t limit) {
  OURO_TRY(Statement list,
           core_->database->Prepare(
               "SELECT message_id, channel, group_key, payload, tries, created, next_try, error "
               "FROM outbox WHERE state = 0 AND next_try <= ? ORDER BY next_try, message_id "
               "LIMIT ?"));
  list.Bind(now).Bind(limit);
  std::vector<OutboxEntry> due;
  for (;;) {
    OURO_TRY(const bool found, list.Step());
    if (!found) return due;
    OutboxEntry& entry = due.emplace_back();
    entry.id = list.Int();
    entry.message.channel = list.Text();
    entry.message.group_key = list.Text();
    entry.message.payload = list.Text();
    entry.tries = list.Int();
    entry.created = list.Int();
    entry.next_try = list.Int();
    entry.error = list.Text();
  }
}

Status Store::MarkOutboxSent(std::span<const int64_t> ids, UnixSeconds now) {
  OURO_TRY(Transaction transaction, core_->BeginWriting());
  OURO_TRY(Statement update,
           core_->database->Prepare("UPDATE outbox SET state = 1, tries = tries + 1, "
                                    "next_try = ?, error = '' WHERE message_id = ?"));
  for (const int64_t id : ids) {
    update.Bind(now).Bind(id);
    OURO_TRY_STATUS(update.Run());
  }
  return transaction.Commit();
}

Status Store::MarkOutboxFailed(std::span<const int64_t> ids, std::string_view error,
                               UnixSeconds next_try) {
  OURO_TRY(Transaction transaction, core_->BeginWriting());
  OURO_TRY(Statement update,
           core_->database->Prepare("UPDATE outbox SET state = ?, tries = tries + 1, "
                                    "next_try = ?, error = ? WHERE message_id = ?"));
  const auto state = next_try == 0 ? OutboxState::kFailed : OutboxState::kPending;
  for (const int64_t id : ids) {
    update.Bind(static_cast<int64_t>(state)).Bind(next_try).Bind(error).Bind(id);
    OURO_TRY_STATUS(update.Run());
  }
  return transaction.Commit();
}

}  // namespace ouro::store
