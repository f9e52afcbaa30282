// Writing JSON members one after the other. Private to the report formats.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace ouro::report {

inline void AppendInt(std::string& out, int64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

// True when no byte of `word` needs to be escaped: all are printable ASCII, none a quote or a
// backslash. Each byte is judged by its highest bit, eight at once; a borrow from one byte into the
// next can only come from a byte that is judged bad itself.
inline bool IsPlainWord(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  const uint64_t quote = word ^ (kOnes * '"');
  const uint64_t backslash = word ^ (kOnes * '\\');
  const uint64_t bad =
      word | (word - kOnes * 0x20) | (word + kOnes) | (quote - kOnes) | (backslash - kOnes);
  return (bad & kHighs) == 0;
}

inline bool IsPlain(std::string_view text) {
  uint64_t word = 0;
  constexpr size_t kSize = sizeof(word);
  if (text.size() < kSize) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  }
  for (size_t at = 0; at + kSize < text.size(); at += kSize) {
    std::memcpy(&word, text.data() + at, kSize);
    if (!IsPlainWord(word)) return false;
  }
  // The last word may overlap the one before it.
  std::memcpy(&word, text.data() + text.size() - kSize, kSize);
  return IsPlainWord(word);
}

// Appends before, text and after: one growth of `out` for all three.
inline void AppendBetween(std::string& out, std::string_view before, std::string_view text,
                          std::string_view after) {
  const size_t start = out.size();
  out.resize(start + before.size() + text.size() + after.size());
  char* at = out.data() + start;
  at = std::copy(before.begin(), before.end(), at);
  at = std::copy(text.begin(), text.end(), at);
  std::copy(after.begin(), after.end(), at);
}

// Appends a JSON string literal. Most texts of a report are plain ASCII and need no escaping: those
// are copied whole, which is several times faster than looking at each byte twice.
inline void AppendText(std::string& out, std::string_view text) {
  if (!IsPlain(text)) return AppendJsonString(out, text);
  AppendBetween(out, "\"", text, "\"");
}

// Appends the members of one object, or the elements of one list, with their commas. Begin() opens
// it, End() closes it. Names are literals of ours and need no escaping.
class JsonScope {
 public:
  JsonScope(std::string& out, char open) : out_(out), close_(open == '{' ? '}' : ']') {
    out_ += open;
  }
  void End() { out_ += close_; }

  // Begins the next member or element; the caller appends its value.
  void Next() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void Next(std::string_view name) {
    AppendBetween(out_, first_ ? "\"" : ",\"", name, "\":");
    first_ = false;
  }
  void Text(std::string_view name, std::string_view value) {
    Next(name);
    AppendText(out_, value);
  }
  // Only when there is something to say.
  void TextIf(std::string_view name, std::string_view value) {
    if (!value.empty()) Text(name, value);
  }
  void Int(std::string_view name, int64_t value) {
    Next(name);
    AppendInt(out_, value);
  }
  void Bool(std::string_view name, bool value) {
    Next(name);
    out_ += value ? "true" : "false";
  }
  void Texts(std::string_view name, const std::vector<std::string>& values) {
    Next(name);
    JsonScope list(out_, '[');
    for (const std::string& value : values) {
      list.Next();
      AppendText(out_, value);
    }
    list.End();
  }

 private:
  std::string& out_;
  char close_;
  bool first_ = true;
};

}  // namespace ouro::report
