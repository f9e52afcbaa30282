// Local civil times: what a clock on a wall shows, without saying where the wall is.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::calendar {

// Seconds since 1970-01-01T00:00:00 as the wall shows it: every day has 86,400 of them. A type of
// its own, so that it is never taken for an instant (UnixSeconds); time_zone.h leads from one to
// the other. Proleptic Gregorian calendar, years 1 to 9999.
struct LocalTime {
  int64_t seconds = 0;

  friend auto operator<=>(const LocalTime&, const LocalTime&) = default;
};

inline constexpr int64_t kSecondsOfDay = 86'400;
// 0001-01-01T00:00:00 and 9999-12-31T23:59:59. No function of this module leaves that range.
inline constexpr LocalTime kFirstLocalTime{-62'135'596'800};
inline constexpr LocalTime kLastLocalTime{253'402'300'799};

// "1997-09-02T09:00:00", "1997-09-02 09:00", "1997-09-02" (midnight), and the forms of RFC 5545
// §3.3.4 and §3.3.5: "19970902T090000", "19970902". Upper or lower case T. The 60th second counts
// as the 59th (§3.3.12). A zone ("Z", "+02:00") is not accepted: the caller takes it off.
std::optional<LocalTime> ParseLocalTime(std::string_view text);

// "1997-09-02T09:00:00".
std::string FormatLocalTime(LocalTime time);

// Days since 1970-01-01, rounded down.
int64_t DayOf(LocalTime time);
// 0 Monday to 6 Sunday.
int WeekdayOfDay(int64_t day);
bool IsLeapYear(int64_t year);
int DaysOfMonth(int64_t year, int month);

}  // namespace ouro::calendar
