// CVSS 2.0: the equations of §3.2 of FIRST's guide, each result rounded to one decimal.
#include <algorithm>

#include "triage/cvss_metrics.h"

namespace ouro::triage {
namespace {

using namespace cvss2;

// By the number of the value in the table of cvss.cc; 0 stands for "not written".
constexpr std::array<double, 4> kAccessVector = {0, 0.395, 0.646, 1.0};
constexpr std::array<double, 4> kAccessComplexity = {0, 0.35, 0.61, 0.71};
constexpr std::array<double, 4> kAuthentication = {0, 0.45, 0.56, 0.704};
constexpr std::array<double, 4> kImpact = {0, 0, 0.275, 0.660};
constexpr std::array<double, 6> kExploitability = {1, 1, 0.85, 0.9, 0.95, 1};
constexpr std::array<double, 6> kRemediationLevel = {1, 1, 0.87, 0.90, 0.95, 1};
constexpr std::array<double, 5> kReportConfidence = {1, 1, 0.90, 0.95, 1};
constexpr std::array<double, 7> kCollateralDamage = {0, 0, 0, 0.1, 0.3, 0.4, 0.5};
constexpr std::array<double, 6> kTargetDistribution = {1, 1, 0, 0.25, 0.75, 1};
constexpr std::array<double, 5> kRequirement = {1, 1, 0.5, 1.0, 1.51};

double BaseScore(const CvssVector& vector, double impact) {
  const auto& v = vector.values;
  const double exploitability =
      20 * kAccessVector[v[kAV]] * kAccessComplexity[v[kAC]] * kAuthentication[v[kAu]];
  const double factor = impact == 0 ? 0 : 1.176;
  return RoundTenth((0.6 * impact + 0.4 * exploitability - 1.5) * factor);
}

double TemporalScore(const CvssVector& vector, double base) {
  const auto& v = vector.values;
  return RoundTenth(base * kExploitability[v[kE]] * kRemediationLevel[v[kRL]] *
                    kReportConfidence[v[kRC]]);
}

}  // namespace

CvssScores ScoreCvss2(const CvssVector& vector) {
  const auto& v = vector.values;
  const double confidentiality = kImpact[v[kC]];
  const double integrity = kImpact[v[kI]];
  const double availability = kImpact[v[kA]];
  CvssScores scores;
  const double impact = 10.41 * (1 - (1 - confidentiality) * (1 - integrity) * (1 - availability));
  scores.base = BaseScore(vector, impact);
  scores.temporal = TemporalScore(vector, scores.base);
  bool environmental = false;
  for (uint8_t metric = kCDP; metric < kCount; ++metric) environmental |= v[metric] > 1;
  if (!environmental) {
    scores.environmental = scores.temporal;
    return scores;
  }
  const double adjusted_impact =
      std::min(10.0, 10.41 * (1 - (1 - confidentiality * kRequirement[v[kCR]]) *
                                      (1 - integrity * kRequirement[v[kIR]]) *
                                      (1 - availability * kRequirement[v[kAR]])));
  const double adjusted = TemporalScore(vector, BaseScore(vector, adjusted_impact));
  const double damage = kCollateralDamage[v[kCDP]];
  // A small adjusted impact makes the adjusted score negative; the scale begins at 0.
  scores.environmental = std::max(
      0.0, RoundTenth((adjusted + (10 - adjusted) * damage) * kTargetDistribution[v[kTD]]));
  return scores;
}

}  // namespace ouro::triage
