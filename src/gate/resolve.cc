#include "gate/resolve.h"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace ouro::gate {
namespace {

constexpr size_t kLevelCount = 4;

bool Matches(std::string_view text, const std::string& glob) {
  return glob.empty() || (!text.empty() && MatchesGlob(text, glob));
}

using Defaults = std::array<std::array<std::optional<Action>, model::kSeverityCount>, kLevelCount>;

// The levels of one place, ready for use.
struct Place {
  LevelView view;
  std::vector<char> applies;  // by rule
  // By level and severity, of that level alone; the global one is always complete.
  Defaults defaults;
};

template <typename T>
void Stricter(std::optional<T>& into, const std::optional<T>& value, bool smaller_is_stricter) {
  if (!value) return;
  if (!into) {
    into = value;
  } else {
    into = smaller_is_stricter ? std::min(*into, *value) : std::max(*into, *value);
  }
}

// Exception rules of one level: the strictest of its entries.
void Combine(const ExceptionRules& from, ExceptionRules& into) {
  for (size_t i = 0; i < into.days_max.size(); ++i) {
    Stricter(into.days_max[i], from.days_max[i], true);
    Stricter(into.approvals[i], from.approvals[i], false);
  }
  Stricter(into.growth_percent, from.growth_percent, true);
  Stricter(into.epss_threshold, from.epss_threshold, true);
  Stricter(into.grace_hours, from.grace_hours, true);
}

void Overlay(const ExceptionRules& rules, LevelView& view) {
  for (size_t i = 0; i < view.days_max.size(); ++i) {
    view.days_max[i] = rules.days_max[i].value_or(view.days_max[i]);
    view.approvals[i] = rules.approvals[i].value_or(view.approvals[i]);
  }
  view.growth_percent = rules.growth_percent.value_or(view.growth_percent);
  view.epss_threshold = rules.epss_threshold.value_or(view.epss_threshold);
  if (rules.grace_hours) view.grace_seconds = *rules.grace_hours * 3600;
}

struct KeyHash {
  size_t operator()(const std::string& key) const { return FastHash(key); }
};

}  // namespace

struct Resolver::Impl {
  Impl(const Policy& the_policy, const Subject& subject, UnixSeconds the_now)
      : policy(the_policy), now(the_now), runner(subject, the_now) {}

  const Policy& policy;
  UnixSeconds now;
  ConditionRunner runner;
  std::vector<RuleEntry> rules;
  SelectorIndex index;
  bool has_defaults = false;  // `fail_on` alone does not tell what the defaults are
  std::unordered_map<std::string, Place, KeyHash> places;
  const Place* last_place = nullptr;
  std::string last_key;
  std::deque<Ruling> rulings;
  std::unordered_map<std::string, const Ruling*, KeyHash> known;  // by what they are made of
  std::vector<SelectorMatch> found;                               // scratch
  std::vector<Match> matches;                                     // scratch
  std::string key;                                                // scratch

  void AddRules(const std::vector<PolicyRule>& from, Level level, int entry);
  Place MakePlace(std::string_view cluster, std::string_view environment,
                  std::string_view application) const;
  void FillLevel(Level level, const std::vector<int>& entries, Place& place) const;
  const Place& PlaceOf(std::string_view cluster, std::string_view environment,
                       std::string_view application);
  bool IsBefore(const Match& a, const Match& b) const;
  Match DefaultFor(const Place& place, model::Severity severity, size_t below) const;
  Match Best(const Place& place, model::Severity severity, size_t below) const;
  Ruling Rule(const Place& place, model::Severity severity, bool fixable);
};

void Resolver::Impl::AddRules(const std::vector<PolicyRule>& from, Level level, int entry) {
  int number = 0;
  for (const PolicyRule& rule : from) rules.push_back({&rule, level, entry, ++number});
}

