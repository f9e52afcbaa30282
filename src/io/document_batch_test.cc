#include "io/document_batch.h"

#include <doctest.h>

#include <string>

namespace ouro::io {

TEST_CASE("a request gives documents and problems") {
  CHECK(DocumentBatchLine(R"({"yaml":"a: yes\n---\nb: 1\n"})", false) ==
        R"({"documents":[{"a":true},{"b":1}],"problems":[]})");
  CHECK(DocumentBatchLine(R"({"yaml_b64":"YTogMQ=="})", false) ==
        R"({"documents":[{"a":1}],"problems":[]})");
  CHECK(DocumentBatchLine(R"({"yaml":"a: 1\n---\nb: 2\n","first_only":true})", false) ==
        R"({"documents":[{"a":1}],"problems":[]})");
  CHECK(DocumentBatchLine(R"({"yaml":""})", false) == R"({"documents":[],"problems":[]})");
}

TEST_CASE("a failed document is null and named in problems") {
  const std::string answer = DocumentBatchLine(R"({"yaml":"a: 1\n---\nb: [\n"})", false);
  CHECK(answer.starts_with(
      R"({"documents":[{"a":1},null],"problems":[{"line":4,"column":1,"document":1,"message":")"));
  CHECK(DocumentBatchLine(R"({"yaml":"a: .inf"})", false)
            .starts_with(R"({"documents":[null],"problems":[{"line":1,"column":4)"));
}

TEST_CASE("equal keys warn, or fail when strict") {
  CHECK(DocumentBatchLine(R"({"yaml":"a: 1\na: 2"})", false).ends_with(R"("warning":true}]})"));
  CHECK(DocumentBatchLine(R"({"yaml":"a: 1\na: 2","strict":true})", false)
            .starts_with(R"({"documents":[null])"));
}

TEST_CASE("spans give every node its place") {
  CHECK(DocumentBatchLine(R"({"yaml":"a: [1]\n"})", true) ==
        R"({"documents":[{"type":"map","line":1,"column":1,"start":0,"end":6,"members":[)"
        R"({"key":{"text":"a",)"
        R"("line":1,"column":1,"start":0,"end":1},"node":)"
        R"({"type":"list","line":1,"column":4,"start":3,"end":6,)"
        R"("items":[{"type":"int","line":1,"column":5,"start":4,"end":5,"value":1}]}}]}],)"
        R"("problems":[]})");
  CHECK(
      DocumentBatchLine(R"({"yaml":"a: &x 1\nb: *x\n"})", true).find(R"("alias":true,"value":1)") !=
      std::string::npos);
}

TEST_CASE("a request that cannot be understood gets an error") {
  for (const char* bad : {"", "x", "[]", "{}", R"({"yaml":1})", R"({"yaml":"a","yaml_b64":""})",
                          R"({"yaml_b64":"?"})", R"({"yaml":"a","strict":1})",
                          R"({"yaml":"a","other":1})", R"({"yaml":"a"}{})"}) {
    INFO(bad);
    CHECK(DocumentBatchLine(bad, false).starts_with("{\"error\":\""));
  }
}

}  // namespace ouro::io
