#include "calendar/window.h"

#include <doctest.h>

#include <random>
#include <string>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::calendar {
namespace {

UnixSeconds At(std::string_view text) {
  return *ParseRfc3339(text);
}

Window Make(std::string_view kind, std::string_view zone, std::string_view start,
            std::string_view recurrence, std::string_view duration) {
  const Result<Window> window = MakeWindow({.name = "w",
                                            .kind = kind,
                                            .zone = zone,
                                            .start = start,
                                            .recurrence = recurrence,
                                            .duration = duration});
  INFO((window ? std::string() : window.error().ToString()));
  REQUIRE(window.has_value());
  return *window;
}

std::string Shown(const std::optional<Interval>& interval) {
  if (!interval) return "none";
  return FormatRfc3339(interval->start) + "/" + FormatRfc3339(interval->end);
}

std::string Shown(std::optional<UnixSeconds> instant) {
  return instant ? FormatRfc3339(*instant) : "none";
}

WindowDecision Decide(const std::vector<Window>& windows, std::string_view now,
                      std::optional<UnixSeconds> began = std::nullopt) {
  std::vector<const Window*> pointers;
  for (const Window& window : windows) pointers.push_back(&window);
  WindowQuestion question;
  question.now = At(now);
  question.began = began;
  const Result<WindowDecision> decision = DecideWindows(pointers, question);
  REQUIRE(decision.has_value());
  return *decision;
}

}  // namespace

TEST_CASE("a window is half open") {
  const Window window = Make("blackout", "UTC", "2026-12-24T18:00:00", "", "2h");
  CHECK_FALSE(WindowStateAt(window, At("2026-12-24T17:59:59Z"))->active);
  CHECK(Shown(WindowStateAt(window, At("2026-12-24T17:59:59Z"))->next) ==
        "2026-12-24T18:00:00Z/2026-12-24T20:00:00Z");
  CHECK(Shown(WindowStateAt(window, At("2026-12-24T18:00:00Z"))->active) ==
        "2026-12-24T18:00:00Z/2026-12-24T20:00:00Z");
  CHECK(WindowStateAt(window, At("2026-12-24T19:59:59Z"))->active);
  CHECK(WindowStateAt(window, At("2026-12-24T20:00:00Z")) == WindowState{});
}

TEST_CASE("the start is shifted over a gap and the duration is elapsed time") {
  const Window nightly =
      Make("maintenance", "Europe/Berlin", "2026-01-01T02:30:00", "FREQ=DAILY", "1h");
  // 02:30 does not exist on 29 March: 03:30+02:00.
  CHECK(Shown(WindowStateAt(nightly, At("2026-03-29T00:00:00Z"))->next) ==
        "2026-03-29T01:30:00Z/2026-03-29T02:30:00Z");
  // 02:30 comes twice on 25 October: the first.
  CHECK(Shown(WindowStateAt(nightly, At("2026-10-25T00:00:00Z"))->next) ==
        "2026-10-25T00:30:00Z/2026-10-25T01:30:00Z");
  // A day from 18:00 to 18:00 is 23 hours long then; 24 hours last until 19:00.
  const Window day = Make("blackout", "America/New_York", "2026-03-07T18:00:00", "", "24h");
  const TimeZone zone = *TimeZone::Find("America/New_York");
  CHECK(zone.FormatInstant(WindowStateAt(day, At("2026-03-08T00:00:00Z"))->active->end) ==
        "2026-03-08T19:00:00-04:00");
  // Half an hour of summer time, and a day that never was.
  const Window howe = Make("blackout", "Australia/Lord_Howe", "2026-10-04T02:15:00", "", "15m");
  CHECK(Shown(WindowStateAt(howe, At("2026-10-03T00:00:00Z"))->next) ==
        "2026-10-03T15:45:00Z/2026-10-03T16:00:00Z");
  const Window apia =
      Make("blackout", "Pacific/Apia", "2011-12-29T12:00:00", "FREQ=DAILY;COUNT=3", "1h");
  const auto occurrences = *WindowOccurrences(apia, At("2011-12-01"), At("2012-02-01"), 9);
  REQUIRE(occurrences.size() == 2);  // the 30th is shifted onto the 31st
  CHECK(Shown(occurrences[0]) == "2011-12-29T22:00:00Z/2011-12-29T23:00:00Z");
  CHECK(Shown(occurrences[1]) == "2011-12-30T22:00:00Z/2011-12-30T23:00:00Z");
}

