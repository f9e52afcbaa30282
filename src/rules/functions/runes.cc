#include "rules/functions/runes.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::rules::functions {

namespace {

constexpr uint32_t kReplacement = 0xfffd;

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

bool IsAscii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

// Code points that are shown escaped: C0 and C1 controls, spaces other than U+0020, format
// characters, surrogates, private use and the non-characters. An approximation of Unicode's
// categories that covers what occurs in practice.
bool IsPrintable(uint32_t c) {
  if (c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad) return false;
  if (c == 0x1680 || (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f)) return false;
  if (c >= 0x205f && c <= 0x206f) return false;
  if (c == 0x3000 || c == 0xfeff || (c >= 0xe000 && c <= 0xf8ff)) return false;
  if (c >= 0xfff9 && c <= 0xfffb) return false;
  if (c >= 0xe0000) return false;
  return (c & 0xfffe) != 0xfffe;
}

void AppendEscaped(std::string& out, uint32_t c) {
  switch (c) {
    case '\a':
      out += "\\a";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\v':
      out += "\\v";
      return;
    default:
      break;
  }
  if (c < 0x20 || c == 0x7f) {
    out += fmt::format("\\x{:02x}", c);
  } else if (c < 0x10000) {
    out += fmt::format("\\u{:04x}", c);
  } else {
    out += fmt::format("\\U{:08x}", c);
  }
}

}  // namespace

Rune FirstRune(std::string_view text) {
  const unsigned char lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  uint32_t size = 0;
  uint32_t c = 0;
  uint32_t least = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    size = 2, c = lead & 0x1fU, least = 0x80;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    size = 3, c = lead & 0x0fU, least = 0x800;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    size = 4, c = lead & 0x07U, least = 0x10000;
  } else {
    return {kReplacement, 1};
  }
  if (text.size() < size) return {kReplacement, 1};
  for (uint32_t i = 1; i < size; ++i) {
    if (!IsContinuation(text[i])) return {kReplacement, 1};
    c = (c << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return {kReplacement, 1};
  return {c, size};
}

int64_t RuneCount(std::string_view text) {
  if (IsAscii(text)) return static_cast<int64_t>(text.size());
  int64_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(FirstRune(text).size_bytes);
  return count;
}

int64_t RuneOffset(std::string_view text, int64_t index) {
  size_t offset = 0;
  for (; index > 0; --index) {
    if (offset >= text.size()) return -1;
    offset += FirstRune(text.substr(offset)).size_bytes;
  }
  return static_cast<int64_t>(offset);
}

std::vector<uint32_t> ToRunes(std::string_view text) {
  std::vector<uint32_t> runes;
  runes.reserve(text.size());
  while (!text.empty()) {
    const Rune rune = FirstRune(text);
    runes.push_back(rune.code_point);
    text.remove_prefix(rune.size_bytes);
  }
  return runes;
}

std::string QuoteGo(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = FirstRune(text);
    if (rune.code_point == kReplacement && rune.size_bytes == 1) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (rune.code_point == '"' || rune.code_point == '\\') {
      out += '\\';
      out += static_cast<char>(rune.code_point);
    } else if (IsPrintable(rune.code_point)) {
      out.append(text.substr(0, rune.size_bytes));
    } else {
      AppendEscaped(out, rune.code_point);
    }
    text.remove_prefix(rune.size_bytes);
  }
  out += '"';
  return out;
}

}  // namespace ouro::rules::functions
