// Magnitudes are strings of decimal digits. Quantities have few digits; the point is that the few
// with many are exact, not that they are fast.
#include "rules/functions/decimal.h"

#include <algorithm>

namespace ouro::rules::functions {

namespace {

void TrimLeadingZeros(std::string& digits) {
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) digits = "0";
}

int CompareMagnitudes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int order = a.compare(b);
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

std::string AddMagnitudes(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  std::string sum(a);
  int carry = 0;
  for (size_t i = 0; i < sum.size(); ++i) {
    char& digit = sum[sum.size() - 1 - i];
    int value = digit - '0' + carry;
    if (i < b.size()) value += b[b.size() - 1 - i] - '0';
    digit = static_cast<char>('0' + value % 10);
    carry = value / 10;
  }
  if (carry > 0) sum.insert(sum.begin(), '1');
  return sum;
}

// a - b for a >= b.
std::string SubtractMagnitudes(std::string_view a, std::string_view b) {
  std::string difference(a);
  int borrow = 0;
  for (size_t i = 0; i < difference.size(); ++i) {
    char& digit = difference[difference.size() - 1 - i];
    int value = digit - '0' - borrow;
    if (i < b.size()) value -= b[b.size() - 1 - i] - '0';
    borrow = value < 0 ? 1 : 0;
    digit = static_cast<char>('0' + value + 10 * borrow);
  }
  TrimLeadingZeros(difference);
  return difference;
}

// The digits with `count` zeros behind them.
std::optional<std::string> Shift(const std::string& digits, int64_t count) {
  if (digits == "0") return digits;
  if (static_cast<int64_t>(digits.size()) + count > kDecimalDigitCount) return std::nullopt;
  return digits + std::string(static_cast<size_t>(count), '0');
}

}  // namespace

Decimal Decimal::OfInt(int64_t value, int32_t scale) {
  Decimal decimal;
  decimal.negative = value < 0;
  const auto bits = static_cast<uint64_t>(value);
  decimal.digits = std::to_string(value < 0 ? 0 - bits : bits);
  decimal.scale = scale;
  return decimal;
}

std::optional<Decimal> ParseDecimal(std::string_view text) {
  Decimal decimal;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    decimal.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  decimal.digits.clear();
  bool point = false;
  for (const char c : text) {
    if (c == '.') {
      if (point) return std::nullopt;
      point = true;
    } else if (c >= '0' && c <= '9') {
      decimal.digits += c;
      if (point) ++decimal.scale;
    } else {
      return std::nullopt;
    }
  }
  if (decimal.digits.empty() || static_cast<int64_t>(decimal.digits.size()) > kDecimalDigitCount) {
    return std::nullopt;
  }
  TrimLeadingZeros(decimal.digits);
  return decimal;
}

int CompareDecimals(const Decimal& a, const Decimal& b) {
  if (a.Sign() != b.Sign()) return a.Sign() < b.Sign() ? -1 : 1;
  if (a.Sign() == 0) return 0;
  // Places before the point decide first; then the digits, the shorter one filled up with zeros.
  const int64_t a_places = static_cast<int64_t>(a.digits.size()) - a.scale;
  const int64_t b_places = static_cast<int64_t>(b.digits.size()) - b.scale;
  int order = 0;
  if (a_places != b_places) {
    order = a_places < b_places ? -1 : 1;
  } else {
    const size_t size = std::max(a.digits.size(), b.digits.size());
    for (size_t i = 0; i < size && order == 0; ++i) {
      const char a_digit = i < a.digits.size() ? a.digits[i] : '0';
      const char b_digit = i < b.digits.size() ? b.digits[i] : '0';
      if (a_digit != b_digit) order = a_digit < b_digit ? -1 : 1;
    }
  }
  return a.negative ? -order : order;
}

std::optional<Decimal> AddDecimals(const Decimal& a, const Decimal& b) {
  const int32_t scale = std::max(a.scale, b.scale);
  const auto a_digits = Shift(a.digits, static_cast<int64_t>(scale) - a.scale);
  const auto b_digits = Shift(b.digits, static_cast<int64_t>(scale) - b.scale);
  if (!a_digits || !b_digits) return std::nullopt;
  Decimal sum;
  sum.scale = scale;
  if (a.negative == b.negative) {
    sum.negative = a.negative;
    sum.digits = AddMagnitudes(*a_digits, *b_digits);
  } else if (CompareMagnitudes(*a_digits, *b_digits) >= 0) {
    sum.negative = a.negative;
    sum.digits = SubtractMagnitudes(*a_digits, *b_digits);
  } else {
    sum.negative = b.negative;
    sum.digits = SubtractMagnitudes(*b_digits, *a_digits);
  }
  return sum;
}

std::optional<Decimal> RoundDecimalUp(const Decimal& value, int32_t scale) {
  Decimal rounded = value;
  rounded.scale = scale;
  const int64_t dropped = static_cast<int64_t>(value.scale) - scale;
  if (dropped <= 0) {
    auto digits = Shift(value.digits, -dropped);
    if (!digits) return std::nullopt;
    rounded.digits = std::move(*digits);
    return rounded;
  }
  const auto size = static_cast<int64_t>(value.digits.size());
  const auto kept = static_cast<size_t>(std::max<int64_t>(size - dropped, 0));
  const bool exact = value.digits.find_first_not_of('0', kept) == std::string::npos;
  rounded.digits = kept == 0 ? "0" : value.digits.substr(0, kept);
  if (!exact) rounded.digits = AddMagnitudes(rounded.digits, "1");
  return rounded;
}

std::optional<Decimal> MultiplyDecimal(const Decimal& value, uint64_t factor) {
  Decimal product = value;
  // 18446744073709551615 × 9 plus the carry fits into 128 bits with room to spare.
  __extension__ using Wide = unsigned __int128;
  Wide carry = 0;
  for (size_t i = product.digits.size(); i-- > 0;) {
    carry += static_cast<Wide>(factor) * static_cast<unsigned>(product.digits[i] - '0');
    product.digits[i] = static_cast<char>('0' + static_cast<int>(carry % 10));
    carry /= 10;
  }
  std::string head;
  for (; carry > 0; carry /= 10) head += static_cast<char>('0' + static_cast<int>(carry % 10));
  product.digits.insert(product.digits.begin(), head.rbegin(), head.rend());
  TrimLeadingZeros(product.digits);
  if (static_cast<int64_t>(product.digits.size()) > kDecimalDigitCount) return std::nullopt;
  return product;
}

int32_t RemoveFactors(std::string& digits, uint32_t base) {
  if (digits == "0") return 0;
  int32_t times = 0;
  if (base == 10) {
    const size_t last = digits.find_last_not_of('0');
    times = static_cast<int32_t>(digits.size() - 1 - last);
    digits.resize(last + 1);
    return times;
  }
  for (;;) {
    std::string quotient(digits.size(), '0');
    uint32_t rest = 0;
    for (size_t i = 0; i < digits.size(); ++i) {
      rest = rest * 10 + static_cast<uint32_t>(digits[i] - '0');
      quotient[i] = static_cast<char>('0' + rest / base);
      rest %= base;
    }
    if (rest != 0) return times;
    TrimLeadingZeros(quotient);
    digits = std::move(quotient);
    ++times;
  }
}

}  // namespace ouro::rules::functions
