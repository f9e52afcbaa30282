// Lengths of time as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ouro::calendar {

// Seconds of "90s", "30m", "4h", "2d", "1w", several of them from large to small ("1d12h",
// "1h30m"), or of RFC 5545 §3.3.6 ("PT4H30M", "P1D", "P2W"). Elapsed time: a day is 86,400 seconds
// whatever the clocks do. kParse for anything else, also for a number without unit and for negative
// lengths; kLimit above 100 years.
Result<int64_t> ParseDuration(std::string_view text);

// "1d12h", "0s": the shortest form that ParseDuration reads back. `seconds` ≥ 0.
std::string FormatDuration(int64_t seconds);

}  // namespace ouro::calendar
