#include "triage/cvss.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "triage/cvss_metrics.h"

namespace ouro::triage {
namespace {

constexpr std::array kMetrics2 = {
    CvssMetric{"AV", "L A N", true}, CvssMetric{"AC", "H M L", true},
    CvssMetric{"Au", "M S N", true}, CvssMetric{"C", "N P C", true},
    CvssMetric{"I", "N P C", true},  CvssMetric{"A", "N P C", true},
    CvssMetric{"E", "ND U POC F H"}, CvssMetric{"RL", "ND OF TF W U"},
    CvssMetric{"RC", "ND UC UR C"},  CvssMetric{"CDP", "ND N L LM MH H"},
    CvssMetric{"TD", "ND N L M H"},  CvssMetric{"CR", "ND L M H"},
    CvssMetric{"IR", "ND L M H"},    CvssMetric{"AR", "ND L M H"},
};
static_assert(kMetrics2.size() == cvss2::kCount);

constexpr std::array kMetrics3 = {
    CvssMetric{"AV", "N A L P", true}, CvssMetric{"AC", "L H", true},
    CvssMetric{"PR", "N L H", true},   CvssMetric{"UI", "N R", true},
    CvssMetric{"S", "U C", true},      CvssMetric{"C", "N L H", true},
    CvssMetric{"I", "N L H", true},    CvssMetric{"A", "N L H", true},
    CvssMetric{"E", "X U P F H"},      CvssMetric{"RL", "X O T W U"},
    CvssMetric{"RC", "X U R C"},       CvssMetric{"CR", "X L M H"},
    CvssMetric{"IR", "X L M H"},       CvssMetric{"AR", "X L M H"},
    CvssMetric{"MAV", "X N A L P"},    CvssMetric{"MAC", "X L H"},
    CvssMetric{"MPR", "X N L H"},      CvssMetric{"MUI", "X N R"},
    CvssMetric{"MS", "X U C"},         CvssMetric{"MC", "X N L H"},
    CvssMetric{"MI", "X N L H"},       CvssMetric{"MA", "X N L H"},
};
static_assert(kMetrics3.size() == cvss3::kCount);

// Values of metrics that take part in a severity distance stand from gravest to mildest.
constexpr std::array kMetrics4 = {
    CvssMetric{"AV", "N A L P", true}, CvssMetric{"AC", "L H", true},
    CvssMetric{"AT", "N P", true},     CvssMetric{"PR", "N L H", true},
    CvssMetric{"UI", "N P A", true},   CvssMetric{"VC", "H L N", true},
    CvssMetric{"VI", "H L N", true},   CvssMetric{"VA", "H L N", true},
    CvssMetric{"SC", "H L N", true},   CvssMetric{"SI", "H L N", true},
    CvssMetric{"SA", "H L N", true},   CvssMetric{"E", "X A P U"},
    CvssMetric{"CR", "X H M L"},       CvssMetric{"IR", "X H M L"},
    CvssMetric{"AR", "X H M L"},       CvssMetric{"MAV", "X N A L P"},
    CvssMetric{"MAC", "X L H"},        CvssMetric{"MAT", "X N P"},
    CvssMetric{"MPR", "X N L H"},      CvssMetric{"MUI", "X N P A"},
    CvssMetric{"MVC", "X H L N"},      CvssMetric{"MVI", "X H L N"},
    CvssMetric{"MVA", "X H L N"},      CvssMetric{"MSC", "X H L N"},
    CvssMetric{"MSI", "X H L N S"},    CvssMetric{"MSA", "X H L N S"},
    CvssMetric{"S", "X N P"},          CvssMetric{"AU", "X N Y"},
    CvssMetric{"R", "X A U I"},        CvssMetric{"V", "X D C"},
    CvssMetric{"RE", "X L M H"},       CvssMetric{"U", "X Clear Green Amber Red"},
};
static_assert(kMetrics4.size() == cvss4::kCount);

struct Prefix {
  std::string_view text;
  CvssVersion version;
};
constexpr std::array kPrefixes = {
    Prefix{"CVSS:3.1/", CvssVersion::k31}, Prefix{"CVSS:3.0/", CvssVersion::k30},
    Prefix{"CVSS:4.0/", CvssVersion::k40}, Prefix{"CVSS:2.0/", CvssVersion::k20},
    Prefix{"CVSS2#", CvssVersion::k20},
};

// A vector of 4.0 with all metrics has about 200 bytes.
constexpr size_t kVectorSizeMax = 512;

std::string Shown(std::string_view text) {
  return Printable(text.substr(0, 60));
}

// Removes the prefix and tells the version.
Result<CvssVersion> TakePrefix(std::string_view& text) {
  text = TrimSpace(text);
  if (text.size() > kVectorSizeMax) {
    return Fail(ErrorCode::kParse,
                fmt::format("a CVSS vector has at most {} bytes", kVectorSizeMax));
  }
  for (const Prefix& prefix : kPrefixes) {
    if (!StartsWith(text, prefix.text)) continue;
    text.remove_prefix(prefix.text.size());
    return prefix.version;
  }
  if (StartsWith(text, "CVSS:")) {
    return Fail(
        ErrorCode::kUnsupported,
        fmt::format("\"{}\" is no CVSS vector of version 2.0, 3.0, 3.1 or 4.0", Shown(text)));
  }
  if (text.size() >= 2 && text.front() == '(' && text.back() == ')') {
    text = text.substr(1, text.size() - 2);
  }
  return CvssVersion::k20;
}

// Number of `value` among the words of `values`, from 1; 0: it is none of them.
uint8_t NumberOf(std::string_view values, std::string_view value) {
  uint8_t number = 1;
  while (!values.empty()) {
    const size_t blank = std::min(values.find(' '), values.size());
    if (values.substr(0, blank) == value) return number;
    values.remove_prefix(std::min(blank + 1, values.size()));
    ++number;
  }
  return 0;
}

std::string_view WordAt(std::string_view values, uint8_t number) {
  for (; number > 1; --number) values.remove_prefix(values.find(' ') + 1);
  return values.substr(0, values.find(' '));
}

Status TakeMetric(std::string_view part, CvssVector& vector) {
  const std::span<const CvssMetric> metrics = CvssMetrics(vector.version);
  const size_t colon = part.find(':');
  const std::string_view name = part.substr(0, colon);
  for (size_t i = 0; i < metrics.size(); ++i) {
    if (metrics[i].name != name) continue;
    if (colon == std::string_view::npos) {
      return Fail(ErrorCode::kParse, fmt::format("CVSS metric {} has no value", name));
    }
    if (vector.values[i] != 0) {
      return Fail(ErrorCode::kParse, fmt::format("CVSS metric {} is given twice", name));
    }
    vector.values[i] = NumberOf(metrics[i].values, part.substr(colon + 1));
    if (vector.values[i] != 0) return {};
    return Fail(ErrorCode::kParse,
                fmt::format("CVSS metric {} cannot be \"{}\"; it is one of: {}", name,
                            Shown(part.substr(colon + 1)), metrics[i].values));
  }
  return Fail(ErrorCode::kParse, fmt::format("\"{}\" is no metric of CVSS {}", Shown(part),
                                             CvssVersionName(vector.version)));
}

// Is `a` the better rating to judge by?
bool IsBetter(const CvssChoice& a, const CvssChoice& b) {
  if (b.rating == nullptr) return true;
  if (a.version != b.version) return a.version > b.version;
  if (a.score != b.score) return a.score > b.score;
  if (a.rating->source != b.rating->source) return a.rating->source < b.rating->source;
  return a.rating->vector < b.rating->vector;
}

}  // namespace

std::string_view CvssVersionName(CvssVersion version) {
  switch (version) {
    case CvssVersion::k20:
      return "2.0";
    case CvssVersion::k30:
      return "3.0";
    case CvssVersion::k31:
      return "3.1";
    case CvssVersion::k40:
      return "4.0";
  }
  return {};
}

std::span<const CvssMetric> CvssMetrics(CvssVersion version) {
  switch (version) {
    case CvssVersion::k20:
      return kMetrics2;
    case CvssVersion::k30:
    case CvssVersion::k31:
      return kMetrics3;
    case CvssVersion::k40:
      return kMetrics4;
  }
  return {};
}

Result<CvssVector> ParseCvss(std::string_view text) {
  CvssVector vector;
  OURO_TRY(vector.version, TakePrefix(text));
  while (true) {
    const size_t slash = text.find('/');
    OURO_TRY_STATUS(TakeMetric(text.substr(0, slash), vector));
    if (slash == std::string_view::npos) break;
    text.remove_prefix(slash + 1);
  }
  const std::span<const CvssMetric> metrics = CvssMetrics(vector.version);
  for (size_t i = 0; i < metrics.size(); ++i) {
    if (!metrics[i].mandatory || vector.values[i] != 0) continue;
    return Fail(ErrorCode::kParse, fmt::format("CVSS {} vector lacks the metric {}",
                                               CvssVersionName(vector.version), metrics[i].name));
  }
  return vector;
}

CvssScores ScoreCvss(const CvssVector& vector) {
  switch (vector.version) {
    case CvssVersion::k20:
      return ScoreCvss2(vector);
    case CvssVersion::k30:
    case CvssVersion::k31:
      return ScoreCvss3(vector);
    case CvssVersion::k40:
      return ScoreCvss4(vector);
  }
  return {};
}

double OverallCvssScore(const CvssVector& vector) {
  return ScoreCvss(vector).environmental;
}

std::string CvssText(const CvssVector& vector) {
  std::string text;
  if (vector.version != CvssVersion::k20) {
    text = fmt::format("CVSS:{}", CvssVersionName(vector.version));
  }
  const std::span<const CvssMetric> metrics = CvssMetrics(vector.version);
  for (size_t i = 0; i < metrics.size(); ++i) {
    const uint8_t undefined = metrics[i].mandatory ? 0 : 1;
    if (vector.values[i] <= undefined) continue;
    if (!text.empty()) text += '/';
    text += metrics[i].name;
    text += ':';
    text += WordAt(metrics[i].values, vector.values[i]);
  }
  return text;
}

model::Severity CvssSeverity(CvssVersion version, double score) {
  if (version == CvssVersion::k20) {
    if (score >= 7.0) return model::Severity::kHigh;
    return score >= 4.0 ? model::Severity::kMedium : model::Severity::kLow;
  }
  if (score >= 9.0) return model::Severity::kCritical;
  if (score >= 7.0) return model::Severity::kHigh;
  if (score >= 4.0) return model::Severity::kMedium;
  return score > 0 ? model::Severity::kLow : model::Severity::kInfo;
}

CvssChoice ChooseCvss(const std::vector<model::Cvss>& ratings) {
  CvssChoice best;
  for (const model::Cvss& rating : ratings) {
    CvssChoice choice = {&rating, CvssVersion::k31, rating.score};
    if (!rating.vector.empty()) {
      if (const Result<CvssVector> vector = ParseCvss(rating.vector)) {
        choice.version = vector->version;
        if (choice.score < 0) choice.score = OverallCvssScore(*vector);
      }
    }
    if (choice.score < 0 || choice.score > 10) continue;
    if (IsBetter(choice, best)) best = choice;
  }
  return best;
}

}  // namespace ouro::triage
