// Other tools' reports: read, made into findings of ours, triaged and stored. docs/user/import.md.
//
//     bytes → ingest::Importer → finding → identity, concept, priority → store::ImportSession
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "ingest/importer.h"
#include "model/report.h"
#include "store/import_session.h"
#include "store/store.h"

namespace ouro::engine {

class FindingJudge;  // engine/finding_judge.h

struct ImportRequest {
  std::vector<std::string> paths;  // files, folders (every file below), "-" for standard input
  std::string tool;                // name of an importer; empty: the content decides
  // What the scope is called where the report does not say, or says it differently every time.
  std::string target;
  std::string branch;
  // Put into every finding (model::Asset) that does not say otherwise itself.
  std::string application;
  std::string environment;
  std::string cluster;
  std::string repository;
  std::string commit;
  std::string stage;   // "ci", …; empty: as the importer says
  std::string source;  // folder in which the files of the reports lie; empty: not looked at
  std::optional<model::Severity> severity_min;  // what is below is counted, not kept
  // The reports of one scope (tool, target, branch, application) together are all there is: what
  // the scope saw before and they do not hold is gone.
  bool close_old = false;
  int64_t file_size_max = limits::kFileSizeBytes;
  std::string stdin_name = "-";
  UnixSeconds now = 0;
  const FindingJudge* judge = nullptr;      // priority, owner, due date; null: none of them
  const std::atomic<bool>* stop = nullptr;  // set by the first interrupt: finish the open report
  // Messages for the outbox that an import causes; empty: none.
  std::function<std::vector<store::OutboxMessage>(const store::ImportChanges&)> messages;
};

// One report.
struct ImportedReport {
  std::string file;
  const ingest::Importer* importer = nullptr;  // null: refused
  ingest::ReportFacts facts;
  std::string scope;           // name of the scope, for people: "trivy nginx:1.25"
  store::ImportCounts counts;  // of the session; reports of one scope that closes share one
  int64_t findings = 0;        // of the report
  int64_t below = 0;           // below severity_min
  int64_t passed = 0;
  int64_t components = 0;
  int64_t vex = 0;
  int64_t proposals = 0;
  bool repeated = false;  // the same bytes were imported before
  std::vector<model::Problem> problems;
};

struct ImportOutcome {
  std::vector<ImportedReport> reports;   // in order of the paths
  std::vector<model::Problem> problems;  // of paths, and of reports that were refused
  int64_t refused = 0;                   // reports that could not be read
  int64_t skipped = 0;                   // files of a folder that are no report of a known format
  int64_t cleared_by_vex = 0;            // issues that a VEX statement of these reports decided
  store::ImportCounts total;
};

// Imports into the store: each report is one transaction, whole or not at all; a report that cannot
// be read stops nothing else. Fails for wrong use (a path that does not exist, an unknown tool) and
// for what the store refuses.
Result<ImportOutcome> Import(const ImportRequest& request, store::Store& store);

// Reads without storing (`--dry-run`): the findings in a report that every format can write, with
// ids. `fold`: findings with equal id are one, as the store would have them; else every finding
// stands as the report has it, in its order.
Result<model::Report> ReadReports(const ImportRequest& request, bool fold, ImportOutcome& outcome);

}  // namespace ouro::engine
