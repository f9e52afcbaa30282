// The embedded store: issues, findings, observations and their history, in one SQLite file. Wraps
// SQLite; nothing of it shows here, so that another database can stand behind the same class.
// docs/formats/store.md has the tables, store/issue.h the values, store/query.h the questions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/finding.h"
#include "model/report.h"
#include "store/import_session.h"
#include "store/issue.h"
#include "store/outbox.h"
#include "store/query.h"

namespace ouro::store {

struct ListOptions {
  bool open_only = true;
  std::string check;         // id, alias or concept; empty: all
  std::string severity_min;  // "high": and above; empty: all
  std::string namespace_name;
  int64_t limit = 0;  // 0: all
};

// A person's word on issues. Empty or unset fields change nothing.
struct Decision {
  std::string who;  // required
  std::optional<IssueStatus> status;
  UnixSeconds until = 0;             // with kRiskAccepted: required, after `now`; else 0
  std::string duplicate_of;          // with kDuplicate: required, id of another issue
  std::string reason;                // required with a status from kFalsePositive on
  std::optional<std::string> owner;  // no import changes it afterwards; "": back to the import's
  std::optional<std::string> assignee;
  std::string note;
};

// Facts of a vulnerability, kept once for all its findings.
struct VulnFacts {
  std::string id;  // canonical
  double epss = -1;
  double epss_percentile = -1;
  bool kev = false;
  std::string exploitation;  // SSVC: "none", "poc", "active"; empty: unknown, as the next two
  std::string automatable;
  std::string technical_impact;
  bool operator==(const VulnFacts&) const = default;
};

// Not thread-safe; several processes may use one file at once, each change waits up to ten seconds
// for the others. The schema is versioned (PRAGMA user_version); a newer file is refused with
// kUnsupported, an older one migrated. Errors name the file: kParse for a damaged file or one that
// is no database, kInvalid for a database of another program (never written to), kDenied for one
// that may not be written, kTimeout for one that is in use, kIo for a full disk and other refusals.
// An error leaves the file as it was. A program that is killed leaves the file as it was after its
// last change that returned.
class Store {
 public:
  // Opens the file for writing; makes it when it does not exist. Its folder must exist.
  static Result<std::unique_ptr<Store>> Open(const std::string& path);
  // Opens the file for reading and, where that is allowed, writing; never makes one. kNotFound when
  // there is none.
  static Result<std::unique_ptr<Store>> OpenExisting(const std::string& path);
  ~Store();

  // Begins an import. `now` is the time of all that it changes. The Store must outlive the session.
  Result<ImportSession> BeginImport(const Scope& scope, ImportMeta meta, UnixSeconds now);

  // Records a run of ours atomically, as one import of the scope {tool "ouro", target `scope`} that
  // closes, and sets first_seen and last_seen of each finding of the report. What the run could not
  // tell stays: a problem (that is no warning) keeps the findings of its file, or of everything
  // below it when it is a folder, and a problem without file keeps all; only a check that files can
  // never answer ("not_evaluable") keeps none. Every finding needs its id (kInvalid).
  Status Record(model::Report& report, std::string_view scope, std::string_view now_rfc3339,
                const std::function<UnixSeconds(const SlaQuestion&)>& sla_due = {});

  // All findings that match, gravest first, then by file, line, check and id: reads and sorts them
  // all, so it is for small stores; pages are below. kInvalid for an unknown severity.
  Result<std::vector<StoredFinding>> List(const ListOptions& options);
  // By id or unique prefix of at least 6 digits. kNotFound, or kInvalid when the prefix is
  // ambiguous or no id at all.
  Result<StoredFinding> Find(std::string_view id_or_prefix);
  // Calls `each` with every finding that is seen now, suppressed ones too, in order of id, until it
  // gives an error. The reference ends with the call. For the gate and exports.
  Status ForEachOpen(const Filter& filter, const std::function<Status(const StoredFinding&)>& each);

  // Pages and groups. kInvalid for a filter or sort that findings do not have, for a cursor that is
  // none of this sort; kLimit for a limit out of range.
  Result<Page<Issue>> ListIssues(const PageQuery& query);
  Result<Page<StoredFinding>> ListFindings(const PageQuery& query);
  Result<Groups> GroupIssues(GroupKey key, const Filter& filter, int64_t limit, UnixSeconds now);
  Result<Groups> GroupFindings(GroupKey key, const Filter& filter, int64_t limit, UnixSeconds now);

  // By id or prefix, as Find; also by the id of one of its findings. `now` decides whether an
  // acceptance has ended.
  Result<Issue> FindIssue(std::string_view id_or_prefix, UnixSeconds now);
  Result<IssueDetail> Explain(std::string_view id_or_prefix, UnixSeconds now);

  // Applies a decision to all the issues, or to none: kNotFound for an unknown id, kInvalid for a
  // decision that lacks what its status needs. Writes history. Gives how many issues changed; the
  // messages are appended in the same transaction.
  Result<int64_t> Decide(const std::vector<std::string>& ids, const Decision& decision,
                         UnixSeconds now, const std::vector<OutboxMessage>& messages = {});
  // Ends the risk acceptances that `now` has passed: status kNew, history "expired", the SLA's date
  // moved by the time under acceptance. Gives their ids. Queries count them as open even before.
  Result<std::vector<std::string>> Expire(UnixSeconds now);

  // Sets facts of vulnerabilities (a feed's reload) and gives how many changed. Rows of findings
  // are not touched, unless `judge` is given: then it is asked for a new judgement of each open
  // finding with a changed fact, and the priority follows.
  Result<int64_t> SetVulnFacts(
      std::span<const VulnFacts> facts, UnixSeconds now,
      const std::function<model::Judgement(const model::Finding&, const VulnFacts&)>& judge = {});
  // kNotFound when no finding ever had it.
  Result<VulnFacts> FindVulnFacts(std::string_view id_or_alias);

  // Writes everything that matters in canonical form: a JSON line each for every issue with its
  // findings, observations and decisions, in order of id. The same reports imported in whatever
  // order, parts and number with the same clock give the same bytes. No row numbers, no counters.
  Status Export(const std::function<Status(std::string_view)>& write);

  // The outbox. Due: pending messages with next_try at or before `now`, oldest first.
  Status AppendOutbox(const std::vector<OutboxMessage>& messages, UnixSeconds now);
  Result<std::vector<OutboxEntry>> DueOutbox(UnixSeconds now, int64_t limit);
  Status MarkOutboxSent(std::span<const int64_t> ids, UnixSeconds now);
  // One more try failed; `next_try` 0: it is given up (kFailed).
  Status MarkOutboxFailed(std::span<const int64_t> ids, std::string_view error,
                          UnixSeconds next_try);

  // Decisions of the gate: append only. Adding an id again is fine with equal text, else kInvalid.
  Status AddGateDecision(std::string_view id, UnixSeconds time, std::string_view canonical_json);
  // Its text, by id or unique prefix of at least 6 characters. kNotFound, kInvalid (ambiguous).
  Result<std::string> FindGateDecision(std::string_view id_or_prefix);

  // The imports of a scope, newest first; of all scopes when `scope` is empty.
  struct ImportRecord {
    std::string scope;
    UnixSeconds time = 0;
    std::string command;
    std::string digest;
    ImportCounts counts;
  };
  Result<std::vector<ImportRecord>> Imports(std::string_view scope, int64_t limit);

  // Builds the column index (store/columns.h) anew from the rows, and checks that it was right:
  // gives the number of values that differed (0 in a sound store).
  Result<int64_t> RebuildIndex();

 private:
  explicit Store(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace ouro::store
