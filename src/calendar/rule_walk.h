// One recurrence rule, walked period by period. Internal to the module; recurrence.h is the
// interface.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "calendar/local_time.h"
#include "calendar/recurrence.h"

namespace ouro::calendar {

// The rule with the BY parts that follow from `start` (RFC 5545 §3.3.10): what is not said is taken
// from DTSTART.
RecurrenceRule WithDefaults(RecurrenceRule rule, LocalTime start);

// Easter Sunday of a year in the Gregorian calendar, as a day number.
int64_t EasterOf(int64_t year);

// Which days fulfil the BY parts of a rule that speak of days, each day by itself.
class DayFilter {
 public:
  // `rule` as WithDefaults gives it.
  explicit DayFilter(const RecurrenceRule& rule);
  bool Matches(int64_t day) const;

 private:
  bool MatchesMonthDay(const CivilDate& date) const;
  bool MatchesYearDay(int64_t day, int64_t year) const;
  bool MatchesWeekNumber(int64_t day) const;
  bool MatchesNumberedWeekday(int64_t day, const CivilDate& date) const;
  bool MatchesEaster(int64_t day, int64_t year) const;

  RecurrenceRule rule_;
  unsigned months_ = 0;    // bit n: month n
  unsigned weekdays_ = 0;  // bit n: weekday n, those without a number
  std::vector<WeekdayNumber> numbered_weekdays_;
};

class RuleWalk {
 public:
  RuleWalk(const RecurrenceRule& rule, LocalTime start, const ExpandOptions& options);

  // The next occurrence from options.from on; nullopt at the end, and ever after.
  Result<std::optional<LocalTime>> Next();

 private:
  void SkipTo(LocalTime from);
  // Load the next period into days_ and times_, or set ended_. Both may leave days_ empty.
  void LoadDays();
  void LoadUnit();
  void LoadCandidates();
  void LoadTimes(bool any_hour, bool any_minute, int64_t second_of_day);
  void JumpToUnit(int64_t unit);
  int64_t candidate_count() const;
  LocalTime Candidate(int64_t index) const;
  bool IsPastEnd(LocalTime time) const;
  tl::unexpected<Error> Silent() const;

  RecurrenceRule rule_;
  LocalTime start_;
  LocalTime from_;
  LocalTime hard_end_;  // no later time is an occurrence
  const TimeZone* zone_;
  DayFilter filter_;
  int64_t unit_seconds_ = 0;  // of rules finer than daily: 3,600, 60 or 1; else 0
  int64_t start_unit_ = 0;

  int64_t period_ = 0;              // number of the next period to load
  std::vector<int64_t> days_;       // of the loaded period, ascending
  std::vector<int64_t> times_;      // seconds of the day, ascending
  std::vector<int64_t> positions_;  // with BYSETPOS: indexes into days × times, ascending
  int64_t next_candidate_ = 0;      // index into days × times, or into positions_
  int64_t checked_day_ = INT64_MIN;
  bool checked_day_matches_ = false;

  int64_t occurrence_count_ = 0;
  int64_t silent_days_ = 0;   // examined since the last occurrence
  int64_t silent_steps_ = 0;  // units and times looked at since then
  LocalTime last_;
  bool ended_ = false;
};

}  // namespace ouro::calendar
