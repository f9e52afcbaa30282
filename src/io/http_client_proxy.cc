#include "io/http_client_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::io {
namespace {

// An address in the form of RFC 4291: IPv4 as ::ffff:a.b.c.d, so that both compare alike.
using Address = std::array<uint8_t, 16>;

std::optional<Address> ParseAddress(std::string_view text) {
  if (const size_t zone = text.find('%'); zone != std::string_view::npos) {
    text = text.substr(0, zone);
  }
  const std::string copy(text);
  Address address{};
  in_addr four{};
  if (inet_pton(AF_INET, copy.c_str(), &four) == 1) {
    address[10] = address[11] = 0xff;
    std::memcpy(&address[12], &four, 4);
    return address;
  }
  if (inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

bool IsFour(const Address& address) {
  static constexpr std::array<uint8_t, 12> kPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(address.data(), kPrefix.data(), kPrefix.size()) == 0;
}

bool IsLoopbackAddress(const Address& address) {
  if (IsFour(address)) return address[12] == 127;
  Address one{};
  one[15] = 1;
  return address == one;
}

bool SharesPrefix(const Address& a, const Address& b, int bits) {
  for (size_t i = 0; bits > 0; ++i, bits -= 8) {
    const int shift = bits >= 8 ? 0 : 8 - bits;
    if ((a[i] >> shift) != (b[i] >> shift)) return false;
  }
  return true;
}

// nullopt: the entry is no CIDR range.
std::optional<bool> InRange(const std::optional<Address>& address, std::string_view range) {
  const size_t slash = range.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<Address> network = ParseAddress(range.substr(0, slash));
  const std::optional<int64_t> bits = ParseInt64(range.substr(slash + 1));
  if (!network || !bits || *bits < 0 || *bits > (IsFour(*network) ? 32 : 128)) return std::nullopt;
  if (!address || IsFour(*address) != IsFour(*network)) return false;
  const int prefix = static_cast<int>(*bits) + (IsFour(*network) ? 96 : 0);
  return SharesPrefix(*address, *network, prefix);
}

// Cuts "host:port" and "[v6]:port"; a bare IPv6 address has no port.
void CutPort(std::string_view entry, std::string_view& host, std::string_view& port) {
  host = entry;
  port = {};
  if (entry.starts_with('[')) {
    const size_t close = entry.find(']');
    if (close == std::string_view::npos) return;
    host = entry.substr(1, close - 1);
    if (close + 1 < entry.size() && entry[close + 1] == ':') port = entry.substr(close + 2);
    return;
  }
  const size_t colon = entry.find(':');
  if (colon == std::string_view::npos || entry.find(':', colon + 1) != std::string_view::npos) {
    return;
  }
  host = entry.substr(0, colon);
  port = entry.substr(colon + 1);
}

bool EntryMatches(std::string_view entry, const HttpUrl& url,
                  const std::optional<Address>& address) {
  if (entry == "*") return true;
  if (const std::optional<bool> in_range = InRange(address, entry)) return *in_range;
  std::string_view host;
  std::string_view port;
  CutPort(entry, host, port);
  if (host.empty()) return false;
  if (!port.empty() && port != std::to_string(url.port)) return false;
  if (const std::optional<Address> one = ParseAddress(host)) return address == one;
  if (address) return false;
  if (host.starts_with("*.")) host.remove_prefix(1);
  if (host.starts_with('.')) return url.host.ends_with(host);
  return url.host == host ||
         (url.host.ends_with(host) && url.host[url.host.size() - host.size() - 1] == '.');
}

bool IsExempt(std::string_view list, const HttpUrl& url) {
  if (url.host == "localhost") return true;
  const std::optional<Address> address = ParseAddress(url.host);
  if (address && IsLoopbackAddress(*address)) return true;
  for (const std::string_view part : SplitText(list, ',')) {
    const std::string entry = LowerAscii(TrimSpace(part));
    if (!entry.empty() && EntryMatches(entry, url, address)) return true;
  }
  return false;
}

Status ParseAuthority(std::string_view authority, HttpUrl& url) {
  if (authority.find('@') != std::string_view::npos) {
    return Fail(ErrorCode::kInvalid, "a URL must not hold a user name or password");
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos || !ParseAddress(authority.substr(1, close - 1))) {
      return Fail(ErrorCode::kInvalid, "the URL's host is no IPv6 address");
    }
    url.host = LowerAscii(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
    if (!port.empty() && port[0] != ':') {
      return Fail(ErrorCode::kInvalid, "the URL has something between its host and port");
    }
  } else {
    const size_t colon = authority.find(':');
    url.host = LowerAscii(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (url.host.empty()) return Fail(ErrorCode::kInvalid, "the URL has no host");
  url.port = url.scheme == "https" ? 443 : 80;
  if (port.size() > 1) {
    const std::optional<int64_t> number = ParseInt64(port.substr(1));
    if (!number || *number < 1 || *number > 65535) {
      return Fail(ErrorCode::kInvalid, "the URL's port is not in 1 to 65535");
    }
    url.port = static_cast<int>(*number);
  }
  return {};
}

}  // namespace

std::string HttpUrl::BracketedHost() const {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

Result<HttpUrl> ParseHttpUrl(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '\\') {
      return Fail(ErrorCode::kInvalid, "a URL must not hold blanks, control characters or '\\'");
    }
  }
  HttpUrl url;
  const size_t colon = text.find("://");
  if (colon != std::string_view::npos) url.scheme = LowerAscii(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") {
    return Fail(ErrorCode::kInvalid, "a URL must begin with http:// or https://");
  }
  const std::string_view rest = text.substr(colon + 3);
  const size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  OURO_TRY_STATUS(ParseAuthority(rest.substr(0, end), url));
  const std::string_view target = rest.substr(end);
  url.target = target.substr(0, target.find('#'));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

bool IsLoopback(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  const std::optional<Address> address = ParseAddress(host);
  return address && IsLoopbackAddress(*address);
}

std::string ProxyFromEnvironment(
    const HttpUrl& url,
    const std::function<std::optional<std::string>(const char* name)>& environment) {
  const auto either = [&](const char* upper, const char* lower) {
    const std::optional<std::string> first = environment(upper);
    if (first && !first->empty()) return *first;
    return environment(lower).value_or("");
  };
  const bool https = url.scheme == "https";
  std::string proxy =
      https ? either("HTTPS_PROXY", "https_proxy") : either("HTTP_PROXY", "http_proxy");
  if (proxy.empty() || IsExempt(either("NO_PROXY", "no_proxy"), url)) return {};
  if (!https && !environment("REQUEST_METHOD").value_or("").empty()) return {};
  if (proxy.find("://") == std::string::npos) proxy.insert(0, "http://");
  return proxy;
}

}  // namespace ouro::io
