#include "notify/signature.h"

#include <doctest.h>

#include <string>

namespace ouro::notify {

TEST_CASE("the test cases of RFC 4231") {
  CHECK(HmacSha256(std::string(20, '\x0b'), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(HmacSha256("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(HmacSha256(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  CHECK(HmacSha256(std::string(131, '\xaa'),
                   "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("a signature holds for its body, key and time alone") {
  const std::string signature = WebhookSignature("key", 1'000, "body");
  CHECK(signature.starts_with("t=1000,v1="));
  CHECK(CheckWebhookSignature("key", signature, "body", 1'000, 300));
  CHECK(CheckWebhookSignature("key", signature, "body", 1'300, 300));
  CHECK_FALSE(CheckWebhookSignature("key", signature, "body", 1'301, 300));
  CHECK_FALSE(CheckWebhookSignature("key", signature, "body", 699, 300));
  CHECK_FALSE(CheckWebhookSignature("key", signature, "Body", 1'000, 300));
  CHECK_FALSE(CheckWebhookSignature("kez", signature, "body", 1'000, 300));
  // The time is signed too.
  std::string later = signature;
  later.replace(0, 6, "t=1001");
  CHECK_FALSE(CheckWebhookSignature("key", later, "body", 1'000, 300));
  for (const char* wrong : {"", "t=", "t=1000", "t=1000,", "v1=00", "t=x,v1=00"}) {
    CHECK_FALSE(CheckWebhookSignature("key", wrong, "body", 1'000, 300));
  }
}

}  // namespace ouro::notify
