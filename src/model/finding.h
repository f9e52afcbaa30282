// A finding: one rule says one thing about one object. Plain values; docs/formats/finding.md is the
// JSON form and its meaning field by field.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/boxed.h"
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

// A software package. `purl` is canonical (package-url specification) and holds the version.
struct Package {
  std::string purl;     // "pkg:deb/debian/openssl@1.1.1k-1?arch=amd64"; empty: could not be made
  std::string name;     // as the ecosystem writes it: "org.slf4j:slf4j-api", "@scope/name"
  std::string version;  // installed version; empty: unknown
  std::string type;     // purl type: "deb", "npm", "golang", …
  std::string path;     // file in the image or repository in which it was found
  std::string source;   // source package of an OS package ("openssl" of libssl1.1); empty: the same
  bool operator==(const Package&) const = default;
};

struct Image {
  std::string reference;  // "registry.example/shop/api:1.2" as the tool wrote it
  std::string digest;     // "sha256:…" of the image; never part of an identity
  std::string layer;      // digest of the layer in which the subject lies
  bool operator==(const Image&) const = default;
};

// A CVSS rating as somebody gave it.
struct Cvss {
  std::string vector;  // "CVSS:3.1/AV:N/…"; v2 without prefix; empty: only the score is known
  double score = -1;   // 0 to 10; negative: unknown (triage::ScoreCvss computes it)
  std::string source;  // "nvd", "redhat", "ghsa", …; empty: unknown
  bool operator==(const Cvss&) const = default;
};

// What is known of a vulnerability. The same for every place in which it is found.
struct Vuln {
  std::string id;                    // canonical: lowest of CVE > GHSA > others (triage/identity.h)
  std::vector<std::string> aliases;  // all other ids, sorted
  std::vector<Cvss> cvss;            // in the order of the report
  double epss = -1;                  // probability 0 to 1; negative: unknown, which is not "none"
  double epss_percentile = -1;
  bool kev = false;       // listed as known exploited by whoever told us
  std::string fixed_in;   // version, or several joined by ", "; empty: none known
  std::string fix_state;  // "fixed", "not-fixed", "wont-fix", "unknown" or empty
  std::string published;  // RFC 3339 or date as given
  bool operator==(const Vuln&) const = default;
};

// What another tool said about a finding, kept as evidence; never part of an identity.
struct Origin {
  std::string tool;           // "trivy": the importer's tool name
  std::string tool_version;   // where the report tells
  std::string uid;            // the tool's own id of this finding; empty: it has none
  std::string severity;       // the word or number that the tool wrote
  std::string description;    // long text of the rule or vulnerability, plain or Markdown
  std::string impact;         // what may come of it, where the tool says so apart
  std::string category;       // the tool's own group: "Pod Security Standards"
  std::vector<int64_t> cwes;  // 79, not "CWE-79"; in the order of the report
  std::vector<std::string> tags;
  std::string confidence;    // as the tool wrote it
  std::string endpoint;      // URL or host:port/protocol of a probe
  std::string service;       // application or service that the report names
  std::string state;         // what the tool decided: see kOriginStates; empty: nothing
  std::string snippet_hash;  // of the matched text, never the text; empty: none
  int64_t occurrences = 1;   // how often the report says it happened
  bool operator==(const Origin&) const = default;
};

// Words of Origin::state. A finding with one of them is not open: it is `suppressed` by the tool.
inline constexpr std::array<std::string_view, 6> kOriginStates = {
    "false_positive", "risk_accepted", "not_affected", "out_of_scope", "duplicate", "fixed"};

// Where the subject lives. What is empty is unknown.
struct Asset {
  std::string application;  // as given with --app, or by a label
  std::string environment;
  std::string cluster;
  std::string repository;
  std::string branch;
  std::string commit;
  std::string host;  // host name or address; of a node with `node_role` where it is a node
  std::string node_role;
  bool operator==(const Asset&) const = default;
};

// One term of a priority: what was looked at, what it was and how much it moved the result.
struct Reason {
  std::string term;   // "kev", "exposure", "severity"
  std::string value;  // "listed", "not exposed", "high"
  int weight = 0;     // points added to the priority, may be negative or 0
  std::string text;   // one sentence for people, with the source of the fact
  bool operator==(const Reason&) const = default;
};

// What triage makes of a finding (triage/priority.h).
struct Judgement {
  int priority = 0;      // 0 to 100, higher first
  std::string outcome;   // SSVC outcome: "3 days", "14 days", "60 days", "fix on system upgrade"
  std::string exposure;  // "exposed", "not_exposed", "unknown"
  std::string reachability;  // "runtime", "static", "package_loaded", "unreachable", "unknown"
  std::vector<Reason> why;   // in the order in which they were applied
  bool operator==(const Judgement&) const = default;
};

enum class FindingStatus : uint8_t { kOpen, kSuppressed, kError };
std::string_view FindingStatusName(FindingStatus value);

struct Finding {
  std::string id;  // fingerprint, 32 hexadecimal digits; triage::AssignFingerprints
  std::string
      issue;  // root cause that findings of several tools share; 32 digits; triage/identity.h
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
  // Parts that few findings have.
  Boxed<Package> package;
  Boxed<Image> image;
  Boxed<Vuln> vuln;
  Boxed<Origin> origin;  // of an imported finding
  Boxed<Asset> asset;
  Boxed<Judgement> judgement;
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
