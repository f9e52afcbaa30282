// Operations that are no loops. Every function is instantiated twice: kTrack counts runtime cost,
// and where it is off nothing of it is left in the code.

// Values are two words that travel in registers. g++ 12 likes to gather them in a vector register
// on the way, through memory, where a load of both waits for the two stores: several times the cost
// of the operation itself. perf/cel_bench.cc shows the difference.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-slp-vectorize")
#endif

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/limits.h"
#include "rules/cel_machine.h"

namespace ouro::rules {

namespace {

constexpr uint32_t kArgumentsOnStack = 8;

int TestValue(const Value& v, Machine& m) {
  if (v.kind == Kind::kBool) return v.boolean ? kTestTrue : kTestFalse;
  m.error = v.is_error() ? v : NoSuchOverload();
  return kTestError;
}

uint64_t Tenth(uint64_t size) {
  return (size + 9) / 10;
}  // ceil(size * 0.1)

Value EvalConstant(const Op& op, Machine&) {
  return op.value;
}
Value EvalGlobal(const Op& op, Machine& m) {
  return m.globals[op.slot];
}
Value EvalLocal(const Op& op, Machine& m) {
  return m.locals[op.slot];
}

// cel.bind() evaluates its value when the name is first used. An unset slot holds an error without
// text.
Value EvalLazyLocal(const Op& op, Machine& m) {
  if (m.locals[op.slot].is_error() && m.locals[op.slot].text == nullptr) {
    const Value value = EvalOp(op.a, m);
    StoreValue(m.locals[op.slot], value);
  }
  return m.locals[op.slot];
}

Value EvalShared(const Op& op, Machine& m) {
  SharedValue& shared = m.shared[op.slot];
  if (shared.stamp >= m.times[op.key]) return shared.value;
  const Value value = EvalOp(op.a, m);
  StoreValue(shared.value, value);
  shared.stamp = m.counter;
  return value;
}

int TestShared(const Op& op, Machine& m) {
  return TestValue(EvalShared(op, m), m);
}

// The child of a document's map: the hot loop of the whole engine. `map` is of kind kTreeMap.
inline Value::Words FindWords(const Value::Words& map, const Op& op) {
  const io::Tree& tree = *reinterpret_cast<const io::Tree*>(static_cast<uintptr_t>(map.payload));
  const io::Node* const nodes = &tree.node(0);
  uint32_t at = map.extra() + 1;
  const uint32_t end = nodes[map.extra()].next;
  const uint32_t key = op.key;
  while (at < end) {
    const io::Node& node = nodes[at];
    if (node.key == key && (node.flags & io::kNodeOverridden) == 0) {
      return Value::WordsOfNode(tree, at);
    }
    at = node.next;
  }
  return op.value.words();
}

inline Value FindInTree(const Value& map, const Op& op) {
  return Value::FromWords(FindWords(map.words(), op));
}

bool IsMissing(const Value& found, const Op& op) {
  return found.is_error() && found.text == op.value.text;
}

inline Value Select(const Value& container, const Op& op, Machine& m) {
  if (container.kind == Kind::kTreeMap) return FindInTree(container, op);
  return SelectSlowly(container, op, m);
}

Value SomeOf(const Value& value, Machine& m) {
  return m.arena.NewOptional(&value);
}
Value NoneOf(Machine& m) {
  return m.arena.NewOptional(nullptr);
}

// Selection from an optional value: optional again, absent when either is.
template <bool kTrack>
Value SelectOptionally(const Value& container, const Op& op, Machine& m) {
  Value inner = container;
  if (container.kind == Kind::kOptional) {
    if (!container.optional->has_value) return container;
    inner = container.optional->value;
  }
  const Value found = Select(inner, op, m);
  if (IsMissing(found, op)) return NoneOf(m);
  if (found.is_error()) return found;
  if constexpr (kTrack) m.Charge(1);
  return SomeOf(found, m);
}

// A shared field, the most frequent shared value, without the calls between its keeper and the
// field. Op::aux of a field says where its container comes from.
constexpr uint32_t kFromLocal = 1;
constexpr uint32_t kFromSharedField = 2;

Value::Words ComputeSharedField(const Op& keeper, Machine& m);

inline Value::Words LoadSharedField(const Op& keeper, Machine& m) {
  const SharedValue& shared = m.shared[keeper.slot];
  if (shared.stamp >= m.times[keeper.key]) return shared.value.words();
  return ComputeSharedField(keeper, m);
}

inline Value::Words Keep(const Op& keeper, const Value::Words& words, Machine& m) {
  SharedValue& shared = m.shared[keeper.slot];
  std::memcpy(static_cast<void*>(&shared.value), &words, sizeof(words));
  shared.stamp = m.counter;
  return words;
}

Value::Words ComputeSharedField(const Op& keeper, Machine& m) {
  const Op& field = *keeper.a;
  if (field.aux != 0) {
    const Value::Words container =
        field.aux == kFromLocal ? m.locals[field.a->slot].words() : LoadSharedField(*field.a, m);
    if (container.kind() == Kind::kTreeMap) return Keep(keeper, FindWords(container, field), m);
  }
  return Keep(keeper, field.eval(field, m).words(), m);
}

Value EvalSharedField(const Op& op, Machine& m) {
  return Value::FromWords(LoadSharedField(op, m));
}
int TestSharedField(const Op& op, Machine& m) {
  return TestValue(EvalSharedField(op, m), m);
}

template <bool kTrack>
Value EvalField(const Op& op, Machine& m) {
  const Value container = EvalOp(op.a, m);
  if (container.kind == Kind::kTreeMap) {
    if constexpr (kTrack) m.Charge(1);
    return FindInTree(container, op);
  }
  if (container.is_error()) return container;
  if (container.kind == Kind::kOptional) return SelectOptionally<kTrack>(container, op, m);
  if constexpr (kTrack) m.Charge(1);
  return SelectSlowly(container, op, m);
}

Value EvalFieldOfLocal(const Op& op, Machine& m) {
  const Value& container = m.locals[op.a->slot];
  if (container.kind == Kind::kTreeMap) return FindInTree(container, op);
  return EvalField<false>(op, m);
}

Value EvalFieldOfGlobal(const Op& op, Machine& m) {
  const Value& container = m.globals[op.a->slot];
  if (container.kind == Kind::kTreeMap) return FindInTree(container, op);
  return EvalField<false>(op, m);
}

template <bool kTrack>
Value EvalOptionalField(const Op& op, Machine& m) {
  const Value container = EvalOp(op.a, m);
  if (container.is_error()) return container;
  return SelectOptionally<kTrack>(container, op, m);
}

// op.a gives the field's value, op.b is the field's own operation (op.a keeps its value when it is
// shared). Whether an optional value is what the field holds or came from an optional container can
// only be told from the container.
int JudgeHas(const Value& found, const Op& op, Machine& m) {
  if (found.is_error()) {
    if (IsMissing(found, *op.b)) return kTestFalse;
    m.error = found;
    return kTestError;
  }
  if (found.kind != Kind::kOptional) return kTestTrue;
  const uint64_t cost = m.cost;
  const bool optional_container = EvalOp(op.b->a, m).kind == Kind::kOptional;
  m.cost = cost;
  return !optional_container || found.optional->has_value ? kTestTrue : kTestFalse;
}

int TestHas(const Op& op, Machine& m) {
  return JudgeHas(EvalOp(op.a, m), op, m);
}

int TestHasShared(const Op& op, Machine& m) {
  const Value::Words found = LoadSharedField(*op.a, m);
  if (found.kind() != Kind::kError && found.kind() != Kind::kOptional) return kTestTrue;
  return JudgeHas(Value::FromWords(found), op, m);
}

// has(x.f) where x is a loop variable or a variable: no value is made.
template <bool kLocal>
int TestHasDirect(const Op& op, Machine& m) {
  const Op& field = *op.a;
  const Value& container = kLocal ? m.locals[field.a->slot] : m.globals[field.a->slot];
  if (container.kind != Kind::kTreeMap) return TestHas(op, m);
  const io::Tree& tree = *container.tree;
  uint32_t at = container.extra + 1;
  const uint32_t end = tree.node(container.extra).next;
  while (at < end) {
    const io::Node& node = tree.node(at);
    if (node.key == field.key && (node.flags & io::kNodeOverridden) == 0) return kTestTrue;
    at = node.next;
  }
  return kTestFalse;
}

Value WrongIndex(const Value& index, Machine& m) {
  return m.arena.NewError(fmt::format("unsupported index type '{}' in list", TypeName(index)));
}

// Index of a list element, from any number that is whole.
bool WholeIndex(const Value& index, int64_t& at) {
  if (index.kind == Kind::kInt) {
    at = index.integer;
    return true;
  }
  if (index.kind == Kind::kUint) {
    at = index.unsigned_integer > INT64_MAX ? INT64_MAX : index.integer;
    return true;
  }
  if (index.kind != Kind::kDouble || index.number != std::trunc(index.number) ||
      std::abs(index.number) >= 9007199254740992.0) {
    return false;
  }
  at = static_cast<int64_t>(index.number);
  return true;
}

// `present` is false when there is no such element; then the result is the error that says so.
Value IndexValue(const Value& container, const Value& index, Machine& m, bool& present) {
  present = true;
  if (IsContainerMap(container)) {
    Value found;
    if (MapFind(container, index, m.keys, found)) return found;
  } else if (IsContainerList(container)) {
    int64_t at = 0;
    if (!WholeIndex(index, at)) return WrongIndex(index, m);
    if (at >= 0 && at < ListSize(container)) {
      if (container.kind == Kind::kTreeList) m.Spend(at >> 4);
      return ListAt(container, static_cast<uint32_t>(at));
    }
    present = false;
    return m.arena.NewError(fmt::format("index out of bounds: {}", ValueToText(index, m.keys)));
  }
  present = m.plain && !IsContainerMap(container);
  return m.arena.NewError(fmt::format("no such key: {}", ValueToText(index, m.keys)));
}

template <bool kTrack, bool kOptional>
Value EvalIndex(const Op& op, Machine& m) {
  Value container = EvalOp(op.a, m);
  if (container.is_error()) return container;
  bool optional = kOptional;
  if (container.kind == Kind::kOptional) {
    if (!container.optional->has_value) return container;
    const Value inner = container.optional->value;
    container = inner;
    optional = true;
  }
  const Value index = EvalOp(op.b, m);
  if constexpr (kTrack) {
    if (!optional) m.Charge(op.aux);
  }
  if (index.is_error()) return index;
  bool present = true;
  const Value found = IndexValue(container, index, m, present);
  if (!optional) return found;
  if (!present) return NoneOf(m);
  if (found.is_error()) return found;
  if constexpr (kTrack) m.Charge(op.aux);
  return SomeOf(found, m);
}

// The first error decides unless a later operand settles the result (cel-spec, "Logical
// Operators").
template <int kSettled>
int TestLogical(const Op& op, Machine& m) {
  bool failed = false;
  Value first_error;
  for (uint32_t i = 0; i < op.count; ++i) {
    const int result = TestOp(op.args[i], m);
    if (result == kSettled) return kSettled;
    if (result == kTestError && !failed) {
      failed = true;
      first_error = m.error;
    }
  }
  if (!failed) return 1 - kSettled;
  m.error = first_error;
  return kTestError;
}

template <bool kTrack>
int TestNot(const Op& op, Machine& m) {
  const int result = TestOp(op.a, m);
  if constexpr (kTrack) m.Charge(1);
  return result == kTestError ? result : 1 - result;
}

template <bool kTrack>
int TestNotStrictlyFalse(const Op& op, Machine& m) {
  const int result = TestOp(op.a, m);
  if constexpr (kTrack) m.Charge(1);
  return result == kTestFalse ? kTestFalse : kTestTrue;
}

Value EvalConditional(const Op& op, Machine& m) {
  const int condition = TestOp(op.a, m);
  if (condition == kTestError) return m.error;
  return EvalOp(condition == kTestTrue ? op.b : op.c, m);
}

int TestConditional(const Op& op, Machine& m) {
  const int condition = TestOp(op.a, m);
  if (condition == kTestError) return condition;
  return TestOp(condition == kTestTrue ? op.b : op.c, m);
}

// Work that comparing may take, so that long texts and documents count against the step budget.
void SpendForComparison(const Value& v, Machine& m) {
  if (v.kind == Kind::kString || v.kind == Kind::kBytes) {
    if (v.extra > 1024) m.Spend(v.extra >> 8);
  } else if (v.kind == Kind::kTreeMap || v.kind == Kind::kTreeList) {
    m.Spend((v.tree->node(v.extra).next - v.extra) >> 2);
  } else if (v.kind == Kind::kList) {
    m.Spend(v.list->count >> 2);
  } else if (v.kind == Kind::kMap) {
    m.Spend(v.map->count);
  }
}

bool HoldsContainer(const ListObject& list) {
  return std::any_of(list.items, list.items + list.count,
                     [](const Value& v) { return IsContainerList(v) || IsContainerMap(v); });
}

template <bool kTrack, bool kNegated>
int TestEqual(const Op& op, Machine& m) {
  const Value a = EvalOp(op.a, m);
  if constexpr (!kTrack) {
    if (a.is_error()) {
      m.error = a;
      return kTestError;
    }
  }
  const Value b = EvalOp(op.b, m);
  if constexpr (kTrack) {
    const bool unit = !kNegated && a.kind == Kind::kOpaque;
    m.Charge(unit ? 1 : Tenth(std::min(CostSize(a), CostSize(b))));
  }
  if (a.is_error() || b.is_error()) {
    m.error = a.is_error() ? a : b;
    return kTestError;
  }
  if (a.kind == Kind::kList && a.list->list_type == ListType::kSet && IsContainerList(b) &&
      ListSize(b) == a.list->count && HoldsContainer(*a.list)) {
    m.error = Value::Error("listSet operations are only supported on lists of scalar values");
    return kTestError;
  }
  SpendForComparison(a, m);
  return ValuesEqual(a, b, m.keys) != kNegated ? kTestTrue : kTestFalse;
}

// x == constant, for the constants that checks compare with.
template <Kind kKind, bool kNegated>
int TestEqualConstant(const Op& op, Machine& m) {
  const Value::Words words =
      op.aux == kFromSharedField ? LoadSharedField(*op.a, m) : EvalOp(op.a, m).words();
  if constexpr (kKind != Kind::kString) {
    constexpr uint64_t kMask = kKind == Kind::kBool ? 0xff : ~uint64_t{0};
    if (words.kind() == kKind) {
      const bool equal = ((words.payload ^ op.value.unsigned_integer) & kMask) == 0;
      return equal != kNegated ? kTestTrue : kTestFalse;
    }
  }
  const Value v = Value::FromWords(words);
  if (v.kind == kKind) {
    bool equal = true;
    if constexpr (kKind == Kind::kString) equal = v.str() == op.value.str();
    return equal != kNegated ? kTestTrue : kTestFalse;
  }
  if (v.is_error()) {
    m.error = v;
    return kTestError;
  }
  return ValuesEqual(v, op.value, m.keys) != kNegated ? kTestTrue : kTestFalse;
}

template <NodeOp kOp>
bool Holds(int order) {
  if constexpr (kOp == NodeOp::kLess) return order < 0;
  if constexpr (kOp == NodeOp::kLessEqual) return order <= 0;
  if constexpr (kOp == NodeOp::kGreater) return order > 0;
  return order >= 0;
}

bool IsNan(const Value& v) {
  return v.kind == Kind::kDouble && std::isnan(v.number);
}

uint64_t CostOfBinary(const Op& op, const Value& a, const Value& b) {
  switch (static_cast<CostRule>(op.aux)) {
    case CostRule::kUnit:
      return 1;
    case CostRule::kSizes:
      return Tenth(CostSize(a) + CostSize(b));
    case CostRule::kSmallerSize:
      return Tenth(std::min(CostSize(a), CostSize(b)));
    case CostRule::kListSize:
      return CostSize(b);
    case CostRule::kFree:
      return 0;
  }
  return 1;
}

// Evaluates both operands; false when one is an error, which is then in m.error.
template <bool kTrack>
bool Operands(const Op& op, Machine& m, Value& a, Value& b) {
  a = EvalOp(op.a, m);
  if constexpr (!kTrack) {
    if (a.is_error()) {
      m.error = a;
      return false;
    }
  }
  b = EvalOp(op.b, m);
  if constexpr (kTrack) m.Charge(CostOfBinary(op, a, b));
  if (!a.is_error() && !b.is_error()) return true;
  m.error = a.is_error() ? a : b;
  return false;
}

template <bool kTrack, NodeOp kOp>
int TestOrder(const Op& op, Machine& m) {
  Value a;
  Value b;
  if (!Operands<kTrack>(op, m, a, b)) return kTestError;
  int order = 0;
  if (CompareValues(a, b, order)) return Holds<kOp>(order) ? kTestTrue : kTestFalse;
  m.error = IsNan(a) || IsNan(b) ? Value::Error("NaN values cannot be ordered") : NoSuchOverload();
  return kTestError;
}

template <bool kTrack>
int TestIn(const Op& op, Machine& m) {
  Value element;
  Value container;
  if (!Operands<kTrack>(op, m, element, container)) return kTestError;
  if (IsContainerMap(container)) {
    Value found;
    return MapFind(container, element, m.keys, found) ? kTestTrue : kTestFalse;
  }
  if (!IsContainerList(container)) {
    m.error = NoSuchOverload();
    return kTestError;
  }
  m.Spend(ListSize(container) >> 3);
  for (Walker w(container, m.keys); w.Next();) {
    if (ValuesEqual(element, w.value(), m.keys)) return kTestTrue;
  }
  return kTestFalse;
}

template <bool kTrack, NodeOp kOp>
Value EvalArithmetic(const Op& op, Machine& m) {
  Value a;
  Value b;
  if (!Operands<kTrack>(op, m, a, b)) return m.error;
  if constexpr (kOp == NodeOp::kAdd) return AddValues(a, b, m);
  if constexpr (kOp == NodeOp::kSubtract) return SubtractValues(a, b, m);
  if constexpr (kOp == NodeOp::kMultiply) return MultiplyValues(a, b);
  if constexpr (kOp == NodeOp::kDivide) return DivideValues(a, b);
  return ModuloValues(a, b);
}

template <bool kTrack>
Value EvalNegate(const Op& op, Machine& m) {
  const Value a = EvalOp(op.a, m);
  if constexpr (kTrack) m.Charge(1);
  return a.is_error() ? a : NegateValue(a);
}

// Long arguments count against the step budget; two lists may be compared element by element.
void SpendForArguments(std::span<const Value> args, Machine& m) {
  int64_t lists = 1;
  for (const Value& v : args) {
    if (v.kind == Kind::kString || v.kind == Kind::kBytes) {
      if (v.extra > 256) m.Spend(v.extra >> 6);
    } else if (IsContainerList(v)) {
      lists *= 1 + (int64_t{ListSize(v)} >> 1);
    }
  }
  m.Spend(1 + (lists >> 1));
}

template <bool kTrack>
Value Dispatch(const CallPlan& plan, std::span<const Value> args, Machine& m) {
  SpendForArguments(args, m);
  if (m.stopped) return m.stop_error;
  for (const PlannedCandidate& candidate : plan.candidates) {
    if (!MatchesParameters(candidate.parameters, args, m.keys)) continue;
    m.call.added_cost = 0;
    const Value result = candidate.call(m.call, args);
    if constexpr (kTrack) {
      // cel-go knows the cost of its own functions by overload, which it has only when the checker
      // left one; the API server knows the cost of its functions by name.
      const bool by_overload = plan.name == "string" || plan.name == "bytes";
      const bool unit = candidate.cost == nullptr || (!plan.resolved && by_overload);
      m.Charge((unit ? 1 : candidate.cost(args, result, m.keys)) + m.call.added_cost);
    }
    return m.OutOfMemory() ? m.stop_error : result;
  }
  if constexpr (kTrack) m.Charge(1);
  return m.arena.NewError(fmt::format("no such overload: {}", plan.name));
}

// A call whose argument is an error is not made, but cel-go charges for it; by the sizes of the
// arguments where the standard library does so. Calls with a constant pattern are the exception:
// they do not look at the pattern any more, and what was not evaluated is not charged.
uint64_t CostOfFailed(const Op& op, std::span<const Value> args, const Value& error, Machine& m) {
  const CallPlan& plan = *static_cast<const CallPlan*>(op.data);
  const bool takes_pattern =
      plan.name == "matches" || plan.name == "find" || plan.name == "findAll";
  if (takes_pattern && op.count == 2 && op.args[1]->eval == EvalConstant) return 0;
  const bool by_size = plan.name == "startsWith" || plan.name == "endsWith" ||
                       plan.name == "contains" || plan.name == "matches";
  if (!by_size || !plan.resolved || plan.candidates.empty()) return 1;
  const CostFunction cost = plan.candidates[0].cost;
  return cost == nullptr ? 1 : cost(args, error, m.keys);
}

template <bool kTrack>
Value EvalCall(const Op& op, Machine& m) {
  Value on_stack[kArgumentsOnStack];
  Value* args = on_stack;
  if (op.count > kArgumentsOnStack) args = m.arena.NewArray<Value>(op.count);
  const Value* error = nullptr;
  for (uint32_t i = 0; i < op.count; ++i) {
    args[i] = EvalOp(op.args[i], m);
    if (!args[i].is_error() || error != nullptr) continue;
    error = &args[i];
    // cel-go evaluates both arguments of a two-argument call in any case.
    if (!kTrack || op.count > 2) return *error;
  }
  if (error != nullptr) {
    if constexpr (kTrack) m.Charge(CostOfFailed(op, {args, op.count}, *error, m));
    return *error;
  }
  return Dispatch<kTrack>(*static_cast<const CallPlan*>(op.data), {args, op.count}, m);
}

// text.matches(constant pattern): the pattern was compiled with the program.
int TestMatchesConstant(const Op& op, Machine& m) {
  const Value text = EvalOp(op.a, m);
  if (text.kind == Kind::kString) {
    if (text.extra > 256) m.Spend(text.extra >> 6);
    return static_cast<const Pattern*>(op.data)->Search(text.str()) ? kTestTrue : kTestFalse;
  }
  m.error = text.is_error() ? text : Value::Error("no such overload: matches");
  return kTestError;
}

bool StartsWithText(std::string_view text, std::string_view part) {
  return text.starts_with(part);
}
bool EndsWithText(std::string_view text, std::string_view part) {
  return text.ends_with(part);
}
bool ContainsText(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// text.startsWith('constant') and its like.
template <bool (*kHolds)(std::string_view, std::string_view)>
int TestTextConstant(const Op& op, Machine& m) {
  const Value text = EvalOp(op.a, m);
  if (text.kind == Kind::kString) {
    if (text.extra > 256) m.Spend(text.extra >> 6);
    return kHolds(text.str(), op.value.str()) ? kTestTrue : kTestFalse;
  }
  m.error = text.is_error() ? text : NoSuchOverload();
  return kTestError;
}

template <bool kValue>
Value EvalOptionalOr(const Op& op, Machine& m) {
  const Value a = EvalOp(op.a, m);
  if (a.is_error()) return a;
  if (a.kind != Kind::kOptional) return NoSuchOverload();
  if (!a.optional->has_value) return EvalOp(op.b, m);
  return kValue ? a.optional->value : a;
}

Value EvalCharge(const Op& op, Machine& m) {
  const Value value = EvalOp(op.a, m);
  // A presence test of a conditional has a negative unit in cel-go.
  m.Charge(static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(op.aux))));
  return value;
}

Value EvalBind(const Op& op, Machine& m) {
  const Value value = EvalOp(op.a, m);
  StoreValue(m.locals[op.slot], value);
  m.times[op.key] = ++m.counter;
  return EvalOp(op.b, m);
}

Value EvalLazyBind(const Op& op, Machine& m) {
  m.locals[op.slot] = Value::Error({});
  return EvalOp(op.b, m);
}

template <bool kTrack>
Entries BinaryEntries(NodeOp op) {
  switch (op) {
    case NodeOp::kEqual:
      return {EvalByTest, TestEqual<kTrack, false>};
    case NodeOp::kNotEqual:
      return {EvalByTest, TestEqual<kTrack, true>};
    case NodeOp::kLess:
      return {EvalByTest, TestOrder<kTrack, NodeOp::kLess>};
    case NodeOp::kLessEqual:
      return {EvalByTest, TestOrder<kTrack, NodeOp::kLessEqual>};
    case NodeOp::kGreater:
      return {EvalByTest, TestOrder<kTrack, NodeOp::kGreater>};
    case NodeOp::kGreaterEqual:
      return {EvalByTest, TestOrder<kTrack, NodeOp::kGreaterEqual>};
    case NodeOp::kIn:
      return {EvalByTest, TestIn<kTrack>};
    case NodeOp::kAdd:
      return {EvalArithmetic<kTrack, NodeOp::kAdd>, TestByEval};
    case NodeOp::kSubtract:
      return {EvalArithmetic<kTrack, NodeOp::kSubtract>, TestByEval};
    case NodeOp::kMultiply:
      return {EvalArithmetic<kTrack, NodeOp::kMultiply>, TestByEval};
    case NodeOp::kDivide:
      return {EvalArithmetic<kTrack, NodeOp::kDivide>, TestByEval};
    default:
      return {EvalArithmetic<kTrack, NodeOp::kModulo>, TestByEval};
  }
}

template <bool kTrack>
Entries PlainEntries(NodeOp op) {
  switch (op) {
    case NodeOp::kConstant:
      return {EvalConstant, TestByEval};
    case NodeOp::kGlobal:
      return {EvalGlobal, TestByEval};
    case NodeOp::kLocal:
      return {EvalLocal, TestByEval};
    case NodeOp::kLazyLocal:
      return {EvalLazyLocal, TestByEval};
    case NodeOp::kField:
      return {EvalField<kTrack>, TestByEval};
    case NodeOp::kOptionalField:
      return {EvalOptionalField<kTrack>, TestByEval};
    case NodeOp::kHas:
      return {EvalByTest, TestHas};
    case NodeOp::kIndex:
      return {EvalIndex<kTrack, false>, TestByEval};
    case NodeOp::kOptionalIndex:
      return {EvalIndex<kTrack, true>, TestByEval};
    case NodeOp::kAnd:
      return {EvalByTest, TestLogical<kTestFalse>};
    case NodeOp::kOr:
      return {EvalByTest, TestLogical<kTestTrue>};
    case NodeOp::kNot:
      return {EvalByTest, TestNot<kTrack>};
    case NodeOp::kNotStrictlyFalse:
      return {EvalByTest, TestNotStrictlyFalse<kTrack>};
    case NodeOp::kConditional:
      return {EvalConditional, TestConditional};
    case NodeOp::kNegate:
      return {EvalNegate<kTrack>, TestByEval};
    case NodeOp::kCall:
      return {EvalCall<kTrack>, TestByEval};
    case NodeOp::kOptionalOr:
      return {EvalOptionalOr<false>, TestByEval};
    case NodeOp::kOptionalOrValue:
      return {EvalOptionalOr<true>, TestByEval};
    case NodeOp::kBind:
      return {kTrack ? EvalLazyBind : EvalBind, TestByEval};
    case NodeOp::kCharge:
      return {EvalCharge, TestByEval};
    default:
      return BinaryEntries<kTrack>(op);
  }
}

}  // namespace

