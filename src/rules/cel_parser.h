// CEL text → syntax tree with macros expanded (cel-spec, "Syntax" and "Macros").
#pragma once

#include <string_view>

#include "base/error.h"
#include "rules/cel_ast.h"

namespace ouro::rules {

// Which syntax and macros an environment has.
struct SyntaxOptions {
  bool optional_syntax = false;     // a.?b, a[?b], [?a], {?k: v}; optMap, optFlatMap
  bool macros = true;               // has, all, exists, exists_one, existsOne, map, filter
  bool two_variables = false;       // all(i, v, …), transformList, transformMap, transformMapEntry
  bool bindings = false;            // cel.bind
  bool block = false;               // cel.block, cel.index, cel.iterVar, cel.accuVar
  bool greatest_and_least = false;  // math.greatest and math.least of any number of arguments
  bool sort_by = false;             // list.sortBy(e, key)
};

// Where accumulators of macros live: a name no expression can contain.
inline constexpr std::string_view kAccumulator = "@result";

// The tree lives in `arena` and points into `text`. Fails with kParse (or kLimit) and the place in
// `where` as line:column.
Result<Expr*> ParseExpression(std::string_view text, const SyntaxOptions& options, Arena& arena);

}  // namespace ouro::rules
