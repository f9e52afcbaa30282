#include <doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "io/tree.h"

namespace ouro::io {
namespace {

// A read file; both ways of reading must agree on everything.
struct Read {
  KeyTable keys;
  Tree tree;

  explicit Read(const std::string& source, ReadOptions options = {}) {
    REQUIRE(ReadYaml(source, options, keys, tree).has_value());
    KeyTable other_keys;
    Tree other;
    options.use_shortcut = false;
    REQUIRE(ReadYaml(source, options, other_keys, other).has_value());
    REQUIRE(other.node_count() == tree.node_count());
    REQUIRE(other.roots().size() == tree.roots().size());
    REQUIRE(other.problems().size() == tree.problems().size());
    REQUIRE(other.comments().size() == tree.comments().size());
    for (uint32_t i = 0; i < tree.node_count(); ++i) {
      const Node& a = tree.node(i);
      const Node& b = other.node(i);
      CHECK(a.type == b.type);
      CHECK(a.flags == b.flags);
      CHECK(a.start == b.start);
      CHECK(a.end == b.end);
      CHECK(a.key_start == b.key_start);
      CHECK(a.key_end == b.key_end);
      CHECK(a.next == b.next);
    }
  }

  std::string json(size_t i = 0) const {
    if (tree.roots()[i].failed) return "refused";
    return ToJson(tree, keys, tree.roots()[i].node).value_or("no json");
  }
  NodeView root(size_t i = 0) const { return NodeView(tree, keys, tree.roots()[i].node); }
  std::string Span(uint32_t node) const {
    const Node& n = tree.node(node);
    return std::string(tree.source().substr(n.start, n.end - n.start));
  }
  std::string KeySpan(uint32_t node) const {
    const Node& n = tree.node(node);
    return std::string(tree.source().substr(n.key_start, n.key_end - n.key_start));
  }
};

std::string Json(const std::string& yaml) {
  return Read(yaml).json();
}

// Message of the first problem that is no warning.
std::string Refusal(const std::string& yaml, ReadOptions options = {}) {
  const Read read(yaml, options);
  for (const ReadProblem& problem : read.tree.problems()) {
    if (!problem.warning) return problem.error.ToString();
  }
  return "";
}

std::string Repeat(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("a plain manifest") {
  CHECK(
      Json("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: c\n"
           "    image: \"nginx:1\"\n    args: [--a, 'b']\n    ports:\n      - containerPort: 80\n"
           "  hostPID: yes\n") ==
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[)"
      R"({"name":"c",)"
      R"("image":"nginx:1","args":["--a","b"],"ports":[{"containerPort":80}]}],"hostPID":true}})");
}

TEST_CASE("spans cover exactly what was written") {
  const Read read(
      "a: 'x y'  # c\n\"k\": |\n  t\n  u\n\nlist:\n- 1\n- &n {b: c}\nempty:\nuse: *n\n");
  std::vector<std::string> spans;
  std::vector<std::string> keys;
  for (uint32_t i = 0; i < read.tree.node_count(); ++i) {
    spans.push_back(read.Span(i));
    keys.push_back(read.KeySpan(i));
  }
  CHECK(spans[1] == "'x y'");
  CHECK(spans[2] == "|\n  t\n  u");
  CHECK(keys[2] == "\"k\"");
  CHECK(spans[3] == "- 1\n- &n {b: c}");
  CHECK(spans[4] == "1");
  CHECK(spans[5] == "{b: c}");
  CHECK(spans[6] == "c");
  CHECK(spans[7].empty());
  CHECK(keys[7] == "empty");
  CHECK((read.tree.node(7).flags & kNodeImplicit) != 0);
  CHECK(spans[8] == "*n");
  CHECK(spans[0].substr(0, 2) == "a:");
  CHECK(spans[0].substr(spans[0].size() - 2) == "*n");
  REQUIRE(read.tree.comments().size() == 1);
  CHECK(read.tree.source().substr(read.tree.comments()[0].start, 3) == "# c");
}

TEST_CASE("keys become text") {
  CHECK(Json("on: 1\n1: a\n1.50: b\n0x10: c\nfalse: d\n") ==
        R"({"true":1,"1":"a","1.5":"b","16":"c","false":"d"})");
  CHECK(Json("~: a\n") == "refused");
  CHECK(Json(": a\n") == "refused");
  CHECK(Json("18446744073709551615: a\n") == "refused");
  CHECK(Json("? [a]\n: b\n") == "refused");
  CHECK(Json("{{ x }}: b\n") == "refused");
}

TEST_CASE("what JSON cannot hold is refused only where it counts") {
  CHECK(Json("a: .inf\n") == "refused");
  CHECK(Json("a: .inf\na: 1\n") == R"({"a":1})");
  CHECK(Json("a: {~: 1}\na: 1\n") == R"({"a":1})");
  CHECK(Json("a: &x {~: 1}\na: 1\nb: *x\n") == "refused");
  CHECK(Json("a: {<<: {~: 1}}\n") == "refused");
}

TEST_CASE("the last of equal keys wins, with a warning or in strict mode an error") {
  const Read read("a: 1\nb: 2\na: 3\n");
  CHECK(read.json() == R"({"b":2,"a":3})");
  REQUIRE(read.tree.problems().size() == 1);
  CHECK(read.tree.problems()[0].warning);
  CHECK(read.tree.problems()[0].error.where == "3:1");
  ReadOptions strict;
  strict.strict_keys = true;
  CHECK(Refusal("a: 1\na: 3\n", strict).starts_with("2:1: key \"a\""));
  CHECK(Refusal("1: a\n\"1\": b\n", strict).empty());
}

TEST_CASE("warnings are bounded, and the last one says so") {
  const Read read(Repeat("a: 1\n", 5000));
  REQUIRE(read.tree.problems().size() == 1000);
  CHECK(read.tree.problems().back().error.message.find("left out") != std::string::npos);
  CHECK(read.json() == R"({"a":1})");
}

TEST_CASE("equal keys are found in large maps") {
  std::string yaml;
  for (int i = 0; i < 2000; ++i) yaml += "key" + std::to_string(i) + ": {a: 1, b: 2}\n";
  CHECK(Read(yaml).tree.problems().empty());
  const Read read(yaml + "key7: x\nkey1999: y\n");
  CHECK(read.tree.problems().size() == 2);
  CHECK(read.root().Members().size() == 2000);
  CHECK(read.root().Get("key7").Text() == "x");
}

TEST_CASE("merge keys apply where they stand") {
  CHECK(Json("b: &b {x: 1, z: 2}\nm:\n  <<: *b\n  x: 3\n") ==
        R"({"b":{"x":1,"z":2},"m":{"z":2,"x":3}})");
  CHECK(Json("b: &b {x: 1}\nm:\n  x: 3\n  <<: *b\n") == R"({"b":{"x":1},"m":{"x":1}})");
  CHECK(Json("m: {<<: [{x: 1}, {x: 2, z: 3}]}\n") == R"({"m":{"z":3,"x":1}})");
  CHECK(Json("m: {<<: 1}\n") == "refused");
  CHECK(Json("m: {<<: [1]}\n") == "refused");
  CHECK(Json("m: {\"<<\": 1}\n") == R"({"m":{"<<":1}})");
  CHECK(Json("m: {! \"<<\": {a: 1}}\n") == R"({"m":{"a":1}})");
  const Read read("b: &b {x: 1}\nm: {<<: *b}\n");
  const NodeView merged = read.root().Get("m");
  CHECK((read.tree.node(merged.tree().ChildSlot(merged.index(), read.keys.Find("x"))).flags &
         kNodeMerged) != 0);
}

TEST_CASE("anchors and aliases") {
  CHECK(Json("a: &x 1\nb: *x\n") == R"({"a":1,"b":1})");
  CHECK(Json("&k key: 1\nb: *k\n*k : 2\n") == R"({"b":"key","key":2})");
  CHECK(Json("a: &x 1\nb: &x 2\nc: *x\n") == R"({"a":1,"b":2,"c":2})");
  CHECK(Json("a: *x\n") == "refused");
  CHECK(Json("a: &x [*x]\n") == "refused");
  CHECK(Json("a: &x [1]\n*x : 1\n") == "refused");
}

TEST_CASE("aliases that multiply are refused at once") {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last +
              Repeat(", " + last, 9) + "]\n";
  }
  const Read read(laughs);
  REQUIRE(read.tree.problems().size() == 1);
  CHECK(read.tree.problems()[0].error.code == ErrorCode::kLimit);
}

TEST_CASE("deep nesting is refused without recursion") {
  for (const std::string& yaml :
       {Repeat("[", 10'000), Repeat("{a: ", 10'000), Repeat("- ", 10'000)}) {
    const Read read(yaml);
    REQUIRE(read.tree.problems().size() == 1);
    CHECK(read.tree.roots()[0].failed);
  }
  std::string deep;
  for (int i = 0; i < limits::kNestingDepth - 1; ++i)
    deep += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  CHECK(Refusal(deep).empty());
  CHECK(Refusal(Repeat("[", limits::kNestingDepth) + Repeat("]", limits::kNestingDepth)).empty());
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < limits::kNestingDepth + 10; ++i) {
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
             "]\n";
  }
  CHECK_FALSE(Refusal(chain).empty());
}

TEST_CASE("scalars over several lines") {
  CHECK(Json("a: b\n  c\n\n  d # x\n") == R"({"a":"b c\nd"})");
  CHECK(Json("a: \"b\\\n  c\n\n  d\"\n") == R"({"a":"bc\nd"})");
  CHECK(Json("a: 'b''\n  c'\n") == R"({"a":"b' c"})");
  CHECK(Json("a: >-\n  b\n  c\n\n   d\n  e\n") == R"({"a":"b c\n\n d\ne"})");
  CHECK(Json("a: |2\n   b\n  c\n") == R"({"a":" b\nc\n"})");
  CHECK(Json("a: |+\n  b\n\nc: 1\n") == R"({"a":"b\n\n","c":1})");
  CHECK(Json("- |\n b\n- >\n c\n") == R"(["b\n","c\n"])");
  CHECK(Json("a: b: c\n") == "refused");
  CHECK(Json("a:\n\tb: c\n") == "refused");
}

TEST_CASE("odd but accepted") {
  CHECK(Json("[]: x\n") == "[]");
  CHECK(Json("{a, b: }\n") == R"({"a":null,"b":null})");
  CHECK(Json("[a: b, c]\n") == R"([{"a":"b"},"c"])");
  CHECK(Json("a:\n- b\n-\n- - c\n") == R"({"a":["b",null,["c"]]})");
  CHECK(Json("a\xE2\x80\xA8"
             "b: c") == "refused");
  CHECK(Json("a: b\rc: d\r\n") == R"({"a":"b","c":"d"})");
  CHECK(Json("!!binary aGk=\n") == R"("hi")");
  CHECK(Json("\xEF\xBB\xBF"
             "a: b\n") == R"({"a":"b"})");
}

TEST_CASE("documents are split as kubectl splits them, and a bad one spoils no other") {
  const Read read("a: 1\n---\nb: [\n---\n# nothing\n---\nc: 3");
  REQUIRE(read.tree.roots().size() == 4);
  CHECK(read.json(0) == R"({"a":1})");
  CHECK(read.tree.roots()[1].failed);
  CHECK(read.tree.roots()[2].node == kNoNode);
  CHECK_FALSE(read.tree.roots()[2].failed);
  CHECK(read.json(3) == R"({"c":3})");
  REQUIRE(read.tree.problems().size() == 1);
  CHECK(read.tree.problems()[0].root == 1);
  CHECK(read.tree.node(read.tree.roots()[3].node).document == 3);
  CHECK(Refusal("a: 1\n--- b\n").starts_with("2:1: a line that begins with '---'"));
  CHECK(Refusal("%YAML 1.1\n---\na: 1\n").find("directive") != std::string::npos);
}

TEST_CASE("text behind the end of a document is pointed out") {
  const Read read("a: 1\n...\nb: 2\n");
  CHECK(read.json() == R"({"a":1})");
  REQUIRE(read.tree.problems().size() == 1);
  CHECK(read.tree.problems()[0].warning);
  CHECK(Read("a: 1\n...\n# end\n").tree.problems().empty());
}

TEST_CASE("first_only reads the whole input as one stream") {
  ReadOptions options;
  options.first_only = true;
  CHECK(Read("%YAML 1.1\n---\na: 1\n---\nb: [\n", options).json() == R"({"a":1})");
  CHECK(Read("", options).json() == "null");
  CHECK(Read("a: |\n  b", options).json() == R"({"a":"b"})");
  CHECK(Read("a: |\n  b").json() == R"({"a":"b\n"})");
}

TEST_CASE("bytes that are no YAML text name their place and a remedy") {
  CHECK(Refusal(std::string("a: \0b\n", 6)).starts_with("1:4: NUL byte"));
  CHECK(Refusal("a: \xFF\n").starts_with("1:4: byte 0xFF is not valid UTF-8"));
  CHECK(Refusal("b: 1\na: \x01\n").starts_with("2:4: control character 0x01"));
  KeyTable keys;
  Tree tree;
  CHECK(ReadYaml(std::string("\xFF\xFE\0\0a\0\0\0", 8), {}, keys, tree).error().code ==
        ErrorCode::kParse);
  CHECK(ReadYaml(std::string("\xFF\xFE"
                             "a\0:\0 \0b\0",
                             10),
                 {}, keys, tree)
            .has_value());
  CHECK(ToJson(tree, keys, tree.roots()[0].node) == R"({"a":"b"})");
}

TEST_CASE("a text without keys or values is an empty document") {
  CHECK(Read("").tree.roots().empty());
  CHECK(Read("# only a comment\n").tree.roots()[0].node == kNoNode);
  CHECK(Read("---\n").tree.roots()[0].node == kNoNode);
  CHECK(Read("null\n").root().type() == NodeType::kNull);
}

TEST_CASE("comments are kept in order, separator lines included") {
  const Read read("# a\nb: 1 # c\n--- # d\ne: | # f\n  # no\n# g\n");
  std::string all;
  for (const Comment& comment : read.tree.comments()) {
    all += read.tree.source().substr(comment.start, comment.end - comment.start);
  }
  CHECK(all == "# a# c# d# f# g");
  ReadOptions none;
  none.keep_comments = false;
  CHECK(Read("# a\nb: 1\n", none).tree.comments().empty());
}

}  // namespace ouro::io
