#include "cli/interrupt.h"

#include <unistd.h>
#include <csignal>

namespace ouro::cli {
namespace {

std::atomic<bool> interrupted{false};

// 128 + signal number is what a shell reports of a program that a signal ended.
extern "C" void OnInterrupt(int signal_number) {
  if (interrupted.exchange(true)) _exit(128 + signal_number);
}

}  // namespace

const std::atomic<bool>& WatchInterrupts() {
  static_assert(std::atomic<bool>::is_always_lock_free);
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return interrupted;
}

}  // namespace ouro::cli
