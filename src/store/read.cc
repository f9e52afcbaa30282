#include "store/read.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "fmt/format.h"
#include "store/evidence.h"

namespace ouro::store {
namespace {

constexpr size_t kIdSize = 32;
constexpr size_t kPrefixSizeMin = 6;

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void SortUnique(std::vector<std::string>& texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  if (!texts.empty() && texts.front().empty()) texts.erase(texts.begin());
}

Status ReadSets(Core& core, const IssueRow& row, Issue& issue) {
  OURO_TRY(const std::vector<uint32_t> tools, core.sets.Members(row.tools));
  for (const uint32_t tool : tools) {
    OURO_TRY(std::string name, core.dictionary.TextOf(tool));
    issue.tools.push_back(std::move(name));
  }
  OURO_TRY(const std::vector<uint32_t> assets, core.sets.Members(row.assets));
  for (const uint32_t number : assets) {
    OURO_TRY(AssetKey asset, core.dictionary.AssetOf(number));
    issue.clusters.push_back(std::move(asset.cluster));
    issue.environments.push_back(std::move(asset.environment));
    issue.applications.push_back(std::move(asset.application));
  }
  for (std::vector<std::string>* texts :
       {&issue.tools, &issue.clusters, &issue.environments, &issue.applications}) {
    SortUnique(*texts);
  }
  return {};
}

// The evidence that is shown of a finding.
Result<model::Finding> ReadShown(Core& core, const FindingRow& row) {
  OURO_TRY(Statement * get, core.evidence_of.Use(*core.database));
  get->Bind(row.key).Bind(row.scope).Bind(row.observation);
  OURO_TRY(const bool found, get->Step());
  if (!found) {
    return Fail(ErrorCode::kParse,
                fmt::format("the store is damaged: finding {} has no observation", row.key),
                core.database->path());
  }
  Result<model::Finding> finding = UnpackEvidence(core.dictionary, get->View());
  get->Reset();
  return finding;
}

// What stands with the scope and the vulnerability.
Status FillFacts(Core& core, const FindingRow& row, model::Finding& finding) {
  OURO_TRY(const ScopeRow* scope, core.ScopeOf(row.scope));
  if (finding.origin) finding.origin->tool_version = scope->tool_version;
  if (finding.asset) finding.asset->commit = scope->commit;
  if (!finding.vuln || row.vuln == 0) return {};
  OURO_TRY(Statement * get, core.vuln_facts_of.Use(*core.database));
  get->Bind(int64_t{row.vuln});
  OURO_TRY(const bool found, get->Step());
  if (found) {
    finding.vuln->epss = get->Double();
    finding.vuln->epss_percentile = get->Double();
    finding.vuln->kev = get->Int() != 0;
  }
  get->Reset();
  return {};
}

Result<std::string> IssueIdOf(Core& core, int64_t key) {
  OURO_TRY(Statement * get, core.issue_id_of.Use(*core.database));
  get->Bind(key);
  OURO_TRY(const bool found, get->Step());
  std::string id = found ? IdText(get->View()) : std::string();
  get->Reset();
  return id;
}

Result<int64_t> KeyByPrefix(Core& core, std::string_view id_or_prefix, std::string_view noun,
                            std::string_view sql) {
  const std::string prefix = LowerAscii(TrimSpace(id_or_prefix));
  if (prefix.size() < kPrefixSizeMin || prefix.size() > kIdSize || !IsHex(prefix)) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is no {} id: give {} to {} hexadecimal digits",
                            Printable(id_or_prefix.substr(0, 80)), noun, kPrefixSizeMin, kIdSize));
  }
  const std::optional<Id> low = ParseId(prefix + std::string(kIdSize - prefix.size(), '0'));
  const std::optional<Id> high = ParseId(prefix + std::string(kIdSize - prefix.size(), 'f'));
  OURO_TRY(Statement select, core.database->Prepare(sql));
  select.BindBlob(low->view()).BindBlob(high->view());
  OURO_TRY(const bool first, select.Step());
  if (!first) {
    return Fail(ErrorCode::kNotFound, fmt::format("no {} has the id {}", noun, prefix),
                core.database->path());
  }
  const int64_t key = select.Int();
  const std::string id = IdText(select.View());
  OURO_TRY(const bool second, select.Step());
  if (!second) return key;
  static_cast<void>(select.Int());
  return Fail(ErrorCode::kInvalid,
              fmt::format("several {}s begin with {}, {} and {} for example; give more digits",
                          noun, prefix, id, IdText(select.View())),
              core.database->path());
}

}  // namespace

