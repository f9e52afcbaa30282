// Values are two words that travel in registers. g++ 12 likes to gather them in a vector register
// on the way, through memory, where a load of both waits for the two stores: several times the cost
// of the operation itself. perf/cel_bench.cc shows the difference.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-slp-vectorize")
#endif

#include <algorithm>
#include <array>

#include "rules/cel.h"
#include "rules/cel_machine.h"
#include "rules/cel_program.h"

namespace ouro::rules {

struct Evaluator::Impl {
  Impl(std::shared_ptr<const Program> evaluated, const io::KeyTable& keys)
      : program(std::move(evaluated)),
        code(program->impl()),
        levels(Levels(program->environment())),
        globals(code.unbound),
        locals(code.local_count + 1),
        shared(code.shared_count + 1),
        machine(keys) {
    machine.globals = globals.data();
    machine.locals = locals.data();
    machine.shared = shared.data();
    machine.times = times.data();
    machine.cost_limit = code.cost_limit;
    machine.plain = program->environment().options().plain_cel;
    ForgetShared();
  }

  static std::vector<int> Levels(const Environment& environment) {
    std::vector<int> levels;
    for (const VariableInfo& variable : environment.impl().variables) {
      levels.push_back(std::clamp(variable.level, 0, 2));
    }
    return levels;
  }

  void ForgetShared() {
    ++machine.counter;
    times.fill(machine.counter);
  }

  std::shared_ptr<const Program> program;
  const Program::Impl& code;
  std::vector<int> levels;
  std::vector<Value> globals;
  std::vector<Value> locals;
  std::vector<SharedValue> shared;
  std::array<uint64_t, kTimeCount> times{};
  Machine machine;
};

Evaluator::Evaluator(std::shared_ptr<const Program> program, const io::KeyTable& keys)
    : impl_(std::make_unique<Impl>(std::move(program), keys)) {}
Evaluator::~Evaluator() = default;

void Evaluator::Bind(int variable, const Value& value) {
  if (variable < 0) return;  // VariableIndex() of a name that is not declared
  const size_t index = static_cast<size_t>(variable);
  impl_->globals[index] = value;
  Machine& m = impl_->machine;
  ++m.counter;
  for (size_t level = static_cast<size_t>(impl_->levels[index]); level < 3; ++level) {
    m.times[level] = m.counter;
  }
}

Value Evaluator::Run(int entry) {
  Machine& m = impl_->machine;
  const Op* op = impl_->code.entries[static_cast<size_t>(entry)];
  m.steps = kStepCount;
  m.cost = 0;
  const Value result = EvalOp(op, m);
  if (!m.stopped) return result;
  m.stopped = false;
  // Values computed while everything was being given up are worth nothing.
  impl_->ForgetShared();
  return m.stop_error;
}

uint64_t Evaluator::cost() const {
  return impl_->code.cost_limit == 0 ? 0 : impl_->machine.cost;
}

void Evaluator::Reset() {
  impl_->globals = impl_->code.unbound;
  impl_->machine.globals = impl_->globals.data();
  impl_->machine.arena.Reset();
  impl_->ForgetShared();
}

Arena& Evaluator::arena() {
  return impl_->machine.arena;
}

}  // namespace ouro::rules
