// What the server says when it does not do as asked: Status objects and a few header fields.
// Private to kube.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "io/http_client.h"
#include "kube/client.h"

namespace ouro::kube {

// Reads a Status object (meta/v1); fields that are missing or no text stay empty. Text is made safe
// to print and is at most limits::kMessageSizeBytes long.
ApiStatus ReadApiStatus(std::string_view json);

// The Error of a response that is no success. `where` is its place.
Error ErrorOf(const io::HttpResponse& response, std::string where);

// An HTTP-date in the preferred form of RFC 9110 section 5.6.7 ("Sun, 06 Nov 1994 08:49:37 GMT").
std::optional<UnixSeconds> ParseHttpDate(std::string_view text);

// Retry-After (RFC 9110 section 10.2.3): seconds, or a date; nothing when absent or neither.
std::optional<int64_t> RetryAfterSeconds(const io::HttpResponse& response, UnixSeconds now);

// The texts of all Warning headers (RFC 7234 section 5.5: code agent "text" "date").
std::vector<std::string> WarningsOf(const io::HttpResponse& response);

}  // namespace ouro::kube
