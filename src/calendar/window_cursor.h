// The intervals of one window in order of time. Internal to the module; window.h is the interface.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "calendar/recurrence.h"
#include "calendar/window.h"

namespace ouro::calendar {

// Occurrences that end after `from` and start before `to`, sorted by start. Where clocks are put
// forward, a shifted occurrence may overtake later local times; it is given at its place. The
// window must outlive the cursor.
class OccurrenceCursor {
 public:
  static Result<OccurrenceCursor> Create(const Window& window, UnixSeconds from, UnixSeconds to);
  // nullopt at the end. kLimit after limits::kWindowOccurrenceCount occurrences.
  Result<std::optional<Interval>> Next();

 private:
  OccurrenceCursor(const Window& window, UnixSeconds from, UnixSeconds to,
                   RecurrenceExpansion expansion)
      : window_(&window), from_(from), to_(to), expansion_(std::move(expansion)) {}
  Result<std::optional<UnixSeconds>> NextStart();

  const Window* window_;
  UnixSeconds from_;
  UnixSeconds to_;
  RecurrenceExpansion expansion_;
  std::deque<UnixSeconds> shifted_;       // starts that did not exist on the clock
  std::optional<UnixSeconds> unshifted_;  // the next start that did
  int64_t count_ = 0;
};

// The same, occurrences that overlap or touch made one; cut off at `to`.
class MergedCursor {
 public:
  static Result<MergedCursor> Create(const Window& window, UnixSeconds from, UnixSeconds to);
  Result<std::optional<Interval>> Next();

 private:
  MergedCursor(OccurrenceCursor cursor, UnixSeconds to) : cursor_(std::move(cursor)), to_(to) {}

  OccurrenceCursor cursor_;
  UnixSeconds to_;
  std::optional<Interval> ahead_;  // read, not given yet
};

}  // namespace ouro::calendar
