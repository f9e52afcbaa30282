// The whole command line: words in, exit code out.
#pragma once

#include <string>
#include <vector>

namespace ouro::cli {

// Runs the command that the words name (without the program's name). Writes results to standard
// output and everything else to standard error. Never throws.
int RunCommandLine(const std::vector<std::string>& words);

}  // namespace ouro::cli
