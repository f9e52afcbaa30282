// Character classes of YAML 1.1 (section 5) as Kubernetes' reader applies them. All functions take
// a pointer into bytes that end with a NUL, so looking at p[1] is safe whenever p[0] is not NUL.
#pragma once

#include <array>
#include <cstdint>

namespace ouro::io {

inline constexpr uint8_t kCharBlank = 1;  // space or tab
inline constexpr uint8_t kCharBreak = 2;  // CR or LF
inline constexpr uint8_t kCharWide = 4;   // may begin NEL, LS or PS
inline constexpr uint8_t kCharEnd = 8;    // NUL: end of the input
inline constexpr uint8_t kCharWord = 16;  // ASCII letter, digit, '_' or '-'
inline constexpr uint8_t kCharFlow = 32;  // , ? [ ] { } end a plain scalar inside a flow collection
inline constexpr uint8_t kCharIndicator = 64;  // cannot begin a plain scalar by itself
inline constexpr uint8_t kCharKey = 128;       // the shortcut reads a plain key made of these

namespace internal {

constexpr std::array<uint8_t, 256> MakeCharTable() {
  std::array<uint8_t, 256> table{};
  const auto add = [&table](const char* chars, uint8_t flag) {
    for (const char* c = chars; *c != 0; ++c) {
      table[static_cast<uint8_t>(*c)] =
          static_cast<uint8_t>(table[static_cast<uint8_t>(*c)] | flag);
    }
  };
  const char* letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  add(" \t", kCharBlank);
  add("\r\n", kCharBreak);
  add("\xC2\xE2", kCharWide);
  table[0] = kCharEnd;
  add(letters, kCharWord | kCharKey);
  add("_-", kCharWord);
  add(",?[]{}", kCharFlow);
  add("-?:,[]{}#&*!|>'\"%@`", kCharIndicator);
  add("_-./$()+=", kCharKey);
  return table;
}

inline constexpr std::array<uint8_t, 256> kCharTable = MakeCharTable();

}  // namespace internal

inline uint8_t CharClass(char c) {
  return internal::kCharTable[static_cast<uint8_t>(c)];
}
inline bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}
inline bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
inline bool IsWord(char c) {
  return (CharClass(c) & kCharWord) != 0;
}

// Bytes of the line break at `p` (CR LF counts as one break of two bytes); 0 when there is none.
inline int BreakWidth(const char* p) {
  const uint8_t kind = CharClass(*p);
  if (!(kind & (kCharBreak | kCharWide))) return 0;
  if (*p == '\n') return 1;
  if (*p == '\r') return p[1] == '\n' ? 2 : 1;
  if (*p == '\xC2') return p[1] == '\x85' ? 2 : 0;
  return p[1] == '\x80' && (p[2] == '\xA8' || p[2] == '\xA9') ? 3 : 0;
}
inline bool IsBreak(const char* p) {
  return BreakWidth(p) != 0;
}
inline bool IsBreakOrEnd(const char* p) {
  return *p == 0 || IsBreak(p);
}
inline bool IsBlankBreakOrEnd(const char* p) {
  return IsBlank(*p) || IsBreakOrEnd(p);
}

// First byte at or after `p` that is no space. A byte that is none stands within the text (its
// NUL).
inline const char* SkipSpaces(const char* p) {
  while (*p == ' ') ++p;
  return p;
}

// Value of a hexadecimal digit, or -1.
inline int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace ouro::io
