#include "notify/secret_source.h"

#include <cstdlib>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"

namespace ouro::notify {
namespace {

Result<std::string> ReadSecretFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(ErrorCode::kNotFound, "the file of a secret cannot be read", path);
  std::string text(static_cast<size_t>(limits::kNotifySecretSizeBytes) + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (static_cast<int64_t>(text.size()) > limits::kNotifySecretSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("a secret has at most {} bytes", limits::kNotifySecretSizeBytes), path);
  }
  if (EndsWith(text, "\n")) text.pop_back();
  if (EndsWith(text, "\r")) text.pop_back();
  return text;
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Result<SecretSource> ReadSecretSource(const io::SettingReader& value) {
  if (!value.IsMap()) {
    return value.Wrong("{env: NAME} or {file: PATH}: a secret does not stand in the configuration");
  }
  SecretSource source;
  OURO_TRY(const auto members, value.Members());
  for (const io::SettingReader& member : members) {
    if (member.key() == "env") {
      OURO_TRY(source.env, member.Text());
    } else if (member.key() == "file") {
      OURO_TRY(source.file, member.Text());
    } else {
      return member.Unknown({"env", "file"});
    }
  }
  if (source.env.empty() == source.file.empty()) return value.Wrong("{env: NAME} or {file: PATH}");
  return source;
}

Result<io::Secret> ResolveSecret(const SecretSource& source, const Environment& environment) {
  if (source.empty()) return io::Secret();
  std::string text;
  if (source.env.empty()) {
    OURO_TRY(text, ReadSecretFile(source.file));
  } else {
    text = environment(source.env).value_or("");
  }
  if (text.empty()) {
    return Fail(ErrorCode::kNotFound, "the secret is empty or not set", Describe(source));
  }
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return Fail(ErrorCode::kInvalid, "the secret has a line end or control character inside",
                  Describe(source));
    }
  }
  return io::Secret(std::move(text));
}

std::string Describe(const SecretSource& source) {
  return source.env.empty() ? source.file : "$" + source.env;
}

}  // namespace ouro::notify
