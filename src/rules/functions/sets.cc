// CEL's sets extension (cel-go ext/sets.go): lists seen as sets.
#include <algorithm>
#include <array>
#include <unordered_map>
#include <vector>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"

namespace ouro::rules::functions {

namespace {

// Membership in a list by hash, so that large lists do not cost the product of their sizes.
class Members {
 public:
  Members(const Value& list, const io::KeyTable& keys) : keys_(keys) {
    Walker walker(list, keys);
    while (walker.Next()) by_hash_.emplace(HashValue(walker.value()), walker.value());
  }
  bool Contains(const Value& value) const {
    const auto [first, last] = by_hash_.equal_range(HashValue(value));
    return std::any_of(first, last,
                       [&](const auto& entry) { return ValuesEqual(entry.second, value, keys_); });
  }

 private:
  const io::KeyTable& keys_;
  std::unordered_multimap<uint64_t, Value> by_hash_;
};

bool ContainsAll(const Value& list, const Value& part, const io::KeyTable& keys) {
  const Members members(list, keys);
  Walker walker(part, keys);
  while (walker.Next()) {
    if (!members.Contains(walker.value())) return false;
  }
  return true;
}

Value Contains(CallContext& context, std::span<const Value> args) {
  return Value::Bool(ContainsAll(args[0], args[1], context.keys));
}

Value Equivalent(CallContext& context, std::span<const Value> args) {
  return Value::Bool(ContainsAll(args[0], args[1], context.keys) &&
                     ContainsAll(args[1], args[0], context.keys));
}

Value Intersects(CallContext& context, std::span<const Value> args) {
  const Members members(args[1], context.keys);
  Walker walker(args[0], context.keys);
  while (walker.Next()) {
    if (members.Contains(walker.value())) return Value::Bool(true);
  }
  return Value::Bool(false);
}

template <int kFactor>
uint64_t ProductCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  const uint64_t product = CostSize(args[0]) * CostSize(args[1]);
  return SaturatingAdd(1, static_cast<uint64_t>(static_cast<double>(product) * kFactor));
}

constexpr std::array kOverloads = {
    Overload{"sets.contains", "list_sets_contains_list", false, "list(T), list(T)", "bool",
             Contains, ProductCost<1>},
    Overload{"sets.equivalent", "list_sets_equivalent_list", false, "list(T), list(T)", "bool",
             Equivalent, ProductCost<2>},
    Overload{"sets.intersects", "list_sets_intersects_list", false, "list(T), list(T)", "bool",
             Intersects, ProductCost<1>},
};

}  // namespace

const Library kSetLibrary = {"sets", "lists seen as sets", 29, kOverloads};

}  // namespace ouro::rules::functions