TEST_CASE("occurrences that overlap or touch are one interval") {
  const Window overlapping =
      Make("blackout", "UTC", "2026-01-01T00:00:00", "FREQ=HOURLY;COUNT=3", "90m");
  CHECK(Shown(WindowStateAt(overlapping, At("2026-01-01T00:30:00Z"))->active) ==
        "2026-01-01T00:00:00Z/2026-01-01T03:30:00Z");
  CHECK_FALSE(WindowStateAt(overlapping, At("2026-01-01T00:30:00Z"))->next);
  const Window touching =
      Make("blackout", "UTC", "2026-01-01T00:00:00", "FREQ=DAILY;COUNT=3", "1d");
  CHECK(Shown(WindowStateAt(touching, At("2026-01-02T00:00:00Z"))->active) ==
        "2026-01-02T00:00:00Z/2026-01-04T00:00:00Z");
  // An endless one is cut off at the horizon.
  const Window always = Make("blackout", "UTC", "2020-01-01T00:00:00", "FREQ=DAILY", "1d");
  const UnixSeconds now = At("2026-01-01T12:00:00Z");
  CHECK(WindowStateAt(always, now)->active->end == now + kWindowHorizonSeconds);
  const WindowDecision decision = Decide({always}, "2026-01-01T12:00:00Z");
  CHECK_FALSE(decision.allowed);
  CHECK_FALSE(decision.next_allowed);
}

TEST_CASE("blackout wins, and maintenance windows shut what is outside of them") {
  const Window weekend =
      Make("blackout", "Europe/Berlin", "2026-01-02T18:00:00", "FREQ=WEEKLY;BYDAY=FR", "62h");
  const Window nights = Make("maintenance", "UTC", "2026-01-01T22:00:00", "FREQ=DAILY", "4h");
  struct Row {
    std::vector<Window> windows;
    const char* now;
    bool allowed;
    WindowReason reason;
    const char* next_allowed;
    const char* allowed_until;
  };
  const Row rows[] = {
      {{}, "2026-07-01", true, WindowReason::kNoWindow, "none", "none"},
      // Wednesday.
      {{weekend}, "2026-07-01", true, WindowReason::kNoWindow, "none", "2026-07-03T16:00:00Z"},
      {{weekend},
       "2026-07-03T16:00:00Z",
       false,
       WindowReason::kInBlackout,
       "2026-07-06T06:00:00Z",
       "none"},
      {{nights},
       "2026-07-01T21:59:59Z",
       false,
       WindowReason::kOutsideMaintenance,
       "2026-07-01T22:00:00Z",
       "none"},
      {{nights},
       "2026-07-01T22:00:00Z",
       true,
       WindowReason::kInMaintenance,
       "none",
       "2026-07-02T02:00:00Z"},
      {{nights},
       "2026-07-02T02:00:00Z",
       false,
       WindowReason::kOutsideMaintenance,
       "2026-07-02T22:00:00Z",
       "none"},
      // The night of Friday lies in the blackout, and so do the next two; Monday's is the next.
      {{weekend, nights},
       "2026-07-03T12:00:00Z",
       false,
       WindowReason::kOutsideMaintenance,
       "2026-07-06T22:00:00Z",
       "none"},
      {{weekend, nights},
       "2026-07-03T23:00:00Z",
       false,
       WindowReason::kInBlackout,
       "2026-07-06T22:00:00Z",
       "none"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.now);
    const WindowDecision decision = Decide(row.windows, row.now);
    CHECK(decision.allowed == row.allowed);
    CHECK(WindowReasonName(decision.reason) == WindowReasonName(row.reason));
    CHECK(Shown(decision.next_allowed) == row.next_allowed);
    CHECK(Shown(decision.allowed_until) == row.allowed_until);
  }
}

