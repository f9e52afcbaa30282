// A slow expander that is obviously right, and generated rules on which both must agree. It walks
// day by day (second by second for rules finer than daily), keeps its own calendar by counting from
// a known Monday, and tests every BY part as it is written.
#include <doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include <fmt/format.h>

#include "calendar/recurrence.h"

namespace ouro::calendar {
namespace {

struct Day {
  int year, month, day, weekday;  // weekday: 0 Monday
  int year_day;                   // from 1
};

constexpr int64_t kFirstDay = 9131;  // 1995-01-01, a Sunday
constexpr int kLastYear = 2032;

bool Leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

class Calendar {
 public:
  Calendar() {
    Day day{1995, 1, 1, 6, 1};
    while (day.year <= kLastYear) {
      days_.push_back(day);
      const bool month_ends = day.day == MonthSize(day.year, day.month);
      const bool year_ends = month_ends && day.month == 12;
      day = {day.year + (year_ends ? 1 : 0), year_ends ? 1 : day.month + (month_ends ? 1 : 0),
             month_ends ? 1 : day.day + 1, (day.weekday + 1) % 7, year_ends ? 1 : day.year_day + 1};
    }
  }
  static int MonthSize(int year, int month) {
    if (month == 2) return Leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
  }
  const Day& At(int64_t day) const { return days_.at(static_cast<size_t>(day - kFirstDay)); }
  int64_t end() const { return kFirstDay + static_cast<int64_t>(days_.size()) - 400; }

