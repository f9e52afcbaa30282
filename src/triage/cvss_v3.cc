// CVSS 3.0 and 3.1: the equations of §8 (3.0) and §7 (3.1) of the specifications. The versions
// differ in how they round up and in the modified impact of a changed scope.
#include <algorithm>

#include "triage/cvss_metrics.h"

namespace ouro::triage {
namespace {

using namespace cvss3;

// By the number of the value in the table of cvss.cc; modified metrics are reduced to these first.
constexpr std::array<double, 5> kAttackVector = {0, 0.85, 0.62, 0.55, 0.2};
constexpr std::array<double, 3> kAttackComplexity = {0, 0.77, 0.44};
constexpr std::array<double, 4> kPrivileges = {0, 0.85, 0.62, 0.27};
constexpr std::array<double, 4> kPrivilegesChanged = {0, 0.85, 0.68, 0.5};
constexpr std::array<double, 3> kUserInteraction = {0, 0.85, 0.62};
constexpr std::array<double, 4> kImpact = {0, 0, 0.22, 0.56};
constexpr std::array<double, 6> kExploit = {1, 1, 0.91, 0.94, 0.97, 1};
constexpr std::array<double, 6> kRemediation = {1, 1, 0.95, 0.96, 0.97, 1};
constexpr std::array<double, 5> kConfidence = {1, 1, 0.92, 0.96, 1};
constexpr std::array<double, 5> kRequirement = {1, 1, 0.5, 1, 1.5};
constexpr uint8_t kScopeChanged = 2;

// The smallest number with one decimal that is not below `value`. 3.1 defines it over whole hundred
// thousandths (appendix A); 3.0 means the exact value, which a double misses by far less than the
// slack.
double RoundUp(CvssVersion version, double value) {
  if (version == CvssVersion::k30) {
    constexpr double kSlack = 1e-9;
    return std::ceil(value * 10 - kSlack) / 10;
  }
  const int64_t whole = std::llround(value * 100'000);
  return static_cast<double>(whole % 10'000 == 0 ? whole / 10'000 : whole / 10'000 + 1) / 10;
}

// The modified value where it is defined, else the base value. "X" stands before the base values.
uint8_t Effective(const CvssVector& vector, uint8_t modified, uint8_t base) {
  const uint8_t value = vector.values[modified];
  return value > 1 ? static_cast<uint8_t>(value - 1) : vector.values[base];
}

struct Exploitability {
  uint8_t vector, complexity, privileges, interaction, scope;
};

double ExploitabilityOf(const Exploitability& e) {
  const auto& privileges = e.scope == kScopeChanged ? kPrivilegesChanged : kPrivileges;
  return 8.22 * kAttackVector[e.vector] * kAttackComplexity[e.complexity] *
         privileges[e.privileges] * kUserInteraction[e.interaction];
}

double Combine(CvssVersion version, double impact, double exploitability, bool changed) {
  if (impact <= 0) return 0;
  return RoundUp(version, std::min((changed ? 1.08 : 1.0) * (impact + exploitability), 10.0));
}

double BaseScore(const CvssVector& vector) {
  const auto& v = vector.values;
  const double sub_score = 1 - (1 - kImpact[v[kC]]) * (1 - kImpact[v[kI]]) * (1 - kImpact[v[kA]]);
  const bool changed = v[kS] == kScopeChanged;
  const double impact = changed ? 7.52 * (sub_score - 0.029) - 3.25 * std::pow(sub_score - 0.02, 15)
                                : 6.42 * sub_score;
  const double exploitability = ExploitabilityOf({v[kAV], v[kAC], v[kPR], v[kUI], v[kS]});
  return Combine(vector.version, impact, exploitability, changed);
}

double ModifiedImpact(const CvssVector& vector, bool changed) {
  const auto& v = vector.values;
  const double sub_score =
      std::min(0.915, 1 - (1 - kRequirement[v[kCR]] * kImpact[Effective(vector, kMC, kC)]) *
                              (1 - kRequirement[v[kIR]] * kImpact[Effective(vector, kMI, kI)]) *
                              (1 - kRequirement[v[kAR]] * kImpact[Effective(vector, kMA, kA)]));
  if (!changed) return 6.42 * sub_score;
  const double power = vector.version == CvssVersion::k30 ? std::pow(sub_score - 0.02, 15)
                                                          : std::pow(sub_score * 0.9731 - 0.02, 13);
  return 7.52 * (sub_score - 0.029) - 3.25 * power;
}

}  // namespace

CvssScores ScoreCvss3(const CvssVector& vector) {
  const auto& v = vector.values;
  const double temporal = kExploit[v[kE]] * kRemediation[v[kRL]] * kConfidence[v[kRC]];
  CvssScores scores;
  scores.base = BaseScore(vector);
  scores.temporal = RoundUp(vector.version, scores.base * temporal);
  bool environmental = false;
  for (uint8_t metric = kCR; metric < kCount; ++metric) environmental |= v[metric] > 1;
  if (!environmental) {
    scores.environmental = scores.temporal;
    return scores;
  }
  const uint8_t scope = Effective(vector, kMS, kS);
  const bool changed = scope == kScopeChanged;
  const double exploitability =
      ExploitabilityOf({Effective(vector, kMAV, kAV), Effective(vector, kMAC, kAC),
                        Effective(vector, kMPR, kPR), Effective(vector, kMUI, kUI), scope});
  const double modified =
      Combine(vector.version, ModifiedImpact(vector, changed), exploitability, changed);
  scores.environmental = RoundUp(vector.version, modified * temporal);
  return scores;
}

}  // namespace ouro::triage