TEST_CASE("which window decides") {
  const Window small = Make("blackout", "UTC", "2026-07-01T10:00:00", "", "1h");
  const Window large = Make("blackout", "UTC", "2026-07-01T09:00:00", "", "4h");
  const WindowDecision decision = Decide({small, large, large}, "2026-07-01T10:30:00Z");
  CHECK(decision.window == 1);
  CHECK(Shown(decision.interval) == "2026-07-01T09:00:00Z/2026-07-01T13:00:00Z");
  const Window past = Make("maintenance", "UTC", "2020-07-01T10:00:00", "", "1h");
  const Window later = Make("maintenance", "UTC", "2026-07-02T10:00:00", "", "1h");
  CHECK(Decide({past, later}, "2026-07-01").window == 1);
  const WindowDecision none = Decide({past}, "2026-07-01");
  CHECK_FALSE(none.allowed);
  CHECK_FALSE(none.window);
  CHECK_FALSE(none.next_allowed);
  CHECK(WindowReasonName(none.reason) == "outside-maintenance");
}

TEST_CASE("what has begun may end where the window says so") {
  Window night = Make("maintenance", "UTC", "2026-07-01T22:00:00", "FREQ=DAILY", "2h");
  Window freeze = Make("blackout", "UTC", "2026-07-01T23:00:00", "", "3h");
  const UnixSeconds began = At("2026-07-01T22:30:00Z");
  CHECK_FALSE(Decide({night}, "2026-07-02T00:30:00Z", began).allowed);
  CHECK_FALSE(Decide({freeze}, "2026-07-01T23:30:00Z", began).allowed);
  night.overrun = true;
  CHECK(Decide({night}, "2026-07-02T00:30:00Z", began).reason == WindowReason::kOverrun);
  CHECK_FALSE(Decide({night}, "2026-07-02T00:30:00Z").allowed);
  // It must have been allowed when it began.
  CHECK_FALSE(Decide({night}, "2026-07-02T00:30:00Z", At("2026-07-01T21:00:00Z")).allowed);
  // Each window speaks for itself.
  CHECK_FALSE(Decide({night, freeze}, "2026-07-02T00:30:00Z", began).allowed);
  freeze.overrun = true;
  CHECK(Decide({night, freeze}, "2026-07-02T00:30:00Z", began).allowed);
  const Window* windows[] = {&night};
  CHECK_FALSE(DecideWindows(windows, {.now = 5, .began = 6}));
}

