// Which selectors match a finding, found through indexes instead of one by one.
//
// A selector that names exact identifiers, fingerprints, issues or packages is looked up by them.
// The others are held as bits: for each value of a finding (its severity, class, namespace, …) the
// set of selectors that allow it is known, and the sets are intersected; what has no such value
// (scores, ages, labels, expressions, patterns of names) is checked one by one for what remains.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gate/condition.h"
#include "gate/facts.h"
#include "gate/policy.h"

namespace ouro::gate {

// How exactly a selector names a finding; in order of precedence.
enum class Specificity : uint8_t { kNone, kClass, kComponent, kConcept, kIdentifier };
// "a rule by identifier", …; kNone: "the threshold".
std::string_view SpecificityTitle(Specificity specificity);
std::string_view SpecificityName(Specificity specificity);  // "identifier", "concept", …, "default"

struct SelectorMatch {
  uint32_t selector = 0;  // index in the order of Add()
  Specificity specificity = Specificity::kNone;
  bool uncertain = false;  // the expression could not be evaluated; counts as a match
  bool operator==(const SelectorMatch&) const = default;
};

// Holds pointers to the selectors, which must outlive it. Matching keeps what it has learnt of
// values, so one index serves one thread.
class SelectorIndex {
 public:
  SelectorIndex();
  ~SelectorIndex();
  SelectorIndex(SelectorIndex&&) noexcept;

  // `closed`: an expression that cannot be evaluated and a version that is not known count as a
  // match (rules that block); else as none.
  void Add(const Selector& selector, bool closed);
  // After the last Add().
  void Seal();
  // Appends the matches to `out` in order of their selectors. `runner` has the finding set.
  void Match(const Facts& facts, UnixSeconds now, ConditionRunner& runner,
             std::vector<SelectorMatch>& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The plain meaning of a selector, without any index. `uncertain` is set as in SelectorMatch.
// Returns kNone where it does not match.
Specificity MatchSelector(const Selector& selector, bool closed, const Facts& facts,
                          UnixSeconds now, ConditionRunner& runner, bool& uncertain);

}  // namespace ouro::gate
