// Checked syntax tree → nodes of a Graph.
#pragma once

#include <string_view>

#include "base/error.h"
#include "rules/cel_ast.h"
#include "rules/cel_checker.h"
#include "rules/cel_graph.h"
#include "rules/pattern.h"

namespace ouro::rules {

struct LoweringContext {
  const Environment::Impl& environment;
  SignatureCache& signatures;
  Graph& graph;
  io::KeyTable& keys;
  PatternCache& patterns;
  bool track_cost = false;
};

// The node of `root`. Fails with kInvalid where the API server refuses a constant argument at
// compile time (a bad regular expression, duration or timestamp), `where` = line:column; `text` is
// the source of the expression.
Result<uint32_t> Lower(const LoweringContext& context, std::string_view text, const Expr* root);

}  // namespace ouro::rules
