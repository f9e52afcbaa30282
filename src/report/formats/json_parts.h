// The parts of a finding that few findings have, as JSON members. Private to the report formats.
#pragma once

#include <string>

#include "model/finding.h"
#include "report/json_text.h"

namespace ouro::report {

// Appends `package`, `image`, `vuln`, `origin`, `asset` and the members of the judgement
// (`priority`, `outcome`, `exposure`, `reachability`, `why`), each where the finding has it.
void AppendParts(std::string& out, JsonScope& scope, const model::Finding& finding);

}  // namespace ouro::report
