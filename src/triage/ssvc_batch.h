// The machine contract of `ouro db ssvc --batch`. docs/formats/priority.md describes it.
#pragma once

#include <string>
#include <string_view>

namespace ouro::triage {

// {"table": "bod-26-04", "inputs": {"in kev": "no", …}} → {"outcome": "60 days"}, with "assumed":
// the names of inputs that were not given, when there are any; {"error": "…"} for what is no
// request.
std::string SsvcBatchLine(std::string_view line);

}  // namespace ouro::triage
