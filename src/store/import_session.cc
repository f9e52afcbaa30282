#include "store/import_session.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "fmt/format.h"
#include "store/derive.h"
#include "store/evidence.h"
#include "store/export.h"
#include "store/import_impl.h"

namespace ouro::store {
namespace {

// Keys of the column index have 32 bits.
constexpr int64_t kKeyMax = std::numeric_limits<uint32_t>::max() - 1;

std::optional<uint64_t> HexNumber(std::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits) {
    value <<= 4;
    if (c >= '0' && c <= '9') {
      value |= static_cast<uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value |= static_cast<uint64_t>(c - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

}  // namespace

Result<ObservationKey> ParseObservationKey(std::string_view digits) {
  constexpr size_t kHalf = 16;
  if (digits.size() == 2 * kHalf) {
    const std::optional<uint64_t> high = HexNumber(digits.substr(0, kHalf));
    const std::optional<uint64_t> low = HexNumber(digits.substr(kHalf));
    if (high && low) return ObservationKey{*high, *low};
  }
  return Fail(ErrorCode::kInvalid, "an observation key has 32 hexadecimal digits");
}

ImportSession::ImportSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ImportSession::ImportSession(ImportSession&&) noexcept = default;
ImportSession::~ImportSession() = default;

bool ImportSession::is_repeat() const {
  return impl_->is_repeat;
}

Result<ImportCounts> ImportSession::Repeat() {
  return impl_->Repeat();
}

Status ImportSession::Add(const model::Finding& finding, const ObservationKey& key,
                          std::string_view owner, std::string_view fix_group) {
  return impl_->Add(finding, key, owner, fix_group);
}

Result<ImportCounts> ImportSession::Commit(const CommitOptions& options) {
  return impl_->Commit(options);
}

ImportSession::Impl::Impl(Core& shared, Transaction begun, ImportMeta given)
    : core(shared),
      transaction(std::move(begun)),
      meta(std::move(given)),
      counts(derivation.changes.counts) {
  core.importing = true;
}

ImportSession::Impl::~Impl() {
  core.importing = false;
  if (committed) return;
  transaction.Rollback();
  core.Forget();
}

Status ImportSession::Impl::Begin(const Scope& named, UnixSeconds at) {
  OURO_TRY_STATUS(core.Refresh());
  const std::string name = ScopeName(named);
  OURO_TRY(Statement find, core.database->Prepare("SELECT scope_id FROM scopes WHERE name = ?"));
  find.Bind(name);
  OURO_TRY(const bool known, find.Step());
  int64_t scope_id = known ? find.Int() : 0;
  if (!known) {
    OURO_TRY(Statement insert,
             core.database->Prepare(
                 "INSERT INTO scopes(name, tool, target, branch, application, complete_at, "
                 "complete_count, digest, tool_version, commit_id) "
                 "VALUES(?, ?, ?, ?, ?, 0, 0, '', '', '') RETURNING scope_id"));
    insert.Bind(name).Bind(named.tool).Bind(named.target).Bind(named.branch);
    insert.Bind(named.application);
    OURO_TRY(const bool row, insert.Step());
    scope_id = row ? insert.Int() : 0;
  }
  OURO_TRY(const ScopeRow* stored, core.ScopeOf(scope_id));
  scope = *stored;
  now = std::max(at, scope.complete_at);
  run = scope.complete_count + 1;
  is_repeat = meta.close_old && !meta.digest.empty() && meta.digest == scope.digest &&
              meta.tool_version == scope.tool_version;
  OURO_TRY(Statement live,
           core.database->Prepare("SELECT 1 FROM observations WHERE scope_id = ? AND gone_at = 0 "
                                  "LIMIT 1"));
  live.Bind(scope.id);
  OURO_TRY(scope_had_live, live.Step());
  OURO_TRY(next_finding, core.database->Value("SELECT max(finding_key) FROM findings"));
  OURO_TRY(next_issue, core.database->Value("SELECT max(issue_key) FROM issues"));
  store_was_empty = next_finding == 0 && next_issue == 0;
  first_new_finding = ++next_finding;
  ++next_issue;
  derivation.now = now;
  derivation.who = meta.who == "import" ? "import " + scope.name : meta.who;
  derivation.sla_due = meta.sla_due;
  return {};
}

Result<PendingId> ImportSession::Impl::FindFinding(const Id& id) {
  if (const PendingId* pending = findings.Find(id)) return *pending;
  PendingId found;
  if (store_was_empty) return found;
  OURO_TRY(Statement * find, core.finding_by_id.Use(*core.database));
  find->BindBlob(id.view());
  OURO_TRY(const bool row, find->Step());
  if (row) {
    found.id = id;
    found.key = static_cast<uint32_t>(find->Int());
    found.issue_key = static_cast<uint32_t>(find->Int());
    found.issue_tag = find->Int();
  }
  find->Reset();
  return found;
}

Result<int64_t> ImportSession::Impl::FindIssue(const Id& id) {
  if (const PendingId* pending = issues.Find(id)) return int64_t{pending->key};
  if (store_was_empty) return 0;
  OURO_TRY(Statement * find, core.issue_by_id.Use(*core.database));
  find->BindBlob(id.view());
  OURO_TRY(const bool row, find->Step());
  const int64_t key = row ? find->Int() : 0;
  find->Reset();
  return key;
}

Status ImportSession::Impl::Add(const model::Finding& finding, const ObservationKey& key,
                                std::string_view owner, std::string_view fix_group) {
  const std::optional<Id> id = ParseId(finding.id);
  if (!id) {
    return Fail(ErrorCode::kInvalid, fmt::format("a finding of {} has no id", finding.check),
                core.database->path());
  }
  const std::optional<Id> issue = finding.issue.empty() ? id : ParseId(finding.issue);
  if (!issue) {
    return Fail(ErrorCode::kInvalid, fmt::format("the issue of finding {} is no id", finding.id),
                core.database->path());
  }
  ++counts.received;
  OURO_TRY_STATUS(PackEvidence(core.dictionary, finding, owner, fix_group, now, head, evidence));
  const auto observation = static_cast<int64_t>(key.high);
  OURO_TRY(PendingId known, FindFinding(*id));
  if (known.key == 0) return Create(*id, *issue, observation);
  if (!finding.issue.empty() && known.issue_tag != TagOf(*issue)) {
    OURO_TRY_STATUS(Move(known, *issue));
  }
  derivation.touched_findings.Add(known.key);
  derivation.touched_issues.Add(known.issue_key);
  return Observe(known.key, observation);
}

FindingRow ImportSession::Impl::NewFinding(const Id& id, int64_t observation) {
  FindingRow row;
  row.key = next_finding++;
  row.id = id;
  row.finding_class = head.finding_class;
  row.severity = head.severity;
  row.priority = head.priority;
  row.status = head.status;
  row.seen = true;
  row.stages_seen = row.stages_ever = head.stage;
  row.rule = head.rule;
  row.tools = Sets::Single(head.tool);
  row.assets = Sets::Single(head.asset);
  row.object = head.object;
  row.vuln = head.vuln;
  row.owner = head.owner;
  row.fix_group = head.fix_group;
  row.first_seen = now;
  row.scope = scope.id;
  row.observation = observation;
  return row;
}

// The issue with this id, made for the finding where there is none. `made` says which.
Result<int64_t> ImportSession::Impl::IssueFor(const Id& id, const FindingRow& finding, bool& made) {
  OURO_TRY(const int64_t known, FindIssue(id));
  made = known == 0;
  if (!made) return known;
  IssueRow issue = NewIssue(id, next_issue++, finding);
  issue.sla_due = SlaDue(derivation, issue);
  OURO_TRY_STATUS(core.InsertIssue(issue));
  OURO_TRY_STATUS(core.issue_columns.Put(issue.key, IndexValues(issue, TimeValue(now))));
  PendingId pending;
  pending.id = id;
  pending.key = static_cast<uint32_t>(issue.key);
  issues.Add(pending);
  ++counts.issues_created;
  std::vector<std::string>& created = derivation.changes.created;
  if (created.size() < kImportChangeIdCount) created.push_back(IdText(id.view()));
  return issue.key;
}

Status ImportSession::Impl::Create(const Id& id, const Id& issue, int64_t observation) {
  if (next_finding > kKeyMax || next_issue > kKeyMax) {
    return Fail(ErrorCode::kLimit, "the store is full: it holds 4,294,967,294 findings at most",
                core.database->path());
  }
  FindingRow row = NewFinding(id, observation);
  bool made = false;
  OURO_TRY(row.issue_key, IssueFor(issue, row, made));
  if (!made) {
    derivation.issues.push_back(row.issue_key);
    derivation.touched_issues.Add(row.issue_key);
  }
  OURO_TRY_STATUS(core.InsertFinding(row));
  OURO_TRY_STATUS(core.finding_columns.Put(row.key, IndexValues(row, TimeValue(now))));
  PendingId pending;
  pending.id = id;
  pending.key = static_cast<uint32_t>(row.key);
  pending.issue_key = static_cast<uint32_t>(row.issue_key);
  pending.issue_tag = TagOf(issue);
  findings.Add(pending);
  ++counts.created;
  OURO_TRY_STATUS(InsertObservation(row.key, observation));
  if (findings.full()) return StoreIds();
  return {};
}

// The catalogue of root causes has changed: the finding belongs to another issue now. What people
// have decided goes with it.
Status ImportSession::Impl::Move(PendingId& finding, const Id& issue) {
  OURO_TRY_STATUS(StoreIds());
  OURO_TRY(FindingRow row, core.LoadFinding(finding.key));
  OURO_TRY(const IssueRow old, core.LoadIssue(row.issue_key));
  bool made = false;
  OURO_TRY(row.issue_key, IssueFor(issue, row, made));
  OURO_TRY_STATUS(StoreIds());
  if (made) {
    OURO_TRY(IssueRow moved, core.LoadIssue(row.issue_key));
    moved.status = old.status;
    moved.owner_edited = old.owner_edited;
    if (old.owner_edited) moved.owner = old.owner;
    moved.assignee = old.assignee;
    moved.resolved_at = old.resolved_at;
    moved.reopened = old.reopened;
    moved.reopened_at = old.reopened_at;
    moved.sla_due = old.sla_due;
    moved.accepted_at = old.accepted_at;
    moved.until = old.until;
    moved.duplicate_of = old.duplicate_of;
    OURO_TRY_STATUS(core.UpdateIssue(moved));
    OURO_TRY_STATUS(core.AddHistory(moved.key, now, derivation.who, "moved", IdText(old.id.view()),
                                    IdText(issue.view()),
                                    "another root cause is known for its finding"));
  }
  OURO_TRY_STATUS(core.UpdateFinding(row));
  OURO_TRY(Statement update,
           core.database->Prepare("UPDATE finding_ids SET issue_key = ?, issue_tag = ? "
                                  "WHERE id = ?"));
  update.Bind(row.issue_key).Bind(TagOf(issue)).BindBlob(row.id.view());
  OURO_TRY_STATUS(update.Run());
  derivation.issues.push_back(old.key);
  derivation.issues.push_back(row.issue_key);
  finding.issue_key = static_cast<uint32_t>(row.issue_key);
  finding.issue_tag = TagOf(issue);
  return {};
}

Status ImportSession::Impl::StoreIds() {
  store_was_empty = false;
  OURO_TRY(Statement * finding, add_finding_id.Use(*core.database));
  for (const PendingId& entry : findings.Take()) {
    finding->BindBlob(entry.id.view()).Bind(int64_t{entry.key}).Bind(int64_t{entry.issue_key});
    finding->Bind(entry.issue_tag);
    OURO_TRY_STATUS(finding->Run());
  }
  OURO_TRY(Statement * issue, add_issue_id.Use(*core.database));
  for (const PendingId& entry : issues.Take()) {
    issue->BindBlob(entry.id.view()).Bind(int64_t{entry.key});
    OURO_TRY_STATUS(issue->Run());
  }
  return {};
}

void ImportSession::Impl::MarkSeen(int64_t finding_key, int64_t observation) {
  if (meta.close_old && scope_had_live) {
    seen.push_back({static_cast<uint32_t>(finding_key), observation});
  }
}

Status ImportSession::Impl::InsertObservation(int64_t finding_key, int64_t observation) {
  MarkSeen(finding_key, observation);
  OURO_TRY(Statement * insert, add_observation.Use(*core.database));
  insert->Bind(finding_key).Bind(scope.id).Bind(observation).Bind(now);
  insert->Bind(meta.close_old ? 0 : now).Bind(now).Bind(meta.close_old ? run : 0);
  insert->Bind(int64_t{meta.close_old ? 0 : 1}).BindBlob(evidence);
  return insert->Run();
}

// Writes the state of an observation that is seen now, with or without new evidence.
Status ImportSession::Impl::UpdateObservation(const ObservationRow& row, int64_t changed_at,
                                              std::string_view bytes) {
  const bool again = row.streak == 0 && row.last_seen == now && row.live();
  const int64_t runs = row.RunCount(scope);
  OURO_TRY(Statement * update, set_observation.Use(*core.database));
  update->Bind(std::min(row.first_seen, now));
  if (meta.close_old) {
    const bool kept = row.streak != 0 && row.live();
    update->Bind(int64_t{0}).Bind(changed_at).Bind(kept ? row.streak : run);
    update->Bind(kept ? row.run_count : runs);
  } else {
    const int64_t last = std::max(now, row.LastSeen(scope));
    update->Bind(last).Bind(changed_at).Bind(int64_t{0}).Bind(again ? runs : runs + 1);
  }
  update->BindBlob(bytes).Bind(row.finding_key).Bind(scope.id).Bind(row.key);
  return update->Run();
}

// Both were seen at the same time: which is kept must not depend on which came first.
Result<bool> ImportSession::Impl::IsBetterEvidence(std::string_view stored) {
  OURO_TRY(const EvidenceHead other, ReadEvidenceHead(stored));
  if (head.severity != other.severity) return head.severity > other.severity;
  OURO_TRY(const model::Finding mine, UnpackEvidence(core.dictionary, evidence));
  OURO_TRY(const model::Finding theirs, UnpackEvidence(core.dictionary, stored));
  std::string my_text;
  std::string their_text;
  AppendEvidenceJson(my_text, mine);
  AppendEvidenceJson(their_text, theirs);
  return my_text < their_text;
}

Status ImportSession::Impl::Observe(int64_t finding_key, int64_t observation) {
  OURO_TRY(Statement * find, find_observation.Use(*core.database));
  find->Bind(finding_key).Bind(scope.id).Bind(observation);
  OURO_TRY(const bool known, find->Step());
  if (!known) {
    find->Reset();
    if (finding_key < first_new_finding) ++counts.observed;
    derivation.findings.push_back(finding_key);
    return InsertObservation(finding_key, observation);
  }
  std::string_view stored;
  ObservationRow row = ReadObservation(*find, finding_key, stored);
  MarkSeen(finding_key, observation);
  if (!row.live()) {
    find->Reset();
    ++counts.observed;
    derivation.findings.push_back(finding_key);
    return UpdateObservation(row, now, evidence);
  }
  const bool of_this_import = meta.close_old ? row.streak == run : false;
  const int64_t last_seen = of_this_import ? now : row.LastSeen(scope);
  bool replace = stored != evidence;
  if (replace && last_seen >= now) {
    OURO_TRY(const bool better, IsBetterEvidence(stored));
    replace = last_seen == now && better;
  }
  int64_t* count = replace ? &counts.updated : &counts.unchanged;
  ++(of_this_import ? counts.folded : *count);
  if (replace) {
    find->Reset();
    derivation.findings.push_back(finding_key);
    return UpdateObservation(row, now, evidence);
  }
  const bool current = meta.close_old ? row.streak != 0 : row.streak == 0 && row.last_seen >= now;
  if (current) {
    find->Reset();
    return {};
  }
  const std::string kept(stored);
  find->Reset();
  return UpdateObservation(row, row.changed_at, kept);
}

// What the scope saw before and this import has not brought.
Result<std::vector<ImportSession::Impl::Seen>> ImportSession::Impl::Unseen() {
  std::sort(seen.begin(), seen.end());
  OURO_TRY(
      Statement list,
      core.database->Prepare("SELECT finding_key, observation_key FROM observations "
                             "INDEXED BY observations_by_scope WHERE scope_id = ? AND gone_at = 0 "
                             "ORDER BY finding_key, observation_key"));
  list.Bind(scope.id);
  std::vector<Seen> unseen;
  auto at = seen.begin();
  for (;;) {
    OURO_TRY(const bool row, list.Step());
    if (!row) break;
    const auto finding = static_cast<uint32_t>(list.Int());
    const Seen one = {finding, list.Int()};
    while (at != seen.end() && *at < one) ++at;
    if (at == seen.end() || one < *at) unseen.push_back(one);
  }
  return unseen;
}

Status ImportSession::Impl::CloseOld(const CommitOptions& options) {
  if (!scope_had_live) return {};
  OURO_TRY(const std::vector<Seen> unseen, Unseen());
  OURO_TRY(Statement close,
           core.database->Prepare("UPDATE observations SET last_seen = ?, gone_at = ?, streak = 0, "
                                  "run_count = ? WHERE finding_key = ? AND scope_id = ? AND "
                                  "observation_key = ?"));
  for (const Seen& one : unseen) {
    OURO_TRY(Statement * find, find_observation.Use(*core.database));
    find->Bind(int64_t{one.finding}).Bind(scope.id).Bind(one.observation);
    OURO_TRY(const bool known, find->Step());
    if (!known) continue;
    std::string_view stored;
    const ObservationRow row = ReadObservation(*find, one.finding, stored);
    bool gone = true;
    if (options.could_see) {
      OURO_TRY(const model::Finding finding, UnpackEvidence(core.dictionary, stored));
      gone = options.could_see(finding);
    }
    find->Reset();
    if (!gone) ++counts.untouched;
    if (!gone && row.streak == 0) continue;
    close.Bind(row.LastSeen(scope)).Bind(gone ? now : 0).Bind(row.RunCount(scope));
    close.Bind(int64_t{one.finding}).Bind(scope.id).Bind(one.observation);
    OURO_TRY_STATUS(close.Run());
    if (gone) derivation.findings.push_back(one.finding);
  }
  return {};
}

Status ImportSession::Impl::UpdateScope() {
  OURO_TRY(Statement update,
           core.database->Prepare("UPDATE scopes SET complete_at = ?, complete_count = ?, "
                                  "digest = ?, tool_version = ?, commit_id = ? "
                                  "WHERE scope_id = ?"));
  ScopeRow changed = scope;
  if (meta.close_old) {
    changed.complete_at = now;
    changed.complete_count = run;
  }
  changed.digest = meta.close_old ? meta.digest : "";
  changed.tool_version = meta.tool_version;
  changed.commit = meta.commit;
  update.Bind(changed.complete_at).Bind(changed.complete_count).Bind(changed.digest);
  update.Bind(changed.tool_version).Bind(changed.commit).Bind(changed.id);
  OURO_TRY_STATUS(update.Run());
  core.scopes[scope.id] = changed;
  return {};
}

Status ImportSession::Impl::AddImport() {
  OURO_TRY(Statement insert,
           core.database->Prepare(
               "INSERT INTO imports(scope_id, time, command, digest, received, created, "
               "issues_created, observed, reopened, issues_reopened, updated, unchanged, folded, "
               "closed, issues_resolved, untouched) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
               "?, ?, ?)"));
  insert.Bind(scope.id).Bind(now).Bind(meta.command).Bind(meta.digest);
  for (const int64_t count :
       {counts.received, counts.created, counts.issues_created, counts.observed, counts.reopened,
        counts.issues_reopened, counts.updated, counts.unchanged, counts.folded, counts.closed,
        counts.issues_resolved, counts.untouched}) {
    insert.Bind(count);
  }
  return insert.Run();
}

Result<ImportCounts> ImportSession::Impl::Finish(const CommitOptions& options) {
  OURO_TRY_STATUS(UpdateScope());
  OURO_TRY_STATUS(Derive(core, derivation));
  OURO_TRY_STATUS(AddImport());
  if (options.messages) {
    for (const OutboxMessage& message : options.messages(derivation.changes)) {
      OURO_TRY_STATUS(InsertOutbox(*core.database, message, now));
    }
  }
  OURO_TRY_STATUS(transaction.Commit());
  committed = true;
  core.importing = false;
  return counts;
}

Result<ImportCounts> ImportSession::Impl::Commit(const CommitOptions& options) {
  OURO_TRY_STATUS(StoreIds());
  if (meta.close_old) OURO_TRY_STATUS(CloseOld(options));
  return Finish(options);
}

Result<ImportCounts> ImportSession::Impl::Repeat() {
  if (!is_repeat) {
    return Fail(ErrorCode::kInvalid, "this report is not the one that was imported last",
                core.database->path());
  }
  OURO_TRY(Statement list,
           core.database->Prepare("SELECT o.finding_key, f.issue_key FROM observations o "
                                  "JOIN findings f ON f.finding_key = o.finding_key "
                                  "WHERE o.scope_id = ? AND o.gone_at = 0 AND o.streak <> 0"));
  list.Bind(scope.id);
  for (;;) {
    OURO_TRY(const bool row, list.Step());
    if (!row) break;
    derivation.touched_findings.Add(list.Int());
    derivation.touched_issues.Add(list.Int());
    ++counts.received;
    ++counts.unchanged;
  }
  list.Reset();
  return Finish({});
}

}  // namespace ouro::store
