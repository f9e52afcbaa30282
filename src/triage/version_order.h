// Order of versions, as far as triage needs one, and version ranges. The real order of each
// ecosystem is given by the caller.
#pragma once

#include <string_view>

namespace ouro::triage {

// -1, 0, 1: order of two versions of an ecosystem (purl type). Must be a total order.
using VersionOrder = int (*)(std::string_view type, std::string_view a, std::string_view b);

// Compares runs of digits as numbers and all else as bytes; a version that goes on is the later
// one, except after '-' or '~' (a pre-release).
int NaturalVersionOrder(std::string_view type, std::string_view a, std::string_view b);

// Does `version` lie in `range`? Two forms: "vers:npm/>=1.0.0|<2.0.0" (the vers specification) and
// constraints separated by commas that must all hold ("< 1.2.3, >= 1.0.0"). "*" holds always. False
// for an empty version and for a range that cannot be read.
bool InVersionRange(VersionOrder order, std::string_view type, std::string_view version,
                    std::string_view range);

}  // namespace ouro::triage
