// The machine contract of `ouro rule eval --batch`: one JSON line in, one JSON line out.
// docs/formats/rule-eval.md documents both.
#pragma once

#include <string>
#include <string_view>

namespace ouro::rules {

// The answer to one request line, without line end. Never fails: a request that cannot be read is
// answered with {"request_error": "…"}.
std::string EvalBatchLine(std::string_view line);

}  // namespace ouro::rules
