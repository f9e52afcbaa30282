#include "prove/installed_policies.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"

namespace ouro::prove {
namespace {

constexpr std::string_view kGroup = "admissionregistration.k8s.io";
constexpr std::string_view kCanary = "canary";
// A field manager is at most 128 characters long (meta/v1 validation): "ouro-prove-", 8 of the run,
// "-", a letter for the group, "-", and one for each policy.
constexpr size_t kPoliciesInGroup = 100;
constexpr size_t kGroupCountMax = 26;
constexpr std::string_view kLabel = "ouro.dev/prove";
constexpr std::string_view kErrorMark = "' resulted in error: ";
constexpr std::array<PolicyMode, 2> kBoundModes = {PolicyMode::kWarn, PolicyMode::kDeny};

// Words of k8s.io/apiserver for an expression that cannot be evaluated and for a policy that it
// cannot use. A long text may have been cut before the mark.
bool IsError(std::string_view message, size_t text_size) {
  if (StartsWith(message, "failed to configure ")) return true;
  if (!StartsWith(message, "expression '")) return false;
  return message.find(kErrorMark) != std::string_view::npos ||
         text_size >= static_cast<size_t>(limits::kAdmissionWarningSizeCharacters);
}

std::string_view ActionOf(PolicyMode mode) {
  return mode == PolicyMode::kDeny ? "Deny" : "Warn";
}

// JSON of the map `node` without its member `left_out`, without the closing brace.
Result<std::string> MembersWithout(const io::NodeView& map, std::string_view left_out) {
  std::string out = "{";
  for (const auto& [key, value] : map.Members()) {
    if (key == left_out) continue;
    if (out.size() > 1) out += ',';
    AppendJsonString(out, key);
    out += ':';
    OURO_TRY(const std::string text, io::ToJson(value.tree(), value.keys(), value.index()));
    out += text;
  }
  return out;
}

std::string Manifest(std::string_view kind, std::string_view name, std::string_view spec) {
  return fmt::format(
      "{{\"apiVersion\":\"{}/v1\",\"kind\":\"{}\",\"metadata\":{{\"name\":\"{}\",\"labels\":{{"
      "\"app.kubernetes.io/managed-by\":\"ouro\",\"{}\":\"\"}}}},\"spec\":{}}}",
      kGroup, kind, name, kLabel, spec);
}

}  // namespace

Result<InstalledPolicies> InstalledPolicies::Prepare(const PolicyPlan& plan,
                                                     const kube::Discovery& discovery,
                                                     std::string_view run) {
  InstalledPolicies out;
  const auto* policy = discovery.Find(kGroup, "ValidatingAdmissionPolicy", "v1");
  const auto* binding = discovery.Find(kGroup, "ValidatingAdmissionPolicyBinding", "v1");
  const auto* probe = discovery.Find("", "ConfigMap", "v1");
  if (policy == nullptr || binding == nullptr || probe == nullptr) {
    return Fail(ErrorCode::kUnsupported,
                "the server has no ValidatingAdmissionPolicy of admissionregistration.k8s.io/v1 "
                "(Kubernetes 1.30 and later have it)");
  }
  if (plan.policies.size() > kPoliciesInGroup * kGroupCountMax) {
    return Fail(ErrorCode::kLimit, fmt::format("more than {} policies: choose fewer checks",
                                               kPoliciesInGroup * kGroupCountMax));
  }
  out.policy_resource_ = *policy;
  out.binding_resource_ = *binding;
  out.probe_ = *probe;
  out.prefix_ = fmt::format("ouro-prove-{}-", run);
  for (size_t i = 0; i < plan.policies.size(); ++i) {
    OURO_TRY_STATUS(out.Add(i, plan.policies[i]));
    out.checks_.push_back(plan.policies[i].check);
  }
  out.AddCanary();
  return out;
}

std::string InstalledPolicies::Name(size_t number, PolicyMode mode) const {
  return fmt::format("{}{}{}", prefix_, static_cast<char>(mode), number);
}

// True for this run's requests that want the policy to do this; false, and never an error, for all
// others.
std::string InstalledPolicies::Condition(size_t number, PolicyMode mode) const {
  const size_t group = number / kPoliciesInGroup;
  const std::string head = fmt::format("{}{}-", prefix_, static_cast<char>('a' + group));
  const size_t at = head.size() + number % kPoliciesInGroup;
  return fmt::format(
      "has(request.dryRun) && request.dryRun && has(request.options) && "
      "has(request.options.fieldManager) && request.options.fieldManager.startsWith('{}') && "
      "request.options.fieldManager.size() > {} && "
      "request.options.fieldManager.substring({}, {}) == '{}'",
      head, at, at, at + 1, static_cast<char>(mode));
}

Status InstalledPolicies::Add(size_t number, const PlannedPolicy& policy) {
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadYaml(policy.manifest, {}, keys, tree));
  if (tree.roots().size() != 2) {
    return Fail(ErrorCode::kInvalid, "an exported policy is a policy and a binding", policy.name);
  }
  const io::NodeView spec = io::NodeView(tree, keys, tree.roots()[0].node).Get("spec");
  const io::NodeView binding = io::NodeView(tree, keys, tree.roots()[1].node).Get("spec");
  OURO_TRY(const std::string spec_json, MembersWithout(spec, "matchConditions"));
  std::string conditions;
  for (const io::NodeView& condition : spec.Get("matchConditions").Children()) {
    OURO_TRY(const std::string text, io::ToJson(tree, keys, condition.index()));
    conditions += "," + text;
  }
  std::string scope = "{";
  if (const io::NodeView match = binding.Get("matchResources"); match) {
    OURO_TRY(const std::string text, io::ToJson(tree, keys, match.index()));
    scope += fmt::format("\"matchResources\":{},", text);
  }
  for (const PolicyMode mode : kBoundModes) {
    const std::string name = Name(number, mode);
    std::string condition;
    AppendJsonString(condition, Condition(number, mode));
    objects_.push_back({true, name,
                        Manifest("ValidatingAdmissionPolicy", name,
                                 fmt::format("{},\"matchConditions\":[{{\"name\":"
                                             "\"asked-by-this-run\",\"expression\":{}}}{}]}}",
                                             spec_json, condition, conditions)),
                        false});
    AddBinding(name, mode, scope);
  }
  return {};
}

