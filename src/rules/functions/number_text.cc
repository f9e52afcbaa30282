#include "rules/functions/number_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::rules::functions {

namespace {

// The shortest decimal digits of a finite double and the power of ten of the first one.
struct Shortest {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

Shortest ShortestDigits(double value) {
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<size_t>(end.ptr - buffer));
  Shortest result;
  if (text.front() == '-') {
    result.negative = true;
    text.remove_prefix(1);
  }
  const size_t e = text.find('e');
  for (const char c : text.substr(0, e)) {
    if (c != '.') result.digits += c;
  }
  std::string_view exponent = text.substr(e + 1);
  if (exponent.front() == '+') exponent.remove_prefix(1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), result.exponent);
  return result;
}

std::optional<std::string> SpecialText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return std::nullopt;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Underscores may stand between digits only, or between the prefix 0x and a digit.
bool RemoveUnderscores(std::string_view text, bool hexadecimal, std::string& out) {
  char previous = hexadecimal ? '0' : 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto is_digit = [&](char d) { return hexadecimal ? IsHexDigit(d) : IsDigit(d); };
    if (c == '_') {
      if (!is_digit(previous) || i + 1 >= text.size() || !is_digit(text[i + 1])) return false;
    } else {
      out += c;
    }
    previous = c;
  }
  return true;
}

std::optional<double> ParseSpecial(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
    if (EqualsIgnoreCase(text, "nan")) return std::nullopt;
  }
  if (EqualsIgnoreCase(text, "nan")) return std::nan("");
  if (EqualsIgnoreCase(text, "inf") || EqualsIgnoreCase(text, "infinity")) {
    return negative ? -HUGE_VAL : HUGE_VAL;
  }
  return std::nullopt;
}

}  // namespace

std::string FormatGeneral(double value) {
  if (auto special = SpecialText(value)) return *special;
  const Shortest s = ShortestDigits(value);
  // With the shortest digits, strconv decides as if the precision were 6.
  if (s.exponent < -4 || s.exponent >= 6) {
    std::string out = s.negative ? "-" : "";
    out += s.digits[0];
    if (s.digits.size() > 1) out += "." + s.digits.substr(1);
    out += fmt::format("e{}{:02d}", s.exponent < 0 ? '-' : '+', std::abs(s.exponent));
    return out;
  }
  return FormatPlain(value);
}

std::string FormatPlain(double value) {
  if (auto special = SpecialText(value)) return *special;
  const Shortest s = ShortestDigits(value);
  const int count = static_cast<int>(s.digits.size());
  std::string out = s.negative ? "-" : "";
  if (s.exponent < 0) {
    out += "0." + std::string(static_cast<size_t>(-s.exponent - 1), '0') + s.digits;
  } else if (s.exponent + 1 >= count) {
    out += s.digits + std::string(static_cast<size_t>(s.exponent + 1 - count), '0');
  } else {
    const size_t whole = static_cast<size_t>(s.exponent + 1);
    out += s.digits.substr(0, whole) + "." + s.digits.substr(whole);
  }
  return out;
}

std::string FormatFixed(double value, int precision) {
  if (auto special = SpecialText(value)) return *special;
  return fmt::format("{:.{}f}", value, precision);
}

std::string FormatScientific(double value, int precision) {
  if (auto special = SpecialText(value)) return *special;
  return fmt::format("{:.{}e}", value, precision);
}

std::optional<double> ParseDouble(std::string_view text) {
  if (auto special = ParseSpecial(text)) return special;
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  bool hexadecimal = false;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    hexadecimal = true;
    text.remove_prefix(2);
    // A hexadecimal float needs its exponent.
    if (text.find_first_of("pP") == std::string_view::npos) return std::nullopt;
  }
  std::string clean;
  if (!RemoveUnderscores(text, hexadecimal, clean) || clean.empty()) return std::nullopt;
  if (!IsHexDigit(clean.front()) && clean.front() != '.') return std::nullopt;
  if (!hexadecimal && !IsDigit(clean.front()) && clean.front() != '.') return std::nullopt;
  double value = 0;
  const auto format = hexadecimal ? std::chars_format::hex : std::chars_format::general;
  const auto [end, error] =
      std::from_chars(clean.data(), clean.data() + clean.size(), value, format);
  if (end != clean.data() + clean.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too small is zero, too large an error; from_chars does not tell them apart.
    value = std::strtod((hexadecimal ? "0x" + clean : clean).c_str(), nullptr);
    if (std::isinf(value)) return std::nullopt;
  } else if (error != std::errc()) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

std::optional<int64_t> ParseInt(std::string_view text) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (text.empty() || !IsDigit(text.front())) return std::nullopt;
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<uint64_t> ParseUint(std::string_view text) {
  if (text.empty() || !IsDigit(text.front())) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace ouro::rules::functions
