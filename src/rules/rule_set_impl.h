// A compiled rule set as the runner sees it. Internal to the module.
//
// Rules are put into groups that look at the same subjects: the same target, the same kinds, the
// same container lists and the same `each` path. A runner finds out once per kind of object which
// groups apply, walks each list of subjects once and asks all rules of the group about each
// subject.
#pragma once

#include <string>
#include <vector>

#include "rules/check_path.h"
#include "rules/rule_set.h"

namespace ouro::rules {

inline constexpr int kNoEntry = -1;

struct CompiledFix {
  std::vector<PathStep> path;
  std::string value_json;
};

struct CompiledRule {
  uint32_t check = 0;  // index into the set's checks
  int expression = kNoEntry;
  int when = kNoEntry;
  int message = kNoEntry;
  std::vector<PathStep> at;
  std::vector<CompiledFix> fixes;
};

// A path that must lead to a map where it leads anywhere. Optional selection in CEL takes a text or
// a number for a map without fields, so without this a field under a wrong type would pass in
// silence.
struct MapPath {
  std::vector<PathStep> steps;
  uint32_t check = 0;  // that looks below it
};

struct RuleGroup {
  Match match;                  // `when` is empty: it belongs to the rules
  uint32_t container_mask = 0;  // bit i: kContainerListNames[i]
  std::vector<PathStep> each;
  std::vector<CompiledRule> rules;
  std::vector<MapPath> map_paths;  // of groups without `each`; from the paths `at` of the rules
};

inline constexpr std::string_view kContainerListNames[] = {"containers", "initContainers",
                                                           "ephemeralContainers"};

// Where a workload kind keeps its pod templates; same order as model::WorkloadKinds().
struct TemplatePath {
  std::vector<PathStep> items;  // list or map of templates; empty: none
  std::vector<PathStep> path;   // to the template, from the object or from an item
};

struct RuleSet::Impl {
  std::vector<SelectedCheck> checks;
  RuleSetOptions options;
  bool needs_inventory = false;
  std::shared_ptr<const Program> program;
  std::vector<RuleGroup> groups;
  std::vector<TemplatePath> templates;

  // Parameters of each check, bound to `params`; kNull where a check has none.
  io::Tree parameter_tree;
  std::vector<Value> parameters;

  // Variables of the environment.
  int object = 0, kubernetes = 0, pod = 0, service_account = 0;
  int container = 0, container_type = 0;
  int item = 0, item_key = 0, params = 0;
  MapEntry kubernetes_entry;
  MapObject kubernetes_map;

  // Keys that the runner looks up itself.
  io::KeyId api_version = 0, kind = 0, metadata = 0, name = 0, name_space = 0, spec = 0;
  io::KeyId service_account_name = 0, service_account_old_name = 0, automount = 0;
  io::KeyId annotations = 0, labels = 0;
  io::KeyId container_lists[3] = {0, 0, 0};
};

}  // namespace ouro::rules
