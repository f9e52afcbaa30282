#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("positions count characters") {
  CheckTrue({"'äbc'.charAt(1) == 'b'", "'äbc'.charAt(3) == ''", "'tacocat'.indexOf('a') == 1",
             "'tacocat'.indexOf('a', 2) == 5", "'tacocat'.indexOf('x') == -1",
             "'tacocat'.indexOf('', 9) == 7", "'tacocat'.indexOf('a', 30) == -1",
             "'tacocat'.lastIndexOf('a') == 5", "'tacocat'.lastIndexOf('a', 4) == 1",
             "'tacocat'.lastIndexOf('') == 7", "'€ä€'.substring(1) == 'ä€'",
             "'€ä€'.substring(1, 2) == 'ä'", "'abc'.substring(3) == ''"});
  CheckWrong({{"'a'.charAt(2)", "index out of range: 2"},
              {"'a'.charAt(-1)", "index out of range: -1"},
              {"'a'.substring(2)", "index out of range: 2"},
              {"'abc'.substring(2, 1)", "invalid substring range"},
              {"'a'.indexOf('a', -1)", "index out of range: -1"}});
}

TEST_CASE("new strings from old ones") {
  CheckTrue({"'TacoÄ'.lowerAscii() == 'tacoÄ'", "'tacoä'.upperAscii() == 'TACOä'",
             "' \\t\\u00a0a '.trim() == 'a'", "'aaa'.replace('a', 'b') == 'bbb'",
             "'aaa'.replace('a', 'b', 2) == 'bba'", "'aaa'.replace('a', 'b', 0) == 'aaa'",
             "'äb'.replace('', '-') == '-ä-b-'", "'a,b,c'.split(',') == ['a', 'b', 'c']",
             "'a,b,c'.split(',', 2) == ['a', 'b,c']", "'a,b'.split(',', 0) == []",
             "'äb'.split('') == ['ä', 'b']", "''.split('') == []", "''.split(',') == ['']",
             "['a', 'b'].join() == 'ab'", "['a', 'b'].join('-') == 'a-b'",
             "strings.quote('a\\n\"b\"') == '\"a\\\\n\\\\\"b\\\\\"\"'"});
}

TEST_CASE("format as Kubernetes prints") {
  CheckTrue({"'%s %d'.format(['a', 1]) == 'a 1'", "'%%'.format([]) == '%'",
             "'%.2f'.format([1234.567]) == '1,234.57'", "'%f'.format([1.5]) == '1.500000'",
             "'%e'.format([1052.032911275]) == '1.052033×10⁰³'",
             "'%x %X'.format([255, 'k']) == 'ff 6B'", "'%b'.format([-5]) == '-101'",
             "'%o'.format([8u]) == '10'", "'%b'.format([true]) == '1'",
             "'%s'.format([['a', 'b']]) == '[\"a\", \"b\"]'",
             "'%s'.format([{'b': 1, 'a': 2}]) == '{\"a\":2, \"b\":1}'",
             "'%s'.format([null]) == 'null'", "'%s'.format([1.0]) == '1'"});
  CheckWrong({{"'%d'.format(dyn(['a']))", "decimal clause"},
              {"'%s'.format(dyn([]))", "index 0 out of range"},
              {"'%z'.format(dyn([1]))", "unrecognized formatting clause"},
              {"'%.'.format(dyn([1.0]))", "precision"}});
}

TEST_CASE("format as the current library prints") {
  const TestOptions current = {.libraries = {"strings"}, .plain_cel = true};
  CheckTrue({"'%.2f'.format([1234.567]) == '1234.57'", "'%d'.format([1.5]) == '1.5'",
             "'%s'.format([['a', 1.0]]) == '[a, 1]'", "'%s'.format([{'a': 2}]) == '{a: 2}'",
             "'%e'.format([1052.032911275]) == '1.052033e+03'", "'äbc'.reverse() == 'cbä'"},
            {.kubernetes_minor = 0, .libraries = current.libraries, .plain_cel = true});
}

TEST_CASE("format and quote came with Kubernetes 1.29") {
  CheckWrong({{"'%s'.format(['a']) == 'a'", "compile error"},
              {"strings.quote('a') == ''", "compile error"}},
             {.kubernetes_minor = 28});
  CheckTrue({"'a'.upperAscii() == 'A'"}, {.kubernetes_minor = 25});
}

TEST_CASE("costs are those of the API server") {
  CheckCost("'abcdefghijk'.lowerAscii()", 2);
  CheckCost("'abcdefghijk'.indexOf('k')", 1);
  CheckCost("'a,b'.split(',')", 1);
}

}  // namespace ouro::rules::functions
