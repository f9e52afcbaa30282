#include "prove/verdict.h"

#include <doctest.h>

namespace ouro::prove {
namespace {

CheckVerdict Of(Verdict verdict, std::string path = {}, bool suppressed = false) {
  CheckVerdict out;
  out.Add(verdict, suppressed, {{}, std::move(path)}, "why");
  if (verdict == Verdict::kPass) out.places.clear();
  return out;
}

}  // namespace

TEST_CASE("a verdict is the gravest word, with the places of findings") {
  CheckVerdict verdict;
  verdict.Add(Verdict::kPass, false, {}, "not kept");
  verdict.Add(Verdict::kFail, false, {"b", "p"}, "one");
  verdict.Add(Verdict::kError, false, {"a", "p"}, "two");
  verdict.Add(Verdict::kFail, false, {"b", "p"}, "one");
  CHECK(verdict.verdict == Verdict::kFail);
  CHECK(verdict.open == Verdict::kFail);
  CHECK(verdict.places == std::vector<Place>{{"a", "p"}, {"b", "p"}});
  CHECK(verdict.message == "one; two; one");
}

TEST_CASE("files and live objects are compared by places and passes too") {
  CHECK(IsSame(Leg::kFile, Of(Verdict::kFail, "a"), Leg::kLive, Of(Verdict::kFail, "a")));
  CHECK_FALSE(IsSame(Leg::kFile, Of(Verdict::kFail, "a"), Leg::kLive, Of(Verdict::kFail, "b")));
  CHECK_FALSE(IsSame(Leg::kFile, Of(Verdict::kPass), Leg::kJson, CheckVerdict()));
}

TEST_CASE("a review and a policy tell findings only") {
  CHECK(IsSame(Leg::kLive, Of(Verdict::kPass), Leg::kReview, CheckVerdict()));
  CHECK(IsSame(Leg::kLive, Of(Verdict::kFail, "a"), Leg::kPolicy, Of(Verdict::kFail)));
  CHECK_FALSE(IsSame(Leg::kLive, Of(Verdict::kFail, "a"), Leg::kPolicy, Of(Verdict::kError)));
  CHECK_FALSE(IsSame(Leg::kReview, Of(Verdict::kPass), Leg::kPolicy, Of(Verdict::kFail)));
}

TEST_CASE("a review is compared with what is open, a policy with what is found") {
  const CheckVerdict suppressed = Of(Verdict::kFail, "a", true);
  CHECK(IsSame(Leg::kLive, suppressed, Leg::kReview, Of(Verdict::kPass)));
  CHECK_FALSE(IsSame(Leg::kLive, suppressed, Leg::kReview, Of(Verdict::kFail)));
  CHECK(IsSame(Leg::kLive, suppressed, Leg::kPolicy, Of(Verdict::kFail)));
}

}  // namespace ouro::prove
