#include "engine/import_vex.h"

#include <map>
#include <set>
#include <string>

#include "base/limits.h"
#include "fmt/format.h"
#include "triage/vex.h"

namespace ouro::engine {
namespace {

bool Clears(const model::VexStatement& statement) {
  return statement.status == model::VexStatus::kNotAffected ||
         statement.status == model::VexStatus::kFixed;
}

bool IsUndecided(store::IssueStatus status) {
  return status < store::IssueStatus::kResolved;
}

std::string ReasonOf(const model::VexStatement& statement) {
  std::string reason(model::VexStatusName(statement.status));
  const std::string_view why = model::VexJustificationName(statement.justification);
  if (!why.empty()) reason += fmt::format(", {}", why);
  if (!statement.impact.empty()) reason += fmt::format(": {}", statement.impact);
  if (!statement.document.empty()) reason += fmt::format(" ({})", statement.document);
  return reason;
}

std::string WhoOf(const model::VexStatement& statement) {
  return statement.author.empty() ? "vex" : "vex: " + statement.author;
}

// Issues with a finding of one of the vulnerabilities.
Result<std::set<std::string>> IssuesOf(const std::vector<model::VexStatement>& statements,
                                       store::Store& store, UnixSeconds now) {
  std::set<std::string> vulns;
  for (const model::VexStatement& statement : statements) {
    vulns.insert(statement.vulnerability);
    vulns.insert(statement.aliases.begin(), statement.aliases.end());
  }
  std::set<std::string> issues;
  for (const std::string& vuln : vulns) {
    store::PageQuery query;
    query.now = now;
    query.filter.vuln = vuln;
    query.limit = limits::kPageItemCount;
    do {
      OURO_TRY(const store::Page<store::Issue> page, store.ListIssues(query));
      for (const store::Issue& issue : page.items) issues.insert(issue.id);
      query.cursor = page.next_cursor;
    } while (!query.cursor.empty());
  }
  return issues;
}

// The statement that clears every open finding of the issue; null when one is left.
const model::VexStatement* ClearingStatement(const store::IssueDetail& detail,
                                             const triage::VexIndex& index) {
  const model::VexStatement* clearing = nullptr;
  for (const store::StoredFinding& stored : detail.findings) {
    if (!stored.open) continue;
    const triage::VexVerdict verdict = index.Find(stored.finding);
    if (verdict.statement == nullptr || !Clears(*verdict.statement)) return nullptr;
    clearing = verdict.statement;
  }
  return clearing;
}

}  // namespace

Result<int64_t> DecideByVex(const std::vector<model::VexStatement>& statements, store::Store& store,
                            UnixSeconds now) {
  if (statements.empty()) return 0;
  const triage::VexIndex index(statements);
  OURO_TRY(const std::set<std::string> issues, IssuesOf(statements, store, now));
  int64_t changed = 0;
  for (const std::string& id : issues) {
    OURO_TRY(const store::IssueDetail detail, store.Explain(id, now));
    if (!IsUndecided(detail.issue.status)) continue;
    const model::VexStatement* statement = ClearingStatement(detail, index);
    if (statement == nullptr) continue;
    store::Decision decision;
    decision.who = WhoOf(*statement);
    decision.status = store::IssueStatus::kNotAffected;
    decision.reason = ReasonOf(*statement);
    OURO_TRY(const int64_t count, store.Decide({id}, decision, now));
    changed += count;
  }
  return changed;
}

}  // namespace ouro::engine
