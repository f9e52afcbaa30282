#include "triage/sla.h"

#include <doctest.h>

using namespace ouro;
using namespace ouro::triage;
using model::Severity;

namespace {

constexpr UnixSeconds kStart = 1'795'000'000;
constexpr int64_t kDay = 86'400;

SlaFacts Facts(Severity severity) {
  SlaFacts facts;
  facts.severity = severity;
  facts.first_seen = kStart;
  return facts;
}

}  // namespace

TEST_CASE("days by severity; info has no due date") {
  const SlaCalendar calendar;
  CHECK(ComputeSla(calendar, Facts(Severity::kCritical), kStart).due == kStart + kDay);
  CHECK(ComputeSla(calendar, Facts(Severity::kHigh), kStart).due == kStart + 7 * kDay);
  CHECK(ComputeSla(calendar, Facts(Severity::kMedium), kStart).due == kStart + 30 * kDay);
  CHECK(ComputeSla(calendar, Facts(Severity::kLow), kStart).due == kStart + 90 * kDay);
  CHECK(ComputeSla(calendar, Facts(Severity::kInfo), kStart).state == SlaState::kNone);
}

TEST_CASE("the border is exact to the second, and the grace follows it") {
  SlaCalendar calendar;
  const SlaFacts facts = Facts(Severity::kCritical);
  CHECK(ComputeSla(calendar, facts, kStart + kDay).state == SlaState::kRunning);
  CHECK(ComputeSla(calendar, facts, kStart + kDay + 1).state == SlaState::kBreached);
  CHECK(ComputeSla(calendar, facts, kStart + kDay + 1).remaining_seconds == -1);
  calendar.grace_days = 2;
  CHECK(ComputeSla(calendar, facts, kStart + kDay + 1).state == SlaState::kGrace);
  CHECK(ComputeSla(calendar, facts, kStart + 3 * kDay).state == SlaState::kGrace);
  CHECK(ComputeSla(calendar, facts, kStart + 3 * kDay + 1).state == SlaState::kBreached);
}

TEST_CASE("the clock stands still under acceptance; overlapping pauses count once") {
  const SlaCalendar calendar;
  SlaFacts facts = Facts(Severity::kHigh);
  facts.pauses = {{kStart + 3 * kDay, kStart + 5 * kDay}, {kStart + 2 * kDay, kStart + 4 * kDay}};
  const SlaAnswer answer = ComputeSla(calendar, facts, kStart + 6 * kDay);
  CHECK(answer.paused_seconds == 3 * kDay);
  CHECK(answer.due == kStart + 10 * kDay);
  CHECK(answer.state == SlaState::kRunning);
  facts.pauses = {{kStart + 2 * kDay, 0}};
  const SlaAnswer paused = ComputeSla(calendar, facts, kStart + 100 * kDay);
  CHECK(paused.state == SlaState::kPaused);
  CHECK(paused.remaining_seconds == 5 * kDay);
  // A pause that begins after the breach does not heal it.
  facts.pauses = {{kStart + 8 * kDay, 0}};
  CHECK(ComputeSla(calendar, facts, kStart + 9 * kDay).state == SlaState::kBreached);
  // One before the start does not count.
  facts.pauses = {{kStart - 5 * kDay, kStart}};
  CHECK(ComputeSla(calendar, facts, kStart).due == kStart + 7 * kDay);
}

TEST_CASE("a finding that comes back has its old clock, unless the policy restarts it") {
  SlaCalendar calendar;
  SlaFacts facts = Facts(Severity::kHigh);
  facts.reopened_at = kStart + 20 * kDay;
  CHECK(ComputeSla(calendar, facts, kStart + 21 * kDay).state == SlaState::kBreached);
  calendar.restart_on_reopen = true;
  CHECK(ComputeSla(calendar, facts, kStart + 21 * kDay).due == kStart + 27 * kDay);
}

TEST_CASE("the second clock starts when a fix is known") {
  SlaCalendar calendar;
  calendar.clock = SlaClock::kFixAvailable;
  SlaFacts facts = Facts(Severity::kHigh);
  CHECK(ComputeSla(calendar, facts, kStart + 400 * kDay).state == SlaState::kNone);
  facts.fix_at = kStart + 10 * kDay;
  CHECK(ComputeSla(calendar, facts, kStart).due == kStart + 17 * kDay);
  CHECK(ComputeSla(calendar, facts, kStart).by_fix);
  facts.fix_at = kStart - 10 * kDay;  // the fix was there before anybody saw the finding
  CHECK(ComputeSla(calendar, facts, kStart).due == kStart + 7 * kDay);
  calendar.clock = SlaClock::kEarlier;
  calendar.fix_days[static_cast<size_t>(Severity::kHigh)] = 2;
  facts.fix_at = kStart + kDay;
  CHECK(ComputeSla(calendar, facts, kStart).due == kStart + 3 * kDay);
  facts.fix_at = kStart + 6 * kDay;
  CHECK(ComputeSla(calendar, facts, kStart).due == kStart + 7 * kDay);
}

TEST_CASE("what is resolved met its date or missed it, whatever the time is now") {
  const SlaCalendar calendar;
  SlaFacts facts = Facts(Severity::kHigh);
  facts.resolved_at = kStart + 7 * kDay;
  CHECK(ComputeSla(calendar, facts, kStart + 900 * kDay).state == SlaState::kMet);
  facts.resolved_at += 1;
  CHECK(ComputeSla(calendar, facts, kStart + 900 * kDay).state == SlaState::kMissed);
}
