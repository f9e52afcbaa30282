#include "gate/exception_book.h"

#include <algorithm>

#include <fmt/format.h>

namespace ouro::gate::internal {
namespace {

template <typename T>
void Raise(std::optional<T>& into, const T& value) {
  into = into ? std::max(*into, value) : value;
}

}  // namespace

ExceptionBook::ExceptionBook(const Request& request, Resolver& resolver)
    : request_(request), resolver_(resolver), standings_(request.exceptions.size()) {
  // What is not certain is not covered.
  for (const Exception& exception : request.exceptions) index_.Add(exception.scope, false);
  index_.Seal();
}

void ExceptionBook::Note(size_t slot, const Facts& facts) {
  if (request_.exceptions.empty()) return;
  while (begins_.size() <= slot) begins_.push_back(matches_.size());
  resolver_.runner().SetFinding(facts);
  index_.Match(facts, request_.now, resolver_.runner(), matches_);
  const LevelView& view = resolver_.ViewOf(facts.cluster, facts.environment, facts.application);
  for (size_t i = begins_[slot]; i < matches_.size(); ++i) {
    Standing& standing = standings_[matches_[i].selector];
    ExceptionFacts& now = standing.facts;
    Raise(now.severity, facts.finding->severity);
    if (facts.epss >= 0) Raise(now.epss, facts.epss);
    now.kev = now.kev.value_or(false) || facts.kev;
    now.exposed = now.exposed.value_or(false) || facts.exposure == "exposed";
    now.fixable = now.fixable.value_or(false) || facts.fixable;
    now.matched = now.matched.value_or(0) + 1;
    if (!standing.matched) {
      standing.growth_percent = view.growth_percent;
      standing.epss_threshold = view.epss_threshold;
    }
    standing.growth_percent = std::min(standing.growth_percent, view.growth_percent);
    standing.epss_threshold = std::min(standing.epss_threshold, view.epss_threshold);
    // For the overview: the finding that demands most.
    const auto demand = [](const LevelView* v, model::Severity s) {
      return std::pair(v->approvals[static_cast<size_t>(s)], -v->days_max[static_cast<size_t>(s)]);
    };
    const model::Severity severity = facts.finding->severity;
    if (!standing.matched || demand(&view, severity) > demand(standing.view, standing.severity)) {
      standing.view = &view;
      standing.severity = severity;
    }
    standing.matched = true;
  }
}

void ExceptionBook::Close() {
  for (size_t i = 0; i < standings_.size(); ++i) {
    Standing& standing = standings_[i];
    if (!standing.matched) continue;
    standing.change = MaterialChange(request_.exceptions[i], standing.facts,
                                     standing.growth_percent, standing.epss_threshold);
  }
}

ExceptionStatus ExceptionBook::StatusFor(size_t exception, const LevelView& view,
                                         model::Severity severity) {
  const auto key = std::tuple(exception, &view, severity);
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  const auto at = static_cast<size_t>(severity);
  const ExceptionDemands demands{view.days_max[at], view.approvals[at], view.grace_seconds};
  ExceptionStatus status =
      StatusOf(request_.exceptions[exception], demands, resolver_.policy().roles,
               standings_[exception].change, request_.now);
  known_.emplace(key, status);
  return status;
}

// May those who approved lower every floor under the finding?
bool ExceptionBook::OwnsFloors(const Exception& exception, const Ruling& ruling,
                               std::string& why) const {
  const auto approvals = ValidApprovals(exception, resolver_.policy().roles, request_.now);
  const auto owns = [&](const Match& match) {
    if (!match.locked || match.action == Action::kObserve) return true;
    const std::vector<std::string>& owners = resolver_.OwnersOf(match.rule);
    if (owners.empty()) return true;
    return std::any_of(approvals.begin(), approvals.end(), [&](const Approval* approval) {
      return std::find(owners.begin(), owners.end(), approval->role) != owners.end();
    });
  };
  std::vector<const Match*> all = {&ruling.winner};
  for (const Match& match : ruling.losers) all.push_back(&match);
  for (const Match* match : all) {
    if (owns(*match)) continue;
    why = fmt::format(
        "exception {} does not lower the floor \"{}\" ({}): nobody who owns that "
        "level has approved it",
        exception.id, resolver_.RuleName(match->rule), resolver_.RuleLevel(match->rule));
    return false;
  }
  return true;
}

void ExceptionBook::Judge(size_t slot, const Facts& facts, FindingOutcome& outcome) {
  outcome.action = outcome.ruling->winner.action;
  if (request_.exceptions.empty()) return;
  const size_t end = slot + 1 < begins_.size() ? begins_[slot + 1] : matches_.size();
  const LevelView& view = resolver_.ViewOf(facts.cluster, facts.environment, facts.application);
  std::optional<ExceptionStatus> best;
  int grace = -1;
  for (size_t i = begins_[slot]; i < end; ++i) {
    const size_t number = matches_[i].selector;
    const Exception& exception = request_.exceptions[number];
    const ExceptionStatus status = StatusFor(number, view, facts.finding->severity);
    std::string why;
    if (status.state != ExceptionState::kActive && !status.in_grace) {
      why = fmt::format("exception {} is {}: {}", exception.id, ExceptionStateName(status.state),
                        status.reason);
    } else if (OwnsFloors(exception, *outcome.ruling, why)) {
      if (status.in_grace) {
        grace = static_cast<int>(number);
      } else if (!best || status.until > best->until ||
                 (status.until == best->until &&
                  exception.id < request_.exceptions[static_cast<size_t>(outcome.exception)].id)) {
        best = status;
        outcome.exception = static_cast<int>(number);
      }
    }
    if (why.empty()) continue;
    outcome.note += outcome.note.empty() ? why : "; " + why;
  }
  if (best) {
    outcome.standing = gate::Standing::kExcepted;
    ++standings_[static_cast<size_t>(outcome.exception)].covered;
    return;
  }
  if (grace < 0 || outcome.action != Action::kBlock) return;
  outcome.exception = grace;
  outcome.action = Action::kReact;
  const std::string why = fmt::format("exception {} has expired; its grace keeps it from blocking",
                                      request_.exceptions[static_cast<size_t>(grace)].id);
  outcome.note += outcome.note.empty() ? why : "; " + why;
}

std::vector<ExceptionOutcome> ExceptionBook::Finish() {
  std::vector<ExceptionOutcome> outcomes;
  outcomes.reserve(standings_.size());
  const Subject& subject = request_.subject;
  for (size_t i = 0; i < standings_.size(); ++i) {
    const Standing& standing = standings_[i];
    const Exception& exception = request_.exceptions[i];
    const LevelView& view =
        standing.view != nullptr
            ? *standing.view
            : resolver_.ViewOf(subject.cluster, subject.environment, subject.application);
    const model::Severity severity =
        standing.matched ? standing.severity
                         : exception.facts.severity.value_or(model::Severity::kInfo);
    ExceptionOutcome outcome;
    outcome.exception = &exception;
    outcome.status = StatusFor(i, view, severity);
    outcome.facts = standing.facts;
    if (!outcome.facts.matched) outcome.facts.matched = 0;
    outcome.covered = standing.covered;
    if (outcome.status.state == ExceptionState::kActive) {
      outcome.warning_days = WarningDays(outcome.status.until, request_.now);
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

}  // namespace ouro::gate::internal
