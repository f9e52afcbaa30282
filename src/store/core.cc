#include "store/core.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "fmt/format.h"

namespace ouro::store {
namespace {

constexpr std::string_view kFindingColumns =
    "finding_key, id, issue_key, class, severity, priority, status, seen, stages_seen, "
    "stages_ever, rule_id, tools, assets, object_id, vuln_key, owner, fix_group, first_seen, "
    "scope_id, observation_key";
constexpr std::string_view kIssueColumns =
    "issue_key, id, finding_key, class, severity, priority, status, seen, suppressed, stages_seen, "
    "stages_ever, rules, tools, assets, object_id, vuln_key, owner, owner_edited, assignee, "
    "fix_group, first_seen, resolved_at, reopened, reopened_at, sla_due, accepted_at, until, "
    "duplicate_of, finding_count, open_count";

std::string Marks(std::string_view columns) {
  std::string out = "?";
  for (const char c : columns) {
    if (c == ',') out += ", ?";
  }
  return out;
}

std::string SelectSql(std::string_view table, std::string_view columns, std::string_view key) {
  return fmt::format("SELECT {} FROM {} WHERE {} = ?", columns, table, key);
}

// An update is a replacement: neither table has a trigger or an index that would mind.
std::string WriteSql(std::string_view verb, std::string_view table, std::string_view columns) {
  return fmt::format("{} INTO {}({}) VALUES({})", verb, table, columns, Marks(columns));
}

uint32_t U32(Statement& row) {
  return static_cast<uint32_t>(row.Int());
}

void Bind(Statement& s, const FindingRow& row) {
  s.Bind(row.key).BindBlob(row.id.view()).Bind(row.issue_key).Bind(int64_t{row.finding_class});
  s.Bind(int64_t{row.severity}).Bind(int64_t{row.priority}).Bind(int64_t{row.status});
  s.Bind(int64_t{row.seen}).Bind(int64_t{row.stages_seen}).Bind(int64_t{row.stages_ever});
  s.Bind(int64_t{row.rule}).Bind(int64_t{row.tools}).Bind(int64_t{row.assets});
  s.Bind(int64_t{row.object}).Bind(int64_t{row.vuln}).Bind(int64_t{row.owner});
  s.Bind(int64_t{row.fix_group}).Bind(row.first_seen).Bind(row.scope).Bind(row.observation);
}

void Bind(Statement& s, const IssueRow& row) {
  s.Bind(row.key).BindBlob(row.id.view()).Bind(row.finding_key).Bind(int64_t{row.finding_class});
  s.Bind(int64_t{row.severity}).Bind(int64_t{row.priority});
  s.Bind(static_cast<int64_t>(row.status)).Bind(int64_t{row.seen}).Bind(int64_t{row.suppressed});
  s.Bind(int64_t{row.stages_seen}).Bind(int64_t{row.stages_ever}).Bind(int64_t{row.rules});
  s.Bind(int64_t{row.tools}).Bind(int64_t{row.assets}).Bind(int64_t{row.object});
  s.Bind(int64_t{row.vuln}).Bind(int64_t{row.owner}).Bind(int64_t{row.owner_edited});
  s.Bind(int64_t{row.assignee}).Bind(int64_t{row.fix_group}).Bind(row.first_seen);
  s.Bind(row.resolved_at).Bind(row.reopened).Bind(row.reopened_at).Bind(row.sla_due);
  s.Bind(row.accepted_at).Bind(row.until).BindBlob(row.duplicate_of).Bind(row.finding_count);
  s.Bind(row.open_count);
}

tl::unexpected<Error> Missing(const Database& database, std::string_view what, int64_t key) {
  return Fail(ErrorCode::kParse, fmt::format("the store is damaged: {} {} is missing", what, key),
              database.path());
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

uint32_t& At(ColumnValues& values, Column column) {
  return values[static_cast<size_t>(column)];
}

}  // namespace

std::optional<Id> ParseId(std::string_view digits) {
  Id id;
  if (digits.size() != 2 * id.bytes.size()) return std::nullopt;
  for (size_t i = 0; i < id.bytes.size(); ++i) {
    const int high = HexValue(digits[2 * i]);
    const int low = HexValue(digits[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[i] = static_cast<char>(high * 16 + low);
  }
  return id;
}

std::string IdText(std::string_view bytes) {
  return HexEncode(bytes);
}

Id IdOf(std::string_view bytes) {
  Id id;
  if (bytes.size() == id.bytes.size()) std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

int64_t TagOf(const Id& id) {
  int64_t tag;
  std::memcpy(&tag, id.bytes.data(), sizeof tag);
  return tag;
}

ColumnValues IndexValues(const FindingRow& row, uint32_t last_seen) {
  ColumnValues values{};
  uint32_t state = kStateStored;
  if (row.seen) state |= kStateSeen;
  if (row.status == static_cast<uint32_t>(model::FindingStatus::kSuppressed)) {
    state |= kStateSuppressed;
  }
  At(values, Column::kState) = state;
  At(values, Column::kSeverity) = row.severity;
  At(values, Column::kClass) = row.finding_class;
  At(values, Column::kPriority) = row.priority;
  At(values, Column::kStageBits) = row.stages_seen;
  At(values, Column::kRules) = Sets::Single(row.rule);
  At(values, Column::kTools) = row.tools;
  At(values, Column::kAssets) = row.assets;
  At(values, Column::kObject) = row.object;
  At(values, Column::kVuln) = row.vuln;
  At(values, Column::kOwner) = row.owner;
  At(values, Column::kFixGroup) = row.fix_group;
  At(values, Column::kFirstSeen) = TimeValue(row.first_seen);
  At(values, Column::kLastSeen) = last_seen;
  return values;
}

ColumnValues IndexValues(const IssueRow& row, uint32_t last_seen) {
  ColumnValues values{};
  uint32_t state = kStateStored | static_cast<uint32_t>(row.status);
  if (row.seen) state |= kStateSeen;
  if (row.suppressed) state |= kStateSuppressed;
  At(values, Column::kState) = state;
  At(values, Column::kSeverity) = row.severity;
  At(values, Column::kClass) = row.finding_class;
  At(values, Column::kPriority) = row.priority;
  At(values, Column::kStageBits) = row.stages_seen;
  At(values, Column::kRules) = row.rules;
  At(values, Column::kTools) = row.tools;
  At(values, Column::kAssets) = row.assets;
  At(values, Column::kObject) = row.object;
  At(values, Column::kVuln) = row.vuln;
  At(values, Column::kOwner) = row.owner;
  At(values, Column::kFixGroup) = row.fix_group;
  At(values, Column::kFirstSeen) = TimeValue(row.first_seen);
  At(values, Column::kLastSeen) = last_seen;
  At(values, Column::kSlaDue) = TimeValue(row.sla_due);
  At(values, Column::kUntil) = TimeValue(row.until);
  return values;
}

ObservationRow ReadObservation(Statement& row, int64_t finding_key, std::string_view& evidence) {
  ObservationRow out;
  out.finding_key = finding_key;
  out.scope = row.Int();
  out.key = row.Int();
  out.first_seen = row.Int();
  out.last_seen = row.Int();
  out.gone_at = row.Int();
  out.changed_at = row.Int();
  out.streak = row.Int();
  out.run_count = row.Int();
  evidence = row.View();
  return out;
}

Core::Core(std::unique_ptr<Database> opened)
    : database(std::move(opened)),
      dictionary(*database),
      sets(*database),
      issue_columns(*database, Table::kIssues),
      finding_columns(*database, Table::kFindings),
      columns(*database),
      load_finding(SelectSql("findings", kFindingColumns, "finding_key")),
      insert_finding(WriteSql("INSERT", "findings", kFindingColumns)),
      update_finding(WriteSql("REPLACE", "findings", kFindingColumns)),
      load_issue(SelectSql("issues", kIssueColumns, "issue_key")),
      insert_issue(WriteSql("INSERT", "issues", kIssueColumns)),
      update_issue(WriteSql("REPLACE", "issues", kIssueColumns)) {}

Result<FindingRow> Core::LoadFinding(int64_t key) {
  OURO_TRY(Statement * load, load_finding.Use(*database));
  load->Bind(key);
  OURO_TRY(const bool found, load->Step());
  if (!found) return Missing(*database, "finding", key);
  FindingRow row;
  row.key = load->Int();
  row.id = IdOf(load->View());
  row.issue_key = load->Int();
  row.finding_class = U32(*load);
  row.severity = U32(*load);
  row.priority = U32(*load);
  row.status = U32(*load);
  row.seen = load->Int() != 0;
  for (uint32_t* field : {&row.stages_seen, &row.stages_ever, &row.rule, &row.tools, &row.assets,
                          &row.object, &row.vuln, &row.owner, &row.fix_group}) {
    *field = U32(*load);
  }
  row.first_seen = load->Int();
  row.scope = load->Int();
  row.observation = load->Int();
  load->Reset();
  return row;
}

Status Core::InsertFinding(const FindingRow& row) {
  OURO_TRY(Statement * insert, insert_finding.Use(*database));
  Bind(*insert, row);
  return insert->Run();
}

Status Core::UpdateFinding(const FindingRow& row) {
  OURO_TRY(Statement * update, update_finding.Use(*database));
  Bind(*update, row);
  return update->Run();
}

Result<IssueRow> Core::LoadIssue(int64_t key) {
  OURO_TRY(Statement * load, load_issue.Use(*database));
  load->Bind(key);
  OURO_TRY(const bool found, load->Step());
  if (!found) return Missing(*database, "issue", key);
  IssueRow row;
  row.key = load->Int();
  row.id = IdOf(load->View());
  row.finding_key = load->Int();
  row.finding_class = U32(*load);
  row.severity = U32(*load);
  row.priority = U32(*load);
  const int64_t status = std::clamp<int64_t>(load->Int(), 0, kIssueStatusCount - 1);
  row.status = static_cast<IssueStatus>(status);
  row.seen = load->Int() != 0;
  row.suppressed = load->Int() != 0;
  for (uint32_t* field : {&row.stages_seen, &row.stages_ever, &row.rules, &row.tools, &row.assets,
                          &row.object, &row.vuln, &row.owner}) {
    *field = U32(*load);
  }
  row.owner_edited = load->Int() != 0;
  row.assignee = U32(*load);
  row.fix_group = U32(*load);
  for (int64_t* field : {&row.first_seen, &row.resolved_at, &row.reopened, &row.reopened_at,
                         &row.sla_due, &row.accepted_at, &row.until}) {
    *field = load->Int();
  }
  row.duplicate_of = load->Text();
  row.finding_count = load->Int();
  row.open_count = load->Int();
  load->Reset();
  return row;
}

Status Core::InsertIssue(const IssueRow& row) {
  OURO_TRY(Statement * insert, insert_issue.Use(*database));
  Bind(*insert, row);
  return insert->Run();
}

Status Core::UpdateIssue(const IssueRow& row) {
  OURO_TRY(Statement * update, update_issue.Use(*database));
  Bind(*update, row);
  return update->Run();
}

Result<const ScopeRow*> Core::ScopeOf(int64_t id) {
  const auto known = scopes.find(id);
  if (known != scopes.end()) return &known->second;
  OURO_TRY(Statement * get, get_scope.Use(*database));
  get->Bind(id);
  OURO_TRY(const bool found, get->Step());
  if (!found) return Missing(*database, "scope", id);
  ScopeRow row;
  row.id = id;
  row.name = get->Text();
  row.tool_version = get->Text();
  row.commit = get->Text();
  row.digest = get->Text();
  row.complete_at = get->Int();
  row.complete_count = get->Int();
  get->Reset();
  return &scopes.emplace(id, std::move(row)).first->second;
}

Status Core::AddHistory(int64_t issue_key, int64_t time, std::string_view who,
                        std::string_view what, std::string_view from, std::string_view to,
                        std::string_view note) {
  OURO_TRY(Statement * add, add_history.Use(*database));
  add->Bind(issue_key).Bind(time).Bind(who).Bind(what).Bind(from).Bind(to).Bind(note);
  return add->Run();
}

Result<Transaction> Core::BeginWriting() {
  if (importing) {
    return Fail(ErrorCode::kInvalid, "an import of this store is open; end it first",
                database->path());
  }
  OURO_TRY(Transaction transaction, Transaction::Begin(*database));
  OURO_TRY_STATUS(Refresh());
  return transaction;
}

Result<Transaction> Core::BeginReading() {
  if (importing) {
    return Fail(ErrorCode::kInvalid, "an import of this store is open; end it first",
                database->path());
  }
  OURO_TRY(Transaction transaction, Transaction::BeginReading(*database));
  OURO_TRY_STATUS(Refresh());
  return transaction;
}

void Core::Forget() {
  dictionary.Forget();
  sets.Forget();
  issue_columns.Forget();
  finding_columns.Forget();
  scopes.clear();
}

Status Core::Refresh() {
  OURO_TRY(const int64_t version, database->Value("PRAGMA data_version"));
  if (version != data_version) Forget();
  data_version = version;
  return {};
}

}  // namespace ouro::store
