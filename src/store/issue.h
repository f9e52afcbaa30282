// What the store knows beyond one finding: issues, the observations under a finding, history, and
// the life of an issue. Plain values. docs/formats/store.md has the tables.
//
//     observation  one raw finding of one report in one scope
//       → finding  one rule's word on one object (model::Finding::id), with the evidence of the
//                  observation that is shown
//         → issue  the root cause that findings share (model::Finding::issue); people decide issues
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/finding.h"

namespace ouro::store {

// The analysis axis of an issue: what people (or triage) make of it. Whether it is still seen is
// another axis. kResolved is set by the store when no scope sees the issue any more, and left
// again (to kNew, with `reopened` one more) when one does; the states from kFalsePositive on are
// decisions of people, which no import changes.
enum class IssueStatus : uint8_t {
  kNew,
  kTriaged,
  kInProgress,
  kFixProposed,
  kFixedUnverified,
  kResolved,
  kFalsePositive,
  kNotAffected,
  kRiskAccepted,  // until a date
  kDuplicate,     // of another issue
  kOutOfScope,
};
inline constexpr int kIssueStatusCount = 11;
std::string_view IssueStatusName(IssueStatus status);  // "new", "false_positive", …
std::optional<IssueStatus> ParseIssueStatus(std::string_view name);

// Bits of a set of stages, in this order. A stage of another name counts as "import".
inline constexpr std::array<std::string_view, 6> kStages = {"ci",        "release", "cd",
                                                            "admission", "runtime", "import"};
using StageSet = uint8_t;
StageSet StageBit(std::string_view stage);
std::vector<std::string> StageNames(StageSet stages);  // in the order of kStages

// Who reports again and again about the same thing. An import that closes resolves what this scope
// no longer sees, and nothing of other scopes. For our own runs `target` is paths and profile.
struct Scope {
  std::string tool;    // "trivy", "ouro"
  std::string target;  // what was examined: image, repository, cluster, paths
  std::string branch;
  std::string application;
  bool operator==(const Scope&) const = default;
};
std::string ScopeName(const Scope& scope);  // ["trivy","shop/api","main","shop"]: unique

struct Issue {
  std::string id;  // 32 hexadecimal digits
  model::FindingClass finding_class = model::FindingClass::kMisconfig;
  // Of the finding that stands for the issue: open before closed, gravest, then smallest id.
  std::string finding_id;
  std::string check;
  std::string concept_name;
  std::string title;
  model::Resource resource;
  std::string vuln;  // canonical id; empty: none
  std::string owner;
  std::string fix_group;

  model::Severity severity = model::Severity::kInfo;  // highest of its open findings
  int priority = 0;                                   // the same, 0 to 100
  IssueStatus status = IssueStatus::kNew;
  bool seen = false;        // some scope sees one of its findings
  bool suppressed = false;  // seen, but each finding that is seen is suppressed where it stands
  bool open = false;        // seen, not suppressed, and neither resolved nor decided away
  std::string assignee;
  UnixSeconds first_seen = 0;
  UnixSeconds last_seen = 0;
  UnixSeconds resolved_at = 0;  // 0: is not
  UnixSeconds sla_due = 0;      // 0: no date
  UnixSeconds until = 0;        // end of a risk acceptance; 0: none
  std::string duplicate_of;     // id of an issue
  int64_t reopened = 0;         // times
  StageSet stages_seen = 0;     // stages that see it now
  StageSet stages_ever = 0;
  std::vector<std::string> tools;     // that ever saw it, sorted
  std::vector<std::string> clusters;  // sorted, as the next two
  std::vector<std::string> environments;
  std::vector<std::string> applications;
  int64_t finding_count = 0;
  int64_t open_finding_count = 0;
};

// One finding with its state. The evidence (place, message, severity, …) is that of the observation
// shown: still seen, not suppressed, changed last, gravest, smallest observation key and scope
// name, in this order. The source line is not stored (it may hold a secret), so
// `location.source_line` is empty.
struct StoredFinding {
  model::Finding finding;
  bool open = true;       // some scope sees it; a suppressed finding is seen
  int64_t run_count = 0;  // imports that saw it; not part of the export
};

struct Observation {
  std::string finding_id;
  std::string scope;  // its name
  std::string key;    // 16 hexadecimal digits
  UnixSeconds first_seen = 0;
  UnixSeconds last_seen = 0;
  UnixSeconds gone_at = 0;  // 0: the scope still sees it
  model::Finding finding;   // as this report had it
};

// Append only. `what`: "resolved", "reopened", "status", "severity", "owner", "assignee", "note",
// "sla", "moved", "expired".
struct HistoryEntry {
  UnixSeconds time = 0;
  std::string who;  // "import" and the scope's name, or a person
  std::string what;
  std::string from;
  std::string to;
  std::string note;
  bool operator==(const HistoryEntry&) const = default;
};

// Everything about one issue, for `findings explain`. Findings in order of id, observations of
// finding, scope and key, history oldest first.
struct IssueDetail {
  Issue issue;
  std::vector<StoredFinding> findings;
  std::vector<Observation> observations;  // at most limits::kPageItemCount
  std::vector<HistoryEntry> history;      // at most limits::kPageItemCount, the newest
};

}  // namespace ouro::store