bool IsOpenStatus(IssueStatus status, int64_t until, int64_t now) {
  if (status == IssueStatus::kRiskAccepted) return until != 0 && until <= now;
  return status < IssueStatus::kResolved;
}

Result<FindingTimes> ReadTimes(Core& core, int64_t finding_key) {
  OURO_TRY(Statement * list, core.times_of.Use(*core.database));
  list->Bind(finding_key);
  FindingTimes times;
  for (bool first = true;; first = false) {
    OURO_TRY(const bool found, list->Step());
    if (!found) break;
    OURO_TRY(const ScopeRow* scope, core.ScopeOf(list->Int()));
    ObservationRow row;
    row.first_seen = list->Int();
    row.last_seen = list->Int();
    row.streak = list->Int();
    row.run_count = list->Int();
    times.first_seen = first ? row.first_seen : std::min(times.first_seen, row.first_seen);
    times.last_seen = std::max(times.last_seen, row.LastSeen(*scope));
    times.run_count += row.RunCount(*scope);
  }
  list->Reset();
  return times;
}

Result<Issue> ReadIssue(Core& core, int64_t key, int64_t now) {
  OURO_TRY(const IssueRow row, core.LoadIssue(key));
  OURO_TRY(const FindingRow shown, core.LoadFinding(row.finding_key));
  OURO_TRY(model::Finding evidence, ReadShown(core, shown));
  Issue issue;
  issue.id = IdText(row.id.view());
  issue.finding_class = evidence.finding_class;
  issue.finding_id = IdText(shown.id.view());
  issue.check = std::move(evidence.check);
  issue.concept_name = std::move(evidence.concept_name);
  issue.title = std::move(evidence.title);
  issue.resource = std::move(evidence.resource);
  if (evidence.vuln) issue.vuln = std::move(evidence.vuln->id);
  OURO_TRY(issue.owner, core.dictionary.TextOf(row.owner));
  OURO_TRY(issue.fix_group, core.dictionary.TextOf(row.fix_group));
  issue.severity = static_cast<model::Severity>(std::min<uint32_t>(row.severity, 4));
  issue.priority = static_cast<int>(row.priority);
  issue.status = row.status;
  issue.seen = row.seen;
  issue.suppressed = row.suppressed;
  issue.open = row.seen && !row.suppressed && IsOpenStatus(row.status, row.until, now);
  OURO_TRY(issue.assignee, core.dictionary.TextOf(row.assignee));
  issue.first_seen = row.first_seen;
  OURO_TRY(const uint32_t last_seen, core.issue_columns.Get(key, Column::kLastSeen));
  issue.last_seen = last_seen;
  issue.resolved_at = row.resolved_at;
  issue.sla_due = row.sla_due;
  issue.until = row.until;
  if (!row.duplicate_of.empty()) issue.duplicate_of = IdText(row.duplicate_of);
  issue.reopened = row.reopened;
  issue.stages_seen = static_cast<StageSet>(row.stages_seen);
  issue.stages_ever = static_cast<StageSet>(row.stages_ever);
  issue.finding_count = row.finding_count;
  issue.open_finding_count = row.open_count;
  OURO_TRY_STATUS(ReadSets(core, row, issue));
  return issue;
}

