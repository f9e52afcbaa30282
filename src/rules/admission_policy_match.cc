#include "rules/admission_policy_match.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::rules {

namespace {

constexpr std::string_view kNamespaceNameLabel = "kubernetes.io/metadata.name";

bool IsPresent(const io::NodeView& view) {
  return view.exists() && view.type() != io::NodeType::kNull;
}

MatchResult Yes() {
  return {Answer::kYes, {}, false, false};
}
MatchResult Unknown(std::string why) {
  return {Answer::kUnknown, std::move(why), false, false};
}

bool Holds(const std::vector<std::string>& words, std::string_view word) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& w) { return w == "*" || w == word; });
}

bool HoldsResource(const ResourceRule& rule, const ResolvedRequest& request) {
  return std::any_of(rule.resources.begin(), rule.resources.end(), [&](const std::string& written) {
    const size_t slash = written.find('/');
    const std::string_view resource = std::string_view(written).substr(0, slash);
    const std::string_view sub =
        slash == std::string::npos ? "" : std::string_view(written).substr(slash + 1);
    return (resource == "*" || resource == request.resource) &&
           (sub == "*" || sub == request.subresource);
  });
}

Answer HoldsScope(const ResourceRule& rule, const ResolvedRequest& request) {
  if (rule.scope == ResourceRule::Scope::kAll) return Answer::kYes;
  const bool wants_namespaced = rule.scope == ResourceRule::Scope::kNamespaced;
  if (request.IsNamespace()) return wants_namespaced ? Answer::kNo : Answer::kYes;
  if (!request.name_space) return Answer::kUnknown;
  return request.name_space->empty() != wants_namespaced ? Answer::kYes : Answer::kNo;
}

// Everything of the rule but group and version.
Answer HoldsOtherwise(const ResourceRule& rule, const ResolvedRequest& request) {
  if (!Holds(rule.operations, request.operation) || !HoldsResource(rule, request)) {
    return Answer::kNo;
  }
  const bool named = rule.names.empty() || std::find(rule.names.begin(), rule.names.end(),
                                                     request.name) != rule.names.end();
  return named ? HoldsScope(rule, request) : Answer::kNo;
}

MatchResult UnknownScope(const ResolvedRequest& request) {
  return Unknown(
      fmt::format("it is not known whether {} objects live in namespaces: give the object a "
                  "namespace, or add its CustomResourceDefinition",
                  request.kind));
}

// The same objects may be served under another version, for which the policy has a rule.
MatchResult MatchesEquivalent(const std::vector<ResourceRule>& rules,
                              const ResolvedRequest& request, const ResourceCatalog& catalog,
                              int kubernetes_minor) {
  const auto equivalents =
      catalog.EquivalentsOf(request.group, request.version, request.resource, kubernetes_minor);
  for (const ResourceRule& rule : rules) {
    if (HoldsOtherwise(rule, request) == Answer::kNo) continue;
    for (const auto& [group, version] : equivalents.versions) {
      if (!Holds(rule.groups, group) || !Holds(rule.versions, version)) continue;
      return {Answer::kYes,
              fmt::format("the policy looks at version {} of {}, into which objects of version {} "
                          "are not converted here",
                          version, request.resource, request.version),
              false, true};
    }
    if (!equivalents.complete && Holds(rule.groups, request.group)) {
      return Unknown(
          fmt::format("it is not known whether {} is also served in version {}: add its "
                      "CustomResourceDefinition",
                      request.resource, fmt::join(rule.versions, " or ")));
    }
  }
  return {};
}

MatchResult MatchesRules(const std::vector<ResourceRule>& rules, bool equivalent,
                         const ResolvedRequest& request, const ResourceCatalog& catalog,
                         int kubernetes_minor) {
  MatchResult result;
  for (const ResourceRule& rule : rules) {
    if (!Holds(rule.groups, request.group) || !Holds(rule.versions, request.version)) continue;
    const Answer answer = HoldsOtherwise(rule, request);
    if (answer == Answer::kYes) return Yes();
    if (answer == Answer::kUnknown) result = UnknownScope(request);
  }
  if (result.answer == Answer::kUnknown || !equivalent) return result;
  return MatchesEquivalent(rules, request, catalog, kubernetes_minor);
}

MatchResult Broken(const LabelSelector& selector) {
  return {Answer::kYes, "Internal error occurred: " + selector.error, true, false};
}

// Labels of the request's namespace. Its name is a label that every namespace has.
LabelSource NamespaceLabels(const ResolvedRequest& request) {
  if (request.IsNamespace() && request.subresource.empty()) {
    // A namespace that is deleted is the one that is stored.
    const bool changes = request.operation == "CREATE" || request.operation == "UPDATE";
    const io::NodeView& itself = changes ? request.object : request.old_object;
    if (changes || itself.exists()) {
      return LabelsOf(itself.exists() ? itself.Get("metadata").Get("labels") : io::NodeView());
    }
  }
  return [&request](std::string_view key) {
    const bool known = IsPresent(request.namespace_object);
    if (known) {
      const io::NodeView value = request.namespace_object.Get("metadata").Get("labels").Get(key);
      if (value.exists()) return LabelLookup{Answer::kYes, value.Text()};
    }
    if (key == kNamespaceNameLabel) return LabelLookup{Answer::kYes, *request.name_space};
    return LabelLookup{known ? Answer::kNo : Answer::kUnknown, {}};
  };
}

