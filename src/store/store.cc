#include "store/store.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "fmt/format.h"
#include "store/incomplete.h"
#include "store/rows.h"
#include "store/schema.h"
#include "store/sqlite.h"

namespace ouro::store {
namespace {

constexpr int64_t kVersion = static_cast<int64_t>(kMigrations.size());
constexpr size_t kIdSize = 32;
constexpr size_t kPrefixSizeMin = 6;

std::string Columns(std::string_view prefix) {
  std::string out;
  for (const char* column : kFindingColumns) {
    if (!out.empty()) out += ", ";
    out += fmt::format("{}{}", prefix, column);
  }
  return out;
}

// Writes one finding; gives its key and when it was first seen.
std::string UpsertSql() {
  std::string parameters;
  std::string updates;
  for (const char* column : kFindingColumns) {
    parameters += "?, ";
    // The check is part of what the id is a hash of; writing it anew would only rewrite its index.
    const std::string_view name = column;
    if (name != "finding_id" && name != "check_id" && name != "last_seen") {
      updates += fmt::format("{0} = excluded.{0}, ", column);
    }
  }
  return fmt::format(
      "INSERT INTO findings({}, first_seen, run_count, last_run) VALUES({}?, 1, ?) "
      "ON CONFLICT(finding_id) DO UPDATE SET {} "
      "run_count = run_count + (last_run <> excluded.last_run), last_run = excluded.last_run, "
      "last_seen = max(last_seen, excluded.last_seen) "
      "RETURNING finding_key, first_seen, last_seen",
      Columns(""), parameters, updates);
}

std::string SelectSql() {
  return fmt::format(
      "SELECT {}, f.first_seen, f.run_count, EXISTS(SELECT 1 FROM sightings s WHERE s.finding_key "
      "= "
      "f.finding_key AND s.open = 1) AS is_open FROM findings f WHERE 1 = 1",
      Columns("f."));
}

Result<StoredFinding> ReadRow(FindingReader& reader, Statement& row) {
  StoredFinding stored;
  OURO_TRY(stored.finding, reader.Read(row));
  stored.finding.first_seen = row.Text();
  stored.run_count = row.Int();
  stored.open = row.Int() != 0;
  return stored;
}

// Brings the file to kVersion; another process may be doing the same.
Status Migrate(Database& database) {
  OURO_TRY(Transaction transaction, Transaction::Begin(database));
  OURO_TRY(int64_t version, database.Value("PRAGMA user_version"));
  for (; version < kVersion; ++version) {
    OURO_TRY_STATUS(database.Execute(kMigrations[static_cast<size_t>(version)]));
  }
  OURO_TRY_STATUS(database.Execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kVersion)
          .c_str()));
  return transaction.Commit();
}

// Is it a file of ours that this program understands? A database of someone else is never written
// to.
Status CheckAndMigrate(Database& database) {
  OURO_TRY(const int64_t application, database.Value("PRAGMA application_id"));
  OURO_TRY(const int64_t version, database.Value("PRAGMA user_version"));
  OURO_TRY(const int64_t tables, database.Value("SELECT count(*) FROM sqlite_schema"));
  const bool fresh = tables == 0 && version == 0 && application == 0;
  if (!fresh && application != kApplicationId) {
    return Fail(ErrorCode::kInvalid,
                "this is an SQLite database of another program; give another path",
                database.path());
  }
  if (version > kVersion) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("the store has version {}, this ouro knows up to {}; use a newer ouro",
                            version, kVersion),
                database.path());
  }
  if (version == kVersion) return {};
  if (database.read_only()) {
    return Fail(
        ErrorCode::kDenied,
        fmt::format("the store has version {} and cannot be brought to {}: it is not writable",
                    version, kVersion),
        database.path());
  }
  return Migrate(database);
}

Result<std::unique_ptr<Database>> OpenStore(const std::string& path, OpenMode mode) {
  OURO_TRY(std::unique_ptr<Database> database, Database::Open(path, mode));
  OURO_TRY_STATUS(CheckAndMigrate(*database));
  if (!database->read_only()) {
    OURO_TRY_STATUS(database->Execute(
        "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA secure_delete = OFF"));
    // Not possible on every file system; then the rollback journal stays, which is as safe.
    OURO_TRY_STATUS(database->Execute("PRAGMA journal_mode = WAL"));
  }
  return database;
}

