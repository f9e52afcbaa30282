#include "gate/selector_index.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "gate/selector_parts.h"

namespace ouro::gate {
namespace {

using Bits = std::vector<uint64_t>;

constexpr size_t kWordBits = 64;

void SetBit(Bits& bits, size_t index) {
  bits[index / kWordBits] |= uint64_t{1} << (index % kWordBits);
}

// Values of one text field of a finding → which selectors allow them.
class TextDimension {
 public:
  void Restrict(size_t index, const std::vector<std::string>& globs) {
    if (!globs.empty()) restricted_.emplace_back(index, &globs);
  }
  void Seal(size_t count) {
    all_.assign((count + kWordBits - 1) / kWordBits, ~uint64_t{0});
    for (const auto& [index, globs] : restricted_) {
      all_[index / kWordBits] &= ~(uint64_t{1} << (index % kWordBits));
    }
  }
  bool IsActive() const { return !restricted_.empty(); }
  // Valid until the next call with a new value.
  const Bits& Of(std::string_view value) {
    // Values of neighbours are mostly equal.
    if (last_ != nullptr && last_value_ == value) return *last_;
    const auto [place, is_new] = known_.try_emplace(std::string(value));
    if (is_new) {
      place->second = all_;
      for (const auto& [index, globs] : restricted_) {
        if (internal::AnyMatches(*globs, value)) SetBit(place->second, index);
      }
    }
    last_ = &place->second;
    last_value_ = place->first;
    return place->second;
  }

 private:
  std::vector<std::pair<size_t, const std::vector<std::string>*>> restricted_;
  Bits all_;  // selectors that allow any value
  std::unordered_map<std::string, Bits> known_;
  const Bits* last_ = nullptr;
  std::string_view last_value_;
};

// Values of a small enumeration → which selectors allow them.
template <size_t kCount>
struct SmallDimension {
  std::array<Bits, kCount> allowed;
  bool active = false;
};

struct Entry {
  const Selector* selector = nullptr;
  bool closed = false;
  bool check_names = false;  // patterns among `checks` or `packages`, or fix groups
  bool check_rest = false;
};

constexpr size_t kTextDimensions = 11;

}  // namespace

struct SelectorIndex::Impl {
  std::vector<Entry> entries;
  // By name: selectors that can only match findings with that name.
  std::unordered_map<std::string_view, std::vector<uint32_t>> by_name;
  std::unordered_map<std::string_view, std::vector<uint32_t>> by_package;
  std::unordered_map<std::string_view, std::vector<uint32_t>> by_finding;
  std::vector<uint32_t> open;  // the others; bits count in this list
  std::array<TextDimension, kTextDimensions> texts;
  SmallDimension<model::kSeverityCount> severity;
  SmallDimension<2> kev;
  SmallDimension<2> fixable;
  SmallDimension<2> is_new;
  Bits bits;                         // scratch
  std::vector<uint32_t> candidates;  // scratch

