// CVSS vectors: whatever is read has scores within 0 to 10 and a text that reads the same.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "triage/cvss.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ouro::Result<ouro::triage::CvssVector> vector = ouro::triage::ParseCvss(text);
  if (!vector) return 0;
  const ouro::triage::CvssScores scores = ouro::triage::ScoreCvss(*vector);
  OURO_CHECK(scores.base >= 0 && scores.base <= 10);
  OURO_CHECK(scores.environmental >= 0 && scores.environmental <= 10);
  const ouro::Result<ouro::triage::CvssVector> again =
      ouro::triage::ParseCvss(ouro::triage::CvssText(*vector));
  OURO_CHECK(again.has_value());
  OURO_CHECK(ouro::triage::ScoreCvss(*again) == scores);
  return 0;
}
