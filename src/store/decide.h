// What people decide about issues, and what the clock ends. Private to store.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "store/core.h"
#include "store/store.h"

namespace ouro::store {

// Both need a write transaction that is open.
Result<int64_t> ApplyDecision(Core& core, const std::vector<std::string>& ids,
                              const Decision& decision, int64_t now);
Result<std::vector<std::string>> ExpireAcceptances(Core& core, int64_t now);

}  // namespace ouro::store
