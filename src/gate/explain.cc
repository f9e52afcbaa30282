#include "gate/explain.h"

#include <algorithm>

#include "fmt/format.h"

namespace ouro::gate::internal {
namespace {

constexpr size_t kExampleCountMax = 3;  // kinds of finding that a sentence names
constexpr size_t kLineCountMax = 200;   // lines of one sort in an explanation

std::string Plural(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string_view TitleOf(const model::Finding& finding) {
  return finding.title.empty() ? finding.check : finding.title;
}

std::string PlaceOf(const model::Finding& finding) {
  const model::Location& place = finding.location;
  if (place.file.empty() && finding.resource.name.empty()) {
    return finding.image ? finding.image->reference : std::string();
  }
  if (place.file.empty()) return fmt::format("{} {}", finding.resource.kind, finding.resource.name);
  return place.line > 0 ? fmt::format("{}:{}", place.file, place.line) : place.file;
}

// "of severity high or above"
std::string AtLeast(model::Severity severity) {
  if (severity == model::Severity::kInfo) return "of any severity";
  return fmt::format("of severity {}{}", model::SeverityName(severity),
                     severity == model::Severity::kCritical ? "" : " or above");
}

}  // namespace

Summary::Side Summary::SideOf(const Match& match) {
  return {match.rule, match.specificity, match.level, match.action, match.locked};
}

void Summary::Add(const model::Finding& finding, const Ruling& ruling, Action action) {
  const auto at = static_cast<size_t>(action);
  by_action_[at].push_back({&finding, ruling.winner.rule});
  // Findings that are alike share their ruling: what it says is looked at once, in CountRulings().
  if (last_counts_ == nullptr || last_ruling_ != &ruling) {
    last_ruling_ = &ruling;
    last_counts_ = &rulings_[&ruling];
  }
  ++(*last_counts_)[at];
}

void Summary::CountRulings() {
  for (const auto& [ruling, counts] : rulings_) {
    const Match& winner = ruling->winner;
    const int64_t count = counts[0] + counts[1] + counts[2];
    for (size_t at = 0; at < counts.size(); ++at) {
      if (counts[at] > 0) decided_[{static_cast<Action>(at), winner.rule}] += counts[at];
    }
    if (winner.rule != kThreshold) matched_.insert(winner.rule);
    if (winner.uncertain) uncertain_[winner.rule] += count;
    for (const Match& loser : ruling->losers) {
      matched_.insert(loser.rule);
      if (loser.uncertain) uncertain_[loser.rule] += count;
      contests_[{SideOf(winner), SideOf(loser)}] += count;
    }
  }
}

void Summary::AddSuppressed(std::string_view by) {
  ++suppressed_by_[std::string(by)];
}

// A count of failed files says the same as a problem does; either alone is enough, so that a caller
// who forgot one cannot turn an unread file into a pass.
bool Summary::IsIncomplete() const {
  return counts_.not_examined > 0 || counts_.files_failed > 0 || counts_.objects_failed > 0 ||
         circumstances_.no_data || !circumstances_.missing.empty();
}

const std::vector<Summary::Decided>& Summary::Of(Action action) const {
  return by_action_[static_cast<size_t>(action)];
}

// The first finding of the highest severity; null when there is none.
const Summary::Decided* Summary::Gravest(Action action) const {
  const auto& all = Of(action);
  const auto found = std::max_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.finding->severity < b.finding->severity;
  });
  return found == all.end() ? nullptr : &*found;
}

std::string Summary::RuleName(int rule) const {
  return resolver_.RuleName(rule);
}

// How a sentence says why a rule caught what it caught.
std::string Summary::Decider(int rule) const {
  if (rule != kThreshold)
    return fmt::format("by the rule \"{}\" of {}", RuleName(rule), policy_.origin);
  if (resolver_.HasDefaults()) return fmt::format("by {}", RuleName(rule));
  if (!policy_.fail_on) return "(fail-on never)";
  return fmt::format("{} ({})", AtLeast(*policy_.fail_on), RuleName(rule));
}

// "3 findings of severity high or above (fail-on high)"; with several rules each has its share.
std::string Summary::Who(Action action) const {
  std::vector<std::pair<int64_t, int>> shares;  // count, rule
  for (const auto& [key, count] : decided_) {
    if (key.first == action) shares.emplace_back(count, key.second);
  }
  std::sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  const std::string total = Plural(static_cast<int64_t>(Of(action).size()), "finding");
  if (shares.size() == 1) return fmt::format("{} {}", total, Decider(shares[0].second));
  std::string out = total + ", ";
  for (size_t i = 0; i < shares.size(); ++i) {
    if (i > 0) out += i + 1 == shares.size() ? " and " : ", ";
    out += fmt::format("{} {}", shares[i].first, Decider(shares[i].second));
  }
  return out;
}