void Resolver::Impl::FillLevel(Level level, const std::vector<int>& entries, Place& place) const {
  auto& defaults = place.defaults[static_cast<size_t>(level)];
  ExceptionRules exceptions;
  std::optional<OnIncomplete> incomplete;
  std::optional<int64_t> max_age;
  for (const int i : entries) {
    const PolicyLevel& entry = policy.levels[static_cast<size_t>(i)];
    for (size_t s = 0; s < defaults.size(); ++s) Stricter(defaults[s], entry.defaults[s], false);
    Combine(entry.exceptions, exceptions);
    Stricter(incomplete, entry.incomplete, false);
    Stricter(max_age, entry.max_age_seconds, true);
  }
  Overlay(exceptions, place.view);
  if (incomplete) place.view.incomplete = *incomplete;
  if (max_age) place.view.max_age_seconds = max_age;
}

Place Resolver::Impl::MakePlace(std::string_view cluster, std::string_view environment,
                                std::string_view application) const {
  Place place;
  LevelView& view = place.view;
  view.days_max = kExceptionDefaults.days_max;
  view.approvals.fill(kExceptionDefaults.approvals);
  view.growth_percent = kExceptionDefaults.growth_percent;
  view.epss_threshold = kExceptionDefaults.epss_threshold;
  view.grace_seconds = kExceptionDefaults.grace_hours * 3600;
  view.max_age_seconds = policy.global.max_age_seconds;
  Overlay(policy.global.exceptions, view);
  view.production = std::any_of(
      policy.production.begin(), policy.production.end(),
      [&](const std::string& glob) { return !environment.empty() && Matches(environment, glob); });
  std::array<std::vector<int>, kLevelCount> by_level;
  std::vector<char> entry_applies(policy.levels.size(), 0);
  for (size_t i = 0; i < policy.levels.size(); ++i) {
    const PolicyLevel& entry = policy.levels[i];
    if (!Matches(cluster, entry.cluster) || !Matches(environment, entry.environment) ||
        !Matches(application, entry.application)) {
      continue;
    }
    by_level[static_cast<size_t>(entry.level)].push_back(static_cast<int>(i));
    entry_applies[i] = 1;
  }
  // What a level says of production counts; of several the nearest level, and there `true`.
  for (const std::vector<int>& entries : by_level) {
    std::optional<bool> said;
    for (const int i : entries) {
      const auto& production = policy.levels[static_cast<size_t>(i)].production;
      if (production) said = said.value_or(false) || *production;
    }
    view.production = said.value_or(view.production);
  }
  view.incomplete = policy.incomplete.value_or(policy.levels.empty() ? OnIncomplete::kObserve
                                               : view.production     ? OnIncomplete::kBlock
                                                                     : OnIncomplete::kReact);
  auto& global = place.defaults[0];
  for (size_t s = 0; s < global.size(); ++s) {
    const bool blocks = policy.fail_on && static_cast<model::Severity>(s) >= *policy.fail_on;
    global[s] = policy.global.defaults[s].value_or(blocks ? Action::kBlock : Action::kObserve);
  }
  for (size_t level = 1; level < kLevelCount; ++level) {
    FillLevel(static_cast<Level>(level), by_level[level], place);
    view.entries.insert(view.entries.end(), by_level[level].begin(), by_level[level].end());
  }
  place.applies.reserve(rules.size());
  for (const RuleEntry& rule : rules) {
    place.applies.push_back(rule.entry < 0 ? 1 : entry_applies[static_cast<size_t>(rule.entry)]);
  }
  return place;
}

const Place& Resolver::Impl::PlaceOf(std::string_view cluster, std::string_view environment,
                                     std::string_view application) {
  std::string name;
  name.reserve(cluster.size() + environment.size() + application.size() + 2);
  name.append(cluster).append(1, '\0').append(environment).append(1, '\0').append(application);
  if (last_place != nullptr && last_key == name) return *last_place;
  auto place = places.find(name);
  if (place == places.end()) {
    place = places.emplace(name, MakePlace(cluster, environment, application)).first;
  }
  last_place = &place->second;
  last_key = std::move(name);
  return *last_place;
}

