#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

const TestOptions kMath = {.kubernetes_minor = 0, .libraries = {"math"}, .plain_cel = true};

TEST_CASE("greatest and least") {
  CheckTrue({"math.greatest(1) == 1", "math.greatest(1, 2.5) == 2.5", "math.least(1, 2u, -3) == -3",
             "math.greatest([1, 5, 3]) == 5", "math.least([1.5, 0.5]) == 0.5"},
            kMath);
  CheckWrong({{"math.greatest()", "compile error"},
              {"math.least('a')", "compile error"},
              {"math.greatest(dyn([]))", "must not be empty"}},
             kMath);
}

TEST_CASE("rounding and signs") {
  CheckTrue({"math.ceil(1.2) == 2.0", "math.floor(-1.2) == -2.0", "math.round(2.5) == 3.0",
             "math.round(-2.5) == -3.0", "math.trunc(-1.9) == -1.0", "math.abs(-3) == 3",
             "math.sign(-3.5) == -1.0", "math.sign(0u) == 0u", "math.sqrt(81) == 9.0",
             "math.isNaN(math.sqrt(-1))", "math.isInf(1.0 / 0.0)", "math.isFinite(1.0)"},
            kMath);
  CheckWrong({{"math.abs(-9223372036854775808)", "overflow"}}, kMath);
}

TEST_CASE("bits") {
  CheckTrue({"math.bitAnd(6, 3) == 2", "math.bitOr(6u, 3u) == 7u", "math.bitXor(6, 3) == 5",
             "math.bitNot(0) == -1", "math.bitShiftLeft(1, 4) == 16",
             "math.bitShiftRight(-1, 63) == 1", "math.bitShiftLeft(1, 64) == 0"},
            kMath);
  CheckWrong({{"math.bitShiftLeft(1, -1)", "negative offset"}}, kMath);
}

TEST_CASE("Kubernetes does not have the library") {
  CheckWrong({{"math.ceil(1.2) == 2.0", "compile error"}});
}

}  // namespace ouro::rules::functions
