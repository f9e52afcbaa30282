// Graph → operations. Nodes stand after their operands in the graph, and so do operations.

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "rules/cel_program.h"

namespace ouro::rules {

namespace {

// Nodes that depend on more loop variables than can be told apart are never kept.
constexpr uint64_t kUntracked = uint64_t{1} << 63;

bool IsLiteral(NodeOp op) {
  return op == NodeOp::kList || op == NodeOp::kMap || op == NodeOp::kStruct;
}
bool IsLoop(NodeOp op) {
  return op >= NodeOp::kAll && op <= NodeOp::kTransformMapEntry;
}

class Layout {
 public:
  Layout(std::unique_ptr<Graph> graph, const std::vector<uint32_t>& entries,
         const Environment& environment)
      : program_(std::make_unique<Program::Impl>()),
        graph_(*graph),
        entries_(entries),
        track_(environment.options().call_cost_limit != 0) {
    program_->graph = std::move(graph);
    program_->cost_limit = environment.options().call_cost_limit;
    for (const VariableInfo& variable : environment.impl().variables) {
      program_->unbound.push_back(
          graph_.arena().NewError(fmt::format("no such attribute(s): {}", variable.name)));
    }
  }

  std::unique_ptr<Program::Impl> Run() {
    CountUses();
    Place();
    for (uint32_t i = 0; i < graph_.count(); ++i) {
      if (uses_[i] > 0) Emit(i);
    }
    for (uint32_t entry : entries_) program_->entries.push_back(ValueOf(entry));
    return std::move(program_);
  }

 private:
  template <typename Visit>
  void VisitOperands(const Node& node, Visit visit) {
    for (uint32_t operand : {node.a, node.b, node.c}) {
      if (operand != kNoOperand) visit(operand);
    }
    for (uint32_t arg : graph_.args(node)) visit(arg);
  }

  void CountUses() {
    uses_.assign(graph_.count(), 0);
    for (uint32_t entry : entries_) ++uses_[entry];
    for (uint32_t i = graph_.count(); i > 0; --i) {
      if (uses_[i - 1] == 0) continue;
      VisitOperands(graph_.node(i - 1), [&](uint32_t operand) { ++uses_[operand]; });
    }
  }

  bool IsShared(uint32_t index) const {
    const Node& node = graph_.node(index);
    if (track_ || uses_[index] < 2 || (node.depends & kUntracked) != 0) return false;
    switch (node.op) {
      case NodeOp::kConstant:
      case NodeOp::kGlobal:
      case NodeOp::kLocal:
      case NodeOp::kLazyLocal:
      case NodeOp::kNot:
        return false;
      case NodeOp::kHas:
        return !IsShared(node.a);
      default:
        return true;
    }
  }

  // Positions first: operations point at each other, so the array must not move.
  void Place() {
    first_op_.assign(graph_.count(), 0);
    uint32_t count = 0;
    size_t args = 0;
    for (uint32_t i = 0; i < graph_.count(); ++i) {
      if (uses_[i] == 0) continue;
      first_op_[i] = count;
      count += IsShared(i) ? 2U : 1U;
      args += graph_.node(i).arg_count;
    }
    program_->ops.resize(count);
    program_->args.reserve(args);
  }

  // The operation that others use: the one that keeps the value, when the node is shared.
  const Op* ValueOf(uint32_t index) const {
    return &program_->ops[first_op_[index] + (IsShared(index) ? 1 : 0)];
  }
  const Op* OperandOf(uint32_t index) const {
    return index == kNoOperand ? nullptr : ValueOf(index);
  }

  static uint32_t TimeOf(uint64_t depends) {
    return depends == 0 ? kConstantTime : static_cast<uint32_t>(63 - std::countl_zero(depends));
  }

  void Emit(uint32_t index) {
    const Node& node = graph_.node(index);
    Op& op = program_->ops[first_op_[index]];
    op.a = OperandOf(node.a);
    op.b = OperandOf(node.b);
    op.c = OperandOf(node.c);
    op.key = node.key;
    op.slot = node.slot;
    op.aux = node.aux;
    op.value = node.value;
    SetArgs(op, node);
    Entries entries = EntriesOf(node, track_);
    if (IsLoop(node.op)) entries = LoopEntriesOf(node, track_);
    if (IsLiteral(node.op)) entries = LiteralEntriesOf(node, track_);
    op.eval = entries.eval;
    op.test = entries.test;
    if (node.op == NodeOp::kField || node.op == NodeOp::kOptionalField) SetField(op, node);
    if (node.op == NodeOp::kHas) SetHas(op, node);
    if (node.op == NodeOp::kCall) SetCall(op, node);
    if (node.op == NodeOp::kStruct) op.data = node.data;
    if (node.op == NodeOp::kEqual || node.op == NodeOp::kNotEqual) SetEquality(op, node);
    if (IsLoop(node.op) || node.op == NodeOp::kBind) SetLoop(op, node);
    if (IsShared(index)) EmitShared(index, node);
  }

  void EmitShared(uint32_t index, const Node& node) {
    Op& keeper = program_->ops[first_op_[index] + 1];
    const Entries entries = SharedEntries(node.op);
    keeper.eval = entries.eval;
    keeper.test = entries.test;
    keeper.a = &program_->ops[first_op_[index]];
    keeper.key = TimeOf(node.depends);
    keeper.slot = program_->shared_count++;
  }

