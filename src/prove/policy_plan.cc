#include "prove/policy_plan.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/engine.h"
#include "rules/policy_export.h"
#include "rules/selection.h"

namespace ouro::prove {
namespace {

// Fresh tables are made when this many names came with objects.
constexpr uint32_t kKeysKept = 200'000;

Status RefuseAll(const CheckNumbers& numbers, const Error& error, PolicyPlan& plan) {
  for (size_t i = 0; i < numbers.count(); ++i) plan.refused.push_back({i, error.message});
  return {};
}

}  // namespace

Result<PolicyPlan> PlanPolicies(const engine::Snapshot& snapshot, const CheckNumbers& numbers) {
  PolicyPlan plan;
  OURO_TRY(const auto library, engine::LoadLibrary(snapshot.config().check_folders, true));
  OURO_TRY(const auto selected, rules::SelectChecks(library, snapshot.selection()));
  std::vector<rules::SelectedCheck> runnable;
  std::copy_if(selected.begin(), selected.end(), std::back_inserter(runnable),
               [](const auto& chosen) { return chosen.check->not_evaluable.empty(); });
  rules::ExportOptions options;
  options.kubernetes_minor = snapshot.kubernetes_minor();
  options.include_custom_kinds = true;
  const auto exported = rules::ExportPolicies(runnable, options);
  if (!exported) {
    OURO_TRY_STATUS(RefuseAll(numbers, exported.error(), plan));
    return plan;
  }
  for (const rules::ExportedPolicy& policy : exported->policies) {
    plan.policies.push_back({numbers.Of(policy.check), policy.name, policy.manifest});
  }
  for (const rules::RefusedCheck& refused : exported->refused) {
    plan.refused.push_back({numbers.Of(refused.check), refused.reason});
  }
  return plan;
}

Result<std::shared_ptr<const LocalPolicySet>> LocalPolicySet::Compile(const PolicyPlan& plan,
                                                                      int kubernetes_minor) {
  auto out = std::make_shared<LocalPolicySet>();
  std::vector<io::Tree> trees(plan.policies.size());
  std::vector<io::NodeView> objects;
  for (size_t i = 0; i < trees.size(); ++i) {
    const PlannedPolicy& policy = plan.policies[i];
    OURO_TRY_STATUS(io::ReadYaml(policy.manifest, {}, out->keys_, trees[i]));
    out->names_.push_back(policy.name);
    out->checks_.push_back(policy.check);
  }
  for (const io::Tree& tree : trees) {
    for (const io::Root& root : tree.roots()) objects.emplace_back(tree, out->keys_, root.node);
  }
  rules::PolicySetOptions options;
  options.kubernetes_minor = kubernetes_minor;
  OURO_TRY(out->set_, rules::PolicySet::Compile(objects, options, out->keys_));
  if (!out->set_->refused().empty()) {
    const auto& first = out->set_->refused().front();
    return Fail(ErrorCode::kInvalid,
                fmt::format("an exported policy is refused: {}", first.message), first.name);
  }
  return std::shared_ptr<const LocalPolicySet>(std::move(out));
}

LocalPolicies::LocalPolicies(const LocalPolicySet& set, size_t check_count)
    : set_(set), check_count_(check_count) {}

Result<Verdicts> LocalPolicies::Judge(std::string_view object, const kube::ApiResource* resource) {
  if (!runner_ || keys_.count() > set_.keys_.count() + kKeysKept) {
    keys_ = set_.keys_;
    runner_ = std::make_unique<rules::PolicyRunner>(set_.set_, keys_);
  }
  OURO_TRY_STATUS(io::ReadJson(std::string(object), {}, keys_, tree_));
  if (tree_.roots().size() != 1) return Fail(ErrorCode::kParse, "the object is not JSON");
  rules::AdmissionRequest request;
  request.object = io::NodeView(tree_, keys_, tree_.roots().front().node);
  request.operation = "CREATE";
  request.dry_run = true;
  if (resource != nullptr) {
    request.group = resource->group;
    request.version = resource->version;
    request.kind = resource->kind;
    request.resource_group = resource->group;
    request.resource_version = resource->version;
    request.resource = resource->plural;
  }
  const std::string_view space = request.object.Get("metadata").Get("namespace").Text();
  if (!space.empty()) {
    // All that is known of it is its name, which is a label too.
    std::string name;
    AppendJsonString(name, space);
    OURO_TRY_STATUS(io::ReadJson(
        fmt::format("{{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{{\"name\":{0},"
                    "\"labels\":{{\"kubernetes.io/metadata.name\":{0}}}}}}}",
                    name),
        {}, keys_, namespace_tree_));
    request.namespace_object =
        io::NodeView(namespace_tree_, keys_, namespace_tree_.roots().front().node);
  }
  OURO_TRY(const auto results, runner_->Judge(request));
  Verdicts verdicts(check_count_);
  for (const size_t check : set_.checks_) verdicts[check].emplace();
  for (const rules::PolicyResult& result : results) {
    const auto at = std::find(set_.names_.begin(), set_.names_.end(), result.policy);
    if (at == set_.names_.end()) continue;
    CheckVerdict& verdict = *verdicts[set_.checks_[static_cast<size_t>(at - set_.names_.begin())]];
    if (result.verdict == rules::Verdict::kSkip) continue;
    verdict.Add(Verdict::kPass, false, {}, {});
    if (result.verdict == rules::Verdict::kPass) continue;
    if (result.decisions.empty()) verdict.Add(Verdict::kError, false, {}, result.message);
    for (const rules::PolicyDecision& decision : result.decisions) {
      verdict.Add(decision.is_error ? Verdict::kError : Verdict::kFail, false, {},
                  decision.message);
    }
    verdict.places.clear();
  }
  return verdicts;
}

}  // namespace ouro::prove
