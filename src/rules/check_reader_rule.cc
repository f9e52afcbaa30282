// Rules and aliases of a check file: match, expr, message, at, fix, also.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/check_path.h"
#include "rules/check_reader.h"

namespace ouro::rules {
namespace {

constexpr std::array<std::string_view, 3> kContainerLists = {"containers", "initContainers",
                                                             "ephemeralContainers"};

// Roles and bindings that Kubernetes creates itself at start-up carry this label (Kubernetes
// documentation, "Default roles and role bindings"). The label alone would let anybody hide a role.
constexpr std::string_view kNotShippedWithKubernetes =
    "!(object.?metadata.?labels[?'kubernetes.io/bootstrapping'].orValue('') == 'rbac-defaults' && "
    "(object.?metadata.?name.orValue('').startsWith('system:') || "
    "object.?metadata.?name.orValue('') in ['cluster-admin', 'admin', 'edit', 'view']))";

}  // namespace

Status CheckReader::RuleMatch(RuleParts& out, io::NodeView value) {
  static constexpr Key<Match> kKeys[] = {
      {"kinds", &CheckReader::MatchKinds},
      {"pod", &CheckReader::MatchPod},
      {"containers", &CheckReader::MatchContainers},
      {"rbac", &CheckReader::MatchRbac},
      {"each", &CheckReader::MatchEach},
      {"when", &CheckReader::MatchWhen},
  };
  out.has_match = true;
  out.rule.match = Match();
  OURO_TRY_STATUS(ReadMap<Match>(value, "match", kKeys, out.rule.match));
  if (value.Get("rbac") && (value.Get("pod") || value.Get("kinds"))) {
    return Bad(value, "match.rbac chooses the kinds itself; leave out pod and kinds");
  }
  if (value.Get("containers") && out.rule.match.target != Target::kContainers) {
    return Bad(value, "match.containers needs match.pod: containers");
  }
  if (!value.Get("rbac") && !value.Get("pod") && !value.Get("kinds")) {
    return Bad(value, "match needs pod, rbac or kinds");
  }
  return {};
}

Status CheckReader::MatchKinds(Match& out, io::NodeView value) {
  OURO_TRY(out.kinds, ReadTextList(value, "kinds"));
  return {};
}

Status CheckReader::MatchPod(Match& out, io::NodeView value) {
  OURO_TRY(const std::string text, ReadText(value, "match.pod"));
  if (text == "spec") {
    out.target = Target::kPod;
  } else if (text == "containers") {
    out.target = Target::kContainers;
  } else {
    return Bad(value, "match.pod must be spec or containers");
  }
  return {};
}

Status CheckReader::MatchContainers(Match& out, io::NodeView value) {
  OURO_TRY(out.container_lists, ReadTextList(value, "match.containers"));
  for (const auto& list : out.container_lists) {
    if (std::find(kContainerLists.begin(), kContainerLists.end(), list) == kContainerLists.end()) {
      return Bad(value, "match.containers knows containers, initContainers, ephemeralContainers");
    }
  }
  return {};
}

Status CheckReader::MatchRbac(Match& out, io::NodeView value) {
  OURO_TRY(const std::string text, ReadText(value, "match.rbac"));
  const std::string own(kNotShippedWithKubernetes);
  std::string condition;
  if (text == "rules") {
    out.kinds = {"rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/ClusterRole"};
    out.each = "rules";
    // The rules of an aggregated ClusterRole are written by a controller over what stands there.
    condition = "!has(object.aggregationRule) && " + own;
  } else if (text == "bindings" || text == "subjects") {
    out.kinds = {"rbac.authorization.k8s.io/RoleBinding",
                 "rbac.authorization.k8s.io/ClusterRoleBinding"};
    if (text == "subjects") out.each = "subjects";
    condition = own;
  } else {
    return Bad(value, "match.rbac must be rules, bindings or subjects");
  }
  out.when = out.when.empty() ? condition : condition + " && (" + out.when + ")";
  return {};
}

Status CheckReader::MatchEach(Match& out, io::NodeView value) {
  OURO_TRY(out.each, ReadPath(value, "match.each"));
  return {};
}

Status CheckReader::MatchWhen(Match& out, io::NodeView value) {
  OURO_TRY(const std::string text, ReadText(value, "match.when"));
  out.when = out.when.empty() ? text : out.when + " && (" + text + ")";
  return {};
}

Status CheckReader::RuleExpression(RuleParts& out, io::NodeView value) {
  OURO_TRY(out.rule.expression, ReadText(value, "expr"));
  return {};
}

Status CheckReader::RuleMessage(RuleParts& out, io::NodeView value) {
  OURO_TRY(out.rule.message, ReadText(value, "message"));
  out.has_message = true;
  return {};
}

Status CheckReader::RuleAt(RuleParts& out, io::NodeView value) {
  OURO_TRY(out.rule.at, ReadPath(value, "at"));
  out.has_at = true;
  return {};
}

Status CheckReader::FixSet(std::vector<FixTemplate>& out, io::NodeView value) {
  if (!value.IsMap()) return Bad(value, "fix.set must be a map of path to value");
  for (const auto& [path, wanted] : value.Members()) {
    if (auto steps = ParseCheckPath(path); !steps) return Bad(value, steps.error().message);
    OURO_TRY(std::string json, ReadJson(wanted));
    out.push_back({std::string(path), std::move(json)});
  }
  return {};
}

Status CheckReader::FixRemove(std::vector<FixTemplate>& out, io::NodeView value) {
  if (!value.IsList()) return Bad(value, "fix.remove must be a list of paths");
  for (const auto& item : value.Children()) {
    OURO_TRY(std::string path, ReadPath(item, "every entry of fix.remove"));
    out.push_back({std::move(path), ""});
  }
  return {};
}

Status CheckReader::RuleFix(RuleParts& out, io::NodeView value) {
  static constexpr Key<std::vector<FixTemplate>> kKeys[] = {
      {"set", &CheckReader::FixSet},
      {"remove", &CheckReader::FixRemove},
  };
  out.has_fix = true;
  return ReadMap<std::vector<FixTemplate>>(value, "fix", kKeys, out.rule.fixes);
}

Status CheckReader::RuleAlso(RuleParts& out, io::NodeView value) {
  static constexpr Key<RuleParts> kKeys[] = {
      {"match", &CheckReader::RuleMatch},     {"expr", &CheckReader::RuleExpression},
      {"message", &CheckReader::RuleMessage}, {"at", &CheckReader::RuleAt},
      {"fix", &CheckReader::RuleFix},
  };
  if (!value.IsList()) return Bad(value, "also must be a list of rules");
  for (const auto& item : value.Children()) {
    RuleParts parts;
    OURO_TRY_STATUS(ReadMap<RuleParts>(item, "a rule", kKeys, parts));
    if (!parts.has_match || parts.rule.expression.empty()) {
      return Bad(item, "a rule needs match and expr");
    }
    out.also.push_back(std::move(parts.rule));
  }
  return {};
}

Status CheckReader::AliasId(AliasParts& out, io::NodeView value) {
  OURO_TRY(out.alias.id, ReadText(value, "id"));
  return {};
}

Status CheckReader::AliasParams(AliasParts& out, io::NodeView value) {
  if (!value.IsMap()) return Bad(value, "params must be a map of name to value");
  for (const auto& [name, wanted] : value.Members()) {
    OURO_TRY(out.alias.parameters[std::string(name)], ReadJson(wanted));
  }
  return {};
}

Result<Alias> CheckReader::ReadAlias(std::string_view tool, io::NodeView value,
                                     const RuleParts& own) {
  static constexpr Key<AliasParts> kKeys[] = {
      {"id", &CheckReader::AliasId},
      {"params", &CheckReader::AliasParams},
      {"match", &CheckReader::AliasRule<&CheckReader::RuleMatch>},
      {"expr", &CheckReader::AliasRule<&CheckReader::RuleExpression>},
      {"message", &CheckReader::AliasRule<&CheckReader::RuleMessage>},
      {"at", &CheckReader::AliasRule<&CheckReader::RuleAt>},
      {"fix", &CheckReader::AliasRule<&CheckReader::RuleFix>},
      {"also", &CheckReader::AliasRule<&CheckReader::RuleAlso>},
  };
  AliasParts parts;
  parts.alias.tool = std::string(tool);
  if (!value.IsMap()) {
    OURO_TRY(parts.alias.id, ReadText(value, "an alias"));
    return std::move(parts.alias);
  }
  OURO_TRY_STATUS(ReadMap<AliasParts>(value, "an alias", kKeys, parts));
  if (parts.alias.id.empty()) return Bad(value, "an alias needs an id");
  RuleParts& rule = parts.rule;
  if (rule.rule.expression.empty()) {
    if (rule.has_match || rule.has_message || rule.has_at || rule.has_fix || !rule.also.empty()) {
      return Bad(value, "an alias with match, message, at, fix or also needs its own expr");
    }
    return std::move(parts.alias);
  }
  parts.alias.expression = rule.rule.expression;
  if (!rule.has_match) rule.rule.match = own.rule.match;
  if (!rule.has_message) rule.rule.message = own.rule.message;
  if (!rule.has_at && !rule.has_match) rule.rule.at = own.rule.at;
  if (!rule.has_fix && !rule.has_match) rule.rule.fixes = own.rule.fixes;
  parts.alias.rules.push_back(std::move(rule.rule));
  for (auto& more : rule.also) parts.alias.rules.push_back(std::move(more));
  return std::move(parts.alias);
}

}  // namespace ouro::rules
