// A finding: one rule says one thing about one object. Plain values; docs/formats/finding.md is the
// JSON form and its meaning field by field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/severity.h"

namespace ouro::model {

enum class FindingClass : uint8_t {
  kMisconfig,
  kVuln,
  kSecret,
  kRuntime,
  kBench,
  kNetpol,
  kRbac,
  kProbe,
  kLicence,
  kMalware,
  kLint
};
std::string_view FindingClassName(FindingClass value);

// What a finding is about: a Kubernetes object, by its owner (workload), never by replica.
struct Resource {
  std::string api_version;  // "apps/v1"
  std::string kind;
  std::string namespace_name;  // empty: none written, or cluster-scoped
  std::string name;            // metadata.name, or metadata.generateName where that is all there is
  std::string container;       // empty: not about a container
  bool operator==(const Resource&) const = default;
};

// A place in a file. Lines and columns count from 1 (0: unknown); columns count characters.
struct Location {
  std::string file;  // as given on the command line, '/' as separator
  int64_t line = 0;
  int64_t column = 0;
  int64_t end_line = 0;
  int64_t end_column = 0;     // one past the last character
  uint32_t start_offset = 0;  // byte span in the file, half-open
  uint32_t end_offset = 0;
  std::string json_path;    // "$.spec.containers[0].securityContext.privileged"
  int64_t document = 0;     // 0-based number of the document in the file
  std::string source_line;  // text of `line`, for the table report
  bool operator==(const Location&) const = default;
};

struct Suppression {
  std::string by;      // "ouro.dev/ignore", "checkov.io/skip", "baseline", "ouro.yaml", …
  std::string reason;  // empty when the author gave none
  std::string until;   // "2026-12-31", or empty
  bool operator==(const Suppression&) const = default;
};

// One edit of a fix, in the words of the check: set path to JSON text, or remove it.
struct FixPatch {
  std::string op;         // "set" or "remove"
  std::string json_path;  // absolute in the document
  std::string value;      // JSON text; empty for remove
  bool operator==(const FixPatch&) const = default;
};

enum class FindingStatus : uint8_t { kOpen, kSuppressed, kError };
std::string_view FindingStatusName(FindingStatus value);

struct Finding {
  std::string id;  // fingerprint, 32 hexadecimal digits; triage::AssignFingerprints
  FindingClass finding_class = FindingClass::kMisconfig;
  std::string check;                 // "OURO-K8S-0001", or "<tool>:<rule>" of an import
  std::string concept_name;          // cross-tool rule name ("privileged")
  std::vector<std::string> aliases;  // "checkov:CKV_K8S_16", sorted
  std::string title;
  Resource resource;
  std::string field_path;  // part of the identity: list items by name, not by index
  Location location;
  Severity severity = Severity::kMedium;
  std::string severity_source;  // "check", "ouro.yaml", …
  std::string message;
  std::string remediation;
  std::vector<std::string> references;
  std::vector<FixPatch> fix;
  FindingStatus status = FindingStatus::kOpen;
  std::optional<Suppression> suppressed;
  std::string first_seen;  // RFC 3339; empty without a store
  std::string last_seen;
  std::string stage = "ci";
  int64_t count = 1;                      // how many equal observations were folded into this one
  std::vector<Location> other_locations;  // places of the folded ones, at most 20
  // Gate: filled by gate::Decide.
  std::string action;  // "observe", "react", "block"; empty when suppressed
};

// Something that was not examined, or only in part, and why. Never silent.
struct Problem {
  std::string kind;  // ErrorCodeName, or "templated", "not_evaluable", "rule_error"
  std::string file;
  int64_t line = 0;  // 0: the whole file
  int64_t column = 0;
  int64_t document = -1;  // -1: the whole file
  std::string object;     // "Deployment shop/web" where known
  std::string message;    // what, why and the remedy in one line
  bool warning = false;   // true: everything was examined all the same (a duplicate key, say)
};

// One examined check on one object that passed (only with --show-passed).
struct Passed {
  std::string check;
  Resource resource;
  std::string file;
  int64_t line = 0;
};

}  // namespace ouro::model
