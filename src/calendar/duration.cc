#include "calendar/duration.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::calendar {
namespace {

constexpr int64_t kDurationMax = 100LL * 366 * 86'400;

struct Unit {
  char letter;
  int64_t seconds;
};
constexpr Unit kUnits[] = {{'w', 604'800}, {'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}};
constexpr size_t kUnitCount = 5;
constexpr size_t kFirstTimeUnit = 2;  // hours: after the T of RFC 5545

tl::unexpected<Error> NotADuration(std::string_view text) {
  return Fail(ErrorCode::kParse,
              fmt::format("\"{}\" is no length of time; write 90s, 30m, 4h, 2d, 1w or 1h30m",
                          Printable(text.substr(0, 40))));
}

}  // namespace

Result<int64_t> ParseDuration(std::string_view text) {
  const std::string lower = LowerAscii(TrimSpace(text));
  std::string_view rest = lower;
  const bool iso = StartsWith(rest, "p");
  if (iso) rest.remove_prefix(1);
  bool time_part = false;
  size_t first_unit = 0;
  size_t part_count = 0;
  int64_t sum = 0;
  while (!rest.empty()) {
    if (iso && !time_part && rest.front() == 't') {
      time_part = true;
      first_unit = first_unit < kFirstTimeUnit ? kFirstTimeUnit : first_unit;
      rest.remove_prefix(1);
      if (rest.empty()) return NotADuration(text);
    }
    int64_t number = 0;
    size_t digits = 0;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') {
      number = number * 10 + (rest[digits++] - '0');
      if (number > kDurationMax) return Fail(ErrorCode::kLimit, "more than 100 years");
    }
    if (digits == 0 || digits == rest.size()) return NotADuration(text);
    size_t unit = first_unit;
    while (unit < kUnitCount && kUnits[unit].letter != rest[digits]) ++unit;
    if (unit == kUnitCount) return NotADuration(text);
    if (iso && !time_part && unit >= kFirstTimeUnit) return NotADuration(text);
    sum += number * kUnits[unit].seconds;
    if (sum > kDurationMax) return Fail(ErrorCode::kLimit, "more than 100 years");
    first_unit = unit + 1;
    ++part_count;
    rest.remove_prefix(digits + 1);
  }
  if (part_count == 0) return NotADuration(text);
  return sum;
}

std::string FormatDuration(int64_t seconds) {
  if (seconds == 0) return "0s";
  std::string out;
  for (const Unit& unit : kUnits) {
    if (unit.letter == 'w') continue;  // "14d" says more than "2w" to most people
    if (const int64_t number = seconds / unit.seconds; number > 0) {
      out += fmt::format("{}{}", number, unit.letter);
    }
    seconds %= unit.seconds;
  }
  return out;
}

}  // namespace ouro::calendar
