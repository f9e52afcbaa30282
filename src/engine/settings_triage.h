// Settings of triage: feeds, owners, sla. Rows of the table in settings.cc point here. Internal to
// this module.
#pragma once

#include <string>

#include "base/error.h"
#include "engine/config.h"
#include "engine/setting_reader.h"

namespace ouro::engine {

Status ReadFeeds(const SettingReader& value, Config& config);
std::string ShowFeeds(const Config& config);

// owners: labels, namespaces, paths, base_images, default.
Status ReadOwners(const SettingReader& value, Config& config);
std::string ShowOwners(const Config& config);

// sla: days and fix_days by severity, clock, restart_on_reopen, grace_days.
Status ReadSla(const SettingReader& value, Config& config);
std::string ShowSla(const Config& config);

// notify: whom to tell. Checked and used by `ouro notify` (notify/config.h), which reads it anew.
Status ReadNotify(const SettingReader& value, Config& config);
std::string ShowNotify(const Config& config);

}  // namespace ouro::engine
