#include "engine/inline_suppression.h"

#include <utility>

#include "triage/triage.h"

namespace ouro::engine {
namespace {

bool IsInScope(const scan::InlineSuppression& suppression, const model::Finding& finding) {
  if (suppression.line > 0 &&
      (finding.location.line < suppression.line || finding.location.line > suppression.last_line)) {
    return false;
  }
  if (!suppression.container.empty() && suppression.container != finding.resource.container) {
    return false;
  }
  return suppression.field.empty() ||
         finding.field_path.find(suppression.field) != std::string::npos;
}

}  // namespace

void ApplyInlineSuppressions(std::span<model::Finding> findings,
                             std::span<const scan::InlineSuppression> suppressions, UnixSeconds now,
                             std::vector<model::Problem>& problems) {
  for (const scan::InlineSuppression& suppression : suppressions) {
    std::vector<model::Finding> covered;
    std::vector<size_t> places;
    for (size_t i = 0; i < findings.size(); ++i) {
      if (findings[i].suppressed || !IsInScope(suppression, findings[i])) continue;
      places.push_back(i);
      covered.push_back(std::move(findings[i]));
    }
    if (covered.empty()) continue;
    triage::SuppressionRule rule;
    rule.by = suppression.by;
    rule.selector = suppression.selector;
    rule.reason = suppression.reason;
    rule.until = suppression.until;
    std::vector<triage::SuppressionRule> rules = {std::move(rule)};
    const size_t told = problems.size();
    triage::ApplySuppressions(covered, rules, now, problems);
    for (size_t i = told; i < problems.size(); ++i) {
      if (problems[i].file.empty()) problems[i].file = covered.front().location.file;
      if (problems[i].line == 0) problems[i].line = suppression.line;
    }
    for (size_t i = 0; i < places.size(); ++i) findings[places[i]] = std::move(covered[i]);
  }
}

}  // namespace ouro::engine
