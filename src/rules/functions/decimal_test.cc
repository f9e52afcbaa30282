#include "rules/functions/decimal.h"

#include <doctest.h>

namespace ouro::rules::functions {

TEST_CASE("decimals compare by value, whatever their scale") {
  CHECK(CompareDecimals(*ParseDecimal("1.50"), *ParseDecimal("1.5")) == 0);
  CHECK(CompareDecimals(*ParseDecimal("-2"), *ParseDecimal("1")) == -1);
  CHECK(CompareDecimals(*ParseDecimal("10"), *ParseDecimal("9.99")) == 1);
  CHECK(CompareDecimals(*ParseDecimal("-0"), *ParseDecimal("0.00")) == 0);
  Decimal huge = Decimal::OfInt(1, -2'000'000'000);
  CHECK(CompareDecimals(huge, Decimal::OfInt(2, 0)) == 1);
}

TEST_CASE("sums are exact") {
  const auto sum = AddDecimals(*ParseDecimal("99999999999999999999.9"), *ParseDecimal("0.1"));
  REQUIRE(sum.has_value());
  CHECK(sum->digits == "1000000000000000000000");
  CHECK(sum->scale == 1);
  CHECK(AddDecimals(*ParseDecimal("1"), *ParseDecimal("-1"))->IsZero());
  CHECK_FALSE(AddDecimals(Decimal::OfInt(1, -100'000), Decimal::OfInt(1, 0)).has_value());
}

TEST_CASE("rounding goes away from zero") {
  CHECK(RoundDecimalUp(*ParseDecimal("1.01"), 0)->digits == "2");
  CHECK(RoundDecimalUp(*ParseDecimal("1.00"), 0)->digits == "1");
  CHECK(RoundDecimalUp(*ParseDecimal("0.0001"), 2)->digits == "1");
}

TEST_CASE("factors are taken off") {
  std::string digits = "1048576";
  CHECK(RemoveFactors(digits, 1024) == 2);
  CHECK(digits == "1");
  digits = "1200";
  CHECK(RemoveFactors(digits, 10) == 2);
  CHECK(digits == "12");
}

}  // namespace ouro::rules::functions
