// Which resources of the API server the rules of a check look at. Internal to the export.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "rules/check.h"
#include "rules/policy_export.h"
#include "rules/policy_export_spec.h"

namespace ouro::rules {

// A kind of object that policies match.
struct ExportKind {
  std::string group;
  std::string version;  // "*" where the version is not known or not yet stable everywhere
  std::string kind;
  std::string resource;  // plural; "*" where it is not known
  bool custom = false;   // of a custom resource

  bool operator==(const ExportKind&) const = default;
};

// Kinds in order of group and kind, each once.
using ExportKinds = std::vector<ExportKind>;

// What a rule with this match looks at in an API server. kUnsupported with the reason when it looks
// only at kinds that are not exported, or at kinds whose group cannot be known.
Result<ExportKinds> KindsOf(const Match& match, const ExportOptions& options);

// Both, in order.
ExportKinds UnionOf(const ExportKinds& a, const ExportKinds& b);

// CEL over `object`: true exactly for `wanted`, given that only kinds of `all` are matched. Empty
// when it is always true. Kinds with an unknown plural may stand beside any kind of their group.
std::string KindCondition(const ExportKinds& wanted, const ExportKinds& all);

// The rules of matchConstraints. `ephemeral`: also updates of a pod's ephemeral containers.
std::vector<ExportResources> ResourcesOf(const ExportKinds& kinds, bool ephemeral);

// CEL list of the pod templates of `root` ("object" or "oldObject"), whatever kind of `kinds` it
// is; an empty list for others. `condition_all` as in KindCondition().
std::string PodTemplatesText(const ExportKinds& kinds, const ExportKinds& all,
                             std::string_view root);

// Can one object have several pod templates?
bool HasSeveralTemplates(const ExportKinds& kinds);

// CEL: entries of the list, or values of the map, that `text` gives.
std::string EntriesText(std::string_view text);

// ".?a.?b" or "[?'odd key']", for each step of a check path without indexes.
Result<std::string> OptionalSteps(std::string_view path);

}  // namespace ouro::rules
