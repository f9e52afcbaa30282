#include "rules/check_batch.h"

#include <doctest.h>

namespace ouro::rules {

TEST_CASE("rules of a schema") {
  CHECK(
      CheckBatchLine(R"({"rules":[{"schema":{"type":"integer"},"rule":"self > 1"}],"object":2})") ==
      R"({"results":[{"rule":"self > 1","verdict":"pass","message":"","cost":2}]})");
  CHECK(CheckBatchLine(R"({"rules":[{"schema":{"type":"integer"},"rule":"self > oldSelf"}],)"
                       R"("object":2,"old_object":3})")
            .find("\"verdict\":\"fail\"") != std::string::npos);
}

TEST_CASE("a check as its file has it") {
  const std::string rule =
      R"({"id":"OURO-TEST-0001","concept":"test","title":"T","description":"D","remediation":"R",)"
      R"("severity":"low","match":{"kinds":["Pod"]},"expr":"object.spec.replicas == 1",)"
      R"("examples":{"pass":["kind: Pod"],"fail":["kind: Pod"]}})";
  const std::string answer =
      CheckBatchLine("{\"rules\":[" + rule +
                     R"(],"object":{"apiVersion":"v1","kind":"Pod","spec":{"replicas":2}}})");
  INFO(answer);
  CHECK(answer.find("{\"results\":[{\"rule\":\"OURO-TEST-0001\"") == 0);
}

TEST_CASE("unknown rules are errors of their own") {
  const std::string answer = CheckBatchLine(
      R"({"rules":[{"kind":"SomethingElse","metadata":{"name":"n"}},"no:such"],"object":{}})");
  CHECK(answer.find(R"({"rule":"n","verdict":"error","message":"rules of kind SomethingElse)") !=
        std::string::npos);
  CHECK(answer.find(R"({"rule":"no:such","verdict":"error")") != std::string::npos);
}

TEST_CASE("requests that cannot be read") {
  for (const std::string line : {"", "[]", "{}", R"({"rules":[]})", R"({"rules":1,"object":{}})"}) {
    INFO(line);
    CHECK(CheckBatchLine(line).find("{\"request_error\":\"") == 0);
  }
}

}  // namespace ouro::rules
