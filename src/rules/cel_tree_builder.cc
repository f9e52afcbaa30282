#include "rules/cel_tree_builder.h"

#include <algorithm>

namespace ouro::rules {

namespace {

// cel-go counts ternaries, relations, sums and products, selections, member calls and index
// operations as levels; calls of global functions, lists, logical operators and unary ones are not.
bool CountsAsLevel(const Expr& expr) {
  if (expr.kind == ExprKind::kSelect) return true;
  if (expr.kind != ExprKind::kCall) return false;
  if (expr.member) return true;
  return expr.name.size() > 2 && (expr.name[0] == '_' || expr.name == "@in") &&
         expr.name != "_&&_" && expr.name != "_||_";
}

}  // namespace

Expr* TreeBuilder::New(ExprKind kind, uint32_t offset) {
  Expr* expr = arena_.New<Expr>();
  expr->kind = kind;
  expr->offset = offset;
  ++count_;
  return expr;
}

void TreeBuilder::SetArgs(Expr* expr, std::span<Expr* const> args) {
  expr->args = arena_.NewArray<Expr*>(args.size());
  std::copy(args.begin(), args.end(), expr->args);
  expr->arg_count = static_cast<uint32_t>(args.size());
  for (const Expr* arg : args) expr->depth = std::max(expr->depth, arg->depth);
  if (CountsAsLevel(*expr)) ++expr->depth;
}

Expr* TreeBuilder::Literal(uint32_t offset, const Value& value) {
  Expr* expr = New(ExprKind::kLiteral, offset);
  expr->literal = value;
  return expr;
}

Expr* TreeBuilder::Ident(uint32_t offset, std::string_view name) {
  Expr* expr = New(ExprKind::kIdent, offset);
  expr->name = name;
  return expr;
}

Expr* TreeBuilder::Select(uint32_t offset, Expr* operand, std::string_view field, bool test_only) {
  Expr* expr = New(ExprKind::kSelect, offset);
  expr->name = field;
  expr->test_only = test_only;
  SetArgs(expr, std::span<Expr* const>(&operand, 1));
  return expr;
}

Expr* TreeBuilder::Call(uint32_t offset, std::string_view function, std::span<Expr* const> args,
                        bool member) {
  Expr* expr = New(ExprKind::kCall, offset);
  expr->name = function;
  expr->member = member;
  SetArgs(expr, args);
  return expr;
}

Expr* TreeBuilder::List(uint32_t offset, std::span<Expr* const> items) {
  Expr* expr = New(ExprKind::kList, offset);
  SetArgs(expr, items);
  return expr;
}

Expr* TreeBuilder::Map(uint32_t offset, std::span<Expr* const> keys_and_values) {
  Expr* expr = New(ExprKind::kMap, offset);
  SetArgs(expr, keys_and_values);
  return expr;
}

Expr* TreeBuilder::Fold(uint32_t offset, const Comprehension& fold) {
  Expr* expr = New(ExprKind::kComprehension, offset);
  expr->fold = arena_.New<Comprehension>();
  *expr->fold = fold;
  for (const Expr* part : {fold.range, fold.initial, fold.condition, fold.step, fold.result}) {
    expr->depth = std::max(expr->depth, part->depth);
  }
  ++expr->depth;
  return expr;
}

Expr* TreeBuilder::Copy(const Expr* expr) {
  if (expr == nullptr) return nullptr;
  Expr* copy = New(expr->kind, expr->offset);
  *copy = *expr;
  if (expr->arg_count > 0) {
    copy->args = arena_.NewArray<Expr*>(expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; ++i) copy->args[i] = Copy(expr->args[i]);
  }
  if (expr->fold == nullptr) return copy;
  copy->fold = arena_.New<Comprehension>();
  Comprehension& fold = *copy->fold;
  fold = *expr->fold;
  fold.range = Copy(fold.range);
  fold.initial = Copy(fold.initial);
  fold.condition = Copy(fold.condition);
  fold.result = Copy(fold.result);
  // The fast loops look at parts of the step: find them again in its copy.
  const Expr* old_step = fold.step;
  const Expr* old_parts[] = {fold.body, fold.filter};
  Expr** new_parts[] = {&fold.body, &fold.filter};
  fold.step = Copy(old_step);
  std::vector<std::pair<const Expr*, Expr*>> todo = {{old_step, fold.step}};
  while (!todo.empty()) {
    const auto [before, after] = todo.back();
    todo.pop_back();
    for (size_t i = 0; i < 2; ++i) {
      if (before == old_parts[i]) *new_parts[i] = after;
    }
    for (uint32_t i = 0; i < before->arg_count; ++i) {
      todo.emplace_back(before->args[i], after->args[i]);
    }
  }
  if (fold.macro == Macro::kBind) fold.body = fold.result;
  return copy;
}

}  // namespace ouro::rules
