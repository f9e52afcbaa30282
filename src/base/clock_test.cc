#include "base/clock.h"

#include <doctest.h>

using namespace ouro;

TEST_CASE("instants are read and written as RFC 3339") {
  CHECK(FormatRfc3339(0) == "1970-01-01T00:00:00Z");
  CHECK(FormatRfc3339(-1) == "1969-12-31T23:59:59Z");
  CHECK(FormatRfc3339(1'795'273'445) == "2026-11-21T15:04:05Z");
  CHECK(ParseRfc3339("2026-11-21T15:04:05Z") == 1'795'273'445);
  CHECK(ParseRfc3339("2026-11-21T16:04:05.25+01:00") == 1'795'273'445);
  CHECK(ParseRfc3339("2026-11-21") == 1'795'219'200);
}

TEST_CASE("dates that do not exist are refused") {
  for (const char* text : {"2026-02-29", "2026-13-01", "2026-1-1", "2026-11-21T", "26-11-21",
                           "2026-11-21T15:04", "2026-11-21T15:04:05", "2026-11-21T24:00:00Z",
                           "2026-11-21T15:04:05.Z", "2026-11-21T15:04:05+0100"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseRfc3339(text).has_value());
  }
  CHECK(ParseRfc3339("2024-02-29").has_value());
  CHECK_FALSE(ParseRfc3339("2100-02-29").has_value());
}

TEST_CASE("civil dates and day numbers undo each other over 1,200 years") {
  for (int64_t day = -200'000; day < 240'000; day += 37) {
    const CivilDate date = CivilFromDays(day);
    REQUIRE(DaysFromCivil(date.year, date.month, date.day) == day);
  }
}
