// The rule at the end of a zone file: what holds after its last listed transition. Internal to the
// module; time_zone.h is the interface.
//
// Zone files list transitions up to some year (2037, or the last change of law) and end with a rule
// "CET-1CEST,M3.5.0,M10.5.0/3" for all later years (RFC 8536 §3.3, POSIX.1-2017 §8.3 "TZ"). The
// date library does not read that rule.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace ouro::calendar {

// A stretch of time with one offset: [begin, end).
struct ZoneSpan {
  int64_t offset = 0;  // seconds east of Greenwich
  UnixSeconds begin = INT64_MIN;
  UnixSeconds end = INT64_MAX;

  bool operator==(const ZoneSpan&) const = default;
};

class PosixZone {
 public:
  // nullopt for a text that is no such rule.
  static std::optional<PosixZone> Parse(std::string_view text);

  // The stretch that holds `instant`. Without summer time it has no begin and no end.
  ZoneSpan SpanAt(UnixSeconds instant) const;

 private:
  enum class DateKind : unsigned char { kJulianNoLeap, kDayOfYear, kMonthWeekDay };
  struct Change {
    DateKind kind = DateKind::kMonthWeekDay;
    int day = 0;  // kJulianNoLeap 1 to 365, kDayOfYear 0 to 365, kMonthWeekDay 0 Sunday to 6
    int month = 0;
    int week = 0;         // 1 to 5, 5 the last
    int64_t time = 7200;  // seconds after local midnight, -167 to 167 hours
  };
  static bool TakeChange(std::string_view& text, Change& change);
  // Seconds since 1970 on the local calendar at which the change comes in that year.
  static int64_t LocalSecondsOf(const Change& change, int64_t year);

  int64_t standard_ = 0;
  int64_t summer_ = 0;
  bool has_summer_ = false;
  Change to_summer_;
  Change to_standard_;
};

}  // namespace ouro::calendar
