#include "rules/value.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/limits.h"

namespace ouro::rules {

namespace {

constexpr size_t kFirstBlockSize = 16 << 10;
constexpr size_t kBlockSizeMax = 4 << 20;
// Past this many entries a built map gets a hash index, and equality of maps and sets is computed
// over hashes: quadratic work on hostile documents would otherwise escape the evaluation's step
// budget.
constexpr uint32_t kLinearSearchMax = 16;

bool IsNumber(Kind kind) {
  return kind == Kind::kInt || kind == Kind::kUint || kind == Kind::kDouble;
}
bool IsList(Kind kind) {
  return kind == Kind::kList || kind == Kind::kTreeList;
}
bool IsMap(Kind kind) {
  return kind == Kind::kMap || kind == Kind::kTreeMap;
}

int Sign(bool less, bool greater) {
  return less ? -1 : (greater ? 1 : 0);
}

// The bounds below are exact in a double; comparing with them first keeps the conversion defined.
int CompareIntDouble(int64_t i, double d) {
  if (d < -9223372036854775808.0) return 1;
  if (d > 9223372036854775808.0) return -1;
  const double converted = static_cast<double>(i);
  return Sign(converted<d, converted> d);
}

int CompareUintDouble(uint64_t u, double d) {
  if (d < 0) return 1;
  if (d > 18446744073709551616.0) return -1;
  const double converted = static_cast<double>(u);
  return Sign(converted<d, converted> d);
}

int CompareIntUint(int64_t i, uint64_t u) {
  if (i < 0) return -1;
  const uint64_t converted = static_cast<uint64_t>(i);
  return Sign(converted<u, converted> u);
}

int CompareNumbers(const Value& a, const Value& b) {
  if (a.kind == Kind::kInt) {
    if (b.kind == Kind::kInt) return Sign(a.integer<b.integer, a.integer> b.integer);
    if (b.kind == Kind::kUint) return CompareIntUint(a.integer, b.unsigned_integer);
    return CompareIntDouble(a.integer, b.number);
  }
  if (a.kind == Kind::kUint) {
    if (b.kind == Kind::kUint) {
      return Sign(a.unsigned_integer<b.unsigned_integer, a.unsigned_integer> b.unsigned_integer);
    }
    if (b.kind == Kind::kInt) return -CompareIntUint(b.integer, a.unsigned_integer);
    return CompareUintDouble(a.unsigned_integer, b.number);
  }
  if (b.kind == Kind::kInt) return -CompareIntDouble(b.integer, a.number);
  if (b.kind == Kind::kUint) return -CompareUintDouble(b.unsigned_integer, a.number);
  return Sign(a.number<b.number, a.number> b.number);
}

bool IsNan(const Value& v) {
  return v.kind == Kind::kDouble && std::isnan(v.number);
}

int CompareTimes(const Value& a, const Value& b) {
  if (a.integer != b.integer) return a.integer < b.integer ? -1 : 1;
  return Sign(a.nanos() < b.nanos(), a.nanos() > b.nanos());
}

uint64_t MixHash(uint64_t h) {
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  return h;
}

uint64_t HashNumber(const Value& v) {
  // Whole numbers hash as their two's complement, so that 1, 1u and 1.0 agree. A double beyond the
  // whole range cannot equal an int or uint exactly, but comparison goes through doubles there, so
  // numbers from 2^53 on hash by their double value.
  double d;
  if (v.kind == Kind::kInt) {
    if (v.integer > -(1LL << 53) && v.integer < (1LL << 53)) {
      return MixHash(static_cast<uint64_t>(v.integer));
    }
    d = static_cast<double>(v.integer);
  } else if (v.kind == Kind::kUint) {
    if (v.unsigned_integer < (1ULL << 53)) return MixHash(v.unsigned_integer);
    d = static_cast<double>(v.unsigned_integer);
  } else {
    d = v.number;
    if (d > -9007199254740992.0 && d < 9007199254740992.0 && d == std::trunc(d)) {
      return MixHash(static_cast<uint64_t>(static_cast<int64_t>(d)));
    }
  }
  return MixHash(std::bit_cast<uint64_t>(d) ^ 0x5bd1e995U);
}

bool ListsEqualInOrder(const Value& a, const Value& b, const io::KeyTable& keys) {
  Walker left(a, keys);
  Walker right(b, keys);
  while (left.Next()) {
    if (!right.Next()) return false;
    if (!ValuesEqual(left.value(), right.value(), keys)) return false;
  }
  return true;
}

// Elements of a list by hash, for list types set and map.
class ElementIndex {
 public:
  explicit ElementIndex(uint32_t count) { hashes_.reserve(count); }
  void Add(uint64_t hash, uint32_t position) { hashes_.emplace_back(hash, position); }
  void Sort() { std::sort(hashes_.begin(), hashes_.end()); }
  // Calls `accept(position)` for the positions with that hash, last first, until it returns true.
  template <typename Accept>
  int64_t Find(uint64_t hash, Accept accept) const {
    auto end = std::upper_bound(hashes_.begin(), hashes_.end(),
                                std::pair<uint64_t, uint32_t>(hash, 0xffffffffU));
    while (end != hashes_.begin()) {
      --end;
      if (end->first != hash) break;
      if (accept(end->second)) return end->second;
    }
    return -1;
  }

