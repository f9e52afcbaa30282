#include "rules/functions/string_format.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "rules/functions/number_text.h"
#include "rules/functions/runes.h"
#include "rules/functions/time_text.h"

namespace ouro::rules::functions {

namespace {

constexpr int kDefaultPrecision = 6;
// CEL's strings extension, version 5; Kubernetes' version has no limit but that of its number
// formatter (16 bits).
constexpr int kPrecisionMax = 100;
constexpr int kKubernetesPrecisionMax = 32'767;
constexpr int kDepthMax = 200;

using Text = Result<std::string>;

tl::unexpected<Error> Refuse(std::string_view what, const Value& value) {
  return Fail(ErrorCode::kInvalid,
              fmt::format("error during formatting: {}, was given {}", what, TypeName(value)));
}

constexpr std::string_view kStringClause =
    "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
    "durations, and timestamps";

// An entry of a map, in text. Maps are printed in order of their keys' texts; of equal ones the
// earlier entry comes first.
struct FormattedEntry {
  std::string key;
  size_t position;
  std::string text;
  auto operator<=>(const FormattedEntry&) const = default;
};

std::string Hex(std::string_view bytes, bool upper) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += upper ? fmt::format("{:02X}", byte) : fmt::format("{:02x}", byte);
  }
  return out;
}

// ---- Kubernetes' dialect ------------------------------------------------------------------------

Text KubernetesText(const Value& value, const io::KeyTable& keys, int depth);

// A scalar as it stands inside a list or map: as a literal of the language.
Text KubernetesLiteral(const Value& value, const io::KeyTable& keys, int depth) {
  switch (value.kind) {
    case Kind::kString:
      return QuoteGo(value.str());
    case Kind::kBytes: {
      OURO_TRY(const std::string text, KubernetesText(value, keys, depth));
      return "b" + QuoteGo(text);
    }
    case Kind::kTimestamp:
      return "timestamp(" + QuoteGo(FormatTimestamp(value)) + ")";
    case Kind::kDuration:
      return "duration(" + QuoteGo(FormatDuration(value)) + ")";
    case Kind::kDouble: {
      const std::string text = FormatFixed(value.number, kDefaultPrecision);
      return std::isfinite(value.number) ? text : QuoteGo(text);
    }
    case Kind::kInt:
      return fmt::format("{}", value.integer);
    case Kind::kUint:
      return fmt::format("{}", value.unsigned_integer);
    case Kind::kOptional:
    case Kind::kOpaque:
      return Fail(ErrorCode::kInvalid,
                  fmt::format("error during formatting: no formatting function "
                              "for {}",
                              TypeName(value)));
    default:
      return KubernetesText(value, keys, depth);
  }
}

Text KubernetesList(const Value& value, const io::KeyTable& keys, int depth) {
  std::string out = "[";
  Walker walker(value, keys);
  while (walker.Next()) {
    OURO_TRY(const std::string item, KubernetesLiteral(walker.value(), keys, depth + 1));
    if (out.size() > 1) out += ", ";
    out += item;
  }
  return out + "]";
}

Text KubernetesMap(const Value& value, const io::KeyTable& keys, int depth) {
  std::vector<FormattedEntry> entries;
  Walker walker(value, keys);
  while (walker.Next()) {
    const Value key = walker.key();
    if (key.kind != Kind::kString && key.kind != Kind::kBool && key.kind != Kind::kInt &&
        key.kind != Kind::kUint) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("error during formatting: no formatting function "
                              "for map key of type {}",
                              TypeName(key)));
    }
    OURO_TRY(std::string key_text, KubernetesLiteral(key, keys, depth + 1));
    OURO_TRY(std::string value_text, KubernetesLiteral(walker.value(), keys, depth + 1));
    entries.push_back({std::move(key_text), entries.size(), std::move(value_text)});
  }
  std::sort(entries.begin(), entries.end());
  std::string out = "{";
  for (const auto& [key, position, text] : entries) {
    if (out.size() > 1) out += ", ";
    out += key + ":" + text;
  }
  return out + "}";
}

Text KubernetesText(const Value& value, const io::KeyTable& keys, int depth) {
  if (depth > kDepthMax) return Fail(ErrorCode::kLimit, "the value to format is nested too deep");
  switch (value.kind) {
    case Kind::kList:
    case Kind::kTreeList:
      return KubernetesList(value, keys, depth);
    case Kind::kMap:
    case Kind::kTreeMap:
      return KubernetesMap(value, keys, depth);
    case Kind::kInt:
      return fmt::format("{}", value.integer);
    case Kind::kUint:
      return fmt::format("{}", value.unsigned_integer);
    case Kind::kDouble:
      return FormatGeneral(value.number);
    case Kind::kBool:
      return value.boolean ? "true" : "false";
    case Kind::kString:
    case Kind::kType:
      return std::string(value.str());
    case Kind::kBytes:
      if (!IsValidUtf8(value.str())) {
        return Fail(ErrorCode::kInvalid,
                    "error during formatting: could not convert bytes to string");
      }
      return std::string(value.str());
    case Kind::kTimestamp:
      return FormatTimestamp(value);
    case Kind::kDuration:
      return FormatDuration(value);
    case Kind::kNull:
      return "null";
    default:
      return Refuse(kStringClause, value);
  }
}

