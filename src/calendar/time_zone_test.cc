#include "calendar/time_zone.h"

#include <doctest.h>

#include <string>

#include "calendar/posix_zone.h"

namespace ouro::calendar {
namespace {

struct Row {
  const char* zone;
  const char* local;
  const char* instant;  // as the zone's clock shows it, with its offset
  LocalKind kind;
};

// What the clocks did, from the histories of the zones; written by hand.
constexpr Row kRows[] = {
    // Last Sundays of March and October at 01:00 UTC.
    {"Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T01:59:59+01:00", LocalKind::kUnique},
    {"Europe/Berlin", "2026-03-29T02:00:00", "2026-03-29T03:00:00+02:00", LocalKind::kNonexistent},
    {"Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T03:30:00+02:00", LocalKind::kNonexistent},
    {"Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T03:00:00+02:00", LocalKind::kUnique},
    {"Europe/Berlin", "2026-10-25T01:59:59", "2026-10-25T01:59:59+02:00", LocalKind::kUnique},
    {"Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00", LocalKind::kAmbiguous},
    {"Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T03:00:00+01:00", LocalKind::kUnique},
    // Second Sunday of March, first of November, at 02:00 local time.
    {"America/New_York", "2026-03-08T02:30:00", "2026-03-08T03:30:00-04:00",
     LocalKind::kNonexistent},
    {"America/New_York", "2026-11-01T01:30:00", "2026-11-01T01:30:00-04:00", LocalKind::kAmbiguous},
    {"America/New_York", "2026-11-01T02:00:00", "2026-11-01T02:00:00-05:00", LocalKind::kUnique},
    // Half an hour of summer time.
    {"Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-05T01:45:00+11:00",
     LocalKind::kAmbiguous},
    {"Australia/Lord_Howe", "2026-04-05T02:00:00", "2026-04-05T02:00:00+10:30", LocalKind::kUnique},
    {"Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-04T02:45:00+11:00",
     LocalKind::kNonexistent},
    // Clocks changed at midnight: days without 00:00. No summer time any more since 2019.
    {"America/Sao_Paulo", "2018-11-04T00:00:00", "2018-11-04T01:00:00-02:00",
     LocalKind::kNonexistent},
    {"America/Sao_Paulo", "2019-02-16T23:30:00", "2019-02-16T23:30:00-02:00",
     LocalKind::kAmbiguous},
    {"America/Sao_Paulo", "2026-11-01T00:00:00", "2026-11-01T00:00:00-03:00", LocalKind::kUnique},
    // From +05:30 to +05:45 on New Year's Day 1986.
    {"Asia/Kathmandu", "1986-01-01T00:10:00", "1986-01-01T00:25:00+05:45", LocalKind::kNonexistent},
    {"Asia/Kathmandu", "2026-06-01T12:00:00", "2026-06-01T12:00:00+05:45", LocalKind::kUnique},
    // 30 December 2011 was left out.
    {"Pacific/Apia", "2011-12-30T12:00:00", "2011-12-31T12:00:00+14:00", LocalKind::kNonexistent},
    {"Pacific/Apia", "2011-12-29T23:59:59", "2011-12-29T23:59:59-10:00", LocalKind::kUnique},
    // After the transitions that the files list.
    {"America/New_York", "2040-07-01T12:00:00", "2040-07-01T12:00:00-04:00", LocalKind::kUnique},
    {"America/New_York", "2040-03-11T02:30:00", "2040-03-11T03:30:00-04:00",
     LocalKind::kNonexistent},
    {"America/New_York", "2040-11-04T01:30:00", "2040-11-04T01:30:00-04:00", LocalKind::kAmbiguous},
    {"Europe/Berlin", "2100-07-01T12:00:00", "2100-07-01T12:00:00+02:00", LocalKind::kUnique},
    {"Europe/Berlin", "2100-12-01T12:00:00", "2100-12-01T12:00:00+01:00", LocalKind::kUnique},
    {"Australia/Sydney", "2050-01-01T12:00:00", "2050-01-01T12:00:00+11:00", LocalKind::kUnique},
    // Irish law calls winter time the exception: its rule has a negative summer.
    {"Europe/Dublin", "2040-07-01T12:00:00", "2040-07-01T12:00:00+01:00", LocalKind::kUnique},
    {"Europe/Dublin", "2040-12-01T12:00:00", "2040-12-01T12:00:00+00:00", LocalKind::kUnique},
    {"UTC", "2026-03-29T02:30:00", "2026-03-29T02:30:00Z", LocalKind::kUnique},
};

}  // namespace

TEST_CASE("local times become instants as the clocks of four continents did") {
  for (const Row& row : kRows) {
    CAPTURE(row.zone);
    CAPTURE(row.local);
    const Result<TimeZone> zone = TimeZone::Find(row.zone);
    REQUIRE(zone);
    const LocalInstant instant = zone->ToInstant(*ParseLocalTime(row.local));
    CHECK(zone->FormatInstant(instant.instant) == row.instant);
    CHECK(instant.kind == row.kind);
    if (row.kind != LocalKind::kNonexistent) {
      CHECK(FormatLocalTime(zone->ToLocal(instant.instant)) == row.local);
    }
  }
}

TEST_CASE("every quarter of an hour of a year goes to local time and back") {
  for (const char* name :
       {"Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata"}) {
    CAPTURE(name);
    const TimeZone zone = *TimeZone::Find(name);
    for (UnixSeconds t = *ParseRfc3339("2045-01-01"); t < *ParseRfc3339("2046-01-01"); t += 900) {
      const LocalInstant back = zone.ToInstant(zone.ToLocal(t));
      // The second pass through an ambiguous hour comes back as the first.
      if (back.instant == t) continue;
      REQUIRE(back.kind == LocalKind::kAmbiguous);
      REQUIRE(back.instant < t);
      REQUIRE(t - back.instant <= 3600);
    }
  }
}

TEST_CASE("an unknown zone names the nearest known one") {
  const auto message = [](const char* name) { return TimeZone::Find(name).error().message; };
  CHECK(TimeZone::Find("Europe/Berlim").error().code == ErrorCode::kNotFound);
  CHECK(message("Europe/Berlim").find("did you mean Europe/Berlin?") != std::string::npos);
  CHECK(message("europe/berlin").find("did you mean Europe/Berlin?") != std::string::npos);
  CHECK(message("Nowhere at all").find("Europe/Berlin or UTC") != std::string::npos);
  CHECK_FALSE(TimeZone::Find("localtime"));
  CHECK_FALSE(TimeZone::Find(""));
  CHECK_FALSE(TimeZone::Find("../../../etc/passwd"));
  CHECK(TimeZone::Find("Asia/Calcutta"));
  CHECK_FALSE(TzdataVersion().empty());
}

TEST_CASE("the rule at the end of a zone file is read") {
  const auto offset = [](const char* rule, const char* time) {
    return PosixZone::Parse(rule).value().SpanAt(*ParseRfc3339(time)).offset;
  };
  CHECK(offset("CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27T00:59:59Z") == 3600);
  CHECK(offset("CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27T01:00:00Z") == 7200);
  CHECK(offset("CET-1CEST,M3.5.0,M10.5.0/3", "2050-10-30T00:59:59Z") == 7200);
  CHECK(offset("CET-1CEST,M3.5.0,M10.5.0/3", "2050-10-30T01:00:00Z") == 3600);
  CHECK(offset("<+0545>-5:45", "2050-03-27") == 20'700);
  // Godthåb used hours before and after the day: RFC 8536 §3.3.1.
  CHECK(offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2050-07-01") == -3600);
  CHECK(offset("IST-2IDT,M3.4.4/26,M10.5.0", "2050-03-25T00:00:00Z") == 10'800);
}

TEST_CASE("a rule may name days of the year") {
  const auto offset = [](const char* rule, const char* time) {
    return PosixZone::Parse(rule).value().SpanAt(*ParseRfc3339(time)).offset;
  };
  // J60 is 1 March in every year, 60 is 1 March in common years only.
  CHECK(offset("AAA0BBB,J60/0,J300/0", "2048-02-29T23:59:59Z") == 0);
  CHECK(offset("AAA0BBB,J60/0,J300/0", "2048-03-01T00:00:00Z") == 3600);
  CHECK(offset("AAA0BBB,59/0,300/0", "2048-02-29T00:00:00Z") == 3600);
  CHECK(offset("AAA0BBB,59/0,300/0", "2049-02-28T23:59:59Z") == 0);
}

TEST_CASE("what is no rule is refused") {
  for (const char* text : {"", "CET", "C-1", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
                           "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-25",
                           "CET-1CEST,M3.5.0,M10.5.0x", "<+05-5", "CET-1CEST,J0,J100"}) {
    CAPTURE(text);
    CHECK_FALSE(PosixZone::Parse(text));
  }
}

}  // namespace ouro::calendar
