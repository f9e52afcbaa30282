// Timestamps and durations as text and back, as CEL's reference implementation does it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rules/value.h"

namespace ouro::rules::functions {

// Range of CEL timestamps: 0001-01-01T00:00:00Z … 9999-12-31T23:59:59.999999999Z.
inline constexpr int64_t kTimestampSecondsMin = -62135596800;
inline constexpr int64_t kTimestampSecondsMax = 253402300799;

struct CivilTime {
  int64_t year = 1970;
  int month = 1;  // 1..12
  int day = 1;    // 1..31
  int hour = 0;
  int minute = 0;
  int second = 0;
  int day_of_week = 4;  // 0 = Sunday
  int day_of_year = 0;  // 0..365
};
// The calendar fields of `seconds` since 1970 plus `offset_seconds` east of Greenwich.
CivilTime ToCivil(int64_t seconds, int64_t offset_seconds);

// A point in time as it was written.
struct ParsedTime {
  int64_t seconds = 0;
  int32_t nanos = 0;
  int32_t offset_seconds = 0;  // east of Greenwich
};
// RFC 3339 as Go's time.Parse reads it: besides the standard's form a one-digit hour, a comma
// before the fraction and zone offsets up to 24:60. Years 0..9999; range of CEL is not checked.
std::optional<ParsedTime> ParseRfc3339Time(std::string_view text);
// "2006-01-02" alone.
std::optional<ParsedTime> ParseDateOnly(std::string_view text);
// "2006-01-02T15:04:05" without zone, fraction allowed.
std::optional<ParsedTime> ParseLocalTime(std::string_view text);

// A kTimestamp value that remembers in which zone it was written, because string() shows it in that
// zone. The offset has whole minutes and is kept in Value::reserved.
Value MakeTimestamp(const ParsedTime& time);
// RFC 3339 with as many digits of the fraction as needed, in the value's own zone.
std::string FormatTimestamp(const Value& timestamp);
std::string FormatTimestampUtc(const Value& timestamp);

// Go's time.ParseDuration: "1h30m", "-1.5s", units ns us µs ms s m h; within ±2^63 ns.
std::optional<int64_t> ParseDurationNanos(std::string_view text);
Value MakeDuration(int64_t nanos);
// Nanoseconds of a duration; saturates outside ±2^63 ns.
int64_t DurationNanos(const Value& duration);
double DurationSeconds(const Value& duration);
// "5400s", "0.001s".
std::string FormatDuration(const Value& duration);

}  // namespace ouro::rules::functions
