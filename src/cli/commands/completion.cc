#include <array>

#include "cli/commands/commands.h"
#include "cli/help.h"
#include "cli/output.h"

namespace ouro::cli {
namespace {

constexpr std::array kExamples = {
    Example{"source <(ouro completion bash)", "completion in this shell"},
    Example{"ouro completion zsh > ~/.zfunc/_ouro", "completion in every zsh"},
    Example{"ouro completion fish > ~/.config/fish/completions/ouro.fish",
            "completion in every fish"},
};

ExitCode RunCompletion(const Arguments& arguments) {
  const auto script = CompletionScript(arguments.positionals().front());
  if (!script) return FailWith(script.error());
  const Status wrote = WriteResult(arguments, *script);
  return wrote ? ExitCode::kClean : FailWith(wrote.error());
}

}  // namespace

const Command kCompletionCommand = {"completion",
                                    "print a completion script for a shell",
                                    "bash|zsh|fish",
                                    1,
                                    1,
                                    "shell",
                                    "The script is static: completing a word never runs ouro.",
                                    {},
                                    kExamples,
                                    RunCompletion};

}  // namespace ouro::cli