MatchResult MatchesNamespace(const LabelSelector& selector, const ResolvedRequest& request) {
  if (selector.empty()) return Yes();
  if (!request.name_space) return UnknownScope(request);
  // Requests for cluster-scoped objects are never exempted, those for namespaces may be.
  if (request.name_space->empty() && request.resource != "namespaces") {
    return Yes();
  }
  if (!selector.error.empty()) return Broken(selector);
  const Answer answer = Selects(selector, NamespaceLabels(request));
  if (answer == Answer::kYes) return Yes();
  if (answer == Answer::kNo) return {};
  return Unknown(
      fmt::format("the namespaceSelector asks for labels of namespace {}, whose object was not "
                  "given",
                  *request.name_space));
}

MatchResult MatchesObject(const LabelSelector& selector, const ResolvedRequest& request) {
  if (selector.empty()) return Yes();
  if (!selector.error.empty()) return Broken(selector);
  for (const io::NodeView& object : {request.object, request.old_object}) {
    if (!object.exists()) continue;
    if (Selects(selector, LabelsOf(object.Get("metadata").Get("labels"))) == Answer::kYes) {
      return Yes();
    }
  }
  return {};
}

// ---- requests -----------------------------------------------------------------------------------

void ResolveKind(const AdmissionRequest& request, const io::NodeView& from,
                 ResolvedRequest& resolved) {
  resolved.kind_group = request.group;
  resolved.kind_version = request.version;
  resolved.kind = request.kind;
  if (!resolved.kind.empty() || !from.exists()) return;
  const GroupVersion group_version = SplitApiVersion(from.Get("apiVersion").Text());
  resolved.kind_group = group_version.group;
  resolved.kind_version = group_version.version;
  resolved.kind = from.Get("kind").Text();
}

void ResolveNamespace(const AdmissionRequest& request, const io::NodeView& from,
                      ResolvedRequest& resolved) {
  if (request.name_space) {
    resolved.name_space = request.name_space;
  } else if (resolved.IsNamespace()) {
    resolved.name_space = resolved.name;
  } else if (resolved.scope == ResourceScope::kCluster) {
    resolved.name_space = "";
  } else {
    const std::string_view written =
        from.exists() ? from.Get("metadata").Get("namespace").Text() : std::string_view();
    if (!written.empty()) {
      resolved.name_space = written;
    } else if (resolved.scope == ResourceScope::kNamespaced) {
      resolved.name_space = "default";
    }
  }
}

std::string OperationOf(const AdmissionRequest& request, bool has_object, bool has_old_object) {
  if (!request.operation.empty()) return request.operation;
  if (!has_object) return "DELETE";
  return has_old_object ? "UPDATE" : "CREATE";
}

}  // namespace

Result<ResolvedRequest> ResolveRequest(const AdmissionRequest& request,
                                       const ResourceCatalog& catalog) {
  ResolvedRequest resolved;
  if (IsPresent(request.object)) resolved.object = request.object;
  if (IsPresent(request.old_object)) resolved.old_object = request.old_object;
  if (IsPresent(request.namespace_object)) resolved.namespace_object = request.namespace_object;
  for (const io::NodeView& object :
       {resolved.object, resolved.old_object, resolved.namespace_object}) {
    if (object.exists() && !object.IsMap()) {
      return Fail(ErrorCode::kInvalid, "the object is not a JSON object");
    }
  }
  const io::NodeView from = resolved.object.exists() ? resolved.object : resolved.old_object;
  ResolveKind(request, from, resolved);
  if (resolved.kind.empty() || resolved.kind_version.empty()) {
    return Fail(ErrorCode::kInvalid, "the object has no apiVersion or no kind");
  }
  const ResourceInfo info = catalog.Find(resolved.kind_group, resolved.kind);
  const bool told = !request.resource.empty();
  resolved.group = told ? request.resource_group : resolved.kind_group;
  resolved.version = told ? request.resource_version : resolved.kind_version;
  resolved.resource = told ? request.resource : info.resource;
  resolved.scope = info.scope;
  resolved.built_in = info.built_in;
  resolved.subresource = request.subresource;
  resolved.operation = OperationOf(request, resolved.object.exists(), resolved.old_object.exists());
  if (request.name) {
    resolved.name = *request.name;
  } else if (from.exists()) {
    resolved.name = from.Get("metadata").Get("name").Text();
  }
  ResolveNamespace(request, from, resolved);
  return resolved;
}

MatchResult Matches(const MatchResources& match, const ResolvedRequest& request,
                    const ResourceCatalog& catalog, int kubernetes_minor) {
  MatchResult by_namespace = MatchesNamespace(match.namespace_selector, request);
  if (by_namespace.answer == Answer::kNo) return {};
  const MatchResult by_object = MatchesObject(match.object_selector, request);
  if (by_object.answer == Answer::kNo) return {};
  const MatchResult excluded =
      MatchesRules(match.excluded, match.equivalent, request, catalog, kubernetes_minor);
  if (excluded.answer == Answer::kYes) return {};
  MatchResult by_rules = Yes();
  if (!match.rules.empty()) {
    by_rules = MatchesRules(match.rules, match.equivalent, request, catalog, kubernetes_minor);
  }
  if (by_rules.answer == Answer::kNo) return {};
  const MatchResult* const parts[] = {&by_rules, &excluded, &by_namespace, &by_object};
  for (const MatchResult* part : parts) {
    if (part->answer == Answer::kUnknown) return *part;
  }
  if (by_namespace.is_error) return by_namespace;
  return by_object.is_error ? by_object : by_rules;
}

}  // namespace ouro::rules
