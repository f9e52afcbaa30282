#include "feed/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace ouro::feed {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> IoError(std::string_view what, const std::string& path, int error) {
  const ErrorCode code = error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  return Fail(code, fmt::format("{}: {}", what, std::strerror(error)), path);
}

// Closes on every way out.
struct Descriptor {
  int number = -1;
  explicit Descriptor(int n) : number(n) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

Status WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return IoError("cannot be written", path, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(file) != 0) return IoError("cannot be synced", path, errno);
  return {};
}

}  // namespace

Status ReadPieces(const std::string& path, const std::function<Status(std::string_view)>& sink) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number < 0) return IoError("cannot be opened", path, errno);
  constexpr size_t kPieceSizeBytes = 256 << 10;
  std::string piece(kPieceSizeBytes, '\0');
  while (true) {
    const ssize_t size = read(file.number, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return IoError("cannot be read", path, errno);
    if (size == 0) return {};
    OURO_TRY_STATUS(sink(std::string_view(piece).substr(0, static_cast<size_t>(size))));
  }
}

Status ReplaceFile(const std::string& path, std::string_view bytes) {
  std::error_code error;
  const fs::path folder = fs::path(path).parent_path();
  if (!folder.empty()) fs::create_directories(folder, error);
  if (error) return IoError("the folder cannot be made", folder.string(), error.value());
  const std::string beside = fmt::format("{}.{}.new", path, getpid());
  Status written;
  {
    constexpr mode_t kMode = 0644;
    const Descriptor file(
        open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kMode));
    if (file.number < 0) return IoError("cannot be written", beside, errno);
    written = WriteAll(file.number, bytes, beside);
  }
  if (written && rename(beside.c_str(), path.c_str()) != 0) {
    written = IoError("cannot be replaced", path, errno);
  }
  if (!written) {
    unlink(beside.c_str());
    return written;
  }
  // The name is safe only when the folder is; without it the old file may come back, which is
  // whole.
  const Descriptor opened(
      open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number >= 0) fsync(opened.number);
  return {};
}

Result<std::vector<std::string>> ListFiles(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return Fail(ErrorCode::kNotFound, "no such file or folder", path);
  std::vector<std::string> files;
  if (!fs::is_directory(status)) {
    files.push_back(path);
    return files;
  }
  for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) files.push_back(entry->path().string());
  }
  if (error) return IoError("the folder cannot be read", path, error.value());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace ouro::feed
