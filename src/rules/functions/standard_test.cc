#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("sizes count characters, bytes and entries") {
  CheckTrue({"size('ä€') == 2", "'ä€'.size() == 2", "size(b'ä') == 2", "size([1, 2]) == 2",
             "{'a': 1}.size() == 1", "size('') == 0"});
}

TEST_CASE("parts of strings") {
  CheckTrue({"'hello'.contains('ell')", "'hello'.contains('')", "!'a'.contains('ab')",
             "'hello'.startsWith('he')", "!'h'.startsWith('he')", "'hello'.endsWith('lo')",
             "!'o'.endsWith('lo')", "'hello'.matches('^h.*o$')", "matches('hello', 'l+')",
             "!'hello'.matches('^l')"});
  CheckWrong({{"'a'.matches('a' + '(')", "error parsing regexp"}});
}

TEST_CASE("types are values") {
  CheckTrue({"type(1) == int", "type('') == string", "type([]) == list", "type({}) == map",
             "type(null) == null_type", "type(type(1)) == type", "dyn(1) == 1"});
}

}  // namespace ouro::rules::functions
