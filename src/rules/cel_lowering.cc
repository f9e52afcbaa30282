// Where runtime cost is tracked, the shape of the nodes follows cel-go's evaluation plan, because
// that plan defines the cost: identifiers and the selections and indexes behind them are one
// "attribute", which costs one unit plus one for each selection; attributes that are branches of a
// conditional do not pay the one unit; calls pay for their arguments and themselves (cel-go
// interpreter/runtimecost.go).

#include "rules/cel_lowering.h"

#include <algorithm>
#include <bit>
#include <memory>

#include <fmt/format.h>

#include "rules/cel_lexer.h"
#include "rules/cel_machine.h"

namespace ouro::rules {

namespace {

// Slots up to here have a bit of their own in Node::depends; deeper nesting shares the last bit.
constexpr uint32_t kTrackedSlotCount = 60;

uint64_t SlotBit(uint32_t slot) {
  return uint64_t{8} << std::min(slot, kTrackedSlotCount);
}

struct Binding {
  std::string_view name;
  uint32_t slot = 0;
  uint32_t lazy = kNoOperand;     // kLazyLocal: node of the initial value
  uint32_t inlined = kNoOperand;  // cel.block: the node itself
};

struct NamedOp {
  std::string_view name;
  NodeOp op;
};
constexpr NamedOp kBinaryOps[] = {
    {"_==_", NodeOp::kEqual},     {"_!=_", NodeOp::kNotEqual}, {"_<_", NodeOp::kLess},
    {"_<=_", NodeOp::kLessEqual}, {"_>_", NodeOp::kGreater},   {"_>=_", NodeOp::kGreaterEqual},
    {"@in", NodeOp::kIn},         {"_+_", NodeOp::kAdd},       {"_-_", NodeOp::kSubtract},
    {"_*_", NodeOp::kMultiply},   {"_/_", NodeOp::kDivide},    {"_%_", NodeOp::kModulo},
};

// Conversions of constants happen when the program is made (and cost nothing when it runs).
constexpr std::string_view kConversions[] = {"bool", "bytes",  "double",    "duration", "dyn",
                                             "int",  "string", "timestamp", "type",     "uint"};

class Lowering {
 public:
  Lowering(const LoweringContext& context, std::string_view text)
      : context_(context), graph_(context.graph), track_(context.track_cost), text_(text) {}

  Result<uint32_t> Run(const Expr* root) {
    const uint32_t node = Observed(root);
    if (!message_.empty()) return Fail(ErrorCode::kInvalid, message_, PlaceInText(text_, offset_));
    return node;
  }

 private:
  void Report(const Expr* e, std::string message) {
    if (!message_.empty()) return;
    message_ = std::move(message);
    offset_ = e->offset;
  }

  static bool IsAttribute(const Expr* e) {
    switch (e->kind) {
      case ExprKind::kIdent:
        return e->reference != Reference::kConstant;
      case ExprKind::kSelect:
        return true;
      case ExprKind::kCall:
        return !e->member &&
               (e->name == "_[_]" || e->name == "_[?_]" || e->name == "_?._" || e->name == "_?_:_");
      default:
        return false;
    }
  }
  static bool IsConditional(const Expr* e) {
    return e->kind == ExprKind::kCall && !e->member && e->name == "_?_:_";
  }
  // Does the chain of selections end in a conditional? Such attributes have no unit of their own.
  static bool HasConditionalRoot(const Expr* e) {
    while (IsAttribute(e) && e->kind != ExprKind::kIdent && !IsConditional(e)) e = e->args[0];
    return IsConditional(e);
  }

  uint32_t Charge(uint32_t node, int32_t units) {
    if (!track_ || units == 0) return node;
    Node charge;
    charge.op = NodeOp::kCharge;
    charge.a = node;
    charge.aux = static_cast<uint32_t>(units);
    return graph_.Add(charge);
  }

  // An expression whose value is used by itself.
  uint32_t Observed(const Expr* e) {
    if (!track_ || !IsAttribute(e)) return Plain(e);
    const int32_t unit = HasConditionalRoot(e) ? 0 : 1;
    const int32_t presence = e->kind == ExprKind::kSelect && e->test_only ? 1 : 0;
    return Charge(Plain(e), unit - presence);
  }

  uint32_t Plain(const Expr* e) {
    switch (e->kind) {
      case ExprKind::kLiteral:
        return graph_.AddConstant(e->literal);
      case ExprKind::kIdent:
        return Ident(e);
      case ExprKind::kSelect:
        return Select(e);
      case ExprKind::kCall:
        return Call(e);
      case ExprKind::kList:
        return List(e);
      case ExprKind::kMap:
        return Map(e);
      case ExprKind::kStruct:
        return Struct(e);
      case ExprKind::kComprehension:
        return Fold(e);
    }
    return 0;
  }

