// A zone file lists the moments at which the offset changed. After the last of them a rule in the
// POSIX TZ notation ("CET-1CEST,M3.5.0,M10.5.0/3") holds for ever; before the first one, the first
// offset that is not daylight-saving time.
#include "rules/functions/time_zone.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "rules/functions/number_text.h"
#include "rules/functions/time_text.h"

namespace ouro::rules::functions {

namespace {

constexpr size_t kZoneFileSizeBytes = 256 << 10;
constexpr size_t kCachedZoneCount = 64;
constexpr size_t kZoneNameSizeBytes = 255;
constexpr const char* kZoneFolders[] = {"/usr/share/zoneinfo/", "/usr/lib/zoneinfo/",
                                        "/usr/share/lib/zoneinfo/", "/etc/zoneinfo/"};

struct LocalType {
  int32_t offset = 0;
  bool daylight = false;
};

// One of the two yearly changes of a POSIX rule.
struct YearlyChange {
  enum class Form : uint8_t { kJulian, kDayOfYear, kMonthWeekDay };
  Form form = Form::kMonthWeekDay;
  int month = 0;
  int week = 0;
  int day = 0;
  int64_t time = 7200;  // seconds after local midnight
};

struct TailRule {
  bool valid = false;
  bool has_daylight = false;
  int64_t standard = 0;  // seconds east of Greenwich
  int64_t daylight = 0;
  YearlyChange start;
  YearlyChange end;
};

struct Zone {
  std::vector<int64_t> changes;  // ascending
  std::vector<uint8_t> change_types;
  std::vector<LocalType> types;
  TailRule tail;
};

// Big-endian numbers of a zone file.
class Bytes {
 public:
  explicit Bytes(std::string_view data) : rest_(data) {}
  bool Skip(size_t count) {
    if (rest_.size() < count) return false;
    rest_.remove_prefix(count);
    return true;
  }
  bool Number(size_t size, int64_t& value) {
    if (rest_.size() < size) return false;
    uint64_t bits = 0;
    for (size_t i = 0; i < size; ++i) bits = bits << 8 | static_cast<unsigned char>(rest_[i]);
    value = size == 4 ? static_cast<int64_t>(static_cast<int32_t>(static_cast<uint32_t>(bits)))
                      : static_cast<int64_t>(bits);
    return Skip(size);
  }
  bool Byte(uint8_t& value) {
    if (rest_.empty()) return false;
    value = static_cast<uint8_t>(rest_.front());
    return Skip(1);
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

struct Header {
  uint8_t version = 0;
  int64_t counts[6] = {};  // isutc, isstd, leap, time, type, char
};

bool ReadHeader(Bytes& bytes, Header& header) {
  if (bytes.rest().substr(0, 4) != "TZif" || !bytes.Skip(4) || !bytes.Byte(header.version) ||
      !bytes.Skip(15)) {
    return false;
  }
  for (int64_t& count : header.counts) {
    if (!bytes.Number(4, count) || count < 0 || count > static_cast<int64_t>(kZoneFileSizeBytes)) {
      return false;
    }
  }
  return true;
}

bool ReadBlock(Bytes& bytes, const Header& header, size_t time_size, Zone& zone) {
  const auto [utc, standard, leap, times, types, chars] = header.counts;
  zone = Zone();
  for (int64_t i = 0; i < times; ++i) {
    int64_t at = 0;
    if (!bytes.Number(time_size, at)) return false;
    zone.changes.push_back(at);
  }
  for (int64_t i = 0; i < times; ++i) {
    uint8_t type = 0;
    if (!bytes.Byte(type) || type >= types) return false;
    zone.change_types.push_back(type);
  }
  for (int64_t i = 0; i < types; ++i) {
    int64_t offset = 0;
    uint8_t daylight = 0;
    if (!bytes.Number(4, offset) || !bytes.Byte(daylight) || !bytes.Skip(1)) return false;
    zone.types.push_back({static_cast<int32_t>(offset), daylight != 0});
  }
  const int64_t rest = chars + leap * static_cast<int64_t>(time_size + 4) + standard + utc;
  return bytes.Skip(static_cast<size_t>(rest)) && !zone.types.empty() &&
         std::is_sorted(zone.changes.begin(), zone.changes.end());
}

// Reads the POSIX TZ notation.
class TailReader {
 public:
  explicit TailReader(std::string_view text) : rest_(text) {}

  TailRule Read() {
    TailRule rule;
    if (!Name() || !Offset(rule.standard)) return rule;
    rule.standard = -rule.standard;
    if (rest_.empty()) {
      rule.valid = true;
      return rule;
    }
    if (!Name()) return rule;
    rule.has_daylight = true;
    rule.daylight = rule.standard + 3600;
    if (!rest_.empty() && rest_.front() != ',') {
      if (!Offset(rule.daylight)) return rule;
      rule.daylight = -rule.daylight;
    }
    rule.valid = Change(rule.start) && Change(rule.end) && rest_.empty();
    return rule;
  }

 private:
  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Name() {
    size_t size = 0;
    if (Take('<')) {
      size = rest_.find('>');
      if (size == std::string_view::npos) return false;
      rest_.remove_prefix(size + 1);
      return true;
    }
    while (size < rest_.size() && ((rest_[size] >= 'a' && rest_[size] <= 'z') ||
                                   (rest_[size] >= 'A' && rest_[size] <= 'Z'))) {
      ++size;
    }
    rest_.remove_prefix(size);
    return size >= 3;
  }
  bool Number(int64_t most, int64_t& value) {
    size_t size = 0;
    value = 0;
    while (size < rest_.size() && size < 4 && rest_[size] >= '0' && rest_[size] <= '9') {
      value = value * 10 + (rest_[size++] - '0');
    }
    rest_.remove_prefix(size);
    return size > 0 && value <= most;
  }
  // [+-]h[h[h]][:mm[:ss]]
  bool Offset(int64_t& seconds) {
    const bool negative = Take('-');
    if (!negative) Take('+');
    int64_t hours = 0;
    int64_t minutes = 0;
    int64_t rest = 0;
    if (!Number(24 * 7, hours)) return false;
    if (Take(':')) {
      if (!Number(59, minutes)) return false;
      if (Take(':') && !Number(59, rest)) return false;
    }
    seconds = (hours * 60 + minutes) * 60 + rest;
    if (negative) seconds = -seconds;
    return true;
  }
  bool Change(YearlyChange& change) {
    if (!Take(',')) return false;
    int64_t number = 0;
    if (Take('M')) {
      int64_t week = 0;
      int64_t day = 0;
      if (!Number(12, number) || number < 1 || !Take('.') || !Number(5, week) || week < 1 ||
          !Take('.') || !Number(6, day)) {
        return false;
      }
      change.form = YearlyChange::Form::kMonthWeekDay;
      change.month = static_cast<int>(number);
      change.week = static_cast<int>(week);
      change.day = static_cast<int>(day);
    } else {
      const bool julian = Take('J');
      if (!Number(365, number) || (julian && number < 1)) return false;
      change.form = julian ? YearlyChange::Form::kJulian : YearlyChange::Form::kDayOfYear;
      change.day = static_cast<int>(number);
    }
    return !Take('/') || Offset(change.time);
  }

  std::string_view rest_;
};

bool IsLeapYear(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Local seconds since the start of `year` at which the change happens.
int64_t ChangeInYear(const YearlyChange& change, int64_t year) {
  const int64_t first = DaysFromCivil(year, 1, 1);
  int64_t day = 0;
  switch (change.form) {
    case YearlyChange::Form::kJulian:  // 29 February is never counted
      day = change.day - 1;
      if (IsLeapYear(year) && change.day >= 60) ++day;
      break;
    case YearlyChange::Form::kDayOfYear:
      day = change.day;
      break;
    case YearlyChange::Form::kMonthWeekDay: {
      const int64_t month_start = DaysFromCivil(year, change.month, 1);
      const int64_t month_end = change.month == 12 ? DaysFromCivil(year + 1, 1, 1)
                                                   : DaysFromCivil(year, change.month + 1, 1);
      const int64_t week_day = ((month_start + 4) % 7 + 7) % 7;
      int64_t candidate = month_start + (change.day - week_day + 7) % 7;
      for (int week = 1; week < change.week && candidate + 7 < month_end; ++week) candidate += 7;
      day = candidate - first;
      break;
    }
  }
  return day * 86'400 + change.time;
}

int64_t TailOffset(const TailRule& rule, int64_t seconds) {
  if (!rule.has_daylight) return rule.standard;
  const int64_t year = ToCivil(seconds, rule.standard).year;
  const int64_t in_year = seconds - DaysFromCivil(year, 1, 1) * 86'400;
  const int64_t start = ChangeInYear(rule.start, year) - rule.standard;
  const int64_t end = ChangeInYear(rule.end, year) - rule.daylight;
  const bool daylight =
      start < end ? in_year >= start && in_year < end : !(in_year >= end && in_year < start);
  return daylight ? rule.daylight : rule.standard;
}

bool ParseZone(std::string_view file, Zone& zone) {
  Bytes bytes(file);
  Header header;
  if (!ReadHeader(bytes, header) || !ReadBlock(bytes, header, 4, zone)) return false;
  if (header.version == 0) return true;
  // From version 2 on, the same again with 64-bit times, then the rule for the future.
  if (!ReadHeader(bytes, header) || !ReadBlock(bytes, header, 8, zone)) return false;
  std::string_view tail = bytes.rest();
  if (tail.size() >= 2 && tail.front() == '\n') {
    tail.remove_prefix(1);
    tail = tail.substr(0, tail.find('\n'));
    if (!tail.empty()) zone.tail = TailReader(tail).Read();
  }
  return true;
}

int64_t OffsetAt(const Zone& zone, int64_t seconds) {
  const auto next = std::upper_bound(zone.changes.begin(), zone.changes.end(), seconds);
  if (next == zone.changes.end() && zone.tail.valid) return TailOffset(zone.tail, seconds);
  if (next == zone.changes.begin()) {
    for (const LocalType& type : zone.types) {
      if (!type.daylight) return type.offset;
    }
    return zone.types.front().offset;
  }
  const auto index = static_cast<size_t>(next - zone.changes.begin()) - 1;
  return zone.types[zone.change_types[index]].offset;
}

bool IsSafeName(std::string_view name) {
  if (name.size() > kZoneNameSizeBytes || name.front() == '/' || name.front() == '\\') return false;
  return name.find("..") == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

std::shared_ptr<const Zone> LoadZone(const std::string& name) {
  for (const char* folder : kZoneFolders) {
    std::ifstream stream(folder + name, std::ios::binary);
    if (!stream) continue;
    std::string file(kZoneFileSizeBytes + 1, '\0');
    stream.read(file.data(), static_cast<std::streamsize>(file.size()));
    file.resize(static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
    auto zone = std::make_shared<Zone>();
    if (file.size() <= kZoneFileSizeBytes && ParseZone(file, *zone)) return zone;
  }
  return nullptr;
}

// Null for a zone that does not exist, which is remembered too.
std::shared_ptr<const Zone> FindZone(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const Zone>> zones;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto known = zones.find(name);
  if (known != zones.end()) return known->second;
  if (zones.size() >= kCachedZoneCount) zones.clear();
  return zones.emplace(name, LoadZone(name)).first->second;
}

std::optional<int64_t> FixedOffset(std::string_view zone, size_t colon, std::string& error) {
  const auto hours = ParseInt(zone.substr(0, colon));
  const auto minutes = ParseInt(zone.substr(colon + 1));
  // Far more than any zone, and far from overflow.
  constexpr int64_t kHoursMax = 100'000;
  if (!hours || !minutes || *hours > kHoursMax || *hours < -kHoursMax || *minutes > kHoursMax ||
      *minutes < -kHoursMax) {
    error = fmt::format("invalid time zone offset \"{}\"", zone);
    return std::nullopt;
  }
  const int64_t total = *hours * 60 + (zone.front() == '-' ? -*minutes : *minutes);
  return total * 60;
}

}  // namespace

std::optional<int64_t> ZoneOffset(std::string_view zone, int64_t seconds, std::string& error) {
  const size_t colon = zone.find(':');
  if (colon != std::string_view::npos) return FixedOffset(zone, colon, error);
  if (zone.empty() || zone == "UTC" || zone == "Local") return 0;
  if (!IsSafeName(zone)) {
    error = "time: invalid location name";
    return std::nullopt;
  }
  const auto found = FindZone(std::string(zone));
  if (found == nullptr) {
    error = fmt::format("unknown time zone {}", zone);
    return std::nullopt;
  }
  return OffsetAt(*found, seconds);
}

std::optional<int64_t> ZoneOffsetOfFile(std::string_view file, int64_t seconds) {
  Zone zone;
  if (!ParseZone(file, zone)) return std::nullopt;
  return OffsetAt(zone, seconds);
}

}  // namespace ouro::rules::functions
