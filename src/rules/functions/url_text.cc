#include "rules/functions/url_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "rules/functions/ip_address.h"
#include "rules/functions/runes.h"

namespace ouro::rules::functions {

namespace {

enum class Part : unsigned char { kPath, kUser, kHost, kZone, kQuery, kFragment };

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool OneOf(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

// Which bytes are written as %XX in which part: RFC 3986 with Go's exceptions.
bool ShouldEscape(char c, Part part) {
  if (IsLetter(c) || IsDigit(c)) return false;
  if ((part == Part::kHost || part == Part::kZone) && OneOf(c, "!$&'()*+,;=:[]<>\"")) return false;
  if (OneOf(c, "-_.~")) return false;
  if (OneOf(c, "$&+,/:;=?@")) {
    switch (part) {
      case Part::kPath:
        return c == '?';
      case Part::kUser:
        return OneOf(c, "@/?:");
      case Part::kQuery:
        return true;
      case Part::kFragment:
        return false;
      default:
        break;
    }
  }
  return !(part == Part::kFragment && OneOf(c, "!()*"));
}

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

tl::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kParse, std::move(message));
}

tl::unexpected<Error> BadEscape(std::string_view text) {
  return Refuse("invalid URL escape " + QuoteGo(text.substr(0, 3)));
}

// Checks the %XX at `at`.
Status CheckEscape(std::string_view text, size_t at, Part part) {
  const std::string_view escape = text.substr(at);
  if (escape.size() < 3 || HexDigit(escape[1]) < 0 || HexDigit(escape[2]) < 0) {
    return BadEscape(escape);
  }
  // In a host only bytes beyond ASCII may be escaped, and the '%' of a zone.
  const bool percent = escape.substr(0, 3) == "%25";
  if (part == Part::kHost && HexDigit(escape[1]) < 8 && !percent) return BadEscape(escape);
  if (part == Part::kZone && !percent) {
    const char byte = static_cast<char>(HexDigit(escape[1]) << 4 | HexDigit(escape[2]));
    if (byte != ' ' && ShouldEscape(byte, Part::kHost)) return BadEscape(escape);
  }
  return {};
}

Result<std::string> Unescape(std::string_view text, Part part) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      OURO_TRY_STATUS(CheckEscape(text, i, part));
      i += 2;
    } else if ((part == Part::kHost || part == Part::kZone) &&
               static_cast<unsigned char>(text[i]) < 0x80 && ShouldEscape(text[i], part)) {
      return Refuse(fmt::format("invalid character {} in host name", QuoteGo(text.substr(i, 1))));
    }
  }
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += static_cast<char>(HexDigit(text[i + 1]) << 4 | HexDigit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' && part == Part::kQuery ? ' ' : text[i];
    }
  }
  return out;
}

