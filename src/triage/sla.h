// Until when must a finding be resolved? A calendar of days per severity, with pauses, a second
// clock that starts when a fix appears, and a grace. Pure; all instants are in UTC.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/severity.h"

namespace ouro::triage {

// Which instant starts the time that is measured.
enum class SlaClock : uint8_t {
  kFirstSeen,     // when the finding was first seen
  kFixAvailable,  // when a fix appeared, but not before it was first seen; without a fix: no due
                  // date
  kEarlier,       // whichever is due first
};

struct SlaCalendar {
  // Days by severity, info first; 0: no due date. What practitioners configure (1, 7, 30, 90).
  std::array<int64_t, model::kSeverityCount> days = {0, 90, 30, 7, 1};
  // Days from when a fix is known, for kFixAvailable and kEarlier.
  std::array<int64_t, model::kSeverityCount> fix_days = {0, 90, 30, 7, 1};
  SlaClock clock = SlaClock::kFirstSeen;
  bool restart_on_reopen = false;  // a finding that came back gets its whole time again
  int64_t grace_days = 0;          // after the due date, before it counts as breached
  bool operator==(const SlaCalendar&) const = default;
};

// Half-open [from, until); until 0: still going on.
struct SlaPause {
  UnixSeconds from = 0;
  UnixSeconds until = 0;
};

struct SlaFacts {
  model::Severity severity = model::Severity::kMedium;
  UnixSeconds first_seen = 0;
  UnixSeconds reopened_at = 0;   // the last time; 0: never
  UnixSeconds fix_at = 0;        // when a fix was first known; 0: none is
  UnixSeconds resolved_at = 0;   // 0: open
  std::vector<SlaPause> pauses;  // times of acceptance, in any order; they may overlap
};

enum class SlaState : uint8_t {
  kNone,      // no due date
  kRunning,   // open, time is left
  kPaused,    // accepted: the clock stands still
  kGrace,     // past the due date, within the grace
  kBreached,  // open and past both
  kMet,       // resolved in time (grace included)
  kMissed     // resolved too late
};
std::string_view SlaStateName(SlaState state);  // "none", "running", "paused", …

struct SlaAnswer {
  SlaState state = SlaState::kNone;
  UnixSeconds start = 0;
  // With all pauses up to now (or up to the resolution) added. While paused it moves with the time.
  // 0: no due date.
  UnixSeconds due = 0;
  int64_t remaining_seconds = 0;  // until due; negative: overdue; of what is resolved: at that time
  int64_t paused_seconds = 0;
  bool by_fix = false;  // the second clock decided
  bool operator==(const SlaAnswer&) const = default;
};

// Due exactly at a second is still in time: breached begins one second later.
SlaAnswer ComputeSla(const SlaCalendar& calendar, const SlaFacts& facts, UnixSeconds now);

}  // namespace ouro::triage
