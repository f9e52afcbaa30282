// Macros: calls that the parser replaces by other expressions (cel-spec, "Macros"; the expansions
// are those of cel-go, because runtime cost is defined by them).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "rules/cel_parser.h"
#include "rules/cel_tree_builder.h"

namespace ouro::rules {

struct MacroError {
  std::string message;  // empty: no error
  uint32_t offset = 0;
};

// The expansion of target.function(args), or of function(args) when `target` is null. Null when
// this is no macro, or when `error` is set.
Expr* ExpandMacro(TreeBuilder& tree, const SyntaxOptions& options, uint32_t offset,
                  std::string_view function, Expr* target, std::span<Expr* const> args,
                  MacroError& error);

}  // namespace ouro::rules
