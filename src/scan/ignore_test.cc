#include "scan/ignore.h"

#include <doctest.h>

namespace ouro::scan {
namespace {

struct Case {
  std::string_view pattern;
  std::string_view path;
  bool is_folder;
  bool matches;
};

TEST_CASE("patterns match as gitignore(5) says") {
  const Case cases[] = {
      // Without a slash: the name alone, at any depth.
      {"*.yaml", "a.yaml", false, true},
      {"*.yaml", "x/y/a.yaml", false, true},
      {"*.yaml", "a.yml", false, false},
      {"vendor", "vendor", true, true},
      {"vendor", "x/vendor", false, true},
      {"vendor", "vendors", false, false},
      // A slash at the end: folders only.
      {"vendor/", "vendor", true, true},
      {"vendor/", "vendor", false, false},
      {"vendor/", "x/vendor", true, true},
      // A slash at the start or in the middle: anchored.
      {"/a.yaml", "a.yaml", false, true},
      {"/a.yaml", "x/a.yaml", false, false},
      {"x/a.yaml", "x/a.yaml", false, true},
      {"x/a.yaml", "y/x/a.yaml", false, false},
      {"x/*.yaml", "x/a.yaml", false, true},
      {"x/*.yaml", "x/y/a.yaml", false, false},
      // Two asterisks.
      {"**/a", "a", false, true},
      {"**/a", "x/y/a", false, true},
      {"**/a/b", "x/a/b", false, true},
      {"**/a/b", "xa/b", false, false},
      {"x/**", "x/a", false, true},
      {"x/**", "x/a/b", false, true},
      {"x/**", "x", true, false},
      {"a/**/b", "a/b", false, true},
      {"a/**/b", "a/x/y/b", false, true},
      {"a/**/b", "a/xb", false, false},
      {"a**b", "aXXb", false, true},
      {"x/a**b", "x/a/b", false, false},
      {"**", "anything/below", false, true},
      // ? and [].
      {"a?c", "abc", false, true},
      {"x/a?c", "x/a/c", false, false},
      {"[abc].yaml", "b.yaml", false, true},
      {"[!abc].yaml", "b.yaml", false, false},
      {"[^abc].yaml", "d.yaml", false, true},
      {"[a-c][0-9]", "b7", false, true},
      {"[]x]", "]", false, true},
      {"[[:digit:]]", "7", false, true},
      {"[[:digit:]]", "x", false, false},
      {"x[/]a", "x/a", false, false},
      // Escapes and blanks.
      {"\\#a", "#a", false, true},
      {"\\!a", "!a", false, true},
      {"a\\*", "a*", false, true},
      {"a\\*", "ab", false, false},
      {"a   ", "a", false, true},
      {"a\\ ", "a ", false, true},
      {"a\r", "a", false, true},
  };
  for (const Case& one : cases) {
    CAPTURE(one.pattern);
    CAPTURE(one.path);
    const auto pattern = IgnorePattern::Parse(one.pattern);
    REQUIRE(pattern);
    CHECK(pattern->Matches(one.path, one.is_folder) == one.matches);
  }
}

TEST_CASE("lines that are no pattern") {
  for (const std::string_view line : {"", "# comment", "   ", "/", "a\\", "[abc", "\r"}) {
    CAPTURE(line);
    CHECK_FALSE(IgnorePattern::Parse(line));
  }
}

TEST_CASE("the last pattern that matches wins") {
  IgnoreList list;
  list.Parse("\xef\xbb\xbf*.yaml\r\n!keep.yaml\n# !other.yaml\nkeep.yaml.bak\n");
  CHECK(list.Decide("a.yaml", false) == true);
  CHECK(list.Decide("keep.yaml", false) == false);
  CHECK(list.Decide("other.yaml", false) == true);
  CHECK_FALSE(list.Decide("a.json", false).has_value());
}

TEST_CASE("no pattern is exponential") {
  std::string pattern = "x/";
  for (int i = 0; i < 200; ++i) pattern += "*a";
  pattern += "b";
  const std::string path = "x/" + std::string(4000, 'a');
  const auto parsed = IgnorePattern::Parse(pattern);
  REQUIRE(parsed);
  CHECK_FALSE(parsed->Matches(path, false));
}

}  // namespace
}  // namespace ouro::scan
