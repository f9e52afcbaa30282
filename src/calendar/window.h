// Windows in time: when may something be delivered? (blackouts and maintenance windows)
//
// A window has a recurrence of local start times in a zone and a duration in elapsed time, so each
// occurrence is an interval of instants [start, end). Which windows concern a delivery (scope,
// operations, roles that may pass) is decided by the gate; the functions here take those that do.
//
//   allowed ⇔ no blackout is active ∧ (there is no maintenance window ∨ one is active)
//
// Occurrences may overlap or touch; they count as one interval then.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "calendar/recurrence.h"
#include "calendar/time_zone.h"

namespace ouro::calendar {

enum class WindowKind : unsigned char {
  kBlackout,     // nothing may be delivered while it is active
  kMaintenance,  // where there is one, things may be delivered only while one is active
};

// "blackout", "maintenance".
std::string_view WindowKindName(WindowKind kind);

struct Window {
  std::string name;
  WindowKind kind = WindowKind::kBlackout;
  TimeZone zone;
  RecurrenceSet recurrence;               // local times in `zone`; recurrence.zone is not looked at
  int64_t duration_seconds = 0;           // elapsed time, 1 to limits::kWindowDurationSeconds
  std::string message;                    // for the person who is refused; may be empty
  std::vector<std::string> bypass_roles;  // for the gate: who may pass
  bool security_fix_exempt = false;       // for the gate: verified fixes may pass
  // What has begun may end: an operation that began while it was allowed is not stopped by the
  // start of this blackout or the end of this maintenance window.
  bool overrun = false;
};

// A window as a person writes it. Everything but name, start (or one in `recurrence`) and duration
// may be empty.
struct WindowText {
  std::string_view name = {};
  std::string_view kind = {};   // "blackout" or "maintenance"
  std::string_view zone = {};   // IANA name; empty: the TZID of `recurrence`, else UTC
  std::string_view start = {};  // local, see ParseLocalTime; empty: DTSTART of `recurrence`
  std::string_view recurrence =
      {};  // "FREQ=…", or lines of RRULE, RDATE, EXDATE, EXRULE; empty: once
  std::string_view duration = {};  // "4h", "1h30m", "PT4H", see duration.h
};

// Reads and checks: the zone is known, the duration in range, and the recurrence has an occurrence
// at all. The error's `where` is the field ("zone", "start", "recurrence", "duration", "kind",
// "name"). The other fields of the window keep their defaults; the caller sets them.
Result<Window> MakeWindow(const WindowText& text);

// [start, end) in seconds; end > start.
struct Interval {
  UnixSeconds start = 0;
  UnixSeconds end = 0;

  bool operator==(const Interval&) const = default;
};

// One window at one instant. An interval here is made of all occurrences that overlap or touch, of
// those that have not ended at `t`: `active->start` is the start of the earliest that still lasts.
// `active->end` is t + horizon where it does not end before.
struct WindowState {
  std::optional<Interval> active;  // holds t
  std::optional<Interval> next;    // the first that starts after t, and after `active` ends

  bool operator==(const WindowState&) const = default;
};

// How far ahead the next allowed instant is looked for: more than a year, for yearly windows.
inline constexpr int64_t kWindowHorizonSeconds = 400 * kSecondsOfDay;

// State at `t`, looking `horizon_seconds` ahead. kLimit: more than limits::kWindowOccurrenceCount
// occurrences were looked at.
Result<WindowState> WindowStateAt(const Window& window, UnixSeconds t,
                                  int64_t horizon_seconds = kWindowHorizonSeconds);

// Occurrences, not merged, that end after `from` and start before `to`, sorted by start; at most
// `count_max`.
Result<std::vector<Interval>> WindowOccurrences(const Window& window, UnixSeconds from,
                                                UnixSeconds to, int64_t count_max);

enum class WindowReason : unsigned char {
  kNoWindow,       // allowed: no blackout is active and there is no maintenance window
  kInMaintenance,  // allowed: the deciding maintenance window is active
  kOverrun,        // allowed: the operation began while it was, and the deciding window lets it end
  kInBlackout,     // refused: the deciding blackout is active
  kOutsideMaintenance,  // refused: the deciding maintenance window is the one that opens next
};

// "no-window", "in-maintenance", "overrun", "in-blackout", "outside-maintenance".
std::string_view WindowReasonName(WindowReason reason);

struct WindowDecision {
  bool allowed = true;
  WindowReason reason = WindowReason::kNoWindow;
  // Which window decided: an index into the windows given; nullopt for kNoWindow, and for
  // kOutsideMaintenance where none opens within the horizon. Of several active blackouts the one
  // that ends last, of several maintenance windows the one that ends last (or opens first); then
  // the one given first.
  std::optional<size_t> window;
  // Of the deciding window: its present interval, cut off at the horizon; for kOutsideMaintenance
  // the next one.
  std::optional<Interval> interval;
  // Refused: the first instant from which it is allowed, `now` < next_allowed ≤ now + horizon;
  // nullopt: none within the horizon. Allowed: nullopt.
  std::optional<UnixSeconds> next_allowed;
  // Allowed: until when (exclusive); nullopt: at least to the end of the horizon, and for kOverrun.
  // Refused: nullopt.
  std::optional<UnixSeconds> allowed_until;
  int64_t horizon_seconds = kWindowHorizonSeconds;

  bool operator==(const WindowDecision&) const = default;
};

struct WindowQuestion {
  UnixSeconds now = 0;
  // When the operation began, for one that is running already (`began` ≤ `now`). Windows with
  // `overrun` then judge it as they did at that time, if it was allowed at that time.
  std::optional<UnixSeconds> began = std::nullopt;
  int64_t horizon_seconds = kWindowHorizonSeconds;
};

// Judges the windows that concern a delivery. Pointers must not be null. The answer depends on
// nothing but the arguments and the zone data (TzdataVersion(), to be recorded with it).
Result<WindowDecision> DecideWindows(std::span<const Window* const> windows,
                                     const WindowQuestion& question);

}  // namespace ouro::calendar