void InstalledPolicies::AddBinding(const std::string& name, PolicyMode mode,
                                   std::string_view scope) {
  objects_.push_back(
      {false, name,
       Manifest("ValidatingAdmissionPolicyBinding", name,
                fmt::format("{}\"policyName\":\"{}\",\"validationActions\":[\"{}\"]}}", scope, name,
                            ActionOf(mode))),
       false});
}

void InstalledPolicies::AddCanary() {
  const std::string name = prefix_ + std::string(kCanary);
  std::string condition;
  AppendJsonString(condition,
                   fmt::format("has(request.dryRun) && request.dryRun && has(request.options) && "
                               "has(request.options.fieldManager) && "
                               "request.options.fieldManager.startsWith('{}')",
                               prefix_));
  objects_.push_back(
      {true, name,
       Manifest(
           "ValidatingAdmissionPolicy", name,
           fmt::format("{{\"failurePolicy\":\"Fail\",\"matchConstraints\":{{\"resourceRules\":[{{"
                       "\"apiGroups\":[\"*\"],\"apiVersions\":[\"*\"],\"operations\":[\"CREATE\"],"
                       "\"resources\":[\"*\"]}}]}},\"matchConditions\":[{{\"name\":"
                       "\"asked-by-this-run\",\"expression\":{}}}],\"validations\":[{{"
                       "\"expression\":\"false\",\"message\":\"{}\"}}]}}",
                       condition, kCanary)),
       false});
  AddBinding(name, PolicyMode::kWarn, "{");
}

