#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("parts and orders of lists") {
  CheckTrue({"[1, 2, 3, 4].slice(1, 3) == [2, 3]", "[1, 2].slice(2, 2) == []",
             "[[1], [2, 3]].flatten() == [1, 2, 3]", "[[[1], [2]], [[3]]].flatten(2) == [1, 2, 3]",
             "[1, 2, 1].distinct() == [1, 2]", "[3, 1, 2].sort() == [1, 2, 3]",
             "['b', 'a'].sort() == ['a', 'b']", "[1, 2].reverse() == [2, 1]",
             "lists.range(3) == [0, 1, 2]", "['bb', 'a'].sortBy(e, e.size()) == ['a', 'bb']"});
  CheckWrong({{"[1].slice(-1, 1)", "negative indexes not supported"},
              {"[1].slice(1, 0)", "start index must be less"},
              {"[1].slice(0, 2)", "list is length 1"},
              {"[[1]].flatten(-1)", "level must be non-negative"},
              {"lists.range(-1)", "must be non-negative"},
              {"lists.range(1000001)", "exceeds maximum"}});
}

TEST_CASE("costs grow with the square where items are compared") {
  CheckCost("[3, 1, 2].sort()", 29);
  CheckCost("[1, 2, 3].reverse()", 14);
}

TEST_CASE("these functions came with Kubernetes 1.34") {
  CheckWrong({{"[3, 1].sort() == []", "compile error"}}, {.kubernetes_minor = 33});
}

}  // namespace ouro::rules::functions
