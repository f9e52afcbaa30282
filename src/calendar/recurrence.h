// Recurrences of RFC 5545: rules as values, from text, expanded lazily and within limits.
//
// The expansion has the semantics of the widely used expander of Python (dateutil.rrule), also
// where RFC 5545 leaves a combination undefined or forbids it. Accepted beyond the RFC:
//   - BYWEEKNO, BYYEARDAY and BYMONTHDAY with every FREQ; BYSETPOS without another BY part (it then
//     picks among the defaults); COUNT together with UNTIL (the earlier end counts).
//   - Ordinals in BYDAY (1TU) with WEEKLY and finer: the number is ignored. With YEARLY and BYMONTH
//     it counts within the month. Plain days and numbered days in one rule must both hold.
//   - COUNT=0 (no occurrence); BYWEEKDAY for BYDAY; TU(+1) for +1TU; BYEASTER (days after Western
//     Easter, negative: before); lower case; blanks around lines and properties.
//   - BYSETPOS with WEEKLY counts in the first week from DTSTART on, not from the first day of the
//   week.
// DTSTART is an occurrence only where a rule or RDATE says so; where there is neither rule nor
// RDATE it is the only one. Weeks are numbered after ISO 8601 with WKST as their first day.
// Refused: INTERVAL=0, zero or out-of-range BY values, a part twice, unknown parts, RDATE periods,
// X- properties and everything else that would be read wrongly. BYSECOND=60 counts as 59.
//
// Nothing here is endless: a search that examines 400 years of days (limits::kRecurrenceSilentDays:
// the Gregorian calendar repeats then) or limits::kRecurrenceSilentSteps times without an
// occurrence ends with an error that says so. The calendar ends with the year 9999; reaching it is
// no error.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "calendar/local_time.h"
#include "calendar/time_zone.h"

namespace ouro::calendar {

// In the order of the RFC's table of BY parts (§3.3.10): what is below kDaily expands days.
enum class Frequency : unsigned char {
  kYearly,
  kMonthly,
  kWeekly,
  kDaily,
  kHourly,
  kMinutely,
  kSecondly,
};

struct WeekdayNumber {
  int weekday = 0;  // 0 Monday to 6 Sunday
  int ordinal = 0;  // 0: every; 1 the first, -1 the last of the month or year; -53 to 53

  friend auto operator<=>(const WeekdayNumber&, const WeekdayNumber&) = default;
};

// One RRULE or EXRULE. Lists are sorted and without repetition; empty: the part is absent.
struct RecurrenceRule {
  Frequency frequency = Frequency::kDaily;
  int64_t interval = 1;  // ≥ 1
  std::optional<int64_t> count;
  std::optional<LocalTime> until;  // UNTIL=19971224T000000, last time that may be an occurrence
  std::optional<UnixSeconds> until_utc;  // UNTIL=19971224T000000Z
  int week_start = 0;                    // WKST, 0 Monday
  std::vector<int> by_month;             // 1 to 12
  std::vector<int> by_week_number;       // -53 to 53, not 0
  std::vector<int> by_year_day;          // -366 to 366, not 0
  std::vector<int> by_month_day;         // -31 to 31, not 0
  std::vector<WeekdayNumber> by_day;
  std::vector<int> by_hour;          // 0 to 23
  std::vector<int> by_minute;        // 0 to 59
  std::vector<int> by_second;        // 0 to 59
  std::vector<int> by_easter;        // -366 to 366
  std::vector<int> by_set_position;  // -366 to 366, not 0

  bool operator==(const RecurrenceRule&) const = default;
};

// What an iCalendar fragment says: rules and dates, less excluded rules and dates.
struct RecurrenceSet {
  LocalTime start;  // DTSTART
  std::vector<RecurrenceRule> rules;
  std::vector<LocalTime> dates;  // RDATE
  std::vector<RecurrenceRule> excluded_rules;
  std::vector<LocalTime> excluded_dates;
  std::string zone;  // TZID of DTSTART, "UTC" for a time with Z; empty: none was said

  bool operator==(const RecurrenceSet&) const = default;
};

// A rule alone, with or without "RRULE:" before it: "FREQ=DAILY;COUNT=3". kParse says which part is
// wrong, kLimit that the text or a list is too long.
Result<RecurrenceRule> ParseRecurrenceRule(std::string_view text);

// A fragment of iCalendar: DTSTART, any number of RRULE, RDATE, EXDATE and EXRULE (obsolete since
// RFC 5545, still written), in any order, upper or lower case, one a line or several in one line
// divided by blanks, lines folded as in §3.1. BEGIN, END and other properties are refused. A bare
// rule (no colon) is accepted too. Without DTSTART `default_start` is used; neither gives kInvalid.
// `zone` (an IANA name, or empty) is that of the surroundings; a DTSTART that says another is
// refused with kInvalid. RDATE and EXDATE with Z or another TZID are brought into the zone of the
// set.
Result<RecurrenceSet> ParseRecurrenceSet(std::string_view text,
                                         std::optional<LocalTime> default_start = std::nullopt,
                                         std::string_view zone = {});

// Where the expansion begins and ends.
struct ExpandOptions {
  LocalTime from = kFirstLocalTime;  // earlier occurrences are passed over, without being visited
                                     // where no COUNT must be counted
  LocalTime to = kLastLocalTime;     // inclusive; the search ends there without an error
  // For UNTIL with Z, which ends at the first occurrence whose instant in this zone is later. Null:
  // such a rule is refused with kInvalid. Must outlive the expansion.
  const TimeZone* zone = nullptr;
};

// Occurrences in order, without repetition. Not thread-safe; independent expansions are.
class RecurrenceExpansion {
 public:
  // kInvalid for a rule that needs a zone and has none. Keeps its own copy of `set`.
  static Result<RecurrenceExpansion> Create(const RecurrenceSet& set,
                                            const ExpandOptions& options = {});
  RecurrenceExpansion(RecurrenceExpansion&&) noexcept;
  RecurrenceExpansion& operator=(RecurrenceExpansion&&) noexcept;
  ~RecurrenceExpansion();

  // The next one; nullopt at the end. kLimit: searched as far as the limits allow and found none.
  // After an error or the end every call gives the same again.
  Result<std::optional<LocalTime>> Next();

 private:
  class State;
  explicit RecurrenceExpansion(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// True where the set has no last occurrence: a rule with neither COUNT nor UNTIL.
bool IsEndless(const RecurrenceSet& set);

}  // namespace ouro::calendar
