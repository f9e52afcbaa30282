// Writing JSON members one after the other. Private to the report formats.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
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

// Appends a JSON string literal. Most texts of a report are plain ASCII and need no escaping: those
// are copied whole, which is several times faster than looking at each byte twice.
inline void AppendText(std::string& out, std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
  if (!plain) return AppendJsonString(out, text);
  out += '"';
  out += text;
  out += '"';
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
    Next();
    out_ += '"';
    out_ += name;
    out_ += "\":";
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
