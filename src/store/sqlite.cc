#include "store/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>

#include "fmt/format.h"

namespace ouro::store {
namespace {

constexpr int kBusyTimeoutMs = 10'000;

// What a result code means for the person who gave the path, with the remedy where there is one.
Error ErrorOf(sqlite3* database, int code, const std::string& path) {
  const char* detail = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  const int system_error = database != nullptr ? sqlite3_system_errno(database) : 0;
  const auto make = [&](ErrorCode kind, std::string message) {
    return Error{kind, std::move(message), path};
  };
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      return make(ErrorCode::kParse,
                  "this is no store of ouro (not an SQLite database); give another path");
    case SQLITE_CORRUPT:
      return make(
          ErrorCode::kParse,
          "the store is damaged; move it away, and the next run with --store makes a new one");
    case SQLITE_FULL:
      return make(ErrorCode::kIo, "the disk is full; nothing was recorded");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return make(ErrorCode::kTimeout,
                  fmt::format("another process has held the store for {} seconds; try again later",
                              kBusyTimeoutMs / 1'000));
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return make(ErrorCode::kDenied,
                  "the store cannot be written; check the rights of the file and its folder");
    case SQLITE_CANTOPEN:
      if (system_error == ENOENT)
        return make(ErrorCode::kNotFound, "there is no such file or folder");
      if (system_error == EACCES || system_error == EPERM) {
        return make(ErrorCode::kDenied, "the store cannot be opened: permission denied");
      }
      return make(ErrorCode::kIo,
                  system_error != 0
                      ? fmt::format("the store cannot be opened: {}", std::strerror(system_error))
                      : "the store cannot be opened: it is no plain file");
    case SQLITE_IOERR:
      // SQLite no longer knows the reason of a write that failed half-way.
      if (code == SQLITE_IOERR_WRITE && system_error == 0) {
        return make(ErrorCode::kIo,
                    "writing failed, as it does on a full disk; nothing was recorded");
      }
      return make(ErrorCode::kIo,
                  fmt::format("reading or writing the store failed: {}; nothing was recorded",
                              system_error != 0 ? std::strerror(system_error) : detail));
    case SQLITE_TOOBIG:
      return make(ErrorCode::kLimit, "a value is too large for the store");
    default:
      return make(ErrorCode::kIo, fmt::format("the store failed: {}", detail));
  }
}

// A path that SQLite takes as a file, whatever it is called (":memory:" and "file:…" mean other
// things to it).
std::string PlainPath(const std::string& path) {
  return path.empty() || path.front() == '/' ? path : "./" + path;
}

// The same as a URI that says that nobody changes the file while it is read: the only way to read a
// write-ahead database in a folder in which nothing can be made.
std::string ImmutableUri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : PlainPath(path)) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

// Once in a process: SQLite need not count what it allocates, nor lock connections and statements,
// which no two threads share.
void Configure() {
  static const bool kDone = [] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    return true;
  }();
  static_cast<void>(kDone);
}

// Opens and reads the header. On failure `database` is closed and null.
int OpenHandle(const std::string& name, int flags, sqlite3*& database) {
  int code = sqlite3_open_v2(name.c_str(), &database, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) return code;
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  return sqlite3_exec(database, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr);
}

}  // namespace

Statement::Statement(sqlite3* database, sqlite3_stmt* statement, std::string path)
    : database_(database), statement_(statement), path_(std::move(path)) {}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      path_(std::move(other.path_)) {}

void Statement::Reset() {
  sqlite3_reset(statement_);
  parameter_ = 0;
}

Statement& Statement::Bind(std::string_view text) {
  // A null pointer would bind NULL; the empty text is a text.
  sqlite3_bind_text64(statement_, ++parameter_, text.empty() ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::Bind(int64_t value) {
  sqlite3_bind_int64(statement_, ++parameter_, value);
  return *this;
}

Statement& Statement::BindBlob(std::string_view bytes) {
  sqlite3_bind_blob64(statement_, ++parameter_, bytes.empty() ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
  return *this;
}

Statement& Statement::Bind(double value) {
  sqlite3_bind_double(statement_, ++parameter_, value);
  return *this;
}

Statement& Statement::BindNull() {
  sqlite3_bind_null(statement_, ++parameter_);
  return *this;
}

Result<bool> Statement::Step() {
  column_ = 0;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::unexpected(ErrorOf(database_, code, path_));
}

Status Statement::Run() {
  Result<bool> row = Step();
  while (row && *row) row = Step();
  Reset();
  if (!row) return tl::unexpected(std::move(row).error());
  return {};
}

std::string Statement::Text() {
  const int column = column_++;
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

int64_t Statement::Int() {
  return sqlite3_column_int64(statement_, column_++);
}

double Statement::Double() {
  return sqlite3_column_double(statement_, column_++);
}

std::string_view Statement::View() {
  const int column = column_++;
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), size);
}

Result<Statement*> Prepared::Use(Database& database) {
  if (!statement_) {
    OURO_TRY(Statement statement, database.Prepare(sql_));
    statement_.emplace(std::move(statement));
  } else {
    statement_->Reset();
  }
  return &*statement_;
}

Result<std::unique_ptr<Database>> Database::Open(const std::string& path, OpenMode mode) {
  if (path.empty()) return Fail(ErrorCode::kInvalid, "the path of the store is empty");
  Configure();
  sqlite3* database = nullptr;
  int flags = SQLITE_OPEN_READWRITE;
  if (mode == OpenMode::kCreate) flags |= SQLITE_OPEN_CREATE;
  int code = OpenHandle(PlainPath(path), flags, database);
  const int kind = code & 0xff;
  const bool unwritable = kind == SQLITE_READONLY || kind == SQLITE_CANTOPEN || kind == SQLITE_PERM;
  const bool missing = database != nullptr && sqlite3_system_errno(database) == ENOENT;
  if (unwritable && !missing && mode == OpenMode::kExisting) {
    sqlite3_close(std::exchange(database, nullptr));
    code = OpenHandle(ImmutableUri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, database);
  }
  if (code != SQLITE_OK) {
    Error error = ErrorOf(database, code, path);
    sqlite3_close(database);
    return tl::unexpected(std::move(error));
  }
  const bool read_only = sqlite3_db_readonly(database, "main") != 0;
  return std::unique_ptr<Database>(new Database(database, path, read_only));
}

Database::~Database() {
  sqlite3_close_v2(database_);
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(ErrorOf(database_, code, path_));
  return Statement(database_, statement, path_);
}

Status Database::Execute(const char* sql) {
  const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(ErrorOf(database_, code, path_));
  return {};
}

Result<int64_t> Database::Value(std::string_view sql) {
  OURO_TRY(Statement statement, Prepare(sql));
  OURO_TRY(const bool row, statement.Step());
  return row ? statement.Int() : 0;
}

Result<Transaction> Transaction::Begin(Database& database) {
  OURO_TRY_STATUS(database.Execute("BEGIN IMMEDIATE"));
  return Transaction(&database);
}

Result<Transaction> Transaction::BeginReading(Database& database) {
  OURO_TRY_STATUS(database.Execute("BEGIN"));
  return Transaction(&database);
}

Transaction::~Transaction() {
  Rollback();
}

void Transaction::Rollback() {
  // Fails when SQLite has rolled back by itself, as it does on a full disk: that is what is wanted.
  if (database_ != nullptr) static_cast<void>(database_->Execute("ROLLBACK"));
  database_ = nullptr;
}

Status Transaction::Commit() {
  OURO_TRY_STATUS(database_->Execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace ouro::store
