#include "store/store.h"

#include <algorithm>
#include <tuple>

#include "base/limits.h"
#include "base/text.h"
#include "fmt/format.h"
#include "store/core.h"
#include "store/decide.h"
#include "store/import_impl.h"
#include "store/incomplete.h"
#include "store/migrate.h"
#include "store/page.h"
#include "store/read.h"

namespace ouro::store {
namespace {

// After a failure nothing that the transaction numbered holds.
template <typename T>
T Ended(Core& core, T result) {
  if (!result) core.Forget();
  return result;
}

// Order of the list: gravest first, then by place.
bool ListedBefore(const StoredFinding& a, const StoredFinding& b) {
  const model::Finding& x = a.finding;
  const model::Finding& y = b.finding;
  return std::tie(y.severity, x.location.file, x.location.line, x.check, x.id) <
         std::tie(x.severity, y.location.file, y.location.line, y.check, y.id);
}

Result<Filter> FilterOf(const ListOptions& options) {
  Filter filter;
  filter.open_only = options.open_only;
  filter.check = options.check;
  filter.namespace_name = options.namespace_name;
  if (options.severity_min.empty()) return filter;
  filter.severity_min = model::ParseSeverity(options.severity_min);
  if (filter.severity_min) return filter;
  return Fail(ErrorCode::kInvalid,
              fmt::format("\"{}\" is no severity; use critical, high, medium, low or info",
                          Printable(options.severity_min)));
}

// An issue by its own id or by that of one of its findings.
Result<int64_t> IssueKeyOf(Core& core, std::string_view id_or_prefix) {
  Result<int64_t> issue = IssueKeyByPrefix(core, id_or_prefix);
  if (issue || issue.error().code != ErrorCode::kNotFound) return issue;
  const Result<int64_t> finding = FindingKeyByPrefix(core, id_or_prefix);
  if (!finding) return finding.error().code == ErrorCode::kNotFound ? issue : finding;
  OURO_TRY(const FindingRow row, core.LoadFinding(*finding));
  return row.issue_key;
}

}  // namespace

Store::Store(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const std::string& path) {
  OURO_TRY(std::unique_ptr<Core> core, OpenCore(path, OpenMode::kCreate));
  return std::unique_ptr<Store>(new Store(std::move(core)));
}

Result<std::unique_ptr<Store>> Store::OpenExisting(const std::string& path) {
  Result<std::unique_ptr<Core>> core = OpenCore(path, OpenMode::kExisting);
  if (!core && core.error().code == ErrorCode::kNotFound) {
    return Fail(ErrorCode::kNotFound, "there is no store; ouro scan --store PATH makes one", path);
  }
  if (!core) return tl::unexpected(std::move(core).error());
  return std::unique_ptr<Store>(new Store(std::move(*core)));
}

Result<ImportSession> Store::BeginImport(const Scope& scope, ImportMeta meta, UnixSeconds now) {
  OURO_TRY(Transaction transaction, core_->BeginWriting());
  auto impl =
      std::make_unique<ImportSession::Impl>(*core_, std::move(transaction), std::move(meta));
  OURO_TRY_STATUS(impl->Begin(scope, now));
  return ImportSession(std::move(impl));
}

Status Store::Record(model::Report& report, std::string_view scope, std::string_view now_rfc3339,
                     const std::function<UnixSeconds(const SlaQuestion&)>& sla_due) {
  const std::optional<UnixSeconds> now = ParseRfc3339(now_rfc3339);
  if (!now) {
    return Fail(ErrorCode::kInvalid, fmt::format("\"{}\" is no time", Printable(now_rfc3339)));
  }
  Scope named;
  named.tool = "ouro";
  named.target = scope;
  ImportMeta meta;
  meta.command = report.run.command;
  meta.tool_version = report.run.ouro_version;
  meta.sla_due = sla_due;
  OURO_TRY(ImportSession session, BeginImport(named, std::move(meta), *now));
  for (const model::Finding& finding : report.findings) {
    OURO_TRY_STATUS(session.Add(finding, {}));
  }
  const IncompletePlaces incomplete(report.problems);
  CommitOptions options;
  options.could_see = [&incomplete](const model::Finding& finding) {
    return !incomplete.Covers(JoinPlaces(finding));
  };
  OURO_TRY_STATUS(session.Commit(options));
  OURO_TRY(const Transaction reading, core_->BeginReading());
  for (model::Finding& finding : report.findings) {
    OURO_TRY(const int64_t key, FindingKeyByPrefix(*core_, finding.id));
    OURO_TRY(const FindingTimes times, ReadTimes(*core_, key));
    finding.first_seen = FormatRfc3339(times.first_seen);
    finding.last_seen = FormatRfc3339(times.last_seen);
  }
  return {};
}

Result<std::vector<StoredFinding>> Store::List(const ListOptions& options) {
  OURO_TRY(const Filter filter, FilterOf(options));
  OURO_TRY(const Transaction reading, core_->BeginReading());
  OURO_TRY(const std::vector<int64_t> keys, SelectAll(*core_, Table::kFindings, filter, 0));
  std::vector<StoredFinding> found;
  found.reserve(keys.size());
  for (const int64_t key : keys) {
    OURO_TRY(StoredFinding stored, ReadFinding(*core_, key));
    found.push_back(std::move(stored));
  }
  std::sort(found.begin(), found.end(), ListedBefore);
  const auto limit = static_cast<size_t>(std::max<int64_t>(options.limit, 0));
  if (limit != 0 && found.size() > limit) found.resize(limit);
  return found;
}

Result<StoredFinding> Store::Find(std::string_view id_or_prefix) {
  OURO_TRY(const Transaction reading, core_->BeginReading());
  OURO_TRY(const int64_t key, FindingKeyByPrefix(*core_, id_or_prefix));
  return ReadFinding(*core_, key);
}

Status Store::ForEachOpen(const Filter& filter,
                          const std::function<Status(const StoredFinding&)>& each) {
  OURO_TRY(const Transaction reading, core_->BeginReading());
  Filter open = filter;
  open.open_only = true;
  OURO_TRY(const std::vector<int64_t> keys, SelectAll(*core_, Table::kFindings, open, 0));
  KeySet wanted;
  for (const int64_t key : keys) wanted.Add(key);
  OURO_TRY(Statement list,
           core_->database->Prepare("SELECT finding_key FROM finding_ids ORDER BY id"));
  for (;;) {
    OURO_TRY(const bool found, list.Step());
    if (!found) return {};
    const int64_t key = list.Int();
    if (!wanted.Contains(key)) continue;
    OURO_TRY(const StoredFinding stored, ReadFinding(*core_, key));
    OURO_TRY_STATUS(each(stored));
  }
}

Result<Page<Issue>> Store::ListIssues(const PageQuery& query) {
  OURO_TRY(const Transaction reading, core_->BeginReading());
  OURO_TRY(Page<int64_t> keys, SelectPage(*core_, Table::kIssues, query));
  Page<Issue> page;
  page.next_cursor = std::move(keys.next_cursor);
  page.total = keys.total;
  for (const int64_t key : keys.items) {
    OURO_TRY(Issue issue, ReadIssue(*core_, key, query.now));
    page.items.push_back(std::move(issue));
  }
  return page;
}

Result<Page<StoredFinding>> Store::ListFindings(const PageQuery& query) {
  OURO_TRY(const Transaction reading, core_->BeginReading());
  OURO_TRY(Page<int64_t> keys, SelectPage(*core_, Table::kFindings, query));
  Page<StoredFinding> page;
  page.next_cursor = std::move(keys.next_cursor);
  page.total = keys.total;
  for (const int64_t key : keys.items) {
    OURO_TRY(StoredFinding stored, ReadFinding(*core_, key));
    page.items.push_back(std::move(stored));
  }
  return page;
}

Result<Groups> Store::GroupIssues(GroupKey key, const Filter& filter, int64_t limit,
                                  UnixSeconds now) {
  OURO_TRY(const Transaction reading, core_->BeginReading());
  return SelectGroups(*core_, Table::kIssues, key, filter, limit, now);
}

Result<Groups> Store::GroupFindings(GroupKey key, const Filter& filter, int64_t limit,
                                    UnixSeconds now) {
  OURO_TRY(const Transaction reading, core_->BeginReading());
  return SelectGroups(*core_, Table::kFindings, key, filter, limit, now);
}

Result<Issue> Store::FindIssue(std::string_view id_or_prefix, UnixSeconds now) {
  OURO_TRY(const Transaction reading, core_->BeginReading());
  OURO_TRY(const int64_t key, IssueKeyOf(*core_, id_or_prefix));
  return ReadIssue(*core_, key, now);
}

Result<IssueDetail> Store::Explain(std::string_view id_or_prefix, UnixSeconds now) {
  OURO_TRY(const Transaction reading, core_->BeginReading());
  OURO_TRY(const int64_t key, IssueKeyOf(*core_, id_or_prefix));
  IssueDetail detail;
  OURO_TRY(detail.issue, ReadIssue(*core_, key, now));
  OURO_TRY(const std::vector<int64_t> keys, FindingKeysOf(*core_, key));
  for (const int64_t finding_key : keys) {
    const auto left = limits::kPageItemCount - static_cast<int64_t>(detail.observations.size());
    if (left <= 0) break;
    OURO_TRY(StoredFinding stored, ReadFinding(*core_, finding_key));
    OURO_TRY(std::vector<Observation> observations,
             ReadObservations(*core_, finding_key, stored.finding.id, left));
    std::move(observations.begin(), observations.end(), std::back_inserter(detail.observations));
    detail.findings.push_back(std::move(stored));
  }
  OURO_TRY(detail.history, ReadHistory(*core_, key, limits::kPageItemCount));
  return detail;
}

Result<int64_t> Store::Decide(const std::vector<std::string>& ids, const Decision& decision,
                              UnixSeconds now, const std::vector<OutboxMessage>& messages) {
  const auto work = [&]() -> Result<int64_t> {
    OURO_TRY(Transaction transaction, core_->BeginWriting());
    OURO_TRY(const int64_t changed, ApplyDecision(*core_, ids, decision, now));
    for (const OutboxMessage& message : messages) {
      OURO_TRY_STATUS(InsertOutbox(*core_->database, message, now));
    }
    OURO_TRY_STATUS(transaction.Commit());
    return changed;
  };
  return Ended(*core_, work());
}

Result<std::vector<std::string>> Store::Expire(UnixSeconds now) {
  const auto work = [&]() -> Result<std::vector<std::string>> {
    OURO_TRY(Transaction transaction, core_->BeginWriting());
    OURO_TRY(std::vector<std::string> ids, ExpireAcceptances(*core_, now));
    OURO_TRY_STATUS(transaction.Commit());
    return ids;
  };
  return Ended(*core_, work());
}

Status Store::AddGateDecision(std::string_view id, UnixSeconds time,
                              std::string_view canonical_json) {
  OURO_TRY(Transaction transaction, core_->BeginWriting());
  OURO_TRY(Statement find,
           core_->database->Prepare("SELECT body FROM decisions WHERE decision_id = ?"));
  find.Bind(id);
  OURO_TRY(const bool known, find.Step());
  if (known) {
    if (find.View() == canonical_json) return {};
    return Fail(ErrorCode::kInvalid,
                fmt::format("there is another decision with the id {}", Printable(id)),
                core_->database->path());
  }
  OURO_TRY(Statement insert, core_->database->Prepare(
                                 "INSERT INTO decisions(decision_id, time, body) VALUES(?, ?, ?)"));
  insert.Bind(id).Bind(time).Bind(canonical_json);
  OURO_TRY_STATUS(insert.Run());
  return transaction.Commit();
}

Result<std::string> Store::FindGateDecision(std::string_view id_or_prefix) {
  constexpr size_t kPrefixSizeMin = 6;
  if (id_or_prefix.size() < kPrefixSizeMin) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("give at least {} characters of a decision's id", kPrefixSizeMin));
  }
  const std::string end = std::string(id_or_prefix) + "\xff";
  OURO_TRY(Statement find,
           core_->database->Prepare("SELECT body FROM decisions WHERE decision_id >= ? AND "
                                    "decision_id < ? ORDER BY decision_id LIMIT 2"));
  find.Bind(id_or_prefix).Bind(end);
  OURO_TRY(const bool found, find.Step());
  if (!found) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("no decision has the id {}", Printable(id_or_prefix)),
                core_->database->path());
  }
  std::string body = find.Text();
  OURO_TRY(const bool second, find.Step());
  if (!second) return body;
  return Fail(ErrorCode::kInvalid,
              fmt::format("several decisions begin with {}; give more", Printable(id_or_prefix)),
              core_->database->path());
}

