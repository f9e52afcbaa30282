// Runtime costs of function calls, in the API server's units. Figures: cel-go
// interpreter/runtimecost.go and ext/, k8s.io/apiserver pkg/cel/library/cost.go (1.37). Products
// and roundings are done in double, in the same order as there: 30 × 0.1 is a little more than 3.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "rules/value.h"

namespace ouro::rules::functions {

inline constexpr double kStringFactor = 0.1;    // cost of one character that is walked over
inline constexpr double kPatternFactor = 0.25;  // guess: one state per four characters of a pattern
inline constexpr uint64_t kListBaseCost = 10;   // making a list

// Characters of a string, bytes of bytes, entries of lists and maps, the type's own figure for
// opaque values, the content's for optional values, 1 for everything else.
uint64_t CostSize(const Value& value);

// Walk over a value and all it contains: whole tenths of the bytes of strings, 1 for other scalars.
uint64_t TraversalCost(const Value& value, const io::KeyTable& keys);

uint64_t SaturatingAdd(uint64_t a, uint64_t b);
uint64_t SaturatingMultiply(uint64_t a, uint64_t b);

inline uint64_t ScaledCost(double size, double factor) {
  return static_cast<uint64_t>(std::ceil(size * factor));
}
inline uint64_t StringCost(const Value& value) {
  return ScaledCost(static_cast<double>(CostSize(value)), kStringFactor);
}

// Cost functions for overload tables.
uint64_t NoCost(std::span<const Value> args, const Value& result, const io::KeyTable& keys);
// One walk over the first argument, or over the second.
uint64_t FirstStringCost(std::span<const Value> args, const Value& result,
                         const io::KeyTable& keys);
uint64_t SecondStringCost(std::span<const Value> args, const Value& result,
                          const io::KeyTable& keys);
// Two walks: over the first argument, or over the result.
uint64_t TwiceFirstStringCost(std::span<const Value> args, const Value& result,
                              const io::KeyTable& keys);
uint64_t TwiceResultCost(std::span<const Value> args, const Value& result,
                         const io::KeyTable& keys);
// Deep walk over the first argument.
uint64_t FirstTraversalCost(std::span<const Value> args, const Value& result,
                            const io::KeyTable& keys);
// A pattern (second argument) over a text (first argument).
uint64_t PatternCost(std::span<const Value> args, const Value& result, const io::KeyTable& keys);
// A substring (second argument) in a text (first argument).
uint64_t ContainsCost(std::span<const Value> args, const Value& result, const io::KeyTable& keys);

}  // namespace ouro::rules::functions
