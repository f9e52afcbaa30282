#include "calendar/posix_zone.h"

#include <algorithm>
#include <array>

#include "calendar/local_time.h"

namespace ouro::calendar {
namespace {

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool TakeNumber(std::string_view& text, int max, int& number) {
  size_t digits = 0;
  number = 0;
  while (digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9') {
    number = number * 10 + (text[digits++] - '0');
  }
  text.remove_prefix(digits);
  return digits > 0 && number <= max;
}

// "CET", "<-03>": three characters or more.
bool TakeName(std::string_view& text) {
  if (TakeChar(text, '<')) {
    const size_t end = text.find('>');
    if (end == std::string_view::npos || end < 3) return false;
    text.remove_prefix(end + 1);
    return true;
  }
  size_t size = 0;
  while (size < text.size() &&
         ((text[size] >= 'A' && text[size] <= 'Z') || (text[size] >= 'a' && text[size] <= 'z'))) {
    ++size;
  }
  text.remove_prefix(size);
  return size >= 3;
}

// "[+-]hh[:mm[:ss]]" in seconds.
bool TakeTime(std::string_view& text, int hours_max, int64_t& seconds) {
  const bool negative = TakeChar(text, '-');
  if (!negative) TakeChar(text, '+');
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!TakeNumber(text, hours_max, hour)) return false;
  if (TakeChar(text, ':')) {
    if (!TakeNumber(text, 59, minute)) return false;
    if (TakeChar(text, ':') && !TakeNumber(text, 59, second)) return false;
  }
  seconds = hour * 3600 + minute * 60 + second;
  if (negative) seconds = -seconds;
  return true;
}

}  // namespace

std::optional<PosixZone> PosixZone::Parse(std::string_view text) {
  PosixZone zone;
  int64_t west = 0;  // POSIX counts westwards
  if (!TakeName(text) || !TakeTime(text, 24, west)) return std::nullopt;
  zone.standard_ = -west;
  if (text.empty()) return zone;
  if (!TakeName(text)) return std::nullopt;
  zone.has_summer_ = true;
  zone.summer_ = zone.standard_ + 3600;
  if (!text.empty() && text.front() != ',') {
    if (!TakeTime(text, 24, west)) return std::nullopt;
    zone.summer_ = -west;
  }
  if (!TakeChange(text, zone.to_summer_) || !TakeChange(text, zone.to_standard_)) {
    return std::nullopt;
  }
  return text.empty() ? std::optional<PosixZone>(zone) : std::nullopt;
}

bool PosixZone::TakeChange(std::string_view& text, Change& change) {
  if (!TakeChar(text, ',')) return false;
  if (TakeChar(text, 'M')) {
    change.kind = DateKind::kMonthWeekDay;
    if (!TakeNumber(text, 12, change.month) || change.month < 1 || !TakeChar(text, '.') ||
        !TakeNumber(text, 5, change.week) || change.week < 1 || !TakeChar(text, '.') ||
        !TakeNumber(text, 6, change.day)) {
      return false;
    }
  } else if (TakeChar(text, 'J')) {
    change.kind = DateKind::kJulianNoLeap;
    if (!TakeNumber(text, 365, change.day) || change.day < 1) return false;
  } else {
    change.kind = DateKind::kDayOfYear;
    if (!TakeNumber(text, 365, change.day)) return false;
  }
  return !TakeChar(text, '/') || TakeTime(text, 167, change.time);
}

int64_t PosixZone::LocalSecondsOf(const Change& change, int64_t year) {
  int64_t day = DaysFromCivil(year, 1, 1);
  if (change.kind == DateKind::kDayOfYear) {
    day += change.day;
  } else if (change.kind == DateKind::kJulianNoLeap) {
    day += change.day - 1 + (IsLeapYear(year) && change.day >= 60 ? 1 : 0);
  } else {
    const int64_t first = DaysFromCivil(year, change.month, 1);
    const int weekday = (change.day + 6) % 7;  // 0 Monday
    day = first + (weekday - WeekdayOfDay(first) + 7) % 7 + 7 * (change.week - 1);
    if (day > first + DaysOfMonth(year, change.month) - 1) day -= 7;
  }
  return day * kSecondsOfDay + change.time;
}

ZoneSpan PosixZone::SpanAt(UnixSeconds instant) const {
  if (!has_summer_) return {standard_};
  const int64_t year = CivilFromDays(DayOf({instant + standard_})).year;
  struct Transition {
    UnixSeconds at;
    int64_t offset;  // from then on
  };
  std::array<Transition, 8> transitions{};  // a change may come a week after its year
  for (size_t i = 0; i < 4; ++i) {
    const int64_t of = year - 2 + static_cast<int64_t>(i);
    transitions[2 * i] = {LocalSecondsOf(to_summer_, of) - standard_, summer_};
    transitions[2 * i + 1] = {LocalSecondsOf(to_standard_, of) - summer_, standard_};
  }
  std::sort(transitions.begin(), transitions.end(),
            [](const Transition& a, const Transition& b) { return a.at < b.at; });
  ZoneSpan span{transitions[0].offset, transitions[0].at};
  for (const Transition& transition : transitions) {
    if (transition.at > instant) {
      span.end = transition.at;
      break;
    }
    span = {transition.offset, transition.at};
  }
  return span;
}

}  // namespace ouro::calendar
