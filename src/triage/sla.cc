#include "triage/sla.h"

#include <algorithm>

namespace ouro::triage {
namespace {

constexpr int64_t kDaySeconds = 86'400;

struct Pauses {
  int64_t seconds = 0;  // within [start, end)
  bool at_end = false;  // one of them covers the end
};

// Adds up the union of the pauses within [start, end).
Pauses SumPauses(std::vector<SlaPause> pauses, UnixSeconds start, UnixSeconds end) {
  Pauses sum;
  std::sort(pauses.begin(), pauses.end(),
            [](const SlaPause& a, const SlaPause& b) { return a.from < b.from; });
  UnixSeconds covered = start;
  for (const SlaPause& pause : pauses) {
    const bool open = pause.until == 0;
    if (pause.from <= end && (open || pause.until > end)) sum.at_end = true;
    const UnixSeconds from = std::max(pause.from, covered);
    const UnixSeconds until = open ? end : std::min(pause.until, end);
    if (until <= from) continue;
    sum.seconds += until - from;
    covered = until;
  }
  return sum;
}

// One clock: its answer for a start and a number of days.
SlaAnswer Measure(const SlaCalendar& calendar, const SlaFacts& facts, UnixSeconds start,
                  int64_t days, UnixSeconds now) {
  SlaAnswer answer;
  if (days <= 0) return answer;
  const bool resolved = facts.resolved_at != 0;
  const UnixSeconds end = std::max(start, resolved ? facts.resolved_at : now);
  const Pauses pauses = SumPauses(facts.pauses, start, end);
  answer.start = start;
  answer.paused_seconds = pauses.seconds;
  answer.due = start + days * kDaySeconds + pauses.seconds;
  answer.remaining_seconds = answer.due - end;
  const bool late = answer.remaining_seconds < 0;
  const bool breached = answer.remaining_seconds + calendar.grace_days * kDaySeconds < 0;
  if (resolved) {
    answer.state = breached ? SlaState::kMissed : SlaState::kMet;
  } else if (breached) {
    answer.state = SlaState::kBreached;
  } else if (pauses.at_end) {
    answer.state = SlaState::kPaused;
  } else {
    answer.state = late ? SlaState::kGrace : SlaState::kRunning;
  }
  return answer;
}

}  // namespace

std::string_view SlaStateName(SlaState state) {
  switch (state) {
    case SlaState::kNone:
      return "none";
    case SlaState::kRunning:
      return "running";
    case SlaState::kPaused:
      return "paused";
    case SlaState::kGrace:
      return "grace";
    case SlaState::kBreached:
      return "breached";
    case SlaState::kMet:
      return "met";
    case SlaState::kMissed:
      return "missed";
  }
  return {};
}

SlaAnswer ComputeSla(const SlaCalendar& calendar, const SlaFacts& facts, UnixSeconds now) {
  const size_t level = static_cast<size_t>(facts.severity);
  const bool restarts = calendar.restart_on_reopen && facts.reopened_at > facts.first_seen;
  const UnixSeconds start = restarts ? facts.reopened_at : facts.first_seen;
  SlaAnswer seen;
  if (calendar.clock != SlaClock::kFixAvailable) {
    seen = Measure(calendar, facts, start, calendar.days[level], now);
  }
  if (calendar.clock == SlaClock::kFirstSeen || facts.fix_at == 0) return seen;
  SlaAnswer fix =
      Measure(calendar, facts, std::max(start, facts.fix_at), calendar.fix_days[level], now);
  fix.by_fix = fix.due != 0;
  if (seen.due == 0) return fix;
  return fix.due != 0 && fix.due < seen.due ? fix : seen;
}

}  // namespace ouro::triage
