#include "rules/typed_json.h"

#include <doctest.h>

namespace ouro::rules {

namespace {

// The text that decoding and encoding `json` gives, or the error.
std::string RoundTrip(std::string json) {
  io::KeyTable keys;
  io::Tree tree;
  REQUIRE(io::ReadJson(std::move(json), {}, keys, tree).has_value());
  Arena arena;
  const auto value = DecodeTyped(tree, keys, tree.roots().front().node, arena);
  if (!value) return "refused: " + value.error().message;
  return EncodeTyped(*value, keys).value_or("cannot be encoded");
}

}  // namespace

TEST_CASE("every type survives the round trip") {
  for (const std::string json :
       {R"({"t":"null","v":null})", R"({"t":"bool","v":true})", R"({"t":"int","v":"-5"})",
        R"({"t":"uint","v":"18446744073709551615"})", R"({"t":"double","v":"1.5"})",
        R"({"t":"double","v":"NaN"})", R"({"t":"double","v":"-Infinity"})",
        R"({"t":"double","v":"-0.0"})", R"({"t":"string","v":"a\"b"})",
        R"({"t":"bytes","v":"AP8="})", R"({"t":"type","v":"int"})",
        R"({"t":"duration","v":["-1","-500000000"]})", R"({"t":"timestamp","v":["5","6"]})",
        R"({"t":"list","v":[{"t":"int","v":"1"}]})",
        R"({"t":"map","v":[[{"t":"string","v":"a"},{"t":"null","v":null}]]})"}) {
    CHECK(RoundTrip(json) == json);
  }
}

TEST_CASE("what does not fit is refused") {
  for (const std::string json :
       {R"({"t":"int","v":"x"})", R"({"t":"int"})", R"({"v":1})", R"({"t":"what","v":1})",
        R"({"t":"bytes","v":"%"})", R"({"t":"map","v":[[{"t":"null"}]]})", R"([1])",
        R"({"t":"timestamp","v":["1","-1"]})", R"({"t":"bool","v":"true"})"}) {
    INFO(json);
    CHECK(RoundTrip(json).substr(0, 8) == "refused:");
  }
}

}  // namespace ouro::rules
