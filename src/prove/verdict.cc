#include "prove/verdict.h"

#include <algorithm>
#include <utility>

namespace ouro::prove {
namespace {

constexpr std::array<std::string_view, kLegCount> kLegNames = {"file", "json", "live", "review",
                                                               "policy"};
constexpr std::array<std::string_view, 4> kVerdictNames = {"not applicable", "pass", "error",
                                                           "fail"};

bool TellsPlaces(Leg leg) {
  return leg == Leg::kFile || leg == Leg::kJson || leg == Leg::kLive;
}

bool IsClean(Verdict verdict) {
  return verdict == Verdict::kNotApplicable || verdict == Verdict::kPass;
}

bool SameFindings(Verdict a, Verdict b) {
  return a == b || (IsClean(a) && IsClean(b));
}

}  // namespace

std::string_view LegName(Leg leg) {
  return kLegNames[static_cast<size_t>(leg)];
}

std::string_view VerdictName(Verdict verdict) {
  return kVerdictNames[static_cast<size_t>(verdict)];
}

void CheckVerdict::Add(Verdict found, bool suppressed, Place place, std::string_view text) {
  verdict = std::max(verdict, found);
  open = std::max(open, suppressed ? Verdict::kPass : found);
  if (IsClean(found)) return;
  const auto at = std::lower_bound(places.begin(), places.end(), place);
  if (at == places.end() || *at != place) places.insert(at, std::move(place));
  if (!message.empty()) message += "; ";
  message += text;
}

bool IsSame(Leg a, const CheckVerdict& x, Leg b, const CheckVerdict& y) {
  if (TellsPlaces(a) && TellsPlaces(b)) return x.verdict == y.verdict && x.places == y.places;
  const bool review = a == Leg::kReview || b == Leg::kReview;
  return review ? SameFindings(x.open, y.open) : SameFindings(x.verdict, y.verdict);
}

}  // namespace ouro::prove
