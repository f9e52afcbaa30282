// Findings in the JSON of docs/formats/finding.md → values. Reads what the gate looks at: identity,
// place, judgement, state; descriptions and references are left out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gate/facts.h"
#include "io/tree.h"

namespace ouro::gate {

// Unknown members are ignored (a report may hold more than the gate reads); known ones of the wrong
// type, and missing ones (check, severity), are kInvalid. `index`: for messages, "findings[3]".
Result<InputFinding> ReadFinding(const io::NodeView& map, size_t index);

// The canonical JSON of what ReadFinding reads: the same values give the same bytes.
void AppendFinding(std::string& out, const InputFinding& input);

// A report of ours: the document `ouro/finding/v1`, a list of findings, or one finding a line.
struct FindingReport {
  std::vector<InputFinding> findings;
  int64_t not_examined = 0;  // `summary.not_examined`
  std::string started;       // `run.started`, RFC 3339; empty: unknown
  bool is_report = false;    // it has the form of a report; false for bare findings
};
Result<FindingReport> ReadFindingReport(std::string source, std::string_view name);

}  // namespace ouro::gate
