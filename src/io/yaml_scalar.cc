#include "io/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "io/yaml_chars.h"

namespace ouro::io {
namespace {

Scalar Null() {
  Scalar s;
  s.type = ScalarType::kNull;
  return s;
}

Scalar Bool(bool value) {
  Scalar s;
  s.type = ScalarType::kBool;
  s.boolean = value;
  return s;
}

Scalar Int(int64_t value) {
  Scalar s;
  s.type = ScalarType::kInt;
  s.integer = value;
  return s;
}

Scalar Uint(uint64_t value) {
  Scalar s;
  s.type = ScalarType::kUint;
  s.unsigned_integer = value;
  return s;
}

Scalar Double(double value) {
  Scalar s;
  s.type = ScalarType::kDouble;
  s.number = value;
  return s;
}

// Words with a meaning. Only these spellings count: lower case, Capitalised, UPPER CASE.
std::optional<Scalar> ResolveWord(std::string_view text) {
  constexpr std::array<std::string_view, 11> kTrue = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                                      "True", "TRUE", "on",  "On",  "ON"};
  constexpr std::array<std::string_view, 11> kFalse = {
      "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"};
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return Null();
  }
  if (text.size() > 5) return std::nullopt;
  for (const std::string_view word : kTrue) {
    if (text == word) return Bool(true);
  }
  for (const std::string_view word : kFalse) {
    if (text == word) return Bool(false);
  }
  std::string_view name = text;
  double sign = 1;
  if (name[0] == '+' || name[0] == '-') {
    sign = name[0] == '-' ? -1 : 1;
    name.remove_prefix(1);
  }
  if (name == ".inf" || name == ".Inf" || name == ".INF") {
    return Double(sign * std::numeric_limits<double>::infinity());
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    return Double(std::numeric_limits<double>::quiet_NaN());
  }
  return std::nullopt;
}

// Digits of `base` without sign; nullopt when there are none, another character or overflow.
std::optional<uint64_t> ParseDigits(std::string_view text, int base) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Sign and magnitude as an int64, the smallest included.
std::optional<int64_t> SignedValue(bool negative, uint64_t magnitude) {
  constexpr uint64_t kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (magnitude <= kMax) {
    const int64_t value = static_cast<int64_t>(magnitude);
    return negative ? -value : value;
  }
  if (negative && magnitude == kMax + 1) return std::numeric_limits<int64_t>::min();
  return std::nullopt;
}

// Splits a base prefix off: 0x, 0o, 0b in either case, or a leading 0 for octal.
int TakeBase(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  const char kind = static_cast<char>(digits[1] | 0x20);
  const int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
  if (base == 0) {
    digits.remove_prefix(1);
    return 8;
  }
  digits.remove_prefix(2);
  return base;
}

std::optional<Scalar> ParseInteger(std::string_view text) {
  std::string_view digits = text;
  const bool sign = !digits.empty() && (digits[0] == '+' || digits[0] == '-');
  const bool negative = sign && digits[0] == '-';
  if (sign) digits.remove_prefix(1);
  if (digits.empty()) return std::nullopt;
  const int base = TakeBase(digits);
  const std::optional<uint64_t> magnitude = ParseDigits(digits, base);
  if (!magnitude) return std::nullopt;
  if (const auto value = SignedValue(negative, *magnitude)) return Int(*value);
  if (!sign) return Uint(*magnitude);
  return std::nullopt;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool LooksLikeFloat(std::string_view text) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t from = i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    return i > from;
  };
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
  const bool whole = digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    const bool fraction = digits();
    if (!whole && !fraction) return false;
  } else if (!whole) {
    return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

// Value of text that LooksLikeFloat; nullopt when it is too large for a double. Values too small
// become zero, as in Go.
std::optional<double> ParseFloat(std::string_view text) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc()) return value;
  if (error != std::errc::result_out_of_range) return std::nullopt;
  // from_chars does not say in which direction it left the range; strtod does.
  value = std::strtod(std::string(text).c_str(), nullptr);
  if (std::isinf(value)) return std::nullopt;
  return value;
}

