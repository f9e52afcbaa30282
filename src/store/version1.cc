// Version 1 of the store, as ouro 0.1 wrote it: findings with JSON lists in columns, sightings by
// scope, runs. Everything is read and written anew in the tables of version 2.
#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/text.h"
#include "fmt/format.h"
#include "store/derive.h"
#include "store/evidence.h"
#include "store/migrate.h"
#include "store/schema_v2.h"

namespace ouro::store {
namespace {

constexpr std::string_view kEmptyList = "[]";

// A number out of a file that anyone may have changed, as an enumerator.
template <typename Enum>
Enum Bounded(int64_t value, Enum last) {
  return static_cast<Enum>(std::clamp<int64_t>(value, 0, static_cast<int64_t>(last)));
}

void ReadLocation(Statement& row, model::Location& place) {
  place.file = row.Text();
  place.line = row.Int();
  place.column = row.Int();
  place.end_line = row.Int();
  place.end_column = row.Int();
  place.start_offset = static_cast<uint32_t>(row.Int());
  place.end_offset = static_cast<uint32_t>(row.Int());
  place.json_path = row.Text();
  place.document = row.Int();
}

// Reads the columns of kSelectFindings. Lists are read by SQLite itself.
class FindingReader {
 public:
  static Result<FindingReader> Make(Database& database);
  Result<model::Finding> Read(Statement& row);

 private:
  FindingReader(Statement texts, Statement fixes, Statement places)
      : texts_(std::move(texts)), fixes_(std::move(fixes)), places_(std::move(places)) {}

  Status ReadTexts(const std::string& json, std::vector<std::string>& out);
  Status ReadFix(const std::string& json, std::vector<model::FixPatch>& out);
  Status ReadPlaces(const std::string& json, std::vector<model::Location>& out);

  Statement texts_;
  Statement fixes_;
  Statement places_;
};

constexpr const char* kRename = R"sql(
  DROP INDEX findings_by_check;
  DROP INDEX sightings_by_finding;
  ALTER TABLE scopes RENAME TO old_scopes;
  ALTER TABLE runs RENAME TO old_runs;
  ALTER TABLE findings RENAME TO old_findings;
  ALTER TABLE sightings RENAME TO old_sightings;
)sql";

constexpr const char* kDrop = R"sql(
  DROP TABLE old_sightings;
  DROP TABLE old_findings;
  DROP TABLE old_runs;
  DROP TABLE old_scopes;
)sql";

constexpr const char* kSelectFindings =
    "SELECT finding_key, run_count, last_run, finding_id, class, check_id, concept, aliases, "
    "title, api_version, kind, namespace, name, container, field_path, file, line_number, "
    "column_number, end_line, end_column, start_offset, end_offset, json_path, document, "
    "other_places, severity, severity_source, message, remediation, links, fix, status, "
    "suppression, stage, observation_count, action FROM old_findings ORDER BY finding_id";

int64_t Seconds(const std::string& rfc3339) {
  return ParseRfc3339(rfc3339).value_or(0);
}

Result<FindingReader> FindingReader::Make(Database& database) {
  OURO_TRY(Statement texts, database.Prepare("SELECT value FROM json_each(?)"));
  OURO_TRY(Statement fixes,
           database.Prepare("SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
                            "json_extract(value, '$[2]') FROM json_each(?)"));
  OURO_TRY(Statement places,
           database.Prepare("SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
                            "json_extract(value, '$[2]'), json_extract(value, '$[3]'), "
                            "json_extract(value, '$[4]'), json_extract(value, '$[5]'), "
                            "json_extract(value, '$[6]'), json_extract(value, '$[7]'), "
                            "json_extract(value, '$[8]') FROM json_each(?)"));
  return FindingReader(std::move(texts), std::move(fixes), std::move(places));
}

Status FindingReader::ReadTexts(const std::string& json, std::vector<std::string>& out) {
  if (json == kEmptyList) return {};
  texts_.Bind(json);
  for (;;) {
    OURO_TRY(const bool row, texts_.Step());
    if (!row) break;
    out.push_back(texts_.Text());
  }
  texts_.Reset();
  return {};
}

Status FindingReader::ReadFix(const std::string& json, std::vector<model::FixPatch>& out) {
  if (json == kEmptyList) return {};
  fixes_.Bind(json);
  for (;;) {
    OURO_TRY(const bool row, fixes_.Step());
    if (!row) break;
    model::FixPatch& patch = out.emplace_back();
    patch.op = fixes_.Text();
    patch.json_path = fixes_.Text();
    patch.value = fixes_.Text();
  }
  fixes_.Reset();
  return {};
}

