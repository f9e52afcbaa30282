// Where a secret comes from: an environment variable or a file, never the configuration itself.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "io/http_client.h"
#include "io/setting_reader.h"

namespace ouro::notify {

// Exactly one of them, or neither: there is no secret.
struct SecretSource {
  std::string env;   // name of an environment variable
  std::string file;  // path; one line end at its end is taken off

  bool empty() const { return env.empty() && file.empty(); }
  bool operator==(const SecretSource&) const = default;
};

// The environment of the process, or another one in tests.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment ProcessEnvironment();

// {env: NAME} or {file: PATH}. A text instead is kInvalid and is not repeated in the message.
Result<SecretSource> ReadSecretSource(const io::SettingReader& value);

// kNotFound: the variable is not set or empty, or there is no file; kLimit: larger than
// limits::kNotifySecretSizeBytes; kInvalid: it has a line end or control character inside. Messages
// name the source, never the secret. An empty source gives an empty secret.
Result<io::Secret> ResolveSecret(const SecretSource& source, const Environment& environment);

// "$NAME" or the path: what may be shown.
std::string Describe(const SecretSource& source);

}  // namespace ouro::notify
