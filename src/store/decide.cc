#include "store/decide.h"

#include "base/limits.h"
#include "base/text.h"
#include "fmt/format.h"
#include "store/page.h"
#include "store/read.h"

namespace ouro::store {
namespace {

bool NeedsReason(IssueStatus status) {
  return status >= IssueStatus::kFalsePositive;
}

Status Check(Core& core, const Decision& decision, int64_t now) {
  const auto refuse = [](std::string message) {
    return Fail(ErrorCode::kInvalid, std::move(message));
  };
  if (decision.who.empty()) return refuse("a decision needs the name of who decides");
  if (decision.reason.size() > limits::kNoteSizeBytes ||
      decision.note.size() > limits::kNoteSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("a reason or note has at most {} bytes", limits::kNoteSizeBytes));
  }
  if (!decision.status) {
    if (decision.until != 0 || !decision.duplicate_of.empty()) {
      return refuse("a date or another issue is given without the status that it belongs to");
    }
    return {};
  }
  const IssueStatus status = *decision.status;
  if (NeedsReason(status) && TrimSpace(decision.reason).empty()) {
    return refuse(fmt::format("{} needs a reason", IssueStatusName(status)));
  }
  if (status == IssueStatus::kRiskAccepted) {
    if (decision.until == 0) return refuse("an accepted risk needs the date on which that ends");
    if (decision.until <= now) return refuse("the date on which the acceptance ends has passed");
  } else if (decision.until != 0) {
    return refuse("only an accepted risk has a date on which it ends");
  }
  if (status != IssueStatus::kDuplicate) {
    if (decision.duplicate_of.empty()) return {};
    return refuse("another issue is given, but the status is not duplicate");
  }
  if (decision.duplicate_of.empty()) return refuse("a duplicate needs the issue it is one of");
  OURO_TRY_STATUS(IssueKeyByPrefix(core, decision.duplicate_of));
  return {};
}

// Ends or begins an acceptance; the SLA's clock stands still meanwhile.
void SetStatus(IssueRow& row, IssueStatus status, int64_t until, int64_t now) {
  if (row.status == IssueStatus::kRiskAccepted && row.accepted_at != 0) {
    if (row.sla_due != 0) row.sla_due += now - row.accepted_at;
    row.accepted_at = 0;
  }
  if (status == IssueStatus::kRiskAccepted) row.accepted_at = now;
  if (status == IssueStatus::kResolved && row.status != status) row.resolved_at = now;
  if (status != IssueStatus::kResolved) row.resolved_at = 0;
  row.until = until;
  row.status = status;
  row.duplicate_of.clear();
}

Status Save(Core& core, const IssueRow& row) {
  OURO_TRY(const uint32_t last_seen, core.issue_columns.Get(row.key, Column::kLastSeen));
  OURO_TRY_STATUS(core.issue_columns.Put(row.key, IndexValues(row, last_seen)));
  return core.UpdateIssue(row);
}

// The owner that the finding which stands for the issue brings.
Result<uint32_t> ImportedOwner(Core& core, const IssueRow& row) {
  OURO_TRY(const FindingRow finding, core.LoadFinding(row.finding_key));
  return finding.owner;
}

Status ChangeText(Core& core, int64_t key, const Decision& decision, int64_t now,
                  std::string_view what, uint32_t& field, const std::string& value) {
  OURO_TRY(const std::string before, core.dictionary.TextOf(field));
  if (before == value) return {};
  OURO_TRY(field, core.dictionary.Text(value));
  return core.AddHistory(key, now, decision.who, what, before, value, decision.reason);
}

Status ChangePeople(Core& core, const Decision& decision, int64_t now, IssueRow& row) {
  if (decision.assignee) {
    OURO_TRY_STATUS(
        ChangeText(core, row.key, decision, now, "assignee", row.assignee, *decision.assignee));
  }
  if (!decision.owner) return {};
  std::string owner = *decision.owner;
  row.owner_edited = !owner.empty();
  if (owner.empty()) {
    OURO_TRY(const uint32_t imported, ImportedOwner(core, row));
    OURO_TRY(owner, core.dictionary.TextOf(imported));
  }
  return ChangeText(core, row.key, decision, now, "owner", row.owner, owner);
}

// The state as history shows it: "risk_accepted until 2026-12-31T00:00:00Z".
Result<std::string> StateText(const IssueRow& row) {
  std::string text(IssueStatusName(row.status));
  if (row.status == IssueStatus::kRiskAccepted) text += " until " + FormatRfc3339(row.until);
  if (row.status == IssueStatus::kDuplicate) text += " of " + IdText(row.duplicate_of);
  return text;
}

Status ChangeStatus(Core& core, const Decision& decision, int64_t now, IssueRow& row) {
  if (!decision.status) return {};
  IssueRow changed = row;
  SetStatus(changed, *decision.status, decision.until, now);
  if (*decision.status == IssueStatus::kDuplicate) {
    OURO_TRY(const int64_t other, IssueKeyByPrefix(core, decision.duplicate_of));
    if (other == row.key) return Fail(ErrorCode::kInvalid, "an issue is no duplicate of itself");
    OURO_TRY(const IssueRow original, core.LoadIssue(other));
    changed.duplicate_of = original.id.view();
  }
  OURO_TRY(const std::string before, StateText(row));
  OURO_TRY(const std::string after, StateText(changed));
  if (before == after) return {};
  row = changed;
  return core.AddHistory(row.key, now, decision.who, "status", before, after, decision.reason);
}

}  // namespace

