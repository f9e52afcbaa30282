#include "rules/cel_macros.h"

#include <fmt/format.h>

namespace ouro::rules {

namespace {

// A variable that no expression can name: loops that only bind run over nothing.
constexpr std::string_view kUnusedVariable = "#unused";
constexpr std::string_view kSortByInput = "@__sortBy_input__";

class Expander {
 public:
  Expander(TreeBuilder& tree, const SyntaxOptions& options, uint32_t offset, Expr* target,
           std::span<Expr* const> args, MacroError& error)
      : tree_(tree),
        options_(options),
        offset_(offset),
        target_(target),
        args_(args),
        error_(error) {}

  Expr* Global(std::string_view function) {
    if (function == "has" && options_.macros && args_.size() == 1) return Has();
    return nullptr;
  }

  Expr* Receiver(std::string_view function) {
    if (target_->kind == ExprKind::kIdent && target_->name == "cel") {
      if (Expr* expr = CelNamespace(function)) return expr;
    }
    if (target_->kind == ExprKind::kIdent && target_->name == "math" &&
        options_.greatest_and_least && (function == "greatest" || function == "least")) {
      return Extreme(function == "greatest" ? "math.@max" : "math.@min", function);
    }
    if (!error_.message.empty()) return nullptr;
    if (options_.macros) {
      if (Expr* expr = OneVariable(function)) return expr;
    }
    if (!error_.message.empty()) return nullptr;
    if (options_.macros && options_.two_variables) {
      if (Expr* expr = TwoVariables(function)) return expr;
    }
    if (options_.optional_syntax && options_.macros && args_.size() == 2) {
      if (function == "optMap") return OptionalMap(false);
      if (function == "optFlatMap") return OptionalMap(true);
    }
    if (function == "sortBy" && options_.sort_by && args_.size() == 2) return SortBy();
    return nullptr;
  }

 private:
  Expr* Error(const Expr* at, std::string message) {
    error_.message = std::move(message);
    error_.offset = at->offset;
    return nullptr;
  }
  Expr* Accumulator() { return tree_.Ident(offset_, kAccumulator); }
  Expr* Bool(bool b) { return tree_.Literal(offset_, Value::Bool(b)); }
  Expr* Int(int64_t i) { return tree_.Literal(offset_, Value::Int(i)); }
  Expr* Call(std::string_view function, std::initializer_list<Expr*> args) {
    return tree_.Call(offset_, function, args);
  }
  Expr* ListOf(Expr* item) { return tree_.List(offset_, std::span<Expr* const>(&item, 1)); }

  bool VariableName(const Expr* arg, std::string_view& name) {
    if (arg->kind != ExprKind::kIdent || (!arg->name.empty() && arg->name[0] == '.')) {
      Error(arg, "argument must be a simple name");
      return false;
    }
    if (arg->name == kAccumulator || arg->name == "__result__") {
      Error(arg, "iteration variable overwrites accumulator variable");
      return false;
    }
    name = arg->name;
    return true;
  }

  Expr* Has() {
    const Expr* arg = args_[0];
    if (arg->kind != ExprKind::kSelect || arg->test_only) {
      return Error(arg, "invalid argument to has() macro");
    }
    return tree_.Select(arg->offset, arg->args[0], arg->name, true);
  }

  Expr* OneVariable(std::string_view function) {
    const size_t count = args_.size();
    Comprehension fold;
    fold.range = target_;
    if (count == 2 && (function == "all" || function == "exists" || function == "exists_one" ||
                       function == "existsOne")) {
      if (!VariableName(args_[0], fold.variable)) return nullptr;
      return Quantifier(fold, function, args_[1]);
    }
    if ((function == "map" && (count == 2 || count == 3)) || (function == "filter" && count == 2)) {
      if (!VariableName(args_[0], fold.variable)) return nullptr;
      if (function == "filter") {
        fold.macro = Macro::kFilter;
        return Collect(fold, args_[1], tree_.Copy(args_[0]));
      }
      fold.macro = Macro::kMap;
      return Collect(fold, count == 3 ? args_[1] : nullptr, args_[count - 1]);
    }
    return nullptr;
  }