Status FindingReader::ReadPlaces(const std::string& json, std::vector<model::Location>& out) {
  if (json == kEmptyList) return {};
  places_.Bind(json);
  for (;;) {
    OURO_TRY(const bool row, places_.Step());
    if (!row) break;
    ReadLocation(places_, out.emplace_back());
  }
  places_.Reset();
  return {};
}

Result<model::Finding> FindingReader::Read(Statement& row) {
  model::Finding f;
  f.id = row.Text();
  f.finding_class = Bounded(row.Int(), model::FindingClass::kLint);
  f.check = row.Text();
  f.concept_name = row.Text();
  OURO_TRY_STATUS(ReadTexts(row.Text(), f.aliases));
  f.title = row.Text();
  f.resource.api_version = row.Text();
  f.resource.kind = row.Text();
  f.resource.namespace_name = row.Text();
  f.resource.name = row.Text();
  f.resource.container = row.Text();
  f.field_path = row.Text();
  ReadLocation(row, f.location);
  OURO_TRY_STATUS(ReadPlaces(row.Text(), f.other_locations));
  f.severity = Bounded(row.Int(), model::Severity::kCritical);
  f.severity_source = row.Text();
  f.message = row.Text();
  f.remediation = row.Text();
  OURO_TRY_STATUS(ReadTexts(row.Text(), f.references));
  OURO_TRY_STATUS(ReadFix(row.Text(), f.fix));
  f.status = Bounded(row.Int(), model::FindingStatus::kError);
  std::vector<std::string> suppression;
  OURO_TRY_STATUS(ReadTexts(row.Text(), suppression));
  if (suppression.size() == 3) {
    f.suppressed = model::Suppression{suppression[0], suppression[1], suppression[2]};
  }
  f.stage = row.Text();
  f.count = row.Int();
  f.action = row.Text();
  return f;
}

Status MoveScopes(Core& core) {
  OURO_TRY(Statement list,
           core.database->Prepare(
               "SELECT s.scope_id, s.name, coalesce(max(r.recorded), ''), count(r.run_id) "
               "FROM old_scopes s LEFT JOIN old_runs r USING(scope_id) GROUP BY s.scope_id"));
  OURO_TRY(Statement add,
           core.database->Prepare(
               "INSERT INTO scopes(scope_id, name, tool, target, branch, application, "
               "complete_at, complete_count, digest, tool_version, commit_id) "
               "VALUES(?, ?, 'ouro', ?, '', '', ?, ?, '', '', '')"));
  for (;;) {
    OURO_TRY(const bool found, list.Step());
    if (!found) break;
    const int64_t scope_id = list.Int();
    Scope scope;
    scope.tool = "ouro";
    scope.target = list.Text();
    const std::string name = ScopeName(scope);
    const int64_t recorded = Seconds(list.Text());
    add.Bind(scope_id).Bind(name).Bind(scope.target).Bind(recorded).Bind(list.Int());
    OURO_TRY_STATUS(add.Run());
  }
  return {};
}

Status MoveRuns(Core& core) {
  OURO_TRY(Statement list,
           core.database->Prepare("SELECT scope_id, recorded, command, finding_count FROM old_runs "
                                  "ORDER BY run_id"));
  OURO_TRY(Statement add,
           core.database->Prepare(
               "INSERT INTO imports(scope_id, time, command, digest, received, created, "
               "issues_created, observed, reopened, issues_reopened, updated, unchanged, folded, "
               "closed, issues_resolved, untouched) VALUES(?, ?, ?, '', ?, 0, 0, 0, 0, 0, 0, 0, "
               "0, 0, 0, 0)"));
  for (;;) {
    OURO_TRY(const bool found, list.Step());
    if (!found) return {};
    const int64_t scope_id = list.Int();
    const int64_t recorded = Seconds(list.Text());
    const std::string command = list.Text();
    add.Bind(scope_id).Bind(recorded).Bind(command).Bind(list.Int());
    OURO_TRY_STATUS(add.Run());
  }
}

// The sightings of one finding become its observations. Gives when it was last closed, or 0 while
// a scope sees it.
struct Moved {
  bool seen = false;
  int64_t closed = 0;
};

