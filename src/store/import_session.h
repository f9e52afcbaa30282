// Writing findings into the store: one session is one transaction.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/finding.h"
#include "store/issue.h"
#include "store/outbox.h"

namespace ouro::store {

struct Core;

// What is known when the date of an issue's SLA is asked for.
struct SlaQuestion {
  model::FindingClass finding_class = model::FindingClass::kMisconfig;
  model::Severity severity = model::Severity::kInfo;
  int priority = 0;
  UnixSeconds first_seen = 0;
  UnixSeconds reopened_at = 0;  // 0: never
  UnixSeconds paused = 0;       // seconds under acceptance so far
};

struct ImportMeta {
  bool close_old = true;     // what the scope saw before and this import does not bring is gone
  std::string digest;        // of the report's bytes and what else decides; empty: not known
  std::string command;       // "scan", "import"
  std::string tool_version;  // kept per scope, so that an upgrade rewrites no finding
  std::string commit;        // the same
  std::string who = "import";
  // Date (0: none) of an issue; asked when it is made, gets another severity or is reopened, so
  // it must be a pure function. Empty: no dates.
  std::function<UnixSeconds(const SlaQuestion&)> sla_due;
};

// 128 bits that tell one raw finding of a report from the others of the same scope and finding:
// a hash of tool, rule, place and message (not of severity or texts that get reworded). Equal
// findings with equal key fold into one observation.
struct ObservationKey {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const ObservationKey&) const = default;
};
// Of 32 hexadecimal digits (TupleHasher::Finish); kInvalid otherwise.
Result<ObservationKey> ParseObservationKey(std::string_view digits);

struct ImportCounts {
  int64_t received = 0;  // calls of Add
  int64_t created = 0;   // findings that no import had brought before
  int64_t issues_created = 0;
  int64_t observed = 0;  // observations new to this scope, of findings that were known
  int64_t reopened = 0;  // findings that nobody saw any more, and now are seen
  int64_t issues_reopened = 0;
  int64_t updated = 0;    // observations with new evidence (moved, rescored, reworded)
  int64_t unchanged = 0;  // observations seen again as they were
  int64_t folded = 0;     // calls of Add that repeated another one of this session
  int64_t closed = 0;     // findings that no scope sees any more
  int64_t issues_resolved = 0;
  int64_t untouched = 0;  // not seen, and left open (Commit says why)
  bool operator==(const ImportCounts&) const = default;
};

// What the hook before the commit may tell others. Ids of issues, in order of storing.
struct ImportChanges {
  ImportCounts counts;
  std::vector<std::string> created;  // at most kImportChangeIdCount each
  std::vector<std::string> reopened;
  std::vector<std::string> resolved;
};
inline constexpr size_t kImportChangeIdCount = 10'000;

struct CommitOptions {
  // Says of a finding that was not seen whether the report could have seen it; where it could not,
  // the finding stays. Empty: it could. Called with the finding as it was last seen.
  std::function<bool(const model::Finding&)> could_see;
  // Messages to append in the same transaction.
  std::function<std::vector<OutboxMessage>(const ImportChanges&)> messages;
};

// Made by Store::BeginImport. Holds the store's write lock until it is committed or destroyed;
// nothing else may be written through the same Store meanwhile. Not thread-safe. Without Commit
// nothing is kept. Memory is bounded: about 150 MB for any number of findings up to a million, and
// 16 bytes more for each further
// one that the scope knew before.
class ImportSession {
 public:
  ImportSession(ImportSession&&) noexcept;
  ImportSession& operator=(ImportSession&&) = delete;
  ~ImportSession();

  // True: the last import of this scope had the same (non-empty) digest and tool version, so that
  // its findings need not be read again: Repeat() instead of Add() and Commit().
  bool is_repeat() const;
  // Says that everything was seen again as it was. kInvalid where is_repeat() is false.
  Result<ImportCounts> Repeat();

  // Adds one finding. `finding.id` must be 32 hexadecimal digits (kInvalid); `finding.issue` the
  // same, or empty, then the finding is an issue of its own. `owner` and `fix_group` are names for
  // filters and groups, or empty. first_seen and last_seen of the finding are not read.
  // After an error the session can only be destroyed.
  Status Add(const model::Finding& finding, const ObservationKey& key, std::string_view owner = {},
             std::string_view fix_group = {});

  // Ends the session; it must not be used afterwards.
  Result<ImportCounts> Commit(const CommitOptions& options = {});

 private:
  friend class Store;
  struct Impl;
  explicit ImportSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ouro::store
