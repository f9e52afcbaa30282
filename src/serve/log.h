// Log lines of the service: "LEVEL message key=value …" (docs/formats/admission.md).
#pragma once

#include <functional>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace ouro::serve {

enum class LogLevel : unsigned char { kDebug, kInfo, kWarning, kError };

// Thread-safe. Lines are made harmless: no control characters, values with blanks in quotes.
class Log {
 public:
  using Field = std::pair<std::string_view, std::string>;
  // `write` gets each line without its line end.
  Log(LogLevel least, std::function<void(const std::string& line)> write)
      : least_(least), write_(std::move(write)) {}

  bool Wants(LogLevel level) const { return level >= least_; }
  void Write(LogLevel level, std::string_view message, std::initializer_list<Field> fields = {});

 private:
  LogLevel least_;
  std::mutex mutex_;  // serialises write_
  std::function<void(const std::string& line)> write_;
};

}  // namespace ouro::serve
