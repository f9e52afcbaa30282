#include "rules/policy_export_kinds.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "model/workload.h"
#include "rules/admission_policy_resources.h"
#include "rules/check_path.h"
#include "rules/policy_export_text.h"

namespace ouro::rules {
namespace {

// Groups of Kubernetes itself with the version that every server since kOldestExportMinor offers.
struct StableGroup {
  std::string_view group;
  std::string_view version;
};
constexpr std::array kGroups = {
    StableGroup{"", "v1"},
    StableGroup{"admissionregistration.k8s.io", "v1"},
    StableGroup{"apiextensions.k8s.io", "v1"},
    StableGroup{"apiregistration.k8s.io", "v1"},
    StableGroup{"apps", "v1"},
    StableGroup{"autoscaling", "v2"},
    StableGroup{"batch", "v1"},
    StableGroup{"certificates.k8s.io", "v1"},
    StableGroup{"coordination.k8s.io", "v1"},
    StableGroup{"discovery.k8s.io", "v1"},
    StableGroup{"events.k8s.io", "v1"},
    StableGroup{"flowcontrol.apiserver.k8s.io", "v1"},
    StableGroup{"networking.k8s.io", "v1"},
    StableGroup{"node.k8s.io", "v1"},
    StableGroup{"policy", "v1"},
    StableGroup{"rbac.authorization.k8s.io", "v1"},
    StableGroup{"resource.k8s.io", "*"},
    StableGroup{"scheduling.k8s.io", "v1"},
    StableGroup{"storage.k8s.io", "v1"},
    StableGroup{"storagemigration.k8s.io", "*"},
};

// Kinds that came to the stable version of their group later, or never did.
constexpr std::array<std::string_view, 6> kUnstableKinds = {
    "ClusterTrustBundle",    "IPAddress",   "LeaseCandidate",
    "PodCertificateRequest", "ServiceCIDR", "VolumeAttributesClass"};

bool IsUnstable(std::string_view kind) {
  return std::find(kUnstableKinds.begin(), kUnstableKinds.end(), kind) != kUnstableKinds.end();
}

// Kubernetes' own kinds of that name; `group` is "*" for any.
void AddBuiltIns(std::string_view group, std::string_view kind, ExportKinds& kinds) {
  const ResourceCatalog catalog;
  for (const StableGroup& known : kGroups) {
    if (group != "*" && group != known.group) continue;
    const ResourceInfo info = catalog.Find(known.group, kind);
    if (!info.known || !info.built_in || IsExemptFromPolicies(known.group, info.resource)) continue;
    kinds.push_back({std::string(known.group), std::string(IsUnstable(kind) ? "*" : known.version),
                     std::string(kind), info.resource, false});
  }
}

bool IsStableGroup(std::string_view group) {
  return std::any_of(kGroups.begin(), kGroups.end(),
                     [&](const StableGroup& known) { return known.group == group; });
}

// Groups that no server of the supported versions has any more.
bool IsGone(const model::WorkloadKind& row) {
  return row.group == "extensions" || (row.group.empty() && row.kind == "DeploymentConfig");
}

// Custom kinds with pod templates; their plurals are regular.
void AddWorkloads(std::string_view group, std::string_view kind, bool custom, ExportKinds& kinds) {
  for (const model::WorkloadKind& row : model::WorkloadKinds()) {
    const bool wanted = (kind == "*" || row.kind == kind) && (group == "*" || row.group == group);
    if (!wanted || IsGone(row)) continue;
    if (IsStableGroup(row.group)) {
      AddBuiltIns(row.group, row.kind, kinds);
    } else if (custom) {
      kinds.push_back(
          {std::string(row.group), "*", std::string(row.kind), LowerAscii(row.kind) + "s", true});
    }
  }
}

void Normalise(ExportKinds& kinds) {
  const auto order = [](const ExportKind& a, const ExportKind& b) {
    return std::tie(a.group, a.kind) < std::tie(b.group, b.kind);
  };
  std::sort(kinds.begin(), kinds.end(), order);
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
}

// "Kind", "group/Kind", "core/Kind" → group ("*": any) and kind.
std::pair<std::string_view, std::string_view> SplitWanted(std::string_view wanted) {
  const size_t slash = wanted.rfind('/');
  if (slash == std::string_view::npos) return {"*", wanted};
  const std::string_view group = wanted.substr(0, slash);
  return {group == "core" ? std::string_view() : group, wanted.substr(slash + 1)};
}

// Kinds of a rule about whole objects that one entry of match.kinds names.
Status AddNamed(std::string_view wanted, const ExportOptions& options, ExportKinds& kinds,
                std::string& left_out) {
  const auto [group, kind] = SplitWanted(wanted);
  const size_t before = kinds.size();
  AddBuiltIns(group, kind, kinds);
  if (options.include_custom_kinds) AddWorkloads(group, kind, true, kinds);
  if (kinds.size() > before) return {};
  if (group != "*" && IsStableGroup(group)) {
    left_out = fmt::format("policies never see {}", wanted);
  } else if (!options.include_custom_kinds) {
    left_out =
        fmt::format("{} is a custom kind, which is exported with --include-custom-kinds", wanted);
  } else if (group == "*") {
    left_out =
        fmt::format("the API group of {} is not known: write group/Kind in match.kinds", wanted);
  } else {
    kinds.push_back({std::string(group), "*", std::string(kind), "*", true});
  }
  return {};
}

// Leaves out what `excludes` name by kind alone.
void DropExcluded(const ExportOptions& options, ExportKinds& kinds) {
  std::erase_if(kinds, [&](const ExportKind& kind) {
    return std::any_of(
        options.excludes.begin(), options.excludes.end(), [&](const ExportExclude& rule) {
          return !rule.kind.empty() && rule.namespace_name.empty() && rule.name.empty() &&
                 rule.label.empty() && MatchesGlob(kind.kind, rule.kind);
        });
  });
}

// May an object of `other` be taken for one of `kind` when only the kind is looked at?
bool SameNameElsewhere(const ExportKind& kind, const ExportKinds& all) {
  return std::any_of(all.begin(), all.end(), [&](const ExportKind& other) {
    return other.group != kind.group && (other.kind == kind.kind || other.resource == "*");
  });
}

std::string GroupTest(std::string_view group) {
  return group.empty()
             ? "!object.apiVersion.contains('/')"
             : fmt::format("object.apiVersion.startsWith({})", CelString(std::string(group) + "/"));
}

// "object.kind == 'A'" or "object.kind in ['A', 'B']".
std::string KindTest(const std::vector<std::string>& kinds) {
  if (kinds.size() == 1) return fmt::format("object.kind == {}", CelString(kinds[0]));
  std::string list;
  for (const std::string& kind : kinds) list += (list.empty() ? "" : ", ") + CelString(kind);
  return fmt::format("object.kind in [{}]", list);
}

// May the key stand behind a dot? (cel-spec, "Syntax": identifiers that are no literals.)
bool IsFieldName(std::string_view key) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto is_plain = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !key.empty() && is_letter(key.front()) && std::all_of(key.begin(), key.end(), is_plain) &&
         key != "in" && key != "true" && key != "false" && key != "null";
}

// CEL for one object: list of the templates that one row describes.
Result<std::string> TemplatesOfRow(const model::WorkloadKind& row, std::string_view root) {
  const std::string whole = fmt::format("dyn({})", root);
  OURO_TRY(const std::string steps, OptionalSteps(row.template_path));
  if (row.item_list.empty()) {
    return steps.empty() ? fmt::format("[{}]", whole) : fmt::format("[?{}{}]", whole, steps);
  }
  OURO_TRY(const std::string list, OptionalSteps(row.item_list));
  const std::string entries = EntriesText(fmt::format("{}{}.orValue([])", whole, list));
  const std::string each = "entry" + steps;
  return fmt::format("{}.filter(entry, {}.hasValue()).map(entry, {}.value())", entries, each, each);
}

}  // namespace

