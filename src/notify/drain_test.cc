#include "notify/drain.h"

#include <doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "notify/store_outbox.h"

namespace ouro::notify {
namespace {

class MemoryOutbox : public OutboxStore {
 public:
  Status Append(const std::vector<store::OutboxMessage>& messages, UnixSeconds now) override {
    for (const store::OutboxMessage& message : messages) {
      store::OutboxEntry entry;
      entry.id = static_cast<int64_t>(entries.size()) + 1;
      entry.message = message;
      entry.created = entry.next_try = now;
      entries.push_back(entry);
    }
    return {};
  }
  Result<std::vector<store::OutboxEntry>> Due(UnixSeconds now, int64_t limit) override {
    std::vector<store::OutboxEntry> due;
    for (const store::OutboxEntry& entry : entries) {
      const bool is_due = entry.state == store::OutboxState::kPending && entry.next_try <= now;
      if (is_due && static_cast<int64_t>(due.size()) < limit) due.push_back(entry);
    }
    return due;
  }
  Status MarkSent(std::span<const int64_t> ids, UnixSeconds now) override {
    if (fail_marking) return Fail(ErrorCode::kIo, "disk full");
    for (const int64_t id : ids) {
      At(id).state = store::OutboxState::kSent;
      At(id).next_try = now;
    }
    return {};
  }
  Status MarkFailed(std::span<const int64_t> ids, std::string_view error,
                    UnixSeconds next_try) override {
    for (const int64_t id : ids) {
      store::OutboxEntry& entry = At(id);
      ++entry.tries;
      entry.error = error;
      entry.next_try = next_try;
      if (next_try == 0) entry.state = store::OutboxState::kFailed;
    }
    return {};
  }
  store::OutboxEntry& At(int64_t id) { return entries[static_cast<size_t>(id - 1)]; }
  int64_t Pending() const {
    return std::count_if(entries.begin(), entries.end(), [](const store::OutboxEntry& entry) {
      return entry.state == store::OutboxState::kPending;
    });
  }

  std::vector<store::OutboxEntry> entries;
  bool fail_marking = false;
};

store::Issue MakeIssue(const std::string& id, model::Severity severity,
                       const std::string& namespace_name) {
  store::Issue issue;
  issue.id = id;
  issue.severity = severity;
  issue.priority = 10 * static_cast<int>(severity);
  issue.title = "Container runs privileged";
  issue.check = "OURO-K8S-0001";
  issue.resource.kind = "Deployment";
  issue.resource.namespace_name = namespace_name;
  issue.resource.name = "payment";
  return issue;
}

// A world of three issues in two namespaces.
struct World {
  MemoryOutbox outbox;
  Config config;
  std::map<std::string, store::Issue> issues;
  std::vector<std::pair<std::string, Letter>> sent;  // channel and letter
  std::function<SendResult(const Letter&)> answer = [](const Letter&) { return SendResult("ok"); };
  RateLimiter limiter;
  UnixSeconds now = 1'790'000'000;

  World() {
    issues["a"] = MakeIssue("a", model::Severity::kCritical, "shop");
    issues["b"] = MakeIssue("b", model::Severity::kMedium, "shop");
    issues["c"] = MakeIssue("c", model::Severity::kHigh, "bank");
    Channel channel;
    channel.name = "mail";
    channel.tries = 3;
    config.channels.push_back(channel);
  }
  Channel& channel() { return config.channels.front(); }

