// Loops: the macros all, exists, exists_one, map, filter and their two-variable forms.
//
// Each is a loop of its own instead of the general fold of the standard, with the fold's semantics:
// an error of one element does not end all() and exists(), because a later element may settle the
// result. Where cost is tracked, the constants below are what cel-go's fold pays for its
// accumulator.

// Values are two words that travel in registers. g++ 12 likes to gather them in a vector register
// on the way, through memory, where a load of both waits for the two stores: several times the cost
// of the operation itself. perf/cel_bench.cc shows the difference.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-slp-vectorize")
#endif

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "rules/cel_machine.h"

namespace ouro::rules {

namespace {

// all():    @not_strictly_false(accumulator) = 2 before each step, `accumulator &&` = 1 in each.
// exists(): @not_strictly_false(!accumulator) = 3 before each step, `accumulator ||` = 1 in each.
// Every loop ends with one unit for reading the accumulator; exists_one compares it (2).
constexpr uint64_t kAllCondition = 2;
constexpr uint64_t kExistsCondition = 3;
constexpr uint64_t kCountStep = 2;   // accumulator + 1
constexpr uint64_t kAppendStep = 2;  // accumulator + […]
constexpr uint64_t kListCreation = 10;
constexpr uint64_t kInsertStep = 2;  // cel.@mapInsert(accumulator, …)

void BindVariable(const Op& op, Machine& m, const Value& value) {
  StoreValue(m.locals[op.slot], value);
  m.times[op.key] = ++m.counter;
}

void BindTwo(const Op& op, Machine& m, const Value& key, const Value& value) {
  StoreValue(m.locals[op.slot], key);
  StoreValue(m.locals[op.slot + 1], value);
  m.times[op.key] = ++m.counter;
  m.times[std::min(op.key + 1, kConstantTime - 1)] = m.counter;
}

// One step of the budget; true when the loop must end.
inline bool Exhausted(Machine& m) {
  if (--m.steps < 0) m.Spend(0);
  return m.stopped;
}

template <typename Body>
void LoopTreeList(const Op& op, Machine& m, const Value& range, Body body) {
  const io::Tree& tree = *range.tree;
  const uint32_t end = tree.node(range.extra).next;
  for (uint32_t at = range.extra + 1; at < end; at = tree.node(at).next) {
    if (Exhausted(m)) return;
    const Value::Words element = Value::WordsOfNode(tree, at);
    std::memcpy(static_cast<void*>(&m.locals[op.slot]), &element, sizeof(element));
    m.times[op.key] = ++m.counter;
    if (!body()) return;
  }
}

template <typename Body>
void LoopBoth(const Op& op, Machine& m, const Value& range, Body body) {
  for (Walker w(range, m.keys); w.Next();) {
    if (Exhausted(m)) return;
    if ((op.aux & kLoopTwoVariables) != 0) {
      BindTwo(op, m, w.key(), w.value());
    } else {
      BindVariable(op, m, IsContainerMap(range) ? w.key() : w.value());
    }
    if (!body()) return;
  }
}

// Binds the variables to each element of op.a in turn and calls body() until it returns false.
// False when there is nothing to walk: then m.error says why.
template <typename Body>
bool Loop(const Op& op, Machine& m, Body body) {
  const Value range = EvalOp(op.a, m);
  if (range.kind == Kind::kTreeList && (op.aux & kLoopTwoVariables) == 0) {
    LoopTreeList(op, m, range, body);
  } else if (IsContainerList(range) || IsContainerMap(range)) {
    LoopBoth(op, m, range, body);
  } else {
    m.error = range;
    if (!range.is_error()) {
      m.error = m.arena.NewError(fmt::format("got '{}', expected iterable type", TypeName(range)));
    }
    return false;
  }
  if (!m.stopped) return true;
  m.error = m.stop_error;
  return false;
}

// all() with kSettled = false, exists() with kSettled = true.
template <bool kTrack, int kSettled>
int TestQuantifier(const Op& op, Machine& m) {
  bool failed = false;
  bool settled = false;
  Value first_error;
  const bool walked = Loop(op, m, [&] {
    if constexpr (kTrack) m.Charge(kSettled == kTestFalse ? kAllCondition : kExistsCondition);
    // cel-go looks at its condition once more before it leaves the loop.
    if (settled) return false;
    if constexpr (kTrack) m.Charge(1);
    const int result = TestOp(op.b, m);
    if (result == kSettled) {
      settled = true;
      return kTrack;
    }
    if (result == kTestError && !failed) {
      failed = true;
      first_error = m.error;
    }
    return true;
  });
  if (!walked) return kTestError;
  if constexpr (kTrack) m.Charge(1);
  if (settled) return kSettled;
  if (!failed) return 1 - kSettled;
  m.error = first_error;
  return kTestError;
}

template <bool kTrack>
int TestExistsOne(const Op& op, Machine& m) {
  int64_t count = 0;
  Value error;
  const bool walked = Loop(op, m, [&] {
    const int result = TestOp(op.b, m);
    if (result == kTestError) {
      error = m.error;
      return kTrack;
    }
    if (result == kTestTrue) {
      if constexpr (kTrack) m.Charge(kCountStep);
      ++count;
    }
    return true;
  });
  if (!walked) return kTestError;
  if constexpr (kTrack) m.Charge(2);
  if (error.is_error()) {
    m.error = error;
    return kTestError;
  }
  return count == 1 ? kTestTrue : kTestFalse;
}

// True when the element takes part. An error is left in `error`.
template <bool kTrack>
bool Passes(const Op* filter, Machine& m, Value& error) {
  if (filter == nullptr) return true;
  const int result = TestOp(filter, m);
  if (result == kTestError) error = m.error;
  return result == kTestTrue;
}

template <bool kTrack>
Value FinishList(size_t base, bool walked, const Value& error, Machine& m) {
  if constexpr (kTrack) m.Charge(walked ? 1 : 0);
  Value list;
  if (!walked) {
    list = m.error;
  } else if (error.is_error()) {
    list = error;
  } else {
    list = m.arena.NewList(std::span(m.items).subspan(base));
  }
  m.items.resize(base);
  return m.OutOfMemory() ? m.stop_error : list;
}

template <bool kTrack>
Value EvalCollect(const Op& op, Machine& m) {
  const size_t base = m.items.size();
  Value error;
  const bool walked = Loop(op, m, [&] {
    if (!Passes<kTrack>(op.c, m, error)) return kTrack || !error.is_error();
    if constexpr (kTrack) {
      m.Charge(kAppendStep + ((op.aux & kLoopConstantBody) != 0 ? 0 : kListCreation));
    }
    const Value item = EvalOp(op.b, m);
    if (item.is_error()) {
      if (!error.is_error()) error = item;
      return kTrack;
    }
    if (!error.is_error()) m.items.push_back(item);
    return true;
  });
  return FinishList<kTrack>(base, walked, error, m);
}

template <bool kTrack>
Value EvalFilter(const Op& op, Machine& m) {
  const size_t base = m.items.size();
  Value error;
  const bool walked = Loop(op, m, [&] {
    const Value element = m.locals[op.slot];
    if (!Passes<kTrack>(op.b, m, error)) return kTrack || !error.is_error();
    if constexpr (kTrack) m.Charge(kAppendStep + kListCreation + 1);
    if (!error.is_error()) m.items.push_back(element);
    return true;
  });
  return FinishList<kTrack>(base, walked, error, m);
}

template <bool kTrack>
Value FinishMap(size_t base, bool walked, const Value& error, Machine& m) {
  if constexpr (kTrack) m.Charge(walked ? 1 : 0);
  Value map;
  if (!walked) {
    map = m.error;
  } else if (error.is_error()) {
    map = error;
  } else {
    map = m.arena.NewMap(std::span(m.entries).subspan(base));
  }
  m.entries.resize(base);
  return m.OutOfMemory() ? m.stop_error : map;
}

// The keys of a range are distinct, so there is nothing to check.
template <bool kTrack>
Value EvalTransformMap(const Op& op, Machine& m) {
  const size_t base = m.entries.size();
  Value error;
  const bool walked = Loop(op, m, [&] {
    const Value key = m.locals[op.slot];
    if (!Passes<kTrack>(op.c, m, error)) return kTrack || !error.is_error();
    if constexpr (kTrack) m.Charge(kInsertStep + 1);
    const Value value = EvalOp(op.b, m);
    if (value.is_error()) {
      if (!error.is_error()) error = value;
      return kTrack;
    }
    if (!error.is_error()) m.entries.push_back(MapEntry{key, value});
    return true;
  });
  return FinishMap<kTrack>(base, walked, error, m);
}

template <bool kTrack>
Value EvalTransformMapEntry(const Op& op, Machine& m) {
  const size_t base = m.entries.size();
  std::unordered_multimap<uint64_t, size_t> index;
  Value error;
  const auto insert = [&](const MapEntry& entry) {
    const uint64_t hash = HashValue(entry.key);
    const auto [first, last] = index.equal_range(hash);
    for (auto it = first; it != last; ++it) {
      if (!ValuesEqual(m.entries[it->second].key, entry.key, m.keys)) continue;
      error = m.arena.NewError(
          fmt::format("insert failed: key {} already exists", ValueToText(entry.key, m.keys)));
      return;
    }
    index.emplace(hash, m.entries.size());
    m.entries.push_back(entry);
  };
  const bool walked = Loop(op, m, [&] {
    if (!Passes<kTrack>(op.c, m, error)) return kTrack || !error.is_error();
    if constexpr (kTrack) m.Charge(kInsertStep);
    const Value map = EvalOp(op.b, m);
    if (error.is_error()) return true;
    if (!IsContainerMap(map)) {
      error = map.is_error() ? map : NoSuchOverload();
      return kTrack;
    }
    for (Walker w(map, m.keys); w.Next() && !error.is_error();) {
      insert(MapEntry{w.key(), w.value()});
    }
    return kTrack || !error.is_error();
  });
  return FinishMap<kTrack>(base, walked, error, m);
}

template <bool kTrack>
Entries LoopEntries(NodeOp op) {
  switch (op) {
    case NodeOp::kAll:
      return {EvalByTest, TestQuantifier<kTrack, kTestFalse>};
    case NodeOp::kExists:
      return {EvalByTest, TestQuantifier<kTrack, kTestTrue>};
    case NodeOp::kExistsOne:
      return {EvalByTest, TestExistsOne<kTrack>};
    case NodeOp::kFilter:
      return {EvalFilter<kTrack>, TestByEval};
    case NodeOp::kTransformMap:
      return {EvalTransformMap<kTrack>, TestByEval};
    case NodeOp::kTransformMapEntry:
      return {EvalTransformMapEntry<kTrack>, TestByEval};
    default:
      return {EvalCollect<kTrack>, TestByEval};
  }
}

}  // namespace

Entries LoopEntriesOf(const Node& node, bool track) {
  return track ? LoopEntries<true>(node.op) : LoopEntries<false>(node.op);
}

}  // namespace ouro::rules
