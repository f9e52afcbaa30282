#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("the library of the language has isMask besides") {
  const TestOptions network = {.kubernetes_minor = 0, .libraries = {"network"}, .plain_cel = true};
  CheckTrue({"cidr('10.0.0.0/8').isMask()", "!cidr('10.0.0.1/8').isMask()",
             "ip('127.0.0.1').isLoopback()", "cidr('10.0.0.0/8').containsIP('10.1.1.1')"},
            network);
  CheckWrong({{"cidr('10.0.0.0/8').isMask()", "compile error"}});
}

}  // namespace ouro::rules::functions
