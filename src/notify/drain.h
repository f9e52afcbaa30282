// Empties the outbox: what is due is put together, sent, and marked.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "notify/config.h"
#include "notify/letter.h"
#include "notify/outbox.h"
#include "notify/sender.h"

namespace ouro::notify {

// One message that was tried.
struct Attempt {
  std::string channel;
  std::string subject;
  std::string receipt;       // of one that arrived
  std::string error;         // of one that did not; without secrets
  UnixSeconds next_try = 0;  // 0 with an error: given up
};

struct DrainReport {
  std::vector<Attempt> attempts;
  int64_t sent = 0;       // messages
  int64_t failed = 0;     // will be tried again
  int64_t given_up = 0;   // entries: refused for good, tried too often, unreadable, no such channel
  int64_t unwanted = 0;   // entries that no filter lets through any more
  int64_t held_back = 0;  // entries that wait because of the rate of their channel
};

struct DrainOptions {
  UnixSeconds now = 0;
  int64_t entry_limit = 10'000;  // looked at in one call
  std::function<bool()> stop;    // true: send nothing more; may be empty
};

using SendLetter = std::function<SendResult(const Channel& channel, const Letter& letter)>;

// Sends what is due, oldest first. Events about issues of a channel that groups are first taken
// apart in the outbox itself, one entry a group, so that each fails and is tried again alone. A
// message is marked only after it was sent: a program that is killed in between sends it again,
// with the same `Letter::delivery`. Fails only when the outbox or the lookup does; what was sent is
// marked then.
Result<DrainReport> Drain(OutboxStore& outbox, const Config& config, const IssueLookup& lookup,
                          const SendLetter& send, RateLimiter& limiter,
                          const DrainOptions& options);

}  // namespace ouro::notify