std::string Escape(std::string_view text, Part part) {
  std::string out;
  for (const char c : text) {
    if (!ShouldEscape(c, part)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// Could `text` stand as it is, although it is not the default encoding?
bool ValidEncoded(std::string_view text, Part part) {
  return std::all_of(text.begin(), text.end(), [part](char c) {
    return OneOf(c, "!$&'()*+,;=:@[]%") || !ShouldEscape(c, part);
  });
}

// Takes the scheme off `rest`.
Status TakeScheme(std::string_view& rest, std::string& scheme) {
  for (size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (IsLetter(c)) continue;
    if (IsDigit(c) || OneOf(c, "+-.")) {
      if (i == 0) return {};
      continue;
    }
    if (c != ':') return {};
    if (i == 0) return Refuse("missing protocol scheme");
    scheme = LowerAscii(rest.substr(0, i));
    rest.remove_prefix(i + 1);
    return {};
  }
  return {};
}

bool ValidPort(std::string_view text) {
  if (text.empty()) return true;
  return text.front() == ':' && std::all_of(text.begin() + 1, text.end(), IsDigit);
}

// "[ipv6%25zone]:port".
Result<std::string> ParseBracketHost(std::string_view host) {
  const size_t close = host.rfind(']');
  if (close == std::string_view::npos) return Refuse("missing ']' in host");
  const std::string_view port = host.substr(close + 1);
  if (!ValidPort(port)) {
    return Refuse(fmt::format("invalid port {} after host", QuoteGo(port)));
  }
  const std::string_view name = host.substr(1, close - 1);
  const size_t zone = name.find("%25");
  std::string decoded;
  if (zone != std::string_view::npos) {
    OURO_TRY(const std::string address, Unescape(name.substr(0, zone), Part::kHost));
    OURO_TRY(const std::string zone_name, Unescape(name.substr(zone), Part::kZone));
    decoded = address + zone_name;
  } else {
    OURO_TRY(decoded, Unescape(name, Part::kHost));
  }
  auto address = ParseIpAddress(decoded);
  if (!address) return Refuse("invalid host: " + address.error().message);
  if (address->is_v4) return Refuse("invalid IP-literal");
  return "[" + decoded + "]" + std::string(port);
}

Result<std::string> ParseHost(std::string_view scheme, std::string_view host) {
  const size_t open = host.rfind('[');
  if (open != std::string_view::npos && open > 0) return Refuse("invalid IP-literal");
  if (open == 0) return ParseBracketHost(host);
  size_t colon = host.find(':');
  if (colon != std::string_view::npos) {
    // Lists of hosts with colons are kept working, but not for the web.
    if (scheme != "http" && scheme != "https") colon = host.rfind(':');
    if (!ValidPort(host.substr(colon))) {
      return Refuse(fmt::format("invalid port {} after host", QuoteGo(host.substr(colon))));
    }
  }
  return Unescape(host, Part::kHost);
}

bool ValidUserInfo(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetter(c) || IsDigit(c) || OneOf(c, "-._:~!$&'()*+,;=%@");
  });
}

Status ParseAuthority(std::string_view authority, Url& url) {
  const size_t at = authority.rfind('@');
  const bool has_user = at != std::string_view::npos;
  OURO_TRY(url.host, ParseHost(url.scheme, has_user ? authority.substr(at + 1) : authority));
  if (!has_user) return {};
  const std::string_view user = authority.substr(0, at);
  if (!ValidUserInfo(user)) return Refuse("net/url: invalid userinfo");
  url.has_user = true;
  const size_t colon = user.find(':');
  OURO_TRY(url.user, Unescape(user.substr(0, colon), Part::kUser));
  if (colon != std::string_view::npos) {
    url.has_password = true;
    OURO_TRY(url.password, Unescape(user.substr(colon + 1), Part::kUser));
  }
  return {};
}

void TakeQuery(std::string_view& rest, Url& url) {
  const size_t mark = rest.find('?');
  if (mark == std::string_view::npos) return;
  if (mark + 1 == rest.size()) {
    url.force_query = true;
  } else {
    url.raw_query = rest.substr(mark + 1);
  }
  rest = rest.substr(0, mark);
}

Result<Url> Parse(std::string_view text, bool request) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      return Refuse("net/url: invalid control character in URL");
    }
  }
  if (text.empty() && request) return Refuse("empty url");
  Url url;
  if (text == "*") {
    url.path = "*";
    return url;
  }
  std::string_view rest = text;
  OURO_TRY_STATUS(TakeScheme(rest, url.scheme));
  TakeQuery(rest, url);
  const bool rooted = StartsWith(rest, "/");
  if (!rooted) {
    if (!url.scheme.empty()) {
      url.opaque = rest;
      return url;
    }
    if (request) return Refuse("invalid URI for request");
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) {
      return Refuse("first path segment in URL cannot contain colon");
    }
  }
  const bool may_have_host = !url.scheme.empty() || (!request && !StartsWith(rest, "///"));
  if (may_have_host && StartsWith(rest, "//")) {
    const std::string_view authority = rest.substr(2, rest.find('/', 2) - 2);
    rest.remove_prefix(2 + authority.size());
    OURO_TRY_STATUS(ParseAuthority(authority, url));
  } else if (!url.scheme.empty() && rooted) {
    url.omit_host = true;
  }
  OURO_TRY(url.path, Unescape(rest, Part::kPath));
  if (Escape(url.path, Part::kPath) != rest) url.raw_path = rest;
  return url;
}

