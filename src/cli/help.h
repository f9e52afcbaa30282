// Texts made of the command table: help, completion scripts, the man page.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/command.h"

namespace ouro::cli {

// `ouro --help`.
std::string OverviewText();
// `ouro COMMAND --help`: usage, description, options, examples, exit codes.
std::string HelpText(const Command& command);
// `ouro findings --help`: the commands of a group.
std::string GroupText(const Group& group);

// Completion script; `shell` is bash, zsh or fish (others: kInvalid).
Result<std::string> CompletionScript(std::string_view shell);

// The manual page in man(7) format.
std::string ManPage();

}  // namespace ouro::cli
