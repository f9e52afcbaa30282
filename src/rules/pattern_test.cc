#include "rules/pattern.h"

#include <doctest.h>

namespace ouro::rules {

TEST_CASE("patterns are searched anywhere") {
  const auto pattern = Pattern::Compile("b+(c)?");
  REQUIRE(pattern.has_value());
  CHECK((*pattern)->Search("abb"));
  CHECK_FALSE((*pattern)->Search("ac"));
  std::vector<std::string_view> groups;
  REQUIRE((*pattern)->Find("abbd", 0, groups));
  CHECK(groups[0] == "bb");
  CHECK(groups[1].data() == nullptr);
  CHECK_FALSE((*pattern)->Find("abb", 3, groups));
  CHECK((*pattern)->group_count() == 1);
}

TEST_CASE("both spellings of named groups") {
  const auto pattern = Pattern::Compile("(?P<a>x)(?<b>y)[(?<]");
  REQUIRE(pattern.has_value());
  CHECK((*pattern)->group_names().size() == 2);
  CHECK((*pattern)->Search("xy<"));
}

TEST_CASE("bad patterns say why") {
  CHECK(Pattern::Compile("(").error().code == ErrorCode::kInvalid);
  CHECK_FALSE(Pattern::Compile("\\C").has_value());
  CHECK_FALSE(Pattern::Compile("\xff").has_value());
  CHECK(Pattern::Compile(std::string(100'000, 'a')).error().code == ErrorCode::kLimit);
}

TEST_CASE("the cache keeps patterns and forgets them when there are too many") {
  PatternCache cache;
  std::string error;
  const Pattern* first = cache.Get("a", error);
  REQUIRE(first != nullptr);
  CHECK(cache.Get("a", error) == first);
  CHECK(cache.Get("(", error) == nullptr);
  CHECK_FALSE(error.empty());
  for (int i = 0; i < 2'000; ++i) CHECK(cache.Get("x" + std::to_string(i), error) != nullptr);
}

}  // namespace ouro::rules
