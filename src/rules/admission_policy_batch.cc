#include "rules/admission_policy_batch.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "rules/admission_policy_spec.h"

namespace ouro::rules {

namespace {

bool IsDefinition(const io::NodeView& rule) {
  return rule.Get("kind").Text() == "CustomResourceDefinition" &&
         StartsWith(rule.Get("apiVersion").Text(), "apiextensions.k8s.io/");
}

bool IsTrue(const io::NodeView& view) {
  return view.type() == io::NodeType::kBool && view.tree().node(view.index()).boolean;
}

// What denies decides; then what is not decided; a policy applies when one binding lets it.
int Rank(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFail:
      return 4;
    case Verdict::kError:
      return 3;
    case Verdict::kWarn:
      return 2;
    case Verdict::kPass:
      return 1;
    case Verdict::kSkip:
      break;
  }
  return 0;
}

void AppendHead(std::string& out, std::string_view rule, Verdict verdict,
                std::string_view message) {
  out += "{\"rule\":";
  AppendJsonString(out, rule);
  out += fmt::format(",\"verdict\":\"{}\",\"message\":", VerdictName(verdict));
  AppendJsonString(out, message);
}

std::string Plain(std::string_view rule, Verdict verdict, std::string_view message) {
  std::string out;
  AppendHead(out, rule, verdict, message);
  return out + "}";
}

void AppendActions(std::string& out, const PolicyResult& result) {
  out += "\"actions\":[";
  std::string_view separator;
  for (const auto& [set, name] : {std::pair{result.deny, "Deny"}, std::pair{result.warn, "Warn"},
                                  std::pair{result.audit, "Audit"}}) {
    if (!set) continue;
    out += fmt::format("{}\"{}\"", separator, name);
    separator = ",";
  }
  out += ']';
}

void AppendDecision(std::string& out, const PolicyDecision& decision) {
  out += '{';
  if (decision.validation >= 0) out += fmt::format("\"validation\":{},", decision.validation);
  if (decision.is_error) out += "\"error\":true,";
  if (decision.ignored) out += "\"ignored\":true,";
  if (decision.always_denies) out += "\"always_denies\":true,";
  if (!decision.reason.empty()) {
    out += "\"reason\":";
    AppendJsonString(out, decision.reason);
    out += ',';
  }
  out += "\"message\":";
  AppendJsonString(out, decision.message);
  out += '}';
}

void AppendBinding(std::string& out, const PolicyResult& result) {
  out += "{\"binding\":";
  AppendJsonString(out, result.binding);
  out += fmt::format(",\"verdict\":\"{}\",", VerdictName(result.verdict));
  AppendActions(out, result);
  out += ",\"decisions\":[";
  for (const PolicyDecision& decision : result.decisions) {
    if (out.back() == '}') out += ',';
    AppendDecision(out, decision);
  }
  out += "],\"audit_annotations\":{";
  std::string_view separator;
  for (const PolicyAuditAnnotation& annotation : result.audit_annotations) {
    out += separator;
    AppendJsonString(out, annotation.key);
    out += ':';
    AppendJsonString(out, annotation.value);
    separator = ",";
  }
  out += "}}";
}

}  // namespace

std::optional<AuthorizationAnswer> ListedAuthorizer::Ask(
    const AuthorizationQuestion& question) const {
  const std::pair<std::string_view, std::string_view> parts[] = {
      {"serviceAccount", question.service_account},
      {"path", question.path},
      {"group", question.group},
      {"resource", question.resource},
      {"subresource", question.subresource},
      {"namespace", question.name_space},
      {"name", question.name},
      {"fieldSelector", question.field_selector},
      {"labelSelector", question.label_selector},
      {"verb", question.verb}};
  for (const io::NodeView& entry : entries_.Children()) {
    const bool answers = std::all_of(std::begin(parts), std::end(parts), [&](const auto& part) {
      const io::NodeView wanted = entry.Get(part.first);
      return !wanted.exists() || (wanted.IsString() && wanted.Text() == part.second);
    });
    if (!answers) continue;
    return AuthorizationAnswer{IsTrue(entry.Get("allowed")),
                               std::string(entry.Get("reason").Text()),
                               std::string(entry.Get("error").Text())};
  }
  return std::nullopt;
}

