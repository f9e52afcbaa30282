// Recurrences: any text is read or refused with a reason, and what was read expands in order,
// without repetition, not before where it was asked to begin, and ends or says why not.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "calendar/duration.h"
#include "calendar/posix_zone.h"
#include "calendar/recurrence.h"
#include "calendar/window_batch.h"

namespace {

using namespace ouro::calendar;

constexpr int kOccurrences = 50;

void Require(bool condition) {
  if (!condition) std::abort();
}

void Expand(const RecurrenceSet& set, LocalTime from) {
  const TimeZone utc;
  ExpandOptions options;
  options.zone = &utc;
  options.from = from;
  // Ten years: a fuzzer finds the slowest rules first.
  options.to = {from.seconds + 3'650 * kSecondsOfDay};
  auto expansion = RecurrenceExpansion::Create(set, options);
  Require(expansion.has_value());
  LocalTime last{from.seconds - 1};
  for (int i = 0; i < kOccurrences; ++i) {
    const auto time = expansion->Next();
    if (!time) {
      Require(!time.error().message.empty());
      return;
    }
    if (!*time) return;
    Require(**time > last && **time <= options.to);
    last = **time;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto set = ParseRecurrenceSet(text, LocalTime{0});
  if (set) {
    Expand(*set, set->start);
    Expand(*set, {set->start.seconds + 40'000'000});
  } else {
    Require(!set.error().message.empty());
  }
  if (const auto seconds = ParseDuration(text)) {
    Require(ParseDuration(FormatDuration(*seconds)) == *seconds);
  }
  if (const auto time = ParseLocalTime(text)) {
    Require(ParseLocalTime(FormatLocalTime(*time)) == *time);
  }
  if (const auto zone = PosixZone::Parse(text)) {
    const ZoneSpan span = zone->SpanAt(2'500'000'000);
    Require(span.begin <= 2'500'000'000 && span.end > 2'500'000'000);
  }
  Require(WindowBatchLine(text).starts_with("{\""));
  return 0;
}
