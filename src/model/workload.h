// Which kinds of object carry a pod template, and where.
#pragma once

#include <span>
#include <string_view>

namespace ouro::model {

// Known are the kinds of Kubernetes itself and of widespread extensions whose API embeds the core
// type PodTemplateSpec (or, where said, a spec with `containers`). Groups must match, versions do
// not.
struct WorkloadKind {
  std::string_view group;  // API group: "" for core, "apps", …; versions do not matter
  std::string_view kind;
  // Dot path to the pod template (the node that holds `spec`); "" for a Pod, which is its own.
  std::string_view template_path;
  // When templates stand in a list, or in a map by role: path of that list or map. template_path is
  // then relative to an entry. Empty otherwise.
  std::string_view item_list;
};

// Sorted by kind, then group.
std::span<const WorkloadKind> WorkloadKinds();

// Null when the kind has no pod template. `api_version` as written ("apps/v1", "v1").
// Some kinds have several templates: the result is a run of rows.
std::span<const WorkloadKind> FindWorkload(std::string_view api_version, std::string_view kind);

}  // namespace ouro::model