Result<ExportKinds> KindsOf(const Match& match, const ExportOptions& options) {
  ExportKinds kinds;
  std::string left_out;
  if (match.target == Target::kObject) {
    for (const std::string& wanted : match.kinds) {
      OURO_TRY_STATUS(AddNamed(wanted, options, kinds, left_out));
    }
  } else if (match.kinds.empty()) {
    AddWorkloads("*", "*", options.include_custom_kinds, kinds);
  } else {
    for (const std::string& wanted : match.kinds) {
      const auto [group, kind] = SplitWanted(wanted);
      AddWorkloads(group, kind, options.include_custom_kinds, kinds);
    }
    left_out =
        "it looks at pod templates of custom kinds only, which are exported with "
        "--include-custom-kinds";
  }
  if (kinds.empty()) return Fail(ErrorCode::kUnsupported, left_out);
  DropExcluded(options, kinds);
  if (kinds.empty()) return Fail(ErrorCode::kUnsupported, "all its kinds are excluded");
  Normalise(kinds);
  return kinds;
}

ExportKinds UnionOf(const ExportKinds& a, const ExportKinds& b) {
  ExportKinds both = a;
  both.insert(both.end(), b.begin(), b.end());
  Normalise(both);
  return both;
}

std::string KindCondition(const ExportKinds& wanted, const ExportKinds& all) {
  const bool all_known = std::none_of(all.begin(), all.end(),
                                      [](const ExportKind& kind) { return kind.resource == "*"; });
  if (wanted == all && all_known) return {};
  std::vector<std::string> plain;
  std::string condition;
  const auto add = [&](const std::string& test) {
    condition += (condition.empty() ? "" : " || ") + test;
  };
  for (const ExportKind& kind : wanted) {
    if (SameNameElsewhere(kind, all)) {
      add(fmt::format("{} && {}", KindTest({kind.kind}), GroupTest(kind.group)));
    } else {
      plain.push_back(kind.kind);
    }
  }
  if (!plain.empty()) add(KindTest(plain));
  return condition;
}

