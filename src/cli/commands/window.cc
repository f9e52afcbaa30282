#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "calendar/duration.h"
#include "calendar/window.h"
#include "calendar/window_batch.h"
#include "cli/batch.h"
#include "cli/commands/commands.h"
#include "cli/commands/text_table.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/config.h"
#include "gate/window_rule.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kFormats = {"table", "json"};
constexpr std::array<std::string_view, 2> kKinds = {"blackout", "maintenance"};
constexpr int64_t kCountDefault = 5;
constexpr int64_t kCountMax = 1'000;

constexpr std::array kBatchOptions = {
    Option{"--batch", 0, "",
           "read requests from standard input, one JSON object a line: {\"rrule\", \"dtstart\", "
           "\"zone\", \"until\" or \"count\"}"},
};
constexpr std::array kBatchExamples = {
    Example{"ouro window --batch < requests.ndjson", "expand many recurrences in one process"},
};

constexpr std::array kNextOptions = {
    Option{"--rrule", 0, "RULE",
           "recurrence of RFC 5545 (FREQ=WEEKLY;BYDAY=FR), or lines of RRULE, RDATE, EXDATE; "
           "without it the window is there once"},
    Option{"--start", 0, "TIME", "first start as a local time: 2026-12-24T18:00"},
    Option{"--duration", 0, "LENGTH", "how long it lasts: 4h, 90m, 1d12h"},
    Option{"--zone", 0, "ZONE", "IANA time zone of the start: Europe/Berlin; default: UTC"},
    Option{"--kind", 0, "KIND", "blackout or maintenance; default: blackout", kKinds},
    Option{"--from", 0, "TIME", "look from this instant on (RFC 3339); default: now"},
    Option{"--count", 0, "COUNT", "how many occurrences to show, at most 1000; default: 5"},
    Option{"--format", 'f', "FORMAT", "form of the list", kFormats},
};
constexpr std::array kNextExamples = {
    Example{"ouro window next", "when do the windows of ouro.yaml come?"},
    Example{
        "ouro window next --rrule 'FREQ=WEEKLY;BYDAY=FR' --start 2026-01-02T18:00 --duration 62h "
        "--zone Europe/Berlin",
        "when are the next weekends of no deliveries?"},
    Example{"ouro window next --rrule 'FREQ=DAILY' --start 2026-01-01T02:30 --duration 1h --zone "
            "America/New_York --from 2026-03-07T00:00:00Z --count 3",
            "what becomes of 02:30 when the clocks are put forward?"},
};

struct NextRequest {
  std::vector<calendar::Window> windows;
  bool configured = false;  // of the configuration: they may concern different deliveries
  UnixSeconds from = 0;
  int64_t count = kCountDefault;
};

UnixSeconds Now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

// The option that stands for a field of the window.
std::string_view OptionOfField(std::string_view field) {
  if (field == "recurrence") return "--rrule";
  if (field == "start") return "--start";
  if (field == "duration") return "--duration";
  return field == "zone" ? "--zone" : "--kind";
}

Result<calendar::Window> WindowOfOptions(const Arguments& arguments) {
  const std::string kind = arguments.Has("--kind") ? arguments.Value("--kind") : "blackout";
  const std::string zone = arguments.Value("--zone");
  const std::string start = arguments.Value("--start");
  const std::string rule = arguments.Value("--rrule");
  const std::string duration = arguments.Value("--duration");
  if (duration.empty()) {
    return Fail(ErrorCode::kInvalid, "say how long the window lasts: --duration 4h");
  }
  Result<calendar::Window> window = calendar::MakeWindow({.name = "window",
                                                          .kind = kind,
                                                          .zone = zone,
                                                          .start = start,
                                                          .recurrence = rule,
                                                          .duration = duration});
  if (window) return window;
  Error error = std::move(window).error();
  error.where = OptionOfField(error.where);
  return tl::unexpected<Error>(std::move(error));
}

