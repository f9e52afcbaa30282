// Makes nodes of the syntax tree; shared by the parser and the macros.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "rules/cel_ast.h"

namespace ouro::rules {

class TreeBuilder {
 public:
  explicit TreeBuilder(Arena& arena) : arena_(arena) {}

  Arena& arena() { return arena_; }
  // Nodes made so far; parsing stops past limits::kExpressionNodeCount.
  int64_t count() const { return count_; }

  Expr* Literal(uint32_t offset, const Value& value);
  Expr* Ident(uint32_t offset, std::string_view name);
  Expr* Select(uint32_t offset, Expr* operand, std::string_view field, bool test_only = false);
  Expr* Call(uint32_t offset, std::string_view function, std::initializer_list<Expr*> args) {
    return Call(offset, function, std::span(args.begin(), args.size()), false);
  }
  Expr* Member(uint32_t offset, std::string_view function, std::initializer_list<Expr*> args) {
    return Call(offset, function, std::span(args.begin(), args.size()), true);
  }
  Expr* Call(uint32_t offset, std::string_view function, std::span<Expr* const> args, bool member);
  Expr* List(uint32_t offset, std::span<Expr* const> items);
  Expr* Map(uint32_t offset, std::span<Expr* const> keys_and_values);
  Expr* Fold(uint32_t offset, const Comprehension& fold);
  // A deep copy: a macro that uses an argument twice must not share its nodes, because each gets
  // its own types.
  Expr* Copy(const Expr* expr);

 private:
  Expr* New(ExprKind kind, uint32_t offset);
  void SetArgs(Expr* expr, std::span<Expr* const> args);

  Arena& arena_;
  int64_t count_ = 0;
};

}  // namespace ouro::rules
