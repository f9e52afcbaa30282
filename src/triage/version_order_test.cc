#include "triage/version_order.h"

#include <doctest.h>

using namespace ouro::triage;

TEST_CASE("natural order of versions") {
  const auto order = [](std::string_view a, std::string_view b) {
    CHECK(NaturalVersionOrder("", a, b) == -NaturalVersionOrder("", b, a));
    return NaturalVersionOrder("", a, b);
  };
  CHECK(order("1.9", "1.10") < 0);
  CHECK(order("1.0", "1.0.1") < 0);
  CHECK(order("1.0-rc1", "1.0") < 0);
  CHECK(order("1.0~beta", "1.0") < 0);
  CHECK(order("1.1.1k", "1.1.1n") < 0);
  CHECK(order("01.2", "1.2") == 0);
  CHECK(order("", "") == 0);
  CHECK(order("", "1") < 0);
}

TEST_CASE("version ranges") {
  const auto in = [](std::string_view version, std::string_view range) {
    return InVersionRange(NaturalVersionOrder, "npm", version, range);
  };
  CHECK(in("1.5", "vers:npm/>=1.0|<2.0"));
  CHECK_FALSE(in("2.0", "vers:npm/>=1.0|<2.0"));
  CHECK(in("3.5", "vers:npm/>=1.0|<2.0|>=3.0|<4.0"));
  CHECK_FALSE(in("2.5", "vers:npm/>=1.0|<2.0|>=3.0|<4.0"));
  CHECK(in("0.5", "vers:npm/<1.0|>=3.0"));
  CHECK(in("9", "vers:npm/<1.0|>=3.0"));
  CHECK_FALSE(in("2", "vers:npm/<1.0|>=3.0"));
  CHECK(in("1.2.3", "vers:npm/1.2.3|1.2.5"));
  CHECK_FALSE(in("1.2.4", "vers:npm/1.2.3|1.2.5"));
  CHECK_FALSE(in("1.2.3", "vers:npm/!=1.2.3"));
  CHECK(in("1.2.4", "vers:npm/!=1.2.3"));
  CHECK(in("1.2.4", "vers:npm/*"));
  CHECK(in("1.1", ">= 1.0, < 1.2"));
  CHECK_FALSE(in("1.2", ">= 1.0, < 1.2"));
  CHECK_FALSE(in("", "*"));
  CHECK_FALSE(in("1", ""));
  CHECK_FALSE(in("1", ">="));
  CHECK_FALSE(in("1", "vers:npm"));
}
