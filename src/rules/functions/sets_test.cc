#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("lists as sets") {
  CheckTrue({"sets.contains([1, 2, 3], [3, 1])", "!sets.contains([1], [2])",
             "sets.contains([1], [])", "sets.equivalent([1, 1, 2], [2, 1])",
             "!sets.equivalent([1], [1, 2])", "sets.intersects([1, 2], [2, 3])",
             "!sets.intersects([1], [])", "sets.contains([[1], [2]], [[2]])"});
}

TEST_CASE("the cost is the product of the sizes") {
  CheckCost("sets.contains([1, 2, 3], [3, 1])", 7);
  CheckCost("sets.equivalent([1, 2, 3], [3, 1])", 13);
}

TEST_CASE("sets came with Kubernetes 1.29") {
  CheckWrong({{"sets.contains([1], [1])", "compile error"}}, {.kubernetes_minor = 28});
}

}  // namespace ouro::rules::functions
