// The store as an outbox, and what others hang into its transactions.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "notify/config.h"
#include "notify/letter.h"
#include "notify/outbox.h"
#include "store/store.h"

namespace ouro::notify {

// `store` must outlive it.
class StoreOutbox : public OutboxStore {
 public:
  explicit StoreOutbox(store::Store& store) : store_(store) {}
  Status Append(const std::vector<store::OutboxMessage>& messages, UnixSeconds now) override;
  Result<std::vector<store::OutboxEntry>> Due(UnixSeconds now, int64_t limit) override;
  Status MarkSent(std::span<const int64_t> ids, UnixSeconds now) override;
  Status MarkFailed(std::span<const int64_t> ids, std::string_view error,
                    UnixSeconds next_try) override;

 private:
  store::Store& store_;
};

// Looks issues up in the store; one that is not there is nullopt.
IssueLookup LookupIn(store::Store& store, UnixSeconds now);

// One message for each channel that wants events of this type; what a channel filters by issue is
// decided when it is sent.
std::vector<store::OutboxMessage> MessagesFor(const Config& config, const Event& event);

// What an import changed: for store::CommitOptions::messages and engine::ImportRequest::messages,
// whose transaction the messages belong to. `subject`: what was imported, "trivy nginx:1.25".
std::vector<store::OutboxMessage> MessagesForImport(const Config& config,
                                                    const store::ImportChanges& changes,
                                                    std::string_view subject, UnixSeconds now);

}  // namespace ouro::notify