  // Operand of a selection: attributes merge into one, anything else is evaluated by itself.
  uint32_t Base(const Expr* e) { return IsAttribute(e) ? Plain(e) : Observed(e); }

  uint32_t Error(std::string_view message) { return graph_.AddConstant(Value::Error(message)); }

  uint32_t Ident(const Expr* e) {
    if (e->reference == Reference::kConstant) return graph_.AddConstant(e->literal);
    if (e->reference == Reference::kVariable) {
      Node node;
      node.op = NodeOp::kGlobal;
      node.slot = static_cast<uint32_t>(e->slot);
      const int level = context_.environment.variables[node.slot].level;
      node.depends = uint64_t{1} << std::clamp(level, 0, 2);
      return graph_.Add(node);
    }
    for (size_t i = bindings_.size(); i > 0 && e->reference == Reference::kLocal; --i) {
      const Binding& binding = bindings_[i - 1];
      if (binding.name != e->name) continue;
      if (binding.inlined != kNoOperand) return binding.inlined;
      Node node;
      node.op = binding.lazy != kNoOperand ? NodeOp::kLazyLocal : NodeOp::kLocal;
      node.slot = binding.slot;
      node.a = binding.lazy;
      node.depends = SlotBit(binding.slot);
      return graph_.Add(node);
    }
    return Error(fmt::format("no such attribute(s): {}", e->name));
  }

  // The key under which a document has the field: object types may store another name than the one
  // that expressions write.
  std::string_view StoredName(const Expr* operand, std::string_view field) const {
    const Type* type = operand->type;
    if (type != nullptr && type->IsOptional()) type = type->parameters[0];
    if (type == nullptr || type->kind != TypeKind::kObject) return field;
    const ObjectInfo* info = context_.environment.FindObject(type->name);
    if (info == nullptr) return field;
    const auto it = info->fields.find(field);
    return it == info->fields.end() ? field : it->second.stored_name;
  }

  uint32_t Field(uint32_t operand, std::string_view written, std::string_view stored,
                 bool optional) {
    Node node;
    node.op = optional ? NodeOp::kOptionalField : NodeOp::kField;
    node.a = operand;
    node.key = context_.keys.Intern(stored);
    node.value = Value::String(written);
    return graph_.Add(node);
  }

  uint32_t Select(const Expr* e) {
    const uint32_t operand = Base(e->args[0]);
    const uint32_t field = Field(operand, e->name, StoredName(e->args[0], e->name), false);
    if (!e->test_only) return field;
    Node has;
    has.op = NodeOp::kHas;
    has.a = field;
    return graph_.Add(has);
  }

  uint32_t Call(const Expr* e) {
    if (!e->member) {
      if (e->name == "_&&_" || e->name == "_||_") return Logical(e);
      if (e->name == "_?_:_") return Conditional(e);
      if (e->name == "_?._") {
        const std::string_view name = e->args[1]->literal.str();
        return Field(Base(e->args[0]), name, StoredName(e->args[0], name), true);
      }
      if (e->name == "_[_]" || e->name == "_[?_]") return Index(e);
      if (e->name == "!_" || e->name == "-_" || e->name == "@not_strictly_false") return Unary(e);
      for (const NamedOp& named : kBinaryOps) {
        if (named.name == e->name && e->arg_count == 2) return Binary(e, named.op);
      }
      if (e->name == "cel.@block") return Block(e);
    } else if (e->arg_count == 2 && (e->name == "or" || e->name == "orValue") &&
               IsOptionalCall(e)) {
      Node node;
      node.op = e->name == "or" ? NodeOp::kOptionalOr : NodeOp::kOptionalOrValue;
      node.a = Observed(e->args[0]);
      node.b = Observed(e->args[1]);
      return graph_.Add(node);
    }
    return FunctionCall(e);
  }

  bool IsOptionalCall(const Expr* e) const {
    return e->function != nullptr && context_.environment.syntax.optional_syntax;
  }

  // Chains of && or || become one node: absorption of errors is the same, and evaluation is flat.
  void Flatten(const Expr* e, std::string_view name, std::vector<uint32_t>& terms) {
    if (e->kind == ExprKind::kCall && !e->member && e->name == name) {
      for (const Expr* arg : e->children()) Flatten(arg, name, terms);
    } else {
      terms.push_back(Observed(e));
    }
  }

