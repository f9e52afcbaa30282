// Fuzz target of the YAML reader. What it checks, beyond memory safety:
//
// 1. The line shortcut decides nothing: with and without it trees, spans, comments and errors are
// equal.
// 2. Shape: spans lie in the source, children within their parents and in order, subtrees are
// ranges,
//    aliases point to earlier nodes that are no aliases, counts are those of the live children.
// 3. ToJson of every document succeeds, and reading that JSON again gives the same JSON.
// 4. Differential: where libyaml accepts the first document and so does the reader (read as one
// stream),
//    both see the same structure: the same sequence of maps, lists, scalars and aliases, and the
//    same text of every quoted scalar. Merge keys and repeated keys do not disturb this, because
//    overridden children stay in the tree; what merge keys add is skipped.
//
// libyaml accepts more (it also reads %YAML 1.2, \/ and unknown directives) and refuses what the
// decoding rules of Kubernetes refuse later, so acceptance itself is not compared.

#include <yaml.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "io/key_table.h"
#include "io/tree.h"

namespace {

using ouro::io::KeyTable;
using ouro::io::Node;
using ouro::io::NodeType;
using ouro::io::ReadOptions;
using ouro::io::Tree;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "invariant does not hold: %s\n", what);
  std::abort();
}

// Trees and key tables live as long as the process, as in a scan: what one input leaves behind must
// not matter to the next.
struct File {
  KeyTable keys;
  Tree tree;
  bool good = false;

