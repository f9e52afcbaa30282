#include "cli/batch.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/output.h"

namespace ouro::cli {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kWriteBytes = 1 << 20;

class Batch {
 public:
  explicit Batch(const std::function<std::string(std::string_view line)>& answer)
      : answer_(answer) {}

  ExitCode Run() {
    while (true) {
      const ssize_t got = Fill();
      if (got < 0) {
        return FailWith({ErrorCode::kIo, fmt::format("cannot be read: {}", std::strerror(errno)),
                         "standard input"});
      }
      if (got == 0) break;
      TakeLines();
      if (!Flush()) return ExitCode::kUsage;
      if (OutputIsClosed()) return ExitCode::kClean;
    }
    if (begin_ < end_ && !skipping_) Take({buffer_.data() + begin_, end_ - begin_});
    return Flush() ? ExitCode::kClean : ExitCode::kUsage;
  }

 private:
  ssize_t Fill() {
    if (begin_ > 0 && begin_ == end_) begin_ = end_ = scanned_ = 0;
    if (buffer_.size() - end_ < kReadBytes) {
      buffer_.erase(0, begin_);
      end_ -= begin_;
      scanned_ -= begin_;
      begin_ = 0;
      buffer_.resize(std::max(buffer_.size(), end_ + kReadBytes));
    }
    while (true) {
      const ssize_t got = read(STDIN_FILENO, buffer_.data() + end_, buffer_.size() - end_);
      if (got < 0 && errno == EINTR) continue;
      if (got > 0) end_ += static_cast<size_t>(got);
      return got;
    }
  }

  void TakeLines() {
    while (!OutputIsClosed()) {
      const void* found = std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_);
      if (found == nullptr) break;
      const size_t line_end = static_cast<size_t>(static_cast<const char*>(found) - buffer_.data());
      if (skipping_) {
        skipping_ = false;
      } else {
        Take({buffer_.data() + begin_, line_end - begin_});
      }
      begin_ = scanned_ = line_end + 1;
    }
    scanned_ = end_;
    if (skipping_) {
      begin_ = end_;
    } else if (static_cast<int64_t>(end_ - begin_) > limits::kBatchLineSizeBytes) {
      TooLong();
      skipping_ = true;
      begin_ = end_;
    }
  }

  void TooLong() {
    out_ += fmt::format("{{\"error\":\"the line is longer than {} bytes\"}}\n",
                        limits::kBatchLineSizeBytes);
  }

  void Take(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (TrimSpace(line).empty()) return;
    if (static_cast<int64_t>(line.size()) > limits::kBatchLineSizeBytes) return TooLong();
    out_ += answer_(line);
    out_ += '\n';
    if (out_.size() >= kWriteBytes) Flush();
  }

  bool Flush() {
    const Status wrote = WriteStdout(out_);
    out_.clear();
    if (!wrote && !failed_) PrintError(wrote.error());
    failed_ = failed_ || !wrote;
    return !failed_;
  }

  const std::function<std::string(std::string_view line)>& answer_;
  std::string buffer_;
  size_t begin_ = 0;    // of the line that is not complete yet
  size_t scanned_ = 0;  // no line end before this
  size_t end_ = 0;
  bool skipping_ = false;
  bool failed_ = false;
  std::string out_;
};

}  // namespace

ExitCode RunBatch(const std::function<std::string(std::string_view line)>& answer) {
  return Batch(answer).Run();
}

}  // namespace ouro::cli
