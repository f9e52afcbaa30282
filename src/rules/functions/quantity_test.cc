#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("which texts are quantities") {
  CheckTrue({"isQuantity('1')", "isQuantity('1.5Gi')", "isQuantity('-100m')", "isQuantity('1e3')",
             "isQuantity('+.5')", "!isQuantity('')", "!isQuantity('1KB')", "!isQuantity('1 Gi')",
             "!isQuantity('1e')", "!isQuantity('Mo')"});
  CheckWrong({{"quantity('1KB')", "suffix"}, {"quantity('a')", "quantities are"}});
}

TEST_CASE("comparing and computing is exact") {
  CheckTrue({"quantity('1Gi') == quantity('1024Mi')", "quantity('0.1') == quantity('100m')",
             "quantity('50Mi').compareTo(quantity('50M')) == 1",
             "quantity('1').isLessThan(quantity('2'))",
             "quantity('2').isGreaterThan(quantity('1'))",
             "quantity('50k').add(quantity('20')) == quantity('50020')",
             "quantity('50k').sub(20) == quantity('49980')", "sign(quantity('-1')) == -1",
             "quantity('9999999999999999999').add(1) == quantity('10000000000000000000')",
             "quantity('1.5Ki').asApproximateFloat() == 1536.0",
             "quantity('2k').asInteger() == 2000", "quantity('2k').isInteger()",
             "!quantity('1.5').isInteger()", "!quantity('99999999999999999999').isInteger()"});
  CheckWrong({{"quantity('1.5').asInteger()", "cannot convert value to integer"}});
}

TEST_CASE("the canonical text") {
  const auto text = [](std::string_view expression) { return EvaluateForTest(expression).text; };
  CHECK(text("quantity('1000m')") == R"({"t":"k8s.quantity","v":"1"})");
  CHECK(text("quantity('1024Mi')") == R"({"t":"k8s.quantity","v":"1Gi"})");
  CHECK(text("quantity('0.5Gi')") == R"({"t":"k8s.quantity","v":"512Mi"})");
  CHECK(text("quantity('1e3').add(1)") == R"({"t":"k8s.quantity","v":"1001"})");
  CHECK(text("quantity('0.0000000001')") == R"({"t":"k8s.quantity","v":"1n"})");
  CHECK(text("quantity('1500k').add(quantity('1'))") == R"({"t":"k8s.quantity","v":"1500001"})");
}

TEST_CASE("sizes are bounded") {
  CheckWrong({{"quantity('1e100000').add(quantity('1.5'))", "too many digits"}});
}

}  // namespace ouro::rules::functions
