// Exclusion patterns as git writes them. Source: gitignore(5), "PATTERN FORMAT"; the matching of
// one path segment follows fnmatch with the bracket expressions that git's wildmatch knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::scan {

// One pattern. Matching costs at most pattern size × path size steps, whatever the pattern.
class IgnorePattern {
 public:
  // Nullopt for lines that are no pattern: blank, a comment, or one that can never match (a lone
  // backslash at the end, an unclosed bracket).
  static std::optional<IgnorePattern> Parse(std::string_view line);

  // `path` is relative to the folder of the ignore file, without a leading or trailing '/'.
  bool Matches(std::string_view path, bool is_folder) const;
  bool negated() const { return negated_; }

 private:
  enum class Op : uint8_t {
    kLiteral,     // one byte
    kAnyByte,     // ?  : one byte that is no '/'
    kAnyRun,      // *  : bytes that are no '/'
    kSet,         // [] : one byte of a set, never '/'
    kAnyFolders,  // **/ at the start or between slashes: nothing, or whole folders
    kRest,        // ** at the end: everything below, at least one byte
  };
  struct Step {
    Op op = Op::kLiteral;
    char byte = 0;
    uint32_t set = 0;  // index into sets_
  };
  struct Set {
    uint64_t bits[4] = {0, 0, 0, 0};
  };

  bool Compile(std::string_view text);
  bool CompileSet(std::string_view text, size_t& at);
  bool MatchSteps(std::string_view text) const;

  std::vector<Step> steps_;
  std::vector<Set> sets_;
  std::string literal_;  // the whole pattern when it has no wildcard
  bool is_literal_ = false;
  bool negated_ = false;
  bool folders_only_ = false;
  bool anchored_ = false;  // has a slash at its start or in its middle: matches whole paths
};

// The patterns of one file, or those given on the command line.
class IgnoreList {
 public:
  // Reads at most limits::kIgnoreFilePatternCount patterns; `truncated` says that there were more.
  void Parse(std::string_view text);
  void AddPattern(std::string_view line);
  bool empty() const { return patterns_.empty(); }
  bool truncated() const { return truncated_; }

  // True: excluded; false: taken back by a "!" pattern; nullopt: no pattern speaks of it. The last
  // pattern that matches wins.
  std::optional<bool> Decide(std::string_view path, bool is_folder) const;

 private:
  std::vector<IgnorePattern> patterns_;
  bool truncated_ = false;
};

}  // namespace ouro::scan
