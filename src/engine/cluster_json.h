// Walks JSON text without building anything: finds the members of a map, the items of a list and
// the end of a value. A live list is mostly text that no rule looks at (status, managedFields);
// passing over it costs a fraction of parsing it. Internal to this module.
//
// Strings and brackets are followed exactly; what stands inside a value that is passed over is not
// checked further (its numbers and words, its UTF-8). What is judged is parsed by io::ReadJson
// afterwards.
#pragma once

#include <cstddef>
#include <string_view>

namespace ouro::engine {

// A position in JSON text. All functions return false, or null, where the text is not JSON as far
// as it was looked at; nothing is read past its end.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  const char* at() const { return at_; }
  void SkipSpace();
  // After SkipSpace: nothing is left.
  bool AtEnd() {
    SkipSpace();
    return at_ == end_;
  }
  // The next character that is no blank; 0 at the end.
  char Peek() {
    SkipSpace();
    return at_ == end_ ? '\0' : *at_;
  }
  bool Take(char wanted) {
    if (Peek() != wanted) return false;
    ++at_;
    return true;
  }
  // The value that begins here, blanks before it left out: its bytes as written.
  bool TakeValue(std::string_view& value);
  // A string without its quotes, escapes as written.
  bool TakeString(std::string_view& text);

 private:
  bool SkipString();
  bool SkipCollection();

  const char* at_;
  const char* end_;
};

// Calls `visit(key, value)` for each member of the map that `text` is; both as written, the key
// without quotes. `visit` returns false to stop, which is success. False: `text` is no map, or not
// JSON.
template <typename Visit>
bool ForEachMember(std::string_view text, Visit&& visit) {
  JsonCursor cursor(text);
  if (!cursor.Take('{')) return false;
  if (cursor.Take('}')) return true;
  while (true) {
    std::string_view key;
    std::string_view value;
    if (cursor.Peek() != '"' || !cursor.TakeString(key)) return false;
    if (!cursor.Take(':') || !cursor.TakeValue(value)) return false;
    if (!visit(key, value)) return true;
    if (cursor.Take('}')) return true;
    if (!cursor.Take(',')) return false;
  }
}

// The same for the items of the list that begins at the cursor, which ends behind it:
// `visit(value)`.
template <typename Visit>
bool ForEachItem(JsonCursor& cursor, Visit&& visit) {
  if (!cursor.Take('[')) return false;
  if (cursor.Take(']')) return true;
  while (true) {
    std::string_view value;
    if (!cursor.TakeValue(value)) return false;
    if (!visit(value)) return true;
    if (cursor.Take(']')) return true;
    if (!cursor.Take(',')) return false;
  }
}

template <typename Visit>
bool ForEachItem(std::string_view text, Visit&& visit) {
  JsonCursor cursor(text);
  return ForEachItem(cursor, visit);
}

// Calls `visit(item)` for each of the `items` of the List that `page` is, without looking for the
// end of the list first. False: the page ends early, or is no List ("items" may be null).
template <typename Visit>
bool ForEachListItem(std::string_view page, Visit&& visit) {
  JsonCursor cursor(page);
  bool has_items = false;
  if (!cursor.Take('{')) return false;
  if (cursor.Take('}')) return false;
  while (true) {
    std::string_view key;
    std::string_view value;
    if (cursor.Peek() != '"' || !cursor.TakeString(key) || !cursor.Take(':')) return false;
    if (key == "items" && cursor.Peek() == '[') {
      has_items = true;
      const auto visit_all = [&](std::string_view item) {
        visit(item);
        return true;
      };
      if (!ForEachItem(cursor, visit_all)) return false;
    } else {
      if (!cursor.TakeValue(value)) return false;
      has_items = has_items || (key == "items" && value == "null");
    }
    if (cursor.Take('}')) return has_items;
    if (!cursor.Take(',')) return false;
  }
}

}  // namespace ouro::engine
