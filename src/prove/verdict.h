// What one leg says of one check and one object, and when two legs say the same. Plain values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::prove {

// The ways by which an object comes before a check.
enum class Leg : uint8_t {
  kFile,    // the document as it stands in its file, as `ouro scan` reads it
  kJson,    // the same printed as JSON and read again
  kLive,    // as the API server gives it back, as `ouro cluster` reads it
  kReview,  // as the API server sends it to the admission webhook, by the answer of `ouro serve`
  kPolicy,  // as a ValidatingAdmissionPolicy judges it, exported by `ouro rule export`
};
inline constexpr size_t kLegCount = 5;
inline constexpr std::array<Leg, kLegCount> kLegs = {Leg::kFile, Leg::kJson, Leg::kLive,
                                                     Leg::kReview, Leg::kPolicy};
std::string_view LegName(Leg leg);  // "file", "json", "live", "review", "policy"

// kError goes after kFail: where a check fails in one place and cannot be evaluated in another, it
// fails.
enum class Verdict : uint8_t { kNotApplicable, kPass, kError, kFail };
std::string_view VerdictName(Verdict verdict);  // "not applicable", "pass", "error", "fail"

// Where a check found something.
struct Place {
  std::string container;  // empty: not about a container
  std::string field_path;
  auto operator<=>(const Place&) const = default;
};

struct CheckVerdict {
  Verdict verdict = Verdict::kNotApplicable;
  // The verdict over what nobody has suppressed: the word of a webhook, which leaves suppressed
  // findings out. kPass where all are suppressed.
  Verdict open = Verdict::kNotApplicable;
  std::vector<Place> places;  // of findings, sorted; empty where the leg does not tell them
  std::string message;        // of the findings, joined by "; "

  void Add(Verdict found, bool suppressed, Place place, std::string_view text);
};

// By number of the check. Absent: the leg does not judge this check.
using Verdicts = std::vector<std::optional<CheckVerdict>>;

// Legs that know places and passes are compared by them. A review and a policy tell findings only,
// so that with one of them "pass" and "not applicable" are one. A review leaves suppressed findings
// out and is compared with what is open elsewhere; a policy knows no suppressions. Review and
// policy are comparable only where nothing is suppressed, which the caller knows.
bool IsSame(Leg a, const CheckVerdict& x, Leg b, const CheckVerdict& y);

}  // namespace ouro::prove
