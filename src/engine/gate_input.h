// Where the gate's findings come from: a store or a report. docs/user/gate.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "gate/decision.h"
#include "store/store.h"

namespace ouro::engine {

// Takes all findings that are seen now, and says what is known of the data: there are none where no
// import could have seen the subject. Issues that people have decided (false positive, not
// affected, duplicate, out of scope, accepted until a date) count as suppressed by that decision;
// an acceptance does so only where the policy does not ask for approvals of exceptions. Sets
// findings and data of the request, whose policy, subject and now must be set.
Status AddStoredFindings(store::Store& store, gate::Request& request);

// Adds the findings of a report of ours (JSON or NDJSON); `source`: its bytes.
Status AddReportedFindings(std::string source, std::string_view name, gate::Request& request);

}  // namespace ouro::engine
