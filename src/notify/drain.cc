#include "notify/drain.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ouro::notify {
namespace {

class Drainer {
 public:
  Drainer(OutboxStore& outbox, const Config& config, const IssueLookup& lookup,
          const SendLetter& send, RateLimiter& limiter, const DrainOptions& options)
      : outbox_(outbox),
        config_(config),
        lookup_(lookup),
        send_(send),
        limiter_(limiter),
        options_(options) {}

  Result<DrainReport> Run() {
    OURO_TRY(entries_, outbox_.Due(options_.now, options_.entry_limit));
    OURO_TRY(const bool taken_apart, TakeApart());
    if (taken_apart) {
      OURO_TRY(entries_, outbox_.Due(options_.now, options_.entry_limit));
    }
    const Plan plan = MakePlan(entries_, config_);
    for (const size_t i : plan.orphans) {
      OURO_TRY_STATUS(GiveUp(entries_[i], fmt::format("channel {} is not configured any more",
                                                      entries_[i].message.channel)));
    }
    for (const Batch& batch : plan.batches) {
      if (options_.stop && options_.stop()) break;
      OURO_TRY_STATUS(SendBatch(batch));
    }
    return std::move(report_);
  }

 private:
  // An entry without group is taken apart where its channel groups.
  Result<bool> TakeApart() {
    bool any = false;
    for (const store::OutboxEntry& entry : entries_) {
      const Channel* channel = config_.Find(entry.message.channel);
      if (channel == nullptr || channel->group == GroupBy::kChannel) continue;
      if (!entry.message.group_key.empty()) continue;
      const Result<Event> event = ReadEvent(entry.message.payload);
      if (!event || !IsIssueEvent(event->type)) continue;
      OURO_TRY(const auto parts, SplitByGroup(*channel, *event, lookup_));
      std::vector<store::OutboxMessage> messages;
      for (const GroupedEvent& part : parts) {
        messages.push_back({channel->name, part.group_key, EventJson(part.event)});
      }
      if (messages.empty()) ++report_.unwanted;
      // In this order: a program that is killed between the two sends twice, not never.
      OURO_TRY_STATUS(outbox_.Append(messages, options_.now));
      OURO_TRY_STATUS(outbox_.MarkSent({&entry.id, 1}, options_.now));
      any = true;
    }
    return any;
  }

  Status SendBatch(const Batch& batch) {
    std::vector<int64_t> ids;
    std::vector<Event> events;
    int64_t tries = 0;
    for (const size_t i : batch.entries) {
      const Result<Event> event = ReadEvent(entries_[i].message.payload);
      if (!event) {
        OURO_TRY_STATUS(GiveUp(entries_[i], event.error().ToString()));
        continue;
      }
      ids.push_back(entries_[i].id);
      events.push_back(*event);
      tries = std::max(tries, entries_[i].tries);
    }
    if (ids.empty()) return {};
    OURO_TRY(Letter letter, MakeLetter(*batch.channel, events, lookup_, config_.url));
    if (letter.empty()) {
      report_.unwanted += static_cast<int64_t>(ids.size());
      return outbox_.MarkSent(ids, options_.now);
    }
    if (!limiter_.Take(*batch.channel, options_.now)) {
      report_.held_back += static_cast<int64_t>(ids.size());
      return {};
    }
    letter.delivery = DeliveryId(batch.channel->name, ids);
    letter.time = options_.now;
    SendResult result = send_(*batch.channel, letter);
    if (!result) return Failed(*batch.channel, letter, ids, tries + 1, result.error());
    ++report_.sent;
    report_.attempts.push_back({batch.channel->name, letter.subject, *std::move(result), "", 0});
    return outbox_.MarkSent(ids, options_.now);
  }

  Status Failed(const Channel& channel, const Letter& letter, const std::vector<int64_t>& ids,
                int64_t tries, const SendFailure& failure) {
    const std::string message = failure.error.ToString();
    UnixSeconds next_try = 0;
    if (!failure.permanent && tries < channel.tries) {
      const int64_t wait =
          std::max(BackoffSeconds(tries, ids.front()), failure.retry_after_seconds);
      next_try = options_.now + wait;
      ++report_.failed;
    } else {
      report_.given_up += static_cast<int64_t>(ids.size());
    }
    report_.attempts.push_back({channel.name, letter.subject, "", message, next_try});
    return outbox_.MarkFailed(ids, message, next_try);
  }

  Status GiveUp(const store::OutboxEntry& entry, const std::string& why) {
    ++report_.given_up;
    report_.attempts.push_back({entry.message.channel, "", "", why, 0});
    return outbox_.MarkFailed({&entry.id, 1}, why, 0);
  }

  OutboxStore& outbox_;
  const Config& config_;
  const IssueLookup& lookup_;
  const SendLetter& send_;
  RateLimiter& limiter_;
  const DrainOptions& options_;
  std::vector<store::OutboxEntry> entries_;
  DrainReport report_;
};

}  // namespace

Result<DrainReport> Drain(OutboxStore& outbox, const Config& config, const IssueLookup& lookup,
                          const SendLetter& send, RateLimiter& limiter,
                          const DrainOptions& options) {
  return Drainer(outbox, config, lookup, send, limiter, options).Run();
}

}  // namespace ouro::notify
