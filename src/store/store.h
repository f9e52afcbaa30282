// The embedded store: findings with first and last seen, in one SQLite file. Wraps SQLite.
// docs/formats/store.md has the tables.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/finding.h"
#include "model/report.h"

namespace ouro::store {

// One stored finding with its history. The source line is not stored (it may hold a secret), so
// `location.source_line` is empty.
struct StoredFinding {
  model::Finding finding;
  bool open = true;  // seen in the last run of at least one scope; a suppressed finding is seen
  int64_t run_count = 0;  // runs that saw it
};

struct ListOptions {
  bool open_only = true;
  std::string check;         // id, alias or concept; empty: all
  std::string severity_min;  // "high": and above; empty: all
  std::string namespace_name;
  int64_t limit = 0;  // 0: all
};

// Not thread-safe; several processes may use one file at once, each change waits up to ten seconds
// for the others. The schema is versioned (PRAGMA user_version); a newer file is refused with
// kUnsupported, an older one migrated. Errors name the file: kParse for a damaged file or one that
// is no database, kInvalid for a database of another program (never written to), kDenied for one
// that may not be written, kTimeout for one that is in use, kIo for a full disk and other refusals.
// An error leaves the file as it was.
class Store {
 public:
  // Opens the file for writing; makes it when it does not exist. Its folder must exist.
  static Result<std::unique_ptr<Store>> Open(const std::string& path);
  // Opens the file for reading and, where that is allowed, writing; never makes one. kNotFound when
  // there is none.
  static Result<std::unique_ptr<Store>> OpenExisting(const std::string& path);
  ~Store();

  // Records a run atomically: sets first_seen and last_seen of each finding of the report, and
  // closes those findings of the same scope (paths and profile) that the run no longer saw. A
  // finding stays open while another scope still sees it, and where the run could not tell: a
  // problem (that is no warning) keeps the findings of its file, or of everything below it when it
  // is a folder, and a problem without file keeps all; only a check that files can never answer
  // ("not_evaluable") keeps none. A closed finding that is seen again is open again and keeps its
  // first_seen. Every finding needs its id (kInvalid).
  Status Record(model::Report& report, std::string_view scope, std::string_view now_rfc3339);

  // Gravest first, then by file, line, check and id. kInvalid for an unknown severity.
  Result<std::vector<StoredFinding>> List(const ListOptions& options);
  // By id or unique prefix of at least 6 digits. kNotFound, or kInvalid when the prefix is
  // ambiguous or no id at all.
  Result<StoredFinding> Find(std::string_view id_or_prefix);

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ouro::store
