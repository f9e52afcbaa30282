// The machine contract of `ouro rule check --batch`: one JSON line in, one JSON line out.
// docs/formats/rule-check.md documents both.
#pragma once

#include <string>
#include <string_view>

namespace ouro::rules {

// The answer to one request line, without line end: {"results":[…]}, one result a rule in order. A
// request that cannot be read is answered with {"request_error": "…"}.
std::string CheckBatchLine(std::string_view line);

}  // namespace ouro::rules
