#include "rules/cel_graph.h"

#include <algorithm>
#include <bit>

#include "base/hash.h"

namespace ouro::rules {

namespace {

uint64_t Mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 32);
}

// Constants are the same only with the same type and bits: 1 and 1.0 are equal values but not the
// same node, and neither are 0.0 and -0.0.
bool SameConstant(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return a.boolean == b.boolean;
    case Kind::kInt:
      return a.integer == b.integer;
    case Kind::kUint:
      return a.unsigned_integer == b.unsigned_integer;
    case Kind::kDouble:
      return std::bit_cast<uint64_t>(a.number) == std::bit_cast<uint64_t>(b.number);
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
    case Kind::kError:
      return a.str() == b.str();
    case Kind::kDuration:
    case Kind::kTimestamp:
      return a.integer == b.integer && a.extra == b.extra;
    default:
      return a.list == b.list;
  }
}

uint64_t HashConstant(const Value& value) {
  if (value.kind == Kind::kError) return FastHash(value.str());
  return HashValue(value);
}

}  // namespace

bool Graph::Same(const Node& x, const Node& y, std::span<const uint32_t> y_args) const {
  if (x.op != y.op || x.two_variables != y.two_variables || x.a != y.a || x.b != y.b ||
      x.c != y.c || x.key != y.key || x.slot != y.slot || x.aux != y.aux || x.data != y.data ||
      x.arg_count != y_args.size() || !SameConstant(x.value, y.value)) {
    return false;
  }
  return std::equal(y_args.begin(), y_args.end(), args_.begin() + x.first_arg);
}

Value Graph::Owned(const Value& value) {
  if (value.kind != Kind::kString && value.kind != Kind::kBytes && value.kind != Kind::kType &&
      value.kind != Kind::kError) {
    return value;
  }
  Value owned = arena_.NewString(value.str());
  owned.kind = value.kind;
  return owned;
}

uint64_t Graph::Hash(const Node& node, std::span<const uint32_t> args) const {
  uint64_t hash = static_cast<uint64_t>(node.op) + (node.two_variables ? 1000 : 0);
  for (uint32_t part : {node.a, node.b, node.c, node.key, node.slot, node.aux}) {
    hash = Mix(hash, part);
  }
  hash = Mix(hash, static_cast<uint64_t>(reinterpret_cast<uintptr_t>(node.data)));
  hash = Mix(hash, HashConstant(node.value));
  for (uint32_t arg : args) hash = Mix(hash, arg);
  return hash;
}

uint32_t Graph::Insert(Node node, std::span<const uint32_t> args) {
  const uint64_t hash = Hash(node, args);
  if (share_) {
    const auto [first, last] = index_.equal_range(hash);
    for (auto it = first; it != last; ++it) {
      if (Same(nodes_[it->second], node, args)) return it->second;
    }
  }
  node.value = Owned(node.value);
  node.first_arg = static_cast<uint32_t>(args_.size());
  node.arg_count = static_cast<uint32_t>(args.size());
  args_.insert(args_.end(), args.begin(), args.end());
  nodes_.push_back(node);
  hashes_.push_back(hash);
  const uint32_t index = count() - 1;
  if (share_) index_.emplace(hash, index);
  return index;
}

uint32_t Graph::Add(Node node, std::span<const uint32_t> args) {
  for (uint32_t operand : {node.a, node.b, node.c}) {
    if (operand != kNoOperand) node.depends |= nodes_[operand].depends;
  }
  for (uint32_t arg : args) node.depends |= nodes_[arg].depends;
  return Insert(node, args);
}

uint32_t Graph::AddLoop(const Node& node) {
  return Insert(node, {});
}

uint32_t Graph::AddConstant(const Value& value) {
  Node node;
  node.value = value;
  return Add(node);
}

void Graph::Truncate(uint32_t new_count) {
  while (count() > new_count) {
    const auto [first, last] = index_.equal_range(hashes_.back());
    for (auto it = first; it != last; ++it) {
      if (it->second != count() - 1) continue;
      index_.erase(it);
      break;
    }
    args_.resize(nodes_.back().first_arg);
    nodes_.pop_back();
    hashes_.pop_back();
  }
}

const CallTarget* Graph::Target(const FunctionInfo* function, uint64_t overloads,
                                CallTarget target) {
  const uint64_t hash =
      Mix(static_cast<uint64_t>(reinterpret_cast<uintptr_t>(function)), overloads);
  const auto [first, last] = call_index_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    const CallTarget& other = *it->second;
    const bool same = std::equal(
        other.candidates.begin(), other.candidates.end(), target.candidates.begin(),
        target.candidates.end(),
        [](const CallCandidate& x, const CallCandidate& y) { return x.overload == y.overload; });
    if (other.name == target.name && other.resolved == target.resolved && same) return &other;
  }
  target.name = Text(target.name);
  calls_.push_back(std::make_unique<CallTarget>(std::move(target)));
  call_index_.emplace(hash, calls_.back().get());
  return calls_.back().get();
}

const StructTarget* Graph::Target(StructTarget target) {
  structs_.push_back(std::make_unique<StructTarget>(std::move(target)));
  return structs_.back().get();
}

uint32_t Graph::Marks(const std::vector<bool>& marks) {
  const auto it = std::find(marks_.begin(), marks_.end(), marks);
  if (it != marks_.end()) return static_cast<uint32_t>(it - marks_.begin()) + 1;
  marks_.push_back(marks);
  return static_cast<uint32_t>(marks_.size());
}

}  // namespace ouro::rules
