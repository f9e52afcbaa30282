// Which fields of an object a set of rules can read at all. What no rule reads need not be parsed,
// and two objects that differ only there have the same verdict: that is what makes a thousand
// replicas of one workload one judgement. Internal to this module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_set.h"

namespace ouro::engine {

// A path from the object's root that an expression reads.
struct FieldRead {
  std::vector<std::string> steps;
  bool presence_only = false;  // has(): the field itself, nothing below it
};

// Immutable after construction.
class FieldUse {
 public:
  // Of the rules that apply to objects of this kind. Exact for constant paths; where an expression
  // does anything else with a value (passes it to a function, walks its entries, indexes it by
  // something computed), everything below that value counts as read.
  FieldUse(const rules::RuleSet& rules, std::string_view api_version, std::string_view kind);

  // Whether a rule may read the field at `path`, something below it, or a map that holds it.
  bool Reads(const std::vector<std::string_view>& path) const;
  // Whether the text of some expression holds `words`.
  bool Mentions(std::string_view words) const { return texts_.find(words) != std::string::npos; }

 private:
  std::vector<FieldRead> reads_;
  std::string texts_;  // of all expressions, one a line
};

// Does a rule with this match look at objects of that kind? As rules::RuleRunner decides it.
bool MatchesKind(const rules::Match& match, std::string_view api_version, std::string_view kind);

}  // namespace ouro::engine