Result<StoredFinding> ReadFinding(Core& core, int64_t key) {
  OURO_TRY(const FindingRow row, core.LoadFinding(key));
  StoredFinding stored;
  OURO_TRY(stored.finding, ReadShown(core, row));
  OURO_TRY(const FindingTimes times, ReadTimes(core, key));
  stored.finding.first_seen = FormatRfc3339(times.first_seen);
  stored.finding.last_seen = FormatRfc3339(times.last_seen);
  stored.run_count = times.run_count;
  OURO_TRY_STATUS(FillFacts(core, row, stored.finding));
  stored.finding.id = IdText(row.id.view());
  OURO_TRY(stored.finding.issue, IssueIdOf(core, row.issue_key));
  stored.open = row.seen;
  return stored;
}

Result<std::vector<Observation>> ReadObservations(Core& core, int64_t finding_key,
                                                  std::string_view finding_id, int64_t limit) {
  std::vector<Observation> all;
  OURO_TRY(Statement list, core.database->Prepare(
                               "SELECT scope_id, observation_key, first_seen, last_seen, gone_at, "
                               "changed_at, streak, run_count, evidence FROM observations "
                               "WHERE finding_key = ? LIMIT ?"));
  list.Bind(finding_key).Bind(limit);
  for (;;) {
    OURO_TRY(const bool found, list.Step());
    if (!found) break;
    std::string_view evidence;
    const ObservationRow row = ReadObservation(list, finding_key, evidence);
    OURO_TRY(const ScopeRow* scope, core.ScopeOf(row.scope));
    Observation& observation = all.emplace_back();
    observation.finding_id = finding_id;
    observation.scope = scope->name;
    observation.key = fmt::format("{:016x}", static_cast<uint64_t>(row.key));
    observation.first_seen = row.first_seen;
    observation.last_seen = row.LastSeen(*scope);
    observation.gone_at = row.gone_at;
    OURO_TRY(observation.finding, UnpackEvidence(core.dictionary, evidence));
    observation.finding.id = finding_id;
    if (observation.finding.origin) observation.finding.origin->tool_version = scope->tool_version;
    if (observation.finding.asset) observation.finding.asset->commit = scope->commit;
  }
  std::sort(all.begin(), all.end(), [](const Observation& a, const Observation& b) {
    return std::tie(a.scope, a.key) < std::tie(b.scope, b.key);
  });
  return all;
}

Result<std::vector<HistoryEntry>> ReadHistory(Core& core, int64_t issue_key, int64_t limit) {
  std::vector<HistoryEntry> all;
  OURO_TRY(Statement list,
           core.database->Prepare("SELECT time, who, what, from_value, to_value, note FROM history "
                                  "WHERE issue_key = ? ORDER BY history_id DESC LIMIT ?"));
  list.Bind(issue_key).Bind(limit);
  for (;;) {
    OURO_TRY(const bool found, list.Step());
    if (!found) break;
    HistoryEntry& entry = all.emplace_back();
    entry.time = list.Int();
    for (std::string* text : {&entry.who, &entry.what, &entry.from, &entry.to, &entry.note}) {
      *text = list.Text();
    }
  }
  std::reverse(all.begin(), all.end());
  return all;
}

Result<std::vector<int64_t>> FindingKeysOf(Core& core, int64_t issue_key) {
  std::vector<int64_t> keys;
  OURO_TRY(Statement list, core.database->Prepare("SELECT finding_key FROM findings "
                                                  "WHERE issue_key = ? ORDER BY id"));
  list.Bind(issue_key);
  for (;;) {
    OURO_TRY(const bool found, list.Step());
    if (!found) return keys;
    keys.push_back(list.Int());
  }
}

Result<int64_t> FindingKeyByPrefix(Core& core, std::string_view id_or_prefix) {
  return KeyByPrefix(core, id_or_prefix, "finding",
                     "SELECT finding_key, id FROM finding_ids WHERE id >= ? AND id <= ? "
                     "ORDER BY id LIMIT 2");
}

Result<int64_t> IssueKeyByPrefix(Core& core, std::string_view id_or_prefix) {
  return KeyByPrefix(core, id_or_prefix, "issue",
                     "SELECT issue_key, id FROM issue_ids WHERE id >= ? AND id <= ? "
                     "ORDER BY id LIMIT 2");
}

}  // namespace ouro::store
