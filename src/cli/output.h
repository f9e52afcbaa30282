// Standard output, standard error and output files. The only place of the program that writes them.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/command.h"

namespace ouro::cli {

// Writes everything to standard output. When the reader has gone away (a closed pipe), output ends
// quietly: that is success, and OutputIsClosed() says so. kIo for a full disk and the like.
Status WriteStdout(std::string_view bytes);
bool OutputIsClosed();

// Writes a whole file: first to a temporary file in the same folder, then renamed over `path`, so
// that nobody ever sees half a file and a failure leaves the old one. "-" is standard output; what
// is no regular file (a device, a pipe) is written directly.
Status WriteFile(const std::string& path, std::string_view bytes);

// To `--output`, or standard output where that is not given.
Status WriteResult(const Arguments& arguments, std::string_view bytes);

// One line on standard error: "ouro: error: …". Control characters of `error` are made harmless.
void PrintError(const Error& error);
void PrintWarning(std::string_view message);

// Prints the error and gives kUsage: the last line of a command that fails.
ExitCode FailWith(const Error& error);

// Should results be coloured? By --color, NO_COLOR (https://no-color.org), TERM and the terminal.
bool WantsColor(const Arguments& arguments);

// Columns of the terminal on standard output; 0: no terminal, no limit.
int TerminalWidth();

// A line on standard error that is written over again, at most every 100 ms, only on a terminal.
class Progress {
 public:
  explicit Progress(bool wanted);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void Show(int64_t files_done);

 private:
  bool active_;
  bool shown_ = false;
  int64_t last_ms_ = 0;
};

}  // namespace ouro::cli