Result<Moved> MoveSightings(Core& core, int64_t old_key, int64_t new_key, int64_t run_count,
                            int64_t last_run, std::string_view evidence) {
  OURO_TRY(Statement list,
           core.database->Prepare("SELECT scope_id, open, first_seen, last_seen, "
                                  "coalesce(closed, ''), last_run FROM old_sightings "
                                  "WHERE finding_key = ?"));
  OURO_TRY(Statement add,
           core.database->Prepare(
               "INSERT INTO observations(finding_key, scope_id, observation_key, first_seen, "
               "last_seen, gone_at, changed_at, streak, run_count, evidence) "
               "VALUES(?, ?, 0, ?, ?, ?, ?, 0, ?, ?)"));
  list.Bind(old_key);
  Moved moved;
  for (;;) {
    OURO_TRY(const bool found, list.Step());
    if (!found) return moved;
    const int64_t scope_id = list.Int();
    const bool open = list.Int() != 0;
    const int64_t first_seen = Seconds(list.Text());
    const int64_t last_seen = Seconds(list.Text());
    const int64_t closed = open ? 0 : std::max<int64_t>(Seconds(list.Text()), 1);
    if (open) static_cast<void>(list.Text());
    // Runs were counted for the finding: they go to the scope that saw it last.
    const int64_t runs = list.Int() == last_run ? run_count : 0;
    add.Bind(new_key).Bind(scope_id).Bind(first_seen).Bind(last_seen).Bind(closed);
    add.Bind(last_seen).Bind(runs).BindBlob(evidence);
    OURO_TRY_STATUS(add.Run());
    moved.seen = moved.seen || open;
    moved.closed = std::max(moved.closed, closed);
  }
}

// Each finding was decided for itself: it becomes an issue of its own until an import knows better.
Status MoveFinding(Core& core, const model::Finding& finding, int64_t key, const Moved& moved,
                   Derivation& derivation) {
  const Id id = ParseId(finding.id).value_or(Id());
  FindingRow row;
  row.key = key;
  row.id = id;
  row.issue_key = key;
  OURO_TRY_STATUS(core.InsertFinding(row));
  IssueRow issue = NewIssue(id, key, row);
  issue.seen = moved.seen;
  if (!moved.seen) {
    issue.status = IssueStatus::kResolved;
    issue.resolved_at = moved.closed;
  }
  OURO_TRY_STATUS(core.InsertIssue(issue));
  OURO_TRY(Statement add_finding,
           core.database->Prepare("INSERT INTO finding_ids(id, finding_key, issue_key, issue_tag) "
                                  "VALUES(?, ?, ?, ?)"));
  add_finding.BindBlob(id.view()).Bind(key).Bind(key).Bind(TagOf(id));
  OURO_TRY_STATUS(add_finding.Run());
  OURO_TRY(Statement add_issue,
           core.database->Prepare("INSERT INTO issue_ids(id, issue_key) VALUES(?, ?)"));
  add_issue.BindBlob(id.view()).Bind(key);
  OURO_TRY_STATUS(add_issue.Run());
  derivation.findings.push_back(key);
  return {};
}

}  // namespace

Status MigrateVersion1(Core& core) {
  Database& database = *core.database;
  OURO_TRY_STATUS(database.Execute(kRename));
  OURO_TRY_STATUS(database.Execute(kSchemaVersion2));
  OURO_TRY_STATUS(MoveScopes(core));
  OURO_TRY_STATUS(MoveRuns(core));
  Derivation derivation;
  {
    OURO_TRY(Statement list, database.Prepare(kSelectFindings));
    OURO_TRY(FindingReader reader, FindingReader::Make(database));
    for (int64_t key = 1;; ++key) {
      OURO_TRY(const bool found, list.Step());
      if (!found) break;
      const int64_t old_key = list.Int();
      const int64_t run_count = list.Int();
      const int64_t last_run = list.Int();
      OURO_TRY(const model::Finding finding, reader.Read(list));
      EvidenceHead head;
      std::string evidence;
      OURO_TRY_STATUS(PackEvidence(core.dictionary, finding, "", "", 0, head, evidence));
      OURO_TRY(const Moved moved, MoveSightings(core, old_key, key, run_count, last_run, evidence));
      OURO_TRY_STATUS(MoveFinding(core, finding, key, moved, derivation));
    }
  }
  OURO_TRY_STATUS(Derive(core, derivation));
  OURO_TRY_STATUS(RebuildColumns(core));
  return database.Execute(kDrop);
}

}  // namespace ouro::store
