// List, map and object literals.

#include <algorithm>

#include <fmt/format.h>

#include "rules/cel_machine.h"
#include "rules/cel_wellknown.h"

namespace ouro::rules {

namespace {

// What creating an aggregate costs (cel-go common/cost.go).
constexpr uint64_t kListCost = 10;
constexpr uint64_t kMapCost = 30;
constexpr uint64_t kStructCost = 40;

// Takes the value out of an optional element. False: nothing to add (or an error in `value`).
bool UnwrapElement(Value& value, Machine& m, std::string_view what) {
  if (value.kind != Kind::kOptional) {
    value = m.arena.NewError(fmt::format("cannot initialize optional {} from non-optional value {}",
                                         what, ValueToText(value, m.keys)));
    return false;
  }
  if (!value.optional->has_value) return false;
  const Value inner = value.optional->value;
  value = inner;
  return true;
}

template <bool kTrack>
Value EvalList(const Op& op, Machine& m) {
  const size_t base = m.items.size();
  Value error;
  for (uint32_t i = 0; i < op.count && !error.is_error(); ++i) {
    Value item = EvalOp(op.args[i], m);
    if (!item.is_error() && op.optionals != nullptr && op.optionals[i]) {
      if (!UnwrapElement(item, m, "list element") && !item.is_error()) continue;
    }
    if (item.is_error()) {
      error = item;
    } else {
      m.items.push_back(item);
    }
  }
  if constexpr (kTrack) m.Charge(kListCost);
  Value list = error;
  if (!error.is_error()) list = m.arena.NewList(std::span(m.items).subspan(base));
  m.items.resize(base);
  return m.OutOfMemory() ? m.stop_error : list;
}

bool IsMapKey(const Value& v) {
  return v.kind == Kind::kString || v.kind == Kind::kInt || v.kind == Kind::kUint ||
         v.kind == Kind::kBool;
}

// Adds or replaces an entry of the map under construction. The standard forbids repeated keys and
// keys of other types than bool, int, uint and string; the API server lets the last of equal keys
// win.
Value PutEntry(const MapEntry& entry, size_t base, Machine& m) {
  if (m.plain && !IsMapKey(entry.key)) return Value::Error("unsupported key type");
  for (size_t i = base; i < m.entries.size(); ++i) {
    if (!ValuesEqual(m.entries[i].key, entry.key, m.keys)) continue;
    if (m.plain) return Value::Error("Failed with repeated key");
    m.entries[i] = entry;
    return Value::Null();
  }
  m.entries.push_back(entry);
  return Value::Null();
}

template <bool kTrack>
Value EvalMap(const Op& op, Machine& m) {
  const size_t base = m.entries.size();
  Value error;
  for (uint32_t i = 0; i < op.count && !error.is_error(); i += 2) {
    MapEntry entry;
    entry.key = EvalOp(op.args[i], m);
    if (entry.key.is_error()) {
      error = entry.key;
      break;
    }
    entry.value = EvalOp(op.args[i + 1], m);
    if (!entry.value.is_error() && op.optionals != nullptr && op.optionals[i / 2]) {
      if (!UnwrapElement(entry.value, m, "entry") && !entry.value.is_error()) continue;
    }
    error = entry.value.is_error() ? entry.value : PutEntry(entry, base, m);
  }
  if constexpr (kTrack) m.Charge(kMapCost);
  Value map = error;
  if (!error.is_error()) map = m.arena.NewMap(std::span(m.entries).subspan(base));
  m.entries.resize(base);
  return m.OutOfMemory() ? m.stop_error : map;
}

Value MakeObject(const StructTarget& target, std::span<const MapEntry> fields, Machine& m) {
  if (const WellKnownType* known = FindWellKnownType(target.name)) {
    for (const MapEntry& field : fields) {
      const bool exists = std::any_of(
          known->fields.begin(), known->fields.end(),
          [&](const WellKnownField& candidate) { return candidate.name == field.key.str(); });
      if (!exists) return m.arena.NewError(fmt::format("no such field '{}'", field.key.str()));
    }
    return known->make(*known, fields, m.arena);
  }
  Value object = m.arena.NewMap(fields);
  const_cast<MapObject*>(object.map)->type_name = target.name;
  return object;
}

template <bool kTrack>
Value EvalStruct(const Op& op, Machine& m) {
  const StructTarget& target = *static_cast<const StructTarget*>(op.data);
  const size_t base = m.entries.size();
  Value error;
  for (uint32_t i = 0; i < op.count && !error.is_error(); ++i) {
    Value value = EvalOp(op.args[i], m);
    if (!value.is_error() && op.optionals != nullptr && op.optionals[i]) {
      if (!UnwrapElement(value, m, "entry") && !value.is_error()) continue;
    }
    if (value.is_error()) {
      error = value;
    } else {
      m.entries.push_back(MapEntry{Value::String(target.fields[i]), value});
    }
  }
  if constexpr (kTrack) m.Charge(kStructCost);
  Value object = error;
  if (!error.is_error()) object = MakeObject(target, std::span(m.entries).subspan(base), m);
  m.entries.resize(base);
  return m.OutOfMemory() ? m.stop_error : object;
}

template <bool kTrack>
Entries Literals(NodeOp op) {
  if (op == NodeOp::kList) return {EvalList<kTrack>, TestByEval};
  if (op == NodeOp::kMap) return {EvalMap<kTrack>, TestByEval};
  return {EvalStruct<kTrack>, TestByEval};
}

}  // namespace

Entries LiteralEntriesOf(const Node& node, bool track) {
  return track ? Literals<true>(node.op) : Literals<false>(node.op);
}

}  // namespace ouro::rules
