#include "feed/tar.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::feed {
namespace {

constexpr size_t kBlockSize = 512;

// A field of octal digits, ended by a blank or NUL; -1: it is none.
int64_t ParseOctal(std::string_view field) {
  int64_t value = 0;
  bool any = false;
  for (const char c : field) {
    if (c == ' ' && !any) continue;
    if (c == ' ' || c == '\0') break;
    if (c < '0' || c > '7' || value > INT64_MAX / 8 - 8) return -1;
    value = value * 8 + (c - '0');
    any = true;
  }
  return any ? value : -1;
}

std::string_view TextField(std::string_view block, size_t at, size_t size) {
  const std::string_view field = block.substr(at, size);
  return field.substr(0, field.find('\0'));
}

// The sum of all bytes, those of the checksum itself counted as blanks.
bool SumAgrees(std::string_view block) {
  constexpr size_t kSumAt = 148;
  constexpr size_t kSumSize = 8;
  int64_t sum = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= kSumAt && i < kSumAt + kSumSize;
    sum += own ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return sum == ParseOctal(block.substr(kSumAt, kSumSize));
}

}  // namespace

Status TarReader::TakeHeader() {
  const std::string block = std::move(header_);
  header_.clear();
  if (std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; })) {
    ended_ = true;
    return {};
  }
  if (!SumAgrees(block)) return Fail(ErrorCode::kParse, "this is no tar archive, or it is damaged");
  any_ = true;
  const std::string_view prefix = TextField(block, 345, 155);
  const std::string_view name = TextField(block, 0, 100);
  name_ = prefix.empty() ? std::string(name) : fmt::format("{}/{}", prefix, name);
  left_ = ParseOctal(std::string_view(block).substr(124, 12));
  if (left_ < 0) return Fail(ErrorCode::kParse, "a size in the tar archive cannot be read");
  constexpr int64_t kBlock = kBlockSize;
  padding_ = (kBlock - left_ % kBlock) % kBlock;
  const char type = block[156];
  keep_ = (type == '0' || type == '\0') && wanted_(name_);
  if (keep_ && left_ > size_max_) {
    return Fail(ErrorCode::kLimit,
                fmt::format("a file of the archive has more than {} bytes", size_max_),
                Printable(name_));
  }
  bytes_.clear();
  return left_ == 0 ? EndFile() : Status();
}

Status TarReader::EndFile() {
  if (!keep_) return {};
  keep_ = false;
  return on_file_(name_, std::move(bytes_));
}

Status TarReader::Add(std::string_view bytes) {
  while (!bytes.empty() && !ended_) {
    if (left_ > 0) {
      const size_t size = std::min(bytes.size(), static_cast<size_t>(left_));
      if (keep_) bytes_ += bytes.substr(0, size);
      bytes.remove_prefix(size);
      left_ -= static_cast<int64_t>(size);
      if (left_ == 0) OURO_TRY_STATUS(EndFile());
    } else if (padding_ > 0) {
      const size_t size = std::min(bytes.size(), static_cast<size_t>(padding_));
      bytes.remove_prefix(size);
      padding_ -= static_cast<int64_t>(size);
    } else {
      const size_t size = std::min(bytes.size(), kBlockSize - header_.size());
      header_ += bytes.substr(0, size);
      bytes.remove_prefix(size);
      if (header_.size() == kBlockSize) OURO_TRY_STATUS(TakeHeader());
    }
  }
  return {};
}

Status TarReader::Finish() const {
  if (!any_ || left_ > 0 || (!ended_ && !header_.empty())) {
    return Fail(ErrorCode::kParse, "the tar archive is cut short");
  }
  return {};
}

}  // namespace ouro::feed
