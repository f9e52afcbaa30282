#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "engine/engine.h"
#include "engine/settings.h"

namespace ouro::cli {
namespace {

constexpr std::array<std::string_view, 2> kFormats = {"table", "json"};
constexpr std::array kOptions = {
    Option{"--format", 'f', "FORMAT", "form of the answer", kFormats},
};
constexpr std::array kExamples = {
    Example{"ouro config check", "the settings that hold for this folder"},
    Example{"ouro config check deploy/ouro.yaml", "check one file"},
};

std::string OriginOf(const engine::Config& config, std::string_view name) {
  const auto found = config.origins.find(std::string(name));
  return found == config.origins.end() ? std::string("default") : found->second;
}

std::string AsTable(const engine::Config& config) {
  std::string out = config.file.empty()
                        ? std::string("no ouro.yaml is found: all settings have their defaults\n")
                        : fmt::format("{} is correct\n", config.file);
  for (const engine::Setting& setting : engine::AllSettings()) {
    out += fmt::format("  {:<20} {:<30} {}\n", setting.name, Printable(setting.show(config)),
                       OriginOf(config, setting.name));
  }
  return out;
}

std::string AsJson(const engine::Config& config) {
  std::string out = "{\"file\":";
  AppendJsonString(out, config.file);
  out += ",\"settings\":[";
  bool first = true;
  for (const engine::Setting& setting : engine::AllSettings()) {
    if (!first) out += ',';
    first = false;
    out += "{\"name\":";
    AppendJsonString(out, setting.name);
    out += ",\"value\":";
    AppendJsonString(out, setting.show(config));
    out += ",\"origin\":";
    AppendJsonString(out, OriginOf(config, setting.name));
    out += '}';
  }
  return out + "]}\n";
}

// A correct file may still name checks that nobody knows; that shows only when checks are chosen.
Status CheckNames(const engine::Config& config) {
  OURO_TRY(const auto library, engine::LoadLibrary(config.check_folders));
  OURO_TRY(const auto selected, rules::SelectChecks(library, engine::SelectionOf(config)));
  return {};
}

ExitCode RunConfigCheck(const Arguments& arguments) {
  Result<engine::Config> config;
  if (arguments.positionals().empty()) {
    config = LoadConfig(arguments, ".");
  } else {
    config = engine::ReadConfigFile(arguments.positionals().front());
  }
  if (!config) return FailWith(config.error());
  if (const Status checked = CheckNames(*config); !checked) {
    Error error = checked.error();
    if (error.where.empty()) error.where = config->file;
    return FailWith(error);
  }
  const bool json = arguments.Value("--format") == "json";
  const Status wrote = WriteResult(arguments, json ? AsJson(*config) : AsTable(*config));
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

const Command kConfigCheckCommand = {
    "config check",
    "check ouro.yaml and tell the effective settings",
    "[FILE]",
    1,
    0,
    "file",
    "Reads the configuration that would be used here, or FILE, and prints every setting with its "
    "effective value and the place it comes from. A wrong file gives exit code 2 with file, line "
    "and "
    "column.",
    kOptions,
    kExamples,
    RunConfigCheck};

}  // namespace ouro::cli
