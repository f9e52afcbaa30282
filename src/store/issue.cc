#include "store/issue.h"

#include <algorithm>

#include "base/text.h"

namespace ouro::store {
namespace {

constexpr std::array<std::string_view, kIssueStatusCount> kStatusNames = {
    "new",         "triaged",        "in_progress",  "fix_proposed",  "fixed_unverified",
    "resolved",    "false_positive", "not_affected", "risk_accepted", "duplicate",
    "out_of_scope"};

}  // namespace

std::string_view IssueStatusName(IssueStatus status) {
  return kStatusNames[static_cast<size_t>(status)];
}

std::optional<IssueStatus> ParseIssueStatus(std::string_view name) {
  const auto* const found = std::find(kStatusNames.begin(), kStatusNames.end(), name);
  if (found == kStatusNames.end()) return std::nullopt;
  return static_cast<IssueStatus>(found - kStatusNames.begin());
}

StageSet StageBit(std::string_view stage) {
  const auto* const found = std::find(kStages.begin(), kStages.end(), stage);
  const auto index =
      found == kStages.end() ? kStages.size() - 1 : static_cast<size_t>(found - kStages.begin());
  return static_cast<StageSet>(1u << index);
}

std::vector<std::string> StageNames(StageSet stages) {
  std::vector<std::string> names;
  for (size_t i = 0; i < kStages.size(); ++i) {
    if ((stages >> i & 1u) != 0) names.emplace_back(kStages[i]);
  }
  return names;
}

std::string ScopeName(const Scope& scope) {
  std::string name = "[";
  for (const std::string* part : {&scope.tool, &scope.target, &scope.branch, &scope.application}) {
    if (name.size() > 1) name += ',';
    AppendJsonString(name, *part);
  }
  return name + "]";
}

}  // namespace ouro::store
