// What public feeds say of one vulnerability: the same wherever it is found (feed/feed.h reads it,
// triage/priority.h judges by it).
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace ouro::model {

// An answer to a question that may not have been asked. Unknown is never "no".
enum class Answer : uint8_t { kUnknown, kNo, kYes };
// SSVC decision points "Exploitation" and "Technical Impact".
enum class Exploitation : uint8_t { kUnknown, kNone, kPoc, kActive };
enum class TechnicalImpact : uint8_t { kUnknown, kPartial, kTotal };

struct VulnFacts {
  Answer kev = Answer::kUnknown;  // in CISA's catalogue; kUnknown: no catalogue was read
  bool ransomware = false;        // the catalogue knows of its use by ransomware
  UnixSeconds kev_added = 0;      // midnight UTC; 0: unknown or not listed
  UnixSeconds kev_due = 0;
  double epss = -1;  // probability of exploitation within 30 days, 0 to 1; negative: unknown
  double epss_percentile = -1;  // 0 to 1
  Exploitation exploitation = Exploitation::kUnknown;
  Answer automatable = Answer::kUnknown;
  TechnicalImpact technical_impact = TechnicalImpact::kUnknown;
  std::string cvss;  // vector that the enrichment gives; empty: none
  bool operator==(const VulnFacts&) const = default;
};

}  // namespace ouro::model
