#include "cli/output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::cli {
namespace {

constexpr int64_t kProgressStepMs = 100;

bool output_closed = false;  // the reader of standard output has gone away

int64_t NowMs() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

// 0, or the errno that stopped it.
int WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno;
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return 0;
}

tl::unexpected<Error> WriteFailure(int error, const std::string& where) {
  const char* remedy = error == ENOSPC || error == EDQUOT  ? ": free some space"
                       : error == EACCES || error == EROFS ? ": choose a place that can be written"
                       : error == ENOENT || error == ENOTDIR ? ": create its folder first"
                                                             : "";
  return Fail(ErrorCode::kIo, fmt::format("cannot be written: {}{}", std::strerror(error), remedy),
              where);
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

bool OutputIsClosed() {
  return output_closed;
}

Status WriteStdout(std::string_view bytes) {
  if (output_closed) return {};
  const int error = WriteAll(STDOUT_FILENO, bytes);
  if (error == EPIPE) {
    output_closed = true;
    return {};
  }
  if (error != 0) return WriteFailure(error, "standard output");
  return {};
}

Status WriteFile(const std::string& path, std::string_view bytes) {
  if (path == "-") return WriteStdout(bytes);
  struct stat info;
  const bool exists = stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) {
    return Fail(ErrorCode::kIo, "is a folder: name a file", path);
  }
  if (exists && !S_ISREG(info.st_mode)) {
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return WriteFailure(errno, path);
    const int error = WriteAll(fd, bytes);
    close(fd);
    if (error != 0 && error != EPIPE) return WriteFailure(error, path);
    return {};
  }
  // A link keeps leading to its target: the target is what is replaced.
  std::string target = path;
  if (char* real = exists ? realpath(path.c_str(), nullptr) : nullptr) {
    target = real;
    std::free(real);
  }
  std::string temporary = target + ".XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return WriteFailure(errno, path);
  const mode_t mask = umask(0);
  umask(mask);
  const mode_t mode = exists ? info.st_mode & 07777 : 0666 & ~mask;
  int error = fchmod(fd, mode) != 0 ? errno : 0;
  if (error == 0) error = WriteAll(fd, bytes);
  // Some file systems tell of a full disk only now.
  if (error == 0 && fsync(fd) != 0 && errno != EINVAL) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && rename(temporary.c_str(), target.c_str()) != 0) error = errno;
  if (error == 0) return {};
  unlink(temporary.c_str());
  return WriteFailure(error, path);
}

Status WriteResult(const Arguments& arguments, std::string_view bytes) {
  return arguments.Has("--output") ? WriteFile(arguments.Value("--output"), bytes)
                                   : WriteStdout(bytes);
}

void PrintError(const Error& error) {
  std::string line = fmt::format("ouro: error: {}\n", Printable(error.ToString()));
  WriteAll(STDERR_FILENO, line);
}

void PrintWarning(std::string_view message) {
  WriteAll(STDERR_FILENO, fmt::format("ouro: warning: {}\n", Printable(message)));
}

ExitCode FailWith(const Error& error) {
  PrintError(error);
  return ExitCode::kUsage;
}

bool WantsColor(const Arguments& arguments) {
  const std::string when = arguments.Value("--color");
  if (when == "always") return true;
  if (when == "never" || arguments.Has("--output")) return false;
  if (!Environment("NO_COLOR").empty() || Environment("TERM") == "dumb") return false;
  return isatty(STDOUT_FILENO) == 1;
}

int TerminalWidth() {
  struct winsize size;
  if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

Progress::Progress(bool wanted) : active_(wanted && isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (shown_) WriteAll(STDERR_FILENO, "\r\x1b[K");
}

void Progress::Show(int64_t files_done) {
  if (!active_) return;
  const int64_t now = NowMs();
  if (now - last_ms_ < kProgressStepMs) return;
  last_ms_ = now;
  shown_ = true;
  WriteAll(STDERR_FILENO, fmt::format("\r{} files examined\x1b[K", files_done));
}

}  // namespace ouro::cli
