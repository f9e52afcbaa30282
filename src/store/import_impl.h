// The state of an import session. Private to store.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/core.h"
#include "store/derive.h"
#include "store/evidence.h"
#include "store/import_session.h"
#include "store/pending_ids.h"
#include "store/sqlite.h"

namespace ouro::store {

struct ImportSession::Impl {
  // An observation of this scope.
  struct Seen {
    uint32_t finding;
    int64_t observation;
    auto operator<=>(const Seen&) const = default;
  };

  Impl(Core& shared, Transaction begun, ImportMeta given);
  ~Impl();
  Impl(Impl&&) = delete;

  Status Begin(const Scope& named, UnixSeconds at);
  Status Add(const model::Finding& finding, const ObservationKey& key, std::string_view owner,
             std::string_view fix_group);
  Result<ImportCounts> Commit(const CommitOptions& options);
  Result<ImportCounts> Repeat();

  Result<PendingId> FindFinding(const Id& id);
  Result<int64_t> FindIssue(const Id& id);
  FindingRow NewFinding(const Id& id, int64_t observation);
  Result<int64_t> IssueFor(const Id& id, const FindingRow& finding, bool& made);
  Status Create(const Id& id, const Id& issue, int64_t observation);
  Status Move(PendingId& finding, const Id& issue);
  Status StoreIds();
  void MarkSeen(int64_t finding_key, int64_t observation);
  Status Observe(int64_t finding_key, int64_t observation);
  Status InsertObservation(int64_t finding_key, int64_t observation);
  Status UpdateObservation(const ObservationRow& row, int64_t changed_at, std::string_view bytes);
  Result<bool> IsBetterEvidence(std::string_view stored);
  Result<std::vector<Seen>> Unseen();
  Status CloseOld(const CommitOptions& options);
  Status UpdateScope();
  Status AddImport();
  Result<ImportCounts> Finish(const CommitOptions& options);

  Core& core;
  Transaction transaction;
  ImportMeta meta;
  Derivation derivation;
  ImportCounts& counts;  // derivation.changes.counts
  ScopeRow scope;        // as it was before this import
  UnixSeconds now = 0;
  int64_t run = 0;  // number of this import among those of the scope that close
  bool is_repeat = false;
  bool scope_had_live = false;
  bool store_was_empty = false;  // and no id of this session is stored yet
  bool committed = false;
  int64_t next_finding = 0;
  int64_t next_issue = 0;
  int64_t first_new_finding = 0;
  PendingIds findings;
  PendingIds issues;
  std::vector<Seen> seen;
  // Of the finding that is being added.
  EvidenceHead head;
  std::string evidence;

  Prepared add_finding_id{
      "INSERT INTO finding_ids(id, finding_key, issue_key, issue_tag) VALUES(?, ?, ?, ?)"};
  Prepared add_issue_id{"INSERT INTO issue_ids(id, issue_key) VALUES(?, ?)"};
  Prepared find_observation{
      "SELECT scope_id, observation_key, first_seen, last_seen, gone_at, changed_at, streak, "
      "run_count, evidence FROM observations WHERE finding_key = ? AND scope_id = ? AND "
      "observation_key = ?"};
  Prepared add_observation{
      "INSERT INTO observations(finding_key, scope_id, observation_key, first_seen, last_seen, "
      "gone_at, changed_at, streak, run_count, evidence) VALUES(?, ?, ?, ?, ?, 0, ?, ?, ?, ?)"};
  Prepared set_observation{
      "UPDATE observations SET first_seen = ?, last_seen = ?, gone_at = 0, changed_at = ?, "
      "streak = ?, run_count = ?, evidence = ? WHERE finding_key = ? AND scope_id = ? AND "
      "observation_key = ?"};
};

// Appends a message in the transaction that is open. kLimit for one that is too large.
Status InsertOutbox(Database& database, const OutboxMessage& message, UnixSeconds now);

}  // namespace ouro::store
