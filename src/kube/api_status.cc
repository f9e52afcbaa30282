#include "kube/api_status.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "io/http_client_proxy.h"
#include "kube/json_cursor.h"

namespace ouro::kube {
namespace {

std::string SafeText(std::string_view value) {
  std::string text = JsonText(value).value_or("");
  const size_t most = static_cast<size_t>(limits::kMessageSizeBytes);
  if (text.size() > most) {
    text.resize(ValidUtf8Prefix(std::string_view(text).substr(0, most)));
    text += "…";
  }
  return Printable(text);
}

void ReadCauses(std::string_view causes, ApiStatus& status) {
  JsonCursor cursor(causes);
  while (cursor.Next() && status.causes.size() < 100) {
    const std::string field = SafeText(JsonMember(cursor.value(), "field").value_or(""));
    const std::string message = SafeText(JsonMember(cursor.value(), "message").value_or(""));
    status.causes.push_back(field.empty() ? message : fmt::format("{}: {}", field, message));
  }
}

void ReadDetails(std::string_view details, ApiStatus& status) {
  JsonCursor cursor(details);
  while (cursor.Next()) {
    if (cursor.key() == "causes") ReadCauses(cursor.value(), status);
    if (cursor.key() == "retryAfterSeconds") {
      status.retry_after_seconds = static_cast<int>(
          std::clamp<int64_t>(ParseInt64(cursor.value()).value_or(0), 0, 1'000'000));
    }
  }
}

std::string RedirectText(const io::HttpResponse& response) {
  const Result<io::HttpUrl> to = io::ParseHttpUrl(response.Header("location"));
  return fmt::format(
      "the server redirects to {}, which is not followed; set `server` to the right "
      "address",
      to ? Printable(to->host) : "another place");
}

std::string StatusText(const io::HttpResponse& response) {
  if (response.status >= 300 && response.status < 400) return RedirectText(response);
  const ApiStatus status = ReadApiStatus(response.body);
  std::string text = status.message.empty() ? status.reason : status.message;
  if (response.status == 401) {
    return text.empty() || text == "Unauthorized"
               ? "the server does not accept the credential (401)"
               : "the server does not accept the credential (401): " + text;
  }
  if (text.empty()) return fmt::format("the server answers {} without a reason", response.status);
  if (response.status == 403 || response.status == 404) return text;
  return fmt::format("the server answers {}: {}", response.status, text);
}

}  // namespace

ApiStatus ReadApiStatus(std::string_view json) {
  ApiStatus status;
  JsonCursor cursor(json);
  if (!cursor.ok() || !cursor.is_object()) return status;
  while (cursor.Next()) {
    if (cursor.key() == "code") {
      status.code =
          static_cast<int>(std::clamp<int64_t>(ParseInt64(cursor.value()).value_or(0), 0, 999));
    } else if (cursor.key() == "reason") {
      status.reason = SafeText(cursor.value());
    } else if (cursor.key() == "message") {
      status.message = SafeText(cursor.value());
    } else if (cursor.key() == "details") {
      ReadDetails(cursor.value(), status);
    } else if (cursor.key() == "metadata") {
      status.continue_token =
          JsonText(JsonMember(cursor.value(), "continue").value_or("")).value_or("");
    }
  }
  return status;
}

Error ErrorOf(const io::HttpResponse& response, std::string where) {
  ErrorCode code = ErrorCode::kRemote;
  if (response.status == 401 || response.status == 403) code = ErrorCode::kDenied;
  if (response.status == 404) code = ErrorCode::kNotFound;
  return Error{code, StatusText(response), std::move(where)};
}

std::optional<UnixSeconds> ParseHttpDate(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
  const auto number = [&](size_t at, size_t size) { return ParseInt64(text.substr(at, size)); };
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto day = number(5, 2);
  const auto year = number(12, 4);
  const auto hour = number(17, 2);
  const auto minute = number(20, 2);
  const auto second = number(23, 2);
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const int month_number = static_cast<int>(month - kMonths.begin()) + 1;
  const int64_t days = DaysFromCivil(*year, month_number, static_cast<int>(*day));
  return days * 86'400 + *hour * 3'600 + *minute * 60 + *second;
}

std::optional<int64_t> RetryAfterSeconds(const io::HttpResponse& response, UnixSeconds now) {
  const std::string_view text = response.Header("retry-after");
  if (text.empty()) return std::nullopt;
  if (const auto seconds = ParseInt64(text)) return std::max<int64_t>(*seconds, 0);
  const auto date = ParseHttpDate(text);
  if (!date) return std::nullopt;
  // Both times by the server's clock, where it tells it.
  const auto server_now = ParseHttpDate(response.Header("date"));
  return std::max<int64_t>(*date - server_now.value_or(now), 0);
}

std::vector<std::string> WarningsOf(const io::HttpResponse& response) {
  std::vector<std::string> warnings;
  for (const auto& [name, value] : response.headers) {
    if (name != "warning") continue;
    // Several warnings may share one header, separated by commas.
    for (size_t at = value.find('"'); at != std::string::npos; at = value.find('"', at)) {
      std::string text;
      for (++at; at < value.size() && value[at] != '"'; ++at) {
        if (value[at] == '\\' && at + 1 < value.size()) ++at;
        text.push_back(value[at]);
      }
      if (at >= value.size()) break;
      ++at;
      warnings.push_back(Printable(text));
      const size_t comma = value.find(',', at);
      if (comma == std::string::npos) break;  // what may still follow is this warning's date
      at = comma;
    }
  }
  return warnings;
}

}  // namespace ouro::kube