  Expr* TwoVariables(std::string_view function) {
    const size_t count = args_.size();
    if (count != 3 && count != 4) return nullptr;
    const bool quantifier = function == "all" || function == "exists" || function == "exists_one" ||
                            function == "existsOne";
    const bool transform = function == "transformList" || function == "transformMap" ||
                           function == "transformMapEntry";
    if (!(quantifier && count == 3) && !transform) return nullptr;
    Comprehension fold;
    fold.range = target_;
    if (!VariableName(args_[0], fold.variable) || !VariableName(args_[1], fold.variable2)) {
      return nullptr;
    }
    if (fold.variable == fold.variable2) {
      return Error(args_[1], fmt::format("duplicate variable name: {}", fold.variable));
    }
    if (quantifier) return Quantifier(fold, function, args_[2]);
    Expr* filter = count == 4 ? args_[2] : nullptr;
    Expr* body = args_[count - 1];
    if (function == "transformList") {
      fold.macro = Macro::kMap;
      return Collect(fold, filter, body);
    }
    const bool entry = function == "transformMapEntry";
    fold.macro = entry ? Macro::kTransformMapEntry : Macro::kTransformMap;
    Expr* step =
        entry ? Call("cel.@mapInsert", {Accumulator(), body})
              : Call("cel.@mapInsert", {Accumulator(), tree_.Ident(offset_, fold.variable), body});
    return Finish(fold, tree_.Map(offset_, {}), step, filter, body);
  }

  Expr* Quantifier(Comprehension& fold, std::string_view function, Expr* predicate) {
    fold.accumulator = kAccumulator;
    fold.body = predicate;
    fold.result = Accumulator();
    if (function == "all") {
      fold.macro = Macro::kAll;
      fold.initial = Bool(true);
      fold.condition = Call("@not_strictly_false", {Accumulator()});
      fold.step = Call("_&&_", {Accumulator(), predicate});
    } else if (function == "exists") {
      fold.macro = Macro::kExists;
      fold.initial = Bool(false);
      fold.condition = Call("@not_strictly_false", {Call("!_", {Accumulator()})});
      fold.step = Call("_||_", {Accumulator(), predicate});
    } else {
      fold.macro = Macro::kExistsOne;
      fold.initial = Int(0);
      fold.condition = Bool(true);
      fold.step = Call("_?_:_", {predicate, Call("_+_", {Accumulator(), Int(1)}), Accumulator()});
      fold.result = Call("_==_", {Accumulator(), Int(1)});
    }
    return tree_.Fold(offset_, fold);
  }

  Expr* Collect(Comprehension& fold, Expr* filter, Expr* body) {
    return Finish(fold, tree_.List(offset_, {}), Call("_+_", {Accumulator(), ListOf(body)}), filter,
                  body);
  }

  Expr* Finish(Comprehension& fold, Expr* initial, Expr* step, Expr* filter, Expr* body) {
    fold.accumulator = kAccumulator;
    fold.initial = initial;
    fold.condition = Bool(true);
    fold.step = filter == nullptr ? step : Call("_?_:_", {filter, step, Accumulator()});
    fold.result = Accumulator();
    fold.filter = filter;
    fold.body = body;
    return tree_.Fold(offset_, fold);
  }

  Expr* Bind(std::string_view name, Expr* initial, Expr* result) {
    Comprehension fold;
    fold.macro = Macro::kBind;
    fold.range = tree_.List(offset_, {});
    fold.variable = kUnusedVariable;
    fold.accumulator = name;
    fold.initial = initial;
    fold.condition = Bool(false);
    fold.step = tree_.Ident(offset_, name);
    fold.result = result;
    fold.body = result;
    return tree_.Fold(offset_, fold);
  }

  Expr* OptionalMap(bool flat) {
    const Expr* variable = args_[0];
    if (variable->kind != ExprKind::kIdent) {
      return Error(variable, fmt::format("{}() variable name must be a simple identifier",
                                         flat ? "optFlatMap" : "optMap"));
    }
    Expr* bound =
        Bind(variable->name, tree_.Member(offset_, "value", {tree_.Copy(target_)}), args_[1]);
    return Call("_?_:_", {tree_.Member(offset_, "hasValue", {target_}),
                          flat ? bound : Call("optional.of", {bound}), Call("optional.none", {})});
  }

