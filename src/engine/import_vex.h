// VEX statements of imported documents become decisions on the issues they speak of. Private to the
// engine.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/vex.h"
#include "store/store.h"

namespace ouro::engine {

// Decides issues whose findings are all called not affected (or fixed in that very version) by the
// statement that holds, and that nobody has decided yet: status not_affected, with justification,
// author and document as the reason. Gives how many issues changed.
Result<int64_t> DecideByVex(const std::vector<model::VexStatement>& statements, store::Store& store,
                            UnixSeconds now);

}  // namespace ouro::engine
