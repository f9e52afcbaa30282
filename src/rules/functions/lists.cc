// CEL's lists extension, version 3 (cel-go ext/lists.go). sortBy is a macro of the parser that
// calls
// @sortByAssociatedKeys with the list and the keys.
#include <algorithm>
#include <array>
#include <numeric>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"

namespace ouro::rules::functions {

namespace {

constexpr int64_t kRangeSizeMax = 1'000'000;
constexpr int64_t kFlattenDepthMax = 1'000;  // documents are not nested deeper

bool IsList(const Value& value) {
  return value.kind == Kind::kList || value.kind == Kind::kTreeList;
}

std::vector<Value> ItemsOf(const Value& list, const io::KeyTable& keys) {
  std::vector<Value> items;
  items.reserve(ListSize(list));
  Walker walker(list, keys);
  while (walker.Next()) items.push_back(walker.value());
  return items;
}

Value Slice(CallContext& context, std::span<const Value> args) {
  const int64_t start = args[1].integer;
  const int64_t end = args[2].integer;
  const std::string call = fmt::format("cannot slice({}, {}), ", start, end);
  if (start < 0 || end < 0) {
    return context.arena.NewError(call + "negative indexes not supported");
  }
  if (start > end) {
    return context.arena.NewError(call + "start index must be less than or equal to end index");
  }
  const int64_t size = ListSize(args[0]);
  if (size < end) return context.arena.NewError(fmt::format("{}list is length {}", call, size));
  std::vector<Value> items;
  Walker walker(args[0], context.keys);
  for (int64_t i = 0; i < end && walker.Next(); ++i) {
    if (i >= start) items.push_back(walker.value());
  }
  return context.arena.NewList(items);
}

void FlattenInto(const Value& list, int64_t depth, const io::KeyTable& keys,
                 std::vector<Value>& items) {
  Walker walker(list, keys);
  while (walker.Next()) {
    const Value item = walker.value();
    if (depth > 0 && IsList(item)) {
      FlattenInto(item, depth - 1, keys, items);
    } else {
      items.push_back(item);
    }
  }
}

Value Flatten(CallContext& context, std::span<const Value> args) {
  const int64_t depth = args.size() > 1 ? args[1].integer : 1;
  if (depth < 0) return Value::Error("level must be non-negative");
  std::vector<Value> items;
  FlattenInto(args[0], std::min(depth, kFlattenDepthMax), context.keys, items);
  return context.arena.NewList(items);
}

// The items of `list` in the order of `keys`; equal keys keep their order.
Value SortByKeys(CallContext& context, const Value& list, const Value& key_list) {
  const std::vector<Value> items = ItemsOf(list, context.keys);
  const std::vector<Value> keys = ItemsOf(key_list, context.keys);
  if (items.size() != keys.size()) {
    return context.arena.NewError(fmt::format(
        "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but "
        "got {} and {} elements respectively",
        items.size(), keys.size()));
  }
  if (items.empty()) return list;
  int order = 0;
  if (!CompareValues(keys[0], keys[0], order) && keys[0].kind != Kind::kDouble) {
    return Value::Error("list elements must be comparable");
  }
  for (const Value& key : keys) {
    if (key.kind != keys[0].kind) return Value::Error("list elements must have the same type");
  }
  std::vector<uint32_t> positions(items.size());
  std::iota(positions.begin(), positions.end(), 0U);
  // NaN has no order; it is put last so that the order is a strict weak one.
  const auto is_nan = [](const Value& v) {
    return v.kind == Kind::kDouble && v.number != v.number;
  };
  std::sort(positions.begin(), positions.end(), [&](uint32_t a, uint32_t b) {
    if (is_nan(keys[a]) != is_nan(keys[b])) return is_nan(keys[b]);
    int compared = 0;
    if (CompareValues(keys[a], keys[b], compared) && compared != 0) return compared < 0;
    return a < b;
  });
  std::vector<Value> sorted;
  sorted.reserve(items.size());
  for (const uint32_t position : positions) sorted.push_back(items[position]);
  return context.arena.NewList(sorted);
}

Value Sort(CallContext& context, std::span<const Value> args) {
  return SortByKeys(context, args[0], args[0]);
}
Value SortBy(CallContext& context, std::span<const Value> args) {
  return SortByKeys(context, args[0], args[1]);
}

Value Range(CallContext& context, std::span<const Value> args) {
  const int64_t size = args[0].integer;
  if (size < 0) {
    return context.arena.NewError(
        fmt::format("lists.range: size must be non-negative, got {}", size));
  }
  if (size > kRangeSizeMax) {
    return context.arena.NewError(
        fmt::format("lists.range: size {} exceeds maximum allowed ({})", size, kRangeSizeMax));
  }
  std::vector<Value> items(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) items[static_cast<size_t>(i)] = Value::Int(i);
  return context.arena.NewList(items);
}

Value Reverse(CallContext& context, std::span<const Value> args) {
  std::vector<Value> items = ItemsOf(args[0], context.keys);
  std::reverse(items.begin(), items.end());
  return context.arena.NewList(items);
}

Value Distinct(CallContext& context, std::span<const Value> args) {
  std::vector<Value> unique;
  std::unordered_multimap<uint64_t, Value> seen;
  Walker walker(args[0], context.keys);
  while (walker.Next()) {
    const Value item = walker.value();
    const uint64_t hash = HashValue(item);
    const auto [first, last] = seen.equal_range(hash);
    if (std::any_of(first, last, [&](const auto& entry) {
          return ValuesEqual(entry.second, item, context.keys);
        })) {
      continue;
    }
    seen.emplace(hash, item);
    unique.push_back(item);
  }
  return context.arena.NewList(unique);
}

// One call, one list, and `size` times `factor`.
uint64_t ListCost(double factor, uint64_t size) {
  const double scaled = static_cast<double>(size) * (factor < 0 ? 1.0 : factor);
  constexpr double kMax = 18446744073709551615.0;
  const uint64_t work = scaled >= kMax ? UINT64_MAX : static_cast<uint64_t>(scaled);
  return SaturatingAdd(SaturatingAdd(work, 1), kListBaseCost);
}

uint64_t ResultSizeCost(std::span<const Value>, const Value& result, const io::KeyTable&) {
  return ListCost(1, CostSize(result));
}

uint64_t FlattenCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  const double depth = args.size() > 1 ? static_cast<double>(args[1].integer) : 1;
  return ListCost(depth, CostSize(args[0]));
}

// Every item compared with every other; texts cost a little more.
uint64_t SelfCompareCost(const Value& list) {
  const uint64_t size = CostSize(list);
  double factor = 2;
  if (size > 0 && IsList(list)) {
    const Kind kind = ListAt(list, 0).kind;
    if (kind == Kind::kString || kind == Kind::kBytes) factor += kStringFactor;
  }
  return ListCost(factor, SaturatingMultiply(size, size));
}
uint64_t SortCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  return SelfCompareCost(args[0]);
}
uint64_t SortByCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  return SelfCompareCost(args[1]);
}

