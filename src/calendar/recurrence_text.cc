// Recurrence rules and iCalendar fragments from text (RFC 5545 §3.1, §3.3.10, §3.8.5).
//
// The text is cut into properties first. A word begins a property when it stands at the beginning
// of a line or looks like one ("RDATE:", "DTSTART;TZID="); any other word continues the property
// before it. So folded lines, indented lines and several properties in one line are all read as
// meant.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "calendar/recurrence.h"

namespace ouro::calendar {
namespace {

constexpr std::string_view kDayNames[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
constexpr std::string_view kFrequencyNames[] = {"YEARLY", "MONTHLY",  "WEEKLY",  "DAILY",
                                                "HOURLY", "MINUTELY", "SECONDLY"};
constexpr std::array<std::string_view, 5> kProperties = {"DTSTART", "RRULE", "RDATE", "EXDATE",
                                                         "EXRULE"};
constexpr int64_t kIntervalMax = 1'000'000'000'000;
constexpr int kWeekdayOrdinalMax = 53;

struct ListPart {
  std::string_view name;
  std::vector<int> RecurrenceRule::* list;
  int min;
  int max;
  bool zero_allowed;
};
constexpr ListPart kListParts[] = {
    {"BYMONTH", &RecurrenceRule::by_month, 1, 12, false},
    {"BYWEEKNO", &RecurrenceRule::by_week_number, -53, 53, false},
    {"BYYEARDAY", &RecurrenceRule::by_year_day, -366, 366, false},
    {"BYMONTHDAY", &RecurrenceRule::by_month_day, -31, 31, false},
    {"BYHOUR", &RecurrenceRule::by_hour, 0, 23, true},
    {"BYMINUTE", &RecurrenceRule::by_minute, 0, 59, true},
    {"BYSECOND", &RecurrenceRule::by_second, 0, 60, true},
    {"BYEASTER", &RecurrenceRule::by_easter, -366, 366, true},
    {"BYSETPOS", &RecurrenceRule::by_set_position, -366, 366, false},
};

std::string UpperAscii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string Shown(std::string_view text) {
  return Printable(text.substr(0, 60));
}

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

// A whole number with an optional sign of either kind.
std::optional<int64_t> ReadNumber(std::string_view text) {
  if (StartsWith(text, "+")) {
    text.remove_prefix(1);
    if (StartsWith(text, "-")) return std::nullopt;
  }
  return ParseInt64(text);
}

template <typename T>
void SortUnique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::optional<int> WeekdayOfName(std::string_view name) {
  for (int i = 0; i < 7; ++i) {
    if (name == kDayNames[i]) return i;
  }
  return std::nullopt;
}

Status CheckSize(std::string_view part, size_t size) {
  if (static_cast<int64_t>(size) <= limits::kRecurrenceValueCount) return {};
  return Fail(ErrorCode::kLimit,
              fmt::format("{} has more than {} values", part, limits::kRecurrenceValueCount));
}

Status ReadListPart(const ListPart& part, std::string_view value, RecurrenceRule& rule) {
  std::vector<int>& list = rule.*part.list;
  const std::vector<std::string_view> words = SplitText(value, ',');
  OURO_TRY_STATUS(CheckSize(part.name, words.size()));
  for (const std::string_view word : words) {
    const std::optional<int64_t> number = ReadNumber(word);
    if (!number || *number < part.min || *number > part.max ||
        (*number == 0 && !part.zero_allowed)) {
      return Fail(ErrorCode::kParse,
                  fmt::format("{}={}: \"{}\" is not a whole number from {} to {}{}", part.name,
                              Shown(value), Shown(word), part.min, part.max,
                              part.zero_allowed || part.min > 0 ? "" : " without 0"));
    }
    list.push_back(static_cast<int>(*number));
  }
  if (part.list == &RecurrenceRule::by_second && list.back() == 60) list.back() = 59;
  SortUnique(list);
  return {};
}

// "TU", "+1TU", "-2TU", "TU(+1)".
std::optional<WeekdayNumber> ReadWeekdayNumber(std::string_view word) {
  std::string_view name = word;
  std::string_view number;
  if (const size_t open = word.find('('); open != std::string_view::npos) {
    if (!EndsWith(word, ")")) return std::nullopt;
    name = word.substr(0, open);
    number = word.substr(open + 1, word.size() - open - 2);
    if (number.empty()) return std::nullopt;
  } else if (word.size() > 2) {
    name = word.substr(word.size() - 2);
    number = word.substr(0, word.size() - 2);
  }
  const std::optional<int> weekday = WeekdayOfName(name);
  if (!weekday) return std::nullopt;
  if (number.empty()) return WeekdayNumber{*weekday, 0};
  const std::optional<int64_t> ordinal = ReadNumber(number);
  if (!ordinal || *ordinal == 0 || *ordinal < -kWeekdayOrdinalMax ||
      *ordinal > kWeekdayOrdinalMax) {
    return std::nullopt;
  }
  return WeekdayNumber{*weekday, static_cast<int>(*ordinal)};
}

Status ReadByDay(std::string_view value, RecurrenceRule& rule) {
  const std::vector<std::string_view> words = SplitText(value, ',');
  OURO_TRY_STATUS(CheckSize("BYDAY", words.size()));
  for (const std::string_view word : words) {
    const std::optional<WeekdayNumber> day = ReadWeekdayNumber(word);
    if (!day) {
      return Fail(
          ErrorCode::kParse,
          fmt::format("BYDAY={}: \"{}\" is no day; write MO, TU, WE, TH, FR, SA or SU, with "
                      "a number before it for the first (1MO) or last (-1MO)",
                      Shown(value), Shown(word)));
    }
    rule.by_day.push_back(*day);
  }
  SortUnique(rule.by_day);
  return {};
}

Status ReadUntil(std::string_view value, RecurrenceRule& rule) {
  const bool utc = EndsWith(value, "Z");
  const std::optional<LocalTime> time =
      ParseLocalTime(utc ? value.substr(0, value.size() - 1) : value);
  if (!time) {
    return Fail(ErrorCode::kParse, fmt::format("UNTIL={} is no date or time; write 20261231T235959 "
                                               "(local time) or 20261231T235959Z",
                                               Shown(value)));
  }
  if (utc) {
    rule.until_utc = time->seconds;
  } else {
    rule.until = *time;
  }
  return {};
}

Status ReadFrequency(std::string_view value, RecurrenceRule& rule) {
  for (size_t i = 0; i < std::size(kFrequencyNames); ++i) {
    if (value != kFrequencyNames[i]) continue;
    rule.frequency = static_cast<Frequency>(i);
    return {};
  }
  return Fail(ErrorCode::kParse,
              fmt::format("FREQ={} is none of YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, "
                          "SECONDLY",
                          Shown(value)));
}

Status ReadInterval(std::string_view value, RecurrenceRule& rule) {
  const std::optional<int64_t> number = ReadNumber(value);
  if (!number || *number < 1 || *number > kIntervalMax) {
    return Fail(ErrorCode::kParse, fmt::format("INTERVAL={} is not a whole number from 1 to {}",
                                               Shown(value), kIntervalMax));
  }
  rule.interval = *number;
  return {};
}

Status ReadCount(std::string_view value, RecurrenceRule& rule) {
  const std::optional<int64_t> number = ReadNumber(value);
  if (!number || *number < 0) {
    return Fail(ErrorCode::kParse,
                fmt::format("COUNT={} is not a whole number from 0", Shown(value)));
  }
  rule.count = number;
  return {};
}

Status ReadWeekStart(std::string_view value, RecurrenceRule& rule) {
  const std::optional<int> day = WeekdayOfName(value);
  if (!day) return Fail(ErrorCode::kParse, fmt::format("WKST={} is no day", Shown(value)));
  rule.week_start = *day;
  return {};
}

// `name` and `value` in upper case.
Status ReadPart(std::string_view name, std::string_view value, RecurrenceRule& rule) {
  if (name == "FREQ") return ReadFrequency(value, rule);
  if (name == "INTERVAL") return ReadInterval(value, rule);
  if (name == "COUNT") return ReadCount(value, rule);
  if (name == "UNTIL") return ReadUntil(value, rule);
  if (name == "WKST") return ReadWeekStart(value, rule);
  if (name == "BYDAY") return ReadByDay(value, rule);
  for (const ListPart& part : kListParts) {
    if (part.name == name) return ReadListPart(part, value, rule);
  }
  std::vector<std::string_view> known = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"};
  for (const ListPart& part : kListParts) known.push_back(part.name);
  const std::string_view near = NearestWord(name, known);
  return Fail(ErrorCode::kParse,
              fmt::format("unknown part \"{}\"{}", Shown(name),
                          near.empty() ? std::string() : fmt::format("; did you mean {}?", near)));
}

// One property: name, parameters as written, value.
struct Property {
  std::string name;  // upper case
  std::vector<std::pair<std::string, std::string>>
      parameters;  // name in upper case, value as written
  std::string value;
};

// A time as a property gives it.
struct ZonedTime {
  LocalTime time;
  std::string zone;  // empty: none was said
};

bool BeginsProperty(std::string_view word) {
  const size_t end = word.find_first_of(":;");
  if (end == std::string_view::npos) return false;
  const std::string name = UpperAscii(word.substr(0, end));
  return std::find(kProperties.begin(), kProperties.end(), name) != kProperties.end();
}

// The properties as text without blanks, in order.
std::vector<std::string> CutProperties(std::string_view text) {
  std::vector<std::string> lines;
  size_t i = 0;
  while (i < text.size()) {
    if (IsBlank(text[i])) {
      ++i;
      continue;
    }
    const bool line_start = i == 0 || text[i - 1] == '\n' || text[i - 1] == '\r';
    const size_t begin = i;
    while (i < text.size() && !IsBlank(text[i])) ++i;
    const std::string_view word = text.substr(begin, i - begin);
    if (lines.empty() || line_start || BeginsProperty(word)) {
      lines.emplace_back(word);
    } else {
      lines.back() += word;
    }
  }
  return lines;
}

Result<Property> ReadProperty(std::string_view line) {
  Property property;
  bool quoted = false;
  size_t begin = 0;
  std::vector<std::string_view> head;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (quoted || (line[i] != ';' && line[i] != ':')) continue;
    head.push_back(line.substr(begin, i - begin));
    begin = i + 1;
    if (line[i] == ':') break;
  }
  if (head.empty() || line[begin - 1] != ':') {
    return Fail(ErrorCode::kParse,
                fmt::format("\"{}\" is no property: a colon is missing", Shown(line)));
  }
  property.name = UpperAscii(head.front());
  property.value = line.substr(begin);
  for (size_t i = 1; i < head.size(); ++i) {
    const size_t equals = head[i].find('=');
    if (equals == std::string_view::npos) {
      return Fail(ErrorCode::kParse,
                  fmt::format("{}: \"{}\" is no parameter", Shown(property.name), Shown(head[i])));
    }
    std::string_view value = head[i].substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    property.parameters.emplace_back(UpperAscii(head[i].substr(0, equals)), value);
  }
  return property;
}

// The times of DTSTART, RDATE or EXDATE.
Result<std::vector<ZonedTime>> ReadTimes(const Property& property) {
  std::string zone;
  for (const auto& [name, value] : property.parameters) {
    if (name == "TZID") {
      zone = value;
    } else if (name != "VALUE" ||
               (UpperAscii(value) != "DATE" && UpperAscii(value) != "DATE-TIME")) {
      return Fail(
          ErrorCode::kUnsupported,
          fmt::format("{}: {}={} is not supported; TZID, VALUE=DATE and VALUE=DATE-TIME are",
                      property.name, Shown(name), Shown(value)));
    }
  }
  const std::vector<std::string_view> words = SplitText(property.value, ',');
  OURO_TRY_STATUS(CheckSize(property.name, words.size()));
  std::vector<ZonedTime> times;
  for (const std::string_view word : words) {
    const bool utc = EndsWith(word, "Z") || EndsWith(word, "z");
    const std::optional<LocalTime> time =
        ParseLocalTime(utc ? word.substr(0, word.size() - 1) : word);
    if (!time) {
      return Fail(ErrorCode::kParse, fmt::format("{}: \"{}\" is no date or time; write "
                                                 "20261231T235959",
                                                 property.name, Shown(word)));
    }
    times.push_back({*time, utc ? "UTC" : zone});
  }
  return times;
}

// Collects the properties of a fragment and puts them together at the end: DTSTART, which gives the
// zone, may come last.
class SetReader {
 public:
  Status Take(const Property& property) {
    if (property.name == "RRULE") return TakeRule(property, set_.rules);
    if (property.name == "EXRULE") return TakeRule(property, set_.excluded_rules);
    if (property.name == "DTSTART") return TakeStart(property);
    if (property.name == "RDATE") return TakeDates(property, dates_);
    if (property.name == "EXDATE") return TakeDates(property, excluded_dates_);
    return Fail(ErrorCode::kUnsupported,
                fmt::format("property \"{}\" is not supported; DTSTART, RRULE, RDATE, EXDATE and "
                            "EXRULE are",
                            Shown(property.name)));
  }

