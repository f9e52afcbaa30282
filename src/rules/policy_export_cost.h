// Proves and measures an exported policy on the examples of its check. Internal to the export.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "rules/policy_export.h"
#include "rules/policy_export_kinds.h"
#include "rules/policy_export_run.h"
#include "rules/selection.h"

namespace ouro::rules {

// An object of an example.
struct SampleObject {
  std::string json;
  std::string group;
  std::string kind;
};

// Objects of the check's examples that `kinds` hold, each once; those of aliases too. When there
// are none and the check is about pods, one pod of ours.
std::vector<SampleObject> SamplesOf(const SelectedCheck& selected, const ExportKinds& kinds);

// Fails (kUnsupported) with the first sample of which the policy does not say what the check says:
// good, bad or error.
Status ProveSame(const SelectedCheck& selected, int kubernetes_minor,
                 const std::vector<SampleObject>& samples, ExportProgram& program);

// Lets lists and texts of the samples grow to what fits into a request. kUnsupported when the
// budget ends before limits::kExportListSize items or limits::kExportTextSizeBytes bytes of text:
// real objects are that large.
Result<ExportCost> MeasureCost(const SelectedCheck& selected,
                               const std::vector<SampleObject>& samples, ExportProgram& program);

}  // namespace ouro::rules
