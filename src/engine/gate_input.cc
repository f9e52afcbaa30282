#include "engine/gate_input.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "gate/finding_json.h"
#include "io/tree.h"

namespace ouro::engine {
namespace {

constexpr int64_t kImportCountMax = 100'000;  // newest imports that are looked at

// What people have decided about an issue.
struct Verdict {
  store::IssueStatus status = store::IssueStatus::kNew;
  UnixSeconds until = 0;
};

bool AsksForApprovals(const gate::Policy& policy) {
  const auto asks = [](const gate::LevelRules& level) {
    const auto& approvals = level.exceptions.approvals;
    return std::any_of(approvals.begin(), approvals.end(),
                       [](const auto& count) { return count.has_value() && *count > 0; });
  };
  return asks(policy.global) || std::any_of(policy.levels.begin(), policy.levels.end(), asks);
}

Result<std::map<std::string, Verdict>> DecidedIssues(store::Store& store,
                                                     const gate::Request& request) {
  using store::IssueStatus;
  std::map<std::string, Verdict> decided;
  store::PageQuery query;
  query.filter.open_only = false;
  query.filter.statuses = {IssueStatus::kFalsePositive, IssueStatus::kNotAffected,
                           IssueStatus::kDuplicate, IssueStatus::kOutOfScope};
  if (!AsksForApprovals(request.policy)) {
    query.filter.statuses.push_back(IssueStatus::kRiskAccepted);
  }
  query.limit = limits::kPageItemCount;
  query.now = request.now;
  while (true) {
    OURO_TRY(const store::Page<store::Issue> page, store.ListIssues(query));
    for (const store::Issue& issue : page.items) decided[issue.id] = {issue.status, issue.until};
    if (page.next_cursor.empty()) return decided;
    query.cursor = page.next_cursor;
  }
}

// The application in the name of a scope: ["tool","target","branch","application"].
std::string ApplicationOf(const std::string& scope) {
  io::KeyTable keys;
  io::Tree tree;
  if (!io::ReadJson(scope, {}, keys, tree) || tree.roots().size() != 1 ||
      tree.roots()[0].node == io::kNoNode) {
    return {};
  }
  constexpr size_t kApplication = 3;
  const auto parts = io::NodeView(tree, keys, tree.roots()[0].node).Children();
  return parts.size() > kApplication ? std::string(parts[kApplication].Text()) : std::string();
}

// Is there an import that may have looked at the subject, and when was the newest?
Status ReadImports(store::Store& store, gate::Request& request) {
  OURO_TRY(const auto imports, store.Imports({}, kImportCountMax));
  const std::string& wanted = request.subject.application;
  gate::DataState& data = request.data;
  data.present = false;
  for (const store::Store::ImportRecord& import : imports) {
    const std::string application = ApplicationOf(import.scope);
    if (!wanted.empty() && !application.empty() && application != wanted) continue;
    data.present = true;
    data.observed_at = std::max(data.observed_at.value_or(import.time), import.time);
  }
  if (data.present) return {};
  data.missing.push_back(imports.empty() ? std::string("nothing was ever imported into the store")
                                         : fmt::format("no import is known for {}", wanted));
  return {};
}

}  // namespace

Status AddStoredFindings(store::Store& store, gate::Request& request) {
  OURO_TRY_STATUS(ReadImports(store, request));
  OURO_TRY(const auto decided, DecidedIssues(store, request));
  return store.ForEachOpen({}, [&](const store::StoredFinding& stored) -> Status {
    if (static_cast<int64_t>(request.findings.size()) >= limits::kFindingCount) {
      return Fail(ErrorCode::kLimit, fmt::format("more than {} findings", limits::kFindingCount));
    }
    gate::InputFinding input;
    input.finding = stored.finding;
    const auto verdict = decided.find(stored.finding.issue);
    if (verdict != decided.end() && input.finding.status == model::FindingStatus::kOpen) {
      const auto& [status, until] = verdict->second;
      input.finding.status = model::FindingStatus::kSuppressed;
      input.finding.suppressed =
          model::Suppression{fmt::format("decision {}", store::IssueStatusName(status)), "",
                             until > 0 ? FormatRfc3339(until) : std::string()};
    }
    request.findings.push_back(std::move(input));
    return {};
  });
}

Status AddReportedFindings(std::string source, std::string_view name, gate::Request& request) {
  OURO_TRY(gate::FindingReport report, gate::ReadFindingReport(std::move(source), name));
  gate::DataState& data = request.data;
  data.not_examined += report.not_examined;
  if (const auto started = ParseRfc3339(report.started)) {
    data.observed_at = std::max(data.observed_at.value_or(*started), *started);
  }
  // Lines of findings do not say that anything was examined when there are none.
  if (!report.is_report && report.findings.empty()) {
    data.present = false;
    data.missing.push_back(fmt::format("{} holds no finding and is no report", name));
  }
  std::move(report.findings.begin(), report.findings.end(), std::back_inserter(request.findings));
  return {};
}

}  // namespace ouro::engine
