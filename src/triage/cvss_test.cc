#include "triage/cvss.h"

#include <algorithm>
#include <array>

#include <doctest.h>

#include "triage/cvss_metrics.h"

using namespace ouro;
using namespace ouro::triage;

namespace {

struct Row {
  const char* vector;
  double base, temporal, environmental;
};

void CheckRows(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.vector);
    const Result<CvssVector> vector = ParseCvss(row.vector);
    REQUIRE(vector.has_value());
    const CvssScores scores = ScoreCvss(*vector);
    CHECK(scores.base == doctest::Approx(row.base));
    CHECK(scores.temporal == doctest::Approx(row.temporal));
    CHECK(scores.environmental == doctest::Approx(row.environmental));
  }
}

std::string ErrorOf(const char* text) {
  const Result<CvssVector> vector = ParseCvss(text);
  return vector ? std::string() : vector.error().message;
}

}  // namespace

TEST_CASE("scores of version 2.0: the three examples of FIRST's guide, and borders") {
  CheckRows({
      // CVE-2002-0392, CVE-2003-0818, CVE-2003-0062: sections 3.3.1 to 3.3.3.
      {"AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8, 7.8, 7.8},
      {"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C", 7.8, 6.4, 6.4},
      {"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H", 7.8, 6.4, 9.2},
      {"AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:L", 10.0, 8.3, 9.0},
      {"AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:M", 6.2, 4.9, 7.5},
      {"AV:N/AC:L/Au:N/C:N/I:N/A:N", 0, 0, 0},
      // The adjusted base would be below zero.
      {"AV:L/AC:H/Au:M/C:P/I:N/A:N/CR:L", 0.8, 0.8, 0},
      {"AV:L/AC:H/Au:M/C:N/I:P/A:N/E:F/RL:U/RC:UC/CDP:H/IR:L", 0.8, 0.7, 4.9},
      // Values with the last number of their list.
      {"AV:N/AC:L/Au:N/C:C/I:C/A:C/E:H/RL:U/RC:C/CDP:H/TD:H/CR:H/IR:H/AR:H", 10, 10, 10},
  });
}

TEST_CASE("scores of versions 3.0 and 3.1") {
  CheckRows({
      {"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, 6.1, 6.1},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5, 7.5, 7.5},
      {"CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 6.8, 6.8, 6.8},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10, 10, 10},
      {"CVSS:3.1/AV:N/AC:H/PR:L/UI:R/S:U/C:N/I:N/A:N", 0, 0, 0},
      {"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:L/A:H/E:P/RL:T/RC:R", 8.3, 7.2, 7.2},
      {"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/E:U/RL:O/CR:H/MC:L/MI:L/MA:L", 10, 8.7, 7.7},
  });
}

TEST_CASE("versions 3.0 and 3.1 differ in the modified impact of a changed scope") {
  CheckRows({
      {"CVSS:3.0/AV:N/AC:H/PR:L/UI:R/S:C/C:H/I:H/A:N/MS:C/CR:H/IR:H", 7.7, 7.7, 8.0},
      {"CVSS:3.1/AV:N/AC:H/PR:L/UI:R/S:C/C:H/I:H/A:N/MS:C/CR:H/IR:H", 7.7, 7.7, 8.1},
      {"CVSS:3.0/AV:L/AC:L/PR:L/UI:R/S:C/C:L/I:H/A:L/IR:M/AR:L/MAC:H/MC:L/MA:L", 7.3, 7.3, 6.4},
      {"CVSS:3.1/AV:L/AC:L/PR:L/UI:R/S:C/C:L/I:H/A:L/IR:M/AR:L/MAC:H/MC:L/MA:L", 7.3, 7.3, 6.3},
  });
}

TEST_CASE("scores of version 4.0: base, with threat, and with everything") {
  CheckRows({
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10, 10, 10},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 8.7, 8.7, 8.7},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N/E:U", 8.7, 6.6, 6.6},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0, 0, 0},
      {"CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3, 7.3, 7.3},
      {"CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 1.0, 1.0, 1.0},
      {"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7, 7.7, 7.7},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N", 6.9, 6.9, 6.9},
  });
  struct Overall {
    const char* vector;
    double score;
  };
  constexpr std::array kOverall = {
      Overall{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/MSI:S", 10.0},
      Overall{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/CR:L/IR:L/AR:L",
              8.9},
      Overall{"CVSS:4.0/AV:A/AC:L/AT:P/PR:H/UI:P/VC:N/VI:N/VA:H/SC:N/SI:H/SA:L/E:A/CR:L/IR:L/AR:L/"
              "MAC:L/MVI:N/MVA:H/MSI:N",
              1.5},
      Overall{
          "CVSS:4.0/AV:P/AC:H/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:L/SI:H/SA:L/CR:L/AR:M/MAT:N/MSI:L",
          5.2},
      Overall{"CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:L/VA:N/SC:L/SI:H/SA:L/CR:H/IR:M/MAC:L/"
              "MAT:P/MVC:H/MVA:H/MSC:N/MSI:H",
              7.2},
      Overall{"CVSS:4.0/AV:L/AC:H/AT:N/PR:H/UI:N/VC:L/VI:L/VA:L/SC:H/SI:L/SA:L/E:U/CR:L/AR:L/MAV:A/"
              "MAT:P/MVC:L/MVA:L/MSA:L",
              1.1},
      Overall{
          "CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:L/SC:H/SI:N/SA:H/CR:M/IR:M/AR:L/MAV:L/"
          "MAC:H/MPR:L/MUI:N/MVA:N/MSC:L/MSI:H",
          5.0},
      Overall{"CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:A/VC:H/VI:L/VA:H/SC:H/SI:L/SA:N/IR:H/MAV:A/MAC:L/"
              "MPR:H/MUI:A/MVC:H/MVI:N/MSC:L/MSA:N",
              4.4},
      Overall{
          "CVSS:4.0/AV:N/AC:H/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:L/SI:N/SA:N/E:U/CR:L/MVC:H/MVI:N/"
          "MSC:L/MSA:S",
          6.7},
      Overall{
          "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:L/SC:H/SI:N/SA:H/CR:H/IR:M/AR:M/MAC:L/"
          "MPR:N/MVI:H/MSC:L",
          9.9},
      Overall{"CVSS:4.0/AV:P/AC:L/AT:P/PR:N/UI:P/VC:N/VI:L/VA:N/SC:L/SI:L/SA:N/E:A/CR:L/IR:L/AR:M/"
              "MAV:A/MPR:H/MVC:L",
              1.0},
  };
  for (const Overall& row : kOverall) {
    CAPTURE(row.vector);
    CHECK(OverallCvssScore(ParseCvss(row.vector).value()) == doctest::Approx(row.score));
  }
}

TEST_CASE("a vector may stand in any order, and its canonical text means the same") {
  const CvssVector vector = ParseCvss("CVSS:3.1/S:U/A:N/I:N/C:H/UI:N/PR:N/AC:L/AV:N/E:X").value();
  CHECK(CvssText(vector) == "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N");
  CHECK(CvssText(ParseCvss(" (AV:N/AC:L/Au:N/C:P/I:P/A:P/E:ND) ").value()) ==
        "AV:N/AC:L/Au:N/C:P/I:P/A:P");
  CHECK(ParseCvss("CVSS2#AV:N/AC:L/Au:N/C:P/I:P/A:P").has_value());
}

TEST_CASE("text and scores of random vectors survive printing and reading") {
  uint64_t state = 42;
  const auto random = [&state](uint64_t count) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % count;
  };
  for (int round = 0; round < 4'000; ++round) {
    CvssVector vector;
    vector.version = static_cast<CvssVersion>(round % 4);
    const auto metrics = CvssMetrics(vector.version);
    for (size_t i = 0; i < metrics.size(); ++i) {
      uint64_t count = 1;
      for (const char c : metrics[i].values) count += c == ' ' ? 1 : 0;
      if (!metrics[i].mandatory && random(2) == 0) continue;
      vector.values[i] = static_cast<uint8_t>(1 + random(count));
    }
    const std::string text = CvssText(vector);
    CAPTURE(text);
    const Result<CvssVector> again = ParseCvss(text);
    REQUIRE(again.has_value());
    CHECK(CvssText(*again) == text);
    const CvssScores scores = ScoreCvss(vector);
    CHECK(ScoreCvss(*again) == scores);
    for (const double score : {scores.base, scores.temporal, scores.environmental}) {
      CHECK(score >= 0);
      CHECK(score <= 10);
    }
  }
}

TEST_CASE("errors name the metric") {
  CHECK(ErrorOf("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N") ==
        "CVSS 3.1 vector lacks the metric A");
  CHECK(ErrorOf("CVSS:3.1/AV:Z/AC:L") == "CVSS metric AV cannot be \"Z\"; it is one of: N A L P");
  CHECK(ErrorOf("AV:N/AV:N") == "CVSS metric AV is given twice");
  CHECK(ErrorOf("AV:N/AC") == "CVSS metric AC has no value");
  CHECK(ErrorOf("CVSS:4.0/AV:N/S:U") == "CVSS metric S cannot be \"U\"; it is one of: X N P");
  CHECK(ErrorOf("CVSS:3.1/AV:N/Au:N") == "\"Au:N\" is no metric of CVSS 3.1");
  CHECK(ErrorOf("").find("no metric") != std::string::npos);
  CHECK(ErrorOf("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N/").find("no metric") !=
        std::string::npos);
  const Result<CvssVector> later = ParseCvss("CVSS:5.0/AV:N");
  REQUIRE_FALSE(later.has_value());
  CHECK(later.error().code == ErrorCode::kUnsupported);
  CHECK_FALSE(ParseCvss(std::string(100'000, 'A')).has_value());
}

TEST_CASE("bands are those of the version") {
  using model::Severity;
  CHECK(CvssSeverity(CvssVersion::k20, 0) == Severity::kLow);
  CHECK(CvssSeverity(CvssVersion::k20, 6.9) == Severity::kMedium);
  CHECK(CvssSeverity(CvssVersion::k20, 10) == Severity::kHigh);
  CHECK(CvssSeverity(CvssVersion::k31, 0) == Severity::kInfo);
  CHECK(CvssSeverity(CvssVersion::k31, 3.9) == Severity::kLow);
  CHECK(CvssSeverity(CvssVersion::k30, 4.0) == Severity::kMedium);
  CHECK(CvssSeverity(CvssVersion::k40, 8.9) == Severity::kHigh);
  CHECK(CvssSeverity(CvssVersion::k40, 9.0) == Severity::kCritical);
}

TEST_CASE("of several ratings the newest version counts, then the higher score, in any order") {
  std::vector<model::Cvss> ratings = {
      {"AV:N/AC:L/Au:N/C:C/I:C/A:C", 10, "nvd"},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", -1, "redhat"},
      {"CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 6.8, "nvd"},
      {"nonsense", -1, "other"},
  };
  CHECK(ChooseCvss(ratings).score == doctest::Approx(7.5));
  CHECK(ChooseCvss(ratings).rating->source == "redhat");
  std::reverse(ratings.begin(), ratings.end());
  CHECK(ChooseCvss(ratings).rating->source == "redhat");
  CHECK(ChooseCvss({}).rating == nullptr);
}