 private:
  std::vector<Day> days_;
};

const Calendar& Days() {
  static const Calendar kCalendar;
  return kCalendar;
}

bool In(const std::vector<int>& list, int value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Number of the week of `day` in its week year from the front, and from the back as a negative.
std::pair<int, int> WeekNumbers(int64_t day, int week_start) {
  const auto monday = [&](int64_t of) {
    while (Days().At(of).weekday != week_start) --of;
    return of;
  };
  const auto week_year = [&](int64_t week) { return Days().At(week + 3).year; };  // most days
  const int64_t week = monday(day);
  int front = 1;
  for (int64_t other = week - 7; week_year(other) == week_year(week); other -= 7) ++front;
  int back = -1;
  for (int64_t other = week + 7; week_year(other) == week_year(week); other += 7) --back;
  return {front, back};
}

bool ByDay(const RecurrenceRule& rule, int64_t day) {
  const Day& d = Days().At(day);
  const bool numbers_count = rule.frequency <= Frequency::kMonthly;
  const bool in_year = rule.frequency == Frequency::kYearly && rule.by_month.empty();
  const auto same_period = [&](int64_t other) {
    const Day& o = Days().At(other);
    return o.year == d.year && (in_year || o.month == d.month);
  };
  int front = 1;
  for (int64_t other = day - 7; same_period(other); other -= 7) ++front;
  int back = -1;
  for (int64_t other = day + 7; same_period(other); other += 7) --back;
  bool plain_asked = false, plain = false, numbered_asked = false, numbered = false;
  for (const WeekdayNumber& asked : rule.by_day) {
    if (asked.ordinal == 0 || !numbers_count) {
      plain_asked = true;
      plain = plain || asked.weekday == d.weekday;
    } else {
      numbered_asked = true;
      numbered = numbered ||
                 (asked.weekday == d.weekday && (asked.ordinal == front || asked.ordinal == back));
    }
  }
  return (!plain_asked || plain) && (!numbered_asked || numbered);
}

bool DayFulfils(const RecurrenceRule& rule, LocalTime start, int64_t day) {
  const Day& d = Days().At(day);
  const Day& s = Days().At(DayOf(start));
  const int month_size = Calendar::MonthSize(d.year, d.month);
  const int year_size = Leap(d.year) ? 366 : 365;
  if (!rule.by_month.empty() && !In(rule.by_month, d.month)) return false;
  if (!rule.by_month_day.empty() && !In(rule.by_month_day, d.day) &&
      !In(rule.by_month_day, d.day - month_size - 1)) {
    return false;
  }
  if (!rule.by_year_day.empty() && !In(rule.by_year_day, d.year_day) &&
      !In(rule.by_year_day, d.year_day - year_size - 1)) {
    return false;
  }
  if (!rule.by_week_number.empty()) {
    const auto [front, back] = WeekNumbers(day, rule.week_start);
    if (!In(rule.by_week_number, front) && !In(rule.by_week_number, back)) return false;
  }
  if (!ByDay(rule, day)) return false;
  const bool says_days = !rule.by_month_day.empty() || !rule.by_year_day.empty() ||
                         !rule.by_week_number.empty() || !rule.by_day.empty();
  if (says_days) return true;
  if (rule.frequency == Frequency::kWeekly) return d.weekday == s.weekday;
  if (rule.frequency > Frequency::kWeekly) return true;
  if (d.day != s.day) return false;
  return rule.frequency == Frequency::kMonthly || !rule.by_month.empty() || d.month == s.month;
}

int64_t Floor(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

// Number of the period that the time is in; DTSTART is in period 0.
int64_t PeriodOf(const RecurrenceRule& rule, LocalTime start, LocalTime time) {
  const Day& d = Days().At(DayOf(time));
  const Day& s = Days().At(DayOf(start));
  const auto week = [&](int64_t day) { return Floor(day + 3 - rule.week_start, 7); };
  switch (rule.frequency) {
    case Frequency::kYearly:
      return d.year - s.year;
    case Frequency::kMonthly:
      return (d.year * 12 + d.month) - (s.year * 12 + s.month);
    case Frequency::kWeekly:
      return week(DayOf(time)) - week(DayOf(start));
    case Frequency::kDaily:
      return DayOf(time) - DayOf(start);
    case Frequency::kHourly:
      return Floor(time.seconds, 3600) - Floor(start.seconds, 3600);
    case Frequency::kMinutely:
      return Floor(time.seconds, 60) - Floor(start.seconds, 60);
    case Frequency::kSecondly:
      return time.seconds - start.seconds;
  }
  return 0;
}

bool TimeFulfils(const RecurrenceRule& rule, LocalTime start, LocalTime time) {
  const auto part = [](LocalTime of, int64_t unit, int64_t size) {
    return static_cast<int>(Floor(of.seconds, unit) - Floor(of.seconds, unit * size) * size);
  };
  const auto fulfils = [&](const std::vector<int>& list, Frequency own, int64_t unit,
                           int64_t size) {
    if (!list.empty()) return In(list, part(time, unit, size));
    return rule.frequency >= own || part(time, unit, size) == part(start, unit, size);
  };
  return fulfils(rule.by_hour, Frequency::kHourly, 3600, 24) &&
         fulfils(rule.by_minute, Frequency::kMinutely, 60, 60) &&
         fulfils(rule.by_second, Frequency::kSecondly, 1, 60);
}

// All occurrences before `end`; times are looked at every `step` seconds.
std::vector<LocalTime> Slow(const RecurrenceRule& rule, LocalTime start, LocalTime end,
                            int64_t step) {
  std::map<int64_t, std::vector<LocalTime>> periods;
  // The first year may have places for BYSETPOS before the start; the first week has none.
  int64_t first = start.seconds;
  if (rule.frequency < Frequency::kWeekly) first -= 366 * kSecondsOfDay;
  if (rule.frequency == Frequency::kDaily || rule.frequency == Frequency::kWeekly) {
    first = DayOf(start) * kSecondsOfDay;
  }
  if (rule.frequency == Frequency::kHourly) first = Floor(start.seconds, 3600) * 3600;
  if (rule.frequency == Frequency::kMinutely) first = Floor(start.seconds, 60) * 60;
  first = start.seconds + Floor(first - start.seconds, step) * step;
  int64_t known_day = INT64_MIN;
  bool day_fulfils = false;
  for (LocalTime time{first}; time.seconds < end.seconds + 400 * kSecondsOfDay;
       time.seconds += step) {
    if (rule.frequency > Frequency::kDaily && time >= end) break;
    if (DayOf(time) >= Days().end()) break;
    const int64_t period = PeriodOf(rule, start, time);
    if (period < 0 || period % rule.interval != 0) continue;
    if (rule.frequency == Frequency::kWeekly && DayOf(time) < DayOf(start)) continue;
    if (DayOf(time) != known_day) {
      known_day = DayOf(time);
      day_fulfils = DayFulfils(rule, start, known_day);
    }
    if (day_fulfils && TimeFulfils(rule, start, time)) periods[period].push_back(time);
  }
  std::vector<LocalTime> found;
  for (const auto& [number, times] : periods) {
    const int size = static_cast<int>(times.size());
    for (int i = 0; i < size; ++i) {
      if (rule.by_set_position.empty() || In(rule.by_set_position, i + 1) ||
          In(rule.by_set_position, i - size)) {
        found.push_back(times[static_cast<size_t>(i)]);
      }
    }
  }
  std::vector<LocalTime> occurrences;
  for (const LocalTime time : found) {
    if (time < start) continue;
    if (rule.until && time > *rule.until) break;
    if (rule.count && static_cast<int64_t>(occurrences.size()) >= *rule.count) break;
    occurrences.push_back(time);
  }
  std::erase_if(occurrences, [&](LocalTime time) { return time >= end; });
  return occurrences;
}

class RuleMaker {
 public:
  explicit RuleMaker(unsigned seed) : random_(seed) {}

  int Pick(int min, int max) { return std::uniform_int_distribution<int>(min, max)(random_); }
  bool Chance(int percent) { return Pick(1, 100) <= percent; }

  std::vector<int> List(int min, int max, int count_max) {
    std::vector<int> list;
    const int count = Pick(1, count_max);
    while (static_cast<int>(list.size()) < count) {
      const int value = Pick(min, max);
      if ((value != 0 || min >= 0) && !In(list, value)) list.push_back(value);
    }
    std::sort(list.begin(), list.end());
    return list;
  }

  RecurrenceRule DayRule() {
    RecurrenceRule rule;
    rule.frequency = static_cast<Frequency>(Pick(0, 3));
    AddDays(rule);
    if (Chance(30)) rule.interval = Pick(2, 5);
    if (Chance(30)) rule.by_hour = List(0, 23, 3);
    if (Chance(30)) rule.by_set_position = List(-8, 8, 3);
    if (Chance(20)) rule.count = Pick(0, 20);
    return rule;
  }

  RecurrenceRule TimeRule() {
    RecurrenceRule rule;
    rule.frequency = static_cast<Frequency>(Pick(4, 6));
    if (Chance(20)) AddDays(rule);
    if (Chance(50)) rule.interval = Pick(2, 100);
    if (Chance(40)) rule.by_hour = List(0, 23, 6);
    if (Chance(40)) rule.by_minute = List(0, 59, 6);
    if (Chance(40)) rule.by_second = List(0, 59, 6);
    if (Chance(20)) rule.by_set_position = List(-4, 4, 2);
    return rule;
  }

 private:
  void AddDays(RecurrenceRule& rule) {
    if (Chance(25)) rule.by_month = List(1, 12, 4);
    if (Chance(20)) rule.by_month_day = List(-31, 31, 6);
    if (Chance(15)) rule.by_year_day = List(-366, 366, 40);
    if (Chance(15)) rule.by_week_number = List(-53, 53, 10);
    if (Chance(30)) {
      for (int i = Pick(1, 3); i > 0; --i) {
        rule.by_day.push_back(
            {Pick(0, 6), Chance(40) ? (Chance(50) ? Pick(1, 6) : -Pick(1, 6)) : 0});
      }
      std::sort(rule.by_day.begin(), rule.by_day.end());
    }
    if (Chance(40)) rule.week_start = Pick(0, 6);
  }

  std::mt19937 random_;
};

std::vector<std::string> Shown(const std::vector<LocalTime>& times) {
  std::vector<std::string> shown;
  for (const LocalTime time : times) shown.push_back(FormatLocalTime(time));
  return shown;
}

std::vector<LocalTime> Fast(const RecurrenceRule& rule, LocalTime start, LocalTime from,
                            LocalTime end) {
  RecurrenceSet set;
  set.start = start;
  set.rules = {rule};
  ExpandOptions options;
  options.from = from;
  options.to = {end.seconds - 1};
  RecurrenceExpansion expansion = *RecurrenceExpansion::Create(set, options);
  std::vector<LocalTime> times;
  while (true) {
    const Result<std::optional<LocalTime>> time = expansion.Next();
    if (!time || !*time) return times;
    times.push_back(**time);
  }
}

std::string Words(const RecurrenceRule& rule) {
  std::string out = fmt::format("frequency {} interval {} week start {}",
                                static_cast<int>(rule.frequency), rule.interval, rule.week_start);
  const auto add = [&](const char* name, const std::vector<int>& list) {
    if (!list.empty()) out += fmt::format(" {}=", name);
    for (const int value : list) out += fmt::format("{},", value);
  };
  add("month", rule.by_month);
  add("month_day", rule.by_month_day);
  add("year_day", rule.by_year_day);
  add("week", rule.by_week_number);
  add("hour", rule.by_hour);
  add("minute", rule.by_minute);
  add("second", rule.by_second);
  add("position", rule.by_set_position);
  for (const WeekdayNumber& day : rule.by_day) {
    out += fmt::format(" day {}/{}", day.weekday, day.ordinal);
  }
  return out;
}

void Compare(RuleMaker& make, const RecurrenceRule& rule, LocalTime start, LocalTime end,
             int64_t step) {
  CAPTURE(Words(rule));
  CAPTURE(FormatLocalTime(start));
  const std::vector<LocalTime> slow = Slow(rule, start, end, step);
  REQUIRE(Shown(Fast(rule, start, kFirstLocalTime, end)) == Shown(slow));
  // Beginning later gives the same, less what lies before.
  const LocalTime from{start.seconds + (end.seconds - start.seconds) * make.Pick(1, 9) / 10};
  std::vector<LocalTime> rest = slow;
  std::erase_if(rest, [&](LocalTime time) { return time < from; });
  REQUIRE(Shown(Fast(rule, start, from, end)) == Shown(rest));
}

}  // namespace

TEST_CASE("rules of days agree with walking day by day") {
  RuleMaker make(1);
  for (int i = 0; i < 300; ++i) {
    const RecurrenceRule rule = make.DayRule();
    const int64_t day = kFirstDay + make.Pick(800, 2'400);
    const LocalTime start{day * kSecondsOfDay + make.Pick(0, 23) * 3600};
    Compare(make, rule, start, {start.seconds + make.Pick(30, 1'500) * kSecondsOfDay}, 3600);
  }
}

TEST_CASE("rules of hours, minutes and seconds agree with walking second by second") {
  RuleMaker make(2);
  for (int i = 0; i < 24; ++i) {
    const RecurrenceRule rule = make.TimeRule();
    const int64_t day = kFirstDay + make.Pick(800, 8'000);
    const LocalTime start{day * kSecondsOfDay + make.Pick(0, 86'399)};
    Compare(make, rule, start, {start.seconds + 30 * 3600}, 1);
  }
}

}  // namespace ouro::calendar
