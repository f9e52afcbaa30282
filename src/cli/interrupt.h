// Signals. The first interrupt (SIGINT or SIGTERM) asks the run to finish what it has open and to
// report; the second ends the program at once.
#pragma once

#include <atomic>

namespace ouro::cli {

// Installs the handlers and ignores SIGPIPE, so that a closed pipe is an error of write(). Returns
// the flag that the first interrupt sets.
const std::atomic<bool>& WatchInterrupts();

}  // namespace ouro::cli
