// The policy as values: levels, rules, selectors. docs/formats/policy.md is the meaning for users,
// policy_reader.h reads it, policy_writer.h writes its canonical form, resolve.h applies it.
//
// Source of the semantics: actions observe < react < block; levels global < cluster < environment <
// application; locked rules are floors; identifier beats component beats class, then the nearest
// level, then the stricter action.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/finding.h"
#include "model/severity.h"

namespace ouro::gate {

class Condition;  // condition.h: a compiled CEL expression

enum class Action : uint8_t { kObserve, kReact, kBlock };
std::string_view ActionName(Action action);  // "observe", "react", "block"

// In order of nearness to what is delivered.
enum class Level : uint8_t { kGlobal, kCluster, kEnvironment, kApplication };
std::string_view LevelName(Level level);  // "global", "cluster", "environment", "application"

// A package by name or by package URL; the whole text, '*' and '?' are wildcards.
struct PackagePattern {
  std::string purl;      // "pkg:deb/debian/openssl", with version ("…@1.1.1k") or without; a text
                         // without "pkg:" is the package's name
  std::string versions;  // constraints that must all hold: ">=1.0 <2.0"; empty: any. version.h
  bool operator==(const PackagePattern&) const = default;
};

// Which findings are meant. All fields that are set must match; a list matches when one of its
// entries does. An unknown fact does not match, except where it is said. Texts with '*' or '?' are
// globs.
struct Selector {
  std::vector<std::string> classes;   // "vuln", "misconfig", …
  std::vector<std::string> checks;    // check ids, aliases, concepts, vulnerability ids; globs over
                                      // ids and aliases
  std::vector<std::string> findings;  // fingerprints, 32 hexadecimal digits
  std::vector<std::string> issues;    // ids of issues, 32 hexadecimal digits
  std::vector<std::string> fix_groups;
  std::vector<PackagePattern> packages;
  std::optional<model::Severity> severity_min;  // this severity or above
  std::optional<double> cvss_min;               // highest score of the finding, 0 to 10
  std::optional<double> epss_min;               // 0 to 1
  std::optional<bool> kev;
  std::optional<bool> fixable;        // a fixed version or a patch is known
  std::optional<bool> is_new;         // not in the baseline; without a baseline everything is new
  std::vector<std::string> ssvc;      // outcomes: "3 days"
  std::vector<std::string> exposure;  // "exposed", "not_exposed", "unknown"
  std::vector<std::string> reachability;  // "runtime", …, "unknown"
  std::vector<std::string> stages;        // "ci", "admission", …
  // Days since the fix became available; where that is not known, since the finding was first seen.
  std::optional<int64_t> fix_age_days_min;
  // First seen less than so many days ago; matches where that is not known.
  std::optional<int64_t> newer_than_days;
  std::vector<std::string> namespaces;  // a finding without namespace matches only "*"
  std::vector<std::string> kinds;
  std::vector<std::string> clusters;
  std::vector<std::string> environments;
  std::vector<std::string> applications;
  std::vector<std::string> labels;  // "key=value" or "key", both sides globs
  std::string when;                 // CEL over `finding`, `subject` and `now`; empty: none
  std::shared_ptr<const Condition> condition;  // of `when`; null: not compiled yet

