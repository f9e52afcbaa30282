// tar archives, piece by piece: the files in them, one after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ouro::feed {

// POSIX ustar (IEEE 1003.1) with the extensions of pax and GNU passed over, except that a long name
// does not matter here: callers look at the end of the name. Only regular files whose name `wanted`
// accepts are collected; others are skipped without being held.
class TarReader {
 public:
  using Wanted = std::function<bool(std::string_view name)>;
  // The bytes of one file; may be moved from.
  using OnFile = std::function<Status(std::string_view name, std::string bytes)>;

  TarReader(Wanted wanted, OnFile on_file, int64_t file_size_max_bytes)
      : wanted_(std::move(wanted)), on_file_(std::move(on_file)), size_max_(file_size_max_bytes) {}

  // kParse: no tar header where one must be; kLimit: a wanted file is too large.
  Status Add(std::string_view bytes);
  // kParse when the archive ended in the middle of a file or before any header.
  Status Finish() const;

 private:
  Status TakeHeader();
  Status EndFile();

  Wanted wanted_;
  OnFile on_file_;
  int64_t size_max_;
  std::string header_;  // being collected, up to 512 bytes
  std::string name_;    // of the file that is being read
  std::string bytes_;   // of a wanted one
  bool keep_ = false;
  bool any_ = false;
  bool ended_ = false;   // the block of zeros was seen
  int64_t left_ = 0;     // bytes of the file still to come
  int64_t padding_ = 0;  // then zeros up to a whole block
};

}  // namespace ouro::feed
