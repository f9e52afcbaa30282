#include "base/text.h"

#include <doctest.h>

using namespace ouro;

TEST_CASE("splitting keeps empty parts and joining undoes it") {
  CHECK(SplitText("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(SplitText("", ',') == std::vector<std::string_view>{""});
  CHECK(JoinText({"a", "", "b"}, ",") == "a,,b");
}

TEST_CASE("a glob matches the whole text") {
  CHECK(MatchesGlob("kube-system", "kube-*"));
  CHECK(MatchesGlob("abcbc", "a*bc"));
  CHECK(MatchesGlob("", "*"));
  CHECK(MatchesGlob("a", "?"));
  CHECK_FALSE(MatchesGlob("kube", "kube-*"));
  CHECK_FALSE(MatchesGlob("ab", "a"));
  CHECK_FALSE(MatchesGlob(std::string(20'000, 'a'), "*a*a*a*a*a*b"));  // and in linear time
}

TEST_CASE("the nearest word forgives a typing error, not another word") {
  CHECK(NearestWord("privilegd", {"privileged", "host-pid"}) == "privileged");
  CHECK(NearestWord("Format", {"format", "output"}) == "format");
  CHECK(NearestWord("xyz", {"format", "output"}).empty());
}

TEST_CASE("UTF-8 is RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF") {
  CHECK(IsValidUtf8("aé\xE2\x82\xAC\xF0\x9F\x98\x80"));
  CHECK(ValidUtf8Prefix("ab\xC0\x80") == 2);
  CHECK(ValidUtf8Prefix("\xED\xA0\x80") == 0);
  CHECK(ValidUtf8Prefix("\xF4\x90\x80\x80") == 0);
  CHECK(ValidUtf8Prefix("x\xE2\x82") == 1);
  std::string text;
  for (const uint32_t c : {0x41u, 0xe9u, 0x20acu, 0x1f600u}) AppendUtf8(text, c);
  CHECK(text == "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST_CASE("JSON strings escape what JSON asks for and replace broken bytes") {
  std::string out;
  AppendJsonString(out, "a\"\\\n\t\x01\xFFz");
  CHECK(out == "\"a\\\"\\\\\\n\\t\\u0001\xEF\xBF\xBDz\"");
}

TEST_CASE("printable text cannot move a terminal's cursor") {
  CHECK(Printable("a\x1b[31mb\nc") == "a\xEF\xBF\xBD[31mb c");
  CHECK(Printable("\xC2\x9B"
                  "1m") ==
        "\xEF\xBF\xBD"
        "1m");
}

TEST_CASE("integers are read whole or not at all") {
  CHECK(ParseInt64("-42") == -42);
  CHECK_FALSE(ParseInt64("").has_value());
  CHECK_FALSE(ParseInt64("+1").has_value());
  CHECK_FALSE(ParseInt64("1x").has_value());
  CHECK_FALSE(ParseInt64("9223372036854775808").has_value());
}

TEST_CASE("small text functions") {
  CHECK(TrimSpace(" \t a b \r\n") == "a b");
  CHECK(TrimSpace(" \n").empty());
  CHECK(EqualsIgnoreCase("NONE", "none"));
  CHECK_FALSE(EqualsIgnoreCase("NON", "none"));
  CHECK(ReplaceAll("a.b.c", ".", "__") == "a__b__c");
  CHECK(EndsWith("values.yaml", ".yaml"));
  CHECK_FALSE(EndsWith("a", "ba"));
}
