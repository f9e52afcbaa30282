#include "rules/rule_set_nulls.h"

#include <algorithm>

namespace ouro::rules {

const io::Tree& NullFilter::View(const io::Tree& tree, uint32_t node) {
  ranges_.assign(1, node);
  if (!HasNull(tree, node)) return tree;
  for (const uint32_t start : ranges_) Copy(tree, start);
  for (const uint32_t start : ranges_) Clean(start);
  return copy_;
}

// Also collects the subtrees that aliases lead to. An anchor stands before its aliases, so the
// target may lie outside the object only when the object is an item of a List.
bool NullFilter::HasNull(const io::Tree& tree, uint32_t node) {
  bool found = false;
  for (size_t r = 0; r < ranges_.size(); ++r) {
    const uint32_t start = ranges_[r];
    const uint32_t end = tree.node(start).next;
    for (uint32_t i = start; i < end; ++i) {
      const io::Node& n = tree.node(i);
      if (n.type == io::NodeType::kNull) {
        found = true;
      } else if (n.type == io::NodeType::kAlias) {
        const uint32_t target = n.target;
        if (target >= node && target < tree.node(node).next) continue;
        if (std::find(ranges_.begin(), ranges_.end(), target) == ranges_.end()) {
          ranges_.push_back(target);
        }
      }
    }
  }
  return found;
}

void NullFilter::Copy(const io::Tree& tree, uint32_t node) {
  auto& nodes = copy_.mutable_nodes();
  if (nodes.size() < tree.node_count()) nodes.resize(tree.node_count());
  for (uint32_t i = node; i < tree.node(node).next; ++i) nodes[i] = tree.node(i);
}

// Depth is bounded by limits::kNestingDepth, so recursion is safe.
void NullFilter::Clean(uint32_t node) {
  auto& nodes = copy_.mutable_nodes();
  io::Node& parent = nodes[node];
  const bool is_map = parent.type == io::NodeType::kMap;
  if (!is_map && parent.type != io::NodeType::kList) return;
  const bool keeps_empty = parent.key == annotations_ || parent.key == labels_;
  for (uint32_t i = node + 1; i < parent.next; i = nodes[i].next) {
    io::Node& child = nodes[i];
    const bool is_null =
        child.type == io::NodeType::kNull ||
        (child.type == io::NodeType::kAlias && nodes[child.target].type == io::NodeType::kNull);
    if (!is_null) {
      Clean(i);
    } else if (!is_map) {
      child.type = io::NodeType::kMap;
      child.count = 0;
    } else if (keeps_empty) {
      child.type = io::NodeType::kString;
      child.count = 0;
      child.text = "";
    } else if (!(child.flags & io::kNodeOverridden)) {
      child.flags |= io::kNodeOverridden;
      --parent.count;
    }
  }
}

}  // namespace ouro::rules
