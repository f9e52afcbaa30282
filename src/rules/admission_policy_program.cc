#include "rules/admission_policy_program.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/limits.h"
#include "rules/admission_policy_authorizer.h"
#include "rules/cel_lowering.h"
#include "rules/cel_parser.h"

namespace ouro::rules {

namespace {

constexpr std::string_view kVariablesType = "kubernetes.variables";

// The types of request and namespaceObject: k8s.io/apiserver pkg/admission/plugin/cel/compile.go.
std::vector<ObjectType> RequestTypes() {
  return {
      {"kubernetes.GroupVersionKind",
       {{"group", "string", ""}, {"version", "string", ""}, {"kind", "string", ""}}},
      {"kubernetes.GroupVersionResource",
       {{"group", "string", ""}, {"version", "string", ""}, {"resource", "string", ""}}},
      {"kubernetes.UserInfo",
       {{"username", "string", ""},
        {"uid", "string", ""},
        {"groups", "list(string)", ""},
        {"extra", "map(string, list(string))", ""}}},
      {"kubernetes.AdmissionRequest",
       {{"kind", "kubernetes.GroupVersionKind", ""},
        {"resource", "kubernetes.GroupVersionResource", ""},
        {"subResource", "string", ""},
        {"requestKind", "kubernetes.GroupVersionKind", ""},
        {"requestResource", "kubernetes.GroupVersionResource", ""},
        {"requestSubResource", "string", ""},
        {"name", "string", ""},
        {"namespace", "string", ""},
        {"operation", "string", ""},
        {"userInfo", "kubernetes.UserInfo", ""},
        {"dryRun", "bool", ""},
        {"options", "dyn", ""}}},
  };
}

std::vector<ObjectType> NamespaceTypes() {
  return {
      {"kubernetes.NamespaceSpec", {{"finalizers", "list(string)", ""}}},
      {"kubernetes.NamespaceCondition",
       {{"status", "string", ""},
        {"type", "string", ""},
        {"lastTransitionTime", "google.protobuf.Timestamp", ""},
        {"message", "string", ""},
        {"reason", "string", ""}}},
      {"kubernetes.NamespaceStatus",
       {{"conditions", "list(kubernetes.NamespaceCondition)", ""}, {"phase", "string", ""}}},
      {"kubernetes.NamespaceMetadata",
       {{"name", "string", ""},
        {"generateName", "string", ""},
        {"namespace", "string", ""},
        {"labels", "map(string, string)", ""},
        {"annotations", "map(string, string)", ""},
        {"UID", "string", ""},
        {"creationTimestamp", "google.protobuf.Timestamp", ""},
        {"deletionGracePeriodSeconds", "int", ""},
        {"deletionTimestamp", "google.protobuf.Timestamp", ""},
        {"generation", "int", ""},
        {"resourceVersion", "string", ""},
        {"finalizers", "list(string)", ""}}},
      {"kubernetes.Namespace",
       {{"metadata", "kubernetes.NamespaceMetadata", ""},
        {"spec", "kubernetes.NamespaceSpec", ""},
        {"status", "kubernetes.NamespaceStatus", ""}}},
  };
}

constexpr std::array<std::string_view, kPolicyVariableCount> kVariableNames = {
    "object",    "oldObject", "request",    "namespaceObject",
    "variables", "params",    "authorizer", "authorizer.requestResource"};

EnvironmentOptions MakeOptions(int minor, bool has_params, bool has_authorizer,
                               const std::vector<ObjectField>& variables) {
  EnvironmentOptions options;
  options.kubernetes_minor = minor;
  options.call_cost_limit = static_cast<uint64_t>(limits::kCelCallCostLimit);
  options.object_types = RequestTypes();
  for (ObjectType& type : NamespaceTypes()) options.object_types.push_back(std::move(type));
  options.object_types.push_back({std::string(kVariablesType), variables});
  // The order is the same in all environments of one policy: slots of one program must agree.
  options.variables = {{"object", "dyn", 0},
                       {"oldObject", "dyn", 0},
                       {"request", "kubernetes.AdmissionRequest", 0},
                       {"namespaceObject", "kubernetes.Namespace", 0},
                       {"variables", std::string(kVariablesType), 0}};
  if (has_params) options.variables.push_back({"params", "dyn", 0});
  if (has_authorizer) {
    options.variables.push_back({"authorizer", "kubernetes.authorization.Authorizer", 0});
    options.variables.push_back(
        {"authorizer.requestResource", "kubernetes.authorization.ResourceCheck", 0});
  }
  return options;
}

// The type under which a variable is declared to those after it: lists and maps keep their
// parameters, everything that has no name in a schema becomes dyn (convertCelTypeToDeclType).
std::string DeclaredType(const Type* type) {
  if (type->nullable) return "dyn";
  switch (type->kind) {
    case TypeKind::kBool:
    case TypeKind::kBytes:
    case TypeKind::kDouble:
    case TypeKind::kDuration:
    case TypeKind::kInt:
    case TypeKind::kNull:
    case TypeKind::kString:
    case TypeKind::kTimestamp:
    case TypeKind::kUint:
      return TypeToText(type);
    case TypeKind::kList:
      return fmt::format("list({})", DeclaredType(type->parameters[0]));
    case TypeKind::kMap:
      return fmt::format("map({}, {})", DeclaredType(type->parameters[0]),
                         DeclaredType(type->parameters[1]));
    default:
      return "dyn";
  }
}

}  // namespace

Result<std::shared_ptr<PolicyEnvironments::Scope>> PolicyEnvironments::Get(
    bool has_params, bool has_authorizer, const std::vector<ObjectField>& variables) {
  if (variables.empty()) {
    const auto known = plain_.find({has_params, has_authorizer});
    if (known != plain_.end()) return known->second;
  }
  auto scope = std::make_shared<Scope>();
  OURO_TRY(scope->environment,
           Environment::Create(MakeOptions(minor_, has_params, has_authorizer, variables)));
  scope->signatures = std::make_unique<SignatureCache>(scope->environment->impl());
  if (variables.empty()) plain_.emplace(std::pair(has_params, has_authorizer), scope);
  return scope;
}

// ---- compiling ----------------------------------------------------------------------------------

class PolicyCompiler {
 public:
  PolicyCompiler(const PolicySpec& policy, PolicyEnvironments& environments, io::KeyTable& keys)
      : policy_(policy), environments_(environments), keys_(keys), graph_(new Graph(false)) {}

