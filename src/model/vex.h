// A VEX statement: somebody says of one vulnerability and some products whether they are affected.
// The common form of OpenVEX, CycloneDX VEX and CSAF documents: whoever reads such a file makes
// these (ingest), triage matches them with findings (triage/vex.h), report writes them.
// docs/formats/vex.md has the table of words of the three formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::model {

// OpenVEX's four words; the other formats are mapped onto them.
enum class VexStatus : uint8_t { kUnderInvestigation, kAffected, kNotAffected, kFixed };
std::string_view VexStatusName(VexStatus value);  // "under_investigation", "affected", …
// Reads the status words of all three formats: OpenVEX ("not_affected"), CycloneDX analysis.state
// ("in_triage", "exploitable", "false_positive", "resolved", "resolved_with_pedigree") and CSAF
// product_status ("known_not_affected", "first_affected", "recommended", …). nullopt: another word.
std::optional<VexStatus> ParseVexStatus(std::string_view word);

// Why something is not affected: OpenVEX's five, and none.
enum class VexJustification : uint8_t {
  kNone,
  kComponentNotPresent,
  kVulnerableCodeNotPresent,
  kVulnerableCodeNotInExecutePath,
  kVulnerableCodeCannotBeControlled,  // "vulnerable_code_cannot_be_controlled_by_adversary"
  kInlineMitigationsExist             // "inline_mitigations_already_exist"
};
std::string_view VexJustificationName(VexJustification value);  // kNone: ""
// OpenVEX and CSAF flag words, and CycloneDX's (code_not_present, code_not_reachable, requires_*,
// protected_*). nullopt: another word. The empty word is kNone.
std::optional<VexJustification> ParseVexJustification(std::string_view word);

// One product of a statement. All that are given must hold.
struct VexProduct {
  // A purl (with or without version), or the document's own name for it (a CPE, a bom-ref, an image
  // reference). Empty: every product.
  std::string id;
  // "vers:…" or plain "< 1.2.3, >= 1.0.0"; empty: as the version in `id`, or every version.
  std::string version_range;
  // Purls or names of parts of the product in which the vulnerability lies; empty: the product
  // itself, and all its parts.
  std::vector<std::string> subcomponents;
  // Other ids of the same product (digests as "sha256:…", CPEs, purls); any of them may match.
  std::vector<std::string> identifiers;
  bool operator==(const VexProduct&) const = default;
};

struct VexStatement {
  std::string vulnerability;         // as written: "CVE-2024-1234", "GHSA-…"; never empty
  std::vector<std::string> aliases;  // other ids of the same vulnerability
  // Empty: everything that the document is about (a CycloneDX VEX without `affects`).
  std::vector<VexProduct> products;
  VexStatus status = VexStatus::kUnderInvestigation;
  VexJustification justification = VexJustification::kNone;
  std::string
      justification_word;        // as written, where it is finer than ours: "requires_environment"
  std::string impact;            // impact_statement, detail, or threat of category impact
  std::string action;            // action_statement, workaround, or remediation
  std::string response;          // CycloneDX response words joined by ", ": "will_not_fix, update"
  std::string timestamp;         // RFC 3339: of the statement, else of its document; empty: unknown
  std::string author;            // of the statement (supplier), else of its document
  std::string document;          // id of the document (@id, serialNumber, tracking.id)
  std::string document_version;  // as written: "1", "2.0.1"
  bool operator==(const VexStatement&) const = default;
};

}  // namespace ouro::model
