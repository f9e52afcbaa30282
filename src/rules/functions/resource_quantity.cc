#include "rules/functions/resource_quantity.h"

#include <cmath>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "rules/functions/number_text.h"

namespace ouro::rules::functions {

namespace {

constexpr int32_t kNano = -9;
constexpr int kSmallDigitCount = 18;  // digits that surely fit an int64
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

struct Suffix {
  std::string_view text;
  int32_t base;
  int32_t exponent;
  QuantityFormat format;
};
constexpr Suffix kSuffixes[] = {
    {"", 10, 0, QuantityFormat::kDecimalSi},   {"n", 10, -9, QuantityFormat::kDecimalSi},
    {"u", 10, -6, QuantityFormat::kDecimalSi}, {"m", 10, -3, QuantityFormat::kDecimalSi},
    {"k", 10, 3, QuantityFormat::kDecimalSi},  {"M", 10, 6, QuantityFormat::kDecimalSi},
    {"G", 10, 9, QuantityFormat::kDecimalSi},  {"T", 10, 12, QuantityFormat::kDecimalSi},
    {"P", 10, 15, QuantityFormat::kDecimalSi}, {"E", 10, 18, QuantityFormat::kDecimalSi},
    {"Ki", 2, 10, QuantityFormat::kBinarySi},  {"Mi", 2, 20, QuantityFormat::kBinarySi},
    {"Gi", 2, 30, QuantityFormat::kBinarySi},  {"Ti", 2, 40, QuantityFormat::kBinarySi},
    {"Pi", 2, 50, QuantityFormat::kBinarySi},  {"Ei", 2, 60, QuantityFormat::kBinarySi},
};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<Suffix> FindSuffix(std::string_view text) {
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.text == text) return suffix;
  }
  if (text.size() > 1 && (text[0] == 'e' || text[0] == 'E')) {
    const auto exponent = ParseInt(text.substr(1));
    if (!exponent) return std::nullopt;
    // The exponent is cut to 32 bits, as Kubernetes does.
    return Suffix{text, 10, static_cast<int32_t>(static_cast<uint32_t>(*exponent)),
                  QuantityFormat::kDecimalExponent};
  }
  return std::nullopt;
}

// A constructed suffix; unknown exponents have none, and the number is then printed without.
std::string SuffixText(int32_t base, int32_t exponent, QuantityFormat format) {
  if (format == QuantityFormat::kDecimalExponent) {
    return exponent == 0 ? "" : fmt::format("e{}", exponent);
  }
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.base == base && suffix.exponent == exponent && suffix.format == format) {
      return std::string(suffix.text);
    }
  }
  return "";
}

// The pieces of a quantity as written.
struct Pieces {
  bool positive = true;
  std::string_view value;  // sign and number
  std::string_view whole;  // digits before the point, without leading zeros; "0" if none
  std::string_view fraction;
  std::string_view suffix;
};

std::optional<Pieces> Split(std::string_view text) {
  Pieces pieces;
  size_t at = 0;
  if (text[0] == '-' || text[0] == '+') {
    pieces.positive = text[0] == '+';
    at = 1;
  }
  while (at < text.size() && text[at] == '0') ++at;
  const size_t whole = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  pieces.whole = at > whole ? text.substr(whole, at - whole) : std::string_view("0");
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = ++at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    pieces.fraction = text.substr(fraction, at - fraction);
  }
  pieces.value = text.substr(0, at);
  pieces.suffix = text.substr(at);
  // Letters of suffixes, then optionally a sign and digits.
  while (at < text.size() &&
         std::string_view("eEinumkKMGTP").find(text[at]) != std::string_view::npos) {
    ++at;
  }
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  if (at < text.size()) return std::nullopt;
  return pieces;
}

bool Multiply(int64_t a, int64_t b, int64_t& product) {
  if (a != 0 && b != 0 && a != 1 && b != 1 && (a == kMin || b == kMin)) return false;
  return !__builtin_mul_overflow(a, b, &product);
}

// value × 10^places without overflow.
bool ScaleUp(int64_t value, int64_t places, int64_t& result) {
  result = value;
  if (value == 0) return true;
  for (int64_t i = 0; i < places; ++i) {
    if (result == kMin || __builtin_mul_overflow(result, int64_t{10}, &result)) return false;
  }
  return true;
}

