#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("versions") {
  CheckTrue({"isSemver('1.2.3')", "isSemver('1.2.3-rc.1+b.5')", "!isSemver('1.2')",
             "!isSemver('v1.2.3')", "!isSemver('01.2.3')", "!isSemver('1.2.3-01')",
             "isSemver('v01.2', true)", "!isSemver('1-a', true)", "semver('1.2.3').major() == 1",
             "semver('1.2.3').minor() == 2", "semver('1.2.3').patch() == 3",
             "semver('v1', true) == semver('1.0.0')"});
  CheckWrong({{"semver('1.2')", "invalid semantic version"}});
}

TEST_CASE("precedence") {
  CheckTrue({"semver('1.0.0-alpha').isLessThan(semver('1.0.0-alpha.1'))",
             "semver('1.0.0-alpha.1').isLessThan(semver('1.0.0-alpha.beta'))",
             "semver('1.0.0-beta.2').isLessThan(semver('1.0.0-beta.11'))",
             "semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))",
             "semver('1.0.1').isGreaterThan(semver('1.0.0'))",
             "semver('1.0.0+a').compareTo(semver('1.0.0+b')) == 0"});
}

TEST_CASE("versions came with Kubernetes 1.33") {
  CheckWrong({{"isSemver('1.2.3')", "compile error"}}, {.kubernetes_minor = 32});
}

}  // namespace ouro::rules::functions
