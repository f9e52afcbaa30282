#include "calendar/local_time.h"

#include <fmt/format.h>

#include "base/clock.h"

namespace ouro::calendar {
namespace {

// Reads exactly `size` decimal digits at the front of `text` and takes them off.
std::optional<int> TakeDigits(std::string_view& text, size_t size) {
  if (text.size() < size) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < size; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(size);
  return value;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// "09:00", "09:00:00", "0900", "090000"; the whole text. Seconds of the day.
std::optional<int64_t> ReadTimeOfDay(std::string_view text) {
  const std::optional<int> hour = TakeDigits(text, 2);
  const bool colons = TakeChar(text, ':');
  const std::optional<int> minute = TakeDigits(text, 2);
  std::optional<int> second = 0;
  if (!text.empty()) {
    if (colons && !TakeChar(text, ':')) return std::nullopt;
    second = TakeDigits(text, 2);
  }
  if (!hour || !minute || !second || !text.empty()) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  if (*second == 60) second = 59;
  return *hour * 3600 + *minute * 60 + *second;
}

}  // namespace

std::optional<LocalTime> ParseLocalTime(std::string_view text) {
  const std::optional<int> year = TakeDigits(text, 4);
  const bool dashes = TakeChar(text, '-');
  const std::optional<int> month = TakeDigits(text, 2);
  if (dashes && !TakeChar(text, '-')) return std::nullopt;
  const std::optional<int> day = TakeDigits(text, 2);
  if (!year || !month || !day || *year < 1 || *month < 1 || *month > 12) return std::nullopt;
  if (*day < 1 || *day > DaysOfMonth(*year, *month)) return std::nullopt;
  std::optional<int64_t> second_of_day = 0;
  if (!text.empty()) {
    if (!TakeChar(text, 'T') && !TakeChar(text, 't') && !TakeChar(text, ' ')) return std::nullopt;
    second_of_day = ReadTimeOfDay(text);
  }
  if (!second_of_day) return std::nullopt;
  return LocalTime{DaysFromCivil(*year, *month, *day) * kSecondsOfDay + *second_of_day};
}

std::string FormatLocalTime(LocalTime time) {
  const int64_t day = DayOf(time);
  const CivilDate date = CivilFromDays(day);
  const int64_t second = time.seconds - day * kSecondsOfDay;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.year, date.month, date.day,
                     second / 3600, second / 60 % 60, second % 60);
}

int64_t DayOf(LocalTime time) {
  const int64_t day = time.seconds / kSecondsOfDay;
  return time.seconds % kSecondsOfDay < 0 ? day - 1 : day;
}

int WeekdayOfDay(int64_t day) {
  // 1970-01-01 was a Thursday.
  const int64_t weekday = (day + 3) % 7;
  return static_cast<int>(weekday < 0 ? weekday + 7 : weekday);
}

bool IsLeapYear(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int DaysOfMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

}  // namespace ouro::calendar