  void Read(const std::string& source, const ReadOptions& options) {
    if (keys.count() > 100'000) keys = KeyTable();
    good = ouro::io::ReadYaml(source, options, keys, tree).has_value();
  }
};

bool SameNode(const File& x, const File& y, uint32_t i) {
  const Node& a = x.tree.node(i);
  const Node& b = y.tree.node(i);
  const bool same_place = a.start == b.start && a.end == b.end && a.key_start == b.key_start &&
                          a.key_end == b.key_end && a.next == b.next;
  const bool same_kind = a.type == b.type && a.flags == b.flags && a.count == b.count;
  const bool same_text = a.type != NodeType::kString || x.tree.Text(i) == y.tree.Text(i);
  const bool same_key = (a.key == ouro::io::kNoKey) == (b.key == ouro::io::kNoKey) &&
                        (a.key == ouro::io::kNoKey || x.keys.Text(a.key) == y.keys.Text(b.key));
  return same_place && same_kind && same_text && same_key;
}

void CheckSame(const File& x, const File& y) {
  Require(x.good == y.good, "same status with and without the shortcut");
  Require(x.tree.node_count() == y.tree.node_count(), "same number of nodes");
  for (uint32_t i = 0; i < x.tree.node_count(); ++i) Require(SameNode(x, y, i), "same nodes");
  Require(x.tree.roots().size() == y.tree.roots().size(), "same number of documents");
  for (size_t i = 0; i < x.tree.roots().size(); ++i) {
    Require(x.tree.roots()[i].failed == y.tree.roots()[i].failed, "same documents refused");
    Require(x.tree.roots()[i].node == y.tree.roots()[i].node, "same roots");
  }
  Require(x.tree.problems().size() == y.tree.problems().size(), "same number of problems");
  // Comments behind an error are whatever was scanned before it was found.
  for (const auto& root : x.tree.roots()) {
    if (root.failed) return;
  }
  Require(x.tree.comments().size() == y.tree.comments().size(), "same number of comments");
  for (size_t i = 0; i < x.tree.comments().size(); ++i) {
    Require(x.tree.comments()[i].start == y.tree.comments()[i].start, "same comments");
    Require(x.tree.comments()[i].end == y.tree.comments()[i].end, "same comments");
  }
}

// Returns the index after the subtree.
uint32_t CheckShape(const Tree& tree, uint32_t index) {
  const Node& node = tree.node(index);
  Require(node.start <= node.end && node.end <= tree.source().size(), "span in the source");
  Require(node.key_start <= node.key_end && node.key_end <= tree.source().size(),
          "key in the source");
  if (node.type == NodeType::kAlias) {
    Require(node.target < index && tree.node(node.target).type != NodeType::kAlias, "alias target");
  }
  uint32_t live = 0;
  uint32_t last_end = node.start;
  uint32_t i = index + 1;
  while (i < node.next) {
    const Node& child = tree.node(i);
    if (!(child.flags & ouro::io::kNodeOverridden)) ++live;
    if (!(child.flags & ouro::io::kNodeMerged)) {
      Require(child.start >= last_end && child.end <= node.end,
              "children in order within the parent");
      last_end = child.end;
    }
    i = CheckShape(tree, i);
  }
  Require(i == (node.next > index ? node.next : i), "subtree is a range");
  const bool collection = node.type == NodeType::kMap || node.type == NodeType::kList;
  if (collection) Require(live == node.count, "count of live children");
  if (!collection) Require(node.next == index + 1, "scalars have no children");
  return node.next;
}

void CheckJson(const File& file) {
  static KeyTable keys;
  static Tree tree;
  if (keys.count() > 100'000) keys = KeyTable();
  for (const auto& root : file.tree.roots()) {
    if (root.node == ouro::io::kNoNode) continue;
    const auto json = ouro::io::ToJson(file.tree, file.keys, root.node);
    Require(json.has_value(), "a document that was read has JSON");
    Require(ouro::io::ReadJson(*json, {}, keys, tree).has_value(), "own JSON is read");
    Require(tree.roots().size() == 1 && !tree.roots()[0].failed, "own JSON is one value");
    // The double -0 prints as -0, which is read as the integer 0.
    if (json->find("-0") != std::string::npos) continue;
    Require(ouro::io::ToJson(tree, keys, tree.roots()[0].node) == *json, "JSON is a fixed point");
  }
}

// Structure as letters: m M map, l L list, s scalar, a alias.
struct Shape {
  bool known = false;
  std::string text;
};

Shape LibyamlShape(const std::string& source) {
  Shape shape;
  yaml_parser_t parser;
  yaml_parser_initialize(&parser);
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(source.data()),
                               source.size());
  bool done = false;
  while (!done) {
    yaml_event_t event;
    if (!yaml_parser_parse(&parser, &event)) break;
    switch (event.type) {
      case YAML_MAPPING_START_EVENT:
        shape.text += 'm';
        break;
      case YAML_MAPPING_END_EVENT:
        shape.text += 'M';
        break;
      case YAML_SEQUENCE_START_EVENT:
        shape.text += 'l';
        break;
      case YAML_SEQUENCE_END_EVENT:
        shape.text += 'L';
        break;
      case YAML_ALIAS_EVENT:
        shape.text += 'a';
        break;
      case YAML_SCALAR_EVENT:
        shape.text += 's';
        break;
      case YAML_DOCUMENT_END_EVENT:
        shape.known = true;
        done = true;
        break;
      case YAML_STREAM_END_EVENT:
        done = true;
        break;
      default:
        break;
    }
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return shape;
}

void AppendShape(const File& file, uint32_t index, std::string& out) {
  const Node& node = file.tree.node(index);
  switch (node.type) {
    case NodeType::kMap:
    case NodeType::kList: {
      const bool map = node.type == NodeType::kMap;
      out += map ? 'm' : 'l';
      for (uint32_t i = index + 1; i < node.next; i = file.tree.node(i).next) {
        const Node& child = file.tree.node(i);
        const bool brought = (child.flags & ouro::io::kNodeMerged) &&
                             child.type == NodeType::kAlias && file.keys.Text(child.key) != "<<";
        if (brought) continue;
        if (map) {
          const bool alias =
              child.key_end > child.key_start && file.tree.source()[child.key_start] == '*';
          out += alias ? 'a' : 's';
        }
        AppendShape(file, i, out);
      }
      out += map ? 'M' : 'L';
      return;
    }
    case NodeType::kAlias:
      out += 'a';
      return;
    default: {
      // An alias of a key's scalar became a copy, but its span still begins with '*'.
      const bool alias = node.end > node.start && !(node.flags & ouro::io::kNodeQuoted) &&
                         file.tree.source()[node.start] == '*';
      out += alias ? 'a' : 's';
    }
  }
}

void CheckLibyaml(const std::string& source) {
  for (const char* const odd : {"\xEF\xBB\xBF", "]:", "}:", "] ", "} ", "!", "<<", "?"}) {
    if (source.find(odd) != std::string::npos) return;
  }
  ReadOptions options;
  options.first_only = true;
  static File file;
  file.Read(source, options);
  if (!file.good || file.tree.roots()[0].failed || file.tree.roots()[0].node == ouro::io::kNoNode)
    return;
  const Shape expected = LibyamlShape(source);
  if (!expected.known) return;
  std::string shape;
  AppendShape(file, file.tree.roots()[0].node, shape);
  Require(shape == expected.text, "same structure as libyaml");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string source(reinterpret_cast<const char*>(data), size);
  ReadOptions options;
  options.strict_keys = !source.empty() && source.back() == 's';
  options.first_only = !source.empty() && source.front() == '1';
  static File fast;
  static File slow;
  fast.Read(source, options);
  options.use_shortcut = false;
  slow.Read(source, options);
  CheckSame(fast, slow);
  if (!fast.good) return 0;
  for (const auto& root : fast.tree.roots()) {
    if (root.node != ouro::io::kNoNode) CheckShape(fast.tree, root.node);
  }
  CheckJson(fast);
  CheckLibyaml(source);
  return 0;
}
