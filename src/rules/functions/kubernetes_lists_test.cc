#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("order, extremes and sums") {
  CheckTrue({"[1, 2, 2].isSorted()", "!['b', 'a'].isSorted()", "[].isSorted()",
             "[3, 1, 2].min() == 1", "['a', 'b'].max() == 'b'", "[1, 2, 3].sum() == 6",
             "[1.5, 2.5].sum() == 4.0", "[duration('1s'), duration('2s')].sum() == duration('3s')",
             "[].sum() == 0"});
  CheckWrong({{"[1].filter(x, x > 1).min()", "min called on empty list"},
              {"[9223372036854775807, 1].sum()", "integer overflow"}});
}

TEST_CASE("positions") {
  CheckTrue({"[1, 2, 1].indexOf(1) == 0", "[1, 2, 1].lastIndexOf(1) == 2", "[1].indexOf(5) == -1",
             "[1, 2].includes(2)", "!'a'.includes('b')", "'a'.includes('a')"});
  CheckWrong({{"[1].includes(1)", "compile error"}}, {.kubernetes_minor = 36});
}

}  // namespace ouro::rules::functions
