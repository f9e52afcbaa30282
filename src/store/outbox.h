// The outbox: messages that must leave the house exactly because something changed. They are
// appended in the transaction of the change and sent afterwards (at least once) by notify.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace ouro::store {

struct OutboxMessage {
  std::string channel;    // name of the notifier
  std::string group_key;  // messages of one channel with equal key may be sent as one
  std::string payload;    // JSON, without secrets
};

enum class OutboxState : uint8_t { kPending, kSent, kFailed };

struct OutboxEntry {
  int64_t id = 0;  // in order of appending
  OutboxMessage message;
  OutboxState state = OutboxState::kPending;
  int64_t tries = 0;
  UnixSeconds created = 0;
  UnixSeconds next_try = 0;
  std::string error;  // of the last try
};

}  // namespace ouro::store
