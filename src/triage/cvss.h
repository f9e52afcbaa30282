// CVSS vectors of versions 2.0, 3.0, 3.1 and 4.0: reading, scores, severity bands.
//
// Sources: FIRST, "A Complete Guide to the Common Vulnerability Scoring System 2.0" §3.2; "CVSS
// v3.0 Specification" §8; "CVSS v3.1 Specification" §7 and appendix A (Roundup); "CVSS v4.0
// Specification" §8 with its MacroVector table.
// Nothing here allocates unless it fails or returns a std::string.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/finding.h"

namespace ouro::triage {

enum class CvssVersion : uint8_t { k20, k30, k31, k40 };
std::string_view CvssVersionName(CvssVersion version);  // "2.0", "3.0", "3.1", "4.0"

// Version 4.0 has the most metrics: 11 base, 1 threat, 14 environmental, 6 supplemental.
inline constexpr size_t kCvssMetricCountMax = 32;

struct CvssVector {
  CvssVersion version = CvssVersion::k31;
  // For each metric of the version, in the order of its vector string: 0 not written, else the
  // number of its value from 1 (for metrics that may be left out, 1 is "not defined").
  std::array<uint8_t, kCvssMetricCountMax> values{};
  bool operator==(const CvssVector&) const = default;
};

// Scores with one decimal, 0.0 to 10.0.
struct CvssScores {
  double base = 0;
  // With the temporal metrics (4.0: with the threat metric, CVSS-BT). Equal to base where none is
  // defined.
  double temporal = 0;
  // With all metrics (4.0: CVSS-BTE). Equal to temporal where no environmental metric is defined.
  double environmental = 0;
  bool operator==(const CvssScores&) const = default;
};

// Reads a vector in any order of its metrics. "CVSS:3.0/", "CVSS:3.1/" and "CVSS:4.0/" tell the
// version; without a prefix, with "CVSS2#" or in round brackets it is 2.0. Blanks around it are
// passed over. kParse names the metric: unknown, given twice, a value it does not have, or missing;
// kUnsupported for another version.
Result<CvssVector> ParseCvss(std::string_view text);

CvssScores ScoreCvss(const CvssVector& vector);

// The score that counts: environmental, which falls back to the temporal and the base score.
double OverallCvssScore(const CvssVector& vector);

// Canonical text: metrics in the order of the specification, without those that are not defined.
// ParseCvss of it gives the same scores, and the same text again.
std::string CvssText(const CvssVector& vector);

// The band of a score by the version's own scale: 2.0 knows low (to 3.9), medium (to 6.9) and high;
// the others none (0.0: info), low, medium, high (7.0) and critical (9.0).
model::Severity CvssSeverity(CvssVersion version, double score);

// The rating to judge a vulnerability by, of all that are known: newest version first, then the
// higher score, then the smaller source and vector, so that the order of reports does not matter.
// nullptr when none has a readable vector or a score. A rating without vector counts as 3.1; a
// score of -1 with a readable vector is computed.
struct CvssChoice {
  const model::Cvss* rating = nullptr;
  CvssVersion version = CvssVersion::k31;
  double score = -1;
};
CvssChoice ChooseCvss(const std::vector<model::Cvss>& ratings);

}  // namespace ouro::triage
