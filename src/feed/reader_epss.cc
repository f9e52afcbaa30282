#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "feed/cve_key.h"
#include "feed/reader.h"

namespace ouro::feed {
namespace {

tl::unexpected<Error> NoRow(std::string_view name, int64_t line, std::string_view text) {
  return Fail(ErrorCode::kParse,
              fmt::format("\"{}\" is no row of EPSS (cve, score and percentile from 0 to 1)",
                          Printable(text.substr(0, 80))),
              fmt::format("{}:{}", name, line));
}

std::optional<double> ParseShare(std::string_view text) {
  double value = -1;
  const std::from_chars_result read =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  if (!(value >= 0 && value <= 1)) return std::nullopt;
  return value;
}

// "#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000" → that day; 0: none.
UnixSeconds DateOfComment(std::string_view line) {
  constexpr std::string_view kKey = "score_date:";
  constexpr size_t kDateSize = 10;
  const size_t at = line.find(kKey);
  if (at == std::string_view::npos) return 0;
  return ParseRfc3339(line.substr(at + kKey.size(), kDateSize)).value_or(0);
}

// The next part up to the separator; `rest` is moved past it.
std::string_view Take(std::string_view& rest, char separator) {
  const size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

}  // namespace

Status ReadEpss(std::string_view text, std::string_view name, FeedBuilder& builder) {
  FeedSource source = builder.source(FeedKind::kEpss);
  int64_t number = 0;
  while (!text.empty()) {
    ++number;
    std::string_view line = TrimSpace(Take(text, '\n'));
    if (StartsWith(line, "#")) {
      if (const UnixSeconds date = DateOfComment(line); date != 0) source.data_at = date;
      continue;
    }
    if (line.empty() || StartsWith(line, "cve,") || StartsWith(line, "cve;")) continue;
    const std::string_view whole = line;
    const char separator = line.find(';') == std::string_view::npos ? ',' : ';';
    const std::optional<uint32_t> key = CveKey(Take(line, separator));
    const std::optional<double> score = ParseShare(Take(line, separator));
    const std::optional<double> percentile = ParseShare(Take(line, separator));
    if (!key || !score || !percentile || !line.empty()) return NoRow(name, number, whole);
    builder.AddEpss(*key, *score, *percentile);
  }
  builder.SetSource(FeedKind::kEpss, std::move(source));
  return {};
}

}  // namespace ouro::feed
