#include "calendar/window.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "calendar/duration.h"
#include "calendar/window_cursor.h"

namespace ouro::calendar {
namespace {

// More than two offsets of a zone ever differ (Samoa left out a whole day).
constexpr int64_t kOffsetSlack = 2 * kSecondsOfDay;

LocalTime Shifted(LocalTime time, int64_t seconds) {
  return std::clamp(LocalTime{time.seconds + seconds}, kFirstLocalTime, kLastLocalTime);
}

tl::unexpected<Error> InField(Error error, std::string_view field) {
  error.where = field;
  return tl::unexpected<Error>(std::move(error));
}

Result<RecurrenceSet> ReadRecurrence(const WindowText& text) {
  std::optional<LocalTime> start;
  if (!TrimSpace(text.start).empty()) {
    start = ParseLocalTime(TrimSpace(text.start));
    if (!start) {
      return Fail(
          ErrorCode::kParse,
          fmt::format("\"{}\" is no local time; write 2026-12-24T18:00:00 and name the zone "
                      "in `zone`",
                      Printable(text.start.substr(0, 40))),
          "start");
    }
  }
  if (TrimSpace(text.recurrence).empty()) {
    if (!start) return Fail(ErrorCode::kInvalid, "say when the window begins", "start");
    RecurrenceSet once;
    once.start = *start;
    once.zone = text.zone;
    return once;
  }
  Result<RecurrenceSet> set = ParseRecurrenceSet(text.recurrence, start, text.zone);
  if (!set) return InField(std::move(set).error(), "recurrence");
  if (start && set->start != *start) {
    return Fail(ErrorCode::kInvalid, "the recurrence has another DTSTART: give only one of them",
                "start");
  }
  return set;
}

// A window that never opens is a mistake of its author, not a window.
Status CheckHasOccurrence(const Window& window) {
  ExpandOptions options;
  options.zone = &window.zone;
  Result<RecurrenceExpansion> expansion = RecurrenceExpansion::Create(window.recurrence, options);
  if (!expansion) return InField(std::move(expansion).error(), "recurrence");
  Result<std::optional<LocalTime>> first = expansion->Next();
  if (!first) return InField(std::move(first).error(), "recurrence");
  if (*first) return {};
  return Fail(
      ErrorCode::kInvalid,
      fmt::format("the recurrence has no occurrence: it ends before its start {}, or everything "
                  "is excluded",
                  FormatLocalTime(window.recurrence.start)),
      "recurrence");
}

}  // namespace

std::string_view WindowKindName(WindowKind kind) {
  return kind == WindowKind::kBlackout ? "blackout" : "maintenance";
}

Result<Window> MakeWindow(const WindowText& text) {
  Window window;
  window.name = text.name;
  if (TrimSpace(text.name).empty()) {
    return Fail(ErrorCode::kInvalid, "a window needs a name", "name");
  }
  if (text.kind == WindowKindName(WindowKind::kMaintenance)) {
    window.kind = WindowKind::kMaintenance;
  } else if (text.kind != WindowKindName(WindowKind::kBlackout)) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is neither blackout nor maintenance",
                            Printable(text.kind.substr(0, 40))),
                "kind");
  }
  OURO_TRY(window.recurrence, ReadRecurrence(text));
  if (!window.recurrence.zone.empty()) {
    Result<TimeZone> zone = TimeZone::Find(window.recurrence.zone);
    if (!zone) return InField(std::move(zone).error(), "zone");
    window.zone = *std::move(zone);
  }
  Result<int64_t> duration = ParseDuration(text.duration);
  if (!duration) return InField(std::move(duration).error(), "duration");
  if (*duration < 1 || *duration > limits::kWindowDurationSeconds) {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("a window lasts from 1s to {}", FormatDuration(limits::kWindowDurationSeconds)),
        "duration");
  }
  window.duration_seconds = *duration;
  OURO_TRY_STATUS(CheckHasOccurrence(window));
  return window;
}