// "2 × Container runs privileged, 1 × Host path mounted and 4 more; first at shop/web.yaml:14"
std::string Summary::Examples(Action action) const {
  struct Kind {
    std::string_view title;
    model::Severity severity;
    int64_t count;
  };
  std::map<std::string_view, Kind> kinds;
  for (const Decided& decided : Of(action)) {
    const model::Finding& finding = *decided.finding;
    Kind& kind =
        kinds.try_emplace(TitleOf(finding), TitleOf(finding), finding.severity, 0).first->second;
    kind.severity = std::max(kind.severity, finding.severity);
    ++kind.count;
  }
  std::vector<Kind> order;
  for (const auto& [title, kind] : kinds) order.push_back(kind);
  std::sort(order.begin(), order.end(), [](const Kind& a, const Kind& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    return a.count != b.count ? a.count > b.count : a.title < b.title;
  });
  std::string out;
  int64_t named = 0;
  for (size_t i = 0; i < order.size() && i < kExampleCountMax; ++i) {
    out += fmt::format("{}{} × {}", i == 0 ? "" : ", ", order[i].count, order[i].title);
    named += order[i].count;
  }
  const int64_t more = static_cast<int64_t>(Of(action).size()) - named;
  if (more > 0) out += fmt::format(" and {} more", more);
  const std::string place = PlaceOf(*Gravest(action)->finding);
  return place.empty() ? out : fmt::format("{}; first at {}", out, place);
}

// "; 3 suppressed, 5 in the baseline; 2 parts of the input were not examined", or nothing.
std::string Summary::Hidden() const {
  int64_t baseline = 0;
  int64_t suppressed = 0;
  for (const auto& [by, count] : suppressed_by_)
    (by == "baseline" ? baseline : suppressed) += count;
  std::string out;
  if (suppressed > 0) out += fmt::format("; {} suppressed", suppressed);
  if (baseline > 0)
    out += fmt::format("{} {} in the baseline", suppressed > 0 ? "," : ";", baseline);
  const int64_t parts =
      std::max({counts_.not_examined, counts_.files_failed, counts_.objects_failed});
  if (parts > 0) {
    out += fmt::format("; {} of the input {} not examined", Plural(parts, "part"),
                       parts == 1 ? "was" : "were");
  }
  for (const std::string& missing : circumstances_.missing) out += "; " + missing;
  return out;
}

std::string Summary::CleanSentence() const {
  if (!circumstances_.clean.empty()) return circumstances_.clean + Hidden();
  if (counts_.objects_examined > 0) {
    return fmt::format("clean: no findings in {}{}", Plural(counts_.objects_examined, "object"),
                       Hidden());
  }
  if (counts_.objects > 0) {
    return fmt::format("clean: nothing was examined, {} excluded{}",
                       counts_.objects == 1 ? "the only object is"
                                            : fmt::format("all {} objects are", counts_.objects),
                       Hidden());
  }
  return fmt::format("clean: nothing was examined, no object was found in {}{}",
                     Plural(counts_.files, "file"), Hidden());
}

std::string Summary::ObservedSentence() const {
  const int64_t count = static_cast<int64_t>(Of(Action::kObserve).size());
  if (count == 0)
    return fmt::format("observed: no findings, but not everything was examined{}", Hidden());
  return fmt::format("observed: {}, none of which blocks ({}){}", Plural(count, "finding"),
                     RuleName(kThreshold), Hidden());
}

void Summary::Set(model::Decision& decision, std::string_view verdict, int exit_code,
                  std::string sentence, std::string_view rule) const {
  decision.verdict = verdict;
  decision.exit_code = exit_code;
  decision.sentence = std::move(sentence);
  decision.rule = fmt::format("{}: {}", policy_.origin, rule);
}

std::string Summary::BlockedSentence() const {
  std::string out = "blocked: ";
  if (!Of(Action::kBlock).empty()) {
    out += fmt::format("{}: {}", Who(Action::kBlock), Examples(Action::kBlock));
  }
  if (!circumstances_.branch.empty()) {
    if (!Of(Action::kBlock).empty()) out += "; ";
    out += circumstances_.branch;
  }
  return out + Hidden();
}

// What is not known: true where that decides.
bool Summary::JudgeIncomplete(model::Decision& decision) const {
  if (circumstances_.no_data) {
    Set(decision, "incomplete", 3,
        fmt::format("incomplete: a gate without data is never a pass{}", Hidden()), "no data");
    return true;
  }
  if (!IsIncomplete() || circumstances_.incomplete != OnIncomplete::kBlock) return false;
  Set(decision, "incomplete", 3,
      fmt::format("incomplete: the policy of {} fails closed (incomplete: block){}", policy_.origin,
                  Hidden()),
      "incomplete block");
  return true;
}