int TestByEval(const Op& op, Machine& m) {
  return TestValue(op.eval(op, m), m);
}

Value EvalByTest(const Op& op, Machine& m) {
  const int result = op.test(op, m);
  return result == kTestError ? m.error : Value::Bool(result == kTestTrue);
}

Entries EntriesOf(const Node& node, bool track) {
  return track ? PlainEntries<true>(node.op) : PlainEntries<false>(node.op);
}

Entries SharedEntries(NodeOp op) {
  if (op == NodeOp::kField) return {EvalSharedField, TestSharedField};
  return {EvalShared, TestShared};
}

Entries FieldEntriesOf(Op& op, const Node& operand, bool operand_is_shared) {
  op.aux = 0;
  if (operand_is_shared) {
    if (operand.op == NodeOp::kField) op.aux = kFromSharedField;
    return {EvalField<false>, TestByEval};
  }
  if (operand.op == NodeOp::kLocal) {
    op.aux = kFromLocal;
    return {EvalFieldOfLocal, TestByEval};
  }
  if (operand.op == NodeOp::kGlobal) return {EvalFieldOfGlobal, TestByEval};
  return {EvalField<false>, TestByEval};
}

Entries HasEntriesOf(const Op& op, bool field_is_shared) {
  if (field_is_shared) return {EvalByTest, TestHasShared};
  if (op.a->eval == EvalFieldOfLocal) return {EvalByTest, TestHasDirect<true>};
  if (op.a->eval == EvalFieldOfGlobal) return {EvalByTest, TestHasDirect<false>};
  return {EvalByTest, TestHas};
}