  Result<std::unique_ptr<const PolicyProgram>> Run() {
    std::unique_ptr<PolicyProgram> program(new PolicyProgram());
    OURO_TRY_STATUS(AddVariables(*program));
    for (const NamedExpression& condition : policy_.match_conditions) {
      OURO_TRY(PolicyExpression added, Add(condition.expression, true, kBool));
      program->conditions.push_back(std::move(added));
    }
    for (const Validation& validation : policy_.validations) {
      OURO_TRY(PolicyExpression added, Add(validation.expression, true, kBool));
      program->validations.push_back(std::move(added));
      PolicyExpression message;
      if (!validation.message_expression.empty()) {
        OURO_TRY(message, Add(validation.message_expression, false, kString));
      }
      program->messages.push_back(std::move(message));
    }
    for (const NamedExpression& annotation : policy_.audit_annotations) {
      OURO_TRY(PolicyExpression added, Add(annotation.expression, true, kStringOrNull));
      program->annotations.push_back(std::move(added));
    }
    OURO_TRY_STATUS(Finish(*program));
    return std::unique_ptr<const PolicyProgram>(std::move(program));
  }

 private:
  enum ResultType { kAnything, kBool, kString, kStringOrNull };

  Status AddVariables(PolicyProgram& program) {
    for (const NamedExpression& variable : policy_.variables) {
      const Type* type = nullptr;
      OURO_TRY(PolicyExpression added, Add(variable.expression, true, kAnything, &type));
      program.variables.push_back(std::move(added));
      program.variable_names.push_back(variable.name);
      fields_.push_back({variable.name, type == nullptr ? "dyn" : DeclaredType(type), ""});
    }
    return {};
  }

