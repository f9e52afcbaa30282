// Exact decimal numbers of any size: what Kubernetes' quantities fall back to (inf.Dec in Go).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::rules::functions {

// Most digits a number may have; operations that would need more fail.
inline constexpr int64_t kDecimalDigitCount = 20'000;

// value = ±digits × 10^-scale.
struct Decimal {
  bool negative = false;
  std::string digits = "0";  // no leading zeros
  int32_t scale = 0;

  static Decimal OfInt(int64_t value, int32_t scale);
  bool IsZero() const { return digits == "0"; }
  int Sign() const { return IsZero() ? 0 : (negative ? -1 : 1); }
};

// "[+-]digits[.digits]"; nullopt when there is no digit.
std::optional<Decimal> ParseDecimal(std::string_view text);
// -1, 0, 1. Never fails: nothing is scaled.
int CompareDecimals(const Decimal& a, const Decimal& b);
// nullopt when the result has too many digits.
std::optional<Decimal> AddDecimals(const Decimal& a, const Decimal& b);
// The number with exactly `scale` places, rounded away from zero.
std::optional<Decimal> RoundDecimalUp(const Decimal& value, int32_t scale);
std::optional<Decimal> MultiplyDecimal(const Decimal& value, uint64_t factor);
// Takes trailing factors of ten (base 10) or of 1024 (base 1024) off the digits; returns how many.
int32_t RemoveFactors(std::string& digits, uint32_t base);

}  // namespace ouro::rules::functions
