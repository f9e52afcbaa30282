// The program before it is laid out: a graph of nodes in which equal subexpressions exist once.
//
// Two nodes are equal when they do the same with equal operands. Loop variables are numbered by
// nesting depth, so the bodies of two loops over different lists are equal when they read equal.
// What a node depends on (levels of declared variables, loop variables) is a bit set; it decides
// how long a shared value stays valid.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/key_table.h"
#include "rules/cel_environment.h"
#include "rules/value.h"

namespace ouro::rules {

enum class NodeOp : uint8_t {
  kConstant,          // value
  kGlobal,            // slot
  kLocal,             // slot
  kLazyLocal,         // slot, a = what initialises it on first use
  kField,             // a.name (key), or a['name']
  kOptionalField,     // a.?name
  kHas,               // a = a kField node
  kIndex,             // a[b]; aux = cost of the qualifier
  kOptionalIndex,     // a[?b]
  kAnd,               // args
  kOr,                // args
  kNot,               // a
  kNotStrictlyFalse,  // a
  kConditional,       // a ? b : c
  kEqual,
  kNotEqual,
  kLess,  // aux = CostRule, as for the following
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kNegate,
  kCall,             // args; data = CallTarget
  kOptionalOr,       // a.or(b)
  kOptionalOrValue,  // a.orValue(b)
  kList,             // args; aux = index of the optional marks + 1, or 0
  kMap,              // args: key, value, …; aux likewise
  kStruct,           // args; data = StructTarget; aux likewise
  kAll,              // a = range, b = body; slot = variable (and slot + 1 when two_variables)
  kExists,
  kExistsOne,
  kCollect,  // map and transformList; c = filter or kNoOperand
  kFilter,
  kTransformMap,
  kTransformMapEntry,
  kBind,    // a = value, b = body, slot
  kCharge,  // a, plus aux units of runtime cost
};

// What a call of an operator costs (cel-go runtime cost; only resolved overloads have a rule).
enum class CostRule : uint32_t { kUnit, kSizes, kSmallerSize, kListSize, kFree };

inline constexpr uint32_t kNoOperand = 0xffffffff;

// Candidates of one call, in the order in which they are tried.
struct Signature;

struct CallCandidate {
  const Overload* overload = nullptr;
  const Signature* signature = nullptr;
};

struct CallTarget {
  std::string_view name;
  std::vector<CallCandidate> candidates;
  bool resolved = false;  // the checker left exactly one
};

struct StructTarget {
  std::string name;
  std::vector<std::string> fields;
};

struct Node {
  NodeOp op = NodeOp::kConstant;
  bool two_variables = false;
  uint32_t a = kNoOperand;
  uint32_t b = kNoOperand;
  uint32_t c = kNoOperand;
  uint32_t key = io::kNoKey;  // kField of documents
  uint32_t slot = 0;
  uint32_t aux = 0;
  uint32_t first_arg = 0;
  uint32_t arg_count = 0;
  uint64_t depends = 0;        // bits 0-2: levels of variables; 3 + slot: loop variables
  const void* data = nullptr;  // CallTarget or StructTarget, owned by the graph, unique by content
  Value value;                 // kConstant; kField, kOptionalField: the field's name as a string
};

class Graph {
 public:
  // Without sharing every node is new: runtime cost must be counted as often as it is written.
  explicit Graph(bool share) : share_(share) {}

  const Node& node(uint32_t index) const { return nodes_[index]; }
  uint32_t count() const { return static_cast<uint32_t>(nodes_.size()); }
  std::span<const uint32_t> args(const Node& node) const {
    return std::span(args_).subspan(node.first_arg, node.arg_count);
  }
  // The index of a node equal to `node` with `args`; its operands' dependencies are added to
  // node.depends.
  uint32_t Add(Node node, std::span<const uint32_t> args = {});
  // Like Add, but node.depends is already complete: a loop hides what depends on its variables.
  uint32_t AddLoop(const Node& node);
  uint32_t AddConstant(const Value& value);
  // Forgets nodes from `count` on: an expression that failed leaves nothing behind.
  void Truncate(uint32_t count);

  std::string_view Text(std::string_view text) { return arena_.Copy(text); }
  const CallTarget* Target(const FunctionInfo* function, uint64_t overloads, CallTarget target);
  const StructTarget* Target(StructTarget target);
  uint32_t Marks(const std::vector<bool>& marks);
  const std::vector<bool>& marks(uint32_t index) const { return marks_[index - 1]; }

  // The arena that owns constants. The graph must outlive the program made of it.
  Arena& arena() { return arena_; }

 private:
  uint64_t Hash(const Node& node, std::span<const uint32_t> args) const;
  uint32_t Insert(Node node, std::span<const uint32_t> args);
  bool Same(const Node& x, const Node& y, std::span<const uint32_t> y_args) const;
  Value Owned(const Value& value);

  bool share_;
  std::vector<Node> nodes_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> args_;
  std::unordered_multimap<uint64_t, uint32_t> index_;
  std::vector<std::vector<bool>> marks_;
  std::vector<std::unique_ptr<CallTarget>> calls_;
  std::unordered_multimap<uint64_t, const CallTarget*> call_index_;
  std::vector<std::unique_ptr<StructTarget>> structs_;
  Arena arena_;
};

}  // namespace ouro::rules