bool PolicyBatch::HasPolicies(const io::NodeView& rules) {
  const std::vector<io::NodeView> children = rules.Children();
  return std::any_of(children.begin(), children.end(), [](const io::NodeView& rule) {
    return rule.IsMap() && (IsPolicy(rule) || IsPolicyBinding(rule));
  });
}

bool PolicyBatch::Accepts(const io::NodeView& rule) const {
  if (!rule.IsMap()) return false;
  if (IsPolicy(rule) || IsPolicyBinding(rule) || IsDefinition(rule)) return true;
  const std::pair kind(rule.Get("apiVersion").Text(), rule.Get("kind").Text());
  return std::find(param_kinds_.begin(), param_kinds_.end(), kind) != param_kinds_.end();
}

PolicyBatch::PolicyBatch(const io::NodeView& root, int kubernetes_minor, io::KeyTable& keys) {
  for (const io::NodeView& rule : root.Get("rules").Children()) {
    if (!rule.IsMap() || !IsPolicy(rule)) continue;
    const io::NodeView kind = rule.Get("spec").Get("paramKind");
    if (kind.IsMap()) {
      param_kinds_.emplace_back(kind.Get("apiVersion").Text(), kind.Get("kind").Text());
    }
  }
  if (auto status = Judge(root, kubernetes_minor, keys); !status) {
    problem_ = status.error().ToString();
  }
}

Status PolicyBatch::Judge(const io::NodeView& root, int kubernetes_minor, io::KeyTable& keys) {
  std::vector<io::NodeView> objects;
  for (const io::NodeView& rule : root.Get("rules").Children()) {
    if (Accepts(rule)) objects.push_back(rule);
  }
  PolicySetOptions options;
  options.kubernetes_minor = kubernetes_minor;
  options.bind_single_policy = true;
  OURO_TRY(set_, PolicySet::Compile(objects, options, keys));
  AdmissionRequest request;
  const io::NodeView review = root.Get("request");
  const bool has_review = review.exists() && review.type() != io::NodeType::kNull;
  if (has_review) OURO_TRY_STATUS(ReadAdmissionRequest(review, request));
  // null says that there is none; the API server has no object when something is deleted.
  if (root.Get("object")) request.object = root.Get("object");
  if (root.Get("old_object")) request.old_object = root.Get("old_object");
  request.namespace_object = root.Get("namespace_object");
  request.params = root.Get("params");
  const io::NodeView answers = has_review ? review.Get("authorizer") : io::NodeView();
  const ListedAuthorizer authorizer(answers);
  if (answers.exists()) request.authorizer = &authorizer;
  PolicyRunner runner(set_, keys);
  OURO_TRY(results_, runner.Judge(request));
  return {};
}

std::optional<std::string> PolicyBatch::Answer(const io::NodeView& rule) {
  const std::string_view name = rule.Get("metadata").Get("name").Text();
  if (!IsPolicy(rule) && !IsPolicyBinding(rule)) return std::nullopt;
  if (!problem_.empty()) {
    if (!IsPolicy(rule)) return std::nullopt;
    return Plain(name, Verdict::kError, problem_);
  }
  if (!IsPolicy(rule)) {
    for (const PolicySet::Problem& unbound : set_->unbound()) {
      const bool binds = std::any_of(results_.begin(), results_.end(),
                                     [&](const auto& result) { return result.binding == name; });
      if (unbound.name == name && !binds) return Plain(name, Verdict::kError, unbound.message);
    }
    return std::nullopt;
  }
  const int64_t policy = next_policy_++;
  const PolicyResult* decisive = nullptr;
  std::string bindings;
  for (const PolicyResult& result : results_) {
    if (result.policy.data() != set_->policy_name(policy).data()) continue;
    if (!bindings.empty()) bindings += ',';
    AppendBinding(bindings, result);
    if (decisive == nullptr || Rank(result.verdict) > Rank(decisive->verdict)) decisive = &result;
  }
  if (decisive == nullptr) return Plain(name, Verdict::kSkip, "no binding names this policy");
  std::string out;
  AppendHead(out, name, decisive->verdict, decisive->message);
  return out + ",\"bindings\":[" + bindings + "]}";
}

}  // namespace ouro::rules