  Result<RecurrenceSet> Finish(std::optional<LocalTime> default_start, std::string_view zone) && {
    if (!start_ && !default_start) {
      return Fail(ErrorCode::kInvalid, "DTSTART is missing: from when on does the rule hold?");
    }
    set_.start = start_ ? start_->time : *default_start;
    const std::string said = start_ ? start_->zone : std::string();
    if (!said.empty() && !zone.empty() && said != zone) {
      return Fail(ErrorCode::kInvalid, fmt::format("DTSTART is in zone {}, but the zone is {}",
                                                   Shown(said), Shown(zone)));
    }
    set_.zone = zone.empty() ? said : std::string(zone);
    OURO_TRY_STATUS(Localise(dates_, "RDATE", set_.dates));
    OURO_TRY_STATUS(Localise(excluded_dates_, "EXDATE", set_.excluded_dates));
    return std::move(set_);
  }

 private:
  Status TakeRule(const Property& property, std::vector<RecurrenceRule>& rules) {
    if (!property.parameters.empty()) {
      return Fail(ErrorCode::kUnsupported, fmt::format("{} takes no parameters", property.name));
    }
    if (static_cast<int64_t>(rules.size()) >= limits::kRecurrenceRuleCount) {
      return Fail(ErrorCode::kLimit,
                  fmt::format("more than {} rules", limits::kRecurrenceRuleCount));
    }
    Result<RecurrenceRule> rule = ParseRecurrenceRule(property.value);
    if (!rule) return tl::unexpected<Error>(WithContext(std::move(rule).error(), property.name));
    rules.push_back(*std::move(rule));
    return {};
  }

