// Functions on strings: CEL's strings extension (cel-go ext/strings.go). Positions count
// characters.
//
// There are two libraries because Kubernetes stays with version 2 (version 0 before 1.29): the
// names are the same, but format() prints differently (string_format.h) and reverse() is missing.
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "rules/functions/cost.h"
#include "rules/functions/families.h"
#include "rules/functions/runes.h"
#include "rules/functions/string_format.h"

namespace ouro::rules::functions {

namespace {

Value OutOfRange(CallContext& context, int64_t index) {
  return context.arena.NewError(fmt::format("index out of range: {}", index));
}

Value TooLong() {
  return Value::Error("the resulting string is too long");
}

bool IsTooLong(size_t size) {
  return size > static_cast<size_t>(limits::kEvaluationMemoryBytes);
}

Value CharAt(CallContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].str();
  const int64_t index = args[1].integer;
  const int64_t offset = index < 0 ? -1 : RuneOffset(text, index);
  if (offset < 0) return OutOfRange(context, index);
  const std::string_view rest = text.substr(static_cast<size_t>(offset));
  if (rest.empty()) return Value::String("");
  return Value::String(rest.substr(0, FirstRune(rest).size_bytes));
}

// Character position of the first `part` at or after character `from`; -1 where there is none.
int64_t Find(std::string_view text, std::string_view part, int64_t from) {
  const int64_t offset = RuneOffset(text, from);
  if (part.empty()) return offset < 0 ? RuneCount(text) : from;
  if (offset < 0) return -1;
  const size_t found = text.find(part, static_cast<size_t>(offset));
  if (found == std::string_view::npos) return -1;
  return from +
         RuneCount(text.substr(static_cast<size_t>(offset), found - static_cast<size_t>(offset)));
}

Value IndexOf(CallContext& context, std::span<const Value> args) {
  const int64_t from = args.size() > 2 ? args[2].integer : 0;
  if (from < 0) return OutOfRange(context, from);
  return Value::Int(Find(args[0].str(), args[1].str(), from));
}

Value LastIndexOf(CallContext&, std::span<const Value> args) {
  const std::string_view text = args[0].str();
  const std::string_view part = args[1].str();
  if (part.empty()) return Value::Int(RuneCount(text));
  const size_t found = text.rfind(part);
  return Value::Int(found == std::string_view::npos ? -1 : RuneCount(text.substr(0, found)));
}

Value LastIndexOfUpTo(CallContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].str();
  const std::string_view part = args[1].str();
  const int64_t last = args[2].integer;
  if (last < 0) return OutOfRange(context, last);
  const int64_t count = RuneCount(text);
  if (part.empty()) return Value::Int(last > count ? count : last);
  // Past the end there is nothing to be found, not even what stands before it.
  if (last >= count) return Value::Int(-1);
  const size_t found = text.rfind(part, static_cast<size_t>(RuneOffset(text, last)));
  return Value::Int(found == std::string_view::npos ? -1 : RuneCount(text.substr(0, found)));
}

template <char kFirst, char kLast, int kShift>
Value ShiftAscii(CallContext& context, std::span<const Value> args) {
  std::string text(args[0].str());
  for (char& c : text) {
    if (c >= kFirst && c <= kLast) c = static_cast<char>(c + kShift);
  }
  return context.arena.NewString(text);
}

Value Replace(CallContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].str();
  const std::string_view from = args[1].str();
  const std::string_view to = args[2].str();
  int64_t left = args.size() > 3 ? args[3].integer : -1;
  std::string out;
  size_t at = 0;
  while (left != 0) {
    size_t found = text.find(from, at);
    if (found == std::string_view::npos) break;
    out.append(text.substr(at, found - at)).append(to);
    at = found + from.size();
    if (left > 0) --left;
    if (from.empty()) {
      // An empty text stands before every character and at the end.
      if (at >= text.size()) break;
      const size_t size = FirstRune(text.substr(at)).size_bytes;
      out.append(text.substr(at, size));
      at += size;
    }
    if (IsTooLong(out.size())) return TooLong();
  }
  if (at < text.size()) out.append(text.substr(at));
  return context.arena.NewString(out);
}

