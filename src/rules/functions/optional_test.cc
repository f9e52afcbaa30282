#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("optional values hold something or nothing") {
  CheckTrue({"optional.of(1).hasValue()", "!optional.none().hasValue()",
             "optional.of(1).value() == 1", "optional.none().orValue(2) == 2",
             "optional.of(1).orValue(2) == 1", "optional.none().or(optional.of(3)).value() == 3",
             "[1, 2].first().value() == 1", "[1, 2].last().value() == 2", "![].first().hasValue()",
             "[optional.of(1), optional.none()].unwrapOpt() == [1]",
             "optional.unwrap([optional.of(1)]) == [1]"});
  CheckWrong({{"optional.none().value()", "optional.none() dereference"}});
}

TEST_CASE("zero values are those that are empty") {
  CheckTrue({"!optional.ofNonZeroValue(0).hasValue()", "!optional.ofNonZeroValue('').hasValue()",
             "!optional.ofNonZeroValue([]).hasValue()", "!optional.ofNonZeroValue(null).hasValue()",
             "optional.ofNonZeroValue('a').hasValue()",
             "optional.ofNonZeroValue(timestamp(0)).hasValue()"});
}

TEST_CASE("optional values came with Kubernetes 1.28") {
  CheckWrong({{"optional.of(1).hasValue()", "compile error"}}, {.kubernetes_minor = 27});
}

}  // namespace ouro::rules::functions
