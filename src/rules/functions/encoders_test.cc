#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("base64, with and without padding") {
  const TestOptions encoders = {
      .kubernetes_minor = 0, .libraries = {"encoders"}, .plain_cel = true};
  CheckTrue({"base64.encode(b'hello') == 'aGVsbG8='", "base64.decode('aGVsbG8=') == b'hello'",
             "base64.decode('aGVsbG8') == b'hello'", "base64.encode(b'') == ''"},
            encoders);
  CheckWrong({{"base64.decode('a')", "illegal base64"},
              {"base64.decode('a-_b')", "illegal base64"},
              {"base64.decode('aGVsbG8==')", "illegal base64"}},
             encoders);
}

}  // namespace ouro::rules::functions
