// Parts of matching that the index and the plain form share. Private to the gate.
#pragma once

#include <string_view>

#include "gate/selector_index.h"

namespace ouro::gate::internal {

// Views of a package: its URL with and without version (no qualifiers), its name.
struct PackageNames {
  std::string_view base;
  std::string_view full;
  std::string_view name;
  std::string_view version;
  std::string_view type;
  static PackageNames Of(const model::Package& package);
};

bool IsGlob(std::string_view text);
bool AnyMatches(const std::vector<std::string>& globs, std::string_view text);
Specificity NameMatch(std::string_view name, const model::Finding& finding);
Specificity PackageMatch(const PackagePattern& pattern, bool closed, const PackageNames& names);

// Scores, ages, labels and the expression.
bool MatchRest(const Selector& selector, bool closed, const Facts& facts, UnixSeconds now,
               ConditionRunner& runner, bool& uncertain);
bool NeedsRest(const Selector& selector);  // is any of those set?

}  // namespace ouro::gate::internal
