// Recall, naive Bayes and nearest decisions over the same counted decisions.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "triage/learn.h"

namespace ouro::triage {

struct Precedents::State {
  const std::vector<LearnExample>* decisions = nullptr;

  struct Group {
    std::map<std::string_view, int64_t> outcomes;
    UnixSeconds newest = 0;
  };
  std::unordered_map<std::string_view, Group> groups;

  // For Bayes: each group counts once for each of its outcomes.
  std::map<std::string_view, int64_t> outcome_counts;
  std::map<Feature, std::map<std::string_view, int64_t>> feature_counts;
  std::map<std::string_view, std::set<std::string_view>> values;  // by name of the feature

  // For similarity: in how many decisions a feature occurs.
  std::map<Feature, std::vector<size_t>> places;

  double RarityOf(const Feature& feature) const {
    const auto found = places.find(feature);
    const double count = found == places.end() ? 0 : static_cast<double>(found->second.size());
    return std::log((static_cast<double>(decisions->size()) + 1) / (count + 1)) + 1e-9;
  }
  // log P(outcome) and log P(feature | outcome), add-one smoothed.
  double Prior(std::string_view outcome) const {
    double total = 0;
    for (const auto& [name, count] : outcome_counts) total += static_cast<double>(count);
    return std::log(static_cast<double>(outcome_counts.at(outcome)) / total);
  }
  double Likelihood(const Feature& feature, std::string_view outcome) const {
    double count = 0;
    if (const auto found = feature_counts.find(feature); found != feature_counts.end()) {
      if (const auto own = found->second.find(outcome); own != found->second.end()) {
        count = static_cast<double>(own->second);
      }
    }
    const auto known = values.find(feature.first);
    const double kinds = known == values.end() ? 1 : static_cast<double>(known->second.size()) + 1;
    return std::log((count + 1) / (static_cast<double>(outcome_counts.at(outcome)) + kinds));
  }
};

Precedents::Precedents(const std::vector<LearnExample>& decisions) {
  auto state = std::make_unique<State>();
  state->decisions = &decisions;
  std::set<std::tuple<std::string_view, std::string_view>> counted;
  std::set<std::tuple<std::string_view, std::string_view, Feature>> counted_features;
  for (size_t i = 0; i < decisions.size(); ++i) {
    const LearnExample& decision = decisions[i];
    if (decision.outcome.empty()) continue;
    State::Group& group = state->groups[decision.group];
    ++group.outcomes[decision.outcome];
    group.newest = std::max(group.newest, decision.at);
    if (counted.emplace(decision.group, decision.outcome).second) {
      ++state->outcome_counts[decision.outcome];
    }
    for (const Feature& feature : decision.features) {
      state->places[feature].push_back(i);
      state->values[feature.first].insert(feature.second);
      if (counted_features.emplace(decision.group, decision.outcome, feature).second) {
        ++state->feature_counts[feature][decision.outcome];
      }
    }
  }
  state_ = std::move(state);
}

Precedents::~Precedents() = default;
Precedents::Precedents(Precedents&&) noexcept = default;
Precedents& Precedents::operator=(Precedents&&) noexcept = default;

Proposal Precedents::Recall(const LearnExample& question) const {
  const auto found = state_->groups.find(question.group);
  if (found == state_->groups.end() || found->second.outcomes.size() != 1) return {};
  const auto& [outcome, count] = *found->second.outcomes.begin();
  const std::string when = found->second.newest == 0
                               ? std::string()
                               : ", last at " + FormatRfc3339(found->second.newest);
  return {
      ProposalSource::kRecall, std::string(outcome), 1.0,
      fmt::format("{} was decided {} before ({} times{})", question.group, outcome, count, when),
      !question.block_class};
}

Proposal Precedents::Guess(const LearnExample& question) const {
  if (state_->outcome_counts.empty()) return {};
  std::vector<std::pair<double, std::string_view>> scores;
  for (const auto& [outcome, count] : state_->outcome_counts) {
    double score = state_->Prior(outcome);
    for (const Feature& feature : question.features) score += state_->Likelihood(feature, outcome);
    scores.emplace_back(score, outcome);
  }
  std::sort(scores.begin(), scores.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  double total = 0;
  for (const auto& [score, outcome] : scores) total += std::exp(score - scores.front().first);
  Proposal proposal = {
      ProposalSource::kBayes, std::string(scores.front().second), 1 / total, {}, false};
  proposal.why = fmt::format("likeliest of {} outcomes", scores.size());
  if (scores.size() < 2) return proposal;
  // What speaks most for it, against the runner-up.
  std::vector<std::pair<double, const Feature*>> terms;
  for (const Feature& feature : question.features) {
    terms.emplace_back(state_->Likelihood(feature, scores[0].second) -
                           state_->Likelihood(feature, scores[1].second),
                       &feature);
  }
  std::sort(terms.begin(), terms.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : *a.second < *b.second;
  });
  constexpr size_t kTermsShown = 3;
  for (size_t i = 0; i < std::min(kTermsShown, terms.size()); ++i) {
    proposal.why += fmt::format("; {} {} {:+.2f}", terms[i].second->first, terms[i].second->second,
                                terms[i].first);
  }
  return proposal;
}

std::vector<Precedent> Precedents::Nearest(const LearnExample& question, size_t count) const {
  double whole = 0;
  std::unordered_map<size_t, double> shared;
  for (const Feature& feature : question.features) {
    const double rarity = state_->RarityOf(feature);
    whole += rarity;
    const auto found = state_->places.find(feature);
    if (found == state_->places.end()) continue;
    for (const size_t place : found->second) shared[place] += rarity;
  }
  std::vector<Precedent> nearest;
  for (const auto& [place, rarity] : shared) nearest.push_back({place, rarity / whole});
  const std::vector<LearnExample>& decisions = *state_->decisions;
  std::sort(nearest.begin(), nearest.end(), [&](const Precedent& a, const Precedent& b) {
    if (a.similarity != b.similarity) return a.similarity > b.similarity;
    const UnixSeconds at_a = decisions[a.example].at;
    const UnixSeconds at_b = decisions[b.example].at;
    return at_a != at_b ? at_a > at_b : a.example < b.example;
  });
  if (nearest.size() > count) nearest.resize(count);
  return nearest;
}

}  // namespace ouro::triage