Result<int64_t> ApplyDecision(Core& core, const std::vector<std::string>& ids,
                              const Decision& decision, int64_t now) {
  OURO_TRY_STATUS(Check(core, decision, now));
  int64_t changed = 0;
  for (const std::string& id : ids) {
    OURO_TRY(const int64_t key, IssueKeyByPrefix(core, id));
    OURO_TRY(const IssueRow old, core.LoadIssue(key));
    IssueRow row = old;
    OURO_TRY_STATUS(ChangeStatus(core, decision, now, row));
    OURO_TRY_STATUS(ChangePeople(core, decision, now, row));
    if (!decision.note.empty()) {
      OURO_TRY_STATUS(core.AddHistory(key, now, decision.who, "note", "", "", decision.note));
    }
    if (row != old) OURO_TRY_STATUS(Save(core, row));
    if (row != old || !decision.note.empty()) ++changed;
  }
  OURO_TRY_STATUS(core.issue_columns.Flush());
  return changed;
}

Result<std::vector<std::string>> ExpireAcceptances(Core& core, int64_t now) {
  Filter filter;
  filter.open_only = false;
  filter.statuses = {IssueStatus::kRiskAccepted};
  OURO_TRY(const std::vector<int64_t> keys, SelectAll(core, Table::kIssues, filter, now));
  std::vector<std::string> ids;
  for (const int64_t key : keys) {
    OURO_TRY(IssueRow row, core.LoadIssue(key));
    if (row.status != IssueStatus::kRiskAccepted || row.until == 0 || row.until > now) continue;
    OURO_TRY(const std::string before, StateText(row));
    // What ended is the acceptance, at its date, whenever it is noticed.
    const int64_t ended = row.until;
    SetStatus(row, row.seen ? IssueStatus::kNew : IssueStatus::kResolved, 0, ended);
    OURO_TRY_STATUS(core.AddHistory(key, now, "ouro", "expired", before,
                                    IssueStatusName(row.status), "the acceptance has ended"));
    OURO_TRY_STATUS(Save(core, row));
    ids.push_back(IdText(row.id.view()));
  }
  OURO_TRY_STATUS(core.issue_columns.Flush());
  return ids;
}

}  // namespace ouro::store
