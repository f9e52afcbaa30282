// Syntax tree of a CEL expression, as the parser builds it, macros already expanded.
//
// Nodes live in an Arena and are never freed one by one. Names are views into the expression text,
// the arena or static storage; all of them must outlive the tree. The checker writes `type` and
// what a name stands for into the nodes; the lowering reads them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rules/value.h"

namespace ouro::rules {

struct Type;
struct FunctionInfo;

enum class ExprKind : uint8_t {
  kLiteral,
  kIdent,
  kSelect,         // args[0].name, or has(args[0].name) when test_only
  kCall,           // name(args); args[0] is the receiver when `member`
  kList,           // [args]
  kMap,            // {args[0]: args[1], …}
  kStruct,         // name{field_names[0]: args[0], …}
  kComprehension,  // fold
};

// What a name was resolved to.
enum class Reference : uint8_t { kNone, kVariable, kLocal, kConstant };

// The macro that a comprehension came from: the evaluator has a fast loop for each.
enum class Macro : uint8_t {
  kNone,
  kAll,
  kExists,
  kExistsOne,
  kMap,
  kFilter,
  kTransformMap,
  kTransformMapEntry,
  kBind,
};

struct Expr;

// A fold over a list or map, as the CEL language definition describes comprehensions.
struct Comprehension {
  Macro macro = Macro::kNone;
  std::string_view variable;
  std::string_view variable2;  // empty for one-variable comprehensions
  std::string_view accumulator;
  Expr* range = nullptr;
  Expr* initial = nullptr;
  Expr* condition = nullptr;
  Expr* step = nullptr;
  Expr* result = nullptr;
  // The parts of the macro that the fast loops evaluate: the predicate or transformation, and the
  // filter of map, transformList, transformMap and transformMapEntry (may be null).
  Expr* body = nullptr;
  Expr* filter = nullptr;
};

struct Expr {
  ExprKind kind = ExprKind::kLiteral;
  bool test_only = false;     // kSelect: made by has()
  bool member = false;        // kCall: receiver style
  bool has_optional = false;  // kList, kMap, kStruct: some element is written with '?'
  bool in_fold = false;       // kIdent: names a global although a local of that name exists
  Reference reference = Reference::kNone;
  uint16_t depth = 0;   // nesting of the node, as cel-go counts it
  uint32_t offset = 0;  // byte offset in the expression text
  uint32_t arg_count = 0;
  int32_t slot = -1;  // kVariable: index of the declared variable
  std::string_view name;
  Value literal;  // kLiteral, and kConstant references
  Expr** args = nullptr;
  const std::string_view* field_names = nullptr;  // kStruct
  const bool* optionals = nullptr;                // one an element or entry, when has_optional
  Comprehension* fold = nullptr;
  const Type* type = nullptr;  // null when unchecked
  const FunctionInfo* function =
      nullptr;             // kCall: the function, null when unknown (unchecked only)
  uint64_t overloads = 0;  // kCall: bit set of candidates among function's overloads

  std::span<Expr* const> children() const { return {args, arg_count}; }
};

}  // namespace ouro::rules