Result<NextRequest> ReadNextRequest(const Arguments& arguments) {
  NextRequest request;
  request.from = Now();
  if (arguments.Has("--from")) {
    const auto from = ParseRfc3339(arguments.Value("--from"));
    if (!from) {
      return Fail(ErrorCode::kInvalid, "write an instant such as 2026-12-24T18:00:00Z", "--from");
    }
    request.from = *from;
  }
  if (arguments.Has("--count")) {
    const auto count = ParseInt64(arguments.Value("--count"));
    if (!count || *count < 1 || *count > kCountMax) {
      return Fail(ErrorCode::kInvalid, fmt::format("write a number from 1 to {}", kCountMax),
                  "--count");
    }
    request.count = *count;
  }
  request.configured = !arguments.Has("--start") && !arguments.Has("--rrule") &&
                       !arguments.Has("--duration") && !arguments.Has("--zone");
  if (!request.configured) {
    OURO_TRY(calendar::Window window, WindowOfOptions(arguments));
    request.windows.push_back(std::move(window));
    return request;
  }
  OURO_TRY(const engine::Config config, LoadConfig(arguments, "."));
  for (const gate::WindowRule& rule : config.windows) {
    if (!arguments.Has("--kind") || arguments.Value("--kind") == WindowKindName(rule.window.kind)) {
      request.windows.push_back(rule.window);
    }
  }
  if (request.windows.empty()) {
    return Fail(ErrorCode::kNotFound,
                "no window is configured; write windows: into ouro.yaml, or give --start and "
                "--duration");
  }
  return request;
}

// Occurrences of each window that have not ended.
using Lists = std::vector<std::vector<calendar::Interval>>;

Result<Lists> ListAll(const NextRequest& request) {
  const UnixSeconds to = calendar::kLastLocalTime.seconds;
  Lists lists;
  for (const calendar::Window& window : request.windows) {
    OURO_TRY(std::vector<calendar::Interval> occurrences,
             calendar::WindowOccurrences(window, request.from, to, request.count));
    lists.push_back(std::move(occurrences));
  }
  return lists;
}

std::string DecisionSentence(const NextRequest& request, const calendar::WindowDecision& decision) {
  // Shown in the zone of the deciding window, or of the first.
  const calendar::TimeZone& zone = request.windows[decision.window.value_or(0)].zone;
  if (decision.allowed) {
    return decision.allowed_until
               ? fmt::format("allowed until {}", zone.FormatInstant(*decision.allowed_until))
               : "allowed for the next 400 days";
  }
  return decision.next_allowed
             ? fmt::format("not allowed before {}", zone.FormatInstant(*decision.next_allowed))
             : "not allowed for the next 400 days";
}

std::string NextTable(const NextRequest& request, const Lists& lists,
                      const std::optional<calendar::WindowDecision>& decision) {
  std::vector<std::vector<std::string>> rows = {{"WINDOW", "KIND", "START", "END", "LASTS", "NOW"}};
  for (size_t i = 0; i < lists.size(); ++i) {
    const calendar::Window& window = request.windows[i];
    for (const calendar::Interval& interval : lists[i]) {
      rows.push_back({Printable(window.name), std::string(WindowKindName(window.kind)),
                      window.zone.FormatInstant(interval.start),
                      window.zone.FormatInstant(interval.end),
                      calendar::FormatDuration(interval.end - interval.start),
                      interval.start <= request.from ? "active" : ""});
    }
    if (lists[i].empty()) {
      rows.push_back({Printable(window.name), std::string(WindowKindName(window.kind)),
                      "no further occurrence", "", "", ""});
    }
  }
  std::string out = TextTable(rows);
  if (!decision) return out;
  return out + fmt::format("At {}: {}.\n", FormatRfc3339(request.from),
                           DecisionSentence(request, *decision));
}

void AppendInstant(std::string& out, std::string_view key, const calendar::TimeZone& zone,
                   std::optional<UnixSeconds> instant) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
  if (instant) {
    AppendJsonString(out, zone.FormatInstant(*instant));
  } else {
    out += "null";
  }
}

