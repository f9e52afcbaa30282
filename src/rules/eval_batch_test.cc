#include "rules/eval_batch.h"

#include <doctest.h>

namespace ouro::rules {

TEST_CASE("values, errors and refused expressions") {
  CHECK(EvalBatchLine(R"J({"expr":"1 + 1"})J") ==
        R"J({"value":{"t":"int","v":"2"},"type":"int"})J");
  CHECK(EvalBatchLine(R"J({"expr":"1 / 0"})J").find("{\"error\":\"") == 0);
  CHECK(EvalBatchLine(R"J({"expr":"1 +"})J").find("{\"compile_error\":\"") == 0);
  CHECK(EvalBatchLine(R"J({"expr":"1 + 'a'"})J").find("{\"compile_error\":\"") == 0);
}

TEST_CASE("bindings, declared or not") {
  CHECK(EvalBatchLine(R"J({"expr":"x + 1","bindings":{"x":{"t":"int","v":"2"}}})J") ==
        R"J({"value":{"t":"int","v":"3"},"type":"int"})J");
  CHECK(EvalBatchLine(R"J({"expr":"a.b","type_env":[{"name":"a.b","type":"string"}],)J"
                      R"J("bindings":{"a.b":{"t":"string","v":"x"}}})J") ==
        R"J({"value":{"t":"string","v":"x"},"type":"string"})J");
}

TEST_CASE("the environment: Kubernetes by version, or the language as such") {
  const auto has = [](const std::string& line, std::string_view part) {
    const std::string answer = EvalBatchLine(line);
    INFO(answer);
    CHECK(answer.find(part) != std::string::npos);
  };
  const std::string quantity = R"J({"expr":"quantity('1').isInteger()")J";
  has(quantity + "}", "value");
  has(quantity + R"J(,"kubernetes_version":"1.27"})J", "compile_error");
  has(quantity + R"J(,"bindings":{}})J", "compile_error");
  has(R"J({"expr":"math.ceil(1.5)","bindings":{},"needs":["math"]})J", R"J("v":"2.0")J");
}

TEST_CASE("types only, unchecked, with cost") {
  CHECK(EvalBatchLine(R"J({"expr":"[1]","check_only":true})J") == R"J({"type":"list(int)"})J");
  CHECK(EvalBatchLine(R"J({"expr":"1 + 1","disable_check":true})J") ==
        R"J({"value":{"t":"int","v":"2"}})J");
  CHECK(EvalBatchLine(R"J({"expr":"1 + 1","track_cost":true})J") ==
        R"J({"value":{"t":"int","v":"2"},"type":"int","cost":1})J");
}

TEST_CASE("requests that cannot be read are told apart") {
  for (const std::string line :
       {"", "[]", "{", R"J({"expr":1})J", R"J({"expr":"1","needs":["no"]})J",
        R"J({"expr":"1","kubernetes_version":1.29})J", R"J({"expr":"x","bindings":{"x":5}})J",
        R"J({"expr":"1","type_env":[{"type":"int"}]})J"}) {
    INFO(line);
    CHECK(EvalBatchLine(line).find("{\"request_error\":\"") == 0);
  }
}

}  // namespace ouro::rules
