#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "fmt/format.h"
#include "triage/triage.h"

namespace ouro::triage {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;

// An empty pattern matches everything; a text that is written the same matches itself even where it
// holds a '*' or '?'.
bool ScopeMatches(std::string_view pattern, std::string_view text) {
  return pattern.empty() || pattern == text || MatchesGlob(text, pattern);
}

bool RuleMatches(const SuppressionRule& rule, const model::Finding& finding) {
  const model::Location& place = finding.location;
  if (rule.document >= 0 && rule.document != place.document) return false;
  if (rule.line > 0 && rule.line != place.line) return false;
  if (!rule.file.empty() && rule.file != place.file) return false;
  if (!rule.file_glob.empty() && !ScopeMatches(rule.file_glob, place.file)) return false;
  const model::Resource& want = rule.resource;
  const model::Resource& have = finding.resource;
  return ScopeMatches(want.name, have.name) && ScopeMatches(want.kind, have.kind) &&
         ScopeMatches(want.namespace_name, have.namespace_name) &&
         ScopeMatches(want.api_version, have.api_version) &&
         ScopeMatches(want.container, have.container) &&
         ScopeMatches(rule.container, have.container) && SelectorMatches(rule.selector, finding);
}

enum class Validity : uint8_t { kHolds, kExpired, kUnreadable };

// A date is the last day on which the rule holds, in UTC, that day included.
Validity ValidityAt(const SuppressionRule& rule, UnixSeconds now) {
  if (rule.until.empty()) return Validity::kHolds;
  const std::optional<UnixSeconds> until = ParseRfc3339(rule.until);
  if (!until) return Validity::kUnreadable;
  int64_t day = *until / kSecondsPerDay;
  if (*until % kSecondsPerDay < 0) --day;
  return now < (day + 1) * kSecondsPerDay ? Validity::kHolds : Validity::kExpired;
}

model::Problem ExpiredProblem(const SuppressionRule& rule, Validity validity, int64_t open_count) {
  model::Problem problem;
  problem.kind = "suppression_expired";
  problem.file = rule.file;
  problem.line = rule.line;
  problem.document = rule.document;
  problem.warning = true;
  const std::string reason = rule.reason.empty() ? "" : fmt::format(" (reason: {})", rule.reason);
  const std::string what =
      validity == Validity::kExpired
          ? fmt::format("ended on {}", rule.until)
          : fmt::format("has the end date \"{}\", which is no date like 2026-12-31", rule.until);
  problem.message = fmt::format(
      "the suppression of {} by {}{} {} and leaves {} finding{} open; fix {} or give the "
      "suppression a "
      "new date",
      rule.selector, rule.by, reason, what, open_count, open_count == 1 ? "" : "s",
      open_count == 1 ? "it" : "them");
  return problem;
}

// The rules in the order given, reachable by the file that they are bound to.
class RuleIndex {
 public:
  explicit RuleIndex(const std::vector<SuppressionRule>& rules) {
    for (size_t i = 0; i < rules.size(); ++i) {
      (rules[i].file.empty() ? anywhere_ : by_file_[rules[i].file]).push_back(i);
    }
  }

  // Calls `visit` with the index of each rule that may match a finding in `file`, in order, until
  // it returns true.
  template <typename Visit>
  bool Any(std::string_view file, Visit visit) const {
    static const std::vector<size_t> kNone;
    const auto found = by_file_.find(file);
    const std::vector<size_t>& bound = found == by_file_.end() ? kNone : found->second;
    size_t i = 0;
    size_t j = 0;
    while (i < bound.size() || j < anywhere_.size()) {
      const bool take_bound =
          j == anywhere_.size() || (i < bound.size() && bound[i] < anywhere_[j]);
      if (visit(take_bound ? bound[i++] : anywhere_[j++])) return true;
    }
    return false;
  }

 private:
  std::unordered_map<std::string_view, std::vector<size_t>> by_file_;  // keys live in the rules
  std::vector<size_t> anywhere_;
};

}  // namespace

bool SelectorMatches(std::string_view selector, const model::Finding& finding) {
  selector = TrimSpace(selector);
  if (selector.empty()) return false;
  if (selector == "*" || selector == finding.check) return true;
  const auto& aliases = finding.aliases;
  if (selector.find('*') == std::string_view::npos) {
    return selector == finding.concept_name || selector == finding.id ||
           std::find(aliases.begin(), aliases.end(), selector) != aliases.end();
  }
  return MatchesGlob(finding.check, selector) ||
         std::any_of(aliases.begin(), aliases.end(),
                     [&](const std::string& alias) { return MatchesGlob(alias, selector); });
}

void ApplySuppressions(std::vector<model::Finding>& findings, std::vector<SuppressionRule>& rules,
                       UnixSeconds now, std::vector<model::Problem>& problems) {
  for (SuppressionRule& rule : rules) rule.matched = 0;
  if (rules.empty()) return;
  std::vector<Validity> validity;
  for (const SuppressionRule& rule : rules) validity.push_back(ValidityAt(rule, now));
  std::vector<int64_t> left_open(rules.size(), 0);
  const RuleIndex index(rules);
  std::vector<size_t> ended;
  for (model::Finding& finding : findings) {
    if (finding.status == model::FindingStatus::kSuppressed) continue;
    ended.clear();
    const bool hidden = index.Any(finding.location.file, [&](size_t i) {
      if (!RuleMatches(rules[i], finding)) return false;
      if (validity[i] != Validity::kHolds) {
        ended.push_back(i);
        return false;
      }
      ++rules[i].matched;
      finding.status = model::FindingStatus::kSuppressed;
      finding.suppressed = model::Suppression{rules[i].by, rules[i].reason, rules[i].until};
      return true;
    });
    if (hidden) continue;
    for (const size_t i : ended) ++left_open[i];
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    if (left_open[i] > 0) problems.push_back(ExpiredProblem(rules[i], validity[i], left_open[i]));
  }
}

void ApplyBaseline(std::vector<model::Finding>& findings, const std::set<std::string>& known_ids) {
  if (known_ids.empty()) return;
  for (model::Finding& finding : findings) {
    if (finding.status == model::FindingStatus::kSuppressed || !known_ids.contains(finding.id))
      continue;
    finding.status = model::FindingStatus::kSuppressed;
    finding.suppressed = model::Suppression{"baseline", "known to the baseline", ""};
  }
}

}  // namespace ouro::triage