 private:
  std::vector<std::pair<uint64_t, uint32_t>> hashes_;
};

std::vector<Value> Items(const Value& list, const io::KeyTable& keys) {
  std::vector<Value> items;
  items.reserve(ListSize(list));
  for (Walker w(list, keys); w.Next();) items.push_back(w.value());
  return items;
}

bool SetsEqual(const Value& a, const Value& b, const io::KeyTable& keys) {
  const std::vector<Value> left = Items(a, keys);
  const std::vector<Value> right = Items(b, keys);
  ElementIndex index(static_cast<uint32_t>(left.size()));
  for (uint32_t i = 0; i < left.size(); ++i) index.Add(HashValue(left[i]), i);
  index.Sort();
  const auto first_equal = [&](const Value& v) {
    int64_t lowest = -1;
    index.Find(HashValue(v), [&](uint32_t at) {
      if (ValuesEqual(left[at], v, keys)) lowest = at;
      return false;
    });
    return lowest;
  };
  std::vector<bool> seen(left.size(), false);
  for (const Value& v : right) {
    const int64_t at = first_equal(v);
    if (at < 0) return false;
    seen[static_cast<size_t>(at)] = true;
  }
  for (uint32_t i = 0; i < left.size(); ++i) {
    if (!seen[i] && first_equal(left[i]) == i) return false;
  }
  return true;
}

Value KeyField(const Value& element, std::string_view name, const io::KeyTable& keys) {
  Value found;
  if (IsMap(element.kind) && MapFind(element, Value::String(name), keys, found)) return found;
  return Value::Null();
}

uint64_t MapKeyHash(const Value& element, const ListObject& list, const io::KeyTable& keys) {
  uint64_t hash = 0;
  for (uint32_t i = 0; i < list.key_count; ++i) {
    hash = MixHash(hash * 31 + HashValue(KeyField(element, list.keys[i], keys)));
  }
  return hash;
}

bool SameMapKey(const Value& a, const Value& b, const ListObject& list, const io::KeyTable& keys) {
  for (uint32_t i = 0; i < list.key_count; ++i) {
    if (!ValuesEqual(KeyField(a, list.keys[i], keys), KeyField(b, list.keys[i], keys), keys)) {
      return false;
    }
  }
  return true;
}

bool MapListsEqual(const Value& a, const Value& b, const io::KeyTable& keys) {
  const ListObject& list = *a.list;
  const std::vector<Value> right = Items(b, keys);
  ElementIndex index(list.count);
  for (uint32_t i = 0; i < list.count; ++i) index.Add(MapKeyHash(list.items[i], list, keys), i);
  index.Sort();
  const auto find = [&](const Value& v) {
    return index.Find(MapKeyHash(v, list, keys),
                      [&](uint32_t at) { return SameMapKey(list.items[at], v, list, keys); });
  };
  std::vector<bool> seen(list.count, false);
  for (const Value& v : right) {
    const int64_t at = find(v);
    if (at < 0 || !ValuesEqual(list.items[at], v, keys)) return false;
    seen[static_cast<size_t>(at)] = true;
  }
  for (uint32_t i = 0; i < list.count; ++i) {
    if (!seen[i] && find(list.items[i]) == i) return false;
  }
  return true;
}

bool ListsEqual(const Value& a, const Value& b, const io::KeyTable& keys) {
  if (ListSize(a) != ListSize(b)) return false;
  if (a.kind == Kind::kList && a.list->list_type == ListType::kSet) return SetsEqual(a, b, keys);
  if (a.kind == Kind::kList && a.list->list_type == ListType::kMap) {
    return MapListsEqual(a, b, keys);
  }
  return ListsEqualInOrder(a, b, keys);
}

bool SmallMapsEqual(const Value& a, const Value& b, const io::KeyTable& keys) {
  for (Walker w(a, keys); w.Next();) {
    Value other;
    if (!MapFind(b, w.key(), keys, other) || !ValuesEqual(w.value(), other, keys)) return false;
  }
  return true;
}

// `b` has no hash index of its own: gather it once.
bool LargeMapsEqual(const Value& a, const Value& b, const io::KeyTable& keys) {
  std::vector<MapEntry> entries;
  entries.reserve(MapSize(b));
  ElementIndex index(MapSize(b));
  for (Walker w(b, keys); w.Next();) {
    index.Add(HashValue(w.key()), static_cast<uint32_t>(entries.size()));
    entries.push_back(MapEntry{w.key(), w.value()});
  }
  index.Sort();
  for (Walker w(a, keys); w.Next();) {
    const Value key = w.key();
    const int64_t at = index.Find(
        HashValue(key), [&](uint32_t i) { return ValuesEqual(entries[i].key, key, keys); });
    if (at < 0 || !ValuesEqual(w.value(), entries[static_cast<size_t>(at)].value, keys)) {
      return false;
    }
  }
  return true;
}

bool MapsEqual(const Value& a, const Value& b, const io::KeyTable& keys) {
  const uint32_t size = MapSize(a);
  if (size != MapSize(b)) return false;
  if (a.kind == Kind::kMap && b.kind == Kind::kMap && a.map == b.map) return true;
  const bool indexed = b.kind == Kind::kMap && b.map->slots != nullptr;
  if (size <= kLinearSearchMax || indexed) return SmallMapsEqual(a, b, keys);
  return LargeMapsEqual(a, b, keys);
}

bool OptionalsEqual(const OptionalObject& a, const OptionalObject& b, const io::KeyTable& keys) {
  if (a.has_value != b.has_value) return false;
  return !a.has_value || ValuesEqual(a.value, b.value, keys);
}

void IndexMap(Arena& arena, MapObject& map) {
  const uint32_t slot_count = std::bit_ceil(map.count * 2);
  uint32_t* slots = arena.NewArray<uint32_t>(slot_count);
  if (arena.exhausted()) return;
  map.slot_mask = slot_count - 1;
  for (uint32_t i = 0; i < map.count; ++i) {
    uint32_t at = static_cast<uint32_t>(HashValue(map.entries[i].key)) & map.slot_mask;
    while (slots[at] != 0) at = (at + 1) & map.slot_mask;
    slots[at] = i + 1;
  }
  map.slots = slots;
}

// Keys are scalars, so equality never needs the key table.
bool KeysEqual(const Value& a, const Value& b) {
  if (a.kind == Kind::kString && b.kind == Kind::kString) return a.str() == b.str();
  if (IsNumber(a.kind) && IsNumber(b.kind)) {
    return !IsNan(a) && !IsNan(b) && CompareNumbers(a, b) == 0;
  }
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return a.boolean == b.boolean;
    case Kind::kBytes:
    case Kind::kType:
      return a.str() == b.str();
    case Kind::kDuration:
    case Kind::kTimestamp:
      return CompareTimes(a, b) == 0;
    default:
      return false;
  }
}

void AppendText(std::string& out, const Value& value, const io::KeyTable& keys, int depth) {
  constexpr size_t kTextSizeMax = 1000;
  if (out.size() > kTextSizeMax || depth > 8) {
    out += "…";
    return;
  }
  switch (value.kind) {
    case Kind::kNull:
      out += "null";
      return;
    case Kind::kBool:
      out += value.boolean ? "true" : "false";
      return;
    case Kind::kInt:
      out += fmt::to_string(value.integer);
      return;
    case Kind::kUint:
      out += fmt::to_string(value.unsigned_integer);
      return;
    case Kind::kDouble:
      out += fmt::format("{}", value.number);
      return;
    case Kind::kDuration:
    case Kind::kTimestamp:
      out += fmt::format("{}s", value.integer);
      return;
    case Kind::kOptional:
      out += value.optional->has_value ? "optional(" : "optional.none()";
      if (!value.optional->has_value) return;
      AppendText(out, value.optional->value, keys, depth + 1);
      out += ')';
      return;
    case Kind::kOpaque:
      out += value.opaque->type->to_text(*value.opaque);
      return;
    case Kind::kError:
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
      out += value.str().substr(0, kTextSizeMax);
      return;
    case Kind::kList:
    case Kind::kTreeList:
    case Kind::kMap:
    case Kind::kTreeMap:
      break;
  }
  const bool is_map = IsMap(value.kind);
  out += is_map ? '{' : '[';
  bool first = true;
  for (Walker w(value, keys); w.Next() && out.size() <= kTextSizeMax;) {
    if (!first) out += ", ";
    first = false;
    if (is_map) {
      AppendText(out, w.key(), keys, depth + 1);
      out += ": ";
    }
    AppendText(out, w.value(), keys, depth + 1);
  }
  out += is_map ? '}' : ']';
}

bool HoldsContainers(const Value& list, const io::KeyTable& keys) {
  for (Walker w(list, keys); w.Next();) {
    const Kind kind = w.value().kind;
    if (IsList(kind) || IsMap(kind)) return true;
  }
  return false;
}

Value UnionOfSets(const Value& a, const Value& b, Arena& arena, const io::KeyTable& keys) {
  if (HoldsContainers(a, keys) || HoldsContainers(b, keys)) {
    return Value::Error("listSet operations are only supported on lists of scalar values");
  }
  std::vector<Value> items = Items(a, keys);
  const std::vector<Value> right = Items(b, keys);
  ElementIndex index(static_cast<uint32_t>(items.size()));
  for (uint32_t i = 0; i < items.size(); ++i) index.Add(HashValue(items[i]), i);
  index.Sort();
  ElementIndex added(static_cast<uint32_t>(right.size()));
  for (uint32_t i = 0; i < right.size(); ++i) added.Add(HashValue(right[i]), i);
  added.Sort();
  for (uint32_t i = 0; i < right.size(); ++i) {
    const uint64_t hash = HashValue(right[i]);
    const bool in_left =
        index.Find(hash, [&](uint32_t at) { return ValuesEqual(items[at], right[i], keys); }) >= 0;
    if (in_left) continue;
    bool earlier = false;
    added.Find(hash, [&](uint32_t at) {
      earlier = at < i && ValuesEqual(right[at], right[i], keys);
      return earlier;
    });
    if (!earlier) items.push_back(right[i]);
  }
  Value result = arena.NewList(items);
  const_cast<ListObject*>(result.list)->list_type = ListType::kSet;
  return result;
}

Value MergeMapLists(const Value& a, const Value& b, Arena& arena, const io::KeyTable& keys) {
  const ListObject& list = *a.list;
  std::vector<Value> items(list.items, list.items + list.count);
  ElementIndex index(list.count);
  for (uint32_t i = 0; i < list.count; ++i) index.Add(MapKeyHash(items[i], list, keys), i);
  index.Sort();
  for (Walker w(b, keys); w.Next();) {
    const Value v = w.value();
    const int64_t at = index.Find(MapKeyHash(v, list, keys), [&](uint32_t i) {
      return SameMapKey(list.items[i], v, list, keys);
    });
    if (at >= 0) {
      items[static_cast<size_t>(at)] = v;
    } else {
      items.push_back(v);
    }
  }
  Value result = arena.NewList(items);
  ListObject* merged = const_cast<ListObject*>(result.list);
  merged->list_type = ListType::kMap;
  merged->keys = list.keys;
  merged->key_count = list.key_count;
  return result;
}

}  // namespace

