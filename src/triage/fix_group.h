// Fix groups: the smallest action that closes a set of findings, ranked by what it gains. Pure and
// deterministic: the order of the findings does not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"
#include "triage/version_order.h"

namespace ouro::triage {

enum class FixKind : uint8_t {
  kBaseImage,   // a newer base image
  kOsPackages,  // one upgrade line in one image
  kDependency,  // one package to one version
  kChartValue,  // one place of a chart template, with every object that it renders
  kRole,        // one Role or ClusterRole, or its binding
  kField,       // one field of one object
  kSecret,      // one credential to withdraw
  kNoFix,       // a package for which no fixed version is known
  kOther
};
std::string_view FixKindName(FixKind kind);  // "base-image", "os-packages", "dependency", …

struct FixGroup {
  std::string id;  // 32 hexadecimal digits, of kind and target: the same in every run
  FixKind kind = FixKind::kOther;
  std::string target;  // what is changed: image, package with place, object and field
  std::string action;  // one sentence: "upgrade openssl to 3.0.11 in registry.example/shop/api"
  int effort = 1;      // docs/formats/priority.md has the table; at least 1
  // Sum over issues of the highest priority of their open findings: what two tools say of one cause
  // counts once.
  int64_t priority_sum = 0;
  int64_t issue_count = 0;
  std::vector<size_t> findings;  // indexes into the input, ascending
  double Score() const { return static_cast<double>(priority_sum) / effort; }
};

struct FixGroupOptions {
  VersionOrder order = NaturalVersionOrder;
  // Layers that are known to belong to a base image: digest → reference of the base image.
  std::map<std::string, std::string, std::less<>> base_layers;
};

// Groups the open findings (suppressed and failed ones are left out); each is in exactly one group.
// Sorted by Score, highest first, then by number of findings, then by id. A finding's priority is
// its judgement's; without judgement it counts 1.
std::vector<FixGroup> GroupFixes(const std::vector<model::Finding>& findings,
                                 const FixGroupOptions& options);

}  // namespace ouro::triage