  // An expression that does not mention variables means the same whatever their types are, so only
  // those that do need an environment that knows them all.
  Result<std::shared_ptr<PolicyEnvironments::Scope>> ScopeOf(std::string_view text,
                                                             bool has_authorizer) {
    const bool needs_fields = text.find("variables") != std::string_view::npos;
    static const std::vector<ObjectField> kNone;
    const std::vector<ObjectField>& fields = needs_fields ? fields_ : kNone;
    auto& latest = latest_[has_authorizer ? 1 : 0];
    if (needs_fields && latest.scope != nullptr && latest.field_count == fields.size()) {
      return latest.scope;
    }
    OURO_TRY(auto scope, environments_.Get(policy_.param_kind.has_value(), has_authorizer, fields));
    // The graph points to functions of environments, so they must live until it is laid out.
    scopes_.push_back(scope);
    if (needs_fields) latest = {scope, fields.size()};
    return scope;
  }

  static std::string TypeProblem(const Type* type, ResultType wanted) {
    const bool plain = !type->nullable;
    const bool is_bool = plain && type->kind == TypeKind::kBool;
    const bool is_string = plain && type->kind == TypeKind::kString;
    const bool is_null = type->kind == TypeKind::kNull;
    switch (wanted) {
      case kAnything:
        return {};
      case kBool:
        return is_bool ? "" : "must evaluate to bool but got " + TypeToText(type);
      case kString:
        return is_string ? "" : "must evaluate to string but got " + TypeToText(type);
      case kStringOrNull:
        break;
    }
    if (is_string || is_null) return {};
    return "must evaluate to one of [string null_type] but got " + TypeToText(type);
  }

  Result<PolicyExpression> Add(const std::string& text, bool has_authorizer, ResultType wanted,
                               const Type** deduced = nullptr) {
    PolicyExpression expression;
    expression.text = text;
    OURO_TRY(const auto scope, ScopeOf(text, has_authorizer));
    arena_.Reset();
    const auto root = Check(text, *scope);
    if (!root) {
      expression.problem = "compilation failed: " + root.error().ToString();
      return expression;
    }
    expression.problem = TypeProblem((*root)->type, wanted);
    if (!expression.problem.empty()) return expression;
    const LoweringContext context{
        scope->environment->impl(), *scope->signatures, *graph_, keys_, patterns_, true};
    const uint32_t before = graph_->count();
    const auto node = Lower(context, text, *root);
    if (!node) {
      graph_->Truncate(before);
      expression.problem = "compilation failed: " + node.error().ToString();
      return expression;
    }
    expression.entry = static_cast<int>(entries_.size());
    entries_.push_back(*node);
    if (deduced != nullptr) *deduced = (*root)->type;
    return expression;
  }

  Result<Expr*> Check(std::string_view text, const PolicyEnvironments::Scope& scope) {
    const Environment::Impl& environment = scope.environment->impl();
    OURO_TRY(Expr * root, ParseExpression(text, environment.syntax, arena_));
    OURO_TRY_STATUS(CheckTypes(environment, *scope.signatures, text, arena_, root));
    return root;
  }

  Status Finish(PolicyProgram& program) {
    OURO_TRY(const auto scope, environments_.Get(policy_.param_kind.has_value(), true, {}));
    program.environment_ = scope->environment;
    for (size_t i = 0; i < kVariableNames.size(); ++i) {
      const int slot = scope->environment->VariableIndex(kVariableNames[i]);
      if (slot >= 0 && IsUsed(slot)) program.slots_[i] = slot;
    }
    program.code_ = LayOut(std::move(graph_), entries_, *scope->environment);
    ConnectVariables(program);
    ConnectAuthorizer(program.code_->plans);
    return {};
  }

