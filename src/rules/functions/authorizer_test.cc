#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("questions to the API server compile and say that they cannot be answered") {
  EnvironmentOptions options;
  options.variables = {{"authorizer", "kubernetes.authorization.Authorizer", 0}};
  const auto environment = Environment::Create(options);
  REQUIRE(environment.has_value());
  io::KeyTable keys;
  ProgramBuilder builder(*environment, keys);
  CHECK(builder.Add("authorizer.group('').resource('pods').check('get').allowed()", "bool"));
  CHECK_FALSE(builder.Add("authorizer.check('get')"));
}

}  // namespace ouro::rules::functions
