// Time is a parameter: nothing below the engine asks for the current time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ouro {

// Seconds since 1970-01-01T00:00:00Z, no leap seconds.
using UnixSeconds = int64_t;

// "2026-11-21T15:04:05Z".
std::string FormatRfc3339(UnixSeconds seconds);
// Accepts a full RFC 3339 date-time (fraction ignored) or a date alone (midnight UTC).
std::optional<UnixSeconds> ParseRfc3339(std::string_view text);

// Proleptic Gregorian calendar, days since 1970-01-01.
int64_t DaysFromCivil(int64_t year, int month, int day);
struct CivilDate {
  int64_t year;
  int month;  // 1..12
  int day;    // 1..31
};
CivilDate CivilFromDays(int64_t days);

}  // namespace ouro