  void Happen(EventType type, const std::vector<std::string>& ids) {
    Event event;
    event.type = type;
    event.time = now;
    event.issues = ids;
    REQUIRE(outbox.Append(MessagesFor(config, event), now));
  }
  Result<DrainReport> TryRun() {
    const IssueLookup lookup =
        [this](const std::string& id) -> Result<std::optional<store::Issue>> {
      const auto found = issues.find(id);
      if (found == issues.end()) return std::optional<store::Issue>();
      return std::optional<store::Issue>(found->second);
    };
    DrainOptions options;
    options.now = now;
    return Drain(
        outbox, config, lookup,
        [this](const Channel& to, const Letter& letter) {
          sent.emplace_back(to.name, letter);
          return answer(letter);
        },
        limiter, options);
  }
  DrainReport Run() {
    Result<DrainReport> report = TryRun();
    REQUIRE(report.has_value());
    return *report;
  }
};

SendResult Failure(bool permanent, int64_t retry_after = 0) {
  SendFailure failure;
  failure.error = {ErrorCode::kRemote, "no", "channel mail"};
  failure.permanent = permanent;
  failure.retry_after_seconds = retry_after;
  return tl::unexpected<SendFailure>(std::move(failure));
}

std::vector<std::string> Ids(const Letter& letter) {
  std::vector<std::string> ids;
  for (const IssueLine& line : letter.issues) ids.push_back(line.issue.id);
  return ids;
}

}  // namespace

TEST_CASE("what belongs together leaves as one message, gravest first") {
  World world;
  world.Happen(EventType::kIssueOpened, {"b", "a"});
  world.Happen(EventType::kIssueOpened, {"c"});
  world.Happen(EventType::kIssueResolved, {"b"});
  const DrainReport report = world.Run();
  CHECK(report.sent == 1);
  REQUIRE(world.sent.size() == 1);
  const Letter& letter = world.sent[0].second;
  CHECK(Ids(letter) == std::vector<std::string>{"a", "c", "b"});
  CHECK(letter.issues[2].type == EventType::kIssueResolved);
  CHECK(letter.subject == "2 issues opened, 1 resolved (1 critical)");
  CHECK(letter.delivery.size() == 32);
  CHECK(world.outbox.Pending() == 0);
  CHECK(world.Run().sent == 0);
}

TEST_CASE("the filter decides when it is sent") {
  World world;
  world.channel().when.severity_min = model::Severity::kHigh;
  world.channel().when.namespaces = {"sh*"};
  world.Happen(EventType::kIssueOpened, {"a", "b", "c", "unknown"});
  world.Run();
  REQUIRE(world.sent.size() == 1);
  CHECK(Ids(world.sent[0].second) == std::vector<std::string>{"a"});
  CHECK(world.sent[0].second.subject ==
        "critical opened: Container runs privileged (Deployment shop/payment)");
  // Nothing is left of it: nothing is sent, and it does not wait for ever.
  world.Happen(EventType::kIssueOpened, {"b", "c"});
  const DrainReport report = world.Run();
  CHECK(report.unwanted == 1);
  CHECK(world.sent.size() == 1);
  CHECK(world.outbox.Pending() == 0);
  // Of a type that the channel does not want no message is made.
  world.channel().when.events = {EventType::kIssueResolved};
  world.Happen(EventType::kIssueOpened, {"a"});
  CHECK(world.outbox.Pending() == 0);
}

TEST_CASE("groups leave alone and fail alone") {
  World world;
  world.channel().group = GroupBy::kNamespace;
  world.answer = [](const Letter& letter) {
    return letter.issues[0].issue.resource.namespace_name == "bank" ? Failure(false)
                                                                    : SendResult("ok");
  };
  world.Happen(EventType::kIssueOpened, {"a", "b", "c"});
  const DrainReport report = world.Run();
  CHECK(report.sent == 1);
  CHECK(report.failed == 1);
  REQUIRE(world.sent.size() == 2);
  CHECK(Ids(world.sent[0].second) == std::vector<std::string>{"a", "b"});
  CHECK(world.outbox.Pending() == 1);
  world.now += 3'600;
  world.answer = [](const Letter&) { return SendResult("ok"); };
  CHECK(world.Run().sent == 1);
  CHECK(Ids(world.sent[2].second) == std::vector<std::string>{"c"});
  // The receiver can tell that it is the same message.
  CHECK(world.sent[2].second.delivery == world.sent[1].second.delivery);
}

TEST_CASE("a failed message comes again later, and is given up in the end") {
  World world;
  world.answer = [](const Letter&) { return Failure(false); };
  world.Happen(EventType::kIssueOpened, {"a"});
  UnixSeconds last_wait = 0;
  for (int i = 1; i <= 2; ++i) {
    const DrainReport report = world.Run();
    CHECK(report.failed == 1);
    REQUIRE(report.attempts.size() == 1);
    CHECK(report.attempts[0].error == "channel mail: no");
    const UnixSeconds next = world.outbox.entries[0].next_try;
    CHECK(next == report.attempts[0].next_try);
    CHECK(next - world.now > last_wait);
    last_wait = next - world.now;
    world.now = next - 1;
    CHECK(world.Run().attempts.empty());
    world.now = next;
  }
  const DrainReport report = world.Run();
  CHECK(report.given_up == 1);
  CHECK(world.outbox.entries[0].state == store::OutboxState::kFailed);
  CHECK(world.outbox.entries[0].error == "channel mail: no");
  world.now += 1'000'000;
  CHECK(world.Run().attempts.empty());
}

TEST_CASE("what the receiver refuses for good is not repeated, what it asks is done") {
  World world;
  world.answer = [](const Letter&) { return Failure(true); };
  world.Happen(EventType::kIssueOpened, {"a"});
  CHECK(world.Run().given_up == 1);
  world.answer = [](const Letter&) { return Failure(false, 7'200); };
  world.Happen(EventType::kIssueOpened, {"a"});
  world.Run();
  CHECK(world.outbox.entries[1].next_try == world.now + 7'200);
}

TEST_CASE("no more leave than the rate allows") {
  World world;
  world.channel().group = GroupBy::kIssue;
  world.channel().rate_count = 2;
  world.channel().rate_seconds = 600;
  world.Happen(EventType::kIssueOpened, {"a", "b", "c"});
  DrainReport report = world.Run();
  CHECK(report.sent == 2);
  CHECK(report.held_back == 1);
  CHECK(world.outbox.Pending() == 1);
  CHECK(world.outbox.entries.back().tries == 0);
  world.now += 599;
  CHECK(world.Run().held_back == 1);
  world.now += 1;
  CHECK(world.Run().sent == 1);
}

TEST_CASE("entries that nobody can send are given up with the reason") {
  World world;
  REQUIRE(world.outbox.Append({{"gone", "", "{}"}, {"mail", "", "no event"}}, world.now));
  const DrainReport report = world.Run();
  CHECK(report.given_up == 2);
  CHECK(world.outbox.entries[0].error == "channel gone is not configured any more");
  CHECK(world.outbox.Pending() == 0);
  CHECK(world.sent.empty());
}

TEST_CASE("a message that could not be marked is sent again with the same name") {
  World world;
  world.Happen(EventType::kIssueOpened, {"a"});
  world.outbox.fail_marking = true;
  CHECK_FALSE(world.TryRun());
  world.outbox.fail_marking = false;
  world.Run();
  REQUIRE(world.sent.size() == 2);
  CHECK(world.sent[0].second.delivery == world.sent[1].second.delivery);
}

TEST_CASE("events that are not about issues are told as they are") {
  World world;
  Event event;
  event.type = EventType::kGateBlocked;
  event.time = world.now;
  event.subject = "shop in prod";
  event.text = "1 critical issue blocks.";
  REQUIRE(world.outbox.Append(MessagesFor(world.config, event), world.now));
  world.Run();
  REQUIRE(world.sent.size() == 1);
  CHECK(world.sent[0].second.subject == "gate.blocked: shop in prod");
  CHECK(LetterText(world.sent[0].second).find("1 critical issue blocks.") != std::string::npos);
}

TEST_CASE("waits double, stay within bounds and differ") {
  int64_t last = 0;
  for (int64_t tries = 1; tries <= 20; ++tries) {
    const int64_t wait = BackoffSeconds(tries, 7);
    const int64_t base = std::min<int64_t>(30LL << std::min<int64_t>(tries - 1, 20), 21'600);
    CHECK(wait >= base);
    CHECK(wait <= base + base / 4);
    CHECK(wait == BackoffSeconds(tries, 7));
    if (base < 21'600) CHECK(wait > last);
    last = wait;
  }
  std::map<int64_t, int> waits;
  for (int64_t id = 0; id < 1'000; ++id) ++waits[BackoffSeconds(12, id)];
  CHECK(waits.size() > 800);
}

TEST_CASE("a batch has a limit, and so has a letter") {
  Config config;
  Channel channel;
  channel.name = "mail";
  config.channels.push_back(channel);
  std::vector<store::OutboxEntry> entries(250);
  for (store::OutboxEntry& entry : entries) entry.message.channel = "mail";
  const Plan plan = MakePlan(entries, config);
  REQUIRE(plan.batches.size() == 3);
  CHECK(plan.batches[2].entries.size() == 50);

  World world;
  std::vector<std::string> ids;
  for (int i = 0; i < 300; ++i) {
    const std::string id = fmt::format("i{:03}", i);
    world.issues[id] = MakeIssue(id, model::Severity::kLow, "shop");
    ids.push_back(id);
  }
  world.Happen(EventType::kIssueOpened, ids);
  world.Run();
  CHECK(world.sent[0].second.issues.size() == 200);
  CHECK(world.sent[0].second.omitted == 100);
  CHECK(world.sent[0].second.subject == "300 issues opened (300 low)");
}

}  // namespace ouro::notify
