#include "io/tree.h"

#include <doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace ouro::io {
namespace {

struct Read {
  KeyTable keys;
  Tree tree;
  explicit Read(std::string source) {
    REQUIRE(ReadYaml(std::move(source), {}, keys, tree).has_value());
  }
  NodeView root(size_t i = 0) const { return NodeView(tree, keys, tree.roots()[i].node); }
};

}  // namespace

TEST_CASE("positions count lines from 1 and columns in characters") {
  const Read read("a: \xC3\xA9\xC3\xA9 # x\r\nb: 1\n");
  CHECK(read.tree.PositionOf(0).line == 1);
  CHECK(read.tree.PositionOf(0).column == 1);
  const Position comment = read.tree.PositionOf(read.tree.comments()[0].start);
  CHECK(comment.line == 1);
  CHECK(comment.column == 7);
  CHECK(read.tree.PositionOf(13).line == 2);
  CHECK(read.tree.PositionOf(13).column == 1);
  CHECK(read.tree.Line(1) == "a: \xC3\xA9\xC3\xA9 # x");
  CHECK(read.tree.Line(2) == "b: 1");
  CHECK(read.tree.Line(3).empty());
  CHECK(read.tree.Line(0).empty());
  CHECK(read.tree.line_count() == 2);
}

TEST_CASE("a byte order mark takes no column") {
  const Read read(
      "\xEF\xBB\xBF"
      "a: 1");
  CHECK(read.tree.PositionOf(3).column == 1);
  CHECK(read.tree.PositionOf(6).column == 4);
}

TEST_CASE("positions do not depend on the order of the questions") {
  const Read read("\xEF\xBB\xBF\xC3\xA9: [1, \xC3\xA9, 2]\nb: 3\n");
  std::vector<int64_t> forward;
  const uint32_t size = static_cast<uint32_t>(read.tree.source().size());
  for (uint32_t i = 0; i <= size; ++i) forward.push_back(read.tree.PositionOf(i).column);
  for (uint32_t i = size + 1; i-- > 0;) CHECK(read.tree.PositionOf(i).column == forward[i]);
  for (uint32_t i = 0; i <= size; i += 5) {
    read.tree.PositionOf(size - i);
    CHECK(read.tree.PositionOf(i).column == forward[i]);
  }
}

TEST_CASE("children are found by key, through aliases and without overridden ones") {
  const Read read("base: &b {x: 1}\nuse: *b\nx: 2\nx: 3\nlist: [1, *b]\n");
  const NodeView root = read.root();
  CHECK(root.Get("use").Get("x").type() == NodeType::kInt);
  CHECK(read.tree.node(root.Get("x").index()).integer == 3);
  CHECK_FALSE(root.Get("nothing").exists());
  CHECK_FALSE(root.Get("x").Get("y").exists());
  CHECK(root.Members().size() == 4);
  CHECK(root.Get("list").Children().size() == 2);
  CHECK(root.Get("list").Children()[1].IsMap());
  CHECK(read.tree.Child(kNoNode, 0) == kNoNode);
}

TEST_CASE("nodes and texts survive moving the tree, short sources included") {
  Read read("a: b");
  const Tree moved = std::move(read.tree);
  CHECK(NodeView(moved, read.keys, moved.roots()[0].node).Get("a").Text() == "b");
  CHECK(moved.source() == "a: b");
}

TEST_CASE("one tree serves many files") {
  KeyTable keys;
  Tree tree;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(ReadYaml("a: \"x\\ty\"\nb: |\n  long\n", {}, keys, tree).has_value());
    CHECK(tree.roots().size() == 1);
    CHECK(tree.node_count() == 3);
    CHECK(NodeView(tree, keys, 0).Get("a").Text() == "x\ty");
  }
}

TEST_CASE("the source can be taken back") {
  Read read("a: b\n");
  CHECK(read.tree.TakeSource() == "a: b\n");
}

}  // namespace ouro::io
