#include "rules/policy_export.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "rules/policy_export_cost.h"
#include "rules/policy_export_rule.h"
#include "rules/policy_export_run.h"
#include "rules/policy_export_spec.h"

namespace ouro::rules {
namespace {

// ValidatingAdmissionPolicy is v1 since 1.30 (Kubernetes API reference).
constexpr int kStableApiSince = 30;

std::string AliasesText(const Check& check) {
  std::vector<std::string> aliases;
  for (const Alias& alias : check.aliases) aliases.push_back(alias.tool + ":" + alias.id);
  return JoinText(aliases, ",");
}

std::string WithinText(const ExportCost& cost) {
  const auto reason = [](bool by_size) { return by_size ? "size of a request" : "cost budget"; };
  std::string text;
  if (!cost.list.empty()) {
    text = fmt::format("{} up to {} items ({}), ", cost.list, cost.list_size,
                       reason(cost.list_by_size));
  }
  return text + fmt::format("texts up to {} bytes ({})", cost.text_size, reason(cost.text_by_size));
}

void Annotate(const SelectedCheck& selected, const ExportOptions& options, const ExportCost& cost,
              ExportSpec& spec) {
  const Check& check = *selected.check;
  const auto add = [&](std::string_view name, std::string value) {
    if (value.empty()) return;
    spec.annotations.emplace_back(fmt::format("ouro.dev/{}", name), std::move(value));
  };
  add("check", check.id);
  add("title", check.title);
  add("severity", std::string(model::SeverityName(selected.severity)));
  add("aliases", AliasesText(check));
  if (selected.selected_as != check.id) add("judged-as", selected.selected_as);
  add("kubernetes-version", fmt::format("1.{}", options.kubernetes_minor));
  if (cost.example == 0) return;
  add("cost", fmt::format("{} of {}", cost.example, limits::kCelTotalCostLimit));
  add("within-budget", WithinText(cost));
}

Status CheckOptions(const ExportOptions& options) {
  if (options.kubernetes_minor < kOldestExportMinor) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("API servers before Kubernetes 1.{} cannot run these policies: they "
                            "know no optional fields (.?)",
                            kOldestExportMinor));
  }
  const auto has = [&](std::string_view action) {
    return std::find(options.actions.begin(), options.actions.end(), action) !=
           options.actions.end();
  };
  if (options.actions.empty() || (has("Deny") && has("Warn"))) {
    return Fail(ErrorCode::kInvalid,
                "an API server takes deny or warn, not both: a denial already tells why");
  }
  return {};
}

Result<ExportedPolicy> ExportOne(const SelectedCheck& selected, const ExportOptions& options) {
  OURO_TRY(ExportExpressions expressions, ExpressionsOf(selected, options));
  ExportSpec& spec = expressions.spec;
  if (static_cast<int64_t>(spec.match_conditions.size()) > limits::kPolicyMatchConditionCount) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("more than {} conditions: exclude namespaces by their whole names",
                            limits::kPolicyMatchConditionCount));
  }
  OURO_TRY(const auto program, ExportProgram::Compile(spec, options.kubernetes_minor));
  const auto samples = SamplesOf(selected, expressions.kinds);
  OURO_TRY_STATUS(ProveSame(selected, options.kubernetes_minor, samples, *program));
  ExportedPolicy policy;
  OURO_TRY(policy.cost, MeasureCost(selected, samples, *program));
  policy.check = selected.check->id;
  policy.name = PolicyName(policy.check);
  spec.name = policy.name;
  spec.api_version = options.kubernetes_minor < kStableApiSince
                         ? "admissionregistration.k8s.io/v1beta1"
                         : "admissionregistration.k8s.io/v1";
  spec.failure_policy = options.ignore_errors ? "Ignore" : "Fail";
  spec.actions = options.actions;
  Annotate(selected, options, policy.cost, spec);
  policy.manifest = PrintPolicy(spec);
  if (static_cast<int64_t>(policy.manifest.size()) > limits::kEtcdObjectSizeBytes) {
    return Fail(ErrorCode::kUnsupported, "the policy is larger than an API server can store");
  }
  return policy;
}

}  // namespace

Result<ExportResult> ExportPolicies(const std::vector<SelectedCheck>& checks,
                                    const ExportOptions& options) {
  OURO_TRY_STATUS(CheckOptions(options));
  ExportResult result;
  for (const SelectedCheck& selected : checks) {
    auto policy = ExportOne(selected, options);
    if (policy) {
      result.policies.push_back(std::move(*policy));
    } else {
      result.refused.push_back({selected.check->id, policy.error().message});
    }
  }
  return result;
}

std::string PolicyName(std::string_view check_id) {
  const std::string name = LowerAscii(check_id);
  return StartsWith(name, "ouro-") ? name : "ouro-" + name;
}

}  // namespace ouro::rules
