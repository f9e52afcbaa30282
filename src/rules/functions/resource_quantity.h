// Kubernetes' resource quantities: "1.5Gi", "100m", "1e3" (k8s.io/apimachinery api/resource).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "rules/functions/decimal.h"

namespace ouro::rules::functions {

enum class QuantityFormat : uint8_t { kDecimalExponent, kBinarySi, kDecimalSi };

// Small quantities are value × 10^scale in machine integers; what does not fit is a Decimal. Which
// of the two it is can be seen: only small ones convert to integers.
struct ResourceQuantity {
  bool small = true;
  int64_t value = 0;
  int32_t scale = 0;
  Decimal decimal;  // when not small
  QuantityFormat format = QuantityFormat::kDecimalSi;
  std::string text;  // as written, where that is already canonical; else empty

  bool IsZero() const { return Sign() == 0; }
  int Sign() const;
  Decimal ToDecimal() const;
  // A whole number that fits int64 and was kept small; nullopt otherwise.
  std::optional<int64_t> ToInt() const;
  double ToDouble() const;
  std::string ToText() const;  // canonical
};

// kInvalid with the reason; kLimit when the number has too many digits.
Result<ResourceQuantity> ParseQuantity(std::string_view text);
ResourceQuantity QuantityOfInt(int64_t value);
int CompareQuantities(const ResourceQuantity& a, const ResourceQuantity& b);
// a + b, or a - b; keeps the format of `a` unless `a` is zero. nullopt: too many digits.
std::optional<ResourceQuantity> AddQuantities(const ResourceQuantity& a, const ResourceQuantity& b);
std::optional<ResourceQuantity> SubtractQuantities(const ResourceQuantity& a,
                                                   const ResourceQuantity& b);

}  // namespace ouro::rules::functions
