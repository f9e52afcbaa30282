// The one error type of the program, and how it travels.
//
// Everything that can fail returns Result<T> or Status. Whoever adds knowledge adds context with
// WithContext(); nobody logs and returns. Exceptions of third-party libraries are caught in the one
// .cc file that wraps the library and become an Error there.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace ouro {

enum class ErrorCode : unsigned char {
  kIo,           // the operating system refused: open, read, write, rename
  kParse,        // bytes are not what their format says
  kInvalid,      // well-formed but wrong: a value out of range, an unknown key, a bad option
  kNotFound,     // a named thing does not exist
  kDenied,       // permission refused
  kTimeout,      // a deadline passed
  kLimit,        // a limit of base/limits.h was reached
  kRemote,       // another program or server answered with an error
  kUnsupported,  // understood, but not done by this program
};

// Stable lower-case word for a code ("io", "parse", …), used in JSON output.
std::string_view ErrorCodeName(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string
      message;  // one sentence without final period: what is wrong and, where known, the remedy
  std::string where;  // file:line:column, URL path or object; may be empty

  // "where: message", or only the message where the place is unknown.
  std::string ToString() const;
  bool operator==(const Error&) const = default;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = tl::expected<void, Error>;

// Builds the failing value of any Result<T> or Status.
inline tl::unexpected<Error> Fail(ErrorCode code, std::string message, std::string where = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(where)});
}

// Puts `context` before the place of the error, as in "checks/a.yaml: line 3".
Error WithContext(Error error, std::string_view context);

namespace internal {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace internal

}  // namespace ouro

#define OURO_CONCAT_INNER(a, b) a##b
#define OURO_CONCAT(a, b) OURO_CONCAT_INNER(a, b)
#define OURO_TRY_INNER(tmp, declaration, expression)                      \
  auto tmp = (expression);                                                \
  if (!tmp) return tl::unexpected<::ouro::Error>(std::move(tmp).error()); \
  declaration = std::move(*tmp)
// OURO_TRY(auto x, F()); passes the error of F() up or gives x its value.
#define OURO_TRY(declaration, expression) \
  OURO_TRY_INNER(OURO_CONCAT(ouro_try_, __LINE__), declaration, expression)
// OURO_TRY_STATUS(F()); passes the error of a Status (or Result) up.
#define OURO_TRY_STATUS(expression)                                         \
  do {                                                                      \
    if (auto ouro_status = (expression); !ouro_status)                      \
      return tl::unexpected<::ouro::Error>(std::move(ouro_status).error()); \
  } while (false)

// For our own mistakes only; input never asserts.
#define OURO_CHECK(condition) \
  ((condition) ? void(0) : ::ouro::internal::CheckFailed(#condition, __FILE__, __LINE__))
#ifdef OURO_DEBUG_CHECKS
#define OURO_DCHECK(condition) OURO_CHECK(condition)
#else
#define OURO_DCHECK(condition) void(0)
#endif