// Is `a` the one to decide? A total order over matches, so that the order of rules does not show.
bool Resolver::Impl::IsBefore(const Match& a, const Match& b) const {
  if (a.specificity != b.specificity) return a.specificity > b.specificity;
  if (a.level != b.level) return a.level > b.level;
  if (a.action != b.action) return a.action > b.action;
  if (a.rule < 0 || b.rule < 0) return a.rule > b.rule;
  const std::string& name_a = rules[static_cast<size_t>(a.rule)].rule->name;
  const std::string& name_b = rules[static_cast<size_t>(b.rule)].rule->name;
  if (name_a.empty() != name_b.empty()) return !name_a.empty();
  return name_a != name_b ? name_a < name_b : a.rule < b.rule;
}

// The default of the nearest level before `below` that has one.
Match Resolver::Impl::DefaultFor(const Place& place, model::Severity severity, size_t below) const {
  Match match;
  for (size_t level = std::max<size_t>(below, 1); level-- > 0;) {
    const std::optional<Action>& action = place.defaults[level][static_cast<size_t>(severity)];
    if (!action) continue;
    match.level = static_cast<Level>(level);
    match.action = *action;
    break;
  }
  return match;
}

// The deciding rule among the matches of levels before `below` that are not locked.
Match Resolver::Impl::Best(const Place& place, model::Severity severity, size_t below) const {
  const Match* best = nullptr;
  for (const Match& match : matches) {
    if (match.locked || static_cast<size_t>(match.level) >= below) continue;
    if (best == nullptr || IsBefore(match, *best)) best = &match;
  }
  return best == nullptr ? DefaultFor(place, severity, below) : *best;
}

// Makes a ruling of `found`; leaves `matches` filled.
Ruling Resolver::Impl::Rule(const Place& place, model::Severity severity, bool fixable) {
  matches.clear();
  bool inherits = false;
  for (const SelectorMatch& one : found) {
    const RuleEntry& entry = rules[one.selector];
    Match match{static_cast<int>(one.selector),
                one.specificity,
                entry.level,
                entry.rule->action,
                entry.rule->locked,
                one.uncertain};
    if (entry.rule->applies == Applies::kIfFixable && !fixable) match.action = Action::kObserve;
    inherits = inherits || entry.rule->applies == Applies::kInherit;
    matches.push_back(match);
  }
  // Level by level, so that what a rule inherits is settled before it is looked at.
  for (size_t level = 0; inherits && level < kLevelCount; ++level) {
    for (Match& match : matches) {
      const RuleEntry& entry = rules[static_cast<size_t>(match.rule)];
      if (static_cast<size_t>(match.level) != level) continue;
      if (entry.rule->applies == Applies::kInherit) {
        match.action = Best(place, severity, level).action;
      }
    }
  }
  Ruling ruling;
  ruling.winner = Best(place, severity, kLevelCount);
  for (const Match& match : matches) {
    if (!match.locked) continue;
    if (!ruling.floor || IsBefore(Match{match.rule, {}, {}, match.action},
                                  Match{ruling.floor->rule, {}, {}, ruling.floor->action})) {
      ruling.floor = match;
    }
  }
  if (ruling.floor && ruling.floor->action > ruling.winner.action) ruling.winner = *ruling.floor;
  for (const Match& match : matches) {
    if (match.rule != ruling.winner.rule) ruling.losers.push_back(match);
  }
  return ruling;
}

