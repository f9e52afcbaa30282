#include "calendar/window_batch.h"

#include <doctest.h>

#include <string>

namespace ouro::calendar {

TEST_CASE("a request gives local times, or instants of a zone") {
  CHECK(WindowBatchLine(R"({"rrule":"FREQ=DAILY;COUNT=2","dtstart":"1997-09-02T09:00:00"})") ==
        R"({"occurrences":["1997-09-02T09:00:00","1997-09-03T09:00:00"]})");
  CHECK(WindowBatchLine(R"({"ical":"DTSTART:19970902T090000\nRRULE:FREQ=DAILY","count":1})") ==
        R"({"occurrences":["1997-09-02T09:00:00"]})");
  CHECK(WindowBatchLine(R"({"rrule":"FREQ=DAILY","dtstart":"2026-03-28T02:30:00",)"
                        R"("zone":"Europe/Berlin","count":3})") ==
        R"({"occurrences":["2026-03-28T02:30:00+01:00","2026-03-29T03:30:00+02:00",)"
        R"("2026-03-30T02:30:00+02:00"]})");
  CHECK(WindowBatchLine(R"({"rrule":"FREQ=DAILY","dtstart":"2026-03-28T02:30:00",)"
                        R"("until":"2026-03-29T02:30:00"})") ==
        R"({"occurrences":["2026-03-28T02:30:00","2026-03-29T02:30:00"]})");
  CHECK(WindowBatchLine(R"({"rrule":"FREQ=DAILY","dtstart":"2026-03-28T02:30:00Z","zone":"UTC",)"
                        R"("until":"2026-03-28T02:30:00Z"})") ==
        R"({"occurrences":["2026-03-28T02:30:00Z"]})");
  CHECK(WindowBatchLine(R"({"rrule":"FREQ=DAILY;UNTIL=19970901","dtstart":"1997-09-02"})") ==
        R"({"occurrences":[]})");
}

TEST_CASE("a shifted occurrence stands at its place") {
  CHECK(WindowBatchLine(R"({"rrule":"FREQ=DAILY;BYHOUR=2,3;BYMINUTE=10,30;COUNT=4",)"
                        R"("dtstart":"2026-03-29T00:00:00","zone":"Europe/Berlin"})") ==
        R"({"occurrences":["2026-03-29T03:10:00+02:00","2026-03-29T03:30:00+02:00"]})");
}

TEST_CASE("further keys are ignored, so that rows of suites can be piped") {
  CHECK(WindowBatchLine(R"({"test":"x","rrule":"FREQ=DAILY;COUNT=1","dtstart":"1997-09-02"})") ==
        R"({"occurrences":["1997-09-02T00:00:00"]})");
}

TEST_CASE("what cannot be answered is an error") {
  for (const char* line :
       {"", "x", "[]", "{}", "{} {}", R"({"rrule":"FREQ=DAILY;COUNT=1"})",
        R"({"rrule":"FREQ=DAILY","dtstart":"1997-09-02"})",
        R"({"rrule":"FREQ=DAILY","ical":"RRULE:FREQ=DAILY","dtstart":"1997-09-02","count":1})",
        R"({"rrule":"FREQ=DAILY","dtstart":"1997-09-02","count":-1})",
        R"({"rrule":"FREQ=DAILY","dtstart":"1997-09-02","count":1.5})",
        R"({"rrule":"FREQ=DAILY","dtstart":"1997-09-02","count":"1"})",
        R"({"rrule":7,"dtstart":"1997-09-02","count":1})",
        R"({"rrule":"FREQ=DAILY","dtstart":"soon","count":1})",
        R"({"rrule":"FREQ=DAILY","dtstart":"1997-09-02","zone":"Nowhere","count":1})",
        R"({"rrule":"FREQ=DAILY","dtstart":"1997-09-02","until":"2000-01-01T00:00:00Z"})",
        R"({"rrule":"FREQ=SECONDLY","dtstart":"1997-09-02","until":"1998-09-02"})",
        R"({"rrule":"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30","dtstart":"1997-09-02","count":1})"}) {
    CAPTURE(line);
    CHECK(WindowBatchLine(line).starts_with(R"({"error":")"));
  }
}

}  // namespace ouro::calendar