  void AddAnchored(uint32_t id, const Selector& selector);
  void SealOpen();
  void Find(std::string_view name,
            const std::unordered_map<std::string_view, std::vector<uint32_t>>& table);
  void FindNamed(const model::Finding& finding);
  void And(const Bits& other) {
    for (size_t i = 0; i < bits.size(); ++i) bits[i] &= other[i];
  }
  void Intersect(const Facts& facts);
};

namespace {

bool AllExact(const std::vector<std::string>& names) {
  return std::none_of(names.begin(), names.end(), internal::IsGlob);
}
bool AllExact(const std::vector<PackagePattern>& patterns) {
  return std::none_of(patterns.begin(), patterns.end(),
                      [](const PackagePattern& p) { return internal::IsGlob(p.purl); });
}

bool IsAnchored(const Selector& selector) {
  return !selector.findings.empty() || !selector.issues.empty() ||
         (!selector.checks.empty() && AllExact(selector.checks)) ||
         (!selector.packages.empty() && AllExact(selector.packages));
}

std::array<const std::vector<std::string>*, kTextDimensions> ListsOf(const Selector& selector) {
  return {&selector.classes,      &selector.namespaces, &selector.kinds,
          &selector.stages,       &selector.ssvc,       &selector.exposure,
          &selector.reachability, &selector.clusters,   &selector.environments,
          &selector.applications, &selector.fix_groups};
}

std::array<std::string_view, kTextDimensions> ValuesOf(const Facts& facts) {
  const model::Finding& finding = *facts.finding;
  return {model::FindingClassName(finding.finding_class),
          finding.resource.namespace_name,
          finding.resource.kind,
          finding.stage,
          facts.ssvc,
          facts.exposure,
          facts.reachability,
          facts.cluster,
          facts.environment,
          facts.application,
          facts.fix_group};
}

template <size_t kCount>
void Allow(SmallDimension<kCount>& dimension, size_t value, size_t index, bool allowed) {
  if (allowed) {
    SetBit(dimension.allowed[value], index);
  } else {
    dimension.active = true;
  }
}

}  // namespace

SelectorIndex::SelectorIndex() : impl_(std::make_unique<Impl>()) {}
SelectorIndex::~SelectorIndex() = default;
SelectorIndex::SelectorIndex(SelectorIndex&&) noexcept = default;

void SelectorIndex::Impl::AddAnchored(uint32_t id, const Selector& selector) {
  if (!selector.findings.empty()) {
    for (const std::string& finding : selector.findings) by_finding[finding].push_back(id);
  } else if (!selector.issues.empty()) {
    for (const std::string& issue : selector.issues) by_finding[issue].push_back(id);
  } else if (!selector.checks.empty() && AllExact(selector.checks)) {
    for (const std::string& name : selector.checks) by_name[name].push_back(id);
  } else {
    for (const PackagePattern& pattern : selector.packages) by_package[pattern.purl].push_back(id);
  }
}

void SelectorIndex::Add(const Selector& selector, bool closed) {
  Entry entry;
  entry.selector = &selector;
  entry.closed = closed;
  entry.check_names =
      !selector.checks.empty() || !selector.packages.empty() || !selector.fix_groups.empty();
  entry.check_rest = internal::NeedsRest(selector);
  const auto id = static_cast<uint32_t>(impl_->entries.size());
  impl_->entries.push_back(entry);
  if (IsAnchored(selector)) {
    impl_->AddAnchored(id, selector);
  } else {
    impl_->open.push_back(id);
  }
}

void SelectorIndex::Seal() {
  impl_->SealOpen();
}

void SelectorIndex::Impl::SealOpen() {
  const size_t words = (open.size() + kWordBits - 1) / kWordBits;
  bits.assign(words, 0);
  for (Bits& one : severity.allowed) one.assign(words, 0);
  for (auto* dimension : {&kev, &fixable, &is_new}) {
    for (Bits& one : dimension->allowed) one.assign(words, 0);
  }
  for (size_t i = 0; i < open.size(); ++i) {
    const Selector& selector = *entries[open[i]].selector;
    const auto lists = ListsOf(selector);
    for (size_t d = 0; d < kTextDimensions; ++d) texts[d].Restrict(i, *lists[d]);
    for (size_t s = 0; s < severity.allowed.size(); ++s) {
      const auto value = static_cast<model::Severity>(s);
      Allow(severity, s, i, !selector.severity_min || value >= *selector.severity_min);
    }
    for (size_t flag = 0; flag < 2; ++flag) {
      Allow(kev, flag, i, !selector.kev || *selector.kev == (flag == 1));
      Allow(fixable, flag, i, !selector.fixable || *selector.fixable == (flag == 1));
      Allow(is_new, flag, i, !selector.is_new || *selector.is_new == (flag == 1));
    }
  }
  for (TextDimension& dimension : texts) dimension.Seal(open.size());
}

void SelectorIndex::Impl::Find(
    std::string_view name,
    const std::unordered_map<std::string_view, std::vector<uint32_t>>& table) {
  if (name.empty()) return;
  const auto found = table.find(name);
  if (found == table.end()) return;
  candidates.insert(candidates.end(), found->second.begin(), found->second.end());
}

void SelectorIndex::Impl::FindNamed(const model::Finding& finding) {
  if (!by_finding.empty()) {
    Find(finding.id, by_finding);
    Find(finding.issue, by_finding);
  }
  if (!by_name.empty()) {
    Find(finding.check, by_name);
    Find(finding.concept_name, by_name);
    for (const std::string& alias : finding.aliases) Find(alias, by_name);
    if (finding.vuln) {
      Find(finding.vuln->id, by_name);
      for (const std::string& alias : finding.vuln->aliases) Find(alias, by_name);
    }
  }
  if (!by_package.empty() && finding.package) {
    const internal::PackageNames names = internal::PackageNames::Of(*finding.package);
    for (const std::string_view name : {names.base, names.full, names.name}) Find(name, by_package);
  }
}

// Bits of the open selectors that allow all values of the finding.
void SelectorIndex::Impl::Intersect(const Facts& facts) {
  bits = severity.allowed[static_cast<size_t>(facts.finding->severity)];
  if (kev.active) And(kev.allowed[facts.kev ? 1 : 0]);
  if (fixable.active) And(fixable.allowed[facts.fixable ? 1 : 0]);
  if (is_new.active) And(is_new.allowed[facts.is_new ? 1 : 0]);
  const auto values = ValuesOf(facts);
  for (size_t d = 0; d < kTextDimensions; ++d) {
    if (texts[d].IsActive()) And(texts[d].Of(values[d]));
  }
}

void SelectorIndex::Match(const Facts& facts, UnixSeconds now, ConditionRunner& runner,
                          std::vector<SelectorMatch>& out) {
  Impl& impl = *impl_;
  const size_t first = out.size();
  impl.candidates.clear();
  impl.FindNamed(*facts.finding);
  std::sort(impl.candidates.begin(), impl.candidates.end());
  impl.candidates.erase(std::unique(impl.candidates.begin(), impl.candidates.end()),
                        impl.candidates.end());
  for (const uint32_t id : impl.candidates) {
    const Entry& entry = impl.entries[id];
    SelectorMatch match{id, Specificity::kNone, false};
    match.specificity =
        MatchSelector(*entry.selector, entry.closed, facts, now, runner, match.uncertain);
    if (match.specificity != Specificity::kNone) out.push_back(match);
  }
  const size_t middle = out.size();
  if (!impl.open.empty()) impl.Intersect(facts);
  for (size_t word = 0; !impl.open.empty() && word < impl.bits.size(); ++word) {
    for (uint64_t rest = impl.bits[word]; rest != 0; rest &= rest - 1) {
      const size_t at = word * kWordBits + static_cast<size_t>(__builtin_ctzll(rest));
      const uint32_t id = impl.open[at];
      const Entry& entry = impl.entries[id];
      SelectorMatch match{id, Specificity::kClass, false};
      if (entry.check_names) {
        match.specificity =
            MatchSelector(*entry.selector, entry.closed, facts, now, runner, match.uncertain);
      } else if (entry.check_rest && !internal::MatchRest(*entry.selector, entry.closed, facts, now,
                                                          runner, match.uncertain)) {
        continue;
      }
      if (match.specificity != Specificity::kNone) out.push_back(match);
    }
  }
  const auto by_selector = [](const SelectorMatch& a, const SelectorMatch& b) {
    return a.selector < b.selector;
  };
  const auto begin = out.begin() + static_cast<std::ptrdiff_t>(first);
  if (first != middle && middle != out.size()) {
    std::inplace_merge(begin, out.begin() + static_cast<std::ptrdiff_t>(middle), out.end(),
                       by_selector);
  }
}

std::string_view SpecificityTitle(Specificity specificity) {
  switch (specificity) {
    case Specificity::kNone:
      return "the threshold";
    case Specificity::kClass:
      return "a rule by severity or scope";
    case Specificity::kComponent:
      return "a rule by component";
    case Specificity::kConcept:
      return "a rule by concept";
    case Specificity::kIdentifier:
      return "a rule by identifier";
  }
  return "a rule";
}

std::string_view SpecificityName(Specificity specificity) {
  switch (specificity) {
    case Specificity::kNone:
      return "default";
    case Specificity::kClass:
      return "class";
    case Specificity::kComponent:
      return "component";
    case Specificity::kConcept:
      return "concept";
    case Specificity::kIdentifier:
      return "identifier";
  }
  return "default";
}

}  // namespace ouro::gate
