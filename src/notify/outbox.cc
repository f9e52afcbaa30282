#include "notify/outbox.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"

namespace ouro::notify {
namespace {

constexpr int64_t kFirstBackoffSeconds = 30;
constexpr int64_t kLastBackoffSeconds = 6 * 3'600;

}  // namespace

Plan MakePlan(std::span<const store::OutboxEntry> entries, const Config& config) {
  Plan plan;
  std::map<std::pair<std::string, std::string>, size_t> open;  // channel and group → batch
  for (size_t i = 0; i < entries.size(); ++i) {
    const store::OutboxMessage& message = entries[i].message;
    const Channel* channel = config.Find(message.channel);
    if (channel == nullptr) {
      plan.orphans.push_back(i);
      continue;
    }
    const auto [found, is_new] =
        open.try_emplace({message.channel, message.group_key}, plan.batches.size());
    if (!is_new && plan.batches[found->second].entries.size() < kBatchEntryCount) {
      plan.batches[found->second].entries.push_back(i);
      continue;
    }
    found->second = plan.batches.size();
    plan.batches.push_back({channel, {i}});
  }
  return plan;
}

int64_t BackoffSeconds(int64_t tries, int64_t id) {
  int64_t seconds = kFirstBackoffSeconds;
  for (int64_t i = 1; i < tries && seconds < kLastBackoffSeconds; ++i) seconds *= 2;
  seconds = std::min(seconds, kLastBackoffSeconds);
  // The hash must be the same in every process: FastHash may change between releases only.
  const uint64_t hash = FastHash(fmt::format("{}/{}", id, tries));
  return seconds + static_cast<int64_t>(hash % static_cast<uint64_t>(seconds / 4 + 1));
}

std::string DeliveryId(std::string_view channel, std::span<const int64_t> entry_ids) {
  TupleHasher hasher("ouro/delivery/v1");
  hasher.Add("channel", channel);
  for (const int64_t id : entry_ids) hasher.Add("entry", fmt::format("{}", id));
  return hasher.Finish();
}

bool RateLimiter::Take(const Channel& channel, UnixSeconds now) {
  std::deque<UnixSeconds>& sent = sent_[channel.name];
  while (!sent.empty() && sent.front() <= now - channel.rate_seconds) sent.pop_front();
  if (static_cast<int64_t>(sent.size()) >= channel.rate_count) return false;
  sent.push_back(now);
  return true;
}

}  // namespace ouro::notify