  Status TakeStart(const Property& property) {
    if (start_) return Fail(ErrorCode::kParse, "DTSTART is given twice");
    OURO_TRY(std::vector<ZonedTime> times, ReadTimes(property));
    if (times.size() != 1) return Fail(ErrorCode::kParse, "DTSTART is one time");
    start_ = std::move(times.front());
    return {};
  }

  static Status TakeDates(const Property& property, std::vector<ZonedTime>& dates) {
    OURO_TRY(const std::vector<ZonedTime> times, ReadTimes(property));
    dates.insert(dates.end(), times.begin(), times.end());
    return CheckSize(property.name, dates.size());
  }

  // Times in other zones than that of the set are brought into it.
  Status Localise(const std::vector<ZonedTime>& from, std::string_view property,
                  std::vector<LocalTime>& to) const {
    for (const ZonedTime& time : from) {
      if (time.zone.empty() || time.zone == set_.zone) {
        to.push_back(time.time);
        continue;
      }
      if (set_.zone.empty()) {
        return Fail(
            ErrorCode::kInvalid,
            fmt::format("{} is in zone {}, but DTSTART has no zone: write both in local time",
                        property, Shown(time.zone)));
      }
      OURO_TRY(const TimeZone theirs, TimeZone::Find(time.zone));
      OURO_TRY(const TimeZone ours, TimeZone::Find(set_.zone));
      to.push_back(ours.ToLocal(theirs.ToInstant(time.time).instant));
    }
    SortUnique(to);
    return {};
  }

