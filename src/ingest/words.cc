#include "ingest/words.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/hash.h"
#include "base/text.h"
#include "fmt/format.h"
#include "model/kinds.h"

namespace ouro::ingest {
namespace {

using model::Severity;

struct SeverityWord {
  std::string_view word;
  Severity severity;
};

// Sorted by severity; compared in lower case.
constexpr std::array kSeverityWords = {
    SeverityWord{"critical", Severity::kCritical},
    SeverityWord{"blocker", Severity::kCritical},
    SeverityWord{"defcon1", Severity::kCritical},
    SeverityWord{"emergency", Severity::kCritical},
    SeverityWord{"alert", Severity::kCritical},
    SeverityWord{"very high", Severity::kCritical},
    SeverityWord{"high", Severity::kHigh},
    SeverityWord{"important", Severity::kHigh},
    SeverityWord{"serious", Severity::kHigh},
    SeverityWord{"error", Severity::kHigh},
    SeverityWord{"danger", Severity::kHigh},
    SeverityWord{"major", Severity::kHigh},
    SeverityWord{"severe", Severity::kHigh},
    SeverityWord{"fatal", Severity::kHigh},
    SeverityWord{"medium", Severity::kMedium},
    SeverityWord{"moderate", Severity::kMedium},
    SeverityWord{"warning", Severity::kMedium},
    SeverityWord{"warn", Severity::kMedium},
    SeverityWord{"low", Severity::kLow},
    SeverityWord{"minor", Severity::kLow},
    SeverityWord{"negligible", Severity::kInfo},
    SeverityWord{"style", Severity::kLow},
    SeverityWord{"note", Severity::kLow},
    SeverityWord{"notice", Severity::kLow},
    SeverityWord{"info", Severity::kInfo},
    SeverityWord{"informational", Severity::kInfo},
    SeverityWord{"information", Severity::kInfo},
    SeverityWord{"none", Severity::kInfo},
    SeverityWord{"ignore", Severity::kInfo},
    SeverityWord{"debug", Severity::kInfo},
    SeverityWord{"log", Severity::kInfo},
    SeverityWord{"trace", Severity::kInfo},
    SeverityWord{"optimization", Severity::kInfo},
    SeverityWord{"unknown", Severity::kInfo},
    SeverityWord{"undefined", Severity::kInfo},
    SeverityWord{"unspecified", Severity::kInfo},
    SeverityWord{"best practice", Severity::kInfo},
};

// Prefixes of vulnerability databases, as they are written. What follows is letters, digits, '-',
// ':',
// '.' or '_'.
constexpr std::array<std::string_view, 33> kVulnPrefixes = {
    "CVE-",  "GHSA-",  "RHSA-",    "RHBA-",        "RHEA-", "DSA-",     "DLA-",   "DTSA-", "USN-",
    "ALAS",  "ELSA-",  "SUSE-SU-", "openSUSE-SU-", "GO-",   "RUSTSEC-", "PYSEC-", "OSV-",  "GLSA-",
    "ALSA-", "RLSA-",  "RXSA-",    "CGA-",         "CESA-", "GSD-",     "GMS-",   "SNYK-", "TEMP-",
    "CNVD-", "JVNDB-", "EUVD-",    "MAL-",         "BIT-",  "HSEC-"};

bool IsIdCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == ':' || c == '.' || c == '_';
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The id that begins at `text`, or empty. An id holds a digit and ends in a letter or digit.
std::string_view IdAt(std::string_view text) {
  for (const std::string_view prefix : kVulnPrefixes) {
    if (!StartsWith(text, prefix)) continue;
    size_t end = prefix.size();
    while (end < text.size() && IsIdCharacter(text[end])) ++end;
    while (end > prefix.size() && (text[end - 1] == '.' || text[end - 1] == ':' ||
                                   text[end - 1] == '-' || text[end - 1] == '_')) {
      --end;
    }
    const std::string_view id = text.substr(0, end);
    if (std::any_of(id.begin(), id.end(), IsDigit)) return id;
  }
  return {};
}

int IdRank(std::string_view id) {
  if (StartsWith(id, "CVE-")) return 0;
  if (StartsWith(id, "GHSA-")) return 1;
  return 2;
}

}  // namespace

std::optional<Severity> SeverityOfWord(std::string_view word) {
  const std::string lower = LowerAscii(TrimSpace(word));
  for (const SeverityWord& known : kSeverityWords) {
    if (known.word == lower) return known.severity;
  }
  return std::nullopt;
}

Severity SeverityOfScore(double score) {
  if (score >= 9.0) return Severity::kCritical;
  if (score >= 7.0) return Severity::kHigh;
  if (score >= 4.0) return Severity::kMedium;
  return score > 0 ? Severity::kLow : Severity::kInfo;
}

void SetSeverity(model::Finding& finding, std::string_view tool, std::string_view word,
                 Severity otherwise) {
  const std::optional<Severity> known = SeverityOfWord(word);
  finding.severity = known.value_or(otherwise);
  finding.severity_source = std::string(tool);
  if (!known) finding.severity_source += word.empty() ? " (none given)" : " (unknown word)";
  finding.origin.Make().severity = std::string(TrimSpace(word));
}

std::optional<int64_t> CweNumber(std::string_view text) {
  text = TrimSpace(text);
  if (text.size() > 4 && EqualsIgnoreCase(text.substr(0, 3), "cwe")) text.remove_prefix(4);
  size_t end = 0;
  while (end < text.size() && IsDigit(text[end])) ++end;
  return ParseInt64(text.substr(0, end));
}

std::vector<std::string> VulnIdsIn(std::string_view text) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && IsIdCharacter(text[i - 1]) && text[i - 1] != ':') continue;
    const std::string_view id = IdAt(text.substr(i));
    if (id.empty()) continue;
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.emplace_back(id);
    i += id.size() - 1;
  }
  return ids;
}

void SetVulnIds(model::Vuln& vuln, std::vector<std::string> ids) {
  std::erase_if(ids, [](const std::string& id) { return id.empty(); });
  if (ids.empty()) return;
  size_t best = 0;
  for (size_t i = 1; i < ids.size(); ++i) {
    const int rank = IdRank(ids[i]);
    const int best_rank = IdRank(ids[best]);
    // Of several CVEs the lowest text, so that the order of a report does not matter.
    if (rank < best_rank || (rank == best_rank && rank < 2 && ids[i] < ids[best])) best = i;
  }
  vuln.id = ids[best];
  std::erase(ids, vuln.id);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  vuln.aliases = std::move(ids);
}

void SetResource(model::Finding& finding, std::string_view kind, std::string_view namespace_name,
                 std::string_view name, std::string_view container, std::string_view api_version) {
  model::Resource& resource = finding.resource;
  resource.kind = std::string(model::CanonicalKind(kind));
  resource.namespace_name = std::string(namespace_name);
  resource.name = std::string(name);
  resource.container = std::string(container);
  resource.api_version = std::string(api_version);
  if (resource.api_version.empty()) {
    resource.api_version = std::string(model::ApiVersionOfKind(resource.kind));
  }
}

std::string SecretHash(std::string_view secret) {
  // A key of our own keeps these hashes from matching tables made for anything else.
  TupleHasher hasher("ouro/secret/v1");
  hasher.Add("value", secret);
  return hasher.Finish().substr(0, 16);
}

}  // namespace ouro::ingest