Result<std::vector<Store::ImportRecord>> Store::Imports(std::string_view scope, int64_t limit) {
  OURO_TRY(Statement list,
           core_->database->Prepare(
               "SELECT s.name, i.time, i.command, i.digest, i.received, i.created, "
               "i.issues_created, i.observed, i.reopened, i.issues_reopened, i.updated, "
               "i.unchanged, i.folded, i.closed, i.issues_resolved, i.untouched FROM imports i "
               "JOIN scopes s USING(scope_id) WHERE ?1 = '' OR s.name = ?1 "
               "ORDER BY i.import_id DESC LIMIT ?2"));
  list.Bind(scope).Bind(limit);
  std::vector<ImportRecord> records;
  for (;;) {
    OURO_TRY(const bool found, list.Step());
    if (!found) return records;
    ImportRecord& record = records.emplace_back();
    record.scope = list.Text();
    record.time = list.Int();
    record.command = list.Text();
    record.digest = list.Text();
    ImportCounts& counts = record.counts;
    for (int64_t* count :
         {&counts.received, &counts.created, &counts.issues_created, &counts.observed,
          &counts.reopened, &counts.issues_reopened, &counts.updated, &counts.unchanged,
          &counts.folded, &counts.closed, &counts.issues_resolved, &counts.untouched}) {
      *count = list.Int();
    }
  }
}

Result<int64_t> Store::RebuildIndex() {
  const auto work = [&]() -> Result<int64_t> {
    OURO_TRY(Transaction transaction, core_->BeginWriting());
    OURO_TRY(const int64_t different, RebuildColumns(*core_));
    OURO_TRY_STATUS(transaction.Commit());
    return different;
  };
  return Ended(*core_, work());
}

}  // namespace ouro::store
