// The part of TreeBuilder that knows about repeated keys, merge keys and what the result may hold.
//
// Repeated keys: each open map has 64 bits; a key whose bit is clear is certainly new, which
// settles nearly every key without a lookup. Otherwise small maps are walked and large ones use a
// table.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "io/tree_builder.h"

namespace ouro::io {
namespace {

constexpr uint32_t kIndexedMemberCount = 32;
constexpr uint8_t kKeyTypeUnknown = 0xff;

}  // namespace

uint32_t TreeBuilder::FindLive(const Frame& frame, uint32_t before, KeyId key) const {
  const std::vector<Node>& nodes = *nodes_;
  for (uint32_t i = frame.node + 1; i < before; i = nodes[i].next) {
    if (nodes[i].key == key && !(nodes[i].flags & kNodeOverridden)) return i;
  }
  return kNoNode;
}

bool TreeBuilder::NoteRepeatedKey(Frame& frame, uint32_t node, bool merged) {
  const KeyId key = (*nodes_)[node].key;
  if (!frame.indexed) {
    if (frame.members < kIndexedMemberCount) {
      const uint32_t old = FindLive(frame, node, key);
      return old == kNoNode || Override(frame, old, node, merged);
    }
    IndexChildren(frame);
  }
  IndexSlot& slot = SlotOf(frame.node, key);
  const bool known = slot.stamp == stamp_ && slot.node != node;
  const uint32_t old = slot.node;
  if (slot.stamp != stamp_) ++index_used_;
  slot = IndexSlot{stamp_, frame.node, key, node};
  return !known || Override(frame, old, node, merged);
}

void TreeBuilder::IndexChildren(Frame& frame) {
  frame.indexed = true;
  const std::vector<Node>& nodes = *nodes_;
  // The newest child is not complete yet; its `next` is its own index + 1, which ends the walk.
  for (uint32_t i = frame.node + 1; i + 1 < nodes.size(); i = nodes[i].next) {
    if (nodes[i].flags & kNodeOverridden) continue;
    IndexSlot& slot = SlotOf(frame.node, nodes[i].key);
    if (slot.stamp != stamp_) ++index_used_;
    slot = IndexSlot{stamp_, frame.node, nodes[i].key, i};
  }
}

// The slot of that key, or the free one where it belongs. Free slots carry an older stamp.
TreeBuilder::IndexSlot& TreeBuilder::SlotOf(uint32_t map, KeyId key) {
  if ((index_used_ + 1) * 2 > index_.size()) GrowIndex();
  const size_t mask = index_.size() - 1;
  const uint64_t mixed = (static_cast<uint64_t>(map) << 32 | key) * 0x9E3779B97F4A7C15ULL;
  for (size_t i = (mixed >> 32) & mask;; i = (i + 1) & mask) {
    IndexSlot& slot = index_[i];
    if (slot.stamp != stamp_ || (slot.map == map && slot.key == key)) return slot;
  }
}

void TreeBuilder::GrowIndex() {
  std::vector<IndexSlot> old(std::max<size_t>(index_.size() * 2, 1024));
  old.swap(index_);
  index_used_ = 0;
  for (const IndexSlot& slot : old) {
    if (slot.stamp != stamp_) continue;
    SlotOf(slot.map, slot.key) = slot;
    ++index_used_;
  }
}

bool TreeBuilder::Override(Frame& frame, uint32_t old, uint32_t node, bool merged) {
  std::vector<Node>& nodes = *nodes_;
  nodes[old].flags |= kNodeOverridden;
  --frame.live;
  const bool old_merged = (nodes[old].flags & kNodeMerged) != 0;
  const uint8_t old_type = merged || old_merged ? kKeyTypeUnknown : KeyTypeAt(nodes[old]);
  const uint8_t new_type = merged || old_merged ? kKeyTypeUnknown : KeyTypeAt(nodes[node]);
  // Kubernetes' strict mode compares keys before they become text: 1 and "1" are not the same to
  // it.
  const bool same_type =
      old_type == kKeyTypeUnknown || new_type == kKeyTypeUnknown || old_type == new_type;
  const bool silent = !options_.strict_keys && warning_count_ >= kWarningCountMax;
  if (silent) return true;
  const std::string name = Printable(keys_->Text(nodes[node].key).substr(0, 80));
  if (options_.strict_keys && same_type) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("key \"{}\" is already set in this map; remove one of the two", name),
                nodes[node].key_start);
  }
  if (merged && !old_merged) {
    Warn(fmt::format(
             "the merge key replaces key \"{}\", which stands before it; put the merge key first",
             name),
         nodes[node].key_start);
  } else if (!merged && !old_merged) {
    Warn(fmt::format("key \"{}\" is set twice in this map; the last one counts, remove the other",
                     name),
         nodes[node].key_start);
  }
  return true;
}

