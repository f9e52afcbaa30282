// A period number leads to its days by arithmetic, so the walk can begin anywhere. Of each period
// the days that pass the filter are combined with the times of day. A rule finer than daily has one
// unit (hour, minute, second) a period and jumps over those that cannot pass.
#include "calendar/rule_walk.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"

namespace ouro::calendar {
namespace {

constexpr int64_t kLastYear = 9999;

int64_t FloorDiv(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

// Of a rule finer than daily: how long its unit is.
int64_t UnitSeconds(Frequency frequency) {
  if (frequency == Frequency::kHourly) return 3600;
  if (frequency == Frequency::kMinutely) return 60;
  return frequency == Frequency::kSecondly ? 1 : 0;
}

bool Allows(const std::vector<int>& list, int64_t value) {
  return list.empty() || std::binary_search(list.begin(), list.end(), static_cast<int>(value));
}

int64_t MonthIndex(const CivilDate& date) {
  return date.year * 12 + date.month - 1;
}

}  // namespace

RuleWalk::RuleWalk(const RecurrenceRule& rule, LocalTime start, const ExpandOptions& options)
    : rule_(WithDefaults(rule, start)),
      start_(start),
      from_(std::max(start, options.from)),
      hard_end_(std::min(options.to, kLastLocalTime)),
      zone_(options.zone),
      filter_(rule_),
      unit_seconds_(UnitSeconds(rule.frequency)),
      last_(start) {
  if (rule.until) hard_end_ = std::min(hard_end_, *rule.until);
  if (rule.until_utc && zone_ != nullptr) {
    // Exact in IsPastEnd; two days are more than any two offsets differ.
    const int64_t end = zone_->ToLocal(*rule.until_utc).seconds + 2 * kSecondsOfDay;
    hard_end_ = std::min(hard_end_, LocalTime{end});
  }
  if (unit_seconds_ > 0) start_unit_ = FloorDiv(start.seconds, unit_seconds_);
  ended_ = rule.count == 0 || start > hard_end_;
  if (!rule.count && options.from > start) SkipTo(options.from);
}

void RuleWalk::SkipTo(LocalTime from) {
  const int64_t day = DayOf(from);
  const int64_t start_day = DayOf(start_);
  int64_t distance = 0;
  switch (rule_.frequency) {
    case Frequency::kYearly:
      distance = CivilFromDays(day).year - CivilFromDays(start_day).year;
      break;
    case Frequency::kMonthly:
      distance = MonthIndex(CivilFromDays(day)) - MonthIndex(CivilFromDays(start_day));
      break;
    case Frequency::kWeekly: {
      const int into_week = (WeekdayOfDay(start_day) - rule_.week_start + 7) % 7;
      distance = (day - (start_day - into_week)) / 7;
      break;
    }
    case Frequency::kDaily:
      distance = day - start_day;
      break;
    default:
      distance = FloorDiv(from.seconds, unit_seconds_) - start_unit_;
  }
  period_ = distance / rule_.interval;
}

Result<std::optional<LocalTime>> RuleWalk::Next() {
  while (!ended_) {
    if (next_candidate_ >= candidate_count()) {
      if (silent_days_ > limits::kRecurrenceSilentDays ||
          silent_steps_ > limits::kRecurrenceSilentSteps) {
        return Silent();
      }
      unit_seconds_ > 0 ? LoadUnit() : LoadDays();
      continue;
    }
    const LocalTime time = Candidate(next_candidate_++);
    ++silent_steps_;
    if (time < start_) continue;
    if (IsPastEnd(time)) {
      ended_ = true;
      break;
    }
    ++occurrence_count_;
    if (rule_.count && occurrence_count_ >= *rule_.count) ended_ = true;
    silent_days_ = 0;
    silent_steps_ = 0;
    last_ = time;
    if (time >= from_) return std::optional<LocalTime>(time);
  }
  return std::optional<LocalTime>();
}

bool RuleWalk::IsPastEnd(LocalTime time) const {
  if (time > hard_end_) return true;
  return rule_.until_utc && zone_ != nullptr && zone_->ToInstant(time).instant > *rule_.until_utc;
}

tl::unexpected<Error> RuleWalk::Silent() const {
  const bool never = occurrence_count_ == 0;
  return Fail(ErrorCode::kLimit,
              fmt::format("the rule has no {}occurrence after {}: {} were searched in vain",
                          never ? "" : "further ", FormatLocalTime(last_),
                          silent_days_ > limits::kRecurrenceSilentDays
                              ? "400 years of days"
                              : fmt::format("{} times", limits::kRecurrenceSilentSteps)));
}

void RuleWalk::LoadDays() {
  const int64_t start_day = DayOf(start_);
  const CivilDate start_date = CivilFromDays(start_day);
  const int64_t distance = period_++ * rule_.interval;
  int64_t first = 0;
  int64_t last = 0;
  if (rule_.frequency == Frequency::kYearly) {
    const int64_t year = start_date.year + distance;
    ended_ = year > kLastYear;
    if (ended_) return;
    first = DaysFromCivil(year, 1, 1);
    last = DaysFromCivil(year, 12, 31);
  } else if (rule_.frequency == Frequency::kMonthly) {
    const int64_t index = MonthIndex(start_date) + distance;
    ended_ = index / 12 > kLastYear;
    if (ended_) return;
    const int month = static_cast<int>(index % 12) + 1;
    first = DaysFromCivil(index / 12, month, 1);
    last = first + DaysOfMonth(index / 12, month) - 1;
  } else if (rule_.frequency == Frequency::kWeekly) {
    first = start_day - (WeekdayOfDay(start_day) - rule_.week_start + 7) % 7 + 7 * distance;
    last = first + 6;
    first = std::max(first, start_day);
  } else {
    first = last = start_day + distance;
  }
  ended_ = first > DayOf(hard_end_);
  if (ended_) return;
  days_.clear();
  for (int64_t day = first; day <= last; ++day) {
    if (filter_.Matches(day)) days_.push_back(day);
  }
  silent_days_ += last - first + 1;
  if (times_.empty()) LoadTimes(true, true, 0);
  LoadCandidates();
}

void RuleWalk::JumpToUnit(int64_t unit) {
  const int64_t distance = unit - start_unit_;
  period_ = std::max(period_, (distance + rule_.interval - 1) / rule_.interval);
}

void RuleWalk::LoadUnit() {
  days_.clear();
  positions_.clear();
  next_candidate_ = 0;
  const int64_t unit = start_unit_ + period_++ * rule_.interval;
  const int64_t seconds = unit * unit_seconds_;
  ended_ = unit > FloorDiv(hard_end_.seconds, unit_seconds_);
  if (ended_) return;
  ++silent_steps_;
  const int64_t day = FloorDiv(seconds, kSecondsOfDay);
  if (day != checked_day_) {
    checked_day_ = day;
    checked_day_matches_ = filter_.Matches(day);
    ++silent_days_;
  }
  if (!checked_day_matches_) return JumpToUnit((day + 1) * (kSecondsOfDay / unit_seconds_));
  const int64_t second_of_day = seconds - day * kSecondsOfDay;
  if (!Allows(rule_.by_hour, second_of_day / 3600)) {
    return JumpToUnit((FloorDiv(seconds, 3600) + 1) * (3600 / unit_seconds_));
  }
  if (unit_seconds_ < 3600 && !Allows(rule_.by_minute, second_of_day / 60 % 60)) {
    return JumpToUnit((FloorDiv(seconds, 60) + 1) * (60 / unit_seconds_));
  }
  if (unit_seconds_ == 1 && !Allows(rule_.by_second, second_of_day % 60)) return;
  days_.push_back(day);
  LoadTimes(false, unit_seconds_ == 3600, second_of_day);
  LoadCandidates();
}

// All times of day that BYHOUR, BYMINUTE and BYSECOND give; of one unit where a hour, or a hour and
// a minute, or all three are fixed by `second_of_day`.
void RuleWalk::LoadTimes(bool any_hour, bool any_minute, int64_t second_of_day) {
  const std::vector<int> hour = {static_cast<int>(second_of_day / 3600)};
  const std::vector<int> minute = {static_cast<int>(second_of_day / 60 % 60)};
  const std::vector<int> second = {static_cast<int>(second_of_day % 60)};
  times_.clear();
  for (const int h : any_hour ? rule_.by_hour : hour) {
    for (const int m : any_minute ? rule_.by_minute : minute) {
      for (const int s : unit_seconds_ == 1 ? second : rule_.by_second) {
        times_.push_back(h * 3600 + m * 60 + s);
      }
    }
  }
}

void RuleWalk::LoadCandidates() {
  next_candidate_ = 0;
  const int64_t count = static_cast<int64_t>(days_.size() * times_.size());
  if (rule_.by_set_position.empty()) {
    // What lies before the start needs no look, except on the day itself.
    const LocalTime begin = rule_.count ? start_ : from_;
    const auto first = std::lower_bound(days_.begin(), days_.end(), DayOf(begin));
    next_candidate_ = (first - days_.begin()) * static_cast<int64_t>(times_.size());
    return;
  }
  positions_.clear();
  for (const int position : rule_.by_set_position) {
    const int64_t index = position > 0 ? position - 1 : count + position;
    if (index >= 0 && index < count) positions_.push_back(index);
  }
  std::sort(positions_.begin(), positions_.end());
  positions_.erase(std::unique(positions_.begin(), positions_.end()), positions_.end());
}

int64_t RuleWalk::candidate_count() const {
  if (!rule_.by_set_position.empty()) return static_cast<int64_t>(positions_.size());
  return static_cast<int64_t>(days_.size() * times_.size());
}

LocalTime RuleWalk::Candidate(int64_t index) const {
  if (!rule_.by_set_position.empty()) index = positions_[static_cast<size_t>(index)];
  const size_t at = static_cast<size_t>(index);
  return {days_[at / times_.size()] * kSecondsOfDay + times_[at % times_.size()]};
}

}  // namespace ouro::calendar