Entries EqualityEntriesOf(Op& op, bool negated, const Value& constant) {
  op.aux = op.a->eval == EvalSharedField ? kFromSharedField : 0;
  switch (constant.kind) {
    case Kind::kBool:
      return {EvalByTest, negated ? TestEqualConstant<Kind::kBool, true>
                                  : TestEqualConstant<Kind::kBool, false>};
    case Kind::kInt:
      return {EvalByTest,
              negated ? TestEqualConstant<Kind::kInt, true> : TestEqualConstant<Kind::kInt, false>};
    case Kind::kString:
      return {EvalByTest, negated ? TestEqualConstant<Kind::kString, true>
                                  : TestEqualConstant<Kind::kString, false>};
    default:
      return {nullptr, nullptr};
  }
}

Entries MatchesConstantEntries() {
  return {EvalByTest, TestMatchesConstant};
}

Entries TextConstantEntries(std::string_view function) {
  if (function == "startsWith") return {EvalByTest, TestTextConstant<StartsWithText>};
  if (function == "endsWith") return {EvalByTest, TestTextConstant<EndsWithText>};
  if (function == "contains") return {EvalByTest, TestTextConstant<ContainsText>};
  return {nullptr, nullptr};
}

Value SelectSlowly(const Value& container, const Op& op, Machine& m) {
  if (container.is_error()) return container;
  if (container.kind == Kind::kMap) {
    Value found;
    if (MapFind(container, op.name, m.keys, found)) return found;
    return op.value;
  }
  if (container.kind == Kind::kTreeMap) return FindInTree(container, op);
  if (IsContainerList(container)) return WrongIndex(op.name, m);
  // Nothing else has fields. The API server takes that for an absent field in has(x.f) and x.?f; by
  // the standard it is an error there too, so it must not be the error of an absent field.
  if (!m.plain || container.kind == Kind::kOptional) return op.value;
  return m.arena.NewError(op.value.str());
}

uint64_t CostSize(const Value& value) {
  switch (value.kind) {
    case Kind::kString: {
      uint64_t characters = 0;
      for (const char c : value.str()) {
        characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
      }
      return characters;
    }
    case Kind::kBytes:
      return value.extra;
    case Kind::kList:
    case Kind::kTreeList:
      return ListSize(value);
    case Kind::kMap:
    case Kind::kTreeMap:
      return MapSize(value);
    case Kind::kOptional:
      return value.optional->has_value ? CostSize(value.optional->value) : 1;
    case Kind::kOpaque:
      return value.opaque->type->cost_size == nullptr
                 ? 1
                 : value.opaque->type->cost_size(*value.opaque);
    default:
      return 1;
  }
}

}  // namespace ouro::rules