Result<int64_t> ScopeId(Database& database, std::string_view scope) {
  OURO_TRY(Statement insert,
           database.Prepare("INSERT INTO scopes(name) VALUES(?) ON CONFLICT(name) DO UPDATE "
                            "SET name = excluded.name RETURNING scope_id"));
  insert.Bind(scope);
  OURO_TRY(const bool row, insert.Step());
  return row ? insert.Int() : 0;
}

Result<int64_t> AddRun(Database& database, const model::Report& report, int64_t scope_id,
                       std::string_view now) {
  OURO_TRY(Statement insert,
           database.Prepare(
               "INSERT INTO runs(scope_id, recorded, started, command, ouro_version, profile, "
               "kubernetes_version, verdict, exit_code, finding_count, not_examined) "
               "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING run_id"));
  const model::Run& run = report.run;
  insert.Bind(scope_id).Bind(now).Bind(run.started).Bind(run.command).Bind(run.ouro_version);
  insert.Bind(run.profile).Bind(run.kubernetes_version).Bind(report.decision.verdict);
  insert.Bind(int64_t{report.decision.exit_code})
      .Bind(static_cast<int64_t>(report.findings.size()));
  insert.Bind(report.counts.not_examined);
  OURO_TRY(const bool row, insert.Step());
  return row ? insert.Int() : 0;
}

struct Seen {
  std::string first;
  std::string last;
};

// Writes every finding of the report and that this scope sees it.
Result<std::vector<Seen>> AddFindings(Database& database, const model::Report& report,
                                      int64_t scope_id, int64_t run_id, std::string_view now) {
  OURO_TRY(Statement upsert, database.Prepare(UpsertSql()));
  OURO_TRY(Statement sight,
           database.Prepare(
               "INSERT INTO sightings(scope_id, finding_key, open, first_seen, last_seen, "
               "last_run, places) VALUES(?, ?, 1, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET open = 1, "
               "closed = NULL, last_seen = max(last_seen, excluded.last_seen), "
               "last_run = excluded.last_run, places = excluded.places"));
  std::vector<Seen> seen;
  seen.reserve(report.findings.size());
  FindingBinder binder;
  for (const model::Finding& finding : report.findings) {
    if (finding.id.size() != kIdSize) {
      return Fail(ErrorCode::kInvalid, fmt::format("a finding of {} has no id", finding.check),
                  database.path());
    }
    binder.Bind(upsert, finding, now);
    upsert.Bind(now).Bind(run_id);
    OURO_TRY(const bool row, upsert.Step());
    const int64_t key = row ? upsert.Int() : 0;
    Seen& times = seen.emplace_back();
    times.first = upsert.Text();
    times.last = upsert.Text();
    upsert.Reset();
    const std::string places = JoinPlaces(finding);
    sight.Bind(scope_id).Bind(key).Bind(now).Bind(now).Bind(run_id).BindBlob(places);
    OURO_TRY_STATUS(sight.Run());
  }
  return seen;
}

// Closes what this scope no longer sees.
Status CloseGone(Database& database, const model::Report& report, int64_t scope_id, int64_t run_id,
                 std::string_view now) {
  const IncompletePlaces incomplete(report.problems);
  OURO_TRY(Statement select,
           database.Prepare("SELECT finding_key, places FROM sightings WHERE scope_id = ? "
                            "AND open = 1 AND last_run <> ?"));
  select.Bind(scope_id).Bind(run_id);
  std::vector<int64_t> gone;
  for (;;) {
    OURO_TRY(const bool row, select.Step());
    if (!row) break;
    const int64_t key = select.Int();
    if (!incomplete.Covers(select.Text())) gone.push_back(key);
  }
  OURO_TRY(Statement close,
           database.Prepare("UPDATE sightings SET open = 0, closed = ? WHERE scope_id = ? "
                            "AND finding_key = ?"));
  for (const int64_t key : gone) {
    close.Bind(now).Bind(scope_id).Bind(key);
    OURO_TRY_STATUS(close.Run());
  }
  return {};
}

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

