// The metrics of each version of CVSS as tables, and the places of those that the formulas name.
// Private to cvss*.cc.
#pragma once

#include <cmath>
#include <span>
#include <string_view>

#include "triage/cvss.h"

namespace ouro::triage {

struct CvssMetric {
  std::string_view name;
  std::string_view values;  // separated by blanks; the first of an optional metric: not defined
  bool mandatory = false;
};
std::span<const CvssMetric> CvssMetrics(CvssVersion version);

// Formulas of one version each.
CvssScores ScoreCvss2(const CvssVector& vector);
CvssScores ScoreCvss3(const CvssVector& vector);
CvssScores ScoreCvss4(const CvssVector& vector);

// Places in CvssVector::values. The order is that of the tables in cvss.cc.
namespace cvss2 {
enum Metric : uint8_t { kAV, kAC, kAu, kC, kI, kA, kE, kRL, kRC, kCDP, kTD, kCR, kIR, kAR, kCount };
}
namespace cvss3 {
enum Metric : uint8_t {
  kAV,
  kAC,
  kPR,
  kUI,
  kS,
  kC,
  kI,
  kA,
  kE,
  kRL,
  kRC,
  kCR,
  kIR,
  kAR,
  kMAV,
  kMAC,
  kMPR,
  kMUI,
  kMS,
  kMC,
  kMI,
  kMA,
  kCount
};
}
namespace cvss4 {
enum Metric : uint8_t {
  kAV,
  kAC,
  kAT,
  kPR,
  kUI,
  kVC,
  kVI,
  kVA,
  kSC,
  kSI,
  kSA,
  kE,
  kCR,
  kIR,
  kAR,
  kMAV,
  kMAC,
  kMAT,
  kMPR,
  kMUI,
  kMVC,
  kMVI,
  kMVA,
  kMSC,
  kMSI,
  kMSA,
  kS,
  kAU,
  kR,
  kV,
  kRE,
  kU,
  kCount
};
}
static_assert(cvss4::kCount == kCvssMetricCountMax);

// Half up, to one decimal. Scores are sums of decimal fractions: a value that should end in 5 may
// lie a little below it as a double.
inline double RoundTenth(double value) {
  constexpr double kSlack = 1e-9;
  return std::floor(value * 10 + 0.5 + kSlack) / 10;
}

}  // namespace ouro::triage