  uint32_t Logical(const Expr* e) {
    std::vector<uint32_t> terms;
    Flatten(e, e->name, terms);
    Node node;
    node.op = e->name == "_&&_" ? NodeOp::kAnd : NodeOp::kOr;
    return graph_.Add(node, terms);
  }

  uint32_t Conditional(const Expr* e) {
    Node node;
    node.op = NodeOp::kConditional;
    node.a = Observed(e->args[0]);
    node.b = Base(e->args[1]);
    node.c = Base(e->args[2]);
    return graph_.Add(node);
  }

  uint32_t Index(const Expr* e) {
    const Expr* index = e->args[1];
    const bool optional = e->name == "_[?_]";
    const uint32_t operand = Base(e->args[0]);
    if (index->kind == ExprKind::kLiteral && index->literal.kind == Kind::kString) {
      const std::string_view name = index->literal.str();
      return Field(operand, name, StoredName(e->args[0], name), optional);
    }
    Node node;
    node.op = optional ? NodeOp::kOptionalIndex : NodeOp::kIndex;
    node.a = operand;
    node.b = IsAttribute(index) ? Plain(index) : Observed(index);
    node.aux = IsAttribute(index) && HasConditionalRoot(index) ? 0 : 1;
    return graph_.Add(node);
  }

  uint32_t Unary(const Expr* e) {
    Node node;
    node.op = e->name == "!_" ? NodeOp::kNot
                              : (e->name == "-_" ? NodeOp::kNegate : NodeOp::kNotStrictlyFalse);
    node.a = Observed(e->args[0]);
    return graph_.Add(node);
  }

  // The one overload that the checker found; empty when it is left to evaluation.
  static std::string_view ResolvedId(const Expr* e) {
    if (e->function == nullptr || e->type == nullptr || std::popcount(e->overloads) != 1) return {};
    return e->function->overloads[static_cast<size_t>(std::countr_zero(e->overloads))].id();
  }

  static CostRule RuleOf(std::string_view id) {
    if (id == "add_string" || id == "add_bytes") return CostRule::kSizes;
    if (id == "in_list") return CostRule::kListSize;
    const bool ordered = id.starts_with("less") || id.starts_with("greater");
    if (ordered && (id.ends_with("_string") || id.ends_with("_bytes"))) {
      return CostRule::kSmallerSize;
    }
    return CostRule::kUnit;
  }

  uint32_t Binary(const Expr* e, NodeOp op) {
    Node node;
    node.op = op;
    node.a = Observed(e->args[0]);
    node.b = Observed(e->args[1]);
    if (!track_) return graph_.Add(node);
    const std::string_view id = ResolvedId(e);
    node.aux = static_cast<uint32_t>(RuleOf(id));
    const Node& right = graph_.node(node.b);
    if (id == "in_list" && right.op == NodeOp::kConstant && IsSet(right.value)) {
      node.aux = static_cast<uint32_t>(CostRule::kFree);
      if (ListSize(right.value) == 0) return graph_.AddConstant(Value::Bool(false));
    }
    return graph_.Add(node);
  }

  // Lists of constants that cel-go turns into a hash set.
  static bool IsSet(const Value& list) {
    if (list.kind != Kind::kList) return false;
    return std::all_of(list.list->items, list.list->items + list.list->count, [](const Value& v) {
      return v.kind == Kind::kBool || v.kind == Kind::kInt || v.kind == Kind::kUint ||
             v.kind == Kind::kDouble || v.kind == Kind::kString;
    });
  }

  // cel.block([a, b, …], e): each name stands for its node; sharing evaluates it once. The node may
  // run wherever the name stands, so loops outside it must not use the slots of loops inside it.
  uint32_t Block(const Expr* e) {
    const size_t scope = bindings_.size();
    const uint32_t slots = next_slot_;
    for (uint32_t i = 0; i < e->args[0]->arg_count; ++i) {
      const uint32_t node = Observed(e->args[0]->args[i]);
      block_names_.push_back(std::make_unique<std::string>(fmt::format("@index{}", i)));
      bindings_.push_back(Binding{*block_names_.back(), 0, kNoOperand, node});
      next_slot_ = highest_slot_;
    }
    const uint32_t result = Observed(e->args[1]);
    bindings_.resize(scope);
    if (!track_) next_slot_ = slots;
    return result;
  }

