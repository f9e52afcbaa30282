// The flat program and the state of one evaluation.
//
// A program is one array of operations. Each has two entries, picked when the program is made:
// `eval` gives a value, `test` gives false, true or an error without making a value. Operands are
// pointers into the same array, so running it is a chain of direct calls whose targets the
// processor learns, and the C++ stack is the evaluation stack. Shared subexpressions are operations
// that keep their value with the time at which they computed it; what they depend on knows when it
// last changed.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "rules/cel.h"
#include "rules/cel_checker.h"
#include "rules/cel_graph.h"
#include "rules/function.h"
#include "rules/pattern.h"
#include "rules/value.h"

namespace ouro::rules {

struct Machine;
struct Op;

using EvalFunction = Value (*)(const Op& op, Machine& m);
using TestFunction = int (*)(const Op& op, Machine& m);

// Results of `test`. kTestError leaves the error in Machine::error.
inline constexpr int kTestFalse = 0;
inline constexpr int kTestTrue = 1;
inline constexpr int kTestError = 2;

struct alignas(64) Op {
  EvalFunction eval = nullptr;
  TestFunction test = nullptr;
  const Op* a = nullptr;
  const Op* b = nullptr;
  Value value;         // constants; the error of a missing field or unbound variable
  uint32_t key = 0;    // fields: KeyId; loops and shared values: index into Machine::times
  uint32_t slot = 0;   // variables, shared values
  uint32_t count = 0;  // of args
  uint32_t aux = 0;    // see NodeOp; loops: kLoop… flags
  const Op* c = nullptr;
  const Op* const* args = nullptr;
  const void* data = nullptr;  // CallPlan, StructTarget
  const bool* optionals = nullptr;
  Value name;  // fields: the name, for maps that evaluation built
};

inline constexpr uint32_t kLoopTwoVariables = 1;
inline constexpr uint32_t kLoopConstantBody =
    2;  // [body] is a constant, which costs nothing to build

// What an argument must be for an overload to be called with it.
struct ParameterSpec {
  uint32_t kinds = 0;            // bit set of Kind
  std::string_view opaque_name;  // kOpaque only
  const ParameterSpec* element =
      nullptr;                         // of the first list element or map value, when it matters
  const ParameterSpec* key = nullptr;  // of the first map key
};

struct PlannedCandidate {
  Implementation call = nullptr;
  CostFunction cost = nullptr;
  const ParameterSpec* parameters = nullptr;
};

struct CallPlan {
  std::string_view name;
  std::vector<PlannedCandidate> candidates;
  bool resolved = false;
};

// A value that is kept while what it depends on stays as it is.
struct SharedValue {
  Value value;
  uint64_t stamp = 0;
};

// Loop iterations (and comparable work on long texts and lists) of one Run: some tenths of a
// second. Without it nested loops over a large hostile document would not end.
inline constexpr int64_t kStepCount = 4'000'000;
inline constexpr uint32_t kTimeCount = 65;
// Time index of values that depend on nothing.
inline constexpr uint32_t kConstantTime = 64;

struct Machine {
  Machine(const io::KeyTable& key_table) : keys(key_table), call{arena, key_table, patterns} {}

  void Stop(std::string_view why) {
    if (!stopped) stop_error = Value::Error(why);
    stopped = true;
  }
  // For operations that build values: true when the arena has overflowed.
  bool OutOfMemory() {
    if (arena.exhausted()) Stop("evaluation needs too much memory: limit reached");
    return stopped;
  }
  void Spend(int64_t steps_used) {
    steps -= steps_used;
    if (steps < 0) Stop("evaluation takes too many steps: limit reached");
  }
  void Charge(uint64_t units) {
    cost += units;
    if (cost > cost_limit) {
      Stop("operation cancelled: actual cost limit exceeded");
    }
  }

  Value* globals = nullptr;
  Value* locals = nullptr;
  SharedValue* shared = nullptr;
  uint64_t* times = nullptr;
  uint64_t counter = 0;
  int64_t steps = 0;
  uint64_t cost = 0;
  uint64_t cost_limit = 0;
  bool stopped = false;
  bool plain = false;  // EnvironmentOptions::plain_cel
  Value error;
  Value stop_error;
  const io::KeyTable& keys;
  Arena arena;
  PatternCache patterns;
  CallContext call;
  std::vector<Value> items;       // lists under construction, a stack
  std::vector<MapEntry> entries;  // maps under construction, a stack
};

// Writes a value that will be read again at once. As two whole words: a value written field by
// field and read back as words has to wait until all of the fields have reached the cache.
inline void StoreValue(Value& to, const Value& value) {
  const uint64_t words[2] = {static_cast<uint64_t>(value.kind) |
                                 (static_cast<uint64_t>(value.reserved) << 16) |
                                 (static_cast<uint64_t>(value.extra) << 32),
                             value.unsigned_integer};
  std::memcpy(static_cast<void*>(&to), words, sizeof(to));
}

inline Value EvalOp(const Op* op, Machine& m) {
  return op->eval(*op, m);
}
inline int TestOp(const Op* op, Machine& m) {
  return op->test(*op, m);
}

// The entries for a node; `track` counts runtime cost.
struct Entries {
  EvalFunction eval;
  TestFunction test;
};
Entries EntriesOf(const Node& node, bool track);         // all but the following
Entries LoopEntriesOf(const Node& node, bool track);     // kAll … kTransformMapEntry
Entries LiteralEntriesOf(const Node& node, bool track);  // kList, kMap, kStruct
// A value of a node of that kind, kept in Machine::shared[slot].
Entries SharedEntries(NodeOp op);
// Faster forms that do the same, chosen by the kinds of the operands.
Entries FieldEntriesOf(Op& op, const Node& operand, bool operand_is_shared);
Entries HasEntriesOf(const Op& op, bool field_is_shared);
// Op::a must be set. Null when there is no faster form.
Entries EqualityEntriesOf(Op& op, bool negated, const Value& constant);
// Op::data is a Pattern.
Entries MatchesConstantEntries();
// Op::value is the argument. Null for other functions than startsWith, endsWith and contains.
Entries TextConstantEntries(std::string_view function);

// Conversions between the two entries.
int TestByEval(const Op& op, Machine& m);
Value EvalByTest(const Op& op, Machine& m);

// Arithmetic and order (cel_arithmetic.cc). Errors are values.
Value AddValues(const Value& a, const Value& b, Machine& m);
Value SubtractValues(const Value& a, const Value& b, Machine& m);
Value MultiplyValues(const Value& a, const Value& b);
Value DivideValues(const Value& a, const Value& b);
Value ModuloValues(const Value& a, const Value& b);
Value NegateValue(const Value& a);

// Do the arguments fit the overload? Elements of lists and maps are judged by the first one, as
// cel-go does.
bool MatchesParameters(const ParameterSpec* parameters, std::span<const Value> args,
                       const io::KeyTable& keys);
ParameterSpec SpecOf(const Type* type, Arena& arena);

// Size of a value in cel-go's cost model: characters of strings, bytes, elements; 1 for the rest.
uint64_t CostSize(const Value& value);

// Field of a container of any kind, by the rules of selection; `missing` is the error for an absent
// key and is returned as it is.
Value SelectSlowly(const Value& container, const Op& op, Machine& m);

inline Value NoSuchOverload() {
  return Value::Error("no such overload");
}
inline bool IsContainerMap(const Value& v) {
  return v.kind == Kind::kTreeMap || v.kind == Kind::kMap;
}
inline bool IsContainerList(const Value& v) {
  return v.kind == Kind::kTreeList || v.kind == Kind::kList;
}

}  // namespace ouro::rules
