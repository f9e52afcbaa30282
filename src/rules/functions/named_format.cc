// Sources: k8s.io/apimachinery util/validation and api/validate/content (names and labels),
// kube-openapi strfmt (uuid, byte, date, datetime), Go net/url (uri). The sentences are interface:
// format.….validate() returns them, and rules compare them.
#include "rules/functions/named_format.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "rules/functions/base64.h"
#include "rules/functions/time_text.h"
#include "rules/functions/url_text.h"

namespace ouro::rules::functions {

namespace {

using Problems = std::vector<std::string>;

constexpr size_t kLabelSizeMax = 63;
constexpr size_t kSubdomainSizeMax = 253;

constexpr std::string_view kLabelPattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kSubdomainPattern =
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
constexpr std::string_view kDns1035Pattern = "[a-z]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kLabelKeyPattern = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
constexpr std::string_view kLabelValuePattern = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsAlphanumeric(char c) {
  return IsLower(c) || IsDigit(c) || (c >= 'A' && c <= 'Z');
}

bool MatchesLabel(std::string_view text) {
  const auto is_end = [](char c) { return IsLower(c) || IsDigit(c); };
  return !text.empty() && is_end(text.front()) && is_end(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return is_end(c) || c == '-'; });
}

bool MatchesSubdomain(std::string_view text) {
  const auto labels = SplitText(text, '.');
  return std::all_of(labels.begin(), labels.end(), MatchesLabel);
}

bool MatchesLabelKey(std::string_view text) {
  return !text.empty() && IsAlphanumeric(text.front()) && IsAlphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

// "<what> (e.g. 'a', or 'b', regex used for validation is '<pattern>')".
std::string PatternSentence(std::string_view what, std::string_view pattern,
                            const std::vector<std::string_view>& examples) {
  std::string out(what);
  out += " (e.g. ";
  for (size_t i = 0; i < examples.size(); ++i) {
    if (i > 0) out += " or ";
    out += fmt::format("'{}', ", examples[i]);
  }
  return out + fmt::format("regex used for validation is '{}')", pattern);
}

std::string TooLongCharacters(size_t most) {
  return fmt::format("must be no more than {} characters", most);
}
std::string TooLongBytes(size_t most) {
  return fmt::format("must be no more than {} bytes", most);
}

Problems Dns1123Label(std::string_view text) {
  Problems problems;
  if (text.size() > kLabelSizeMax) problems.push_back(TooLongCharacters(kLabelSizeMax));
  if (!MatchesLabel(text)) {
    problems.push_back(
        MatchesSubdomain(text)
            ? "must not contain dots"
            : PatternSentence("a lowercase RFC 1123 label must consist of lower case alphanumeric "
                              "characters or '-', and must start and end with an alphanumeric "
                              "character",
                              kLabelPattern, {"my-name", "123-abc"}));
  }
  return problems;
}

std::string SubdomainSentence() {
  return PatternSentence(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
      "'.', and must start and end with an alphanumeric character",
      kSubdomainPattern, {"example.com"});
}

Problems Dns1123Subdomain(std::string_view text) {
  Problems problems;
  if (text.size() > kSubdomainSizeMax) problems.push_back(TooLongCharacters(kSubdomainSizeMax));
  if (!MatchesSubdomain(text)) problems.push_back(SubdomainSentence());
  return problems;
}

Problems Dns1035Label(std::string_view text) {
  Problems problems;
  if (text.size() > kLabelSizeMax) problems.push_back(TooLongCharacters(kLabelSizeMax));
  if (!MatchesLabel(text) || !IsLower(text.front())) {
    problems.push_back(PatternSentence(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
        "alphabetic character, and end with an alphanumeric character",
        kDns1035Pattern, {"my-name", "abc-123"}));
  }
  return problems;
}

// What a prefix is checked as: something may follow the final dash. The last two characters are
// replaced by one letter, as Kubernetes does it.
template <Problems (*kValidate)(std::string_view)>
Problems AsPrefix(std::string_view text) {
  if (text.size() > 1 && text.back() == '-') {
    return kValidate(std::string(text.substr(0, text.size() - 2)) + "a");
  }
  return kValidate(text);
}

constexpr std::string_view kLabelKeyRule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character";

Problems QualifiedName(std::string_view text) {
  Problems problems;
  const auto parts = SplitText(text, '/');
  const std::string rule =
      PatternSentence(kLabelKeyRule, kLabelKeyPattern, {"MyName", "my.name", "123-abc"});
  if (parts.size() > 2) {
    problems.push_back(
        "a valid label key " + rule +
        " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
    return problems;
  }
  if (parts.size() == 2) {
    const std::string_view prefix = parts[0];
    if (prefix.empty()) {
      problems.push_back("prefix part must be non-empty");
    } else {
      if (prefix.size() > kSubdomainSizeMax) {
        problems.push_back("prefix part " + TooLongBytes(kSubdomainSizeMax));
      }
      if (!MatchesSubdomain(prefix)) problems.push_back("prefix part " + SubdomainSentence());
    }
  }
  const std::string_view name = parts.back();
  if (name.empty()) {
    problems.push_back("name part must be non-empty");
  } else if (name.size() > kLabelSizeMax) {
    problems.push_back("name part " + TooLongBytes(kLabelSizeMax));
  }
  if (!MatchesLabelKey(name)) problems.push_back("name part " + rule);
  return problems;
}

Problems LabelValue(std::string_view text) {
  Problems problems;
  if (text.size() > kLabelSizeMax) problems.push_back(TooLongBytes(kLabelSizeMax));
  if (!text.empty() && !MatchesLabelKey(text)) {
    problems.push_back(PatternSentence(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
        "'.', and must start and end with an alphanumeric character",
        kLabelValuePattern, {"MyValue", "my_value", "12345"}));
  }
  return problems;
}

Problems Uri(std::string_view text) {
  const auto url = ParseRequestUri(text);
  return url ? Problems() : Problems{url.error().message};
}

Problems Uuid(std::string_view text) {
  // 8-4-4-4-12 hexadecimal digits; each dash may be missing.
  size_t at = 0;
  bool valid = true;
  for (const int size : {8, 4, 4, 4, 12}) {
    if (at > 0 && at < text.size() && text[at] == '-') ++at;
    for (int i = 0; i < size; ++i, ++at) {
      if (at >= text.size() ||
          !(IsDigit(text[at]) || ((text[at] | 0x20) >= 'a' && (text[at] | 0x20) <= 'f'))) {
        return {"does not match the UUID format"};
      }
    }
  }
  valid = at == text.size();
  return valid ? Problems() : Problems{"does not match the UUID format"};
}

Problems Byte(std::string_view text) {
  const bool plain = text.find_first_of("\r\n") == std::string_view::npos;
  const bool valid =
      !text.empty() && plain && DecodeBase64(text, Base64Padding::kRequired).has_value();
  return valid ? Problems() : Problems{"invalid base64"};
}

Problems Date(std::string_view text) {
  return ParseDateOnly(text) ? Problems() : Problems{"invalid date"};
}

bool TwoDigits(std::string_view text, size_t at, std::string_view most) {
  return at + 2 <= text.size() && IsDigit(text[at]) && IsDigit(text[at + 1]) &&
         text.substr(at, 2) <= most;
}

// hh:mm:ss, any one character and digits, then z or an offset; lower case.
bool IsClock(std::string_view text) {
  if (!TwoDigits(text, 0, "23") || text.size() < 9 || text[2] != ':' || !TwoDigits(text, 3, "59") ||
      text[5] != ':' || !TwoDigits(text, 6, "59")) {
    return false;
  }
  const auto is_zone = [](std::string_view zone) {
    return zone == "z" || (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') &&
                           TwoDigits(zone, 1, "99") && zone[3] == ':' && TwoDigits(zone, 4, "99"));
  };
  std::string_view rest = text.substr(8);
  if (is_zone(rest)) return true;
  // The fraction: any character but a line end, then digits.
  size_t size = 1;
  while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xc0) == 0x80) ++size;
  if (rest.front() == '\n') return false;
  const size_t digits = size;
  while (size < rest.size() && IsDigit(rest[size])) {
    ++size;
    if (size > digits && is_zone(rest.substr(size))) return true;
  }
  return false;
}

Problems DateTime(std::string_view text) {
  const std::string lower = LowerAscii(text);
  const auto parts = SplitText(lower, 't');
  const bool valid =
      text.size() >= 4 && parts.size() >= 2 && ParseDateOnly(parts[0]) && IsClock(parts[1]);
  return valid ? Problems() : Problems{"invalid datetime"};
}

constexpr NamedFormat kFormats[] = {
    {"byte", "byte", Byte, 84},
    {"date", "date", Date, 71},
    {"datetime", "datetime", DateTime, 71},
    {"dns1035Label", "DNS1035Label", Dns1035Label, 30},
    {"dns1035LabelPrefix", "DNS1035LabelPrefix", AsPrefix<Dns1035Label>, 30},
    {"dns1123Label", "DNS1123Label", Dns1123Label, 30},
    {"dns1123LabelPrefix", "DNS1123LabelPrefix", AsPrefix<Dns1123Label>, 30},
    {"dns1123Subdomain", "DNS1123Subdomain", Dns1123Subdomain, 60},
    {"dns1123SubdomainPrefix", "DNS1123SubdomainPrefix", AsPrefix<Dns1123Subdomain>, 60},
    {"labelValue", "LabelValue", LabelValue, 40},
    {"qualifiedName", "QualifiedName", QualifiedName, 60},
    {"uri", "URI", Uri, 1103},
    {"uuid", "uuid", Uuid, 70},
};

}  // namespace

std::span<const NamedFormat> NamedFormats() {
  return kFormats;
}

const NamedFormat* FindNamedFormat(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kFormats), std::end(kFormats),
                   [name](const NamedFormat& format) { return format.name == name; });
  return found == std::end(kFormats) ? nullptr : found;
}

}  // namespace ouro::rules::functions
