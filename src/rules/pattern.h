// Regular expressions in RE2 syntax, which is also that of Go and of CEL's matches(). Wraps RE2.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"

namespace ouro::rules {

// A compiled pattern. Matching is const and thread-safe.
class Pattern {
 public:
  // kInvalid with RE2's reason for a bad pattern; kLimit past limits::kPatternSizeBytes.
  // Go's spelling of named groups, `(?<name>…)`, is accepted beside `(?P<name>…)`; `\C` is refused,
  // as Go does, because a pattern must not split characters.
  static Result<std::unique_ptr<Pattern>> Compile(std::string_view pattern);
  ~Pattern();

  // Does the pattern occur anywhere in `text` (unanchored, as CEL's matches())?
  bool Search(std::string_view text) const;
  // First match at or after byte `from`: groups[0] is the whole match; groups that took no part
  // have a null data pointer. Returns false when there is none.
  bool Find(std::string_view text, size_t from, std::vector<std::string_view>& groups) const;
  int group_count() const;
  // Names of named groups with their number (from 1).
  std::vector<std::pair<std::string, int>> group_names() const;

 private:
  struct Impl;
  explicit Pattern(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Patterns by text, compiled at most once. Not thread-safe: one per worker. Keeps at most 1,000
// patterns; then it starts anew, so that patterns made of input cannot fill memory.
class PatternCache {
 public:
  PatternCache();
  ~PatternCache();
  // Null with `error` set when the pattern is bad. The pointer is valid until the next Get().
  const Pattern* Get(std::string_view pattern, std::string& error);

 private:
  // Lets a string_view look up a std::string key without making a copy.
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::unique_ptr<Pattern>, TextHash, std::equal_to<>> patterns_;
};

}  // namespace ouro::rules
