// The table of all settings of ouro.yaml. A new setting is one row here and one reader function.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "engine/config.h"
#include "engine/setting_reader.h"

namespace ouro::engine {

struct Setting {
  std::string_view name;          // dotted path: "exclude.namespaces"
  std::string_view type;          // "list of text", for people
  std::string_view default_text;  // as one would write it
  std::string_view doc;           // one or two sentences
  std::string_view example;       // YAML, without the leading parents, lines separated by '\n'
  Status (*read)(const SettingReader& value, Config& config);
  std::string (*show)(const Config& config);  // effective value as one would write it
};

// In the order in which `ouro init` writes them; settings of one parent stand together.
std::span<const Setting> AllSettings();

}  // namespace ouro::engine