  bool IsUsed(int slot) const {
    for (uint32_t i = 0; i < graph_->count(); ++i) {
      const Node& node = graph_->node(i);
      if (node.op == NodeOp::kGlobal && node.slot == static_cast<uint32_t>(slot)) return true;
    }
    return false;
  }

  void ConnectVariables(PolicyProgram& program);

  const PolicySpec& policy_;
  PolicyEnvironments& environments_;
  io::KeyTable& keys_;
  std::unique_ptr<Graph> graph_;
  std::vector<uint32_t> entries_;
  PatternCache patterns_;
  Arena arena_;
  std::vector<ObjectField> fields_;
  struct Latest {
    std::shared_ptr<PolicyEnvironments::Scope> scope;
    size_t field_count = 0;
  };
  Latest latest_[2];
  std::vector<std::shared_ptr<PolicyEnvironments::Scope>> scopes_;
};

Result<std::unique_ptr<const PolicyProgram>> PolicyProgram::Compile(
    const PolicySpec& policy, PolicyEnvironments& environments, io::KeyTable& keys) {
  return PolicyCompiler(policy, environments, keys).Run();
}

std::string PolicyProgram::FirstProblem() const {
  struct Part {
    const std::vector<PolicyExpression>& expressions;
    std::string_view path;
  };
  const Part parts[] = {{variables, "spec.variables[{}].expression"},
                        {conditions, "spec.matchConditions[{}].expression"},
                        {validations, "spec.validations[{}].expression"},
                        {messages, "spec.validations[{}].messageExpression"},
                        {annotations, "spec.auditAnnotations[{}].valueExpression"}};
  for (const Part& part : parts) {
    for (size_t i = 0; i < part.expressions.size(); ++i) {
      if (part.expressions[i].problem.empty()) continue;
      return fmt::format("{}: {}", fmt::format(fmt::runtime(part.path), i),
                         part.expressions[i].problem);
    }
  }
  return {};
}

// ---- evaluating ---------------------------------------------------------------------------------

namespace {

struct PolicyMachine : Machine {
  explicit PolicyMachine(const io::KeyTable& key_table) : Machine(key_table) {}

  struct Variable {
    bool known = false;
    Value value;
  };

  // The value of variable `index`, evaluated now if it was not.
  Value Read(uint32_t index);
  // Runs an entry as a program of its own: own cost, own step budget, own loop variables.
  Value RunApart(int entry, size_t region, uint64_t& own_cost);

