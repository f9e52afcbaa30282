#include "engine/cluster_json.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace ouro::engine {
namespace {

std::string Members(std::string_view text) {
  std::string out;
  const bool good = ForEachMember(text, [&](std::string_view key, std::string_view value) {
    out.append(key).append("=").append(value).append(";");
    return true;
  });
  return good ? out : out + "broken";
}

std::string Items(std::string_view text) {
  std::string out;
  const bool good = ForEachItem(text, [&](std::string_view value) {
    out.append(value).append(";");
    return true;
  });
  return good ? out : out + "broken";
}

}  // namespace

TEST_CASE("members and items come as they are written") {
  CHECK(Members("{}") == "");
  CHECK(Members(" { } ") == "");
  CHECK(Members(R"({"a":1,"b":"x,}","c":{"d":[1,{"e":"]"}]},"f":null})") ==
        R"(a=1;b="x,}";c={"d":[1,{"e":"]"}]};f=null;)");
  CHECK(Members("{\n  \"a\" : [ 1 , 2 ] ,\n  \"b\" : true\n}") == "a=[ 1 , 2 ];b=true;");
  CHECK(Items("[]") == "");
  CHECK(Items(R"([1,"a",{"b":2},[3]])") == R"(1;"a";{"b":2};[3];)");
}

TEST_CASE("escaped quotes and backslashes do not end a text") {
  CHECK(Members(R"({"a":"\"","b":"\\","c":"\\\"}","d":{"x":"\\","y":"{\"["}})") ==
        R"(a="\"";b="\\";c="\\\"}";d={"x":"\\","y":"{\"["};)");
}

TEST_CASE("text that ends early or is no JSON is told") {
  for (const std::string_view text :
       {"", "{", "[", R"({"a")", R"({"a":)", R"({"a":1)", R"({"a":"b)", R"({"a":{"b":"}"})",
        "{a:1}", R"({"a" 1})", R"({"a":1 "b":2})", R"({"a":,"b":2})"}) {
    CHECK_MESSAGE(Members(text).find("broken") != std::string::npos, text);
  }
  for (const std::string_view text : {"[1", "[1 2]", "[,]", "[{]", R"(["a)", "{}"}) {
    CHECK_MESSAGE(Items(text).find("broken") != std::string::npos, text);
  }
}

TEST_CASE("a visit that returns false ends the walk as a success") {
  int count = 0;
  CHECK(ForEachMember(R"({"a":1,"b":2, broken)", [&](auto, auto) { return ++count < 2; }));
  CHECK(count == 2);
}

// The fast way over blocks against a plain one, at every alignment of quotes, escapes and brackets.
TEST_CASE("generated values end where a plain reader ends them") {
  std::mt19937 random(7);
  for (int round = 0; round < 3'000; ++round) {
    std::string text = "[";
    const size_t size = random() % 300;
    int depth = 1;
    bool in_text = false;
    while (text.size() < size) {
      if (in_text) {
        static constexpr std::string_view kInside[] = {"a", "{",    "}",    "[",
                                                       "]", "\\\"", "\\\\", ","};
        text += kInside[random() % 8];
        if (random() % 6 == 0) {
          text += '"';
          in_text = false;
        }
        continue;
      }
      switch (random() % 5) {
        case 0:
          text += random() % 2 == 0 ? '[' : '{';
          ++depth;
          break;
        case 1:
          if (depth > 1) {
            text += random() % 2 == 0 ? ']' : '}';
            --depth;
          }
          break;
        case 2:
          text += '"';
          in_text = true;
          break;
        default:
          text += random() % 2 == 0 ? "1," : " ";
      }
    }
    if (in_text) text += '"';
    text.append(static_cast<size_t>(depth), ']');
    const std::string whole = text + "  ,\"rest\"]}";
    JsonCursor cursor(whole);
    std::string_view value;
    REQUIRE(cursor.TakeValue(value));
    CHECK(value == text);
    CHECK(cursor.Peek() == ',');
    // Cut anywhere, it must not end.
    JsonCursor torn(std::string_view(text).substr(0, random() % text.size()));
    CHECK_FALSE(torn.TakeValue(value));
  }
}

}  // namespace ouro::engine
