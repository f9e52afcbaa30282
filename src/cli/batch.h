// JSON lines in, JSON lines out: the frame of all `--batch` modes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/command.h"

namespace ouro::cli {

// Reads lines from standard input and writes one answer a line, in order. Blank lines are passed
// over. A line longer than limits::kBatchLineSizeBytes is answered with {"error": …} and skipped.
// Answers are written as soon as no further whole line is waiting, so that a program may ask, wait
// and ask again over a pipe. Ends at the end of input, or quietly when nobody reads the answers any
// more.
ExitCode RunBatch(const std::function<std::string(std::string_view line)>& answer);

}  // namespace ouro::cli