// Verdict, exit code, sentence and deciding rule, in the order of precedence of the exit codes.
void Summary::Judge(model::Decision& decision) const {
  const Decided* blocking = Gravest(Action::kBlock);
  if (blocking != nullptr || !circumstances_.branch.empty()) {
    return Set(decision, "blocked", 1, BlockedSentence(),
               blocking == nullptr ? "branches" : RuleName(blocking->rule));
  }
  if (!circumstances_.window.empty()) {
    return Set(decision, "window", 4, fmt::format("window: {}{}", circumstances_.window, Hidden()),
               "windows");
  }
  if (JudgeIncomplete(decision)) return;
  const std::string_view pending = policy_.strict ? "; a reaction is pending (--strict)" : "";
  if (const Decided* first = Gravest(Action::kReact)) {
    return Set(decision, "reacted", policy_.strict ? 5 : 0,
               fmt::format("reacted: {}: {}{}{}", Who(Action::kReact), Examples(Action::kReact),
                           Hidden(), pending),
               RuleName(first->rule));
  }
  if (IsIncomplete() && circumstances_.incomplete == OnIncomplete::kReact) {
    return Set(decision, "reacted", policy_.strict ? 5 : 0,
               fmt::format("reacted: not everything was examined (incomplete: react){}{}", Hidden(),
                           pending),
               "incomplete react");
  }
  if (const Decided* first = Gravest(Action::kObserve)) {
    return Set(decision, "observed", 0, ObservedSentence(), RuleName(first->rule));
  }
  if (IsIncomplete()) {
    return Set(decision, "observed", 0, ObservedSentence(), "incomplete observe");
  }
  Set(decision, "clean", 0, CleanSentence(), RuleName(kThreshold));
}

// Why one rule won over another.
std::string Summary::ContestLine(const Contest& contest, int64_t count) const {
  const Side& winner = contest.winner;
  const Side& loser = contest.loser;
  const std::string findings = Plural(count, "finding");
  const std::string head =
      fmt::format("\"{}\" ({})", RuleName(loser.rule), ActionName(loser.action));
  const std::string other = fmt::format(
      "\"{}\" ({})", winner.rule == kThreshold ? std::string("default") : RuleName(winner.rule),
      ActionName(winner.action));
  const auto lost = [&](const std::string& reason) {
    return fmt::format("{} lost {} to {}: {}", head, findings, other, reason);
  };
  if (winner.locked && !loser.locked && winner.action > loser.action) {
    return lost("a locked rule is a floor");
  }
  if (winner.action == loser.action && winner.specificity == loser.specificity) {
    return fmt::format("{} agrees with {} on {}", head, other, findings);
  }
  if (loser.locked) return fmt::format("{} is a floor that {} keeps on {}", head, other, findings);
  if (winner.specificity != loser.specificity) {
    return lost(fmt::format("{} beats {}", SpecificityTitle(winner.specificity),
                            SpecificityTitle(loser.specificity)));
  }
  if (winner.level != loser.level) {
    return lost(fmt::format("{} is nearer than {}", resolver_.RuleLevel(winner.rule),
                            resolver_.RuleLevel(loser.rule)));
  }
  return lost("of two equally specific rules the stricter wins");
}

std::vector<std::string> Summary::Explanation() const {
  std::vector<std::string> lines;
  for (const Action action : {Action::kBlock, Action::kReact, Action::kObserve}) {
    for (const auto& [key, count] : decided_) {
      if (key.first != action) continue;
      const bool below = key.second == kThreshold && action == Action::kObserve &&
                         policy_.fail_on && !resolver_.HasDefaults();
      lines.push_back(
          fmt::format("{}: {} {}", ActionName(action), Plural(count, "finding"),
                      below ? fmt::format("below {} ({})", RuleName(kThreshold), policy_.origin)
                            : Decider(key.second)));
    }
  }
  size_t left = kLineCountMax;
  for (const auto& [contest, count] : contests_) {
    if (left-- == 0) break;
    lines.push_back(ContestLine(contest, count));
  }
  if (contests_.size() > kLineCountMax) {
    lines.push_back(
        fmt::format("{} more pairs of rules met on a finding; each finding names its own",
                    contests_.size() - kLineCountMax));
  }
  for (const auto& [rule, count] : uncertain_) {
    lines.push_back(fmt::format(
        "the expression of \"{}\" could not be evaluated for {}, which counts as a match",
        RuleName(rule), Plural(count, "finding")));
  }
  size_t unmatched = 0;
  for (size_t i = 0; i < resolver_.rules().size(); ++i) {
    const int rule = static_cast<int>(i);
    if (matched_.contains(rule) || ++unmatched > kLineCountMax) continue;
    lines.push_back(fmt::format("\"{}\" matched no finding", RuleName(rule)));
  }
  if (unmatched > kLineCountMax) {
    lines.push_back(fmt::format("{} more rules matched no finding", unmatched - kLineCountMax));
  }
  for (const auto& [by, count] : suppressed_by_) {
    lines.push_back(
        fmt::format("{} suppressed by {} and not judged", Plural(count, "finding"), by));
  }
  if (IsIncomplete()) {
    switch (circumstances_.incomplete) {
      case OnIncomplete::kBlock:
        lines.emplace_back("incomplete: block, because not everything was examined");
        break;
      case OnIncomplete::kReact:
        lines.emplace_back("incomplete: react, because not everything was examined");
        break;
      case OnIncomplete::kObserve:
        lines.emplace_back("incomplete: observe, so what was not examined does not block");
        break;
    }
  }
  return lines;
}

model::Decision Summary::Finish() {
  CountRulings();
  model::Decision decision;
  Judge(decision);
  decision.explanation = Explanation();
  return decision;
}

}  // namespace ouro::gate::internal