  CallTarget TargetOf(const Expr* e) const {
    CallTarget target;
    target.name = e->name;
    target.resolved = !ResolvedId(e).empty();
    if (e->function == nullptr) return target;
    for (size_t i = 0; i < e->function->overloads.size(); ++i) {
      const OverloadInfo& info = e->function->overloads[i];
      if ((e->overloads >> i & 1) == 0 || info.overload == nullptr) continue;
      const Signature* signature = context_.signatures.Get(info);
      if (signature == nullptr || signature->parameters.size() != e->arg_count) continue;
      target.candidates.push_back(CallCandidate{info.overload, signature});
    }
    return target;
  }

  uint32_t FunctionCall(const Expr* e) {
    std::vector<uint32_t> args;
    for (const Expr* arg : e->children()) args.push_back(Observed(arg));
    CallTarget target = TargetOf(e);
    if (const uint32_t folded = Convert(e, target, args); folded != kNoOperand) return folded;
    CheckPattern(e, args);
    Node node;
    node.op = NodeOp::kCall;
    node.data = graph_.Target(e->function, e->overloads, std::move(target));
    return graph_.Add(node, args);
  }

  uint32_t Convert(const Expr* e, const CallTarget& target, const std::vector<uint32_t>& args) {
    const bool conversion = std::find(std::begin(kConversions), std::end(kConversions), e->name) !=
                            std::end(kConversions);
    if (!conversion || e->member || args.size() != 1) return kNoOperand;
    const Node& arg = graph_.node(args[0]);
    if (arg.op != NodeOp::kConstant || arg.value.kind == Kind::kError) return kNoOperand;
    CallContext call{graph_.arena(), context_.keys, context_.patterns};
    const Value value = arg.value;
    for (const CallCandidate& candidate : target.candidates) {
      if (candidate.overload->call == nullptr || !Accepts(*candidate.signature, value)) {
        continue;
      }
      const Value result = candidate.overload->call(call, std::span(&value, 1));
      if (!result.is_error()) return graph_.AddConstant(result);
      if (context_.environment.strict_literals) {
        const bool time = e->name == "duration" || e->name == "timestamp";
        Report(e->args[0], time && e->args[0]->kind == ExprKind::kLiteral
                               ? fmt::format("invalid {} argument", e->name)
                               : std::string(result.str()));
      }
      return kNoOperand;
    }
    return kNoOperand;
  }

  bool Accepts(const Signature& signature, const Value& value) {
    if (signature.parameters.size() != 1) return false;
    const ParameterSpec spec = SpecOf(signature.parameters[0], graph_.arena());
    return MatchesParameters(&spec, std::span(&value, 1), context_.keys);
  }

  // The API server compiles constant patterns together with the expression.
  void CheckPattern(const Expr* e, const std::vector<uint32_t>& args) {
    const bool takes_pattern =
        e->name == "matches" || (e->member && (e->name == "find" || e->name == "findAll"));
    if (!takes_pattern || args.size() < 2 || !context_.environment.strict_literals) return;
    const Node& pattern = graph_.node(args[1]);
    if (pattern.op != NodeOp::kConstant || pattern.value.kind != Kind::kString) return;
    std::string error;
    if (context_.patterns.Get(pattern.value.str(), error) != nullptr) return;
    Report(e->args[1], fmt::format("invalid {} argument", e->name));
  }

  bool AllConstant(const std::vector<uint32_t>& nodes) const {
    return std::all_of(nodes.begin(), nodes.end(), [&](uint32_t node) {
      return graph_.node(node).op == NodeOp::kConstant && !graph_.node(node).value.is_error();
    });
  }

  uint32_t MarksOf(const Expr* e, size_t count) {
    if (!e->has_optional) return 0;
    return graph_.Marks(std::vector<bool>(e->optionals, e->optionals + count));
  }

  uint32_t List(const Expr* e) {
    std::vector<uint32_t> items;
    for (const Expr* item : e->children()) items.push_back(Observed(item));
    if (AllConstant(items) && !e->has_optional) {
      std::vector<Value> values;
      for (uint32_t item : items) values.push_back(graph_.node(item).value);
      return graph_.AddConstant(graph_.arena().NewList(values));
    }
    Node node;
    node.op = NodeOp::kList;
    node.aux = MarksOf(e, items.size());
    return graph_.Add(node, items);
  }

  uint32_t Map(const Expr* e) {
    std::vector<uint32_t> parts;
    for (const Expr* part : e->children()) parts.push_back(Observed(part));
    if (AllConstant(parts) && !e->has_optional && DistinctTextKeys(parts)) {
      std::vector<MapEntry> entries;
      for (size_t i = 0; i < parts.size(); i += 2) {
        entries.push_back(MapEntry{graph_.node(parts[i]).value, graph_.node(parts[i + 1]).value});
      }
      return graph_.AddConstant(graph_.arena().NewMap(entries));
    }
    Node node;
    node.op = NodeOp::kMap;
    node.aux = MarksOf(e, parts.size() / 2);
    return graph_.Add(node, parts);
  }