std::string NextJson(const NextRequest& request, const Lists& lists,
                     const std::optional<calendar::WindowDecision>& decision) {
  std::string out = "{\"schema\":\"ouro/window/v1\",\"from\":";
  AppendJsonString(out, FormatRfc3339(request.from));
  out += ",\"tzdata\":";
  AppendJsonString(out, calendar::TzdataVersion());
  out += ",\"windows\":[";
  for (size_t i = 0; i < lists.size(); ++i) {
    const calendar::Window& window = request.windows[i];
    out += i == 0 ? "{\"name\":" : ",{\"name\":";
    AppendJsonString(out, window.name);
    fmt::format_to(std::back_inserter(out),
                   ",\"kind\":\"{}\",\"zone\":", WindowKindName(window.kind));
    AppendJsonString(out, window.zone.name());
    fmt::format_to(std::back_inserter(out), ",\"duration_seconds\":{},\"occurrences\":[",
                   window.duration_seconds);
    for (size_t j = 0; j < lists[i].size(); ++j) {
      out += j == 0 ? "{\"start\":" : ",{\"start\":";
      AppendJsonString(out, window.zone.FormatInstant(lists[i][j].start));
      AppendInstant(out, "end", window.zone, lists[i][j].end);
      out += '}';
    }
    out += "]}";
  }
  out += ']';
  if (!decision) return out + "}\n";
  fmt::format_to(std::back_inserter(out), ",\"decision\":{{\"allowed\":{},\"reason\":\"{}\"",
                 decision->allowed, WindowReasonName(decision->reason));
  const calendar::TimeZone& zone = request.windows[decision->window.value_or(0)].zone;
  AppendInstant(out, "allowed_until", zone, decision->allowed_until);
  AppendInstant(out, "next_allowed", zone, decision->next_allowed);
  return out + "}}\n";
}

Result<std::string> Next(const Arguments& arguments) {
  OURO_TRY(const NextRequest request, ReadNextRequest(arguments));
  OURO_TRY(const Lists lists, ListAll(request));
  std::optional<calendar::WindowDecision> decision;
  if (!request.configured) {
    const calendar::Window* const window = &request.windows.front();
    calendar::WindowQuestion question;
    question.now = request.from;
    OURO_TRY(decision, calendar::DecideWindows({&window, 1}, question));
  }
  const bool json = arguments.Value("--format") == "json";
  return json ? NextJson(request, lists, decision) : NextTable(request, lists, decision);
}

ExitCode RunWindowNext(const Arguments& arguments) {
  const Result<std::string> text = Next(arguments);
  if (!text) return FailWith(text.error());
  const Status wrote = WriteResult(arguments, *text);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

ExitCode RunWindow(const Arguments& arguments) {
  if (arguments.Has("--batch")) {
    return RunBatch([](std::string_view line) { return calendar::WindowBatchLine(line); });
  }
  return FailWith({ErrorCode::kInvalid, "give --batch, or ask ouro window next", {}});
}

}  // namespace

const Command kWindowCommand = {
    "window",
    "expand recurrences, for programs",
    "",
    0,
    0,
    "",
    "Reads JSON lines and answers the occurrences of each recurrence. See "
    "docs/formats/window.md.",
    kBatchOptions,
    kBatchExamples,
    RunWindow};

const Command kWindowNextCommand = {
    "window next",
    "show when a window is there next",
    "",
    0,
    0,
    "",
    "Shows the next occurrences of the window that the options describe, and whether it lets a "
    "delivery pass; without options, of the windows in ouro.yaml (`ouro gate` says which concern a "
    "delivery). A start that does not exist on the clock is shifted forward by the gap; of two it "
    "is "
    "the first. The duration is elapsed time. See docs/user/windows.md.",
    kNextOptions,
    kNextExamples,
    RunWindowNext};

}  // namespace ouro::cli