std::vector<ExportResources> ResourcesOf(const ExportKinds& kinds, bool ephemeral) {
  std::vector<ExportResources> rules;
  for (const ExportKind& kind : kinds) {
    auto rule = std::find_if(rules.begin(), rules.end(), [&](const ExportResources& known) {
      return known.group == kind.group && known.version == kind.version;
    });
    if (rule == rules.end()) {
      rules.push_back({kind.group, kind.version, {"CREATE", "UPDATE"}, {}});
      rule = rules.end() - 1;
    }
    rule->resources.push_back(kind.resource);
  }
  for (ExportResources& rule : rules) {
    auto& resources = rule.resources;
    std::sort(resources.begin(), resources.end());
    resources.erase(std::unique(resources.begin(), resources.end()), resources.end());
    if (resources.front() == "*") resources = {"*"};
  }
  if (ephemeral) rules.push_back({"", "v1", {"UPDATE"}, {"pods/ephemeralcontainers"}});
  return rules;
}

std::string PodTemplatesText(const ExportKinds& kinds, const ExportKinds& all,
                             std::string_view root) {
  // Kinds with equal templates share a branch; the commonest one is last and needs no test when
  // nothing else can come.
  std::vector<std::pair<std::string, ExportKinds>> branches;
  for (const ExportKind& kind : kinds) {
    std::string text;
    for (const model::WorkloadKind& row : model::FindWorkload(kind.group + "/v1", kind.kind)) {
      const auto templates = TemplatesOfRow(row, root);
      if (templates) text += (text.empty() ? "" : " + ") + *templates;
    }
    const auto known = std::find_if(branches.begin(), branches.end(),
                                    [&](const auto& branch) { return branch.first == text; });
    if (known == branches.end()) {
      branches.emplace_back(std::move(text), ExportKinds{kind});
    } else {
      known->second.push_back(kind);
    }
  }
  std::sort(branches.begin(), branches.end(), [](const auto& a, const auto& b) {
    return std::make_pair(a.second.size(), std::string_view(a.first)) <
           std::make_pair(b.second.size(), std::string_view(b.first));
  });
  std::string out;
  for (const auto& [text, of] : branches) {
    const bool last = &text == &branches.back().first;
    const std::string condition = KindCondition(of, all);
    if (last && KindCondition(kinds, all).empty()) return out + text;
    out += fmt::format("{} ? {}\n: ", condition, text);
  }
  return out + "[]";
}

bool HasSeveralTemplates(const ExportKinds& kinds) {
  return std::any_of(kinds.begin(), kinds.end(), [](const ExportKind& kind) {
    const auto rows = model::FindWorkload(kind.group + "/v1", kind.kind);
    return rows.size() > 1 || (rows.size() == 1 && !rows[0].item_list.empty());
  });
}

std::string EntriesText(std::string_view text) {
  return fmt::format("(type({0}) == map ? {0}.map(key, {0}[key]) : {0})", text);
}

Result<std::string> OptionalSteps(std::string_view path) {
  OURO_TRY(const std::vector<PathStep> steps, ParseCheckPath(path));
  std::string out;
  for (const PathStep& step : steps) {
    if (step.index >= 0) return Fail(ErrorCode::kUnsupported, "a path with an index");
    out += IsFieldName(step.key) ? ".?" + step.key : fmt::format("[?{}]", CelString(step.key));
  }
  return out;
}

}  // namespace ouro::rules
