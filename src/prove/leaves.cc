#include "prove/leaves.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "rules/functions/resource_quantity.h"

namespace ouro::prove {
namespace {

using io::kNoNode;
using io::Node;
using io::NodeType;

constexpr std::array<std::string_view, 7> kServersOwn = {"status",
                                                         "metadata.uid",
                                                         "metadata.resourceVersion",
                                                         "metadata.generation",
                                                         "metadata.creationTimestamp",
                                                         "metadata.selfLink",
                                                         "metadata.managedFields"};

bool IsServersOwn(std::string_view path) {
  return std::find(kServersOwn.begin(), kServersOwn.end(), path) != kServersOwn.end();
}

bool IsPlainName(std::string_view key) {
  return !key.empty() && key.find_first_of(".[]'\" ") == std::string_view::npos;
}

std::string Under(const std::string& path, std::string_view key) {
  if (!IsPlainName(key)) return fmt::format("{}['{}']", path, key);
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

std::string Under(const std::string& path, size_t index) {
  return fmt::format("{}[{}]", path, index);
}

// Calls `visit(slot, path)` for each child that counts.
template <typename Visit>
void ForEachChild(const io::Tree& tree, const io::KeyTable& keys, uint32_t parent,
                  const std::string& path, Visit&& visit) {
  const Node& node = tree.node(parent);
  if (node.type != NodeType::kMap && node.type != NodeType::kList) return;
  size_t index = 0;
  for (uint32_t i = parent + 1; i < node.next; i = tree.node(i).next) {
    if (tree.node(i).flags & io::kNodeOverridden) continue;
    if (node.type == NodeType::kMap) {
      visit(i, Under(path, keys.Text(tree.node(i).key)));
    } else {
      visit(i, Under(path, index++));
    }
  }
}

// Values that the API server may leave out, because for it they are the same as nothing.
bool IsNothing(const io::Tree& tree, uint32_t slot) {
  const Node& node = tree.node(slot);
  switch (node.type) {
    case NodeType::kNull:
      return true;
    case NodeType::kBool:
      return !node.boolean;
    case NodeType::kInt:
      return node.integer == 0;
    case NodeType::kUint:
      return node.unsigned_integer == 0;
    case NodeType::kDouble:
      return node.number == 0;
    case NodeType::kString:
      return node.count == 0;
    case NodeType::kMap:
    case NodeType::kList:
      break;
    case NodeType::kAlias:
      return false;
  }
  for (uint32_t i = slot + 1; i < node.next; i = tree.node(i).next) {
    if (tree.node(i).flags & io::kNodeOverridden) continue;
    if (node.type == NodeType::kList || !IsNothing(tree, i)) return false;
  }
  return true;
}

std::string ScalarText(const io::Tree& tree, uint32_t slot) {
  const Node& node = tree.node(slot);
  switch (node.type) {
    case NodeType::kBool:
      return node.boolean ? "true" : "false";
    case NodeType::kInt:
      return fmt::format("{}", node.integer);
    case NodeType::kUint:
      return fmt::format("{}", node.unsigned_integer);
    case NodeType::kDouble:
      return fmt::format("{}", node.number);
    case NodeType::kString:
      return std::string(tree.Text(slot));
    default:
      return {};
  }
}

class Comparer {
 public:
  Comparer(const io::Tree& before, const io::Tree& after, const io::KeyTable& keys)
      : before_(before), after_(after), keys_(keys) {}

  std::vector<Change> Run(uint32_t before, uint32_t after) {
    CompareValues(before, after, {});
    return std::move(changes_);
  }

 private:
  void Add(ChangeKind kind, const std::string& path, uint32_t node) {
    if (!IsServersOwn(path)) changes_.push_back({kind, path, node});
  }

  void CompareValues(uint32_t before, uint32_t after, const std::string& path) {
    if (IsServersOwn(path)) return;
    const NodeType type = before_.node(before).type;
    const NodeType other = after_.node(after).type;
    if (type == NodeType::kMap && other == NodeType::kMap) return CompareMaps(before, after, path);
    if (type == NodeType::kList && other == NodeType::kList) {
      return CompareLists(before, after, path);
    }
    if (IsNothing(before_, before)) {
      // The field was as good as absent, so what stands there now is new.
      if (!IsNothing(after_, after)) Add(ChangeKind::kAdded, path, after);
      return;
    }
    const bool scalars = type != NodeType::kMap && type != NodeType::kList &&
                         other != NodeType::kMap && other != NodeType::kList;
    const std::string a = ScalarText(before_, before);
    const std::string b = ScalarText(after_, after);
    if (!scalars || (a != b && !SameQuantity(a, b))) Add(ChangeKind::kChanged, path, after);
  }

  void CompareMaps(uint32_t before, uint32_t after, const std::string& path) {
    ForEachChild(before_, keys_, before, path, [&](uint32_t slot, const std::string& below) {
      const uint32_t twin = after_.ChildSlot(after, before_.node(slot).key);
      if (twin != kNoNode) {
        CompareValues(slot, twin, below);
      } else if (!IsNothing(before_, slot)) {
        Add(ChangeKind::kDropped, below, slot);
      }
    });
    ForEachChild(after_, keys_, after, path, [&](uint32_t slot, const std::string& below) {
      if (before_.ChildSlot(before, after_.node(slot).key) == kNoNode) {
        Add(ChangeKind::kAdded, below, slot);
      }
    });
  }

  void CompareLists(uint32_t before, uint32_t after, const std::string& path) {
    uint32_t twin = after + 1;
    const uint32_t end = after_.node(after).next;
    size_t index = 0;
    ForEachChild(before_, keys_, before, path, [&](uint32_t slot, const std::string& below) {
      ++index;
      if (twin < end) {
        CompareValues(slot, twin, below);
        twin = after_.node(twin).next;
      } else {
        Add(ChangeKind::kDropped, below, slot);
      }
    });
    for (; twin < end; twin = after_.node(twin).next) {
      Add(ChangeKind::kAdded, Under(path, index++), twin);
    }
  }

  const io::Tree& before_;
  const io::Tree& after_;
  const io::KeyTable& keys_;
  std::vector<Change> changes_;
};

// Writes an object with some of its nodes left out, or with another name.
class Writer {
 public:
  Writer(const io::Tree& tree, const io::KeyTable& keys, std::span<const uint32_t> left_out)
      : tree_(tree), keys_(keys), left_out_(left_out) {}

  Status Write(uint32_t slot) {
    const Node& node = tree_.node(slot);
    // Nothing is left out of most subtrees.
    const auto next = std::lower_bound(left_out_.begin(), left_out_.end(), slot);
    if (next == left_out_.end() || *next >= node.next) {
      OURO_TRY(const std::string text, io::ToJson(tree_, keys_, slot));
      out_ += text;
      return {};
    }
    const bool is_map = node.type == NodeType::kMap;
    out_ += is_map ? '{' : '[';
    bool first = true;
    for (uint32_t i = slot + 1; i < node.next; i = tree_.node(i).next) {
      if (tree_.node(i).flags & io::kNodeOverridden) continue;
      if (std::binary_search(left_out_.begin(), left_out_.end(), i)) continue;
      if (!first) out_ += ',';
      first = false;
      if (is_map) {
        AppendJsonString(out_, keys_.Text(tree_.node(i).key));
        out_ += ':';
      }
      OURO_TRY_STATUS(Write(i));
    }
    out_ += is_map ? '}' : ']';
    return {};
  }

  std::string Take() { return std::move(out_); }

 private:
  const io::Tree& tree_;
  const io::KeyTable& keys_;
  std::span<const uint32_t> left_out_;
  std::string out_;
};

// Without the digits of indexes: "a[12].b" → "a[].b".
std::string WithoutIndexes(std::string_view path) {
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    out += path[i];
    if (path[i] != '[') continue;
    size_t end = i + 1;
    while (end < path.size() && path[end] >= '0' && path[end] <= '9') ++end;
    if (end < path.size() && path[end] == ']') i = end - 1;
  }
  return out;
}

}  // namespace

std::vector<Change> Compare(const io::Tree& before_tree, uint32_t before,
                            const io::Tree& after_tree, uint32_t after, const io::KeyTable& keys) {
  return Comparer(before_tree, after_tree, keys).Run(before, after);
}

void ListBelow(const io::Tree& tree, const io::KeyTable& keys, const std::string& path,
               uint32_t node, std::vector<PathNode>& out) {
  out.push_back({path, node});
  ForEachChild(tree, keys, node, path, [&](uint32_t slot, const std::string& below) {
    ListBelow(tree, keys, below, slot, out);
  });
}

Result<std::string> JsonWithout(const io::Tree& tree, const io::KeyTable& keys, uint32_t root,
                                std::span<const uint32_t> left_out) {
  Writer writer(tree, keys, left_out);
  OURO_TRY_STATUS(writer.Write(root));
  return writer.Take();
}

Result<std::string> JsonRenamed(const io::Tree& tree, const io::KeyTable& keys, uint32_t root,
                                std::string_view name) {
  const uint32_t metadata = tree.ChildSlot(root, keys.Find("metadata"));
  if (metadata == kNoNode || tree.node(metadata).type != NodeType::kMap) {
    return Fail(ErrorCode::kInvalid, "the object has no metadata");
  }
  // The metadata map is written anew at the end: its place in the object means nothing.
  OURO_TRY(std::string out, JsonWithout(tree, keys, root, {&metadata, 1}));
  std::vector<uint32_t> left_out;
  const uint32_t slot = tree.ChildSlot(metadata, keys.Find("name"));
  if (slot != kNoNode) left_out.push_back(slot);
  OURO_TRY(const std::string others, JsonWithout(tree, keys, metadata, left_out));
  out.pop_back();
  if (out.size() > 1) out += ',';
  out += "\"metadata\":{\"name\":";
  AppendJsonString(out, name);
  if (others != "{}") out += ',';
  out += others.substr(1) + "}";
  return out;
}

bool SameQuantity(std::string_view a, std::string_view b) {
  const auto x = rules::functions::ParseQuantity(a);
  if (!x) return false;
  const auto y = rules::functions::ParseQuantity(b);
  return y && rules::functions::CompareQuantities(*x, *y) == 0;
}

bool PathEndsWith(std::string_view path, std::string_view pattern) {
  const std::string plain = WithoutIndexes(path);
  return MatchesGlob(plain, pattern) || MatchesGlob(plain, fmt::format("*.{}", pattern));
}

}  // namespace ouro::prove
