// Writing JSON members one after the other. Private to the gate. The order of calls is the order of
// the members, which is what makes a decision record canonical.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::gate {

// Opens an object '{' or a list '['; End() closes it. Names are literals of ours.
class JsonObject {
 public:
  JsonObject(std::string& out, char open) : out_(out), close_(open == '{' ? '}' : ']') {
    out_ += open;
  }
  void End() { out_ += close_; }

  // Begins the next element or member; the caller appends its value.
  void Next() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void Next(std::string_view name) {
    Next();
    AppendJsonString(out_, name);
    out_ += ':';
  }
  void Text(std::string_view name, std::string_view value) {
    Next(name);
    AppendJsonString(out_, value);
  }
  void TextIf(std::string_view name, std::string_view value) {
    if (!value.empty()) Text(name, value);
  }
  void Int(std::string_view name, int64_t value) {
    Next(name);
    out_ += std::to_string(value);
  }
  // Shortest form that reads back as the same number.
  void Number(std::string_view name, double value) {
    Next(name);
    out_ += fmt::format("{}", value);
  }
  void Bool(std::string_view name, bool value) {
    Next(name);
    out_ += value ? "true" : "false";
  }
  void Texts(std::string_view name, const std::vector<std::string>& values) {
    Next(name);
    JsonObject list(out_, '[');
    for (const std::string& value : values) {
      list.Next();
      AppendJsonString(out_, value);
    }
    list.End();
  }
  void TextsIf(std::string_view name, const std::vector<std::string>& values) {
    if (!values.empty()) Texts(name, values);
  }

 private:
  std::string& out_;
  char close_;
  bool first_ = true;
};

}  // namespace ouro::gate
