#include "gate/condition.h"

#include <utility>

#include <fmt/format.h>

#include "base/limits.h"

namespace ouro::gate {
namespace {

using rules::MapEntry;
using rules::Value;

Result<std::shared_ptr<const rules::Environment>> MakeEnvironment() {
  rules::EnvironmentOptions options;
  options.variables = {{"finding", "map(string, dyn)", 0},
                       {"subject", "map(string, dyn)", 0},
                       {"now", "google.protobuf.Timestamp", 0}};
  options.call_cost_limit = static_cast<uint64_t>(limits::kCelCallCostLimit);
  return rules::Environment::Create(std::move(options));
}

// Immutable and the same for all conditions.
const Result<std::shared_ptr<const rules::Environment>>& SharedEnvironment() {
  static const Result<std::shared_ptr<const rules::Environment>> environment = MakeEnvironment();
  return environment;
}

// Gathers the entries of a map. Texts must outlive the arena's use.
class MapBuilder {
 public:
  MapBuilder& Text(std::string_view key, std::string_view value) {
    return Add(key, Value::String(value));
  }
  MapBuilder& Add(std::string_view key, const Value& value) {
    entries_.push_back({Value::String(key), value});
    return *this;
  }
  Value Build(rules::Arena& arena) const { return arena.NewMap(entries_); }

