// URLs as the HTTP client needs them, and which proxy the environment asks for.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ouro::io {

// scheme://host[:port][/path][?query] with scheme http or https.
struct HttpUrl {
  std::string scheme;  // lower case
  std::string host;    // lower case; an IPv6 address without its brackets
  int port = 0;        // 80 or 443 where none is written
  std::string target;  // path and query, beginning with '/'

  // "host", or "[host]" for an IPv6 address.
  std::string BracketedHost() const;
  // Two URLs of one origin (RFC 6454).
  bool SameOrigin(const HttpUrl& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

// kInvalid for anything else: another scheme, user information, an empty host, a port out of range,
// blanks or control characters.
Result<HttpUrl> ParseHttpUrl(std::string_view url);

// "localhost", a name under it, or an address of the loopback networks.
bool IsLoopback(std::string_view host);

// The proxy URL for a request, empty for none, by the rules of Go's clients (golang.org/x/net
// http/httpproxy), which kubectl follows: HTTPS_PROXY and HTTP_PROXY, upper case first, by the
// scheme of the URL; no ALL_PROXY; NO_PROXY is a list of "*", host names (which cover the names
// under them), ".names" (only those under them), addresses and CIDR ranges, each but the range with
// an optional port; the loopback is never asked through a proxy. HTTP_PROXY counts for nothing in
// a CGI program (REQUEST_METHOD is set), where it is a header of the request.
std::string ProxyFromEnvironment(
    const HttpUrl& url,
    const std::function<std::optional<std::string>(const char* name)>& environment);

}  // namespace ouro::io