Value Split(CallContext& context, std::span<const Value> args) {
  std::string_view text = args[0].str();
  const std::string_view separator = args[1].str();
  const int64_t most = args.size() > 2 ? args[2].integer : -1;
  std::vector<Value> parts;
  if (most == 0) return context.arena.NewList(parts);
  const auto has_room = [&] { return most < 0 || static_cast<int64_t>(parts.size()) + 1 < most; };
  if (separator.empty()) {
    while (!text.empty() && has_room()) {
      const size_t size = FirstRune(text).size_bytes;
      if (size == text.size()) break;
      parts.push_back(Value::String(text.substr(0, size)));
      text.remove_prefix(size);
    }
    if (!text.empty()) parts.push_back(Value::String(text));
    return context.arena.NewList(parts);
  }
  while (has_room()) {
    const size_t found = text.find(separator);
    if (found == std::string_view::npos) break;
    parts.push_back(Value::String(text.substr(0, found)));
    text.remove_prefix(found + separator.size());
  }
  parts.push_back(Value::String(text));
  return context.arena.NewList(parts);
}

Value SubstringFrom(CallContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].str();
  const int64_t start = args[1].integer;
  const int64_t offset = start < 0 ? -1 : RuneOffset(text, start);
  if (offset < 0) return OutOfRange(context, start);
  return Value::String(text.substr(static_cast<size_t>(offset)));
}

Value SubstringRange(CallContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].str();
  const int64_t start = args[1].integer;
  const int64_t end = args[2].integer;
  if (start > end) {
    return context.arena.NewError(
        fmt::format("invalid substring range. start: {}, end: {}", start, end));
  }
  const int64_t first = start < 0 ? -1 : RuneOffset(text, start);
  if (first < 0) return OutOfRange(context, start);
  const int64_t last = RuneOffset(text, end);
  if (last < 0) return OutOfRange(context, end);
  return Value::String(text.substr(static_cast<size_t>(first), static_cast<size_t>(last - first)));
}

// Unicode's White_Space property.
bool IsSpace(uint32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

Value Trim(CallContext&, std::span<const Value> args) {
  std::string_view text = args[0].str();
  while (!text.empty()) {
    const Rune rune = FirstRune(text);
    if (!IsSpace(rune.code_point)) break;
    text.remove_prefix(rune.size_bytes);
  }
  while (!text.empty()) {
    size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) --start;
    const Rune rune = FirstRune(text.substr(start));
    if (start + rune.size_bytes != text.size() || !IsSpace(rune.code_point)) break;
    text.remove_suffix(rune.size_bytes);
  }
  return Value::String(text);
}

Value Reverse(CallContext& context, std::span<const Value> args) {
  std::string_view text = args[0].str();
  std::string out(text.size(), '\0');
  size_t end = text.size();
  while (!text.empty()) {
    const size_t size = FirstRune(text).size_bytes;
    end -= size;
    text.copy(out.data() + end, size);
    text.remove_prefix(size);
  }
  return context.arena.NewString(out);
}

Value Join(CallContext& context, std::span<const Value> args) {
  const std::string_view separator = args.size() > 1 ? args[1].str() : std::string_view();
  std::string out;
  bool first = true;
  Walker walker(args[0], context.keys);
  while (walker.Next()) {
    const Value item = walker.value();
    if (item.kind != Kind::kString) {
      return context.arena.NewError(
          fmt::format("join: invalid input: {}", ValueToText(item, context.keys)));
    }
    if (!first) out.append(separator);
    first = false;
    out.append(item.str());
    if (IsTooLong(out.size())) return TooLong();
  }
  return context.arena.NewString(out);
}

// The text in double quotes with CEL's escapes for control characters.
Value Quote(CallContext& context, std::span<const Value> args) {
  std::string_view text = args[0].str();
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = FirstRune(text);
    static constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v\\\"";
    static constexpr std::string_view kLetters = "abfnrtv\\\"";
    const size_t escape = rune.code_point < 0x80 ? kEscaped.find(static_cast<char>(rune.code_point))
                                                 : std::string_view::npos;
    if (escape != std::string_view::npos) {
      out += '\\';
      out += kLetters[escape];
    } else if (rune.code_point == 0xfffd) {
      out += "\xef\xbf\xbd";
    } else {
      out.append(text.substr(0, rune.size_bytes));
    }
    text.remove_prefix(rune.size_bytes);
  }
  return context.arena.NewString(out + "\"");
}

template <FormatDialect kDialect>
Value Format(CallContext& context, std::span<const Value> args) {
  auto text = FormatText(args[0].str(), args[1], kDialect, context.keys);
  return text ? context.arena.NewString(*text) : context.arena.NewError(text.error().message);
}

constexpr auto kLower = ShiftAscii<'A', 'Z', 'a' - 'A'>;
constexpr auto kUpper = ShiftAscii<'a', 'z', 'A' - 'a'>;

