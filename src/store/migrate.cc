#include "store/migrate.h"

#include <algorithm>
#include <vector>

#include "fmt/format.h"
#include "store/read.h"
#include "store/schema_v2.h"

namespace ouro::store {
namespace {

// Brings the file to kStoreVersion; another process may be doing the same.
Status Migrate(Core& core) {
  Database& database = *core.database;
  OURO_TRY(Transaction transaction, Transaction::Begin(database));
  OURO_TRY(const int64_t version, database.Value("PRAGMA user_version"));
  if (version >= kStoreVersion) return {};
  if (version == 0) OURO_TRY_STATUS(database.Execute(kSchemaVersion2));
  if (version == 1) OURO_TRY_STATUS(MigrateVersion1(core));
  OURO_TRY_STATUS(
      database.Execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                   kApplicationId, kStoreVersion)
                           .c_str()));
  return transaction.Commit();
}

// Is it a file of ours that this program understands?
Status CheckAndMigrate(Core& core) {
  Database& database = *core.database;
  OURO_TRY(const int64_t application, database.Value("PRAGMA application_id"));
  OURO_TRY(const int64_t version, database.Value("PRAGMA user_version"));
  OURO_TRY(const int64_t tables, database.Value("SELECT count(*) FROM sqlite_schema"));
  const bool fresh = tables == 0 && version == 0 && application == 0;
  if (!fresh && application != kApplicationId) {
    return Fail(ErrorCode::kInvalid,
                "this is an SQLite database of another program; give another path",
                database.path());
  }
  if (version > kStoreVersion) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("the store has version {}, this ouro knows up to {}; use a newer ouro",
                            version, kStoreVersion),
                database.path());
  }
  if (version == kStoreVersion) return {};
  if (database.read_only()) {
    return Fail(
        ErrorCode::kDenied,
        fmt::format("the store has version {} and cannot be brought to {}: it is not writable",
                    version, kStoreVersion),
        database.path());
  }
  const Status status = Migrate(core);
  core.Forget();
  return status;
}

// Values of one item beside what the index has; counts the differences.
Status PutAndCompare(ColumnEditor& editor, int64_t key, const ColumnValues& values,
                     int64_t& different) {
  for (size_t i = 0; i < kColumnCount; ++i) {
    OURO_TRY(const uint32_t stored, editor.Get(key, static_cast<Column>(i)));
    if (stored != values[i]) ++different;
  }
  return editor.Put(key, values);
}

}  // namespace

Result<int64_t> RebuildColumns(Core& core) {
  int64_t different = 0;
  OURO_TRY(const int64_t issue_max, core.database->Value("SELECT max(issue_key) FROM issues"));
  OURO_TRY(const int64_t finding_max,
           core.database->Value("SELECT max(finding_key) FROM findings"));
  std::vector<uint32_t> issue_last_seen(static_cast<size_t>(issue_max) + 1, 0);
  for (int64_t key = 1; key <= finding_max; ++key) {
    OURO_TRY(const FindingRow row, core.LoadFinding(key));
    OURO_TRY(const FindingTimes times, ReadTimes(core, key));
    const uint32_t last_seen = TimeValue(times.last_seen);
    uint32_t& of_issue = issue_last_seen[static_cast<size_t>(row.issue_key)];
    of_issue = std::max(of_issue, last_seen);
    OURO_TRY_STATUS(
        PutAndCompare(core.finding_columns, key, IndexValues(row, last_seen), different));
  }
  OURO_TRY_STATUS(core.finding_columns.Flush());
  for (int64_t key = 1; key <= issue_max; ++key) {
    OURO_TRY(const IssueRow row, core.LoadIssue(key));
    uint32_t last_seen = issue_last_seen[static_cast<size_t>(key)];
    if (row.finding_count == 0) {
      OURO_TRY(last_seen, core.issue_columns.Get(key, Column::kLastSeen));
    }
    OURO_TRY_STATUS(PutAndCompare(core.issue_columns, key, IndexValues(row, last_seen), different));
  }
  OURO_TRY_STATUS(core.issue_columns.Flush());
  return different;
}

Result<std::unique_ptr<Core>> OpenCore(const std::string& path, OpenMode mode) {
  OURO_TRY(std::unique_ptr<Database> database, Database::Open(path, mode));
  auto core = std::make_unique<Core>(std::move(database));
  OURO_TRY_STATUS(CheckAndMigrate(*core));
  if (!core->database->read_only()) {
    // A change that returned is on the disk. The log is cut when it has been taken over.
    OURO_TRY_STATUS(core->database->Execute(
        "PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA secure_delete = OFF; "
        "PRAGMA journal_size_limit = 67108864"));
    // Not possible on every file system; then the rollback journal stays, which is as safe.
    OURO_TRY_STATUS(core->database->Execute("PRAGMA journal_mode = WAL"));
  }
  return core;
}

}  // namespace ouro::store