  bool IsEmpty() const;  // no field is set: matches every finding
};

// What a rule's action holds for.
enum class Applies : uint8_t {
  kAlways,
  kIfFixable,  // "block-if-fixable": `action` where a fix is known, else observe
  kInherit,    // "inherit": what the farther levels say; `action` is not looked at
};

struct PolicyRule : Selector {
  std::string name;  // for the explanation; "rule 3" when unnamed
  Action action = Action::kObserve;
  Applies applies = Applies::kAlways;
  bool locked = false;  // a floor: no rule of any level goes below it
  std::string origin;   // "ouro.yaml:12:5"; empty: unknown
};

// "observe", "react", "block", "block-if-fixable", "inherit".
std::string_view RuleActionName(const PolicyRule& rule);

enum class OnIncomplete : uint8_t { kObserve, kReact, kBlock };
std::string_view OnIncompleteName(OnIncomplete value);

// What a level demands of exceptions. A field that is not set is taken from the farther level, and
// at the end from kExceptionDefaults. Where several levels or entries of one level say something,
// the nearest level counts, within a level the strictest.
struct ExceptionRules {
  std::array<std::optional<int64_t>, model::kSeverityCount> days_max;   // by severity, ≥ 1
  std::array<std::optional<int64_t>, model::kSeverityCount> approvals;  // by severity, ≥ 0
  std::optional<int64_t> growth_percent;  // how far the matched findings may grow in number
  std::optional<double> epss_threshold;   // crossing it upwards suspends
  std::optional<int64_t> grace_hours;     // after expiry: what would block reacts for so long
  std::vector<std::string> owners;        // roles that may approve what lowers this level's floors
};

// Longest life in days (critical, high, medium are the specification's), approvals needed, growth.
struct ExceptionDefaults {
  std::array<int64_t, model::kSeverityCount> days_max = {365, 180, 90, 30, 14};  // info … critical
  int64_t approvals = 1;
  int64_t growth_percent = 20;
  double epss_threshold = 0.1;
  int64_t grace_hours = 0;
};
inline constexpr ExceptionDefaults kExceptionDefaults;

// Which branches may go to which environments; globs.
struct BranchRule {
  std::string branch;
  std::vector<std::string> environments;
  std::string origin;
};

// What one level says. The policy itself is the global level.
struct LevelRules {
  std::vector<PolicyRule> rules;
  // What happens to findings that no rule matches, by severity; not set: the farther level's.
  std::array<std::optional<Action>, model::kSeverityCount> defaults;
  std::optional<OnIncomplete> incomplete;
  std::optional<int64_t> max_age_seconds;  // findings data older than this is no data
  ExceptionRules exceptions;
  std::vector<BranchRule> branches;
};

// An entry of clusters, environments or applications. Applies where all globs match the subject.
struct PolicyLevel : LevelRules {
  Level level = Level::kEnvironment;
  std::string cluster;      // empty: any
  std::string environment;  // empty: any
  std::string application;  // empty: any
  std::optional<bool> production;
  std::string origin;
};

// "environment prod", "application shop in prod", for people.
std::string LevelTitle(const PolicyLevel& level);

// How break-glass grants are checked; without it none is accepted. grant.h.
struct BreakGlass {
  std::string key_environment;  // name of the environment variable that holds the key
  std::string key_file;         // or a file that does
  int64_t max_seconds = 0;      // longest life, 1 to limits::kBreakGlassSeconds
  bool second_person = false;   // a grant needs one who agreed beside the one who asked
  int64_t review_days = 3;      // until its use must have been reviewed
};

struct Policy {
  // The global level. Its fields stand here by themselves for those who know only this level.
  std::vector<PolicyRule> rules;
  // Without a matching rule: block at this severity or above (nullopt: never). Overridden severity
  // by severity through `global.defaults`.
  std::optional<model::Severity> fail_on = model::Severity::kHigh;
  // Not set: observe where the policy has no levels; else block in production, react elsewhere.
  std::optional<OnIncomplete> incomplete;
  bool strict = false;             // --strict: a pending reaction gives exit code 5
  std::string origin = "default";  // where the policy came from, for people
  LevelRules global;  // defaults, max_age, exceptions, branches of the global level; its `rules`
                      // and `incomplete` are not looked at
  std::vector<PolicyLevel> levels;
  // Environments (globs) that are production where no level's `production` says so.
  std::vector<std::string> production = {"prod", "prod-*", "production", "production-*", "live"};
  // role → people; empty: the role that an approval names is believed.
  std::map<std::string, std::vector<std::string>> roles;
  std::optional<BreakGlass> break_glass;
};

}  // namespace ouro::gate