constexpr std::array kKubernetesOverloads = {
    Overload{"charAt", "string_char_at_int", true, "string, int", "string", CharAt},
    Overload{"format", "string_format", true, "string, list(dyn)", "string",
             Format<FormatDialect::kKubernetes>, FirstStringCost, 29},
    Overload{"indexOf", "string_index_of_string", true, "string, string", "int", IndexOf,
             FirstTraversalCost},
    Overload{"indexOf", "string_index_of_string_int", true, "string, string, int", "int", IndexOf,
             FirstTraversalCost},
    Overload{"join", "list_join", true, "list(string)", "string", Join, TwiceResultCost},
    Overload{"join", "list_join_string", true, "list(string), string", "string", Join,
             TwiceResultCost},
    Overload{"lastIndexOf", "string_last_index_of_string", true, "string, string", "int",
             LastIndexOf, FirstTraversalCost},
    Overload{"lastIndexOf", "string_last_index_of_string_int", true, "string, string, int", "int",
             LastIndexOfUpTo, FirstTraversalCost},
    Overload{"lowerAscii", "string_lower_ascii", true, "string", "string", kLower, FirstStringCost},
    Overload{"replace", "string_replace_string_string", true, "string, string, string", "string",
             Replace, TwiceFirstStringCost},
    Overload{"replace", "string_replace_string_string_int", true, "string, string, string, int",
             "string", Replace, TwiceFirstStringCost},
    Overload{"split", "string_split_string", true, "string, string", "list(string)", Split,
             TwiceFirstStringCost},
    Overload{"split", "string_split_string_int", true, "string, string, int", "list(string)", Split,
             TwiceFirstStringCost},
    Overload{"strings.quote", "strings_quote", false, "string", "string", Quote, FirstStringCost,
             29},
    Overload{"substring", "string_substring_int", true, "string, int", "string", SubstringFrom,
             FirstStringCost},
    Overload{"substring", "string_substring_int_int", true, "string, int, int", "string",
             SubstringRange, FirstStringCost},
    Overload{"trim", "string_trim", true, "string", "string", Trim, FirstStringCost},
    Overload{"upperAscii", "string_upper_ascii", true, "string", "string", kUpper, FirstStringCost},
};

constexpr std::array kOverloads = {
    Overload{"charAt", "string_char_at_int", true, "string, int", "string", CharAt},
    Overload{"format", "string_format", true, "string, list(dyn)", "string",
             Format<FormatDialect::kCurrent>, FirstStringCost},
    Overload{"indexOf", "string_index_of_string", true, "string, string", "int", IndexOf},
    Overload{"indexOf", "string_index_of_string_int", true, "string, string, int", "int", IndexOf},
    Overload{"join", "list_join", true, "list(string)", "string", Join},
    Overload{"join", "list_join_string", true, "list(string), string", "string", Join},
    Overload{"lastIndexOf", "string_last_index_of_string", true, "string, string", "int",
             LastIndexOf},
    Overload{"lastIndexOf", "string_last_index_of_string_int", true, "string, string, int", "int",
             LastIndexOfUpTo},
    Overload{"lowerAscii", "string_lower_ascii", true, "string", "string", kLower},
    Overload{"replace", "string_replace_string_string", true, "string, string, string", "string",
             Replace},
    Overload{"replace", "string_replace_string_string_int", true, "string, string, string, int",
             "string", Replace},
    Overload{"reverse", "string_reverse", true, "string", "string", Reverse},
    Overload{"split", "string_split_string", true, "string, string", "list(string)", Split},
    Overload{"split", "string_split_string_int", true, "string, string, int", "list(string)",
             Split},
    Overload{"strings.quote", "strings_quote", false, "string", "string", Quote, FirstStringCost},
    Overload{"substring", "string_substring_int", true, "string, int", "string", SubstringFrom},
    Overload{"substring", "string_substring_int_int", true, "string, int, int", "string",
             SubstringRange},
    Overload{"trim", "string_trim", true, "string", "string", Trim},
    Overload{"upperAscii", "string_upper_ascii", true, "string", "string", kUpper},
};

}  // namespace

const Library kKubernetesStringLibrary = {"kubernetes_strings", "strings, as Kubernetes has them",
                                          1, kKubernetesOverloads};
const Library kStringLibrary = {"strings", "strings, newest version", kNeverInKubernetes,
                                kOverloads};

}  // namespace ouro::rules::functions
