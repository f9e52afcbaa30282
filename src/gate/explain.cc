#include "gate/explain.h"

#include <algorithm>

#include "fmt/format.h"

namespace ouro::gate::internal {
namespace {

constexpr size_t kExampleCountMax = 3;  // kinds of finding that a sentence names

std::string Plural(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string_view SpecificityName(Specificity specificity) {
  switch (specificity) {
    case Specificity::kNone:
      return "the threshold";
    case Specificity::kClass:
      return "a rule by severity or scope";
    case Specificity::kConcept:
      return "a rule by concept";
    case Specificity::kIdentifier:
      return "a rule by identifier";
  }
  return "a rule";
}

std::string_view TitleOf(const model::Finding& finding) {
  return finding.title.empty() ? finding.check : finding.title;
}

std::string PlaceOf(const model::Finding& finding) {
  const model::Location& place = finding.location;
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

void Summary::Add(const model::Finding& finding, const Ruling& ruling) {
  const Match& winner = ruling.winner;
  by_action_[static_cast<size_t>(winner.action)].push_back({&finding, winner.rule});
  ++decided_[{winner.action, winner.rule}];
  if (winner.rule != kThreshold) matched_.insert(winner.rule);
  for (const Match& loser : ruling.losers) {
    matched_.insert(loser.rule);
    ++contests_[{winner.rule, loser.rule, winner.specificity, loser.specificity}];
  }
}

void Summary::AddSuppressed(const model::Finding& finding) {
  ++suppressed_by_[finding.suppressed ? finding.suppressed->by : "an unnamed suppression"];
}

// A count of failed files says the same as a problem does; either alone is enough, so that a caller
// who forgot one cannot turn an unread file into a pass.
bool Summary::IsIncomplete() const {
  return counts_.not_examined > 0 || counts_.files_failed > 0 || counts_.objects_failed > 0;
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
  if (rule == kThreshold) {
    return fmt::format("fail-on {}",
                       policy_.fail_on ? model::SeverityName(*policy_.fail_on) : "never");
  }
  const std::string& name = policy_.rules[static_cast<size_t>(rule)].name;
  return name.empty() ? fmt::format("rule {}", rule + 1) : name;
}

// How a sentence says why a rule caught what it caught.
std::string Summary::Decider(int rule) const {
  if (rule != kThreshold)
    return fmt::format("by the rule \"{}\" of {}", RuleName(rule), policy_.origin);
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
  return fmt::format("{}; first at {}", out, PlaceOf(*Gravest(action)->finding));
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
  if (IsIncomplete()) {
    const int64_t count =
        std::max({counts_.not_examined, counts_.files_failed, counts_.objects_failed, int64_t{1}});
    out += fmt::format("; {} of the input {} not examined", Plural(count, "part"),
                       count == 1 ? "was" : "were");
  }
  return out;
}

std::string Summary::CleanSentence() const {
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

// Verdict, exit code, sentence and deciding rule, in the order of precedence of the exit codes.
void Summary::Judge(model::Decision& decision) const {
  const auto decide = [&](std::string_view verdict, int exit_code, std::string sentence,
                          std::string rule) {
    decision.verdict = verdict;
    decision.exit_code = exit_code;
    decision.sentence = std::move(sentence);
    decision.rule = fmt::format("{}: {}", policy_.origin, rule);
  };
  if (const Decided* first = Gravest(Action::kBlock)) {
    return decide(
        "blocked", 1,
        fmt::format("blocked: {}: {}{}", Who(Action::kBlock), Examples(Action::kBlock), Hidden()),
        RuleName(first->rule));
  }
  if (IsIncomplete() && policy_.incomplete == OnIncomplete::kBlock) {
    return decide("incomplete", 3,
                  fmt::format("incomplete: the policy of {} fails closed (incomplete: block){}",
                              policy_.origin, Hidden()),
                  "incomplete block");
  }
  if (const Decided* first = Gravest(Action::kReact)) {
    return decide("reacted", policy_.strict ? 5 : 0,
                  fmt::format("reacted: {}: {}{}{}", Who(Action::kReact), Examples(Action::kReact),
                              Hidden(), policy_.strict ? "; a reaction is pending (--strict)" : ""),
                  RuleName(first->rule));
  }
  if (const Decided* first = Gravest(Action::kObserve)) {
    return decide("observed", 0, ObservedSentence(), RuleName(first->rule));
  }
  if (IsIncomplete()) return decide("observed", 0, ObservedSentence(), "incomplete observe");
  return decide("clean", 0, CleanSentence(), RuleName(kThreshold));
}

std::string Summary::ContestLine(const Contest& contest, int64_t count) const {
  const Action winner = policy_.rules[static_cast<size_t>(contest.winner)].action;
  const Action loser = policy_.rules[static_cast<size_t>(contest.loser)].action;
  const std::string head = fmt::format("\"{}\" ({})", RuleName(contest.loser), ActionName(loser));
  const std::string other =
      fmt::format("\"{}\" ({})", RuleName(contest.winner), ActionName(winner));
  if (contest.winner_specificity != contest.loser_specificity) {
    return fmt::format("{} lost {} to {}: {} beats {}", head, Plural(count, "finding"), other,
                       SpecificityName(contest.winner_specificity),
                       SpecificityName(contest.loser_specificity));
  }
  if (winner == loser)
    return fmt::format("{} agrees with {} on {}", head, other, Plural(count, "finding"));
  return fmt::format("{} lost {} to {}: of two equally specific rules the stricter wins", head,
                     Plural(count, "finding"), other);
}

std::vector<std::string> Summary::Explanation() const {
  std::vector<std::string> lines;
  for (const Action action : {Action::kBlock, Action::kReact, Action::kObserve}) {
    for (const auto& [key, count] : decided_) {
      if (key.first != action) continue;
      const bool below = key.second == kThreshold && action == Action::kObserve && policy_.fail_on;
      lines.push_back(
          fmt::format("{}: {} {}", ActionName(action), Plural(count, "finding"),
                      below ? fmt::format("below {} ({})", RuleName(kThreshold), policy_.origin)
                            : Decider(key.second)));
    }
  }
  for (const auto& [contest, count] : contests_) lines.push_back(ContestLine(contest, count));
  for (size_t i = 0; i < policy_.rules.size(); ++i) {
    const int rule = static_cast<int>(i);
    if (!matched_.contains(rule))
      lines.push_back(fmt::format("\"{}\" matched no finding", RuleName(rule)));
  }
  for (const auto& [by, count] : suppressed_by_) {
    lines.push_back(
        fmt::format("{} suppressed by {} and not judged", Plural(count, "finding"), by));
  }
  if (IsIncomplete()) {
    lines.push_back(policy_.incomplete == OnIncomplete::kBlock
                        ? "incomplete: block, because not everything was examined"
                        : "incomplete: observe, so what was not examined does not block");
  }
  return lines;
}

model::Decision Summary::Finish() const {
  model::Decision decision;
  Judge(decision);
  decision.explanation = Explanation();
  return decision;
}

}  // namespace ouro::gate::internal