Result<OccurrenceCursor> OccurrenceCursor::Create(const Window& window, UnixSeconds from,
                                                  UnixSeconds to) {
  ExpandOptions options;
  options.zone = &window.zone;
  options.from = Shifted(window.zone.ToLocal(from), -window.duration_seconds - kOffsetSlack);
  options.to = Shifted(window.zone.ToLocal(to), kOffsetSlack);
  Result<RecurrenceExpansion> expansion = RecurrenceExpansion::Create(window.recurrence, options);
  if (!expansion) {
    return tl::unexpected<Error>(
        WithContext(std::move(expansion).error(), "window " + Printable(window.name)));
  }
  return OccurrenceCursor(window, from, to, *std::move(expansion));
}

Result<std::optional<UnixSeconds>> OccurrenceCursor::NextStart() {
  while (!unshifted_) {
    Result<std::optional<LocalTime>> local = expansion_.Next();
    if (!local) {
      return tl::unexpected<Error>(
          WithContext(std::move(local).error(), "window " + Printable(window_->name)));
    }
    if (!*local) break;
    if (++count_ > limits::kWindowOccurrenceCount) {
      return Fail(ErrorCode::kLimit,
                  fmt::format("more than {} occurrences would have to be looked at; let the window "
                              "begin less often and last longer",
                              limits::kWindowOccurrenceCount),
                  "window " + Printable(window_->name));
    }
    const LocalInstant start = window_->zone.ToInstant(**local);
    if (start.kind == LocalKind::kNonexistent) {
      shifted_.push_back(start.instant);
    } else {
      unshifted_ = start.instant;
    }
  }
  std::optional<UnixSeconds> next;
  if (!shifted_.empty() && (!unshifted_ || shifted_.front() < *unshifted_)) {
    next = shifted_.front();
    shifted_.pop_front();
    return next;
  }
  next.swap(unshifted_);
  return next;
}

Result<std::optional<Interval>> OccurrenceCursor::Next() {
  while (true) {
    OURO_TRY(const std::optional<UnixSeconds> start, NextStart());
    if (!start || *start >= to_) return std::optional<Interval>();
    const Interval interval{*start, *start + window_->duration_seconds};
    if (interval.end > from_) return std::optional<Interval>(interval);
  }
}

Result<MergedCursor> MergedCursor::Create(const Window& window, UnixSeconds from, UnixSeconds to) {
  OURO_TRY(OccurrenceCursor cursor, OccurrenceCursor::Create(window, from, to));
  return MergedCursor(std::move(cursor), to);
}

Result<std::optional<Interval>> MergedCursor::Next() {
  std::optional<Interval> merged;
  merged.swap(ahead_);
  if (!merged) {
    OURO_TRY(merged, cursor_.Next());
  }
  if (!merged) return merged;
  while (merged->end < to_) {
    OURO_TRY(ahead_, cursor_.Next());
    if (!ahead_ || ahead_->start > merged->end) break;
    merged->end = std::max(merged->end, ahead_->end);
    ahead_.reset();
  }
  merged->end = std::min(merged->end, to_);
  return merged;
}

Result<WindowState> WindowStateAt(const Window& window, UnixSeconds t, int64_t horizon_seconds) {
  OURO_TRY(MergedCursor cursor, MergedCursor::Create(window, t, t + horizon_seconds));
  OURO_TRY(const std::optional<Interval> first, cursor.Next());
  WindowState state;
  if (!first || first->start > t) {
    state.next = first;
    return state;
  }
  state.active = first;
  OURO_TRY(state.next, cursor.Next());
  return state;
}

Result<std::vector<Interval>> WindowOccurrences(const Window& window, UnixSeconds from,
                                                UnixSeconds to, int64_t count_max) {
  OURO_TRY(OccurrenceCursor cursor, OccurrenceCursor::Create(window, from, to));
  std::vector<Interval> occurrences;
  while (static_cast<int64_t>(occurrences.size()) < count_max) {
    OURO_TRY(const std::optional<Interval> next, cursor.Next());
    if (!next) break;
    // A shifted start may fall on another one.
    if (occurrences.empty() || occurrences.back() != *next) occurrences.push_back(*next);
  }
  return occurrences;
}

}  // namespace ouro::calendar
