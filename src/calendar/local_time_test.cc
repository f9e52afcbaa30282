#include "calendar/local_time.h"

#include <doctest.h>

#include "calendar/duration.h"

namespace ouro::calendar {

TEST_CASE("local times are read in both forms and printed in one") {
  const LocalTime time = *ParseLocalTime("1997-09-02T09:00:00");
  CHECK(time.seconds == 873'190'800);
  for (const char* text :
       {"19970902T090000", "1997-09-02 09:00", "1997-09-02t09:00:00", "19970902T0900"}) {
    CAPTURE(text);
    CHECK(ParseLocalTime(text) == time);
  }
  CHECK(FormatLocalTime(time) == "1997-09-02T09:00:00");
  CHECK(FormatLocalTime(*ParseLocalTime("19970902")) == "1997-09-02T00:00:00");
  CHECK(FormatLocalTime(*ParseLocalTime("2016-12-31T23:59:60")) == "2016-12-31T23:59:59");
  CHECK(FormatLocalTime(kFirstLocalTime) == "0001-01-01T00:00:00");
  CHECK(FormatLocalTime(kLastLocalTime) == "9999-12-31T23:59:59");
}

TEST_CASE("what is no local time is refused") {
  for (const char* text :
       {"", "1997", "1997-13-01", "1997-02-29", "0000-01-01", "1997-09-02T24:00",
        "1997-09-02T09:60", "1997-09-02T", "1997-09-02T09", "1997-0902", "19970902T090000Z",
        "1997-09-02T09:00:00+02:00", "1997-09-02T09:00:00 ", "-997-09-02", "1997-09-02T09:0000"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseLocalTime(text));
  }
}

TEST_CASE("days and weekdays go back before 1970") {
  CHECK(WeekdayOfDay(0) == 3);
  CHECK(WeekdayOfDay(-4) == 6);
  CHECK(DayOf({-1}) == -1);
  CHECK(DayOf({-86'400}) == -1);
  CHECK(DayOf({86'399}) == 0);
  CHECK(WeekdayOfDay(DayOf(kFirstLocalTime)) == 0);
}

TEST_CASE("durations are read and printed") {
  struct Row {
    const char* text;
    int64_t seconds;
    const char* printed;
  };
  for (const Row& row :
       {Row{"90s", 90, "1m30s"}, Row{"4h", 14'400, "4h"}, Row{"1d12h", 129'600, "1d12h"},
        Row{" 1H30M ", 5'400, "1h30m"}, Row{"2w", 1'209'600, "14d"},
        Row{"PT4H30M", 16'200, "4h30m"}, Row{"P1D", 86'400, "1d"}, Row{"p1dt1s", 86'401, "1d1s"},
        Row{"0s", 0, "0s"}, Row{"P2W", 1'209'600, "14d"}}) {
    CAPTURE(row.text);
    REQUIRE(ParseDuration(row.text));
    CHECK(*ParseDuration(row.text) == row.seconds);
    CHECK(FormatDuration(row.seconds) == row.printed);
    CHECK(*ParseDuration(FormatDuration(row.seconds)) == row.seconds);
  }
  for (const char* text : {"", "4", "h", "4x", "-4h", "30m1h", "1h1h", "P", "PT", "P4H", "P1DT",
                           "4 h", "1.5h", "PT1D", "T4H"}) {
    CAPTURE(text);
    REQUIRE_FALSE(ParseDuration(text));
    CHECK(ParseDuration(text).error().code == ErrorCode::kParse);
  }
  CHECK(ParseDuration("99999999999999999999w").error().code == ErrorCode::kLimit);
  CHECK(ParseDuration("101w").has_value());
  CHECK(ParseDuration("60000d").error().code == ErrorCode::kLimit);
}

}  // namespace ouro::calendar
