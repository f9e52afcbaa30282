// What priorities are made of: the feeds on this machine, owners and due dates of the
// configuration. Internal to the commands.
#pragma once

#include <string>

#include "engine/config.h"
#include "engine/finding_judge.h"

namespace ouro::cli {

// The file of feeds: `feeds.file` of ouro.yaml, else ouro/feeds.db in the data folder of the user
// ($XDG_DATA_HOME, ~/.local/share; XDG Base Directory Specification), else feeds.db here.
std::string FeedsFile(const engine::Config& config);

engine::JudgeOptions JudgeOptionsOf(const engine::Config& config, UnixSeconds now);

}  // namespace ouro::cli