Status InstalledPolicies::Install(Api& api) {
  for (Object& object : objects_) {
    const kube::ApiResource& resource = object.is_policy ? policy_resource_ : binding_resource_;
    // Whatever becomes of the request, the object may be there after it.
    object.created = true;
    OURO_TRY(const kube::WriteAnswer answer, api.Create(resource, {}, object.json));
    if (answer.accepted) continue;
    object.created = false;
    return Fail(answer.http_status == 403 ? ErrorCode::kDenied : ErrorCode::kRemote,
                fmt::format("the server does not take the policies: {}", answer.status.message),
                object.name);
  }
  return {};
}

Status InstalledPolicies::Remove(Api& api) {
  Status first;
  int failures_in_a_row = 0;
  // Bindings first: a policy without binding judges nothing.
  for (const bool policies : {false, true}) {
    for (Object& object : objects_) {
      if (!object.created || object.is_policy != policies) continue;
      if (failures_in_a_row >= limits::kProveFailureCount) return first;
      const Status done =
          api.Delete(policies ? policy_resource_ : binding_resource_, {}, object.name);
      object.created = !done;
      failures_in_a_row = done ? 0 : failures_in_a_row + 1;
      if (!done && first) first = done;
    }
  }
  return first;
}

size_t InstalledPolicies::group_count() const {
  // Without any policy there is still the canary to hear.
  return std::max<size_t>(1, (checks_.size() + kPoliciesInGroup - 1) / kPoliciesInGroup);
}

size_t InstalledPolicies::group_begin(size_t group) const {
  return group * kPoliciesInGroup;
}

size_t InstalledPolicies::group_end(size_t group) const {
  return std::min(checks_.size(), (group + 1) * kPoliciesInGroup);
}

std::string InstalledPolicies::Manager(size_t group, const std::vector<PolicyMode>& modes) const {
  std::string out = fmt::format("{}{}-", prefix_, static_cast<char>('a' + group));
  for (size_t i = group_begin(group); i < group_end(group); ++i) {
    out += static_cast<char>(modes[i]);
  }
  return out;
}

std::optional<InstalledPolicies::Said> InstalledPolicies::Read(std::string_view text,
                                                               std::string_view head) const {
  const size_t start = text.find(head);
  if (start == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(start + head.size());
  if (!StartsWith(rest, prefix_)) return std::nullopt;
  rest.remove_prefix(prefix_.size());
  const size_t quote = rest.find('\'');
  if (quote == std::string_view::npos) return std::nullopt;
  Said said;
  if (rest.substr(0, quote) == kCanary) {
    said.canary = true;
    return said;
  }
  const auto number = ParseInt64(rest.substr(1, quote - 1));
  if (!number || *number < 0 || static_cast<size_t>(*number) >= checks_.size()) return std::nullopt;
  said.policy = static_cast<size_t>(*number);
  // "…' with binding 'NAME': message", "…' with binding 'NAME' denied request: message"
  const size_t colon = rest.find(": ", quote);
  if (colon != std::string_view::npos) said.message = Printable(rest.substr(colon + 2));
  said.is_error = IsError(said.message, text.size());
  return said;
}

std::optional<InstalledPolicies::Said> InstalledPolicies::ReadWarning(std::string_view text) const {
  return Read(text, "Validation failed for ValidatingAdmissionPolicy '");
}

std::optional<InstalledPolicies::Said> InstalledPolicies::ReadDenial(
    std::string_view message) const {
  return Read(message, "ValidatingAdmissionPolicy '");
}

std::string_view InstalledPolicies::ProbeObject() {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"ouro-prove-"}})";
}

bool WarningsMayBeMissing(const std::vector<std::string>& warnings) {
  size_t characters = 0;
  for (const std::string& warning : warnings) {
    characters += static_cast<size_t>(
        std::count_if(warning.begin(), warning.end(), [](char c) { return (c & 0xc0) != 0x80; }));
  }
  return characters >= static_cast<size_t>(limits::kAdmissionWarningsSizeCharacters);
}

}  // namespace ouro::prove
