// CVSS 4.0: MacroVector lookup with interpolation (specification §8).
//
// A vector falls into one of 270 MacroVectors by six equivalence classes (EQ1…EQ6; 3 and 6 are
// taken together). The table gives the score of the gravest vector of each. A milder vector loses,
// for each class, the share of the distance to the next lower MacroVector that it is away from the
// gravest one; the mean of these losses is subtracted.
#include <algorithm>
#include <initializer_list>

#include "triage/cvss_metrics.h"

namespace ouro::triage {
namespace {

using namespace cvss4;

// Score of each MacroVector in tenths; a row for each EQ1, EQ2, EQ3, a column for each EQ4, EQ5,
// EQ6 (the last runs fastest). EQ3 = 2 with EQ6 = 0 does not exist. Data of the specification.
constexpr uint8_t kNone = 255;
constexpr std::array<uint8_t, 324> kLookup = {
    100, 99, 98,  95, 95,  92, 100, 96, 93,  87, 91,  81, 93,  90, 89,  80, 81,  68, 98,  95,
    95,  92, 90,  84, 93,  92, 89,  81, 81,  65, 88,  80, 78,  70, 69,  48, 255, 92, 255, 82,
    255, 72, 255, 79, 255, 69, 255, 50, 255, 69, 255, 55, 255, 27, 99,  97, 95,  92, 92,  85,
    95,  91, 90,  83, 84,  71, 92,  81, 82,  71, 72,  53, 95,  93, 92,  85, 85,  73, 92,  82,
    80,  72, 70,  59, 84,  70, 71,  52, 50,  30, 255, 86, 255, 75, 255, 52, 255, 71, 255, 52,
    255, 29, 255, 63, 255, 29, 255, 17, 98,  95, 94,  87, 91,  81, 94,  89, 86,  74, 77,  64,
    87,  75, 74,  63, 63,  49, 94,  89, 88,  77, 76,  67, 86,  76, 74,  58, 59,  50, 72,  57,
    57,  52, 52,  25, 255, 83, 255, 70, 255, 54, 255, 65, 255, 58, 255, 26, 255, 53, 255, 21,
    255, 13, 95,  90, 88,  76, 76,  70, 90,  77, 75,  62, 61,  53, 77,  66, 68,  59, 52,  30,
    89,  78, 76,  67, 62,  58, 74,  59, 57,  57, 47,  23, 61,  52, 57,  29, 24,  16, 255, 71,
    255, 59, 255, 30, 255, 58, 255, 26, 255, 15, 255, 23, 255, 13, 255, 6,  93,  87, 86,  72,
    75,  58, 86,  74, 74,  61, 56,  34, 70,  54, 52,  40, 40,  22, 85,  75, 74,  55, 62,  51,
    72,  57, 55,  41, 46,  19, 53,  36, 34,  19, 19,  8,  255, 64, 255, 51, 255, 20, 255, 47,
    255, 21, 255, 11, 255, 24, 255, 9,  255, 4,  88,  75, 73,  53, 60,  50, 73,  55, 59,  40,
    41,  20, 54,  43, 45,  22, 20,  11, 75,  55, 58,  45, 40,  21, 61,  51, 48,  18, 20,  9,
    46,  18, 17,  7,  8,   2,  255, 53, 255, 24, 255, 14, 255, 24, 255, 12, 255, 5,  255, 10,
    255, 3,  255, 1,
};

struct MacroVector {
  int eq1, eq2, eq3, eq4, eq5, eq6;
};

// Tenths; kNone where there is no such MacroVector.
uint8_t Lookup(const MacroVector& m) {
  if (m.eq1 > 2 || m.eq2 > 1 || m.eq3 > 2 || m.eq4 > 2 || m.eq5 > 2 || m.eq6 > 1) return kNone;
  size_t place = 0;
  const auto add = [&place](int value, size_t count) {
    place = place * count + static_cast<size_t>(value);
  };
  add(m.eq1, 3);
  add(m.eq2, 2);
  add(m.eq3, 3);
  add(m.eq4, 3);
  add(m.eq5, 3);
  add(m.eq6, 2);
  return kLookup[place];
}

// The values that count, as levels from 0 (gravest). SI and SA begin with "safety" at 0, so that
// the levels of SC, SI and SA are high 1, low 2, none 3.
struct Levels {
  int av, pr, ui, ac, at, vc, vi, va, sc, si, sa, cr, ir, ar, e;
};

// Which groups of metrics are looked at; the others count as not defined.
struct Groups {
  bool threat;
  bool environment;
};

Levels LevelsOf(const CvssVector& vector, const Groups& groups) {
  const auto& v = vector.values;
  const auto effective = [&](uint8_t modified, uint8_t base) {
    const int value = groups.environment ? v[modified] : 0;
    return value > 1 ? value - 2 : v[base] - 1;
  };
  // H L N S of MSI, MSA, after "X".
  constexpr int kSafety = 3;
  const auto subsequent = [&](uint8_t modified, uint8_t base) {
    const int level = effective(modified, base);
    return level == kSafety ? 0 : level + 1;
  };
  const auto requirement = [&](uint8_t metric) {
    return groups.environment && v[metric] > 1 ? v[metric] - 2 : 0;
  };
  Levels levels{};
  levels.av = effective(kMAV, kAV);
  levels.pr = effective(kMPR, kPR);
  levels.ui = effective(kMUI, kUI);
  levels.ac = effective(kMAC, kAC);
  levels.at = effective(kMAT, kAT);
  levels.vc = effective(kMVC, kVC);
  levels.vi = effective(kMVI, kVI);
  levels.va = effective(kMVA, kVA);
  levels.sc = subsequent(kMSC, kSC);
  levels.si = subsequent(kMSI, kSI);
  levels.sa = subsequent(kMSA, kSA);
  levels.cr = requirement(kCR);
  levels.ir = requirement(kIR);
  levels.ar = requirement(kAR);
  levels.e = groups.threat && v[kE] > 1 ? v[kE] - 2 : 0;
  return levels;
}

// Tables 24 to 29 of the specification.
MacroVector MacroVectorOf(const Levels& l) {
  MacroVector m{};
  const bool all_open = l.av == 0 && l.pr == 0 && l.ui == 0;
  const bool any_open = l.av == 0 || l.pr == 0 || l.ui == 0;
  constexpr int kPhysical = 3;
  if (all_open) {
    m.eq1 = 0;
  } else {
    m.eq1 = any_open && l.av != kPhysical ? 1 : 2;
  }
  m.eq2 = l.ac == 0 && l.at == 0 ? 0 : 1;
  if (l.vc == 0 && l.vi == 0) {
    m.eq3 = 0;
  } else {
    m.eq3 = l.vc == 0 || l.vi == 0 || l.va == 0 ? 1 : 2;
  }
  if (l.si == 0 || l.sa == 0) {
    m.eq4 = 0;
  } else {
    m.eq4 = l.sc == 1 || l.si == 1 || l.sa == 1 ? 1 : 2;
  }
  m.eq5 = l.e;
  const bool required =
      (l.cr == 0 && l.vc == 0) || (l.ir == 0 && l.vi == 0) || (l.ar == 0 && l.va == 0);
  m.eq6 = required ? 0 : 1;
  return m;
}

// The sum of levels by which `levels` is milder than the first of `gravest` that is at least as
// grave in each metric. The specification lists for each class the vectors that are gravest.
template <size_t kMetricCount>
int Distance(const std::array<int, kMetricCount>& levels,
             std::initializer_list<std::array<int, kMetricCount>> gravest) {
  int sum = 0;
  for (const std::array<int, kMetricCount>& top : gravest) {
    bool covered = true;
    sum = 0;
    for (size_t i = 0; i < kMetricCount; ++i) {
      covered = covered && levels[i] >= top[i];
      sum += levels[i] - top[i];
    }
    if (covered) break;
  }
  return sum;
}

int DistanceOfEq1(const MacroVector& m, const Levels& l) {
  using Three = std::array<int, 3>;
  const Three levels = {l.av, l.pr, l.ui};
  if (m.eq1 == 0) return Distance<3>(levels, {Three{0, 0, 0}});
  if (m.eq1 == 1) return Distance<3>(levels, {Three{1, 0, 0}, Three{0, 1, 0}, Three{0, 0, 1}});
  return Distance<3>(levels, {Three{3, 0, 0}, Three{1, 1, 1}});
}

int DistanceOfEq2(const MacroVector& m, const Levels& l) {
  using Two = std::array<int, 2>;
  const Two levels = {l.ac, l.at};
  if (m.eq2 == 0) return Distance<2>(levels, {Two{0, 0}});
  return Distance<2>(levels, {Two{1, 0}, Two{0, 1}});
}

int DistanceOfEq3And6(const MacroVector& m, const Levels& l) {
  using Six = std::array<int, 6>;
  const Six levels = {l.vc, l.vi, l.va, l.cr, l.ir, l.ar};
  if (m.eq3 == 0 && m.eq6 == 0) return Distance<6>(levels, {Six{0, 0, 0, 0, 0, 0}});
  if (m.eq3 == 0) return Distance<6>(levels, {Six{0, 0, 1, 1, 1, 0}, Six{0, 0, 0, 1, 1, 1}});
  if (m.eq3 == 1 && m.eq6 == 0) {
    return Distance<6>(levels, {Six{1, 0, 0, 0, 0, 0}, Six{0, 1, 0, 0, 0, 0}});
  }
  if (m.eq3 == 1) {
    return Distance<6>(levels, {Six{1, 0, 1, 0, 1, 0}, Six{1, 0, 0, 0, 1, 1}, Six{0, 1, 0, 1, 0, 1},
                                Six{0, 1, 1, 1, 0, 0}, Six{1, 1, 0, 0, 0, 1}});
  }
  return Distance<6>(levels, {Six{1, 1, 1, 0, 0, 0}});
}

int DistanceOfEq4(const MacroVector& m, const Levels& l) {
  using Three = std::array<int, 3>;
  const Three levels = {l.sc, l.si, l.sa};
  if (m.eq4 == 0) return Distance<3>(levels, {Three{1, 0, 0}});
  if (m.eq4 == 1) return Distance<3>(levels, {Three{1, 1, 1}});
  return Distance<3>(levels, {Three{2, 2, 2}});
}

// How many levels a class is deep (specification, table 30).
constexpr std::array<int, 3> kDepth1 = {1, 4, 5};
constexpr std::array<int, 2> kDepth2 = {1, 2};
constexpr std::array<std::array<int, 2>, 3> kDepth3And6 = {{{7, 6}, {8, 8}, {0, 10}}};
constexpr std::array<int, 3> kDepth4 = {6, 5, 4};

// The score of the next lower MacroVector of EQ3 and EQ6 together; kNone: there is none.
uint8_t LowerOfEq3And6(const MacroVector& m) {
  MacroVector lower3 = m;
  ++lower3.eq3;
  MacroVector lower6 = m;
  ++lower6.eq6;
  if (m.eq3 == 0 && m.eq6 == 0) {
    // Both ways lead down; both exist for every value of the other classes.
    return std::max(Lookup(lower6), Lookup(lower3));
  }
  return m.eq3 == 1 && m.eq6 == 0 ? Lookup(lower6) : Lookup(lower3);
}

double Score(const CvssVector& vector, const Groups& groups) {
  const Levels l = LevelsOf(vector, groups);
  if (l.vc == 2 && l.vi == 2 && l.va == 2 && l.sc == 3 && l.si == 3 && l.sa == 3) return 0;
  const MacroVector m = MacroVectorOf(l);
  const int value = Lookup(m);
  double loss = 0;
  int count = 0;
  const auto add = [&](uint8_t lower, int distance, int depth) {
    if (lower == kNone) return;
    ++count;
    loss += static_cast<double>(value - lower) * distance / depth;
  };
  MacroVector next = m;
  ++next.eq1;
  add(Lookup(next), DistanceOfEq1(m, l), kDepth1[static_cast<size_t>(m.eq1)]);
  next = m;
  ++next.eq2;
  add(Lookup(next), DistanceOfEq2(m, l), kDepth2[static_cast<size_t>(m.eq2)]);
  add(LowerOfEq3And6(m), DistanceOfEq3And6(m, l),
      kDepth3And6[static_cast<size_t>(m.eq3)][static_cast<size_t>(m.eq6)]);
  next = m;
  ++next.eq4;
  add(Lookup(next), DistanceOfEq4(m, l), kDepth4[static_cast<size_t>(m.eq4)]);
  next = m;
  ++next.eq5;
  add(Lookup(next), 0, 1);  // EQ5 has one metric: there is nothing between its levels
  const double tenths = count == 0 ? value : value - loss / count;
  return RoundTenth(std::clamp(tenths, 0.0, 100.0) / 10);
}

}  // namespace

CvssScores ScoreCvss4(const CvssVector& vector) {
  CvssScores scores;
  scores.base = Score(vector, {.threat = false, .environment = false});
  scores.temporal = Score(vector, {.threat = true, .environment = false});
  scores.environmental = Score(vector, {.threat = true, .environment = true});
  return scores;
}

}  // namespace ouro::triage
