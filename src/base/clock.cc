#include "base/clock.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ouro {

namespace {

// The digits of `text` from `from`, exactly `count` of them; nullopt otherwise.
std::optional<int64_t> Digits(std::string_view text, size_t from, size_t count) {
  if (text.size() < from + count) return std::nullopt;
  const std::string_view part = text.substr(from, count);
  if (part.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return ParseInt64(part);
}

bool IsLeapYear(int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int64_t DaysInMonth(int64_t year, int64_t month) {
  if (month == 2) return IsLeapYear(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Seconds of "T15:04:05[.123](Z|±hh:mm)"; nullopt when malformed.
std::optional<int64_t> ParseTimeOfDay(std::string_view text) {
  const auto hour = Digits(text, 1, 2);
  const auto minute = Digits(text, 4, 2);
  const auto second = Digits(text, 7, 2);
  if (!hour || !minute || !second || text[3] != ':' || text[6] != ':') return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  size_t at = 9;
  if (at < text.size() && text[at] == '.') {
    const size_t end = text.find_first_not_of("0123456789", at + 1);
    if (end == at + 1 || end == std::string_view::npos) return std::nullopt;
    at = end;
  }
  int64_t seconds = *hour * 3600 + *minute * 60 + *second;
  const std::string_view zone = text.substr(std::min(at, text.size()));
  if (zone == "Z" || zone == "z") return seconds;
  const auto zone_hour = Digits(zone, 1, 2);
  const auto zone_minute = Digits(zone, 4, 2);
  if (zone.size() != 6 || !zone_hour || !zone_minute || zone[3] != ':') return std::nullopt;
  if (*zone_hour > 23 || *zone_minute > 59) return std::nullopt;
  const int64_t offset = *zone_hour * 3600 + *zone_minute * 60;
  if (zone[0] == '+') return seconds - offset;
  if (zone[0] == '-') return seconds + offset;
  return std::nullopt;
}

}  // namespace

// Both conversions count years from March, so that the leap day is the last day of a year; an era
// is 400 years or 146,097 days.
int64_t DaysFromCivil(int64_t year, int month, int day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

CivilDate CivilFromDays(int64_t days) {
  const int64_t shifted = days + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  const auto month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

std::string FormatRfc3339(UnixSeconds seconds) {
  int64_t days = seconds / 86400;
  int64_t rest = seconds % 86400;
  if (rest < 0) {
    rest += 86400;
    --days;
  }
  const CivilDate date = CivilFromDays(days);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", date.year, date.month, date.day,
                     rest / 3600, rest / 60 % 60, rest % 60);
}

std::optional<UnixSeconds> ParseRfc3339(std::string_view text) {
  const auto year = Digits(text, 0, 4);
  const auto month = Digits(text, 5, 2);
  const auto day = Digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
  if (*month < 1 || *month > 12 || *day < 1 || *day > DaysInMonth(*year, *month)) {
    return std::nullopt;
  }
  const int64_t midnight =
      DaysFromCivil(*year, static_cast<int>(*month), static_cast<int>(*day)) * 86400;
  if (text.size() == 10) return midnight;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  const auto time = ParseTimeOfDay(text.substr(10));
  if (!time) return std::nullopt;
  return midnight + *time;
}

}  // namespace ouro
