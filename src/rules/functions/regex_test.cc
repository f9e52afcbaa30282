#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("find gives the first match, findAll all of them") {
  CheckTrue({"'abc 123'.find('[0-9]+') == '123'", "'abc'.find('[0-9]') == ''",
             "'1 22 3'.findAll('[0-9]+') == ['1', '22', '3']",
             "'1 22 3'.findAll('[0-9]+', 2) == ['1', '22']", "'1'.findAll('1', 0) == []",
             "'baac'.findAll('a*') == ['', 'aa', '']", "'äb'.findAll('') == ['', '', '']",
             "'x'.find('(?<name>x)') == 'x'"});
  CheckWrong(
      {{"'a'.find('(' + 'a')", "Illegal regex"}, {"'a'.find('a' + '\\\\C')", "Illegal regex"}});
}

}  // namespace ouro::rules::functions