// Digits with a comma between groups of three, as en_US writes them.
std::string GroupThousands(const std::string& text) {
  const size_t start = text.front() == '-' ? 1 : 0;
  const size_t end = std::min(text.find('.'), text.size());
  std::string out = text.substr(0, start);
  for (size_t i = start; i < end; ++i) {
    out += text[i];
    if ((end - i - 1) % 3 == 0 && i + 1 < end) out += ',';
  }
  return out + text.substr(end);
}

std::optional<std::string> LocalisedSpecial(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
  return std::nullopt;
}

std::string LocalisedFixed(double value, int precision) {
  if (auto special = LocalisedSpecial(value)) return *special;
  return GroupThousands(FormatFixed(value == 0 ? 0.0 : value, precision));
}

// "1.052033×10⁰³". The number after the point of the clause is a minimum width here, not a
// precision.
std::string LocalisedScientific(double value, int width) {
  static constexpr std::string_view kSuperscripts[] = {"⁰", "¹", "²", "³", "⁴",
                                                       "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out;
  if (auto special = LocalisedSpecial(value)) {
    out = *special;
  } else {
    const std::string text = FormatScientific(value == 0 ? 0.0 : value, kDefaultPrecision);
    const size_t e = text.find('e');
    out = text.substr(0, e) + "×10";
    if (text[e + 1] == '-') out += "⁻";
    for (const char c : std::string_view(text).substr(e + 2)) {
      out += kSuperscripts[static_cast<size_t>(c - '0')];
    }
  }
  const int64_t missing = width - RuneCount(out);
  return missing > 0 ? std::string(static_cast<size_t>(missing), ' ') + out : out;
}

// ---- the current dialect ------------------------------------------------------------------------

std::string CurrentNumber(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return FormatPlain(value);
}

Text CurrentText(const Value& value, const io::KeyTable& keys, int depth);

Text CurrentList(const Value& value, const io::KeyTable& keys, int depth) {
  std::string out = "[";
  Walker walker(value, keys);
  bool first = true;
  while (walker.Next()) {
    OURO_TRY(const std::string item, CurrentText(walker.value(), keys, depth + 1));
    if (!first) out += ", ";
    first = false;
    out += item;
  }
  return out + "]";
}

Text CurrentMap(const Value& value, const io::KeyTable& keys, int depth) {
  std::vector<FormattedEntry> entries;
  Walker walker(value, keys);
  while (walker.Next()) {
    OURO_TRY(std::string key, CurrentText(walker.key(), keys, depth + 1));
    OURO_TRY(std::string text, CurrentText(walker.value(), keys, depth + 1));
    entries.push_back({std::move(key), entries.size(), std::move(text)});
  }
  std::sort(entries.begin(), entries.end());
  std::string out = "{";
  bool first = true;
  for (const auto& [key, position, text] : entries) {
    if (!first) out += ", ";
    first = false;
    out += key + ": " + text;
  }
  return out + "}";
}

Text CurrentText(const Value& value, const io::KeyTable& keys, int depth) {
  if (depth > kDepthMax) return Fail(ErrorCode::kLimit, "the value to format is nested too deep");
  switch (value.kind) {
    case Kind::kList:
    case Kind::kTreeList:
      return CurrentList(value, keys, depth);
    case Kind::kMap:
    case Kind::kTreeMap:
      return CurrentMap(value, keys, depth);
    case Kind::kDouble:
      return CurrentNumber(value.number);
    case Kind::kBytes:
      return std::string(value.str());
    case Kind::kTimestamp:
      return FormatTimestampUtc(value);
    case Kind::kOptional:
    case Kind::kOpaque:
    case Kind::kError:
      return Refuse(kStringClause, value);
    default:
      return KubernetesText(value, keys, depth);
  }
}

// ---- clauses ------------------------------------------------------------------------------------

std::optional<double> NumberOf(const Value& value, FormatDialect dialect) {
  if (value.kind == Kind::kDouble) return value.number;
  if (dialect == FormatDialect::kKubernetes) {
    if (value.kind == Kind::kString &&
        (value.str() == "NaN" || value.str() == "Infinity" || value.str() == "-Infinity")) {
      return ParseDouble(value.str());
    }
    return std::nullopt;
  }
  if (value.kind == Kind::kInt) return static_cast<double>(value.integer);
  if (value.kind == Kind::kUint) return static_cast<double>(value.unsigned_integer);
  return std::nullopt;
}

Text FloatClause(char clause, const Value& value, int precision, FormatDialect dialect) {
  const auto number = NumberOf(value, dialect);
  const bool fixed = clause == 'f';
  const bool kubernetes = dialect == FormatDialect::kKubernetes;
  if (!number) {
    const std::string_view name = fixed ? "fixed-point" : "scientific";
    return Refuse(fmt::format("{} clause can only be used on {}", name,
                              kubernetes ? "doubles" : "ints, uints, and doubles"),
                  value);
  }
  if (kubernetes) {
    return fixed ? LocalisedFixed(*number, precision) : LocalisedScientific(*number, precision);
  }
  if (!std::isfinite(*number)) return CurrentNumber(*number);
  return fixed ? FormatFixed(*number, precision) : FormatScientific(*number, precision);
}

Text DecimalClause(const Value& value, FormatDialect dialect) {
  if (value.kind == Kind::kInt) return fmt::format("{}", value.integer);
  if (value.kind == Kind::kUint) return fmt::format("{}", value.unsigned_integer);
  if (dialect == FormatDialect::kCurrent) {
    if (value.kind == Kind::kDouble) return CurrentNumber(value.number);
    return Refuse("decimal clause can only be used on ints, uints, and doubles", value);
  }
  return Refuse("decimal clause can only be used on integers", value);
}

Text RadixClause(char clause, const Value& value) {
  const auto print = [&](bool negative, uint64_t magnitude) {
    const std::string_view sign = negative ? "-" : "";
    switch (clause) {
      case 'b':
        return fmt::format("{}{:b}", sign, magnitude);
      case 'o':
        return fmt::format("{}{:o}", sign, magnitude);
      case 'X':
        return fmt::format("{}{:X}", sign, magnitude);
      default:
        return fmt::format("{}{:x}", sign, magnitude);
    }
  };
  if (value.kind == Kind::kUint) return print(false, value.unsigned_integer);
  if (value.kind == Kind::kInt) {
    const auto bits = static_cast<uint64_t>(value.integer);
    return print(value.integer < 0, value.integer < 0 ? 0 - bits : bits);
  }
  if (clause == 'b') {
    if (value.kind == Kind::kBool) return std::string(value.boolean ? "1" : "0");
    return Refuse("only integers and bools can be formatted as binary", value);
  }
  if (clause == 'o') return Refuse("octal clause can only be used on integers", value);
  if (value.kind == Kind::kString || value.kind == Kind::kBytes) {
    return Hex(value.str(), clause == 'X');
  }
  return Refuse("only integers, byte buffers, and strings can be formatted as hex", value);
}

// Reads ".<digits>" at `at`, if it is there.
Result<int> TakePrecision(std::string_view pattern, size_t& at, FormatDialect dialect) {
  if (at >= pattern.size() || pattern[at] != '.') return kDefaultPrecision;
  const size_t start = ++at;
  while (at < pattern.size() && pattern[at] >= '0' && pattern[at] <= '9') ++at;
  if (at >= pattern.size()) {
    return Fail(ErrorCode::kInvalid,
                "could not parse formatting clause: error while parsing "
                "precision: could not find end of precision specifier");
  }
  const auto precision = ParseInt(pattern.substr(start, at - start));
  const int most = dialect == FormatDialect::kKubernetes ? kKubernetesPrecisionMax : kPrecisionMax;
  if (!precision || *precision > most) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("could not parse formatting clause: error while parsing precision: "
                            "\"{}\" is no number up to {}",
                            pattern.substr(start, at - start), most));
  }
  return static_cast<int>(*precision);
}

