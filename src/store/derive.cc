#include "store/derive.h"

#include <algorithm>
#include <tuple>

#include "store/evidence.h"

namespace ouro::store {
namespace {

constexpr auto kSuppressed = static_cast<uint32_t>(model::FindingStatus::kSuppressed);

void SortUnique(std::vector<int64_t>& keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

void NoteId(std::vector<std::string>& ids, const Id& id) {
  if (ids.size() < kImportChangeIdCount) ids.push_back(IdText(id.view()));
}

// One observation as a candidate to be shown.
struct Candidate {
  bool live = false;
  bool suppressed = false;
  int64_t changed_at = 0;
  uint32_t severity = 0;
  int64_t key = 0;
  std::string scope_name;
};

// A suppression never reaches further than it was written, so what is suppressed is shown last.
bool IsBetter(const Candidate& a, const Candidate& b) {
  if (a.live != b.live) return a.live;
  if (a.suppressed != b.suppressed) return b.suppressed;
  if (a.changed_at != b.changed_at) return a.changed_at > b.changed_at;
  if (a.severity != b.severity) return a.severity > b.severity;
  return std::tie(a.key, a.scope_name) < std::tie(b.key, b.scope_name);
}

void Show(FindingRow& row, const EvidenceHead& head, const ObservationRow& observation) {
  row.finding_class = head.finding_class;
  row.severity = head.severity;
  row.priority = head.priority;
  row.status = head.status;
  row.rule = head.rule;
  row.object = head.object;
  row.vuln = head.vuln;
  row.owner = head.owner;
  row.fix_group = head.fix_group;
  row.scope = observation.scope;
  row.observation = observation.key;
}

// Is `a` before `b` as the finding that stands for their issue?
bool StandsBefore(const FindingRow& a, const FindingRow& b) {
  if (a.open() != b.open()) return a.open();
  if (a.seen != b.seen) return a.seen;
  if (a.severity != b.severity) return a.severity > b.severity;
  return a.id.view() < b.id.view();
}

Result<std::vector<FindingRow>> FindingsOf(Core& core, int64_t issue_key) {
  std::vector<int64_t> keys;
  OURO_TRY(Statement * list, core.findings_of.Use(*core.database));
  list->Bind(issue_key);
  for (;;) {
    OURO_TRY(const bool found, list->Step());
    if (!found) break;
    keys.push_back(list->Int());
  }
  list->Reset();
  std::vector<FindingRow> rows;
  for (const int64_t key : keys) {
    OURO_TRY(FindingRow row, core.LoadFinding(key));
    rows.push_back(row);
  }
  return rows;
}

void Stand(IssueRow& issue, const FindingRow& finding) {
  issue.finding_key = finding.key;
  issue.finding_class = finding.finding_class;
  issue.object = finding.object;
  issue.vuln = finding.vuln;
  issue.fix_group = finding.fix_group;
  if (!issue.owner_edited) issue.owner = finding.owner;
}

// Everything of the row that follows from the findings.
Status Gather(Core& core, const std::vector<FindingRow>& findings, IssueRow& issue) {
  issue.seen = issue.suppressed = false;
  issue.severity = issue.priority = issue.stages_seen = issue.stages_ever = 0;
  issue.rules = issue.tools = issue.assets = 0;
  issue.finding_count = static_cast<int64_t>(findings.size());
  issue.open_count = 0;
  if (findings.empty()) return {};
  const FindingRow* best = &findings.front();
  issue.first_seen = best->first_seen;
  for (const FindingRow& finding : findings) {
    if (StandsBefore(finding, *best)) best = &finding;
    issue.seen = issue.seen || finding.seen;
    if (finding.open()) ++issue.open_count;
    issue.stages_seen |= finding.stages_seen;
    issue.stages_ever |= finding.stages_ever;
    issue.first_seen = std::min(issue.first_seen, finding.first_seen);
  }
  issue.suppressed = issue.seen && issue.open_count == 0;
  for (const FindingRow& finding : findings) {
    OURO_TRY(issue.rules, core.sets.Union(issue.rules, Sets::Single(finding.rule)));
    OURO_TRY(issue.tools, core.sets.Union(issue.tools, finding.tools));
    if (issue.seen && !finding.seen) continue;
    OURO_TRY(issue.assets, core.sets.Union(issue.assets, finding.assets));
    if (issue.open_count > 0 && !finding.open()) continue;
    issue.severity = std::max(issue.severity, finding.severity);
    issue.priority = std::max(issue.priority, finding.priority);
  }
  Stand(issue, *best);
  return {};
}

// Resolved when nobody sees it any more, reopened when somebody does again.
Status Live(Core& core, Derivation& derivation, const IssueRow& old, IssueRow& issue) {
  const bool decided = issue.status > IssueStatus::kResolved;
  if (!issue.seen && issue.status < IssueStatus::kResolved) {
    OURO_TRY_STATUS(core.AddHistory(issue.key, derivation.now, derivation.who, "resolved",
                                    IssueStatusName(issue.status), "resolved",
                                    "no longer reported"));
    issue.status = IssueStatus::kResolved;
    issue.resolved_at = derivation.now;
  }
  if (old.seen && !issue.seen) {
    if (!decided) {
      ++derivation.changes.counts.issues_resolved;
      NoteId(derivation.changes.resolved, issue.id);
    }
  }
  const bool again = !old.seen || derivation.touched_issues.Contains(issue.key);
  if (issue.seen && issue.status == IssueStatus::kResolved && again) {
    OURO_TRY_STATUS(core.AddHistory(issue.key, derivation.now, derivation.who, "reopened",
                                    "resolved", "new", "reported again"));
    issue.status = IssueStatus::kNew;
    issue.resolved_at = 0;
    ++issue.reopened;
    issue.reopened_at = derivation.now;
    ++derivation.changes.counts.issues_reopened;
    NoteId(derivation.changes.reopened, issue.id);
  }
  return {};
}

Status DeriveIssue(Core& core, Derivation& derivation, int64_t key) {
  OURO_TRY(const IssueRow old, core.LoadIssue(key));
  OURO_TRY(const std::vector<FindingRow> findings, FindingsOf(core, key));
  IssueRow issue = old;
  OURO_TRY_STATUS(Gather(core, findings, issue));
  OURO_TRY_STATUS(Live(core, derivation, old, issue));
  const bool rescored = issue.severity != old.severity && issue.open_count > 0;
  if (rescored && old.open_count > 0) {
    const auto name = [](uint32_t severity) {
      return model::SeverityName(static_cast<model::Severity>(severity));
    };
    OURO_TRY_STATUS(core.AddHistory(key, derivation.now, derivation.who, "severity",
                                    name(old.severity), name(issue.severity)));
  }
  if (derivation.sla_due && (rescored || issue.reopened != old.reopened)) {
    issue.sla_due = SlaDue(derivation, issue);
  }
  OURO_TRY(const uint32_t last_seen, core.issue_columns.Get(key, Column::kLastSeen));
  const bool touched = derivation.touched_issues.Contains(key);
  const uint32_t newest = touched ? std::max(last_seen, TimeValue(derivation.now)) : last_seen;
  OURO_TRY_STATUS(core.issue_columns.Put(key, IndexValues(issue, newest)));
  if (issue == old) return {};
  return core.UpdateIssue(issue);
}

Status DeriveOneFinding(Core& core, Derivation& derivation, int64_t key) {
  OURO_TRY(const FindingRow old, core.LoadFinding(key));
  OURO_TRY(const DerivedFinding derived, DeriveFinding(core, old));
  const FindingRow& row = derived.row;
  if (old.seen && !row.seen) ++derivation.changes.counts.closed;
  if (!old.seen && row.seen) ++derivation.changes.counts.reopened;
  const auto last_seen = TimeValue(derived.last_seen);
  const bool touched = derivation.touched_findings.Contains(key);
  const uint32_t newest = touched ? std::max(last_seen, TimeValue(derivation.now)) : last_seen;
  OURO_TRY_STATUS(core.finding_columns.Put(key, IndexValues(row, newest)));
  derivation.issues.push_back(row.issue_key);
  if (row == old) return {};
  return core.UpdateFinding(row);
}

}  // namespace

void KeySet::Add(int64_t key) {
  const auto word = static_cast<size_t>(key) / 64;
  if (word >= words_.size()) words_.resize(word + word / 2 + 16, 0);
  words_[word] |= uint64_t{1} << (static_cast<size_t>(key) % 64);
}

bool KeySet::Contains(int64_t key) const {
  const auto word = static_cast<size_t>(key) / 64;
  return word < words_.size() && (words_[word] >> (static_cast<size_t>(key) % 64) & 1) != 0;
}

Result<DerivedFinding> DeriveFinding(Core& core, const FindingRow& old) {
  DerivedFinding out;
  FindingRow& row = out.row;
  row = old;
  row.seen = false;
  row.stages_seen = row.stages_ever = row.tools = 0;
  uint32_t live_assets = 0;
  uint32_t all_assets = 0;
  Candidate best;
  bool any = false;
  OURO_TRY(Statement * list, core.observations_of.Use(*core.database));
  list->Bind(old.key);
  for (;;) {
    OURO_TRY(const bool found, list->Step());
    if (!found) break;
    std::string_view evidence;
    const ObservationRow observation = ReadObservation(*list, old.key, evidence);
    OURO_TRY(const EvidenceHead head, ReadEvidenceHead(evidence));
    OURO_TRY(const ScopeRow* scope, core.ScopeOf(observation.scope));
    const Candidate candidate = {observation.live(),     head.status == kSuppressed,
                                 observation.changed_at, head.severity,
                                 observation.key,        scope->name};
    if (!any || IsBetter(candidate, best)) {
      best = candidate;
      Show(row, head, observation);
    }
    row.first_seen =
        any ? std::min(row.first_seen, observation.first_seen) : observation.first_seen;
    any = true;
    out.last_seen = std::max(out.last_seen, observation.LastSeen(*scope));
    row.stages_ever |= head.stage;
    OURO_TRY(row.tools, core.sets.Union(row.tools, Sets::Single(head.tool)));
    OURO_TRY(all_assets, core.sets.Union(all_assets, Sets::Single(head.asset)));
    if (!observation.live()) continue;
    row.seen = true;
    row.stages_seen |= head.stage;
    OURO_TRY(live_assets, core.sets.Union(live_assets, Sets::Single(head.asset)));
  }
  list->Reset();
  row.assets = row.seen ? live_assets : all_assets;
  return out;
}

IssueRow NewIssue(const Id& id, int64_t key, const FindingRow& finding) {
  IssueRow issue;
  issue.key = key;
  issue.id = id;
  Stand(issue, finding);
  issue.severity = finding.severity;
  issue.priority = finding.priority;
  issue.seen = true;
  issue.suppressed = !finding.open();
  issue.stages_seen = finding.stages_seen;
  issue.stages_ever = finding.stages_ever;
  issue.rules = Sets::Single(finding.rule);
  issue.tools = finding.tools;
  issue.assets = finding.assets;
  issue.first_seen = finding.first_seen;
  issue.finding_count = 1;
  issue.open_count = finding.open() ? 1 : 0;
  return issue;
}

int64_t SlaDue(const Derivation& derivation, const IssueRow& issue) {
  if (!derivation.sla_due) return 0;
  SlaQuestion question;
  question.finding_class = static_cast<model::FindingClass>(issue.finding_class);
  question.severity = static_cast<model::Severity>(issue.severity);
  question.priority = static_cast<int>(issue.priority);
  question.first_seen = issue.first_seen;
  question.reopened_at = issue.reopened_at;
  return derivation.sla_due(question);
}

Status Derive(Core& core, Derivation& derivation) {
  SortUnique(derivation.findings);
  for (const int64_t key : derivation.findings) {
    OURO_TRY_STATUS(DeriveOneFinding(core, derivation, key));
  }
  const uint32_t now = TimeValue(derivation.now);
  OURO_TRY_STATUS(derivation.touched_findings.ForEach([&](int64_t key) -> Status {
    OURO_TRY(const uint32_t last_seen, core.finding_columns.Get(key, Column::kLastSeen));
    if (last_seen >= now) return {};
    return core.finding_columns.Set(key, Column::kLastSeen, now);
  }));
  OURO_TRY_STATUS(core.finding_columns.Flush());
  OURO_TRY_STATUS(derivation.touched_issues.ForEach([&](int64_t key) -> Status {
    OURO_TRY(const uint32_t state, core.issue_columns.Get(key, Column::kState));
    // A person said that it is resolved, and here it is again.
    if ((state & kStateStatusMask) == static_cast<uint32_t>(IssueStatus::kResolved)) {
      derivation.issues.push_back(key);
    }
    OURO_TRY(const uint32_t last_seen, core.issue_columns.Get(key, Column::kLastSeen));
    if (last_seen >= now) return {};
    return core.issue_columns.Set(key, Column::kLastSeen, now);
  }));
  SortUnique(derivation.issues);
  for (const int64_t key : derivation.issues) {
    OURO_TRY_STATUS(DeriveIssue(core, derivation, key));
  }
  return core.issue_columns.Flush();
}

}  // namespace ouro::store
