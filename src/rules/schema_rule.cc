#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "rules/schema.h"

namespace ouro::rules {

namespace {

RuleVerdict Problem(std::string message) {
  return {Verdict::kError, std::move(message), {}};
}

EnvironmentOptions RuleOptions(const StructuralSchema& schema, const SchemaRule& rule,
                               int kubernetes_minor, bool with_old) {
  EnvironmentOptions options;
  options.kubernetes_minor = kubernetes_minor;
  options.call_cost_limit = static_cast<uint64_t>(limits::kCelCallCostLimit);
  const std::string type = schema.DeclareTypes(options.object_types);
  if (type.empty()) return options;
  options.variables.push_back({"self", type, 0});
  if (with_old) {
    options.variables.push_back(
        {"oldSelf", rule.optional_old_self ? "optional_type(" + type + ")" : type, 0});
  }
  return options;
}

struct CompiledRule {
  std::shared_ptr<const Environment> environment;
  std::shared_ptr<const Program> program;
  int entry = 0;
  int message_entry = -1;  // messageExpression; -1: none, or it does not compile
};

Result<CompiledRule> Compile(EnvironmentOptions options, const SchemaRule& rule,
                             io::KeyTable& keys) {
  CompiledRule compiled;
  OURO_TRY(compiled.environment, Environment::Create(std::move(options)));
  ProgramBuilder builder(compiled.environment, keys);
  OURO_TRY(const CompiledExpression expression, builder.Add(rule.rule, "bool"));
  compiled.entry = expression.entry;
  if (!rule.message_expression.empty()) {
    const auto message = builder.Add(rule.message_expression, "string");
    if (message) compiled.message_entry = message->entry;
  }
  compiled.program = builder.Build();
  return compiled;
}

// Does the rule refer to oldSelf? It does when it does not compile without that variable.
bool UsesOldSelf(const StructuralSchema& schema, const SchemaRule& rule, int kubernetes_minor,
                 io::KeyTable& keys) {
  if (rule.rule.find("oldSelf") == std::string::npos) return false;
  auto environment = Environment::Create(RuleOptions(schema, rule, kubernetes_minor, false));
  return !environment || !ProgramBuilder(*environment, keys).Add(rule.rule, "bool");
}

// The text that tells people what is wrong (k8s.io/apiextensions-apiserver: messageExpression wins
// over message; a blank or multi-line result does not count).
std::string FailureMessage(const SchemaRule& rule, const CompiledRule& compiled,
                           Evaluator& evaluator) {
  if (compiled.message_entry >= 0) {
    const Value message = evaluator.Run(compiled.message_entry);
    if (message.kind == Kind::kString) {
      const std::string_view text = TrimSpace(message.str());
      const bool fits = static_cast<int64_t>(text.size()) <= limits::kMessageSizeBytes;
      if (!text.empty() && fits && text.find('\n') == std::string_view::npos) {
        return std::string(text);
      }
    }
  }
  if (!rule.message.empty()) return rule.message;
  return fmt::format("failed rule: {}", TrimSpace(rule.rule));
}

bool IsPresent(const io::NodeView& view) {
  return view.exists() && view.type() != io::NodeType::kNull;
}

void BindOldSelf(const StructuralSchema& schema, const SchemaRule& rule, const io::NodeView& old,
                 int variable, Arena& arena, Evaluator& evaluator) {
  if (variable < 0) return;
  const bool present = IsPresent(old);
  if (!present && !rule.optional_old_self) return;
  const Value value = present ? schema.ToValue(old, arena) : Value::Null();
  evaluator.Bind(variable,
                 rule.optional_old_self ? arena.NewOptional(present ? &value : nullptr) : value);
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kFail:
      return "fail";
    case Verdict::kWarn:
      return "warn";
    case Verdict::kSkip:
      return "skip";
    case Verdict::kError:
      break;
  }
  return "error";
}

RuleVerdict CheckSchemaRule(const StructuralSchema& schema, const SchemaRule& rule,
                            const io::NodeView& object, const io::NodeView& old,
                            int kubernetes_minor, io::KeyTable& keys) {
  if (TrimSpace(rule.rule).empty()) return {Verdict::kSkip, "the rule is empty", {}};
  auto compiled = Compile(RuleOptions(schema, rule, kubernetes_minor, true), rule, keys);
  if (!compiled) return Problem("compilation failed: " + compiled.error().ToString());
  if (!IsPresent(object)) return {Verdict::kSkip, "there is no value to judge", {}};
  if (!IsPresent(old) && !rule.optional_old_self &&
      UsesOldSelf(schema, rule, kubernetes_minor, keys)) {
    return {Verdict::kSkip, "a rule about a transition, and there is no old value", {}};
  }
  Arena arena;
  Evaluator evaluator(compiled->program, keys);
  const Environment& environment = *compiled->environment;
  const int self = environment.VariableIndex("self");
  if (self >= 0) evaluator.Bind(self, schema.ToValue(object, arena));
  BindOldSelf(schema, rule, old, environment.VariableIndex("oldSelf"), arena, evaluator);
  const Value result = evaluator.Run(compiled->entry);
  RuleVerdict verdict;
  verdict.cost = evaluator.cost();
  if (result.is_error()) {
    verdict.verdict = Verdict::kError;
    verdict.message = fmt::format("{} evaluating rule: {}", result.str(), rule.rule);
  } else if (!result.is_true()) {
    verdict.verdict = Verdict::kFail;
    verdict.message = FailureMessage(rule, *compiled, evaluator);
  }
  return verdict;
}

}  // namespace ouro::rules