struct Store::Impl {
  std::unique_ptr<Database> database;
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const std::string& path) {
  OURO_TRY(std::unique_ptr<Database> database, OpenStore(path, OpenMode::kCreate));
  auto impl = std::make_unique<Impl>();
  impl->database = std::move(database);
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Result<std::unique_ptr<Store>> Store::OpenExisting(const std::string& path) {
  Result<std::unique_ptr<Database>> database = OpenStore(path, OpenMode::kExisting);
  if (!database && database.error().code == ErrorCode::kNotFound) {
    return Fail(ErrorCode::kNotFound, "there is no store; ouro scan --store PATH makes one", path);
  }
  if (!database) return tl::unexpected(std::move(database).error());
  auto impl = std::make_unique<Impl>();
  impl->database = std::move(*database);
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Status Store::Record(model::Report& report, std::string_view scope, std::string_view now_rfc3339) {
  Database& database = *impl_->database;
  OURO_TRY(Transaction transaction, Transaction::Begin(database));
  OURO_TRY(const int64_t scope_id, ScopeId(database, scope));
  OURO_TRY(const int64_t run_id, AddRun(database, report, scope_id, now_rfc3339));
  OURO_TRY(const std::vector<Seen> seen,
           AddFindings(database, report, scope_id, run_id, now_rfc3339));
  OURO_TRY_STATUS(CloseGone(database, report, scope_id, run_id, now_rfc3339));
  OURO_TRY_STATUS(transaction.Commit());
  for (size_t i = 0; i < seen.size(); ++i) {
    report.findings[i].first_seen = seen[i].first;
    report.findings[i].last_seen = seen[i].last;
  }
  return {};
}

Result<std::vector<StoredFinding>> Store::List(const ListOptions& options) {
  Database& database = *impl_->database;
  int64_t severity_min = 0;
  if (!options.severity_min.empty()) {
    const std::optional<model::Severity> severity = model::ParseSeverity(options.severity_min);
    if (!severity) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("\"{}\" is no severity; use critical, high, medium, low or info",
                              Printable(options.severity_min)));
    }
    severity_min = static_cast<int64_t>(*severity);
  }
  std::string sql = SelectSql() + " AND f.severity >= ?";
  if (!options.check.empty()) {
    sql +=
        " AND (f.check_id = ?2 OR f.concept = ?2 OR EXISTS(SELECT 1 FROM json_each(f.aliases) "
        "WHERE value = ?2))";
  }
  if (!options.namespace_name.empty()) sql += " AND f.namespace = ?";
  if (options.open_only) sql += " AND is_open";
  sql += " ORDER BY f.severity DESC, f.file, f.line_number, f.check_id, f.finding_id";
  if (options.limit > 0) sql += fmt::format(" LIMIT {}", options.limit);
  OURO_TRY(Statement select, database.Prepare(sql));
  select.Bind(severity_min);
  if (!options.check.empty()) select.Bind(options.check);
  if (!options.namespace_name.empty()) select.Bind(options.namespace_name);
  OURO_TRY(FindingReader reader, FindingReader::Make(database));
  std::vector<StoredFinding> found;
  for (;;) {
    OURO_TRY(const bool row, select.Step());
    if (!row) return found;
    OURO_TRY(StoredFinding stored, ReadRow(reader, select));
    found.push_back(std::move(stored));
  }
}

Result<StoredFinding> Store::Find(std::string_view id_or_prefix) {
  Database& database = *impl_->database;
  const std::string prefix = LowerAscii(TrimSpace(id_or_prefix));
  if (prefix.size() < kPrefixSizeMin || prefix.size() > kIdSize || !IsHex(prefix)) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is no finding id: give {} to {} hexadecimal digits",
                            Printable(id_or_prefix.substr(0, 80)), kPrefixSizeMin, kIdSize));
  }
  OURO_TRY(Statement select,
           database.Prepare(SelectSql() + " AND f.finding_id >= ? AND f.finding_id < ? "
                                          "ORDER BY f.finding_id LIMIT 2"));
  const std::string end = prefix + "g";  // the first text after all that begin with the prefix
  select.Bind(prefix).Bind(end);
  OURO_TRY(FindingReader reader, FindingReader::Make(database));
  OURO_TRY(const bool first, select.Step());
  if (!first) {
    return Fail(ErrorCode::kNotFound, fmt::format("no finding has the id {}", prefix),
                database.path());
  }
  OURO_TRY(StoredFinding found, ReadRow(reader, select));
  OURO_TRY(const bool second, select.Step());
  if (second) {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("several findings begin with {}, {} and {} for example; give more digits",
                    prefix, found.finding.id, select.Text()),
        database.path());
  }
  return found;
}

}  // namespace ouro::store
