#include "kube/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace ouro::kube {
namespace {

// Closes what it holds.
struct Descriptor {
  int fd = -1;
  explicit Descriptor(int value) : fd(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

tl::unexpected<Error> SystemError(const char* what, const std::string& path) {
  return Fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              fmt::format("{}: {}", what, std::strerror(errno)), path);
}

}  // namespace

Result<std::string> ReadSmallFile(const std::string& path, int64_t size_max) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) return SystemError("cannot open", path);
  std::string bytes;
  size_t used = 0;
  while (true) {
    if (bytes.size() - used < 4096) bytes.resize(bytes.size() < 8192 ? 16384 : bytes.size() * 2);
    const ssize_t got = read(file.fd, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read", path);
    if (got == 0) break;
    used += static_cast<size_t>(got);
    if (static_cast<int64_t>(used) > size_max) {
      return Fail(ErrorCode::kLimit, fmt::format("larger than {} bytes", size_max), path);
    }
  }
  bytes.resize(used);
  return bytes;
}

Status WriteNewFile(const std::string& path, std::string_view bytes) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd < 0) return SystemError("cannot create", path);
  while (!bytes.empty()) {
    const ssize_t written = write(file.fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace ouro::kube
