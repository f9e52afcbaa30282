// Picks members out of JSON text without building a tree: for pages and events of many megabytes of
// which a few members are wanted. The grammar is checked only as far as it takes to find where
// values end; what is wanted as a whole is parsed by io::ReadJson.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ouro::kube {

// Walks the members of one JSON object or the items of one list:
//
//     JsonCursor cursor(text);
//     while (cursor.Next()) Use(cursor.key(), cursor.value());
//     if (!cursor.ok()) …
//
// Views point into the text. Keys are raw: escapes in them are not resolved (the API server writes
// none in its own field names).
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text);

  // To the next member or item; false at the end and when the text is broken.
  bool Next();
  // False: the text is no object or list, or it ends in the middle.
  bool ok() const { return ok_; }
  bool is_object() const { return close_ == '}'; }
  std::string_view key() const { return key_; }      // without quotes; empty in lists
  std::string_view value() const { return value_; }  // JSON text without blanks around it
  // Offset of the first byte after the closing bracket; only after Next() gave false with ok().
  size_t end_offset() const { return static_cast<size_t>(cur_ - begin_); }

 private:
  bool Break();
  void SkipBlanks();

  const char* begin_;
  const char* cur_;
  const char* end_;
  char close_ = 0;
  bool first_ = true;
  bool ok_ = true;
  std::string_view key_;
  std::string_view value_;
};

// The value of a member of an object as JSON text; nullopt when it is absent or the text is broken
// before it.
std::optional<std::string_view> JsonMember(std::string_view object, std::string_view key);

// The text between the quotes of a JSON string without escapes; empty for anything else.
std::string_view JsonPlainText(std::string_view value);

// A JSON string's text with escapes resolved; nullopt for anything but a string.
std::optional<std::string> JsonText(std::string_view value);

}  // namespace ouro::kube
