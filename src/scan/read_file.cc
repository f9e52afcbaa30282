#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "scan/source.h"

namespace ouro::scan {
namespace {

constexpr size_t kStreamStepBytes = 64 << 10;

class Descriptor {
 public:
  explicit Descriptor(int fd, bool owned = true) : fd_(fd), owned_(owned) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (owned_ && fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
  bool owned_;
};

tl::unexpected<Error> SystemFailure(int error, const std::string& shown) {
  if (error == ENOENT || error == ENOTDIR) {
    return Fail(ErrorCode::kNotFound, "it vanished while the run went on: scan again", shown);
  }
  if (error == EACCES || error == EPERM) {
    return Fail(ErrorCode::kDenied,
                "permission denied: give read access or exclude it with --exclude", shown);
  }
  return Fail(ErrorCode::kIo, fmt::format("cannot be read: {}", std::strerror(error)), shown);
}

tl::unexpected<Error> TooLarge(int64_t size_max, const std::string& shown) {
  return Fail(ErrorCode::kLimit,
              fmt::format("larger than {} bytes: split it, exclude it with --exclude, or raise "
                          "--max-file-size",
                          size_max),
              shown);
}

// Reads up to `size` bytes at the current position; -1 with errno on failure.
ssize_t ReadSome(int fd, char* to, size_t size) {
  while (true) {
    const ssize_t got = read(fd, to, size);
    if (got >= 0 || errno != EINTR) return got;
  }
}

Status ReadStream(int fd, int64_t size_max, const std::string& shown, std::string& bytes) {
  size_t used = 0;
  while (true) {
    bytes.resize(std::max(bytes.capacity(), used + kStreamStepBytes));
    const ssize_t got = ReadSome(fd, bytes.data() + used, bytes.size() - used);
    if (got < 0) return SystemFailure(errno, shown);
    if (got == 0) break;
    used += static_cast<size_t>(got);
    if (static_cast<int64_t>(used) > size_max) return TooLarge(size_max, shown);
  }
  bytes.resize(used);
  return {};
}

// Reads `size` bytes of a regular file; less when it has shrunk meanwhile. A file that has grown is
// read as it was when it was opened.
Status ReadRegular(int fd, size_t size, const std::string& shown, std::string& bytes) {
  bytes.resize(size);
  size_t used = 0;
  while (used < size) {
    const ssize_t got = ReadSome(fd, bytes.data() + used, size - used);
    if (got < 0) return SystemFailure(errno, shown);
    if (got == 0) break;
    used += static_cast<size_t>(got);
  }
  bytes.resize(used);
  return {};
}

}  // namespace

Status ReadFile(const SourceFile& file, int64_t size_max, std::string& bytes) {
  bytes.clear();
  if (file.path == "-") return ReadStream(STDIN_FILENO, size_max, file.shown, bytes);
  // O_NONBLOCK: a pipe that took the place of a file must not hold the run.
  const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (file.named ? 0 : O_NONBLOCK);
  const Descriptor fd(open(file.path.c_str(), flags));
  if (fd.get() < 0) return SystemFailure(errno, file.shown);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return SystemFailure(errno, file.shown);
  if (S_ISDIR(info.st_mode)) {
    return Fail(ErrorCode::kUnsupported, "a folder stands where a file was expected", file.shown);
  }
  if (!S_ISREG(info.st_mode)) {
    if (file.named && !S_ISBLK(info.st_mode)) {
      return ReadStream(fd.get(), size_max, file.shown, bytes);
    }
    return Fail(ErrorCode::kUnsupported, "no regular file: exclude it with --exclude", file.shown);
  }
  if (info.st_size > size_max) return TooLarge(size_max, file.shown);
  // Files of /proc and the like say 0 and still have content.
  if (info.st_size == 0) return ReadStream(fd.get(), size_max, file.shown, bytes);
  return ReadRegular(fd.get(), static_cast<size_t>(info.st_size), file.shown, bytes);
}

Status ReadHead(const SourceFile& file, size_t size, std::string& bytes) {
  bytes.clear();
  const Descriptor fd(open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (fd.get() < 0) return SystemFailure(errno, file.shown);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return SystemFailure(errno, file.shown);
  if (!S_ISREG(info.st_mode)) {
    return Fail(ErrorCode::kUnsupported, "no regular file: exclude it with --exclude", file.shown);
  }
  return ReadRegular(fd.get(), size, file.shown, bytes);
}

}  // namespace ouro::scan
