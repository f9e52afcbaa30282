#include "store/export.h"

#include "base/limits.h"
#include "base/text.h"
#include "fmt/format.h"
#include "store/core.h"
#include "store/read.h"
#include "store/store.h"

namespace ouro::store {
namespace {

void AppendNumber(std::string& out, std::string_view name, int64_t value) {
  if (value == 0) return;
  AppendMember(out, name);
  out += std::to_string(value);
}

void AppendTime(std::string& out, std::string_view name, UnixSeconds time) {
  if (time != 0) AppendTextMember(out, name, FormatRfc3339(time));
}

void AppendList(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  AppendMember(out, name);
  out += '[';
  for (const std::string& text : texts) {
    if (out.back() != '[') out += ',';
    AppendJsonString(out, text);
  }
  out += ']';
}

void AppendIssue(std::string& out, const Issue& issue) {
  AppendTextMember(out, "issue", issue.id);
  AppendTextMember(out, "finding", issue.finding_id);
  AppendTextMember(out, "severity", model::SeverityName(issue.severity));
  AppendNumber(out, "priority", issue.priority);
  AppendTextMember(out, "status", IssueStatusName(issue.status));
  AppendMember(out, "seen");
  out += issue.seen ? "true" : "false";
  AppendMember(out, "suppressed");
  out += issue.suppressed ? "true" : "false";
  AppendTextMember(out, "owner", issue.owner);
  AppendTextMember(out, "assignee", issue.assignee);
  AppendTextMember(out, "fix_group", issue.fix_group);
  AppendTime(out, "first_seen", issue.first_seen);
  AppendTime(out, "last_seen", issue.last_seen);
  AppendTime(out, "resolved_at", issue.resolved_at);
  AppendTime(out, "sla_due", issue.sla_due);
  AppendTime(out, "until", issue.until);
  AppendTextMember(out, "duplicate_of", issue.duplicate_of);
  AppendNumber(out, "reopened", issue.reopened);
  AppendList(out, "stages_seen", StageNames(issue.stages_seen));
  AppendList(out, "stages_ever", StageNames(issue.stages_ever));
  AppendList(out, "tools", issue.tools);
  AppendList(out, "clusters", issue.clusters);
  AppendList(out, "environments", issue.environments);
  AppendList(out, "applications", issue.applications);
}

// What people did, and what the clock ended; not what followed from imports.
bool IsDecision(const HistoryEntry& entry) {
  return entry.what == "status" || entry.what == "owner" || entry.what == "assignee" ||
         entry.what == "note" || entry.what == "expired";
}

void AppendDecisions(std::string& out, const std::vector<HistoryEntry>& history) {
  AppendMember(out, "decisions");
  out += '[';
  for (const HistoryEntry& entry : history) {
    if (!IsDecision(entry)) continue;
    if (out.back() != '[') out += ',';
    out += '{';
    AppendTime(out, "time", entry.time);
    AppendTextMember(out, "who", entry.who);
    AppendTextMember(out, "what", entry.what);
    AppendTextMember(out, "from", entry.from);
    AppendTextMember(out, "to", entry.to);
    AppendTextMember(out, "note", entry.note);
    out += '}';
  }
  out += ']';
}

Status AppendObservations(Core& core, std::string& out, int64_t key, std::string_view id) {
  OURO_TRY(const std::vector<Observation> observations, ReadObservations(core, key, id, -1));
  AppendMember(out, "observations");
  out += '[';
  for (const Observation& observation : observations) {
    if (out.back() != '[') out += ',';
    out += '{';
    AppendTextMember(out, "scope", observation.scope);
    AppendTextMember(out, "key", observation.key);
    AppendTime(out, "first_seen", observation.first_seen);
    AppendTime(out, "last_seen", observation.last_seen);
    AppendTime(out, "gone_at", observation.gone_at);
    AppendMember(out, "evidence");
    AppendEvidenceJson(out, observation.finding);
    out += '}';
  }
  out += ']';
  return {};
}

Status AppendFindings(Core& core, std::string& out, int64_t issue_key) {
  OURO_TRY(const std::vector<int64_t> keys, FindingKeysOf(core, issue_key));
  AppendMember(out, "findings");
  out += '[';
  for (const int64_t key : keys) {
    OURO_TRY(const FindingRow row, core.LoadFinding(key));
    OURO_TRY(const ScopeRow* scope, core.ScopeOf(row.scope));
    if (out.back() != '[') out += ',';
    out += '{';
    AppendTextMember(out, "id", IdText(row.id.view()));
    AppendMember(out, "seen");
    out += row.seen ? "true" : "false";
    AppendTime(out, "first_seen", row.first_seen);
    AppendTextMember(out, "shown_scope", scope->name);
    AppendTextMember(out, "shown_key",
                     fmt::format("{:016x}", static_cast<uint64_t>(row.observation)));
    OURO_TRY_STATUS(AppendObservations(core, out, key, IdText(row.id.view())));
    out += '}';
  }
  out += ']';
  return {};
}

}  // namespace

Status Store::Export(const std::function<Status(std::string_view)>& write) {
  Core& core = *core_;
  OURO_TRY(const Transaction reading, core.BeginReading());
  OURO_TRY(Statement list, core.database->Prepare("SELECT issue_key FROM issue_ids ORDER BY id"));
  std::string line;
  for (;;) {
    OURO_TRY(const bool found, list.Step());
    if (!found) return {};
    const int64_t key = list.Int();
    OURO_TRY(const IssueRow row, core.LoadIssue(key));
    line = "{";
    if (row.finding_count > 0) {
      OURO_TRY(const Issue issue, ReadIssue(core, key, 0));
      AppendIssue(line, issue);
    } else {
      // All its findings belong to other issues now; what was decided stays.
      AppendTextMember(line, "issue", IdText(row.id.view()));
      AppendTextMember(line, "status", IssueStatusName(row.status));
    }
    OURO_TRY(const std::vector<HistoryEntry> history, ReadHistory(core, key, -1));
    AppendDecisions(line, history);
    OURO_TRY_STATUS(AppendFindings(core, line, key));
    line += "}\n";
    OURO_TRY_STATUS(write(line));
  }
}

}  // namespace ouro::store
