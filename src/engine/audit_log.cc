#include "engine/audit_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"

namespace ouro::engine {
namespace {

tl::unexpected<Error> FileError(const std::string& path, std::string_view what) {
  const int error = errno;
  const ErrorCode code = error == ENOENT ? ErrorCode::kNotFound
                         : error == EACCES || error == EPERM || error == EROFS ? ErrorCode::kDenied
                                                                               : ErrorCode::kIo;
  return Fail(code, fmt::format("the audit log {}: {}", what, std::strerror(error)), path);
}

// Closing it gives up the lock.
class LockedFile {
 public:
  explicit LockedFile(int fd) : fd_(fd) {}
  ~LockedFile() {
    if (fd_ >= 0) close(fd_);
  }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// The end of the file.
struct Ending {
  gate::AuditTail tail;
  int64_t size = 0;  // bytes up to the last line end
  int64_t torn = 0;  // bytes behind it
};

Result<Ending> ReadEnding(int fd, const std::string& path) {
  struct stat info;
  if (fstat(fd, &info) != 0) return FileError(path, "cannot be read");
  Ending ending;
  if (info.st_size == 0) return ending;
  // Two lines and a torn one are enough to see the last whole line.
  const int64_t wanted = std::min<int64_t>(info.st_size, 3 * limits::kAuditLineSizeBytes);
  std::string text(static_cast<size_t>(wanted), '\0');
  const int64_t offset = info.st_size - wanted;
  if (pread(fd, text.data(), text.size(), offset) != wanted) {
    return FileError(path, "cannot be read");
  }
  const size_t end = text.rfind('\n');
  if (end == std::string::npos) {
    if (offset > 0) return Fail(ErrorCode::kParse, "the last line is no entry", path);
    ending.torn = info.st_size;
    return ending;
  }
  ending.size = offset + static_cast<int64_t>(end) + 1;
  ending.torn = info.st_size - ending.size;
  const size_t before = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  const auto entry = gate::ReadAuditLine(std::string_view(text).substr(begin, end - begin));
  if (!entry) {
    return Fail(ErrorCode::kParse,
                "the last line of the audit log is no entry: see `ouro audit verify`", path);
  }
  ending.tail = {entry->number, entry->hash};
  return ending;
}

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return FileError(path, "cannot be written");
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return {};
}

}  // namespace

Status AppendAudit(const std::string& path, std::vector<gate::AuditEntry> entries) {
  if (entries.empty()) return {};
  const LockedFile file(open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (file.fd() < 0) return FileError(path, "cannot be opened");
  while (flock(file.fd(), LOCK_EX) != 0) {
    if (errno != EINTR) return FileError(path, "cannot be locked");
  }
  OURO_TRY(Ending ending, ReadEnding(file.fd(), path));
  if (ending.torn > 0) {
    if (ftruncate(file.fd(), ending.size) != 0) return FileError(path, "cannot be mended");
    gate::AuditEntry& first = entries.front();
    first.note += fmt::format("{}{} bytes of an unfinished entry were removed before this one",
                              first.note.empty() ? "" : "; ", ending.torn);
  }
  std::string text;
  for (gate::AuditEntry& entry : entries) {
    gate::ChainEntry(entry, ending.tail);
    text += gate::AuditLine(entry);
    text += '\n';
  }
  OURO_TRY_STATUS(WriteAll(file.fd(), text, path));
  if (fsync(file.fd()) != 0) return FileError(path, "cannot be written");
  return {};
}

namespace {

// Calls `take` with every line; false: the file ends without a line end.
Result<bool> ForEachLine(const std::string& path,
                         const std::function<Status(std::string_view)>& take) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return FileError(path, "cannot be read");
  std::string line;
  while (std::getline(in, line)) {
    if (in.eof()) return false;
    OURO_TRY_STATUS(take(line));
  }
  if (in.bad()) return FileError(path, "cannot be read");
  return true;
}

}  // namespace

Result<AuditCheck> VerifyAudit(const std::string& path, std::string_view expect) {
  AuditCheck check;
  gate::AuditVerifier verifier;
  Status fault;
  const auto whole = ForEachLine(path, [&](std::string_view line) {
    fault = verifier.Take(line);
    return fault;
  });
  if (!whole && fault) return tl::unexpected<Error>(whole.error());
  check.count = verifier.tail().number;
  check.last_hash = verifier.tail().hash;
  if (!fault) {
    check.fault = fault.error().message;
  } else if (!*whole) {
    check.fault = fmt::format("entry {}: its line has no end", check.count + 1);
  } else if (!expect.empty() && expect != check.last_hash) {
    check.fault = fmt::format(
        "the last entry is {} with hash {}, not the expected one: the end was cut "
        "off, or entries were added",
        check.count, check.last_hash);
  }
  return check;
}

Status ForEachAudit(const std::string& path,
                    const std::function<Status(const gate::AuditEntry&)>& each) {
  gate::AuditVerifier verifier;
  const auto whole = ForEachLine(path, [&](std::string_view line) -> Status {
    if (const Status taken = verifier.Take(line); !taken) {
      return tl::unexpected<Error>(WithContext(taken.error(), path));
    }
    OURO_TRY(const gate::AuditEntry entry, gate::ReadAuditLine(line));
    return each(entry);
  });
  if (!whole) return tl::unexpected<Error>(whole.error());
  return {};
}

}  // namespace ouro::engine
