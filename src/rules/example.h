// Runs the examples of checks: every check file proves itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/check.h"

namespace ouro::rules {

struct ExampleResult {
  std::string check;  // id
  std::string file;   // check file
  int64_t line = 0;   // of the example in its file
  std::string name;   // the example's name, or "pass 1", "fail 2", …
  bool agrees = false;
  std::string reason;  // empty when it agrees: what came instead of what was expected
};

// One result per example, in order. A check that does not compile, or an example that cannot be
// read, gives results that do not agree. An example agrees when
// - pass: its check finds nothing and does not err in any object of it;
// - fail: its check finds something, exactly `count` things where the example says so, one of them
// at
//   `at` where it says so, and nothing errs.
// All documents of an example are one run: RBAC objects among them are the inventory. The fix of
// every failing example is checked elsewhere (fix module).
std::vector<ExampleResult> RunExamples(const Check& check);

}  // namespace ouro::rules
