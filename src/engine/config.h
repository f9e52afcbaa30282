// ouro.yaml: one table of settings (engine/settings.h) feeds the reader, `ouro init`, `ouro config
// check` and the documentation. docs/formats/ouro-yaml.md.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "feed/config.h"
#include "gate/policy.h"
#include "gate/window_rule.h"
#include "rules/selection.h"
#include "scan/object.h"
#include "triage/owner.h"
#include "triage/sla.h"
#include "triage/triage.h"

namespace ouro::engine {

// Effective configuration. Paths inside are as written; ReadConfigFile makes those of a file
// relative to the folder in which the file lies.
struct Config {
  std::string file;  // where it was read; empty: none found
  std::vector<std::string> exclude_paths;
  std::vector<scan::ObjectExclude> exclude_objects;
  std::string profile = "default";
  std::string kubernetes_version;  // "1.29"; empty: newest known
  std::vector<std::string> only;
  std::vector<std::string> skip;
  std::vector<std::string> check_folders;  // further check files, relative to the file
  std::map<std::string, std::map<std::string, std::string>> parameters;
  std::map<std::string, model::Severity> severities;
  std::vector<triage::SuppressionRule> suppressions;
  gate::Policy policy;
  std::vector<gate::WindowRule> windows;
  std::string exceptions;  // path of the file of exceptions; empty: none
  std::string audit;       // path of the audit log; empty: none
  feed::FeedConfig feeds;
  triage::OwnerPolicy owners;
  triage::SlaCalendar sla;
  bool has_notify = false;  // notify/config.h reads what it says
  std::string store;        // path of the SQLite file; empty: none
  std::string baseline;
  // Dotted name of a setting → where its value comes from ("ouro.yaml:3:1", "--profile"). Settings
  // without an entry have their default.
  std::map<std::string, std::string> origins;
};

// Reads and checks; unknown keys are kInvalid with file:line:column and the nearest known key, and
// so are values of the wrong type or out of range, and duplicate keys.
Result<Config> ReadConfig(std::string source, std::string_view file_name);

// Reads a file: kNotFound, kDenied or kIo when it cannot be read, else as ReadConfig. Relative
// paths (check_folders, store, baseline) become relative to the working directory.
Result<Config> ReadConfigFile(const std::string& path);

// Finds ouro.yaml from `start` (a file or folder) upwards, then the user's
// ($XDG_CONFIG_HOME/ouro/ouro.yaml, ~/.config/ouro/ouro.yaml), then the system's
// (/etc/ouro/ouro.yaml); empty: none.
std::string FindConfigFile(const std::string& start);

// The commented file that `ouro init` writes; ReadConfig accepts it and it changes nothing.
std::string CommentedConfig();

// "1.29" or "v1.29" → 29, within 1.0 … 1.<newest known>. A newer minor gives the newest with a
// sentence in `warning`; anything else is kInvalid. Empty text: -1, which means the newest.
Result<int> ParseKubernetesVersion(std::string_view text, std::string& warning);

}  // namespace ouro::engine
