// Applies what people wrote beside their objects. Internal to this module.
#pragma once

#include <span>
#include <vector>

#include "base/clock.h"
#include "model/finding.h"
#include "scan/suppression.h"

namespace ouro::engine {

// Marks the findings of one object that the suppressions cover; the first that covers one wins.
// What an expired one would have covered is one warning in `problems`.
void ApplyInlineSuppressions(std::span<model::Finding> findings,
                             std::span<const scan::InlineSuppression> suppressions, UnixSeconds now,
                             std::vector<model::Problem>& problems);

}  // namespace ouro::engine
