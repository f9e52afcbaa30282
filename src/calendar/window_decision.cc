// The windows' intervals are swept together: every window shows the interval that holds the present
// instant or comes next, and the sweep goes from border to border until the answer changes.
#include <algorithm>
#include <utility>

#include "calendar/window.h"
#include "calendar/window_cursor.h"

namespace ouro::calendar {
namespace {

class Sweep {
 public:
  static Result<Sweep> Create(std::span<const Window* const> windows, UnixSeconds now,
                              UnixSeconds end) {
    Sweep sweep(windows, now, end);
    for (const Window* window : windows) {
      OURO_TRY(MergedCursor cursor, MergedCursor::Create(*window, now, end));
      sweep.cursors_.push_back(std::move(cursor));
      sweep.intervals_.emplace_back();
    }
    for (size_t i = 0; i < windows.size(); ++i) {
      OURO_TRY(sweep.intervals_[i], sweep.cursors_[i].Next());
    }
    return sweep;
  }

  // Answer at the present instant, without next_allowed and allowed_until.
  WindowDecision Decide() const {
    WindowDecision decision;
    bool has_maintenance = false;
    std::optional<size_t> maintenance;
    std::optional<size_t> opens_next;
    for (size_t i = 0; i < windows_.size(); ++i) {
      const bool active = IsActive(i);
      if (windows_[i]->kind == WindowKind::kBlackout) {
        if (active && EndsLater(i, decision.window)) decision.window = i;
        continue;
      }
      has_maintenance = true;
      if (active && EndsLater(i, maintenance)) maintenance = i;
      if (!active && OpensEarlier(i, opens_next)) opens_next = i;
    }
    if (decision.window) {
      decision.allowed = false;
      decision.reason = WindowReason::kInBlackout;
    } else if (has_maintenance) {
      decision.allowed = maintenance.has_value();
      decision.reason =
          decision.allowed ? WindowReason::kInMaintenance : WindowReason::kOutsideMaintenance;
      decision.window = decision.allowed ? maintenance : opens_next;
    }
    if (decision.window) decision.interval = intervals_[*decision.window];
    return decision;
  }

  // The first border at which the answer is `allowed`; nullopt: none before the end.
  Result<std::optional<UnixSeconds>> FindChangeTo(bool allowed) {
    while (true) {
      UnixSeconds border = end_;
      for (size_t i = 0; i < windows_.size(); ++i) {
        if (!intervals_[i]) continue;
        border = std::min(border, IsActive(i) ? intervals_[i]->end : intervals_[i]->start);
      }
      if (border >= end_) return std::optional<UnixSeconds>();
      now_ = border;
      for (size_t i = 0; i < windows_.size(); ++i) {
        if (intervals_[i] && intervals_[i]->end <= now_) {
          OURO_TRY(intervals_[i], cursors_[i].Next());
        }
      }
      if (Decide().allowed == allowed) return std::optional<UnixSeconds>(now_);
    }
  }

 private:
  Sweep(std::span<const Window* const> windows, UnixSeconds now, UnixSeconds end)
      : windows_(windows), now_(now), end_(end) {}

  bool IsActive(size_t i) const { return intervals_[i] && intervals_[i]->start <= now_; }
  bool EndsLater(size_t i, std::optional<size_t> other) const {
    return !other || intervals_[i]->end > intervals_[*other]->end;
  }
  bool OpensEarlier(size_t i, std::optional<size_t> other) const {
    return intervals_[i] && (!other || intervals_[i]->start < intervals_[*other]->start);
  }

  std::span<const Window* const> windows_;
  UnixSeconds now_;
  UnixSeconds end_;
  std::vector<MergedCursor> cursors_;
  std::vector<std::optional<Interval>> intervals_;  // the one that holds now_ or comes next
};

Result<WindowDecision> DecidePlain(std::span<const Window* const> windows, UnixSeconds now,
                                   int64_t horizon_seconds) {
  OURO_TRY(Sweep sweep, Sweep::Create(windows, now, now + horizon_seconds));
  WindowDecision decision = sweep.Decide();
  decision.horizon_seconds = horizon_seconds;
  OURO_TRY(const std::optional<UnixSeconds> change, sweep.FindChangeTo(!decision.allowed));
  (decision.allowed ? decision.allowed_until : decision.next_allowed) = change;
  return decision;
}

Result<bool> IsActiveAt(const Window& window, UnixSeconds t) {
  OURO_TRY(OccurrenceCursor cursor, OccurrenceCursor::Create(window, t, t + 1));
  OURO_TRY(const std::optional<Interval> interval, cursor.Next());
  return interval.has_value();
}

// May an operation that began at `began`, while it was allowed, go on? The windows that let it end
// are left out, and the others asked.
Result<bool> MayGoOn(std::span<const Window* const> windows, UnixSeconds began, UnixSeconds now) {
  std::vector<const Window*> remaining;
  bool in_maintenance = false;
  for (const Window* window : windows) {
    if (!window->overrun) continue;
    if (window->kind != WindowKind::kMaintenance) continue;
    OURO_TRY(const bool active, IsActiveAt(*window, began));
    in_maintenance = in_maintenance || active;
  }
  for (const Window* window : windows) {
    const bool left_out =
        window->kind == WindowKind::kMaintenance ? in_maintenance : window->overrun;
    if (!left_out) remaining.push_back(window);
  }
  OURO_TRY(const Sweep sweep, Sweep::Create(remaining, now, now + 1));
  return sweep.Decide().allowed;
}

}  // namespace

std::string_view WindowReasonName(WindowReason reason) {
  switch (reason) {
    case WindowReason::kNoWindow:
      return "no-window";
    case WindowReason::kInMaintenance:
      return "in-maintenance";
    case WindowReason::kOverrun:
      return "overrun";
    case WindowReason::kInBlackout:
      return "in-blackout";
    case WindowReason::kOutsideMaintenance:
      return "outside-maintenance";
  }
  return "";
}

Result<WindowDecision> DecideWindows(std::span<const Window* const> windows,
                                     const WindowQuestion& question) {
  if (question.began && *question.began > question.now) {
    return Fail(ErrorCode::kInvalid, "an operation cannot have begun after now");
  }
  OURO_TRY(WindowDecision decision, DecidePlain(windows, question.now, question.horizon_seconds));
  if (decision.allowed || !question.began) return decision;
  OURO_TRY(const Sweep at_begin, Sweep::Create(windows, *question.began, *question.began + 1));
  if (!at_begin.Decide().allowed) return decision;
  OURO_TRY(const bool may_go_on, MayGoOn(windows, *question.began, question.now));
  if (!may_go_on) return decision;
  decision.allowed = true;
  decision.reason = WindowReason::kOverrun;
  decision.next_allowed.reset();
  return decision;
}

}  // namespace ouro::calendar
