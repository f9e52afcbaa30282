// The outbox: messages are appended in the transaction of the change that causes them and sent
// afterwards, at least once. Here stands what is decided about them, without network and clock:
// what is sent together, when a failed one is tried again, and how many may leave in a time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "notify/config.h"
#include "store/outbox.h"

namespace ouro::notify {

// Where messages wait. store::Store is one (StoreOutbox), tests have another.
class OutboxStore {
 public:
  virtual ~OutboxStore() = default;
  virtual Status Append(const std::vector<store::OutboxMessage>& messages, UnixSeconds now) = 0;
  // Pending messages with next_try at or before `now`, oldest first, at most `limit`.
  virtual Result<std::vector<store::OutboxEntry>> Due(UnixSeconds now, int64_t limit) = 0;
  virtual Status MarkSent(std::span<const int64_t> ids, UnixSeconds now) = 0;
  // One more try failed. `next_try` 0: given up.
  virtual Status MarkFailed(std::span<const int64_t> ids, std::string_view error,
                            UnixSeconds next_try) = 0;
};

// Entries that leave as one message: of one channel and group, in order, at most kBatchEntryCount.
struct Batch {
  const Channel* channel = nullptr;
  std::vector<size_t> entries;  // indexes into the entries given
};
inline constexpr size_t kBatchEntryCount = 100;

struct Plan {
  std::vector<Batch> batches;   // in order of their first entries
  std::vector<size_t> orphans;  // entries of a channel that is not configured (any more)
};

// `config` must outlive the plan.
Plan MakePlan(std::span<const store::OutboxEntry> entries, const Config& config);

// Seconds until the next try of a message that has failed `tries` times (≥ 1): 30 s, doubled each
// time up to 6 hours, and up to a quarter more, which depends on the id and the try alone, so that
// messages that failed together do not come back together.
int64_t BackoffSeconds(int64_t tries, int64_t id);

// Stable name of a message: the same entries give the same, so that a receiver can recognise one
// that comes twice. 32 hexadecimal digits.
std::string DeliveryId(std::string_view channel, std::span<const int64_t> entry_ids);

// At most `count` messages in any `seconds`, for each channel. One process knows only what it has
// sent itself. Not thread-safe.
class RateLimiter {
 public:
  // May a message leave now? If so it is counted.
  bool Take(const Channel& channel, UnixSeconds now);

 private:
  std::map<std::string, std::deque<UnixSeconds>, std::less<>> sent_;
};

}  // namespace ouro::notify
