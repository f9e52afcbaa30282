#include "calendar/recurrence.h"

#include <doctest.h>

#include <string>

#include "base/limits.h"
#include "base/text.h"

namespace ouro::calendar {
namespace {

// The first `count` occurrences, divided by blanks; "!" and the message after an error.
std::string First(std::string_view text, int count,
                  std::string_view start = "1997-09-02T09:00:00") {
  const Result<RecurrenceSet> set = ParseRecurrenceSet(text, ParseLocalTime(start));
  if (!set) return "!" + set.error().message;
  Result<RecurrenceExpansion> expansion = RecurrenceExpansion::Create(*set);
  if (!expansion) return "!" + expansion.error().message;
  std::vector<std::string> shown;
  while (static_cast<int>(shown.size()) < count) {
    const Result<std::optional<LocalTime>> time = expansion->Next();
    if (!time) {
      shown.push_back("!" + time.error().message);
      break;
    }
    if (!*time) break;
    std::string text_of = FormatLocalTime(**time);
    if (EndsWith(text_of, "T09:00:00")) text_of.resize(10);
    shown.push_back(text_of);
  }
  return JoinText(shown, " ");
}

std::string Refusal(std::string_view text) {
  const Result<RecurrenceSet> set = ParseRecurrenceSet(text, LocalTime{0});
  return set ? "accepted" : set.error().message;
}

}  // namespace

TEST_CASE("examples of RFC 5545") {
  CHECK(First("FREQ=MONTHLY;BYDAY=1FR", 3) == "1997-09-05 1997-10-03 1997-11-07");
  CHECK(First("FREQ=MONTHLY;BYMONTHDAY=-3", 3) == "1997-09-28 1997-10-29 1997-11-28");
  CHECK(First("FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200", 4, "1997-01-01T09:00:00") ==
        "1997-01-01 1997-04-10 1997-07-19 2000-01-01");
  CHECK(First("FREQ=YEARLY;BYDAY=20MO", 2, "1997-05-19T09:00:00") == "1997-05-19 1998-05-18");
  // Presidential elections: the first Tuesday after a Monday in November.
  CHECK(First("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", 3,
              "1996-11-05T09:00:00") == "1996-11-05 2000-11-07 2004-11-02");
  CHECK(First("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", 3, "1997-09-29T09:00:00") ==
        "1997-09-29 1997-10-30 1997-11-27");
  // The week start matters: 3.8.5.3, last examples.
  CHECK(First("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", 9, "1997-08-05T09:00:00") ==
        "1997-08-05 1997-08-10 1997-08-19 1997-08-24");
  CHECK(First("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", 9, "1997-08-05T09:00:00") ==
        "1997-08-05 1997-08-17 1997-08-19 1997-08-31");
  // An impossible date is passed over, not moved.
  CHECK(First("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", 9, "2007-01-15T09:00:00") ==
        "2007-01-15 2007-01-30 2007-02-15 2007-03-15 2007-03-30");
}

TEST_CASE("beyond the RFC") {
  CHECK(First("FREQ=YEARLY;BYEASTER=0", 3) == "1998-04-12 1999-04-04 2000-04-23");
  CHECK(First("FREQ=DAILY;BYEASTER=-2,1", 3) == "1998-04-10 1998-04-13 1999-04-02");
  CHECK(First("FREQ=DAILY;COUNT=0", 3).empty());
  CHECK(First("FREQ=DAILY;COUNT=2;UNTIL=20200101", 3) == "1997-09-02 1997-09-03");
  CHECK(First("FREQ=DAILY;COUNT=9;UNTIL=19970903T090000", 3) == "1997-09-02 1997-09-03");
  CHECK(First("FREQ=YEARLY;BYWEEKDAY=TH(+1)", 1) == "1998-01-01");
  CHECK(First("FREQ=YEARLY;BYSECOND=60", 1) == "1997-09-02T09:00:59");
}

TEST_CASE("weeks at the border of years") {
  // 29 December 1997 begins week 1 of 1998; 1998 has 53 weeks.
  CHECK(First("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", 3) == "1997-12-29 1999-01-04 2000-01-03");
  CHECK(First("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", 2) == "1998-12-28 2004-12-27");
  CHECK(First("FREQ=DAILY;BYWEEKNO=53", 8) ==
        "1998-12-28 1998-12-29 1998-12-30 1998-12-31 1999-01-01 1999-01-02 1999-01-03 2004-12-27");
  CHECK(First("FREQ=DAILY;BYWEEKNO=-1;BYDAY=SU", 3) == "1997-12-28 1999-01-03 2000-01-02");
}

TEST_CASE("fragments: several rules, dates, exclusions, in any spelling") {
  CHECK(First("RRULE:FREQ=YEARLY;COUNT=2;BYDAY=TU\nRRULE:FREQ=YEARLY;COUNT=1;BYDAY=TH\n", 9) ==
        "1997-09-02 1997-09-04 1997-09-09");
  CHECK(First("dtstart:19970902T090000\nrrule:freq=yea\n rly;count=2", 9) ==
        "1997-09-02 1998-09-02");
  CHECK(First("DTSTART:19970902T090000\r\nRRU\r\n LE:FREQ=YEARLY;COUNT=1\r\n", 9) == "1997-09-02");
  CHECK(First(" DTSTART:19970902T090000  RRULE:FREQ=YEARLY; COUNT=1 ", 9) == "1997-09-02");
  CHECK(First("DTSTART;VALUE=DATE-TIME:19970902T090000 RDATE:19970905T090000,19970901T090000", 9) ==
        "1997-09-01 1997-09-05");
  CHECK(First("DTSTART:19970902T090000", 9) == "1997-09-02");
  CHECK(First("RRULE:FREQ=DAILY;COUNT=4\nEXRULE:FREQ=DAILY;INTERVAL=2\nEXDATE:19970903T090000",
              9) == "1997-09-05");
  // The same time twice is one occurrence.
  CHECK(First("RRULE:FREQ=DAILY;COUNT=2\nRRULE:FREQ=DAILY;COUNT=2\nRDATE:19970902T090000", 9) ==
        "1997-09-02 1997-09-03");
}

TEST_CASE("times of other zones are brought into that of the set") {
  const RecurrenceSet set = *ParseRecurrenceSet(
      "DTSTART;TZID=Europe/Berlin:20260301T090000\nRRULE:FREQ=DAILY;COUNT=4\n"
      "EXDATE:20260302T080000Z\nEXDATE;TZID=America/New_York:20260303T030000");
  CHECK(set.zone == "Europe/Berlin");
  REQUIRE(set.excluded_dates.size() == 2);
  CHECK(FormatLocalTime(set.excluded_dates[0]) == "2026-03-02T09:00:00");
  CHECK(FormatLocalTime(set.excluded_dates[1]) == "2026-03-03T09:00:00");
  CHECK(ParseRecurrenceSet("DTSTART:20260301T090000Z")->zone == "UTC");
  CHECK_FALSE(ParseRecurrenceSet("DTSTART;TZID=Europe/Berlin:20260301T090000", {}, "UTC"));
  CHECK_FALSE(ParseRecurrenceSet("DTSTART:20260301T090000\nEXDATE:20260302T080000Z"));
}

TEST_CASE("an end in UTC is compared as an instant") {
  const RecurrenceSet set =
      *ParseRecurrenceSet("DTSTART:20260328T023000\nRRULE:FREQ=DAILY;UNTIL=20260329T013000Z");
  CHECK_FALSE(RecurrenceExpansion::Create(set));
  const TimeZone zone = *TimeZone::Find("Europe/Berlin");
  ExpandOptions options;
  options.zone = &zone;
  RecurrenceExpansion expansion = *RecurrenceExpansion::Create(set, options);
  CHECK(FormatLocalTime(**expansion.Next()) == "2026-03-28T02:30:00");
  // 02:30 does not exist on the 29th; it is 03:30+02:00, which is 01:30Z and still within.
  CHECK(FormatLocalTime(**expansion.Next()) == "2026-03-29T02:30:00");
  CHECK_FALSE(*expansion.Next());
}

TEST_CASE("what cannot be read is refused with the reason") {
  CHECK(Refusal("FREQ=FORTNIGHTLY").find("is none of YEARLY") != std::string::npos);
  CHECK(Refusal("COUNT=3").find("FREQ is missing") != std::string::npos);
  CHECK(Refusal("FREQ=DAILY;BYDAYS=MO").find("did you mean BYDAY?") != std::string::npos);
  CHECK(Refusal("FREQ=DAILY;COUNT=1;COUNT=2") == "COUNT is given twice");
  CHECK(Refusal("FREQ=DAILY;INTERVAL=0").find("from 1") != std::string::npos);
  CHECK(Refusal("RRULE:FREQ=DAILY;BYMONTH=13").find("from 1 to 12") != std::string::npos);
  CHECK(Refusal("SUMMARY:Lunch").find("property \"SUMMARY\"") != std::string::npos);
  CHECK(Refusal("DTSTART:19970902 DTSTART:19970903") == "DTSTART is given twice");
  CHECK(Refusal("RDATE;VALUE=PERIOD:19970902T090000/PT1H").find("VALUE=PERIOD") !=
        std::string::npos);
  for (const char* text : {"",
                           " \n ",
                           "FREQ=DAILY;BYMONTHDAY=0",
                           "FREQ=DAILY;BYMONTHDAY=32",
                           "FREQ=DAILY;BYYEARDAY=367",
                           "FREQ=DAILY;BYWEEKNO=54",
                           "FREQ=DAILY;BYHOUR=24",
                           "FREQ=DAILY;BYMINUTE=60",
                           "FREQ=DAILY;BYSECOND=61",
                           "FREQ=DAILY;BYSETPOS=0",
                           "FREQ=DAILY;BYDAY=",
                           "FREQ=DAILY;BYDAY=XX",
                           "FREQ=DAILY;BYDAY=0MO",
                           "FREQ=DAILY;BYDAY=MO(",
                           "FREQ=DAILY;BYDAY=MO()",
                           "FREQ=DAILY;WKST=1",
                           "FREQ=DAILY;COUNT=-1",
                           "FREQ=DAILY;COUNT=x",
                           "FREQ=DAILY;UNTIL=tomorrow",
                           "FREQ=DAILY;;",
                           "FREQ=DAILY;BYMONTH=1,,2",
                           "FREQ=DAILY;BYMONTH=+-1",
                           "FREQ",
                           "DTSTART:",
                           "RDATE:1997",
                           "RRULE;X=1:FREQ=DAILY",
                           "DTSTART;TZID:19970902",
                           "DTSTART;TZID=\"a:19970902"}) {
    CAPTURE(text);
    CHECK(Refusal(text) != "accepted");
  }
  CHECK_FALSE(ParseRecurrenceSet("FREQ=DAILY"));  // no start
}

TEST_CASE("nothing is endless") {
  CHECK(First("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 1).find("400 years") != std::string::npos);
  CHECK(First("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", 1).find("in vain") != std::string::npos);
  CHECK(First("FREQ=SECONDLY;INTERVAL=2;BYSECOND=1", 1).find("in vain") != std::string::npos);
  CHECK(First("FREQ=HOURLY;INTERVAL=24;BYHOUR=5", 1).find("in vain") != std::string::npos);
  CHECK(First("RRULE:FREQ=SECONDLY\nEXRULE:FREQ=SECONDLY", 1).find("exclusions") !=
        std::string::npos);
  // A rare date comes all the same.
  CHECK(First("FREQ=YEARLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", 1) == "2704-02-29");
  // The calendar ends; that is no error.
  CHECK(First("FREQ=YEARLY", 9, "9998-01-01T09:00:00") == "9998-01-01 9999-01-01");
  CHECK(First("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 9, "9997-01-01T09:00:00").empty());
  CHECK(First("FREQ=YEARLY;INTERVAL=1000000000000", 9) == "1997-09-02");
  // Nor does what is over search on.
  CHECK(First("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;UNTIL=20000101", 9).empty());
  std::string long_text = "FREQ=DAILY;BYMONTH=1";
  while (static_cast<int64_t>(long_text.size()) < limits::kRecurrenceTextSizeBytes)
    long_text += ",1";
  CHECK(ParseRecurrenceRule(long_text).error().code == ErrorCode::kLimit);
  CHECK(ParseRecurrenceRule(long_text.substr(0, 10'000)).error().code == ErrorCode::kLimit);
}

TEST_CASE("the end or an error is given again") {
  RecurrenceSet set = *ParseRecurrenceSet("FREQ=DAILY;COUNT=1", LocalTime{0});
  RecurrenceExpansion expansion = *RecurrenceExpansion::Create(set);
  CHECK(*expansion.Next());
  CHECK_FALSE(*expansion.Next());
  CHECK_FALSE(*expansion.Next());
  CHECK_FALSE(IsEndless(set));
  set = *ParseRecurrenceSet("FREQ=HOURLY;INTERVAL=24;BYHOUR=5", LocalTime{0});
  expansion = *RecurrenceExpansion::Create(set);
  const Error error = expansion.Next().error();
  CHECK(error.code == ErrorCode::kLimit);
  CHECK(expansion.Next().error() == error);
  CHECK(IsEndless(set));
}

}  // namespace ouro::calendar