Error Wrap(Error error, std::string_view text) {
  error.message = fmt::format("parse {}: {}", QuoteGo(text), error.message);
  return error;
}

struct HostPort {
  std::string host;
  std::string port;
};

HostPort SplitHostPort(std::string_view text) {
  HostPort parts;
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && ValidPort(text.substr(colon))) {
    parts.port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  if (StartsWith(text, "[") && EndsWith(text, "]")) text = text.substr(1, text.size() - 2);
  parts.host = text;
  return parts;
}

std::string EscapedPart(const std::string& decoded, const std::string& raw, Part part) {
  if (!raw.empty() && ValidEncoded(raw, part)) {
    const auto again = Unescape(raw, part);
    if (again && *again == decoded) return raw;
  }
  if (part == Part::kPath && decoded == "*") return decoded;
  return Escape(decoded, part);
}

std::string AuthorityText(const Url& url) {
  std::string out;
  if (url.omit_host && url.host.empty() && !url.has_user) return out;
  if (!url.host.empty() || !url.path.empty() || url.has_user) out += "//";
  if (url.has_user) {
    out += Escape(url.user, Part::kUser);
    if (url.has_password) out += ":" + Escape(url.password, Part::kUser);
    out += "@";
  }
  return out + Escape(url.host, Part::kHost);
}

}  // namespace

std::string Url::Hostname() const {
  return SplitHostPort(host).host;
}
std::string Url::Port() const {
  return SplitHostPort(host).port;
}
std::string Url::EscapedPath() const {
  return EscapedPart(path, raw_path, Part::kPath);
}

std::string Url::ToText() const {
  std::string out;
  if (!scheme.empty()) out += scheme + ":";
  if (!opaque.empty()) {
    out += opaque;
  } else {
    if (!scheme.empty() || !host.empty() || has_user) out += AuthorityText(*this);
    const std::string escaped = EscapedPath();
    if (!escaped.empty() && escaped.front() != '/' && !host.empty()) out += '/';
    if (out.empty() && escaped.substr(0, escaped.find('/')).find(':') != std::string::npos) {
      out += "./";
    }
    out += escaped;
  }
  if (force_query || !raw_query.empty()) out += "?" + raw_query;
  if (!fragment.empty()) out += "#" + EscapedPart(fragment, raw_fragment, Part::kFragment);
  return out;
}

std::vector<std::pair<std::string, std::string>> Url::Query() const {
  // More pairs than that are not read at all, as in Go.
  constexpr size_t kPairCountMax = 10'000;
  std::vector<std::pair<std::string, std::string>> pairs;
  const std::vector<std::string_view> parts = SplitText(raw_query, '&');
  if (parts.size() > kPairCountMax) return pairs;
  for (const std::string_view part : parts) {
    if (part.empty() || part.find(';') != std::string_view::npos) continue;
    const size_t equals = part.find('=');
    auto name = Unescape(part.substr(0, equals), Part::kQuery);
    auto value =
        Unescape(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1),
                 Part::kQuery);
    if (name && value) pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

Result<Url> ParseRequestUri(std::string_view text) {
  auto url = Parse(text, true);
  if (!url) return tl::unexpected<Error>(Wrap(std::move(url).error(), text));
  return url;
}

Result<Url> ParseUrl(std::string_view text) {
  const size_t hash = text.find('#');
  const std::string_view before = text.substr(0, hash);
  auto url = Parse(before, false);
  if (!url) return tl::unexpected<Error>(Wrap(std::move(url).error(), before));
  if (hash == std::string_view::npos || hash + 1 == text.size()) return url;
  const std::string_view raw = text.substr(hash + 1);
  auto fragment = Unescape(raw, Part::kFragment);
  if (!fragment) return tl::unexpected<Error>(Wrap(std::move(fragment).error(), text));
  url->fragment = std::move(*fragment);
  if (Escape(url->fragment, Part::kFragment) != raw) url->raw_fragment = raw;
  return url;
}

}  // namespace ouro::rules::functions
