// What all parts of the store share: the open database, its dictionaries, the column index, and the
// rows of findings and issues. Private to store.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "store/columns.h"
#include "store/dictionary.h"
#include "store/issue.h"
#include "store/sqlite.h"

namespace ouro::store {

// 128 bits of an identity. Ordered as its digits are.
struct Id {
  std::array<char, 16> bytes{};
  std::string_view view() const { return {bytes.data(), bytes.size()}; }
  bool operator==(const Id&) const = default;
};
std::optional<Id> ParseId(std::string_view digits);  // 32 lower-case hexadecimal digits
std::string IdText(std::string_view bytes);
Id IdOf(std::string_view bytes);  // of a stored blob; zeros where it is no id
int64_t TagOf(const Id& id);      // its first eight bytes

struct FindingRow {
  int64_t key = 0;
  Id id;
  int64_t issue_key = 0;
  uint32_t finding_class = 0;
  uint32_t severity = 0;
  uint32_t priority = 0;
  uint32_t status = 0;  // model::FindingStatus
  bool seen = false;
  uint32_t stages_seen = 0;
  uint32_t stages_ever = 0;
  uint32_t rule = 0;
  uint32_t tools = 0;   // code of a set of texts
  uint32_t assets = 0;  // code of a set of assets
  uint32_t object = 0;
  uint32_t vuln = 0;
  uint32_t owner = 0;
  uint32_t fix_group = 0;
  int64_t first_seen = 0;
  int64_t scope = 0;        // the observation shown
  int64_t observation = 0;  // its key
  bool open() const { return seen && status != 1; }
  bool operator==(const FindingRow&) const = default;
};

struct IssueRow {
  int64_t key = 0;
  Id id;
  int64_t finding_key = 0;  // that stands for the issue
  uint32_t finding_class = 0;
  uint32_t severity = 0;
  uint32_t priority = 0;
  IssueStatus status = IssueStatus::kNew;
  bool seen = false;
  bool suppressed = false;
  uint32_t stages_seen = 0;
  uint32_t stages_ever = 0;
  uint32_t rules = 0;  // code of a set, as the next two
  uint32_t tools = 0;
  uint32_t assets = 0;
  uint32_t object = 0;
  uint32_t vuln = 0;
  uint32_t owner = 0;
  bool owner_edited = false;
  uint32_t assignee = 0;
  uint32_t fix_group = 0;
  int64_t first_seen = 0;
  int64_t resolved_at = 0;
  int64_t reopened = 0;
  int64_t reopened_at = 0;
  int64_t sla_due = 0;
  int64_t accepted_at = 0;
  int64_t until = 0;
  std::string duplicate_of;  // 16 bytes or empty
  int64_t finding_count = 0;
  int64_t open_count = 0;
  bool operator==(const IssueRow&) const = default;
};

// Values of the column index; last_seen is not part of the row and stays as it is.
ColumnValues IndexValues(const FindingRow& row, uint32_t last_seen);
ColumnValues IndexValues(const IssueRow& row, uint32_t last_seen);

struct ScopeRow {
  int64_t id = 0;
  std::string name;
  std::string tool_version;
  std::string commit;
  std::string digest;
  int64_t complete_at = 0;     // when the last import that closes saw everything that it saw
  int64_t complete_count = 0;  // imports that closed
};

// An observation's row without its evidence. While `streak` is not 0 the scope has seen it in every
// closing import since that number, so that an import which brings nothing new writes nothing: its
// last_seen is the scope's complete_at. Otherwise last_seen is written in the row.
struct ObservationRow {
  int64_t finding_key = 0;
  int64_t scope = 0;
  int64_t key = 0;
  int64_t first_seen = 0;
  int64_t last_seen = 0;
  int64_t gone_at = 0;
  int64_t changed_at = 0;  // when the evidence became what it is
  int64_t streak = 0;
  int64_t run_count = 0;
  bool live() const { return gone_at == 0; }
  int64_t LastSeen(const ScopeRow& of) const { return streak != 0 ? of.complete_at : last_seen; }
  int64_t RunCount(const ScopeRow& of) const {
    return run_count + (streak != 0 ? of.complete_count - streak + 1 : 0);
  }
};

struct Core {
  explicit Core(std::unique_ptr<Database> opened);

  Result<FindingRow> LoadFinding(int64_t key);
  Status InsertFinding(const FindingRow& row);
  Status UpdateFinding(const FindingRow& row);
  Result<IssueRow> LoadIssue(int64_t key);
  Status InsertIssue(const IssueRow& row);
  Status UpdateIssue(const IssueRow& row);

  Result<const ScopeRow*> ScopeOf(int64_t id);
  void ForgetScope(int64_t id) { scopes.erase(id); }

  Status AddHistory(int64_t issue_key, int64_t time, std::string_view who, std::string_view what,
                    std::string_view from, std::string_view to, std::string_view note = {});

  // A transaction that writes; kInvalid while an import of this store is open.
  Result<Transaction> BeginWriting();
  Result<Transaction> BeginReading();

  // After a rollback nothing that was read or numbered in the transaction holds.
  void Forget();
  // Another process may have written since: what was read may be old. Cheap when nobody did.
  Status Refresh();

  std::unique_ptr<Database> database;
  Dictionary dictionary;
  Sets sets;
  ColumnEditor issue_columns;
  ColumnEditor finding_columns;
  ColumnReader columns;
  std::unordered_map<int64_t, ScopeRow> scopes;
  int64_t data_version = 0;
  bool importing = false;

  Prepared load_finding;
  Prepared insert_finding;
  Prepared update_finding;
  Prepared load_issue;
  Prepared insert_issue;
  Prepared update_issue;
  Prepared get_scope{
      "SELECT name, tool_version, commit_id, digest, complete_at, complete_count FROM scopes "
      "WHERE scope_id = ?"};
  Prepared add_history{
      "INSERT INTO history(issue_key, time, who, what, from_value, to_value, note) "
      "VALUES(?, ?, ?, ?, ?, ?, ?)"};
  Prepared finding_by_id{"SELECT finding_key, issue_key, issue_tag FROM finding_ids WHERE id = ?"};
  Prepared issue_by_id{"SELECT issue_key FROM issue_ids WHERE id = ?"};
  Prepared observations_of{
      "SELECT scope_id, observation_key, first_seen, last_seen, gone_at, changed_at, streak, "
      "run_count, evidence FROM observations WHERE finding_key = ? ORDER BY scope_id, "
      "observation_key"};
  Prepared times_of{
      "SELECT scope_id, first_seen, last_seen, streak, run_count FROM observations "
      "WHERE finding_key = ?"};
  Prepared evidence_of{
      "SELECT evidence FROM observations WHERE finding_key = ? AND scope_id = ? AND "
      "observation_key = ?"};
  Prepared vuln_facts_of{"SELECT epss, epss_percentile, kev FROM vulns WHERE vuln_key = ?"};
  Prepared issue_id_of{"SELECT id FROM issues WHERE issue_key = ?"};
  Prepared findings_of{"SELECT finding_key FROM findings WHERE issue_key = ?"};
};

// Reads the columns of `observations_of`; the view lives until the next step.
ObservationRow ReadObservation(Statement& row, int64_t finding_key, std::string_view& evidence);

}  // namespace ouro::store
