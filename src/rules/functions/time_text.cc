#include "rules/functions/time_text.h"

#include <limits>

#include <fmt/format.h>

#include "base/clock.h"
#include "rules/functions/number_text.h"

namespace ouro::rules::functions {

namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kSecondsPerDay = 86'400;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Reads a time from left to right; every step returns false when the text is not as expected.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  bool Digits(size_t least, size_t most, int& value) {
    size_t count = 0;
    value = 0;
    while (count < most && count < rest_.size() && IsDigit(rest_[count])) {
      value = value * 10 + (rest_[count] - '0');
      ++count;
    }
    rest_.remove_prefix(count);
    return count >= least;
  }
  bool Literal(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Date(int& year, int& month, int& day) {
    return Digits(4, 4, year) && Literal('-') && Digits(2, 2, month) && Literal('-') &&
           Digits(2, 2, day);
  }
  bool Clock(int& hour, int& minute, int& second, int32_t& nanos) {
    if (!Digits(1, 2, hour) || !Literal(':') || !Digits(2, 2, minute) || !Literal(':') ||
        !Digits(2, 2, second)) {
      return false;
    }
    nanos = 0;
    if (rest_.size() >= 2 && (rest_[0] == '.' || rest_[0] == ',') && IsDigit(rest_[1])) {
      rest_.remove_prefix(1);
      int32_t scale = 100'000'000;
      while (!rest_.empty() && IsDigit(rest_.front())) {
        nanos += (rest_.front() - '0') * scale;  // digits beyond the ninth are dropped
        scale /= 10;
        rest_.remove_prefix(1);
      }
    }
    return true;
  }
  bool Zone(int32_t& offset_seconds) {
    offset_seconds = 0;
    if (Literal('Z')) return true;
    const bool negative = Literal('-');
    if (!negative && !Literal('+')) return false;
    int hour = 0;
    int minute = 0;
    if (!Digits(2, 2, hour) || !Literal(':') || !Digits(2, 2, minute)) return false;
    if (hour > 24 || minute > 60) return false;
    offset_seconds = (hour * 60 + minute) * 60 * (negative ? -1 : 1);
    return true;
  }
  bool AtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

int DaysIn(int year, int month) {
  const int64_t first = DaysFromCivil(year, month, 1);
  const int64_t next =
      month == 12 ? DaysFromCivil(year + 1, 1, 1) : DaysFromCivil(year, month + 1, 1);
  return static_cast<int>(next - first);
}

bool ValidFields(int year, int month, int day, int hour, int minute, int second) {
  return month >= 1 && month <= 12 && day >= 1 && day <= DaysIn(year, month) && hour < 24 &&
         minute < 60 && second < 60;
}

int64_t SecondsOf(int year, int month, int day, int hour, int minute, int second) {
  return DaysFromCivil(year, month, day) * kSecondsPerDay + hour * 3600 + minute * 60 + second;
}

std::string FormatAt(const Value& timestamp, int32_t offset_seconds) {
  const CivilTime t = ToCivil(timestamp.integer, offset_seconds);
  std::string out = fmt::format("{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}", t.year, t.month, t.day,
                                t.hour, t.minute, t.second);
  if (timestamp.nanos() != 0) {
    std::string fraction = fmt::format("{:09d}", timestamp.nanos());
    while (fraction.back() == '0') fraction.pop_back();
    out += "." + fraction;
  }
  if (offset_seconds == 0) return out + "Z";
  const int minutes = offset_seconds / 60;
  const int absolute = minutes < 0 ? -minutes : minutes;
  return out +
         fmt::format("{}{:02d}:{:02d}", minutes < 0 ? '-' : '+', absolute / 60, absolute % 60);
}

struct Unit {
  std::string_view name;
  uint64_t nanos;
};
constexpr Unit kUnits[] = {{"ns", 1},
                           {"us", 1'000},
                           {"\xc2\xb5s", 1'000},  // U+00B5, the micro sign
                           {"\xce\xbcs", 1'000},  // U+03BC, the Greek letter
                           {"ms", 1'000'000},
                           {"s", 1'000'000'000},
                           {"m", 60'000'000'000},
                           {"h", 3'600'000'000'000}};
constexpr uint64_t kMagnitudeMax = 1ULL << 63;

// One "<number><unit>" of a duration, taken off `rest`.
std::optional<uint64_t> TakeDurationPart(std::string_view& rest) {
  uint64_t whole = 0;
  uint64_t fraction = 0;
  double scale = 1;
  size_t i = 0;
  bool any = false;
  for (; i < rest.size() && IsDigit(rest[i]); ++i) {
    any = true;
    if (whole > kMagnitudeMax / 10) return std::nullopt;
    whole = whole * 10 + static_cast<uint64_t>(rest[i] - '0');
    if (whole > kMagnitudeMax) return std::nullopt;
  }
  if (i < rest.size() && rest[i] == '.') {
    bool overflow = false;
    for (++i; i < rest.size() && IsDigit(rest[i]); ++i) {
      any = true;
      if (overflow) continue;
      const uint64_t next = fraction * 10 + static_cast<uint64_t>(rest[i] - '0');
      if (fraction > (kMagnitudeMax - 1) / 10 || next > kMagnitudeMax) {
        overflow = true;  // more digits than matter
        continue;
      }
      fraction = next;
      scale *= 10;
    }
  }
  if (!any) return std::nullopt;
  const size_t unit_start = i;
  while (i < rest.size() && rest[i] != '.' && !IsDigit(rest[i])) ++i;
  const std::string_view name = rest.substr(unit_start, i - unit_start);
  rest.remove_prefix(i);
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    if (whole > kMagnitudeMax / unit.nanos) return std::nullopt;
    uint64_t nanos = whole * unit.nanos;
    if (fraction > 0) {
      nanos += static_cast<uint64_t>(static_cast<double>(fraction) *
                                     (static_cast<double>(unit.nanos) / scale));
    }
    if (nanos > kMagnitudeMax) return std::nullopt;
    return nanos;
  }
  return std::nullopt;
}

}  // namespace

CivilTime ToCivil(int64_t seconds, int64_t offset_seconds) {
  const int64_t local = seconds + offset_seconds;
  int64_t days = local / kSecondsPerDay;
  int64_t in_day = local % kSecondsPerDay;
  if (in_day < 0) {
    in_day += kSecondsPerDay;
    --days;
  }
  const CivilDate date = CivilFromDays(days);
  CivilTime t;
  t.year = date.year;
  t.month = date.month;
  t.day = date.day;
  t.hour = static_cast<int>(in_day / 3600);
  t.minute = static_cast<int>(in_day % 3600 / 60);
  t.second = static_cast<int>(in_day % 60);
  t.day_of_week = static_cast<int>(((days + 4) % 7 + 7) % 7);
  t.day_of_year = static_cast<int>(days - DaysFromCivil(date.year, 1, 1));
  return t;
}

std::optional<ParsedTime> ParseRfc3339Time(std::string_view text) {
  TimeReader reader(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  ParsedTime time;
  if (!reader.Date(year, month, day) || !reader.Literal('T') ||
      !reader.Clock(hour, minute, second, time.nanos) || !reader.Zone(time.offset_seconds) ||
      !reader.AtEnd() || !ValidFields(year, month, day, hour, minute, second)) {
    return std::nullopt;
  }
  time.seconds = SecondsOf(year, month, day, hour, minute, second) - time.offset_seconds;
  return time;
}

std::optional<ParsedTime> ParseDateOnly(std::string_view text) {
  TimeReader reader(text);
  int year = 0, month = 0, day = 0;
  if (!reader.Date(year, month, day) || !reader.AtEnd() ||
      !ValidFields(year, month, day, 0, 0, 0)) {
    return std::nullopt;
  }
  ParsedTime time;
  time.seconds = SecondsOf(year, month, day, 0, 0, 0);
  return time;
}

std::optional<ParsedTime> ParseLocalTime(std::string_view text) {
  TimeReader reader(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  ParsedTime time;
  if (!reader.Date(year, month, day) || !reader.Literal('T') ||
      !reader.Clock(hour, minute, second, time.nanos) || !reader.AtEnd() ||
      !ValidFields(year, month, day, hour, minute, second)) {
    return std::nullopt;
  }
  time.seconds = SecondsOf(year, month, day, hour, minute, second);
  return time;
}

Value MakeTimestamp(const ParsedTime& time) {
  Value value = Value::Timestamp(time.seconds, time.nanos);
  value.reserved = static_cast<uint16_t>(static_cast<int16_t>(time.offset_seconds / 60));
  return value;
}

std::string FormatTimestamp(const Value& timestamp) {
  return FormatAt(timestamp, static_cast<int16_t>(timestamp.reserved) * 60);
}

std::string FormatTimestampUtc(const Value& timestamp) {
  return FormatAt(timestamp, 0);
}

std::optional<int64_t> ParseDurationNanos(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  uint64_t total = 0;
  while (!text.empty()) {
    const auto part = TakeDurationPart(text);
    if (!part) return std::nullopt;
    total += *part;
    if (total > kMagnitudeMax) return std::nullopt;
  }
  if (negative) return static_cast<int64_t>(0 - total);
  if (total > kMagnitudeMax - 1) return std::nullopt;
  return static_cast<int64_t>(total);
}

Value MakeDuration(int64_t nanos) {
  return Value::Duration(nanos / kNanosPerSecond, static_cast<int32_t>(nanos % kNanosPerSecond));
}

int64_t DurationNanos(const Value& duration) {
  int64_t nanos = 0;
  if (__builtin_mul_overflow(duration.integer, kNanosPerSecond, &nanos) ||
      __builtin_add_overflow(nanos, static_cast<int64_t>(duration.nanos()), &nanos)) {
    return duration.integer < 0 ? std::numeric_limits<int64_t>::min()
                                : std::numeric_limits<int64_t>::max();
  }
  return nanos;
}

double DurationSeconds(const Value& duration) {
  return static_cast<double>(duration.integer) + static_cast<double>(duration.nanos()) / 1e9;
}

std::string FormatDuration(const Value& duration) {
  return FormatPlain(DurationSeconds(duration)) + "s";
}

}  // namespace ouro::rules::functions