 private:
  std::vector<MapEntry> entries_;
};

Value ListOf(const std::vector<std::string>& texts, rules::Arena& arena) {
  std::vector<Value> items;
  items.reserve(texts.size());
  for (const std::string& text : texts) items.push_back(Value::String(text));
  return arena.NewList(items);
}

Value LabelsOf(const std::map<std::string, std::string>* own,
               const std::map<std::string, std::string>* subject, rules::Arena& arena) {
  std::map<std::string_view, std::string_view> merged;
  for (const auto* labels : {own, subject}) {
    if (labels == nullptr) continue;
    for (const auto& [key, value] : *labels) merged.try_emplace(key, value);
  }
  MapBuilder map;
  for (const auto& [key, value] : merged) map.Text(key, value);
  return map.Build(arena);
}

Value VulnOf(const Facts& facts, rules::Arena& arena) {
  static const model::Vuln kNone;
  const model::Vuln& vuln = facts.finding->vuln ? *facts.finding->vuln : kNone;
  return MapBuilder()
      .Text("id", vuln.id)
      .Add("aliases", ListOf(vuln.aliases, arena))
      .Add("cvss", Value::Double(facts.cvss))
      .Add("epss", Value::Double(facts.epss))
      .Add("kev", Value::Bool(facts.kev))
      .Text("fixed_in", vuln.fixed_in)
      .Build(arena);
}

Value PackageOf(const model::Finding& finding, rules::Arena& arena) {
  static const model::Package kNone;
  const model::Package& package = finding.package ? *finding.package : kNone;
  return MapBuilder()
      .Text("purl", package.purl)
      .Text("name", package.name)
      .Text("version", package.version)
      .Text("type", package.type)
      .Text("path", package.path)
      .Build(arena);
}

Value ImageOf(const model::Finding& finding, rules::Arena& arena) {
  static const model::Image kNone;
  const model::Image& image = finding.image ? *finding.image : kNone;
  return MapBuilder().Text("reference", image.reference).Text("digest", image.digest).Build(arena);
}

Value ResourceOf(const model::Resource& resource, rules::Arena& arena) {
  return MapBuilder()
      .Text("api_version", resource.api_version)
      .Text("kind", resource.kind)
      .Text("namespace", resource.namespace_name)
      .Text("name", resource.name)
      .Text("container", resource.container)
      .Build(arena);
}

Value FindingValue(const Facts& facts, rules::Arena& arena) {
  const model::Finding& finding = *facts.finding;
  const int priority = finding.judgement ? finding.judgement->priority : -1;
  return MapBuilder()
      .Text("id", finding.id)
      .Text("issue", finding.issue)
      .Text("class", model::FindingClassName(finding.finding_class))
      .Text("check", finding.check)
      .Text("concept", finding.concept_name)
      .Add("aliases", ListOf(finding.aliases, arena))
      .Text("title", finding.title)
      .Text("message", finding.message)
      .Text("severity", model::SeverityName(finding.severity))
      .Text("status", model::FindingStatusName(finding.status))
      .Text("stage", finding.stage)
      .Add("location", MapBuilder()
                           .Text("file", finding.location.file)
                           .Add("line", Value::Int(finding.location.line))
                           .Build(arena))
      .Text("field_path", finding.field_path)
      .Text("first_seen", finding.first_seen)
      .Add("count", Value::Int(finding.count))
      .Add("priority", Value::Int(priority))
      .Text("outcome", facts.ssvc)
      .Text("exposure", facts.exposure)
      .Text("reachability", facts.reachability)
      .Add("fixable", Value::Bool(facts.fixable))
      .Add("new", Value::Bool(facts.is_new))
      .Text("fix_group", facts.fix_group)
      .Text("cluster", facts.cluster)
      .Text("environment", facts.environment)
      .Text("application", facts.application)
      .Add("labels", LabelsOf(facts.labels, facts.subject_labels, arena))
      .Add("resource", ResourceOf(finding.resource, arena))
      .Add("package", PackageOf(finding, arena))
      .Add("image", ImageOf(finding, arena))
      .Add("vuln", VulnOf(facts, arena))
      .Build(arena);
}

Value SubjectValue(const Subject& subject, rules::Arena& arena) {
  return MapBuilder()
      .Text("application", subject.application)
      .Text("environment", subject.environment)
      .Text("cluster", subject.cluster)
      .Text("namespace", subject.namespace_name)
      .Text("branch", subject.branch)
      .Text("image", subject.image)
      .Text("operation", subject.operation)
      .Add("roles", ListOf(subject.roles, arena))
      .Add("labels", LabelsOf(nullptr, &subject.labels, arena))
      .Build(arena);
}

}  // namespace

Result<std::shared_ptr<const Condition>> Condition::Compile(std::string_view expression) {
  const auto& environment = SharedEnvironment();
  if (!environment) return tl::unexpected<Error>(environment.error());
  auto condition = std::make_shared<Condition>();
  rules::ProgramBuilder builder(*environment, condition->keys_);
  OURO_TRY(const rules::CompiledExpression compiled, builder.Add(expression, "bool"));
  condition->entry_ = compiled.entry;
  condition->program_ = builder.Build();
  return std::shared_ptr<const Condition>(std::move(condition));
}

ConditionRunner::ConditionRunner(const Subject& subject, UnixSeconds now)
    : subject_(subject), now_(now) {}
ConditionRunner::~ConditionRunner() = default;

void ConditionRunner::SetFinding(const Facts& facts) {
  facts_ = &facts;
  ++turn_;
}

Answer ConditionRunner::Run(const Condition& condition) {
  if (built_turn_ != turn_) {
    arena_.Reset();
    finding_ = FindingValue(*facts_, arena_);
    built_turn_ = turn_;
  }
  Bound& bound = evaluators_[&condition];
  if (bound.evaluator == nullptr) {
    bound.evaluator = std::make_unique<rules::Evaluator>(condition.program_, condition.keys_);
  }
  rules::Evaluator& evaluator = *bound.evaluator;
  if (bound.turn != turn_) {
    const rules::Environment& environment = condition.program_->environment();
    evaluator.Reset();
    evaluator.Bind(environment.VariableIndex("finding"), finding_);
    evaluator.Bind(environment.VariableIndex("subject"), SubjectValue(subject_, evaluator.arena()));
    evaluator.Bind(environment.VariableIndex("now"), Value::Timestamp(now_, 0));
    bound.turn = turn_;
  }
  const Value value = evaluator.Run(condition.entry_);
  if (value.is_true()) return Answer::kYes;
  return value.is_false() ? Answer::kNo : Answer::kError;
}

}  // namespace ouro::gate
