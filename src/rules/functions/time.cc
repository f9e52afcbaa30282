// Parts of timestamps and durations. Source: cel-spec, "Standard definitions": months, days of the
// month (getDayOfMonth), of the year and of the week count from 0, getDate from 1.
#include <array>

#include <fmt/format.h>

#include "rules/functions/families.h"
#include "rules/functions/time_text.h"
#include "rules/functions/time_zone.h"

namespace ouro::rules::functions {

namespace {

int64_t FullYear(const CivilTime& t) {
  return t.year;
}
int64_t Month(const CivilTime& t) {
  return t.month - 1;
}
int64_t Date(const CivilTime& t) {
  return t.day;
}
int64_t DayOfMonth(const CivilTime& t) {
  return t.day - 1;
}
int64_t DayOfWeek(const CivilTime& t) {
  return t.day_of_week;
}
int64_t DayOfYear(const CivilTime& t) {
  return t.day_of_year;
}
int64_t Hours(const CivilTime& t) {
  return t.hour;
}
int64_t Minutes(const CivilTime& t) {
  return t.minute;
}
int64_t Seconds(const CivilTime& t) {
  return t.second;
}

// One part of a timestamp, in UTC or in the zone given as second argument.
template <int64_t (*kPart)(const CivilTime&)>
Value TimestampPart(CallContext& context, std::span<const Value> args) {
  int64_t offset = 0;
  if (args.size() == 2) {
    std::string error;
    const auto found = ZoneOffset(args[1].str(), args[0].integer, error);
    if (!found) return context.arena.NewError(error);
    offset = *found;
  }
  return Value::Int(kPart(ToCivil(args[0].integer, offset)));
}

Value TimestampMilliseconds(CallContext& context, std::span<const Value> args) {
  if (args.size() == 2) {
    // The zone does not matter to milliseconds, but a wrong one is an error all the same.
    std::string error;
    if (!ZoneOffset(args[1].str(), args[0].integer, error)) return context.arena.NewError(error);
  }
  return Value::Int(args[0].nanos() / 1'000'000);
}

// Whole units of a duration, by way of a double as in cel-go (time.Duration.Hours and siblings).
template <int64_t kUnitSeconds>
Value DurationUnits(CallContext&, std::span<const Value> args) {
  const int64_t nanos = DurationNanos(args[0]);
  constexpr int64_t kUnit = kUnitSeconds * 1'000'000'000;
  const double units =
      static_cast<double>(nanos / kUnit) +
      static_cast<double>(nanos % kUnit) / (static_cast<double>(kUnitSeconds) * 1e9);
  return Value::Int(static_cast<int64_t>(units));
}

Value DurationMilliseconds(CallContext&, std::span<const Value> args) {
  return Value::Int(DurationNanos(args[0]) / 1'000'000);
}

constexpr std::string_view kTime = "google.protobuf.Timestamp";
constexpr std::string_view kTimeInZone = "google.protobuf.Timestamp, string";
constexpr std::string_view kDuration = "google.protobuf.Duration";

constexpr std::array kOverloads = {
    Overload{"getDate", "timestamp_to_day_of_month_1_based", true, kTime, "int",
             TimestampPart<Date>},
    Overload{"getDate", "timestamp_to_day_of_month_1_based_with_tz", true, kTimeInZone, "int",
             TimestampPart<Date>},
    Overload{"getDayOfMonth", "timestamp_to_day_of_month", true, kTime, "int",
             TimestampPart<DayOfMonth>},
    Overload{"getDayOfMonth", "timestamp_to_day_of_month_with_tz", true, kTimeInZone, "int",
             TimestampPart<DayOfMonth>},
    Overload{"getDayOfWeek", "timestamp_to_day_of_week", true, kTime, "int",
             TimestampPart<DayOfWeek>},
    Overload{"getDayOfWeek", "timestamp_to_day_of_week_with_tz", true, kTimeInZone, "int",
             TimestampPart<DayOfWeek>},
    Overload{"getDayOfYear", "timestamp_to_day_of_year", true, kTime, "int",
             TimestampPart<DayOfYear>},
    Overload{"getDayOfYear", "timestamp_to_day_of_year_with_tz", true, kTimeInZone, "int",
             TimestampPart<DayOfYear>},
    Overload{"getFullYear", "timestamp_to_year", true, kTime, "int", TimestampPart<FullYear>},
    Overload{"getFullYear", "timestamp_to_year_with_tz", true, kTimeInZone, "int",
             TimestampPart<FullYear>},
    Overload{"getHours", "duration_to_hours", true, kDuration, "int", DurationUnits<3600>},
    Overload{"getHours", "timestamp_to_hours", true, kTime, "int", TimestampPart<Hours>},
    Overload{"getHours", "timestamp_to_hours_with_tz", true, kTimeInZone, "int",
             TimestampPart<Hours>},
    Overload{"getMilliseconds", "duration_to_milliseconds", true, kDuration, "int",
             DurationMilliseconds},
    Overload{"getMilliseconds", "timestamp_to_milliseconds", true, kTime, "int",
             TimestampMilliseconds},
    Overload{"getMilliseconds", "timestamp_to_milliseconds_with_tz", true, kTimeInZone, "int",
             TimestampMilliseconds},
    Overload{"getMinutes", "duration_to_minutes", true, kDuration, "int", DurationUnits<60>},
    Overload{"getMinutes", "timestamp_to_minutes", true, kTime, "int", TimestampPart<Minutes>},
    Overload{"getMinutes", "timestamp_to_minutes_with_tz", true, kTimeInZone, "int",
             TimestampPart<Minutes>},
    Overload{"getMonth", "timestamp_to_month", true, kTime, "int", TimestampPart<Month>},
    Overload{"getMonth", "timestamp_to_month_with_tz", true, kTimeInZone, "int",
             TimestampPart<Month>},
    Overload{"getSeconds", "duration_to_seconds", true, kDuration, "int", DurationUnits<1>},
    Overload{"getSeconds", "timestamp_to_seconds", true, kTime, "int", TimestampPart<Seconds>},
    Overload{"getSeconds", "timestamp_to_seconds_tz", true, kTimeInZone, "int",
             TimestampPart<Seconds>},
};

}  // namespace

const Library kTimeLibrary = {"time", "parts of timestamps and durations", 0, kOverloads};

}  // namespace ouro::rules::functions
