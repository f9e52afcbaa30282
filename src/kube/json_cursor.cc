#include "kube/json_cursor.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace ouro::kube {
namespace {

bool IsBlank(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// After the closing quote of the string whose opening quote is at `p`; nullptr when it has no end.
const char* SkipString(const char* p, const char* end) {
  const char* from = p + 1;
  while (from < end) {
    const void* found = std::memchr(from, '"', static_cast<size_t>(end - from));
    if (found == nullptr) return nullptr;
    const char* quote = static_cast<const char*>(found);
    const char* back = quote;
    while (back > p + 1 && back[-1] == '\\') --back;
    from = quote + 1;
    if (((quote - back) & 1) == 0) return from;
  }
  return nullptr;
}

// After the value at `p`. Inside lists and objects only brackets and strings are looked at.
const char* SkipValue(const char* p, const char* end) {
  int64_t depth = 0;
  while (p < end) {
    switch (*p) {
      case '"':
        p = SkipString(p, end);
        if (p == nullptr) return nullptr;
        break;
      case '{':
      case '[':
        ++depth;
        ++p;
        break;
      case '}':
      case ']':
        if (depth == 0) return nullptr;
        --depth;
        ++p;
        break;
      default:
        if (depth == 0) {
          const char* start = p;
          while (p < end && *p != ',' && *p != '}' && *p != ']' && *p != ':' && !IsBlank(*p)) ++p;
          return p == start ? nullptr : p;
        }
        ++p;
        continue;
    }
    if (depth == 0) return p;
  }
  return nullptr;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hexadecimal digits at `text[at]`; -1 when they are not there.
int32_t HexUnit(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int32_t unit = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

// Appends what \u at `at` (its first digit) stands for and moves `at` past it. Half a surrogate
// pair becomes U+FFFD.
bool AppendUnicodeEscape(std::string_view text, size_t& at, std::string& out) {
  int32_t unit = HexUnit(text, at);
  if (unit < 0) return false;
  at += 4;
  if (unit >= 0xd800 && unit < 0xdc00 && text.substr(at, 2) == "\\u") {
    const int32_t low = HexUnit(text, at + 2);
    if (low >= 0xdc00 && low < 0xe000) {
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      at += 6;
    }
  }
  if (unit >= 0xd800 && unit < 0xe000) unit = 0xfffd;
  AppendUtf8(out, static_cast<uint32_t>(unit));
  return true;
}

char SimpleEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '"':
    case '\\':
    case '/':
      return c;
    default:
      return 0;
  }
}

}  // namespace

JsonCursor::JsonCursor(std::string_view text)
    : begin_(text.data()), cur_(text.data()), end_(text.data() + text.size()) {
  SkipBlanks();
  if (cur_ < end_ && (*cur_ == '{' || *cur_ == '[')) {
    close_ = *cur_ == '{' ? '}' : ']';
    ++cur_;
  } else {
    ok_ = false;
  }
}

void JsonCursor::SkipBlanks() {
  while (cur_ < end_ && IsBlank(*cur_)) ++cur_;
}

bool JsonCursor::Break() {
  ok_ = false;
  return false;
}

bool JsonCursor::Next() {
  if (!ok_ || close_ == 0) return false;
  SkipBlanks();
  if (cur_ >= end_) return Break();
  if (*cur_ == close_) {
    ++cur_;
    close_ = 0;
    return false;
  }
  if (!first_) {
    if (*cur_ != ',') return Break();
    ++cur_;
    SkipBlanks();
  }
  first_ = false;
  key_ = {};
  if (close_ == '}') {
    if (cur_ >= end_ || *cur_ != '"') return Break();
    const char* after = SkipString(cur_, end_);
    if (after == nullptr) return Break();
    key_ = std::string_view(cur_ + 1, static_cast<size_t>(after - cur_ - 2));
    cur_ = after;
    SkipBlanks();
    if (cur_ >= end_ || *cur_ != ':') return Break();
    ++cur_;
    SkipBlanks();
  }
  const char* after = SkipValue(cur_, end_);
  if (after == nullptr) return Break();
  value_ = std::string_view(cur_, static_cast<size_t>(after - cur_));
  cur_ = after;
  return true;
}

std::optional<std::string_view> JsonMember(std::string_view object, std::string_view key) {
  JsonCursor cursor(object);
  if (!cursor.ok() || !cursor.is_object()) return std::nullopt;
  while (cursor.Next()) {
    if (cursor.key() == key) return cursor.value();
  }
  return std::nullopt;
}

std::string_view JsonPlainText(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return {};
  value = value.substr(1, value.size() - 2);
  return value.find('\\') == std::string_view::npos ? value : std::string_view();
}

std::optional<std::string> JsonText(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
  value = value.substr(1, value.size() - 2);
  std::string out;
  out.reserve(value.size());
  for (size_t i = 0; i < value.size();) {
    if (value[i] != '\\') {
      out.push_back(value[i++]);
      continue;
    }
    if (i + 1 >= value.size()) return std::nullopt;
    const char escape = value[i + 1];
    i += 2;
    if (escape == 'u') {
      if (!AppendUnicodeEscape(value, i, out)) return std::nullopt;
    } else if (const char plain = SimpleEscape(escape); plain != 0) {
      out.push_back(plain);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace ouro::kube
