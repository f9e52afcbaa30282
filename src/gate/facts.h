// What selectors look at: a finding, where it lives, and what only the gate is told of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/finding.h"

namespace ouro::gate {

// A finding as the gate takes it.
struct InputFinding {
  model::Finding finding;
  std::map<std::string, std::string> labels;  // of its object
  std::string fix_group;                      // smallest action that closes it; triage/fix_group.h
  std::string fix_available_since;            // RFC 3339; empty: unknown
};

// Views of a finding and of the subject; valid as long as those.
struct Facts {
  const model::Finding* finding = nullptr;
  std::string_view cluster;  // the subject's, or else the finding's own
  std::string_view environment;
  std::string_view application;
  const std::map<std::string, std::string>* labels = nullptr;          // of the finding
  const std::map<std::string, std::string>* subject_labels = nullptr;  // of the subject
  std::string_view fix_group;
  std::optional<UnixSeconds> first_seen;
  std::optional<UnixSeconds> fix_since;
  bool is_new = true;
  bool fixable = false;
  bool kev = false;
  double cvss = -1;  // highest; negative: unknown
  double epss = -1;  // negative: unknown
  std::string_view exposure = "unknown";
  std::string_view reachability = "unknown";
  std::string_view ssvc;
};

// Fills what comes from the finding alone. A finding is fixable when a fixed version is named or
// its state is "fixed", or when it carries patches.
Facts FactsOf(const model::Finding& finding);

}  // namespace ouro::gate