  Expr* SortBy() {
    if (target_->kind == ExprKind::kLiteral || target_->kind == ExprKind::kMap ||
        target_->kind == ExprKind::kStruct) {
      return Error(target_,
                   "sortBy can only be applied to a list, identifier, comprehension, call or "
                   "select expression");
    }
    Comprehension fold;
    fold.macro = Macro::kMap;
    fold.range = tree_.Ident(offset_, kSortByInput);
    if (!VariableName(args_[0], fold.variable)) return nullptr;
    Expr* keys = Collect(fold, nullptr, args_[1]);
    Expr* sorted =
        tree_.Member(offset_, "@sortByAssociatedKeys", {tree_.Ident(offset_, kSortByInput), keys});
    return Bind(kSortByInput, target_, sorted);
  }

  Expr* Extreme(std::string_view function, std::string_view written) {
    if (args_.empty()) {
      return Error(target_, fmt::format("math.{}() requires at least one argument", written));
    }
    for (const Expr* arg : args_) {
      const bool number = arg->kind != ExprKind::kLiteral || arg->literal.kind == Kind::kInt ||
                          arg->literal.kind == Kind::kUint || arg->literal.kind == Kind::kDouble;
      const bool list = args_.size() == 1 && arg->kind == ExprKind::kList && arg->arg_count > 0;
      const bool wrong_kind = (arg->kind == ExprKind::kList && !list) ||
                              arg->kind == ExprKind::kMap || arg->kind == ExprKind::kStruct;
      if (!number || wrong_kind) {
        return Error(arg, fmt::format("math.{}() invalid {}argument value", written,
                                      args_.size() == 1 ? "single " : ""));
      }
    }
    if (args_.size() <= 2) return tree_.Call(offset_, function, args_, false);
    return Call(function, {tree_.List(offset_, args_)});
  }

  Expr* CelNamespace(std::string_view function) {
    if (options_.bindings && function == "bind" && args_.size() == 3) {
      if (args_[0]->kind != ExprKind::kIdent) {
        return Error(args_[0], "cel.bind() variable names must be simple identifiers");
      }
      return Bind(args_[0]->name, args_[1], args_[2]);
    }
    if (!options_.block) return nullptr;
    if (function == "block" && args_.size() == 2) {
      if (args_[0]->kind != ExprKind::kList) {
        return Error(args_[0], "cel.block requires the first arg to be a list literal");
      }
      return tree_.Call(offset_, "cel.@block", args_, false);
    }
    if (function == "index" && args_.size() == 1) {
      return Numbered("@index", {args_[0]});
    }
    if (function == "iterVar" && args_.size() == 2) {
      return Numbered("@it:", {args_[0], args_[1]});
    }
    if (function == "accuVar" && args_.size() == 2) {
      return Numbered("@ac:", {args_[0], args_[1]});
    }
    return nullptr;
  }

  // A name made of small numbers, such as "@index3" or "@it:0:1".
  Expr* Numbered(std::string_view prefix, std::initializer_list<Expr*> numbers) {
    std::string name(prefix);
    for (const Expr* number : numbers) {
      if (number->kind != ExprKind::kLiteral || number->literal.kind != Kind::kInt ||
          number->literal.integer < 0) {
        return Error(number, "the argument must be a non-negative int literal");
      }
      if (number != *numbers.begin()) name += ':';
      name += fmt::to_string(number->literal.integer);
    }
    return tree_.Ident(offset_, tree_.arena().Copy(name));
  }

  TreeBuilder& tree_;
  const SyntaxOptions& options_;
  uint32_t offset_;
  Expr* target_;
  std::span<Expr* const> args_;
  MacroError& error_;
};

}  // namespace

Expr* ExpandMacro(TreeBuilder& tree, const SyntaxOptions& options, uint32_t offset,
                  std::string_view function, Expr* target, std::span<Expr* const> args,
                  MacroError& error) {
  Expander expander(tree, options, offset, target, args, error);
  return target == nullptr ? expander.Global(function) : expander.Receiver(function);
}

}  // namespace ouro::rules