Text FormatClause(char clause, const Value& value, int precision, FormatDialect dialect,
                  const io::KeyTable& keys) {
  switch (clause) {
    case 's':
      return dialect == FormatDialect::kKubernetes ? KubernetesText(value, keys, 0)
                                                   : CurrentText(value, keys, 0);
    case 'd':
      return DecimalClause(value, dialect);
    case 'f':
    case 'e':
      return FloatClause(clause, value, precision, dialect);
    case 'b':
    case 'o':
    case 'x':
    case 'X':
      return RadixClause(clause, value);
    default:
      return Fail(ErrorCode::kInvalid,
                  fmt::format("could not parse formatting clause: unrecognized formatting clause "
                              "\"{}\"",
                              Printable(std::string_view(&clause, 1))));
  }
}

}  // namespace

Result<std::string> FormatText(std::string_view pattern, const Value& list, FormatDialect dialect,
                               const io::KeyTable& keys) {
  std::string out;
  Walker arguments(list, keys);
  int64_t index = 0;
  for (size_t at = 0; at < pattern.size();) {
    if (pattern[at] != '%') {
      out += pattern[at++];
      continue;
    }
    if (at + 1 < pattern.size() && pattern[at + 1] == '%') {
      out += '%';
      at += 2;
      continue;
    }
    if (!arguments.Next()) {
      return Fail(ErrorCode::kInvalid, fmt::format("index {} out of range", index));
    }
    ++index;
    if (++at >= pattern.size()) return Fail(ErrorCode::kInvalid, "unexpected end of string");
    OURO_TRY(const int precision, TakePrecision(pattern, at, dialect));
    OURO_TRY(const std::string text,
             FormatClause(pattern[at], arguments.value(), precision, dialect, keys));
    ++at;
    out += text;
    if (static_cast<int64_t>(out.size()) > limits::kEvaluationMemoryBytes) {
      return Fail(ErrorCode::kLimit, "the formatted text is too long");
    }
  }
  return out;
}

}  // namespace ouro::rules::functions