// Binary numbers whose sign stands after the prefix ("0b-101") are read by the upstream as well.
std::optional<Scalar> ParseOddBinary(std::string_view text) {
  if (!text.starts_with("0b")) return std::nullopt;
  text.remove_prefix(2);
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const bool negative = text[0] == '-';
  const std::optional<uint64_t> magnitude = ParseDigits(text.substr(1), 2);
  if (!magnitude) return std::nullopt;
  const auto value = SignedValue(negative, *magnitude);
  if (!value) return std::nullopt;
  return Int(*value);
}

std::optional<Scalar> ResolveNumber(std::string_view text) {
  std::string without;
  if (text.find('_') != std::string_view::npos) {
    for (const char c : text) {
      if (c != '_') without.push_back(c);
    }
    text = without;
  }
  if (const auto value = ParseInteger(text)) return value;
  if (LooksLikeFloat(text)) {
    if (const auto value = ParseFloat(text)) return Double(*value);
  }
  return ParseOddBinary(text);
}

// A number that begins with the point. Here '_' counts only between two digits, as in Go's
// literals.
std::optional<Scalar> ResolveFraction(std::string_view text) {
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      digits.push_back(text[i]);
    } else if (i + 1 == text.size() || !IsDigit(text[i - 1]) || !IsDigit(text[i + 1])) {
      return std::nullopt;
    }
  }
  if (!LooksLikeFloat(digits)) return std::nullopt;
  const auto value = ParseFloat(digits);
  if (!value) return std::nullopt;
  return Double(*value);
}

bool IsNumberStart(char c) {
  return IsDigit(c) || c == '+' || c == '-';
}

bool IsWordStart(char c) {
  constexpr std::string_view kStarts = "yYnNtTfFoO~.";
  return kStarts.find(c) != std::string_view::npos;
}

