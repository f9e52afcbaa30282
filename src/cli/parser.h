// Words of the command line to Arguments. Wraps CLI11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/command.h"

namespace ouro::cli {

// The command that the first one or two words name, with the remaining words in `rest`. kInvalid
// with the nearest known word.
Result<const Command*> FindCommand(const std::vector<std::string>& words,
                                   std::vector<std::string>& rest);

// Options may stand before, between and after positionals; "--name=value" and "--name value" are
// the same; "--" ends options. kInvalid for an unknown option (with the nearest known one), a
// missing or unknown value, and a wrong number of positionals.
Result<Arguments> ParseArguments(const Command& command, const std::vector<std::string>& words);

}  // namespace ouro::cli
