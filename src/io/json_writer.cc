// ToJson: a subtree as compact JSON. Iterative, because aliases may nest deeper than the source
// does.

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "io/tree.h"
#include "io/yaml_scalar.h"

namespace ouro::io {
namespace {

struct Open {
  uint32_t next;  // child to write next
  uint32_t end;
  bool is_map;
  bool first;
};

Status AppendScalar(const Tree& tree, uint32_t index, std::string& out) {
  const Node& node = tree.node(index);
  switch (node.type) {
    case NodeType::kBool:
      out.append(node.boolean ? "true" : "false");
      return {};
    case NodeType::kInt:
      fmt::format_to(std::back_inserter(out), "{}", node.integer);
      return {};
    case NodeType::kUint:
      fmt::format_to(std::back_inserter(out), "{}", node.unsigned_integer);
      return {};
    case NodeType::kDouble:
      if (!std::isfinite(node.number)) {
        return Fail(ErrorCode::kInvalid, "JSON has no infinity and no NaN");
      }
      AppendJsonDouble(out, node.number);
      return {};
    case NodeType::kString:
      AppendJsonString(out, tree.Text(index));
      return {};
    default:
      out.append("null");
      return {};
  }
}

}  // namespace

Result<std::string> ToJson(const Tree& tree, const KeyTable& keys, uint32_t node) {
  std::string out;
  if (node == kNoNode) return std::string("null");
  std::vector<Open> open;
  int64_t count = 0;
  uint32_t index = tree.Resolve(node);
  while (true) {
    const Node& value = tree.node(index);
    if (value.type == NodeType::kMap || value.type == NodeType::kList) {
      const bool is_map = value.type == NodeType::kMap;
      out.push_back(is_map ? '{' : '[');
      open.push_back(Open{index + 1, value.next, is_map, true});
    } else {
      OURO_TRY_STATUS(AppendScalar(tree, index, out));
    }
    // Every node of the tree may be written once; what goes beyond comes from aliases.
    if (++count > limits::kAliasExpansionNodeCount + tree.node_count()) {
      return Fail(ErrorCode::kLimit, "aliases repeat too many values");
    }
    while (true) {
      if (open.empty()) return out;
      Open& top = open.back();
      while (top.next < top.end && (tree.node(top.next).flags & kNodeOverridden)) {
        top.next = tree.node(top.next).next;
      }
      if (top.next < top.end) break;
      out.push_back(top.is_map ? '}' : ']');
      open.pop_back();
    }
    Open& top = open.back();
    if (!top.first) out.push_back(',');
    top.first = false;
    const Node& child = tree.node(top.next);
    if (top.is_map) {
      AppendJsonString(out, keys.Text(child.key));
      out.push_back(':');
    }
    index = tree.Resolve(top.next);
    top.next = child.next;
  }
}

}  // namespace ouro::io
