#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("keys of JSON pointers") {
  CheckTrue({"jsonpatch.escapeKey('k8s.io/my~label') == 'k8s.io~1my~0label'"},
            {.libraries = {"jsonpatch"}});
  CheckWrong({{"jsonpatch.escapeKey('a') == 'a'", "compile error"}});
}

}  // namespace ouro::rules::functions
