// The reader of ouro.yaml's nodes. Internal to this module.
#pragma once

#include "io/setting_reader.h"

namespace ouro::engine {

using SettingReader = io::SettingReader;

}  // namespace ouro::engine