  RecurrenceSet set_;
  std::optional<ZonedTime> start_;
  std::vector<ZonedTime> dates_;
  std::vector<ZonedTime> excluded_dates_;
};

Status CheckText(std::string_view text) {
  if (static_cast<int64_t>(text.size()) > limits::kRecurrenceTextSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("a recurrence has at most {} bytes", limits::kRecurrenceTextSizeBytes));
  }
  if (TrimSpace(text).empty()) return Fail(ErrorCode::kParse, "the recurrence is empty");
  return {};
}

}  // namespace

Result<RecurrenceRule> ParseRecurrenceRule(std::string_view text) {
  OURO_TRY_STATUS(CheckText(text));
  std::string upper = UpperAscii(text);
  upper.erase(std::remove_if(upper.begin(), upper.end(), IsBlank), upper.end());
  std::string_view rest = upper;
  if (StartsWith(rest, "RRULE:")) rest.remove_prefix(6);
  if (EndsWith(rest, ";")) rest.remove_suffix(1);
  RecurrenceRule rule;
  std::vector<std::string_view> seen;
  for (const std::string_view pair : SplitText(rest, ';')) {
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      return Fail(ErrorCode::kParse,
                  fmt::format("\"{}\" is no part of a rule; write NAME=VALUE", Shown(pair)));
    }
    std::string_view name = pair.substr(0, equals);
    if (name == "BYWEEKDAY") name = "BYDAY";
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      return Fail(ErrorCode::kParse, fmt::format("{} is given twice", Shown(name)));
    }
    OURO_TRY_STATUS(ReadPart(name, pair.substr(equals + 1), rule));
    seen.push_back(name);
  }
  if (std::find(seen.begin(), seen.end(), "FREQ") == seen.end()) {
    return Fail(ErrorCode::kParse, "FREQ is missing: how often does the rule repeat?");
  }
  return rule;
}

Result<RecurrenceSet> ParseRecurrenceSet(std::string_view text,
                                         std::optional<LocalTime> default_start,
                                         std::string_view zone) {
  OURO_TRY_STATUS(CheckText(text));
  SetReader reader;
  std::vector<std::string> lines = CutProperties(text);
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string& line = lines[i];
    // A bare rule; the values of a rule have no colon.
    if (i == 0 && line.find(':') == std::string::npos) line.insert(0, "RRULE:");
    OURO_TRY(const Property property, ReadProperty(line));
    OURO_TRY_STATUS(reader.Take(property));
  }
  return std::move(reader).Finish(default_start, zone);
}

}  // namespace ouro::calendar