// The usual case: few digits, a machine integer. nullopt when it does not apply.
std::optional<ResourceQuantity> ParseSmall(std::string_view text, const Pieces& pieces,
                                           const Suffix& suffix) {
  const auto whole_size = static_cast<int32_t>(pieces.whole.size());
  const auto fraction_size = static_cast<int32_t>(pieces.fraction.size());
  int64_t scale = 0;
  int64_t mantissa = 1;
  if (suffix.format == QuantityFormat::kBinarySi) {
    if (fraction_size > 0) return std::nullopt;
    mantissa = int64_t{1} << suffix.exponent;
    if (15 - whole_size - suffix.exponent * 3 / 10 - 1 < 0) return std::nullopt;
  } else {
    scale = suffix.exponent;
    if (kSmallDigitCount - (whole_size + fraction_size) < 0) return std::nullopt;
  }
  scale -= fraction_size;
  if (scale < kNano) return std::nullopt;
  const std::string digits = std::string(pieces.whole) + std::string(pieces.fraction);
  const auto value = ParseInt(digits);
  ResourceQuantity quantity;
  if (!value || !Multiply(*value, mantissa, quantity.value)) return std::nullopt;
  if (!pieces.positive) quantity.value = -quantity.value;
  quantity.scale = static_cast<int32_t>(scale);
  quantity.format = suffix.format;
  const bool canonical = suffix.format == QuantityFormat::kBinarySi
                             ? suffix.exponent % 10 == 0 && (*value & 7) != 0
                             : scale % 3 == 0 && !EndsWith(digits, "000") && digits[0] != '0';
  if (canonical) quantity.text = text;
  return quantity;
}

const Decimal kOne = Decimal::OfInt(1, 0);

Result<ResourceQuantity> ParseLarge(const Pieces& pieces, const Suffix& suffix) {
  const auto too_long = [] { return Fail(ErrorCode::kLimit, "the quantity has too many digits"); };
  auto parsed = ParseDecimal(pieces.value);
  if (!parsed) return Fail(ErrorCode::kInvalid, "unable to parse numeric part of quantity");
  Decimal amount = std::move(*parsed);
  if (suffix.base == 10) {
    amount.scale = static_cast<int32_t>(static_cast<uint32_t>(amount.scale) -
                                        static_cast<uint32_t>(suffix.exponent));
  } else {
    auto product = MultiplyDecimal(amount, uint64_t{1} << suffix.exponent);
    if (!product) return too_long();
    amount = std::move(*product);
  }
  const bool negative = amount.Sign() < 0;
  amount.negative = false;
  if (!amount.IsZero()) {
    // Nothing is smaller than a billionth: whoever asks for something gets something.
    auto rounded = RoundDecimalUp(amount, -kNano);
    if (!rounded) return too_long();
    amount = std::move(*rounded);
  }
  ResourceQuantity quantity;
  quantity.small = false;
  quantity.format = suffix.format;
  const Decimal most = Decimal::OfInt(std::numeric_limits<int64_t>::max(), 0);
  if (suffix.format == QuantityFormat::kBinarySi) {
    if (CompareDecimals(amount, most) > 0) amount = most;
    if (CompareDecimals(amount, kOne) < 0 && amount.Sign() > 0) {
      quantity.format = QuantityFormat::kDecimalSi;
    }
  }
  amount.negative = negative;
  quantity.decimal = std::move(amount);
  return quantity;
}

// Go's math.Pow10: a table of exact powers, combined once.
double PowerOfTen(int64_t exponent) {
  static constexpr double kUnits[] = {1e00, 1e01, 1e02, 1e03, 1e04, 1e05, 1e06, 1e07,
                                      1e08, 1e09, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23,
                                      1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31};
  static constexpr double kUp[] = {1e00,  1e32,  1e64,  1e96,  1e128,
                                   1e160, 1e192, 1e224, 1e256, 1e288};
  static constexpr double kDown[] = {1e-00,  1e-32,  1e-64,  1e-96,  1e-128, 1e-160,
                                     1e-192, 1e-224, 1e-256, 1e-288, 1e-320};
  if (exponent > 308) return HUGE_VAL;
  if (exponent < -323) return 0;
  const auto size = static_cast<size_t>(exponent < 0 ? -exponent : exponent);
  return exponent < 0 ? kDown[size / 32] / kUnits[size % 32] : kUp[size / 32] * kUnits[size % 32];
}

std::string SignedText(bool negative, const std::string& digits) {
  return negative && digits != "0" ? "-" + digits : digits;
}

// Digits and exponent, the exponent a multiple of three.
std::string DecimalText(const Decimal& decimal, QuantityFormat format) {
  std::string digits = decimal.digits;
  int64_t exponent = -static_cast<int64_t>(decimal.scale);
  exponent += RemoveFactors(digits, 10);
  while (exponent % 3 != 0) {
    digits += '0';
    --exponent;
  }
  return SignedText(decimal.negative, digits) +
         SuffixText(10, static_cast<int32_t>(exponent), format);
}

std::string BinaryText(const Decimal& whole) {
  std::string digits = whole.digits;
  const int32_t times = RemoveFactors(digits, 1024);
  return SignedText(whole.negative, digits) + SuffixText(2, times * 10, QuantityFormat::kBinarySi);
}