TEST_CASE("a decision agrees with asking minute by minute") {
  std::mt19937 random(7);
  const auto pick = [&](int min, int max) {
    return std::uniform_int_distribution<int>(min, max)(random);
  };
  constexpr const char* kZones[] = {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"};
  constexpr const char* kRules[] = {"FREQ=DAILY",
                                    "FREQ=HOURLY;INTERVAL=5",
                                    "FREQ=WEEKLY;BYDAY=SA,SU",
                                    "FREQ=MONTHLY;BYMONTHDAY=-1,1",
                                    "FREQ=DAILY;COUNT=40",
                                    "FREQ=HOURLY;BYHOUR=2,3"};
  for (int round = 0; round < 40; ++round) {
    std::vector<Window> windows;
    for (int i = pick(1, 4); i > 0; --i) {
      windows.push_back(
          Make(pick(0, 1) == 0 ? "blackout" : "maintenance", kZones[pick(0, 3)],
               fmt::format("2026-03-{:02}T{:02}:{:02}:00", pick(1, 28), pick(0, 23), pick(0, 59)),
               kRules[pick(0, 5)], fmt::format("{}m", pick(10, 3'000))));
    }
    const UnixSeconds now = At("2026-03-26") + pick(0, 7 * 1'440) * 60;
    CAPTURE(round);
    CAPTURE(FormatRfc3339(now));
    std::vector<const Window*> pointers;
    std::vector<std::vector<Interval>> intervals;
    constexpr int64_t kHorizon = 5 * kSecondsOfDay;
    for (const Window& window : windows) {
      pointers.push_back(&window);
      intervals.push_back(*WindowOccurrences(window, now - 1, now + kHorizon, 100'000));
    }
    const auto allowed_at = [&](UnixSeconds t) {
      bool blackout = false, has_maintenance = false, in_maintenance = false;
      for (size_t i = 0; i < windows.size(); ++i) {
        bool active = false;
        for (const Interval& interval : intervals[i]) {
          active = active || (interval.start <= t && t < interval.end);
        }
        const bool maintenance = windows[i].kind == WindowKind::kMaintenance;
        blackout = blackout || (active && !maintenance);
        has_maintenance = has_maintenance || maintenance;
        in_maintenance = in_maintenance || (active && maintenance);
      }
      return !blackout && (!has_maintenance || in_maintenance);
    };
    const bool allowed = allowed_at(now);
    std::optional<UnixSeconds> change;
    for (UnixSeconds t = now + 60; t < now + kHorizon && !change; t += 60) {
      if (allowed_at(t) != allowed) change = t;
    }
    const WindowDecision decision =
        *DecideWindows(pointers, {.now = now, .horizon_seconds = kHorizon});
    REQUIRE(decision.allowed == allowed);
    REQUIRE(Shown(allowed ? decision.allowed_until : decision.next_allowed) == Shown(change));
  }
}

TEST_CASE("a window that is written wrongly names the field") {
  struct Row {
    WindowText text;
    const char* field;
  };
  const WindowText good = {.name = "w",
                           .kind = "blackout",
                           .zone = "Europe/Berlin",
                           .start = "2026-01-01T00:00:00",
                           .recurrence = "FREQ=DAILY",
                           .duration = "1h"};
  REQUIRE(MakeWindow(good));
  const auto with = [&](auto change) {
    WindowText text = good;
    change(text);
    return text;
  };
  const Row rows[] = {
      {with([](WindowText& t) { t.name = " "; }), "name"},
      {with([](WindowText& t) { t.kind = "freeze"; }), "kind"},
      {with([](WindowText& t) { t.zone = "Europe/Berlim"; }), "zone"},
      {with([](WindowText& t) { t.start = "2026-01-01T00:00:00Z"; }), "start"},
      {with([](WindowText& t) { t.start = ""; }), "recurrence"},
      {with([](WindowText& t) { t.start = t.recurrence = ""; }), "start"},
      {with([](WindowText& t) { t.recurrence = "DTSTART:20260202 RRULE:FREQ=DAILY"; }), "start"},
      {with([](WindowText& t) { t.recurrence = "FREQ=NEVER"; }), "recurrence"},
      {with([](WindowText& t) { t.recurrence = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"; }),
       "recurrence"},
      {with([](WindowText& t) { t.recurrence = "FREQ=DAILY;UNTIL=20250101"; }), "recurrence"},
      {with([](WindowText& t) { t.recurrence = "FREQ=DAILY;COUNT=0"; }), "recurrence"},
      {with([](WindowText& t) { t.duration = ""; }), "duration"},
      {with([](WindowText& t) { t.duration = "0s"; }), "duration"},
      {with([](WindowText& t) { t.duration = "367d"; }), "duration"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.field);
    const Result<Window> window = MakeWindow(row.text);
    REQUIRE_FALSE(window.has_value());
    CHECK(window.error().where == row.field);
    CHECK_FALSE(window.error().message.empty());
  }
  // The zone may stand in the recurrence.
  const Result<Window> zoned =
      MakeWindow({.name = "w",
                  .kind = "blackout",
                  .recurrence = "DTSTART;TZID=Asia/Kathmandu:20260101T000000\nRRULE:FREQ=DAILY",
                  .duration = "1h"});
  REQUIRE(zoned);
  CHECK(zoned->zone.name() == "Asia/Kathmandu");
}

TEST_CASE("too many occurrences are a limit, not a wait") {
  const Window always = Make("blackout", "UTC", "2026-01-01T00:00:00", "FREQ=SECONDLY", "1m");
  const Result<WindowState> state = WindowStateAt(always, At("2026-06-01"));
  REQUIRE_FALSE(state.has_value());
  CHECK(state.error().code == ErrorCode::kLimit);
  CHECK(state.error().where.find("window w") != std::string::npos);
}

}  // namespace ouro::calendar
