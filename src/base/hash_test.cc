#include "base/hash.h"

#include <doctest.h>

#include <set>

using namespace ouro;

namespace {
std::string Sha(std::string_view text) {
  Sha256 sha;
  sha.Update(text);
  const auto digest = sha.Finish();
  return HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}
}  // namespace

// Examples of the Secure Hash Standard's validation material (FIPS 180-4, NIST).
TEST_CASE("SHA-256 gives the standard's digests") {
  CHECK(Sha("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(Sha("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(Sha("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(Sha(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("tuples with equal concatenation have different hashes") {
  const auto hash = [](std::string_view a, std::string_view b) {
    TupleHasher hasher("test");
    hasher.Add("a", a);
    hasher.Add("b", b);
    return hasher.Finish();
  };
  CHECK(hash("ab", "c") != hash("a", "bc"));
  CHECK(hash("", "abc") != hash("abc", ""));
  CHECK(hash("x", "y") == hash("x", "y"));
  CHECK(hash("x", "y").size() == 32);
}

TEST_CASE("the table hash spreads short keys") {
  std::set<uint64_t> low_bits;
  for (int i = 0; i < 4096; ++i) low_bits.insert(FastHash("key" + std::to_string(i)) & 0xffff);
  CHECK(low_bits.size() > 3700);  // 3,970 expected of a random function
}
