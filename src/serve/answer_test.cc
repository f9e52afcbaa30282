#include "serve/answer.h"

#include <doctest.h>

#include "base/limits.h"
#include "base/text.h"

namespace ouro::serve {
namespace {

TEST_CASE("cutting keeps whole words and characters") {
  CHECK(CutAtWord("one two three", 13) == "one two three");
  CHECK(CutAtWord("one two three", 12) == "one two…");
  CHECK(CutAtWord("one two three", 8) == "one two…");
  CHECK(CutAtWord("one two three", 7) == "one…");
  CHECK(CutAtWord("onetwothree", 5) == "onet…");
  CHECK(CutAtWord("ööööö", 3) == "öö…");
  CHECK(CutAtWord("ööööö", 5) == "ööööö");
  CHECK(CutAtWord("", 5).empty());
}

TEST_CASE("warnings fit") {
  CHECK(FitWarnings({}).empty());
  const std::vector<std::string> few = {"a\nb", std::string(300, 'x')};
  const auto fitted = FitWarnings(few);
  REQUIRE(fitted.size() == 2);
  CHECK(fitted[0].find('\n') == std::string::npos);
  CHECK(fitted[1].size() == 255 + std::string_view("…").size());
  const std::vector<std::string> many(100, std::string(100, 'x'));
  const auto cut = FitWarnings(many);
  size_t size = 0;
  for (const std::string& warning : cut) size += warning.size();
  CHECK(size <= static_cast<size_t>(limits::kAdmissionWarningsSizeCharacters));
  CHECK(cut.back() == "60 more findings are not shown");
  CHECK(cut.size() == 41);
}

TEST_CASE("a response is JSON whatever it holds") {
  Response response;
  response.allowed = false;
  response.code = 403;
  response.reason = "Forbidden";
  response.message = "line \"1\"\nline 2";
  response.annotations = {{"verdict", "blocked"}};
  std::string out;
  AppendReview("u\"1", response, out);
  CHECK(out ==
        R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u\"1",)"
        R"("allowed":false,"status":{"status":"Failure","code":403,"reason":"Forbidden",)"
        R"("message":"line \"1\"\nline 2"},"auditAnnotations":{"verdict":"blocked"}}})");
}

}  // namespace
}  // namespace ouro::serve