  void SetArgs(Op& op, const Node& node) {
    const std::span<const uint32_t> args = graph_.args(node);
    op.args = program_->args.data() + program_->args.size();
    op.count = static_cast<uint32_t>(args.size());
    for (uint32_t arg : args) program_->args.push_back(ValueOf(arg));
    if (node.aux == 0 ||
        (node.op != NodeOp::kList && node.op != NodeOp::kMap && node.op != NodeOp::kStruct)) {
      return;
    }
    const std::vector<bool>& marks = graph_.marks(node.aux);
    program_->marks.push_back(std::make_unique<bool[]>(marks.size()));
    std::copy(marks.begin(), marks.end(), program_->marks.back().get());
    op.optionals = program_->marks.back().get();
  }

  void SetField(Op& op, const Node& node) {
    op.name = node.value;
    // The address of this text tells "this field is missing" from errors of the operand.
    op.value = graph_.arena().NewError(fmt::format("no such key: {}", node.value.str()));
    if (track_ || node.op == NodeOp::kOptionalField) return;
    const Entries entries = FieldEntriesOf(op, graph_.node(node.a), IsShared(node.a));
    op.eval = entries.eval;
    op.test = entries.test;
  }

  void SetHas(Op& op, const Node& node) {
    op.b = &program_->ops[first_op_[node.a]];
    if (track_) return;
    const Entries entries = HasEntriesOf(op, IsShared(node.a));
    op.eval = entries.eval;
    op.test = entries.test;
  }

  void SetEquality(Op& op, const Node& node) {
    if (track_) return;
    uint32_t constant = node.b;
    uint32_t other = node.a;
    if (graph_.node(other).op == NodeOp::kConstant) std::swap(constant, other);
    if (graph_.node(constant).op != NodeOp::kConstant) return;
    const Value& value = graph_.node(constant).value;
    Op faster = op;
    faster.a = ValueOf(other);
    const Entries entries = EqualityEntriesOf(faster, node.op == NodeOp::kNotEqual, value);
    if (entries.eval == nullptr) return;
    op = faster;
    op.eval = entries.eval;
    op.test = entries.test;
    op.value = value;
  }

  void SetLoop(Op& op, const Node& node) {
    op.key = std::min<uint32_t>(3 + node.slot, 63);
    op.aux = node.two_variables ? kLoopTwoVariables : 0;
    if (node.op == NodeOp::kCollect && graph_.node(node.b).op == NodeOp::kConstant &&
        !graph_.node(node.b).value.is_error()) {
      op.aux |= kLoopConstantBody;
    }
    program_->local_count = std::max(program_->local_count, node.slot + 2);
  }

  void SetCall(Op& op, const Node& node) {
    const CallTarget& target = *static_cast<const CallTarget*>(node.data);
    if (!track_ && target.name == "matches" && op.count == 2 && SetPattern(op, node)) return;
    if (!track_ && op.count == 2 && target.candidates.size() == 1 && SetText(op, node, target))
      return;
    auto plan = std::make_unique<CallPlan>();
    plan->name = target.name;
    plan->resolved = target.resolved;
    for (const CallCandidate& candidate : target.candidates) {
      if (candidate.overload->call == nullptr) continue;
      const std::vector<const Type*>& types = candidate.signature->parameters;
      ParameterSpec* specs = graph_.arena().NewArray<ParameterSpec>(types.size());
      for (size_t i = 0; i < types.size(); ++i) specs[i] = SpecOf(types[i], graph_.arena());
      plan->candidates.push_back(
          PlannedCandidate{candidate.overload->call, candidate.overload->cost, specs});
    }
    op.data = plan.get();
    program_->plans.push_back(std::move(plan));
  }

  bool SetPattern(Op& op, const Node& node) {
    const Node& pattern = graph_.node(graph_.args(node)[1]);
    if (pattern.op != NodeOp::kConstant || pattern.value.kind != Kind::kString) return false;
    auto compiled = Pattern::Compile(pattern.value.str());
    if (!compiled) return false;
    const Entries entries = MatchesConstantEntries();
    op.eval = entries.eval;
    op.test = entries.test;
    op.a = op.args[0];
    op.data = compiled->get();
    program_->patterns.push_back(std::move(*compiled));
    return true;
  }

  // startsWith, endsWith and contains of a constant, of the standard library only.
  bool SetText(Op& op, const Node& node, const CallTarget& target) {
    const Node& part = graph_.node(graph_.args(node)[1]);
    const Overload& overload = *target.candidates[0].overload;
    if (part.op != NodeOp::kConstant || part.value.kind != Kind::kString || !overload.member ||
        overload.parameters != "string, string") {
      return false;
    }
    const Entries entries = TextConstantEntries(target.name);
    if (entries.eval == nullptr) return false;
    op.eval = entries.eval;
    op.test = entries.test;
    op.a = op.args[0];
    op.value = part.value;
    return true;
  }

  std::unique_ptr<Program::Impl> program_;
  Graph& graph_;
  const std::vector<uint32_t>& entries_;
  bool track_;
  std::vector<uint32_t> uses_;
  std::vector<uint32_t> first_op_;
};

}  // namespace

std::unique_ptr<Program::Impl> LayOut(std::unique_ptr<Graph> graph,
                                      const std::vector<uint32_t>& entries,
                                      const Environment& environment) {
  return Layout(std::move(graph), entries, environment).Run();
}

}  // namespace ouro::rules
