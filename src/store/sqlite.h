// SQLite behind Result: a database and its statements. Private to store. sqlite3.h is known to
// sqlite.cc alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ouro::store {

// A prepared statement. Parameters are bound in order, from 1, with Bind(); text must live until
// the next Reset(). Columns are read in order, from 0, after Step() gave true.
class Statement {
 public:
  Statement(sqlite3* database, sqlite3_stmt* statement, std::string path);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  // Begins anew: no row, the next Bind() is parameter 1.
  void Reset();
  Statement& Bind(std::string_view text);
  Statement& Bind(int64_t value);
  Statement& BindBlob(std::string_view bytes);
  Statement& Bind(double value);
  Statement& BindNull();
  // True: a row is there. False: no more rows.
  Result<bool> Step();
  // Runs to the end and resets.
  Status Run();

  // The next column of the row.
  std::string Text();
  int64_t Int();
  double Double();
  // Text or blob without a copy, until the next Step() or Reset().
  std::string_view View();

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_;
  std::string path_;
  int parameter_ = 0;
  int column_ = 0;
};

enum class OpenMode : uint8_t { kCreate, kExisting };

class Database {
 public:
  static Result<std::unique_ptr<Database>> Open(const std::string& path, OpenMode mode);
  ~Database();

  Result<Statement> Prepare(std::string_view sql);
  // Runs several statements that give no rows.
  Status Execute(const char* sql);
  // The first column of the first row.
  Result<int64_t> Value(std::string_view sql);
  bool read_only() const { return read_only_; }
  const std::string& path() const { return path_; }

 private:
  Database(sqlite3* database, std::string path, bool read_only)
      : database_(database), path_(std::move(path)), read_only_(read_only) {}

  sqlite3* database_;
  std::string path_;
  bool read_only_;
};

// A statement that is prepared when it is first used and kept. Belongs to one database.
class Prepared {
 public:
  explicit Prepared(std::string_view sql) : sql_(sql) {}
  // The statement, reset. Reset it after reading rows, or it keeps its place in the database open.
  Result<Statement*> Use(Database& database);

 private:
  std::string sql_;
  std::optional<Statement> statement_;
};

// Rolls back unless Commit() succeeded.
class Transaction {
 public:
  // Takes the write lock at once, so that what is read inside stays true.
  static Result<Transaction> Begin(Database& database);
  // For several questions that must see the same state; ended by the destructor.
  static Result<Transaction> BeginReading(Database& database);
  ~Transaction();
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;

  Status Commit();
  void Rollback();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

}  // namespace ouro::store
