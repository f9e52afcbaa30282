#include "model/vex.h"

#include <array>

namespace ouro::model {
namespace {

struct StatusWord {
  std::string_view word;
  VexStatus status;
};
// The first of each status is its name. Sources: OpenVEX specification 0.2.0, "Status Labels";
// CycloneDX 1.6, vulnerability.analysis.state; CSAF 2.0, 3.2.3.9 product_status.
constexpr std::array kStatusWords = {
    StatusWord{"under_investigation", VexStatus::kUnderInvestigation},
    StatusWord{"affected", VexStatus::kAffected},
    StatusWord{"not_affected", VexStatus::kNotAffected},
    StatusWord{"fixed", VexStatus::kFixed},
    StatusWord{"in_triage", VexStatus::kUnderInvestigation},
    StatusWord{"exploitable", VexStatus::kAffected},
    StatusWord{"false_positive", VexStatus::kNotAffected},
    StatusWord{"resolved", VexStatus::kFixed},
    StatusWord{"resolved_with_pedigree", VexStatus::kFixed},
    StatusWord{"known_affected", VexStatus::kAffected},
    StatusWord{"first_affected", VexStatus::kAffected},
    StatusWord{"last_affected", VexStatus::kAffected},
    StatusWord{"known_not_affected", VexStatus::kNotAffected},
    StatusWord{"first_fixed", VexStatus::kFixed},
    // CSAF "recommended" says which version to move to: that version is not in need of a fix.
    StatusWord{"recommended", VexStatus::kFixed},
};

struct JustificationWord {
  std::string_view word;
  VexJustification justification;
};
// The first of each is its name. Sources: OpenVEX 0.2.0, "Status Justifications"; CSAF 2.0, 3.2.3.5
// flags; CycloneDX 1.6, vulnerability.analysis.justification (docs/formats/vex.md says which of
// its nine words means which of these five).
constexpr std::array kJustificationWords = {
    JustificationWord{"", VexJustification::kNone},
    JustificationWord{"component_not_present", VexJustification::kComponentNotPresent},
    JustificationWord{"vulnerable_code_not_present", VexJustification::kVulnerableCodeNotPresent},
    JustificationWord{"vulnerable_code_not_in_execute_path",
                      VexJustification::kVulnerableCodeNotInExecutePath},
    JustificationWord{"vulnerable_code_cannot_be_controlled_by_adversary",
                      VexJustification::kVulnerableCodeCannotBeControlled},
    JustificationWord{"inline_mitigations_already_exist",
                      VexJustification::kInlineMitigationsExist},
    JustificationWord{"code_not_present", VexJustification::kVulnerableCodeNotPresent},
    JustificationWord{"code_not_reachable", VexJustification::kVulnerableCodeNotInExecutePath},
    JustificationWord{"requires_configuration",
                      VexJustification::kVulnerableCodeCannotBeControlled},
    JustificationWord{"requires_dependency", VexJustification::kVulnerableCodeCannotBeControlled},
    JustificationWord{"requires_environment", VexJustification::kVulnerableCodeCannotBeControlled},
    JustificationWord{"protected_by_compiler", VexJustification::kInlineMitigationsExist},
    JustificationWord{"protected_at_runtime", VexJustification::kInlineMitigationsExist},
    JustificationWord{"protected_at_perimeter", VexJustification::kInlineMitigationsExist},
    JustificationWord{"protected_by_mitigating_control", VexJustification::kInlineMitigationsExist},
};

}  // namespace

std::string_view VexStatusName(VexStatus value) {
  for (const StatusWord& row : kStatusWords) {
    if (row.status == value) return row.word;
  }
  return {};
}

std::optional<VexStatus> ParseVexStatus(std::string_view word) {
  for (const StatusWord& row : kStatusWords) {
    if (row.word == word) return row.status;
  }
  return std::nullopt;
}

std::string_view VexJustificationName(VexJustification value) {
  for (const JustificationWord& row : kJustificationWords) {
    if (row.justification == value) return row.word;
  }
  return {};
}

std::optional<VexJustification> ParseVexJustification(std::string_view word) {
  for (const JustificationWord& row : kJustificationWords) {
    if (row.word == word) return row.justification;
  }
  return std::nullopt;
}

}  // namespace ouro::model
