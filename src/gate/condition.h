// CEL conditions of selectors (`when`): compiled once, run with a cost limit.
//
// An expression sees `finding` (a map, docs/formats/policy.md lists its keys; all are always there,
// unknown ones with a neutral value), `subject` (a map) and `now` (a timestamp).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "gate/facts.h"
#include "gate/subject.h"
#include "rules/cel.h"

namespace ouro::gate {

// Immutable; may be shared by threads.
class Condition {
 public:
  // kParse or kInvalid with "line:column" inside the expression. It must give a bool.
  static Result<std::shared_ptr<const Condition>> Compile(std::string_view expression);

 private:
  friend class ConditionRunner;
  io::KeyTable keys_;
  std::shared_ptr<const rules::Program> program_;
  int entry_ = 0;
};

enum class Answer : uint8_t { kNo, kYes, kError };

// Runs conditions for one finding after the other. One per thread and decision.
class ConditionRunner {
 public:
  // `subject` must outlive the runner.
  ConditionRunner(const Subject& subject, UnixSeconds now);
  ~ConditionRunner();
  ConditionRunner(const ConditionRunner&) = delete;
  ConditionRunner& operator=(const ConditionRunner&) = delete;

  // Which finding the next Run() calls are about. Must outlive them.
  void SetFinding(const Facts& facts);
  // kError: it could not be evaluated, or cost more than limits::kCelCallCostLimit.
  Answer Run(const Condition& condition);

 private:
  const Subject& subject_;
  UnixSeconds now_;
  const Facts* facts_ = nullptr;
  int64_t turn_ = 0;         // counts findings
  int64_t built_turn_ = -1;  // of `finding_`
  rules::Arena arena_;
  rules::Value finding_;
  struct Bound {
    std::unique_ptr<rules::Evaluator> evaluator;
    int64_t turn = -1;  // finding that is bound
  };
  std::map<const Condition*, Bound> evaluators_;
};

}  // namespace ouro::gate
