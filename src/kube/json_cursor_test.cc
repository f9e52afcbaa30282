#include "kube/json_cursor.h"

#include <doctest.h>

#include <string>
#include <vector>

namespace ouro::kube {
namespace {

TEST_CASE("JsonCursor: members and items") {
  JsonCursor object(R"( { "a" : 1 , "b":{"c":[1,"]}",{}]}, "d":"x\"y}" } tail)");
  std::vector<std::string> seen;
  while (object.Next())
    seen.push_back(std::string(object.key()) + "=" + std::string(object.value()));
  CHECK(object.ok());
  CHECK(seen == std::vector<std::string>{"a=1", R"(b={"c":[1,"]}",{}]})", R"(d="x\"y}")"});
  JsonCursor list("[1,\"a\\\\\",[2],null]");
  seen.clear();
  while (list.Next()) seen.emplace_back(list.value());
  CHECK(list.ok());
  CHECK(seen == std::vector<std::string>{"1", "\"a\\\\\"", "[2]", "null"});
  JsonCursor empty("{}");
  CHECK_FALSE(empty.Next());
  CHECK(empty.ok());
  CHECK(empty.end_offset() == 2);
}

TEST_CASE("JsonCursor: broken text is noticed and never read past") {
  const std::string text = R"({"a":{"b":[1,2,{"c":"d\"e"}]},"f":[true]})";
  for (size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    const std::string part = text.substr(0, size);  // its own memory, for the sanitizer
    JsonCursor cursor(part);
    while (cursor.Next()) {
    }
    CHECK_FALSE(cursor.ok());
  }
  for (const char* bad : {"", "1", "\"a\"", "{1:2}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "[1 2]",
                          "[,1]", "{\"a\":}", "[}"}) {
    CAPTURE(bad);
    JsonCursor cursor(bad);
    while (cursor.Next()) {
    }
    CHECK_FALSE(cursor.ok());
  }
}

TEST_CASE("JsonText: escapes") {
  CHECK(JsonText(R"("a\n\t\"\\\/\u0041\u00e9\ud83d\ude00")") == "a\n\t\"\\/A\u00e9\U0001F600");
  CHECK(JsonText(R"("\ud83d")") == "\uFFFD");
  CHECK(JsonText(R"("\ud83dx")") == "\uFFFDx");
  for (const char* bad : {"", "1", "\"", R"("\x")", R"("\u12")", R"("a\")"}) {
    CAPTURE(bad);
    CHECK_FALSE(JsonText(bad));
  }
  CHECK(JsonPlainText("\"a\"") == "a");
  CHECK(JsonPlainText("\"a\\n\"").empty());
  CHECK(JsonMember(R"({"a":1,"b":2})", "b") == "2");
  CHECK_FALSE(JsonMember("[1]", "b"));
}

}  // namespace
}  // namespace ouro::kube
