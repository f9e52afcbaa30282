#include <unistd.h>

#include <array>
#include <string>

#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "cli/output.h"
#include "engine/config.h"

namespace ouro::cli {
namespace {

constexpr std::array kOptions = {
    Option{"--force", 0, "", "replace a file that is there"},
};
constexpr std::array kExamples = {
    Example{"ouro init", "write ./ouro.yaml"},
    Example{"ouro init -", "print it"},
};

ExitCode RunInit(const Arguments& arguments) {
  std::string path = "ouro.yaml";
  if (arguments.Has("--output")) path = arguments.Value("--output");
  if (!arguments.positionals().empty()) path = arguments.positionals().front();
  if (path != "-" && !arguments.Has("--force") && access(path.c_str(), F_OK) == 0) {
    return FailWith({ErrorCode::kInvalid, "it is there already: --force replaces it", path});
  }
  if (const Status wrote = WriteFile(path, engine::CommentedConfig()); !wrote) {
    return FailWith(wrote.error());
  }
  if (path == "-" || arguments.Has("--quiet")) return ExitCode::kClean;
  const Status told = WriteStdout(fmt::format("wrote {}\n", path));
  return told ? ExitCode::kClean : FailWith(told.error());
}

}  // namespace

const Command kInitCommand = {"init",
                              "write a commented ouro.yaml",
                              "[FILE|-]",
                              1,
                              0,
                              "file",
                              "Writes a configuration in which every setting is explained and "
                              "commented out, so that it changes "
                              "nothing until you do.",
                              kOptions,
                              kExamples,
                              RunInit};

}  // namespace ouro::cli