// Two-digit (or shorter) decimal field of a timestamp, 0..max; false when absent.
bool TakeField(std::string_view& text, size_t digits_min, size_t digits_max, int max, int& value) {
  size_t count = 0;
  value = 0;
  while (count < text.size() && count < digits_max && IsDigit(text[count])) {
    value = value * 10 + (text[count] - '0');
    ++count;
  }
  if (count < digits_min || value > max) return false;
  text.remove_prefix(count);
  return true;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

bool TakeDate(std::string_view& text) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = 0;
  int month = 0;
  int day = 0;
  if (!TakeField(text, 4, 4, 9999, year) || !TakeChar(text, '-')) return false;
  if (!TakeField(text, 1, 2, 12, month) || month == 0 || !TakeChar(text, '-')) return false;
  if (!TakeField(text, 1, 2, 31, day) || day == 0) return false;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= kDays[static_cast<size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

bool TakeTime(std::string_view& text) {
  int field = 0;
  if (!TakeField(text, 2, 2, 23, field) && !TakeField(text, 1, 1, 23, field)) return false;
  if (!TakeChar(text, ':') || !TakeField(text, 1, 2, 59, field)) return false;
  if (!TakeChar(text, ':') || !TakeField(text, 1, 2, 59, field)) return false;
  if (text.size() > 1 && (text[0] == '.' || text[0] == ',') && IsDigit(text[1])) {
    text.remove_prefix(1);
    while (!text.empty() && IsDigit(text[0])) text.remove_prefix(1);
  }
  return true;
}

bool TakeZone(std::string_view& text) {
  if (TakeChar(text, 'Z')) return true;
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  text.remove_prefix(1);
  int field = 0;
  return TakeField(text, 2, 2, 24, field) && TakeChar(text, ':') &&
         TakeField(text, 2, 2, 60, field);
}

// The forms that the upstream takes for a timestamp (yaml.v2, allowedTimestampFormats). Matters
// only for the tag !!timestamp: the value is the text in any case.
bool IsTimestamp(std::string_view text) {
  if (!TakeDate(text)) return false;
  if (text.empty()) return true;
  if (TakeChar(text, 'T') || TakeChar(text, 't')) {
    return TakeTime(text) && TakeZone(text) && text.empty();
  }
  if (!TakeChar(text, ' ')) return false;
  while (TakeChar(text, ' ')) continue;
  return TakeTime(text) && text.empty();
}

std::string_view TagName(ScalarTag tag) {
  switch (tag) {
    case ScalarTag::kBool:
      return "!!bool";
    case ScalarTag::kInt:
      return "!!int";
    case ScalarTag::kFloat:
      return "!!float";
    case ScalarTag::kNull:
      return "!!null";
    case ScalarTag::kTimestamp:
      return "!!timestamp";
    default:
      return "!!str";
  }
}

bool Matches(ScalarTag tag, ScalarType type) {
  switch (type) {
    case ScalarType::kNull:
      return tag == ScalarTag::kNull;
    case ScalarType::kBool:
      return tag == ScalarTag::kBool;
    case ScalarType::kInt:
    case ScalarType::kUint:
      return tag == ScalarTag::kInt;
    case ScalarType::kDouble:
      return tag == ScalarTag::kFloat;
    case ScalarType::kString:
      return tag == ScalarTag::kString;
  }
  return false;
}

}  // namespace

ScalarTag ScalarTagOf(std::string_view tag) {
  constexpr std::string_view kPrefix = "tag:yaml.org,2002:";
  if (tag.empty()) return ScalarTag::kNone;
  if (!tag.starts_with(kPrefix)) return ScalarTag::kOther;
  const std::string_view name = tag.substr(kPrefix.size());
  if (name == "str") return ScalarTag::kString;
  if (name == "bool") return ScalarTag::kBool;
  if (name == "int") return ScalarTag::kInt;
  if (name == "float") return ScalarTag::kFloat;
  if (name == "null") return ScalarTag::kNull;
  if (name == "timestamp") return ScalarTag::kTimestamp;
  if (name == "binary") return ScalarTag::kBinary;
  if (name == "merge") return ScalarTag::kMerge;
  return ScalarTag::kOther;
}

Scalar ResolvePlain(std::string_view text) {
  if (text.empty()) return Null();
  const char first = text[0];
  if (IsDigit(first) && text.size() <= 18 && (first != '0' || text.size() == 1)) {
    int64_t value = 0;
    size_t i = 0;
    for (; i < text.size() && IsDigit(text[i]); ++i) value = value * 10 + (text[i] - '0');
    if (i == text.size()) return Int(value);
  }
  if (IsWordStart(first) || IsNumberStart(first)) {
    if (const auto word = ResolveWord(text)) return *word;
  }
  if (IsNumberStart(first)) {
    if (const auto number = ResolveNumber(text)) return *number;
  } else if (first == '.') {
    if (const auto value = ResolveFraction(text)) return *value;
  }
  return Scalar();
}

Result<Scalar> ResolveTagged(ScalarTag tag, std::string_view text) {
  if (tag == ScalarTag::kString || tag == ScalarTag::kOther || tag == ScalarTag::kMerge ||
      tag == ScalarTag::kBinary) {
    return Scalar();
  }
  // A timestamp is recognised before numbers are tried, but no number looks like one.
  if (tag == ScalarTag::kTimestamp && IsTimestamp(text)) return Scalar();
  Scalar scalar = ResolvePlain(text);
  if (tag == ScalarTag::kFloat && scalar.type == ScalarType::kInt) {
    return Double(static_cast<double>(scalar.integer));
  }
  if (Matches(tag, scalar.type)) return scalar;
  return Fail(ErrorCode::kParse,
              fmt::format("the tag {} does not fit the value \"{}\"; remove the tag", TagName(tag),
                          Printable(text.substr(0, 40))));
}

bool DecodeBase64(std::string_view text, std::string& bytes) {
  bytes.clear();
  uint32_t bits = 0;
  int count = 0;
  int padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      if (++padding > 2 || count % 4 + padding > 4 || count % 4 < 2) return false;
      continue;
    }
    if (padding > 0) return false;
    uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<uint32_t>(c - 'a' + 26);
    } else if (IsDigit(c)) {
      value = static_cast<uint32_t>(c - '0' + 52);
    } else if (c == '+' || c == '/') {
      value = c == '+' ? 62 : 63;
    } else {
      return false;
    }
    bits = bits << 6 | value;
    // The first digit of a group completes no byte; each later one does.
    if (++count % 4 != 1) {
      const int spare = count % 4 == 2 ? 4 : count % 4 == 3 ? 2 : 0;
      bytes.push_back(static_cast<char>(bits >> spare & 0xFF));
    }
  }
  return (count + padding) % 4 == 0;
}