uint8_t TreeBuilder::KeyTypeAt(const Node& node) const {
  if (node.key_start == node.key_end) return static_cast<uint8_t>(ScalarType::kNull);
  const std::string_view text =
      tree_->source().substr(node.key_start, node.key_end - node.key_start);
  if (text[0] == '"' || text[0] == '\'') return static_cast<uint8_t>(ScalarType::kString);
  if (text[0] == '*' || text[0] == '|' || text[0] == '>') return kKeyTypeUnknown;
  return static_cast<uint8_t>(ResolvePlain(text).type);
}

bool TreeBuilder::FailMerge(uint32_t node) {
  return Fail(ErrorCode::kParse,
              "the merge key << needs a map, an alias of a map, or a list of these",
              (*nodes_)[node].start);
}

bool TreeBuilder::ExpandMerge(uint32_t value) {
  const std::vector<Node>& nodes = *nodes_;
  const uint32_t target = tree_->Resolve(value);
  if (nodes[target].type == NodeType::kMap) return ExpandMap(target, value);
  if (nodes[value].type != NodeType::kList) return FailMerge(value);
  // The list itself is never decoded upstream.
  --decode_count_;
  std::vector<uint32_t> maps;
  for (uint32_t i = value + 1; i < nodes[value].next; i = nodes[i].next) {
    if (nodes[tree_->Resolve(i)].type != NodeType::kMap) return FailMerge(i);
    maps.push_back(i);
  }
  // Backwards, because earlier maps take precedence and the last one set wins.
  for (auto i = maps.rbegin(); i != maps.rend(); ++i) {
    if (!ExpandMap(tree_->Resolve(*i), *i)) return false;
  }
  return true;
}

// Adds an alias child for each member of `map`. `via` is the node whose span they carry.
bool TreeBuilder::ExpandMap(uint32_t map, uint32_t via) {
  std::vector<Node>& nodes = *nodes_;
  const Node from = nodes[via];
  const uint32_t key_start = frames_.back().key_start;
  const uint32_t key_end = frames_.back().key_end;
  const uint32_t end = nodes[map].next;
  for (uint32_t i = map + 1; i < end; i = nodes[i].next) {
    if (nodes[i].flags & kNodeOverridden) continue;
    if (++merged_count_ > limits::kAliasExpansionNodeCount ||
        static_cast<int64_t>(nodes.size()) >= limits::kDocumentNodeCount) {
      return Fail(ErrorCode::kLimit, "merge keys bring too many values in; write the values out",
                  from.start);
    }
    const uint32_t index = static_cast<uint32_t>(nodes.size());
    Node child;
    child.type = NodeType::kAlias;
    child.flags = kNodeMerged;
    child.document = from.document;
    child.key = nodes[i].key;
    child.next = index + 1;
    child.start = from.start;
    child.end = from.end;
    child.key_start = key_start;
    child.key_end = key_end;
    child.target = tree_->Resolve(i);
    nodes.push_back(child);
    Frame& frame = frames_.back();
    ++frame.members;
    ++frame.live;
    // In order of nodes, because nodes are only ever appended.
    const auto bad =
        std::lower_bound(deferred_.begin(), deferred_.end(), i,
                         [](const Deferred& d, uint32_t wanted) { return d.node < wanted; });
    if (bad != deferred_.end() && bad->node == i) {
      const Deferred copy{index, bad->message, bad->offset};
      deferred_.push_back(copy);
    }
    if (!NoteKey(frame, index, true)) return false;
  }
  return true;
}

// What JSON cannot hold is an error only where it is part of the result: Kubernetes converts after
// it has dropped what was overridden. Walks the result once, shared parts only once.
bool TreeBuilder::CheckDeferred() {
  const std::vector<Node>& nodes = *nodes_;
  std::vector<bool> reached(nodes.size() - first_node_, false);
  std::vector<uint32_t> todo = {root_node_};
  while (!todo.empty()) {
    const uint32_t index = todo.back();
    todo.pop_back();
    if (reached[index - first_node_]) continue;
    reached[index - first_node_] = true;
    const Node& node = nodes[index];
    if (node.type == NodeType::kAlias) todo.push_back(node.target);
    if (node.type != NodeType::kMap && node.type != NodeType::kList) continue;
    for (uint32_t i = index + 1; i < node.next; i = nodes[i].next) {
      if (!(nodes[i].flags & kNodeOverridden)) todo.push_back(i);
    }
  }
  for (const Deferred& deferred : deferred_) {
    if (reached[deferred.node - first_node_]) {
      return Fail(ErrorCode::kParse, deferred.message, deferred.offset);
    }
  }
  return true;
}

}  // namespace ouro::io
