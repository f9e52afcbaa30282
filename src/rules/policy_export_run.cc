#include "rules/policy_export_run.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "rules/rule_set_nulls.h"

namespace ouro::rules {
namespace {

constexpr std::string_view kVariablesType = "kubernetes.variables";
constexpr std::string_view kRequestType = "kubernetes.AdmissionRequest";
constexpr uint64_t kCallLimit = static_cast<uint64_t>(limits::kCelCallCostLimit);
constexpr uint64_t kTotalLimit = static_cast<uint64_t>(limits::kCelTotalCostLimit);

// The type that the API server gives a variable whose expression has this type: simple types,
// lists and maps of them; anything else is dyn (convertCelTypeToDeclType).
std::string DeclaredType(std::string_view type) {
  static constexpr std::array<std::string_view, 9> kSimple = {"bool",
                                                              "bytes",
                                                              "double",
                                                              "google.protobuf.Duration",
                                                              "google.protobuf.Timestamp",
                                                              "null_type",
                                                              "int",
                                                              "string",
                                                              "uint"};
  if (std::find(kSimple.begin(), kSimple.end(), type) != kSimple.end()) return std::string(type);
  if (StartsWith(type, "list(")) {
    return fmt::format("list({})", DeclaredType(type.substr(5, type.size() - 6)));
  }
  if (StartsWith(type, "map(")) {
    const std::string_view inside = type.substr(4, type.size() - 5);
    const size_t comma = inside.find(", ");
    if (comma != std::string_view::npos) {
      return fmt::format("map({}, {})", DeclaredType(inside.substr(0, comma)),
                         DeclaredType(inside.substr(comma + 2)));
    }
  }
  return "dyn";
}

EnvironmentOptions MakeEnvironment(int kubernetes_minor, const std::vector<ObjectField>& fields) {
  EnvironmentOptions options;
  options.kubernetes_minor = kubernetes_minor - 1;
  // Fields that exported expressions use; others of the request are theirs who write policies.
  options.object_types = {
      {std::string(kVariablesType), fields},
      {std::string(kRequestType), {{"operation", "string", ""}, {"namespace", "string", ""}}}};
  options.variables = {{"object", "dyn", 0},
                       {"oldObject", "dyn", 0},
                       {"request", std::string(kRequestType), 0},
                       {"variables", std::string(kVariablesType), 0}};
  options.call_cost_limit = kTotalLimit + 1;
  return options;
}

tl::unexpected<Error> Refuse(std::string_view where, const Error& error) {
  std::string text = fmt::format("{}: {}", where, error.message);
  if (error.code == ErrorCode::kLimit) text += " (too large for one expression)";
  return Fail(ErrorCode::kUnsupported, std::move(text));
}

}  // namespace

struct ExportProgram::Impl {
  struct Part {
    int entry = 0;
    std::string name;  // of a variable
  };

  io::KeyTable keys;
  std::vector<ObjectField> fields;
  std::shared_ptr<const Environment> environment;
  std::shared_ptr<const Program> program;
  std::unique_ptr<Evaluator> evaluator;
  std::unique_ptr<NullFilter> nulls;
  std::vector<Part> variables;
  std::vector<Part> validations;
  std::vector<Part> messages;
  std::vector<std::string> titles;  // messages of the validations

