// The canonical JSON of a policy: the same values give the same bytes, and policy_reader.h reads
// them back to the same policy.
#pragma once

#include <string>

#include "gate/policy.h"

namespace ouro::gate {

// Keys as in docs/formats/policy.md. `with_origins`: where each rule and level stands, too.
void AppendPolicy(std::string& out, const Policy& policy, bool with_origins);

// SHA-256 of the canonical JSON without origins, 64 hexadecimal digits: moving a rule to another
// line does not change it.
std::string PolicyHash(const Policy& policy);

}  // namespace ouro::gate