void* Arena::Allocate(size_t size, size_t alignment) {
  while (current_ < blocks_.size()) {
    const size_t start = (offset_ + alignment - 1) & ~(alignment - 1);
    if (start <= blocks_[current_].size && size <= blocks_[current_].size - start) {
      offset_ = start + size;
      used_ += size;
      if (used_ > static_cast<size_t>(limits::kEvaluationMemoryBytes)) exhausted_ = true;
      return blocks_[current_].bytes.get() + start;
    }
    ++current_;
    offset_ = 0;
  }
  size_t block_size = kFirstBlockSize;
  if (!blocks_.empty()) block_size = std::min(blocks_.back().size * 2, kBlockSizeMax);
  block_size = std::max(block_size, size + alignment);
  blocks_.push_back(Block{std::make_unique_for_overwrite<char[]>(block_size), block_size});
  current_ = blocks_.size() - 1;
  offset_ = 0;
  return Allocate(size, alignment);
}

std::string_view Arena::Copy(std::string_view text) {
  if (text.empty()) return {};
  char* copy = static_cast<char*>(Allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

Value Arena::NewList(std::span<const Value> items) {
  Value* copy = NewArray<Value>(items.size());
  std::copy(items.begin(), items.end(), copy);
  ListObject* list = New<ListObject>();
  list->items = copy;
  list->count = static_cast<uint32_t>(items.size());
  return Value::List(list);
}

Value Arena::NewMap(std::span<const MapEntry> entries) {
  MapEntry* copy = NewArray<MapEntry>(entries.size());
  std::copy(entries.begin(), entries.end(), copy);
  MapObject* map = New<MapObject>();
  map->entries = copy;
  map->count = static_cast<uint32_t>(entries.size());
  if (map->count > kLinearSearchMax) IndexMap(*this, *map);
  return Value::Map(map);
}

Value Arena::NewOptional(const Value* value_or_null) {
  OptionalObject* optional = New<OptionalObject>();
  if (value_or_null != nullptr) {
    optional->has_value = true;
    optional->value = *value_or_null;
  }
  return Value::Optional(optional);
}

void Arena::Reset() {
  // One large evaluation must not pin its memory for the rest of the run.
  constexpr size_t kKeepBlockCount = 6;
  if (blocks_.size() > kKeepBlockCount) blocks_.resize(kKeepBlockCount);
  current_ = 0;
  offset_ = 0;
  used_ = 0;
  exhausted_ = false;
}

bool ValuesEqual(const Value& a, const Value& b, const io::KeyTable& keys) {
  if (IsNumber(a.kind) && IsNumber(b.kind)) {
    return !IsNan(a) && !IsNan(b) && CompareNumbers(a, b) == 0;
  }
  if (IsList(a.kind)) return IsList(b.kind) && ListsEqual(a, b, keys);
  if (IsMap(a.kind)) return IsMap(b.kind) && MapsEqual(a, b, keys);
  if (a.kind != b.kind) return false;
  if (a.kind == Kind::kOptional) return OptionalsEqual(*a.optional, *b.optional, keys);
  if (a.kind == Kind::kOpaque) {
    return a.opaque->type == b.opaque->type && a.opaque->type->equals(*a.opaque, *b.opaque);
  }
  return KeysEqual(a, b);
}

uint64_t HashValue(const Value& value) {
  switch (value.kind) {
    case Kind::kBool:
      return value.boolean ? 0x9e3779b97f4a7c15ULL : 0x7f4a7c159e3779b9ULL;
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDouble:
      return HashNumber(value);
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
      return FastHash(value.str());
    case Kind::kDuration:
    case Kind::kTimestamp:
      return MixHash(static_cast<uint64_t>(value.integer) * 31 + value.extra);
    case Kind::kList:
    case Kind::kTreeList:
      return MixHash(0x11U + ListSize(value));
    case Kind::kMap:
    case Kind::kTreeMap:
      return MixHash(0x12345U + MapSize(value));
    case Kind::kNull:
    case Kind::kError:
    case Kind::kOptional:
    case Kind::kOpaque:
      break;
  }
  return static_cast<uint64_t>(value.kind);
}

bool CompareValues(const Value& a, const Value& b, int& order) {
  if (IsNumber(a.kind) && IsNumber(b.kind)) {
    order = CompareNumbers(a, b);
    return !IsNan(a) && !IsNan(b);
  }
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kBool:
      order = Sign(!a.boolean && b.boolean, a.boolean && !b.boolean);
      return true;
    case Kind::kString:
    case Kind::kBytes: {
      const int compared = a.str().compare(b.str());
      order = Sign(compared < 0, compared > 0);
      return true;
    }
    case Kind::kDuration:
    case Kind::kTimestamp:
      order = CompareTimes(a, b);
      return true;
    default:
      return false;
  }
}

Value ConcatLists(const Value& a, const Value& b, Arena& arena, const io::KeyTable& keys) {
  if (a.kind == Kind::kList && a.list->list_type == ListType::kSet) {
    return UnionOfSets(a, b, arena, keys);
  }
  if (a.kind == Kind::kList && a.list->list_type == ListType::kMap) {
    return MergeMapLists(a, b, arena, keys);
  }
  const size_t count = size_t{ListSize(a)} + ListSize(b);
  Value* items = arena.NewArray<Value>(count);
  size_t at = 0;
  for (Walker w(a, keys); w.Next();) items[at++] = w.value();
  for (Walker w(b, keys); w.Next();) items[at++] = w.value();
  ListObject* list = arena.New<ListObject>();
  list->items = items;
  list->count = static_cast<uint32_t>(count);
  return Value::List(list);
}

std::string ValueToText(const Value& value, const io::KeyTable& keys) {
  std::string out;
  AppendText(out, value, keys, 0);
  return out;
}

std::string_view TypeName(const Value& value) {
  switch (value.kind) {
    case Kind::kError:
      return "error";
    case Kind::kNull:
      return "null_type";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kUint:
      return "uint";
    case Kind::kDouble:
      return "double";
    case Kind::kString:
      return "string";
    case Kind::kBytes:
      return "bytes";
    case Kind::kDuration:
      return "google.protobuf.Duration";
    case Kind::kTimestamp:
      return "google.protobuf.Timestamp";
    case Kind::kList:
    case Kind::kTreeList:
      return "list";
    case Kind::kMap:
    case Kind::kTreeMap:
      return "map";
    case Kind::kType:
      return "type";
    case Kind::kOptional:
      return "optional_type";
    case Kind::kOpaque:
      return value.opaque->type->name;
  }
  return "error";
}

uint32_t ListSize(const Value& list) {
  if (list.kind == Kind::kList) return list.list->count;
  return list.kind == Kind::kTreeList ? list.tree->node(list.extra).count : 0;
}

Value ListAt(const Value& list, uint32_t index) {
  if (list.kind == Kind::kList) return list.list->items[index];
  uint32_t child = list.extra + 1;
  for (; index > 0; --index) child = list.tree->node(child).next;
  return Value::OfNode(*list.tree, child);
}

uint32_t MapSize(const Value& map) {
  if (map.kind == Kind::kMap) return map.map->count;
  return map.kind == Kind::kTreeMap ? map.tree->node(map.extra).count : 0;
}

bool MapFind(const Value& map, const Value& key, const io::KeyTable& keys, Value& found) {
  if (map.kind == Kind::kTreeMap) {
    if (key.kind != Kind::kString) return false;
    const io::KeyId id = keys.Find(key.str());
    if (id == io::kNoKey) return false;
    const uint32_t child = map.tree->Child(map.extra, id);
    if (child == io::kNoNode) return false;
    found = Value::OfNode(*map.tree, child);
    return true;
  }
  if (map.kind != Kind::kMap) return false;
  const MapObject& object = *map.map;
  if (object.slots != nullptr) {
    uint32_t at = static_cast<uint32_t>(HashValue(key)) & object.slot_mask;
    for (; object.slots[at] != 0; at = (at + 1) & object.slot_mask) {
      const MapEntry& entry = object.entries[object.slots[at] - 1];
      if (!KeysEqual(entry.key, key)) continue;
      found = entry.value;
      return true;
    }
    return false;
  }
  for (const MapEntry& entry : object.span()) {
    if (!KeysEqual(entry.key, key)) continue;
    found = entry.value;
    return true;
  }
  return false;
}

Walker::Walker(const Value& container, const io::KeyTable& keys)
    : container_(container), keys_(&keys) {
  if (container.kind == Kind::kTreeList || container.kind == Kind::kTreeMap) {
    at_ = container.extra + 1;
    end_ = container.tree->node(container.extra).next;
  } else if (container.kind == Kind::kList) {
    end_ = container.list->count;
  } else if (container.kind == Kind::kMap) {
    end_ = container.map->count;
  }
}

bool Walker::Next() {
  const bool in_tree = container_.kind == Kind::kTreeList || container_.kind == Kind::kTreeMap;
  if (started_) {
    at_ = in_tree ? container_.tree->node(at_).next : at_ + 1;
    ++index_;
  }
  started_ = true;
  if (in_tree) {
    while (at_ < end_ && (container_.tree->node(at_).flags & io::kNodeOverridden) != 0) {
      at_ = container_.tree->node(at_).next;
    }
  }
  return at_ < end_;
}

Value Walker::key() const {
  switch (container_.kind) {
    case Kind::kMap:
      return container_.map->entries[at_].key;
    case Kind::kTreeMap:
      return Value::String(keys_->Text(container_.tree->node(at_).key));
    default:
      return Value::Int(index_);
  }
}

Value Walker::value() const {
  switch (container_.kind) {
    case Kind::kMap:
      return container_.map->entries[at_].value;
    case Kind::kList:
      return container_.list->items[at_];
    case Kind::kTreeMap:
    case Kind::kTreeList:
      return Value::OfNode(*container_.tree, at_);
    default:
      return Value::Null();
  }
}

}  // namespace ouro::rules