Resolver::Resolver(const Policy& policy, const Subject& subject, UnixSeconds now)
    : impl_(std::make_unique<Impl>(policy, subject, now)) {
  impl_->AddRules(policy.rules, Level::kGlobal, -1);
  const auto has_default = [](const LevelRules& level) {
    return std::any_of(level.defaults.begin(), level.defaults.end(),
                       [](const auto& action) { return action.has_value(); });
  };
  impl_->has_defaults = has_default(policy.global) ||
                        std::any_of(policy.levels.begin(), policy.levels.end(), has_default);
  for (size_t i = 0; i < policy.levels.size(); ++i) {
    const PolicyLevel& level = policy.levels[i];
    impl_->AddRules(level.rules, level.level, static_cast<int>(i));
  }
  for (const RuleEntry& entry : impl_->rules) {
    const bool blocks =
        entry.rule->action == Action::kBlock && entry.rule->applies != Applies::kInherit;
    impl_->index.Add(*entry.rule, blocks);
  }
  impl_->index.Seal();
}

Resolver::~Resolver() = default;

const std::vector<RuleEntry>& Resolver::rules() const {
  return impl_->rules;
}
bool Resolver::HasDefaults() const {
  return impl_->has_defaults;
}
const Policy& Resolver::policy() const {
  return impl_->policy;
}
UnixSeconds Resolver::now() const {
  return impl_->now;
}
ConditionRunner& Resolver::runner() {
  return impl_->runner;
}

const LevelView& Resolver::ViewOf(std::string_view cluster, std::string_view environment,
                                  std::string_view application) {
  return impl_->PlaceOf(cluster, environment, application).view;
}

const Ruling& Resolver::Resolve(const Facts& facts) {
  Impl& impl = *impl_;
  impl.runner.SetFinding(facts);
  const Place& place = impl.PlaceOf(facts.cluster, facts.environment, facts.application);
  impl.found.clear();
  impl.index.Match(facts, impl.now, impl.runner, impl.found);
  std::erase_if(impl.found,
                [&](const SelectorMatch& match) { return !place.applies[match.selector]; });
  const model::Severity severity = facts.finding->severity;
  // Everything that a ruling is made of: findings with the same key have the same ruling.
  const auto where = reinterpret_cast<uintptr_t>(&place);
  impl.key.assign(reinterpret_cast<const char*>(&where), sizeof(uintptr_t));
  impl.key += static_cast<char>(static_cast<int>(severity) * 2 + (facts.fixable ? 1 : 0));
  for (const SelectorMatch& match : impl.found) {
    impl.key.append(reinterpret_cast<const char*>(&match.selector), sizeof(match.selector));
    impl.key +=
        static_cast<char>(static_cast<int>(match.specificity) * 2 + (match.uncertain ? 1 : 0));
  }
  const auto known = impl.known.find(impl.key);
  if (known != impl.known.end()) return *known->second;
  impl.rulings.push_back(impl.Rule(place, severity, facts.fixable));
  impl.known.emplace(impl.key, &impl.rulings.back());
  return impl.rulings.back();
}

std::string Resolver::RuleName(int rule) const {
  const Policy& policy = impl_->policy;
  if (rule == kThreshold) {
    if (impl_->has_defaults) return "the defaults by severity";
    return fmt::format("fail-on {}",
                       policy.fail_on ? model::SeverityName(*policy.fail_on) : "never");
  }
  const RuleEntry& entry = impl_->rules[static_cast<size_t>(rule)];
  if (!entry.rule->name.empty()) return entry.rule->name;
  if (entry.entry < 0) return fmt::format("rule {}", entry.number);
  return fmt::format("rule {} of {}", entry.number, RuleLevel(rule));
}

std::string Resolver::RuleLevel(int rule) const {
  if (rule < 0) return "global";
  const int entry = impl_->rules[static_cast<size_t>(rule)].entry;
  return entry < 0 ? "global" : LevelTitle(impl_->policy.levels[static_cast<size_t>(entry)]);
}

const std::vector<std::string>& Resolver::OwnersOf(int rule) const {
  const int entry = rule < 0 ? -1 : impl_->rules[static_cast<size_t>(rule)].entry;
  return entry < 0 ? impl_->policy.global.exceptions.owners
                   : impl_->policy.levels[static_cast<size_t>(entry)].exceptions.owners;
}

}  // namespace ouro::gate
