#include <algorithm>

#include "calendar/rule_walk.h"

namespace ouro::calendar {
namespace {

template <typename T>
bool Holds(const std::vector<T>& sorted, const T& value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

// First day of the week that `day` is in.
int64_t WeekOf(int64_t day, int week_start) {
  return day - (WeekdayOfDay(day) - week_start + 7) % 7;
}

// First day of week 1: the week with four days or more in the year holds 4 January.
int64_t FirstWeekOf(int64_t year, int week_start) {
  return WeekOf(DaysFromCivil(year, 1, 4), week_start);
}

}  // namespace

RecurrenceRule WithDefaults(RecurrenceRule rule, LocalTime start) {
  const int64_t day = DayOf(start);
  const CivilDate date = CivilFromDays(day);
  const bool has_days = !rule.by_week_number.empty() || !rule.by_year_day.empty() ||
                        !rule.by_month_day.empty() || !rule.by_day.empty() ||
                        !rule.by_easter.empty();
  if (!has_days && rule.frequency == Frequency::kYearly) {
    if (rule.by_month.empty()) rule.by_month = {date.month};
    rule.by_month_day = {date.day};
  } else if (!has_days && rule.frequency == Frequency::kMonthly) {
    rule.by_month_day = {date.day};
  } else if (!has_days && rule.frequency == Frequency::kWeekly) {
    rule.by_day = {{WeekdayOfDay(day), 0}};
  }
  const int second = static_cast<int>(start.seconds - day * kSecondsOfDay);
  if (rule.by_hour.empty() && rule.frequency < Frequency::kHourly) rule.by_hour = {second / 3600};
  if (rule.by_minute.empty() && rule.frequency < Frequency::kMinutely) {
    rule.by_minute = {second / 60 % 60};
  }
  if (rule.by_second.empty() && rule.frequency < Frequency::kSecondly)
    rule.by_second = {second % 60};
  return rule;
}

int64_t EasterOf(int64_t year) {
  // The Gregorian computus as published in Nature, 20 April 1876 ("Meeus/Jones/Butcher").
  const int64_t a = year % 19;
  const int64_t b = year / 100;
  const int64_t c = year % 100;
  const int64_t g = (8 * b + 13) / 25;
  const int64_t h = (19 * a + b - b / 4 - g + 15) % 30;
  const int64_t l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
  const int64_t m = (a + 11 * h + 22 * l) / 451;
  const int64_t n = h + l - 7 * m + 114;
  return DaysFromCivil(year, static_cast<int>(n / 31), static_cast<int>(n % 31 + 1));
}

DayFilter::DayFilter(const RecurrenceRule& rule) : rule_(rule) {
  for (const int month : rule.by_month) months_ |= 1U << month;
  for (const WeekdayNumber& day : rule.by_day) {
    if (day.ordinal == 0 || rule.frequency > Frequency::kMonthly) {
      weekdays_ |= 1U << day.weekday;
    } else {
      numbered_weekdays_.push_back(day);
    }
  }
}

bool DayFilter::Matches(int64_t day) const {
  const CivilDate date = CivilFromDays(day);
  if (months_ != 0 && (months_ & (1U << date.month)) == 0) return false;
  if (weekdays_ != 0 && (weekdays_ & (1U << WeekdayOfDay(day))) == 0) return false;
  return MatchesMonthDay(date) && MatchesNumberedWeekday(day, date) &&
         MatchesYearDay(day, date.year) && MatchesWeekNumber(day) && MatchesEaster(day, date.year);
}

bool DayFilter::MatchesMonthDay(const CivilDate& date) const {
  if (rule_.by_month_day.empty()) return true;
  const int size = DaysOfMonth(date.year, date.month);
  return Holds(rule_.by_month_day, date.day) || Holds(rule_.by_month_day, date.day - size - 1);
}

bool DayFilter::MatchesYearDay(int64_t day, int64_t year) const {
  if (rule_.by_year_day.empty()) return true;
  const int number = static_cast<int>(day - DaysFromCivil(year, 1, 1)) + 1;
  const int size = IsLeapYear(year) ? 366 : 365;
  return Holds(rule_.by_year_day, number) || Holds(rule_.by_year_day, number - size - 1);
}

bool DayFilter::MatchesWeekNumber(int64_t day) const {
  if (rule_.by_week_number.empty()) return true;
  const int64_t week = WeekOf(day, rule_.week_start);
  const int64_t year =
      CivilFromDays(week + 3).year;  // a week belongs to the year of its fourth day
  const int64_t first = FirstWeekOf(year, rule_.week_start);
  const int number = static_cast<int>((week - first) / 7) + 1;
  const int count = static_cast<int>((FirstWeekOf(year + 1, rule_.week_start) - first) / 7);
  return Holds(rule_.by_week_number, number) || Holds(rule_.by_week_number, number - count - 1);
}

bool DayFilter::MatchesNumberedWeekday(int64_t day, const CivilDate& date) const {
  if (numbered_weekdays_.empty()) return true;
  // The number counts within the month, or within the year where a yearly rule names no month.
  const bool in_year = rule_.frequency == Frequency::kYearly && months_ == 0;
  const int64_t first = DaysFromCivil(date.year, in_year ? 1 : date.month, 1);
  const int64_t last =
      in_year ? DaysFromCivil(date.year, 12, 31) : first + DaysOfMonth(date.year, date.month) - 1;
  const int weekday = WeekdayOfDay(day);
  const int from_front = static_cast<int>((day - first) / 7) + 1;
  const int from_back = -static_cast<int>((last - day) / 7) - 1;
  return Holds(numbered_weekdays_, {weekday, from_front}) ||
         Holds(numbered_weekdays_, {weekday, from_back});
}

bool DayFilter::MatchesEaster(int64_t day, int64_t year) const {
  if (rule_.by_easter.empty()) return true;
  for (int64_t of = year - 1; of <= year + 1; ++of) {
    const int64_t offset = of < 1 ? INT64_MAX : day - EasterOf(of);
    if (offset >= -366 && offset <= 366 && Holds(rule_.by_easter, static_cast<int>(offset))) {
      return true;
    }
  }
  return false;
}

}  // namespace ouro::calendar
