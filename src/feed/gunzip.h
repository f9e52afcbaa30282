// gzip, piece by piece: zlib behind Result. zlib is loaded on first use; whoever has libcurl has
// it.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/error.h"

namespace ouro::feed {

// Takes pieces of bytes; a failing Status ends the work.
using Sink = std::function<Status(std::string_view)>;

// RFC 1952, several members one after the other. Bytes that do not begin as gzip are handed on as
// they are.
class Gunzip {
 public:
  explicit Gunzip(Sink sink);
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // kParse: damaged; kLimit: unpacks to more than limits::kFeedArchiveSizeBytes; kUnsupported: zlib
  // is not installed.
  Status Add(std::string_view bytes);
  // kParse when the bytes ended in the middle.
  Status Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ouro::feed
