#include "calendar/window_batch.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "calendar/recurrence.h"
#include "io/tree.h"

namespace ouro::calendar {
namespace {

struct Request {
  RecurrenceSet set;
  std::optional<TimeZone> zone;       // answers are instants of this zone
  std::optional<TimeZone> rule_zone;  // for UNTIL with Z: `zone`, or the TZID of DTSTART
  std::optional<LocalTime> until;
  std::optional<UnixSeconds> until_instant;
  std::optional<int64_t> count;
};

Result<std::string> TextOf(const io::NodeView& request, std::string_view key) {
  const io::NodeView value = request.Get(key);
  if (!value) return std::string();
  if (!value.IsString() || TrimSpace(value.Text()).empty()) {
    return Fail(ErrorCode::kInvalid, fmt::format("\"{}\" must be a text that is not empty", key));
  }
  return std::string(value.Text());
}

// "dtstart" of the request: local, or with Z and then in UTC.
Status ReadStart(std::string_view text, std::string& zone, std::optional<LocalTime>& start) {
  if (text.empty()) return {};
  const bool utc = EndsWith(text, "Z") || EndsWith(text, "z");
  if (utc && !zone.empty() && zone != "UTC") {
    return Fail(ErrorCode::kInvalid,
                fmt::format("\"dtstart\" ends with Z, but \"zone\" is {}", Printable(zone)));
  }
  start = ParseLocalTime(utc ? text.substr(0, text.size() - 1) : text);
  if (!start) {
    return Fail(ErrorCode::kParse, fmt::format("\"dtstart\": \"{}\" is no local time; write "
                                               "1997-09-02T09:00:00",
                                               Printable(text.substr(0, 60))));
  }
  if (utc) zone = "UTC";
  return {};
}

Status ReadEnd(const io::NodeView& root, Request& request) {
  OURO_TRY(const std::string until, TextOf(root, "until"));
  if (!until.empty()) {
    request.until = ParseLocalTime(until);
    if (!request.until) request.until_instant = ParseRfc3339(until);
    if (!request.until && !request.until_instant) {
      return Fail(ErrorCode::kParse,
                  fmt::format("\"until\": \"{}\" is no time", Printable(until.substr(0, 60))));
    }
    if (request.until_instant && !request.rule_zone) {
      return Fail(ErrorCode::kInvalid, "\"until\" is an instant: say the zone in \"zone\"");
    }
  }
  const io::NodeView count = root.Get("count");
  if (!count) return {};
  const bool whole = count.type() == io::NodeType::kInt;
  request.count = whole ? count.tree().node(count.index()).integer : -1;
  if (*request.count < 0) {
    return Fail(ErrorCode::kInvalid, "\"count\" must be a whole number from 0");
  }
  return {};
}

Result<Request> ReadRequest(const io::NodeView& root) {
  OURO_TRY(const std::string rule, TextOf(root, "rrule"));
  OURO_TRY(const std::string ical, TextOf(root, "ical"));
  OURO_TRY(const std::string start_text, TextOf(root, "dtstart"));
  OURO_TRY(const std::string zone, TextOf(root, "zone"));
  if (rule.empty() == ical.empty()) {
    return Fail(ErrorCode::kInvalid, "exactly one of \"rrule\" and \"ical\" is needed");
  }
  Request request;
  std::string start_zone = zone;
  std::optional<LocalTime> start;
  OURO_TRY_STATUS(ReadStart(start_text, start_zone, start));
  OURO_TRY(request.set, ParseRecurrenceSet(rule.empty() ? ical : rule, start, start_zone));
  if (!request.set.zone.empty()) {
    OURO_TRY(request.rule_zone, TimeZone::Find(request.set.zone));
  }
  if (!zone.empty()) request.zone = request.rule_zone;
  OURO_TRY_STATUS(ReadEnd(root, request));
  return request;
}

Result<std::vector<LocalTime>> Expand(const Request& request) {
  if (!request.count && !request.until && !request.until_instant && IsEndless(request.set)) {
    return Fail(
        ErrorCode::kInvalid,
        "the recurrence has no end: say \"count\" or \"until\", or put COUNT or UNTIL into it");
  }
  ExpandOptions options;
  if (request.rule_zone) options.zone = &*request.rule_zone;
  if (request.until) options.to = *request.until;
  if (request.until_instant) {
    options.to = {request.rule_zone->ToLocal(*request.until_instant).seconds + 2 * kSecondsOfDay};
  }
  OURO_TRY(RecurrenceExpansion expansion, RecurrenceExpansion::Create(request.set, options));
  std::vector<LocalTime> times;
  while (!request.count || static_cast<int64_t>(times.size()) < *request.count) {
    OURO_TRY(const std::optional<LocalTime> time, expansion.Next());
    if (!time) break;
    if (request.until_instant &&
        request.rule_zone->ToInstant(*time).instant > *request.until_instant) {
      continue;
    }
    if (static_cast<int64_t>(times.size()) >= limits::kOccurrenceCount) {
      return Fail(ErrorCode::kLimit,
                  fmt::format("more than {} occurrences; ask for fewer with \"count\" or \"until\"",
                              limits::kOccurrenceCount));
    }
    times.push_back(*time);
  }
  return times;
}

void AppendTimes(std::string& out, const std::vector<std::string>& times) {
  out += "{\"occurrences\":[";
  for (size_t i = 0; i < times.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(out, times[i]);
  }
  out += "]}";
}

Result<std::string> Answer(std::string_view line) {
  io::Tree tree;
  io::KeyTable keys;
  OURO_TRY_STATUS(io::ReadJson(std::string(line), {}, keys, tree));
  for (const io::ReadProblem& problem : tree.problems()) {
    if (!problem.warning) return tl::unexpected<Error>(problem.error);
  }
  if (tree.roots().size() != 1) return Fail(ErrorCode::kInvalid, "a line holds one JSON object");
  const io::NodeView root(tree, keys, tree.roots()[0].node);
  if (!root.IsMap()) return Fail(ErrorCode::kInvalid, "a line holds one JSON object");
  OURO_TRY(const Request request, ReadRequest(root));
  OURO_TRY(const std::vector<LocalTime> times, Expand(request));
  std::vector<std::string> shown;
  if (!request.zone) {
    for (const LocalTime time : times) shown.push_back(FormatLocalTime(time));
  } else {
    // A time shifted over a gap may overtake the next one, or meet it.
    std::vector<UnixSeconds> instants;
    for (const LocalTime time : times) instants.push_back(request.zone->ToInstant(time).instant);
    std::sort(instants.begin(), instants.end());
    instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
    for (const UnixSeconds instant : instants)
      shown.push_back(request.zone->FormatInstant(instant));
  }
  std::string out;
  AppendTimes(out, shown);
  return out;
}

}  // namespace

std::string WindowBatchLine(std::string_view line) {
  const Result<std::string> answer = Answer(line);
  if (answer) return *answer;
  std::string out = "{\"error\":";
  AppendJsonString(out, answer.error().ToString());
  out.push_back('}');
  return out;
}

}  // namespace ouro::calendar
