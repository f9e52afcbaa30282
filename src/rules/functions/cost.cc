#include "rules/functions/cost.h"

#include <limits>

#include "rules/functions/runes.h"

namespace ouro::rules::functions {

uint64_t CostSize(const Value& value) {
  switch (value.kind) {
    case Kind::kString:
      return static_cast<uint64_t>(RuneCount(value.str()));
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
    case Kind::kOpaque: {
      const OpaqueType* type = value.opaque->type;
      return type->cost_size == nullptr ? 1 : type->cost_size(*value.opaque);
    }
    default:
      return 1;
  }
}

uint64_t TraversalCost(const Value& value, const io::KeyTable& keys) {
  switch (value.kind) {
    case Kind::kString:
    case Kind::kBytes:
      return static_cast<uint64_t>(static_cast<double>(value.extra) * kStringFactor);
    case Kind::kList:
    case Kind::kTreeList: {
      uint64_t cost = 0;
      Walker walker(value, keys);
      while (walker.Next()) cost = SaturatingAdd(cost, TraversalCost(walker.value(), keys));
      return cost;
    }
    case Kind::kMap:
    case Kind::kTreeMap: {
      uint64_t cost = 0;
      Walker walker(value, keys);
      while (walker.Next()) {
        cost = SaturatingAdd(cost, TraversalCost(walker.key(), keys));
        cost = SaturatingAdd(cost, TraversalCost(walker.value(), keys));
      }
      return cost;
    }
    default:
      return 1;
  }
}

uint64_t SaturatingAdd(uint64_t a, uint64_t b) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  return a > kMax - b ? kMax : a + b;
}

uint64_t SaturatingMultiply(uint64_t a, uint64_t b) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  return b != 0 && a > kMax / b ? kMax : a * b;
}

uint64_t NoCost(std::span<const Value>, const Value&, const io::KeyTable&) {
  return 0;
}

uint64_t FirstStringCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  return StringCost(args[0]);
}

uint64_t SecondStringCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  return StringCost(args[1]);
}

uint64_t TwiceFirstStringCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  return ScaledCost(static_cast<double>(CostSize(args[0])) * 2, kStringFactor);
}

uint64_t TwiceResultCost(std::span<const Value>, const Value& result, const io::KeyTable&) {
  return ScaledCost(static_cast<double>(CostSize(result)) * 2, kStringFactor);
}

uint64_t FirstTraversalCost(std::span<const Value> args, const Value&, const io::KeyTable& keys) {
  return TraversalCost(args[0], keys);
}

uint64_t PatternCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  // One is added to the text so that an empty text does not make an expensive pattern free.
  const double text = 1.0 + static_cast<double>(CostSize(args[0]));
  return ScaledCost(text, kStringFactor) *
         ScaledCost(static_cast<double>(CostSize(args[1])), kPatternFactor);
}

uint64_t ContainsCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  return StringCost(args[0]) * StringCost(args[1]);
}

}  // namespace ouro::rules::functions