constexpr std::string_view kTimes = "list(google.protobuf.Timestamp)";
constexpr std::string_view kDurations = "list(google.protobuf.Duration)";

constexpr std::array kOverloads = {
    Overload{"@sortByAssociatedKeys", "list_bool_sortByAssociatedKeys", true, "list(T), list(bool)",
             "list(T)", SortBy, SortByCost},
    Overload{"@sortByAssociatedKeys", "list_bytes_sortByAssociatedKeys", true,
             "list(T), list(bytes)", "list(T)", SortBy, SortByCost},
    Overload{"@sortByAssociatedKeys", "list_double_sortByAssociatedKeys", true,
             "list(T), list(double)", "list(T)", SortBy, SortByCost},
    Overload{"@sortByAssociatedKeys", "list_google.protobuf.Duration_sortByAssociatedKeys", true,
             "list(T), list(google.protobuf.Duration)", "list(T)", SortBy, SortByCost},
    Overload{"@sortByAssociatedKeys", "list_google.protobuf.Timestamp_sortByAssociatedKeys", true,
             "list(T), list(google.protobuf.Timestamp)", "list(T)", SortBy, SortByCost},
    Overload{"@sortByAssociatedKeys", "list_int_sortByAssociatedKeys", true, "list(T), list(int)",
             "list(T)", SortBy, SortByCost},
    Overload{"@sortByAssociatedKeys", "list_string_sortByAssociatedKeys", true,
             "list(T), list(string)", "list(T)", SortBy, SortByCost},
    Overload{"@sortByAssociatedKeys", "list_uint_sortByAssociatedKeys", true, "list(T), list(uint)",
             "list(T)", SortBy, SortByCost},
    Overload{"distinct", "list_distinct", true, "list(T)", "list(T)", Distinct, SortCost},
    Overload{"flatten", "list_flatten", true, "list(list(T))", "list(T)", Flatten, FlattenCost},
    Overload{"flatten", "list_flatten_int", true, "list(dyn), int", "list(dyn)", Flatten,
             FlattenCost},
    Overload{"lists.range", "lists_range", false, "int", "list(int)", Range, ResultSizeCost},
    Overload{"reverse", "list_reverse", true, "list(T)", "list(T)", Reverse, ResultSizeCost},
    Overload{"slice", "list_slice", true, "list(T), int, int", "list(T)", Slice, ResultSizeCost},
    Overload{"sort", "list_bool_sort", true, "list(bool)", "list(bool)", Sort, SortCost},
    Overload{"sort", "list_bytes_sort", true, "list(bytes)", "list(bytes)", Sort, SortCost},
    Overload{"sort", "list_double_sort", true, "list(double)", "list(double)", Sort, SortCost},
    Overload{"sort", "list_google.protobuf.Duration_sort", true, kDurations, kDurations, Sort,
             SortCost},
    Overload{"sort", "list_google.protobuf.Timestamp_sort", true, kTimes, kTimes, Sort, SortCost},
    Overload{"sort", "list_int_sort", true, "list(int)", "list(int)", Sort, SortCost},
    Overload{"sort", "list_string_sort", true, "list(string)", "list(string)", Sort, SortCost},
    Overload{"sort", "list_uint_sort", true, "list(uint)", "list(uint)", Sort, SortCost},
};

}  // namespace

const Library kListLibrary = {"lists", "lists: slices, sorting, flattening", 34, kOverloads};

}  // namespace ouro::rules::functions
