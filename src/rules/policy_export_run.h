// An exported policy compiled as the API server compiles it, to judge objects and to count what
// that costs. Internal to the export.
//
// The environment is that of k8s.io/apiserver pkg/admission/plugin/cel for new expressions: object
// and oldObject are dyn, `variables` has the types deduced for the variables before, functions are
// those of one minor before the server's (DefaultCompatibilityVersion: what is new can be rolled
// back). Validations must be of type bool and message expressions of type string.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/tree.h"
#include "rules/cel.h"
#include "rules/policy_export_spec.h"

namespace ouro::rules {

struct ExportOutcome {
  enum class Verdict : uint8_t { kPass, kFail, kError };
  Verdict verdict = Verdict::kPass;  // kError when any validation errs
  std::string text;                  // messages of failing validations, or the error
  uint64_t highest = 0;              // cost of the costliest expression that the verdict needs
  // Cost of all expressions and variables, message expressions included: the API server evaluates
  // these for good objects too, and the variables they use a second time.
  uint64_t total = 0;

  bool WithinBudget() const;
};

class ExportProgram {
 public:
  // Compiles everything in `spec`, also the match conditions. A validation of type dyn gets the
  // form `(…) && true`, which is of type bool. kUnsupported with the place and the reason for what
  // an API server of that minor would refuse.
  static Result<std::unique_ptr<ExportProgram>> Compile(ExportSpec& spec, int kubernetes_minor);
  ~ExportProgram();

  // Judges the CREATE of an object; no match condition is asked. Nulls are absent.
  ExportOutcome Judge(std::string json);

 private:
  struct Impl;
  explicit ExportProgram(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ouro::rules
