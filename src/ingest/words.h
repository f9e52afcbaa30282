// Words that tools share: severities, CWE numbers, vulnerability ids, Kubernetes names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"

namespace ouro::ingest {

// Severity of a word that tools use, upper or lower case: critical, blocker, important, high,
// error, danger, moderate, medium, warning, warn, low, minor, negligible, style, info,
// informational, note, notice, none, ignore, unknown, … nullopt for a word that nobody knows.
std::optional<model::Severity> SeverityOfWord(std::string_view word);

// CVSS v3 qualitative rating scale (FIRST, CVSS v3.1 §5): 9.0 critical, 7.0 high, 4.0 medium, above
// 0 low, 0 info. The same bands for v4.0; v2 scores too, as NVD shows them beside v3.
model::Severity SeverityOfScore(double score);

// Puts `word` into the finding: severity, its origin "<tool>" and the word itself. An unknown word
// is `otherwise`, and severity_source says "<tool> (unknown word)".
void SetSeverity(model::Finding& finding, std::string_view tool, std::string_view word,
                 model::Severity otherwise = model::Severity::kMedium);

// "CWE-79", "79", "CWE-79: Cross-site …" → 79; nullopt when there is no number.
std::optional<int64_t> CweNumber(std::string_view text);

// Ids of vulnerabilities in a text, in order, each once: CVE-…, GHSA-…, and those of known
// databases (RHSA, DSA, DLA, USN, ALAS, ELSA, SUSE, GO, RUSTSEC, PYSEC, OSV …).
std::vector<std::string> VulnIdsIn(std::string_view text);

// Sets the canonical id and sorted aliases of a vulnerability from all ids known for it: the lowest
// of CVE, then GHSA, then the first other one.
void SetVulnIds(model::Vuln& vuln, std::vector<std::string> ids);

// "Kind/name", "Kind/namespace/name", "namespace/Kind/name" as far as the tool's order is told by
// the caller; fills the finding's resource. The API version of well-known kinds is filled in when
// empty.
void SetResource(model::Finding& finding, std::string_view kind, std::string_view namespace_name,
                 std::string_view name, std::string_view container = {},
                 std::string_view api_version = {});

// 64-bit hash of a secret's text as 16 hexadecimal digits, keyed by the process's constant: tells
// equal secrets of one report apart without keeping the text. Never the text itself, never a short
// prefix.
std::string SecretHash(std::string_view secret);

}  // namespace ouro::ingest