  bool DistinctTextKeys(const std::vector<uint32_t>& parts) const {
    std::vector<std::string_view> keys;
    for (size_t i = 0; i < parts.size(); i += 2) {
      const Value& key = graph_.node(parts[i]).value;
      if (key.kind != Kind::kString) return false;
      keys.push_back(key.str());
    }
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) == keys.end();
  }

  uint32_t Struct(const Expr* e) {
    StructTarget target;
    target.name = e->name;
    std::vector<uint32_t> values;
    for (uint32_t i = 0; i < e->arg_count; ++i) {
      values.push_back(Observed(e->args[i]));
      target.fields.emplace_back(e->field_names[i]);
    }
    Node node;
    node.op = NodeOp::kStruct;
    node.data = graph_.Target(std::move(target));
    node.aux = MarksOf(e, values.size());
    return graph_.Add(node, values);
  }

  static NodeOp LoopOf(Macro macro) {
    switch (macro) {
      case Macro::kAll:
        return NodeOp::kAll;
      case Macro::kExists:
        return NodeOp::kExists;
      case Macro::kExistsOne:
        return NodeOp::kExistsOne;
      case Macro::kFilter:
        return NodeOp::kFilter;
      case Macro::kTransformMap:
        return NodeOp::kTransformMap;
      case Macro::kTransformMapEntry:
        return NodeOp::kTransformMapEntry;
      default:
        return NodeOp::kCollect;
    }
  }

  // Loop variables are numbered by depth; where cost is tracked each has a number of its own,
  // because a lazily evaluated cel.bind() may run inside a deeper loop.
  uint32_t NewSlots(uint32_t count) {
    const uint32_t slot = next_slot_;
    next_slot_ += count;
    highest_slot_ = std::max(highest_slot_, next_slot_);
    return slot;
  }

  uint32_t Fold(const Expr* e) {
    const Comprehension& fold = *e->fold;
    if (fold.macro == Macro::kBind) return Bind(fold);
    Node node;
    node.op = LoopOf(fold.macro);
    node.two_variables = !fold.variable2.empty();
    node.a = Observed(fold.range);
    node.slot = NewSlots(node.two_variables ? 2 : 1);
    const size_t scope = bindings_.size();
    bindings_.push_back(Binding{fold.variable, node.slot});
    if (node.two_variables) bindings_.push_back(Binding{fold.variable2, node.slot + 1});
    if (fold.macro == Macro::kFilter) {
      node.b = Observed(fold.filter);
    } else {
      if (fold.filter != nullptr) node.c = Observed(fold.filter);
      node.b = Observed(fold.body);
    }
    bindings_.resize(scope);
    if (!track_) next_slot_ = node.slot;
    return Close(node, node.two_variables ? 2 : 1);
  }

  uint32_t Bind(const Comprehension& fold) {
    Node node;
    node.op = NodeOp::kBind;
    node.a = Observed(fold.initial);
    node.slot = NewSlots(1);
    const size_t scope = bindings_.size();
    bindings_.push_back(
        Binding{fold.accumulator, node.slot, track_ ? node.a : kNoOperand, kNoOperand});
    node.b = Observed(fold.body);
    bindings_.resize(scope);
    if (!track_) next_slot_ = node.slot;
    return Close(node, 1);
  }

  // Outside the loop nothing depends on its variables any more.
  uint32_t Close(Node node, uint32_t variables) {
    uint64_t own = 0;
    for (uint32_t i = 0; i < variables; ++i) own |= SlotBit(node.slot + i);
    if (node.slot + variables > kTrackedSlotCount) own = 0;
    uint64_t inside = 0;
    for (uint32_t operand : {node.b, node.c}) {
      if (operand != kNoOperand) inside |= graph_.node(operand).depends;
    }
    node.depends = graph_.node(node.a).depends | (inside & ~own);
    return graph_.AddLoop(node);
  }

  const LoweringContext& context_;
  Graph& graph_;
  bool track_;
  std::string_view text_;
  std::vector<Binding> bindings_;
  std::vector<std::unique_ptr<std::string>> block_names_;
  uint32_t next_slot_ = 0;
  uint32_t highest_slot_ = 0;
  std::string message_;
  uint32_t offset_ = 0;
};

}  // namespace

Result<uint32_t> Lower(const LoweringContext& context, std::string_view text, const Expr* root) {
  return Lowering(context, text).Run(root);
}

}  // namespace ouro::rules