// a + b of small quantities, on the finer of their scales; false on overflow.
bool AddSmall(ResourceQuantity& a, int64_t value, int32_t scale) {
  if (value == 0) return true;
  if (a.value == 0) {
    a.value = value;
    a.scale = scale;
    return true;
  }
  const int32_t finest = std::min(a.scale, scale);
  int64_t left = 0;
  int64_t right = 0;
  int64_t sum = 0;
  if (!ScaleUp(a.value, static_cast<int64_t>(a.scale) - finest, left) ||
      !ScaleUp(value, static_cast<int64_t>(scale) - finest, right) ||
      __builtin_add_overflow(left, right, &sum)) {
    return false;
  }
  a.value = sum;
  a.scale = finest;
  return true;
}

std::optional<ResourceQuantity> AddLarge(ResourceQuantity a, Decimal b) {
  auto sum = AddDecimals(a.ToDecimal(), b);
  if (!sum) return std::nullopt;
  a.small = false;
  a.decimal = std::move(*sum);
  a.text.clear();
  return a;
}

}  // namespace

int ResourceQuantity::Sign() const {
  if (!small) return decimal.Sign();
  return value < 0 ? -1 : (value > 0 ? 1 : 0);
}

Decimal ResourceQuantity::ToDecimal() const {
  return small ? Decimal::OfInt(value, -scale) : decimal;
}

std::optional<int64_t> ResourceQuantity::ToInt() const {
  if (!small || scale < 0) return std::nullopt;
  int64_t result = 0;
  if (!ScaleUp(value, scale, result)) return std::nullopt;
  return result;
}

double ResourceQuantity::ToDouble() const {
  const double base =
      small ? static_cast<double>(value)
            : std::strtod(SignedText(decimal.negative, decimal.digits).c_str(), nullptr);
  const int64_t exponent = small ? scale : -static_cast<int64_t>(decimal.scale);
  return exponent == 0 ? base : base * PowerOfTen(exponent);
}

std::string ResourceQuantity::ToText() const {
  if (!text.empty()) return text;
  if (IsZero()) return "0";
  const Decimal exact = ToDecimal();
  QuantityFormat shown = format;
  if (shown == QuantityFormat::kBinarySi) {
    const auto whole = RoundDecimalUp(exact, 0);
    const bool tiny = CompareDecimals(exact, Decimal::OfInt(-1024, 0)) > 0 &&
                      CompareDecimals(exact, Decimal::OfInt(1024, 0)) < 0;
    if (!tiny && whole && CompareDecimals(*whole, exact) == 0) return BinaryText(*whole);
    shown = QuantityFormat::kDecimalSi;  // binary suffixes would round
  }
  return DecimalText(exact, shown);
}

Result<ResourceQuantity> ParseQuantity(std::string_view text) {
  constexpr std::string_view kWrongFormat =
      "quantities are a number with an optional suffix (n, u, m, k, M, G, T, P, E, Ki … Ei) or "
      "exponent";
  if (text.empty()) return Fail(ErrorCode::kInvalid, std::string(kWrongFormat));
  const auto pieces = Split(text);
  if (!pieces) return Fail(ErrorCode::kInvalid, std::string(kWrongFormat));
  const auto suffix = FindSuffix(pieces->suffix);
  if (!suffix) return Fail(ErrorCode::kInvalid, "unable to parse quantity's suffix");
  if (auto small = ParseSmall(text, *pieces, *suffix)) return std::move(*small);
  return ParseLarge(*pieces, *suffix);
}

ResourceQuantity QuantityOfInt(int64_t value) {
  ResourceQuantity quantity;
  quantity.value = value;
  quantity.format = QuantityFormat::kDecimalExponent;
  return quantity;
}

int CompareQuantities(const ResourceQuantity& a, const ResourceQuantity& b) {
  if (a.small && b.small && a.scale == b.scale) {
    return a.value < b.value ? -1 : (a.value > b.value ? 1 : 0);
  }
  return CompareDecimals(a.ToDecimal(), b.ToDecimal());
}

std::optional<ResourceQuantity> AddQuantities(const ResourceQuantity& a,
                                              const ResourceQuantity& b) {
  ResourceQuantity sum = a;
  sum.text.clear();
  if (sum.IsZero()) sum.format = b.format;
  if (a.small && b.small && AddSmall(sum, b.value, b.scale)) return sum;
  return AddLarge(std::move(sum), b.ToDecimal());
}

std::optional<ResourceQuantity> SubtractQuantities(const ResourceQuantity& a,
                                                   const ResourceQuantity& b) {
  ResourceQuantity difference = a;
  difference.text.clear();
  if (difference.IsZero()) difference.format = b.format;
  if (a.small && b.small && b.value != kMin && AddSmall(difference, -b.value, b.scale)) {
    return difference;
  }
  Decimal negated = b.ToDecimal();
  negated.negative = !negated.negative;
  return AddLarge(std::move(difference), std::move(negated));
}

}  // namespace ouro::rules::functions