  Status AddVariables(const ExportSpec& spec, int minor);
  Status AddAll(ExportSpec& spec, int minor);
  uint64_t RunVariables(bool for_messages, std::vector<MapEntry>& entries, ExportOutcome& outcome);
  void RunMessages(const std::vector<bool>& failed, ExportOutcome& outcome);
  void BindVariables(const std::vector<MapEntry>& entries);
  Value Run(int entry, bool for_messages, ExportOutcome& outcome);
};

// Types of variables are deduced one after the other, each in the environment of those before it.
Status ExportProgram::Impl::AddVariables(const ExportSpec& spec, int minor) {
  for (const ExportExpression& variable : spec.variables) {
    auto before = Environment::Create(MakeEnvironment(minor, fields));
    if (!before) return tl::unexpected<Error>(before.error());
    ProgramBuilder builder(*before, keys);
    const auto compiled = builder.Add(variable.expression);
    if (!compiled) return Refuse("variable " + variable.name, compiled.error());
    fields.push_back({variable.name, DeclaredType(compiled->result_type), ""});
  }
  return {};
}

Status ExportProgram::Impl::AddAll(ExportSpec& spec, int minor) {
  OURO_TRY_STATUS(AddVariables(spec, minor));
  OURO_TRY(environment, Environment::Create(MakeEnvironment(minor, fields)));
  ProgramBuilder builder(environment, keys);
  const auto add = [&](const std::string& text, std::string_view type,
                       std::string_view where) -> Result<int> {
    const auto compiled = builder.Add(text);
    if (!compiled) return Refuse(where, compiled.error());
    if (!type.empty() && compiled->result_type != type) {
      return Fail(ErrorCode::kUnsupported,
                  fmt::format("{} has type {}, not {}", where, compiled->result_type, type));
    }
    return compiled->entry;
  };
  for (const ExportExpression& condition : spec.match_conditions) {
    OURO_TRY([[maybe_unused]] const int entry,
             add(condition.expression, "bool", "condition " + condition.name));
  }
  for (const ExportExpression& variable : spec.variables) {
    OURO_TRY(const int entry, add(variable.expression, "", "variable " + variable.name));
    variables.push_back({entry, variable.name});
  }
  for (ExportValidation& validation : spec.validations) {
    const auto typed = builder.Add(validation.expression);
    if (typed && typed->result_type == "dyn") {
      validation.expression = fmt::format("({}) && true", validation.expression);
    }
    OURO_TRY(const int entry, add(validation.expression, "bool", "expr"));
    validations.push_back({entry, {}});
    titles.push_back(validation.message);
    Part message{-1, {}};
    if (!validation.message_expression.empty()) {
      OURO_TRY(message.entry, add(validation.message_expression, "string", "message"));
    }
    messages.push_back(message);
  }
  program = builder.Build();
  evaluator = std::make_unique<Evaluator>(program, keys);
  nulls = std::make_unique<NullFilter>(keys.Intern("annotations"), keys.Intern("labels"));
  return {};
}

// A message that costs too much is given up at the limit of one expression, and the plain message
// stands in for it; a verdict that costs too much is an error.
Value ExportProgram::Impl::Run(int entry, bool for_messages, ExportOutcome& outcome) {
  Value value = evaluator->Run(entry);
  const uint64_t cost = evaluator->cost();
  if (for_messages) {
    outcome.total += std::min(cost, kCallLimit);
    if (cost > kCallLimit) value = Value::Error("the message costs too much");
  } else {
    outcome.total += cost;
    outcome.highest = std::max(outcome.highest, cost);
  }
  return value;
}

void ExportProgram::Impl::BindVariables(const std::vector<MapEntry>& entries) {
  evaluator->Bind(environment->VariableIndex("variables"), evaluator->arena().NewMap(entries));
}

// Variables of messages are used by messages alone, all others by both. Evaluating them eagerly
// costs at least what the API server's lazy evaluation costs.
uint64_t ExportProgram::Impl::RunVariables(bool for_messages, std::vector<MapEntry>& entries,
                                           ExportOutcome& outcome) {
  const uint64_t before = outcome.total;
  for (const Part& variable : variables) {
    if (StartsWith(variable.name, "message") != for_messages) continue;
    BindVariables(entries);
    const Value value = Run(variable.entry, for_messages, outcome);
    entries.push_back({Value::String(variable.name), value});
  }
  BindVariables(entries);
  return outcome.total - before;
}

void ExportProgram::Impl::RunMessages(const std::vector<bool>& failed, ExportOutcome& outcome) {
  for (size_t i = 0; i < messages.size(); ++i) {
    std::string text = titles[i];
    if (messages[i].entry >= 0) {
      const Value value = Run(messages[i].entry, true, outcome);
      const std::string_view found =
          value.kind == Kind::kString ? TrimSpace(value.str()) : std::string_view();
      if (!found.empty()) text = found;
    }
    if (!failed[i] || outcome.verdict == ExportOutcome::Verdict::kError) continue;
    outcome.text += (outcome.text.empty() ? "" : "; ") + text;
  }
}

bool ExportOutcome::WithinBudget() const {
  return highest <= kCallLimit && total <= kTotalLimit;
}

ExportProgram::ExportProgram(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ExportProgram::~ExportProgram() = default;

Result<std::unique_ptr<ExportProgram>> ExportProgram::Compile(ExportSpec& spec,
                                                              int kubernetes_minor) {
  auto impl = std::make_unique<Impl>();
  OURO_TRY_STATUS(impl->AddAll(spec, kubernetes_minor));
  return std::unique_ptr<ExportProgram>(new ExportProgram(std::move(impl)));
}

ExportOutcome ExportProgram::Judge(std::string json) {
  Impl& run = *impl_;
  ExportOutcome outcome;
  io::Tree tree;
  if (!io::ReadJson(std::move(json), {}, run.keys, tree) || tree.roots().empty() ||
      tree.roots()[0].failed) {
    outcome.verdict = ExportOutcome::Verdict::kError;
    outcome.text = "the object is not JSON";
    return outcome;
  }
  const uint32_t node = tree.roots()[0].node;
  const io::Tree& view = run.nulls->View(tree, node);
  Evaluator& evaluator = *run.evaluator;
  evaluator.Reset();
  evaluator.Bind(run.environment->VariableIndex("object"), Value::OfNode(view, node));
  evaluator.Bind(run.environment->VariableIndex("oldObject"), Value::Null());
  std::vector<MapEntry> entries;
  const uint64_t shared = run.RunVariables(false, entries, outcome);
  std::vector<bool> failed;
  for (const Impl::Part& validation : run.validations) {
    const Value value = run.Run(validation.entry, false, outcome);
    failed.push_back(value.is_false());
    if (value.is_true() || value.is_false()) {
      if (value.is_false() && outcome.verdict == ExportOutcome::Verdict::kPass) {
        outcome.verdict = ExportOutcome::Verdict::kFail;
      }
      continue;
    }
    outcome.verdict = ExportOutcome::Verdict::kError;
    if (outcome.text.empty()) {
      outcome.text = value.is_error() ? std::string(value.str()) : "expr gave no boolean";
    }
  }
  run.RunVariables(true, entries, outcome);
  run.RunMessages(failed, outcome);
  outcome.total += shared;
  return outcome;
}

}  // namespace ouro::rules
