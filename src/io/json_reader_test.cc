#include <doctest.h>

#include <string>
#include <utility>

#include "base/limits.h"
#include "io/tree.h"

namespace ouro::io {
namespace {

struct Read {
  KeyTable keys;
  Tree tree;

  explicit Read(const std::string& source, bool any = false) {
    const Status status =
        any ? ReadDocument(source, {}, keys, tree) : ReadJson(source, {}, keys, tree);
    REQUIRE(status.has_value());
  }
  std::string json(size_t i = 0) const {
    if (tree.roots()[i].failed) return "refused";
    return ToJson(tree, keys, tree.roots()[i].node).value_or("no json");
  }
  std::string Span(uint32_t node) const {
    const Node& n = tree.node(node);
    return std::string(tree.source().substr(n.start, n.end - n.start));
  }
};

std::string Json(const std::string& source) {
  return Read(source).json();
}

}  // namespace

TEST_CASE("JSON values and their spans") {
  const Read read("{ \"a\" : [1, -2.5e1, true , null], \"b\\n\": {\"c\": \"d\"} , \"e\": {}}");
  CHECK(read.json() == R"({"a":[1,-25,true,null],"b\n":{"c":"d"},"e":{}})");
  CHECK(read.Span(0) == read.tree.source());
  CHECK(read.Span(1) == "[1, -2.5e1, true , null]");
  CHECK(read.Span(3) == "-2.5e1");
  CHECK(read.Span(6) == "{\"c\": \"d\"}");
  const Node& b = read.tree.node(6);
  CHECK(read.tree.source().substr(b.key_start, b.key_end - b.key_start) == "\"b\\n\"");
}

TEST_CASE("JSON numbers") {
  CHECK(Json("9223372036854775807") == "9223372036854775807");
  CHECK(Json("-9223372036854775808") == "-9223372036854775808");
  CHECK(Json("18446744073709551615") == "18446744073709551615");
  CHECK(Json("18446744073709551616") == "18446744073709552000");
  CHECK(Json("-0") == "0");
  CHECK(Json("-0.0") == "-0");
  CHECK(Json("1.0") == "1");
  for (const char* bad : {"01", "1.", ".5", "+1", "1e", "-", "1e400", "0x1", "NaN", "1a"})
    CHECK(Json(bad) == "refused");
}

TEST_CASE("JSON text") {
  CHECK(Json(R"("\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\")") ==
        "\"\xC3\xA9\xF0\x9F\x98\x80/\\u0008\\u000c\\n\\r\\t\\\"\\\\\"");
  CHECK(Json(R"("\ud800x\udc00")") == "\"\xEF\xBF\xBDx\xEF\xBF\xBD\"");
  for (const char* bad : {"\"a", "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "'a'", "\"\xFF\"", "\"\\"})
    CHECK(Json(bad) == "refused");
}

TEST_CASE("broken JSON is refused where it breaks") {
  for (const char* bad : {"{", "[", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
                          "[1 2]", "}", "tru", "truex"}) {
    INFO(bad);
    CHECK(Json(bad) == "refused");
  }
  const Read read("{\n  \"a\" 1\n}");
  CHECK(read.tree.problems()[0].error.where == "2:7");
  CHECK(Json(std::string(20'000, '[')) == "refused");
}

TEST_CASE("several values, one of them broken") {
  const Read read("{\"a\":1}{\"b\":2}\n{\"c\":\n{\"d\":4}\n[5]\n");
  REQUIRE(read.tree.roots().size() >= 4);
  CHECK(read.json(0) == R"({"a":1})");
  CHECK(read.json(1) == R"({"b":2})");
  CHECK(read.tree.roots()[2].failed);
  CHECK(read.json(read.tree.roots().size() - 1) == "[5]");
}

TEST_CASE("equal keys in JSON") {
  const Read read(R"({"a":1,"a":2})");
  CHECK(read.json() == R"({"a":2})");
  CHECK(read.tree.problems()[0].warning);
}

TEST_CASE("content decides between JSON and YAML") {
  CHECK(Read("{a: b}", true).json() == R"({"a":"b"})");
  CHECK(Read("{\"a\": 1}\n{\"b\": 2}\n", true).tree.roots().size() == 2);
  CHECK(Read("[a,\n b]\n", true).json() == R"(["a","b"])");
  CHECK(Read("{\"a\": 1}\n---\nb: 2\n", true).json(1) == R"({"b":2})");
  CHECK(Read("a: 1", true).json() == R"({"a":1})");
  const Read broken("{\n  \"a\": \"b\\/\",\n  \"c\": 1 2\n}\n", true);
  CHECK(broken.tree.roots()[0].failed);
  CHECK(broken.tree.problems()[0].error.where == "3:10");
}

}  // namespace ouro::io
