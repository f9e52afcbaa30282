#include "serve/log.h"

#include <array>

#include "base/text.h"

namespace ouro::serve {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warning", "error"};

}  // namespace

void Log::Write(LogLevel level, std::string_view message, std::initializer_list<Field> fields) {
  if (!Wants(level)) return;
  std::string line(kLevelNames[static_cast<size_t>(level)]);
  line += ' ';
  line += Printable(message);
  for (const auto& [key, value] : fields) {
    line += ' ';
    line += key;
    line += '=';
    const bool plain = !value.empty() && value.find_first_of(" \"=\\") == std::string::npos;
    if (plain) {
      line += Printable(value);
    } else {
      AppendJsonString(line, Printable(value));
    }
  }
  const std::lock_guard lock(mutex_);
  write_(line);
}

}  // namespace ouro::serve
