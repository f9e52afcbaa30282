#include "cli/commands/findings_vex.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "cli/output.h"
#include "engine/engine.h"
#include "report/vex.h"
#include "triage/vex.h"

namespace ouro::cli {
namespace {

// The newest word of a person (or of a VEX document) on the issue's status.
triage::VexDecision DecisionOf(const store::IssueDetail& detail) {
  triage::VexDecision decision;
  decision.status = std::string(store::IssueStatusName(detail.issue.status));
  for (const store::HistoryEntry& entry : detail.history) {
    if (entry.what != "status" && entry.what != "resolved") continue;
    decision.who = entry.who;
    decision.reason = entry.note;
    decision.at = FormatRfc3339(entry.time);
  }
  return decision;
}

Status AddStatements(store::Store& store, const store::Issue& issue, UnixSeconds now,
                     std::vector<model::VexStatement>& statements) {
  OURO_TRY(const store::IssueDetail detail, store.Explain(issue.id, now));
  const triage::VexDecision decision = DecisionOf(detail);
  for (const store::StoredFinding& stored : detail.findings) {
    if (!stored.finding.vuln) continue;
    statements.push_back(triage::StatementOf(stored.finding, decision));
  }
  return {};
}

}  // namespace

Result<std::string> ExportVex(store::Store& store, const std::string& format,
                              const std::string& author, UnixSeconds now) {
  store::PageQuery query;
  query.now = now;
  query.filter.open_only = false;
  query.filter.finding_class = model::FindingClass::kVuln;
  query.limit = limits::kPageItemCount;
  report::VexDocument document;
  document.author = author;
  document.at = now;
  document.tool_version = std::string(engine::Version());
  std::vector<model::VexStatement> statements;
  do {
    OURO_TRY(const store::Page<store::Issue> page, store.ListIssues(query));
    for (const store::Issue& issue : page.items) {
      if (issue.status < store::IssueStatus::kResolved) continue;
      OURO_TRY_STATUS(AddStatements(store, issue, now, statements));
    }
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  document.statements = triage::MergeStatements(std::move(statements));
  const int64_t left_out = report::CountUnwritable(document);
  if (left_out > 0) {
    PrintWarning(fmt::format("{} statements name no product and were left out", left_out));
  }
  std::string out;
  report::FindVexWriter(format)(document, out);
  return out;
}

}  // namespace ouro::cli
