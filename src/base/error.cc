#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace ouro {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kParse:
      return "parse";
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kDenied:
      return "denied";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kLimit:
      return "limit";
    case ErrorCode::kRemote:
      return "remote";
    case ErrorCode::kUnsupported:
      return "unsupported";
  }
  return "invalid";
}

std::string Error::ToString() const {
  return where.empty() ? message : where + ": " + message;
}

Error WithContext(Error error, std::string_view context) {
  error.where =
      error.where.empty() ? std::string(context) : std::string(context) + ": " + error.where;
  return error;
}

namespace internal {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "ouro: internal error: %s does not hold (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace internal

}  // namespace ouro