  const PolicyProgram* program = nullptr;
  std::vector<Variable> variables;
  // Loop variables: one region for the expression and one for each variable, because a variable may
  // be evaluated in the midst of a loop.
  std::vector<Value> local_values;
  size_t local_stride = 0;
  uint64_t variables_cost = 0;
  int depth = 0;
};

Value PolicyMachine::RunApart(int entry, size_t region, uint64_t& own_cost) {
  Value* const outer_locals = locals;
  const uint64_t outer_cost = cost;
  const int64_t outer_steps = steps;
  locals = local_values.data() + region * local_stride;
  cost = 0;
  steps = kStepCount;
  Value result = EvalOp(program->code().entries[static_cast<size_t>(entry)], *this);
  if (stopped) result = stop_error;
  stopped = false;
  own_cost = cost;
  locals = outer_locals;
  cost = outer_cost;
  steps = outer_steps;
  return result;
}

Value PolicyMachine::Read(uint32_t index) {
  Variable& variable = variables[index];
  if (variable.known) return variable.value;
  const PolicyExpression& expression = program->variables[index];
  const std::string& name = program->variable_names[index];
  Value value;
  if (expression.entry < 0) {
    value = arena.NewError(
        fmt::format("composited variable \"{}\" fails to compile: {}", name, expression.problem));
  } else if (depth == limits::kPolicyVariableDepth) {
    value = Value::Error("variables use each other in too long a chain: limit reached");
  } else {
    ++depth;
    uint64_t own_cost = 0;
    value = RunApart(expression.entry, index + 1, own_cost);
    --depth;
    variables_cost += own_cost;
    if (value.is_error() && !IsMissingFact(value)) {
      value = arena.NewError(
          fmt::format("composited variable \"{}\" fails to evaluate: {}", name, value.str()));
    }
  }
  variables[index] = {true, value};
  return value;
}

// variables.x; Op::aux is the number of the variable.
Value EvalVariable(const Op& op, Machine& machine) {
  machine.Charge(1);
  return static_cast<PolicyMachine&>(machine).Read(op.aux);
}

// variables.?x, which always has a value.
Value EvalOptionalVariable(const Op& op, Machine& machine) {
  const Value value = static_cast<PolicyMachine&>(machine).Read(op.aux);
  if (value.is_error()) return value;
  machine.Charge(1);
  return machine.arena.NewOptional(&value);
}

}  // namespace

void PolicyCompiler::ConnectVariables(PolicyProgram& program) {
  const int slot = program.SlotOf(PolicyVariable::kVariables);
  if (slot < 0) return;
  Node node;
  node.op = NodeOp::kGlobal;
  const EvalFunction read_global = EntriesOf(node, true).eval;
  node.op = NodeOp::kField;
  const EvalFunction read_field = EntriesOf(node, true).eval;
  node.op = NodeOp::kOptionalField;
  const EvalFunction read_optional_field = EntriesOf(node, true).eval;
  for (Op& op : program.code_->ops) {
    if (op.eval != read_field && op.eval != read_optional_field) continue;
    if (op.a->eval != read_global || op.a->slot != static_cast<uint32_t>(slot)) continue;
    const auto& names = program.variable_names;
    const auto found = std::find(names.begin(), names.end(), op.name.str());
    if (found == names.end()) continue;
    op.aux = static_cast<uint32_t>(found - names.begin());
    op.eval = op.eval == read_field ? EvalVariable : EvalOptionalVariable;
  }
}

struct PolicyEvaluator::State {
  explicit State(const io::KeyTable& keys) : machine(keys) {
    machine.times = times.data();
    machine.cost_limit = static_cast<uint64_t>(limits::kCelCallCostLimit);
  }

  PolicyMachine machine;
  std::array<uint64_t, kTimeCount> times{};
  std::vector<Value> globals;
};

PolicyEvaluator::PolicyEvaluator(const io::KeyTable& keys)
    : state_(std::make_unique<State>(keys)) {}
PolicyEvaluator::~PolicyEvaluator() = default;

void PolicyEvaluator::Use(const PolicyProgram& program) {
  PolicyMachine& m = state_->machine;
  m.arena.Reset();
  m.program = &program;
  state_->globals = program.code().unbound;
  m.globals = state_->globals.data();
  m.variables.assign(program.variables.size(), {});
  m.local_stride = program.code().local_count + 1;
  m.local_values.assign(m.local_stride * (program.variables.size() + 1), Value());
}

void PolicyEvaluator::Bind(PolicyVariable variable, const Value& value) {
  const int slot = state_->machine.program->SlotOf(variable);
  if (slot >= 0) state_->globals[static_cast<size_t>(slot)] = value;
}

void PolicyEvaluator::Unbind(PolicyVariable variable) {
  const PolicyProgram& program = *state_->machine.program;
  const int slot = program.SlotOf(variable);
  if (slot < 0) return;
  state_->globals[static_cast<size_t>(slot)] = program.code().unbound[static_cast<size_t>(slot)];
}

void PolicyEvaluator::Begin() {
  PolicyMachine& m = state_->machine;
  std::fill(m.variables.begin(), m.variables.end(), PolicyMachine::Variable{});
}

PolicyEvaluator::Outcome PolicyEvaluator::Run(int entry) {
  PolicyMachine& m = state_->machine;
  Outcome outcome;
  m.variables_cost = 0;
  outcome.value = m.RunApart(entry, 0, outcome.cost);
  outcome.variables_cost = m.variables_cost;
  return outcome;
}

}  // namespace ouro::rules
