// The rules of one check as the expressions of a policy. Internal to the export.
//
// A subject of a check becomes a loop, and the names that the check knows become loop variables, so
// that its expressions stand in the policy as they are:
//
//   variables.pods.all(pod,
//     ['containers', 'initContainers', 'ephemeralContainers'].all(containerType,
//       pod.?spec[?containerType].orValue([]).all(container,
//         EXPR)))
//
// `when` becomes `(WHEN) ? (EXPR) : true`, which errs where WHEN errs: `!(WHEN) || EXPR` would
// forget the error when EXPR is true, and an error is never a pass.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "rules/policy_export.h"
#include "rules/policy_export_kinds.h"
#include "rules/policy_export_spec.h"
#include "rules/selection.h"

namespace ouro::rules {

// Fills resources, match_conditions, variables and validations of a policy. `kinds` are all kinds
// that it matches. kUnsupported with the reason when the check cannot be said in a policy.
struct ExportExpressions {
  ExportSpec spec;
  ExportKinds kinds;
};
Result<ExportExpressions> ExpressionsOf(const SelectedCheck& selected,
                                        const ExportOptions& options);

}  // namespace ouro::rules
