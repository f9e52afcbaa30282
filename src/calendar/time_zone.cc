#include "calendar/time_zone.h"

#include <algorithm>
#include <array>
#include <exception>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include <date/tz.h>
#include <fmt/format.h>

#include "base/text.h"
#include "calendar/posix_zone.h"

namespace ouro::calendar {
namespace {

constexpr std::array<std::string_view, 2> kZoneFolders = {"/usr/share/zoneinfo/",
                                                          "/usr/share/uclibc/zoneinfo/"};
constexpr std::streamsize kRuleSizeMax = 256;  // bytes; the longest rule in use has 50

// The library names the ends of time by the years ±32767, give or take an offset.
constexpr UnixSeconds kLibraryEnd = 900'000'000'000;

// The last line of a zone file: its rule for the time after the listed transitions.
std::optional<PosixZone> ReadRule(const std::string& name) {
  for (const std::string_view folder : kZoneFolders) {
    std::ifstream file(std::string(folder) + name, std::ios::binary | std::ios::ate);
    if (!file) continue;
    const std::streamoff size = file.tellg();
    const std::streamoff tail = std::min<std::streamoff>(size, kRuleSizeMax);
    std::string text(static_cast<size_t>(tail), '\0');
    file.seekg(size - tail);
    file.read(text.data(), tail);
    if (!file || text.empty() || text.back() != '\n') return std::nullopt;
    text.pop_back();
    const size_t line = text.rfind('\n');
    if (line == std::string::npos) return std::nullopt;
    return PosixZone::Parse(std::string_view(text).substr(line + 1));
  }
  return std::nullopt;
}

// Files in the folder of zones that name no zone, or another one on every machine.
bool IsZoneName(std::string_view name) {
  return name != "localtime" && name != "posixrules" && name.find('.') == std::string_view::npos;
}

std::string UnknownZone(std::string_view name) {
  const date::tzdb& database = date::get_tzdb();
  std::vector<std::string_view> names;
  for (const date::time_zone& zone : database.zones) {
    if (EqualsIgnoreCase(zone.name(), name)) {
      return fmt::format("unknown time zone \"{}\"; did you mean {}?", Printable(name),
                         zone.name());
    }
    if (IsZoneName(zone.name())) names.push_back(zone.name());
  }
  const std::string_view near = NearestWord(name, names);
  if (!near.empty()) {
    return fmt::format("unknown time zone \"{}\"; did you mean {}?", Printable(name), near);
  }
  return fmt::format(
      "unknown time zone \"{}\"; write a name of the IANA database, such as "
      "Europe/Berlin or UTC",
      Printable(name.substr(0, 60)));
}

ZoneSpan LibrarySpan(const date::time_zone& zone, UnixSeconds instant) {
  const date::sys_info info = zone.get_info(date::sys_seconds(std::chrono::seconds(instant)));
  ZoneSpan span{info.offset.count(), info.begin.time_since_epoch().count(),
                info.end.time_since_epoch().count()};
  if (span.begin < -kLibraryEnd) span.begin = INT64_MIN;
  if (span.end > kLibraryEnd) span.end = INT64_MAX;
  return span;
}

}  // namespace

struct TimeZone::Data {
  const date::time_zone* zone = nullptr;  // of the library, which keeps it
  std::optional<PosixZone> rule;          // for the time after the last listed transition
};

Result<TimeZone> TimeZone::Find(std::string_view name) {
  TimeZone zone;
  if (name == "UTC" || name == "Z") return zone;
  try {
    if (!IsZoneName(name)) return Fail(ErrorCode::kNotFound, UnknownZone(name));
    const date::tzdb& database = date::get_tzdb();
    const auto found =
        std::find_if(database.zones.begin(), database.zones.end(),
                     [name](const date::time_zone& candidate) { return candidate.name() == name; });
    if (found == database.zones.end()) return Fail(ErrorCode::kNotFound, UnknownZone(name));
    zone.name_ = found->name();
    LibrarySpan(*found, 0);  // reads the file now, so that a broken one is refused here
    zone.data_ = std::make_shared<const Data>(Data{&*found, ReadRule(zone.name_)});
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kIo,
                fmt::format("the time zones of this system cannot be read ({}); install its tzdata "
                            "package, or use UTC",
                            Printable(error.what())));
  }
  return zone;
}

ZoneSpan TimeZone::SpanAt(UnixSeconds instant) const {
  if (data_ == nullptr) return {};
  const ZoneSpan listed = LibrarySpan(*data_->zone, instant);
  if (listed.end != INT64_MAX || !data_->rule) return listed;
  ZoneSpan ruled = data_->rule->SpanAt(instant);
  ruled.begin = std::max(ruled.begin, listed.begin);
  return ruled;
}

int64_t TimeZone::OffsetAt(UnixSeconds instant) const {
  return SpanAt(instant).offset;
}

LocalTime TimeZone::ToLocal(UnixSeconds instant) const {
  const UnixSeconds inside = std::clamp(instant, kFirstLocalTime.seconds, kLastLocalTime.seconds);
  const LocalTime local{inside + OffsetAt(inside)};
  return std::clamp(local, kFirstLocalTime, kLastLocalTime);
}

LocalInstant TimeZone::ToInstant(LocalTime local) const {
  // No offset is larger than a day, so the walk begins before every instant that could show
  // `local`.
  ZoneSpan before = SpanAt(local.seconds - kSecondsOfDay - 1);
  ZoneSpan span = before;
  while (true) {
    if (span.begin != INT64_MIN && local.seconds < span.begin + span.offset) {
      return {local.seconds - before.offset, LocalKind::kNonexistent};
    }
    if (span.end == INT64_MAX || local.seconds < span.end + span.offset) break;
    before = span;
    span = SpanAt(span.end);
  }
  const UnixSeconds instant = local.seconds - span.offset;
  if (span.end == INT64_MAX) return {instant, LocalKind::kUnique};
  const bool again = local.seconds >= span.end + SpanAt(span.end).offset;
  return {instant, again ? LocalKind::kAmbiguous : LocalKind::kUnique};
}

std::string TimeZone::FormatInstant(UnixSeconds instant) const {
  if (data_ == nullptr) return FormatLocalTime({instant}) + "Z";
  const int64_t offset = OffsetAt(instant);
  const int64_t minutes = (offset < 0 ? -offset : offset) / 60;
  return fmt::format("{}{}{:02}:{:02}", FormatLocalTime({instant + offset}), offset < 0 ? '-' : '+',
                     minutes / 60, minutes % 60);
}

std::string TzdataVersion() {
  for (const std::string_view folder : kZoneFolders) {
    std::ifstream file(std::string(folder) + "tzdata.zi");
    std::string line;
    if (file && std::getline(file, line) && StartsWith(line, "# version ") && line.size() < 40) {
      return Printable(line.substr(10));
    }
    std::ifstream version(std::string(folder) + "+VERSION");
    if (version && std::getline(version, line) && line.size() < 40) return Printable(line);
  }
  return "unknown";
}

}  // namespace ouro::calendar
