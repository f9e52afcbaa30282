// IANA time zones: local time ↔ instant. The zone data are those of the operating system
// (/usr/share/zoneinfo), read when the first zone is asked for; beyond the transitions that a zone
// file lists, the rule at its end holds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "calendar/local_time.h"

namespace ouro::calendar {

struct ZoneSpan;

// How a local time stands to the instants of a zone.
enum class LocalKind : unsigned char {
  kUnique,       // one instant
  kNonexistent,  // clocks were put forward over it
  kAmbiguous,    // clocks were put back over it: two instants
};

struct LocalInstant {
  UnixSeconds instant = 0;
  LocalKind kind = LocalKind::kUnique;

  bool operator==(const LocalInstant&) const = default;
};

// A zone. Cheap to copy; valid until the program ends. All functions may be called from any thread.
class TimeZone {
 public:
  TimeZone() = default;  // UTC

  // `name` as IANA writes it ("Europe/Berlin", "UTC"); links ("Asia/Calcutta") are known too.
  // kNotFound for an unknown name, with the nearest known one; kIo where the system has no zone
  // data.
  static Result<TimeZone> Find(std::string_view name);

  const std::string& name() const { return name_; }

  // A nonexistent time is shifted forward by the length of the gap (02:30 becomes 03:30 where 02:00
  // to 03:00 is skipped), which is RFC 5545 §3.3.5; an ambiguous one is the first of the two.
  LocalInstant ToInstant(LocalTime local) const;
  // What the clock shows; never outside the range of LocalTime (it is cut there).
  LocalTime ToLocal(UnixSeconds instant) const;
  // Seconds east of Greenwich at that instant.
  int64_t OffsetAt(UnixSeconds instant) const;
  // "2026-03-29T03:30:00+02:00" (RFC 3339; "Z" for UTC). Offsets with seconds, which only local
  // mean times of the 19th century have, are written without them: RFC 3339 knows no seconds there.
  std::string FormatInstant(UnixSeconds instant) const;

  bool operator==(const TimeZone& other) const { return name_ == other.name_; }

 private:
  ZoneSpan SpanAt(UnixSeconds instant) const;

  struct Data;
  std::string name_ = "UTC";
  std::shared_ptr<const Data> data_;  // null: UTC, which needs none
};

// Version of the zone data in use ("2025b"), or "unknown" where the system does not say.
std::string TzdataVersion();

}  // namespace ouro::calendar
