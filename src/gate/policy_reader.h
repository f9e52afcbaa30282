// Reads a policy: the `policy:` map of ouro.yaml, a policy file, or the JSON of a request.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gate/policy.h"
#include "io/setting_reader.h"

namespace ouro::gate {

// Keys of a policy, in the order in which they are documented.
std::span<const std::string_view> PolicyKeys();

// Reads the member of a policy map whose key is one of PolicyKeys() into `policy`; kInvalid with
// file:line:column for unknown keys and wrong values. Lists are added to those that are there.
// Origins of rules and levels are where they stand, unless the file has no name (a request) or the
// text itself has `origin`.
Status ReadPolicyMember(const io::SettingReader& member, Policy& policy);

// All members of the map, and CheckPolicy.
Result<Policy> ReadPolicy(const io::SettingReader& map);

// A policy file: YAML or JSON, either the policy itself or a map with `policy:` as ouro.yaml has
// it (other settings beside it are not looked at). `name`: for places and as the origin.
Result<Policy> ReadPolicyText(std::string source, std::string_view name);

// One policy of several files: lists are put one after the other; a value that stands in two files
// must be the same in both (kInvalid with both names).
Result<Policy> MergePolicies(std::vector<Policy> policies);

// What only shows when all is read: not more than limits::kGateRuleCount rules.
Status CheckPolicy(const Policy& policy);

}  // namespace ouro::gate