std::string ReplaceInvalidUtf8(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const size_t valid = ValidUtf8Prefix(bytes);
    out.append(bytes.substr(0, valid));
    bytes.remove_prefix(valid);
    if (bytes.empty()) break;
    out.append("\xEF\xBF\xBD");
    bytes.remove_prefix(1);
  }
  return out;
}

void AppendJsonDouble(std::string& out, double value) {
  const double magnitude = std::fabs(value);
  const bool fixed = magnitude == 0 || (magnitude >= 1e-6 && magnitude < 1e21);
  std::array<char, 64> text;
  const auto [end, error] = std::to_chars(
      text.data(), text.data() + text.size(), value,
      fixed && magnitude < 1e15 ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string_view digits(text.data(), static_cast<size_t>(end - text.data()));
  if (fixed && magnitude >= 1e15) {
    // The shortest digits, then zeros: std::to_chars would write digits that carry no information.
    const size_t mark = digits.find('e');
    int exponent = 0;
    std::from_chars(digits.data() + mark + 2, digits.data() + digits.size(), exponent);
    int places = -1;
    for (const char c : digits.substr(0, mark)) {
      if (c == '.') continue;
      if (IsDigit(c) && places == exponent) out.push_back('.');
      if (IsDigit(c)) ++places;
      out.push_back(c);
    }
    out.append(static_cast<size_t>(std::max(0, exponent - places)), '0');
    return;
  }
  // encoding/json writes 1e-7, not 1e-07.
  if (!fixed && digits.size() >= 4 && digits[digits.size() - 4] == 'e' &&
      digits[digits.size() - 2] == '0') {
    out.append(digits.substr(0, digits.size() - 2));
    out.push_back(digits.back());
    return;
  }
  out.append(digits);
}

std::string FloatKeyText(double value) {
  const float narrow = static_cast<float>(value);
  if (std::isnan(narrow)) return ".nan";
  if (std::isinf(narrow)) return narrow < 0 ? "-.inf" : ".inf";
  std::array<char, 64> text;
  auto result =
      std::to_chars(text.data(), text.data() + text.size(), narrow, std::chars_format::scientific);
  const std::string_view scientific(text.data(), static_cast<size_t>(result.ptr - text.data()));
  const size_t mark = scientific.find('e');
  int exponent = 0;
  const char* from = scientific.data() + mark + (scientific[mark + 1] == '+' ? 2 : 1);
  std::from_chars(from, scientific.data() + scientific.size(), exponent);
  // 'g' with the shortest precision changes to an exponent below 1e-4 and from 1e6 on.
  if (narrow == 0 || (exponent >= -4 && exponent < 6)) {
    result =
        std::to_chars(text.data(), text.data() + text.size(), narrow, std::chars_format::fixed);
    return std::string(text.data(), result.ptr);
  }
  return std::string(scientific);
}

}  // namespace ouro::io
