// What a recorded dump must not hold. docs/formats/cluster-dump.md lists the rules with examples.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace ouro::kube {

// Stands where a value was.
inline constexpr std::string_view kRedacted = "REDACTED";

struct RedactOptions {
  // apiVersion and kind of an object that carries none (items of the server's lists); they are
  // written in front of its members.
  std::string_view api_version;
  std::string_view kind;
};

// The redacted form of one JSON object (or of a List, whose items are redacted each). Idempotent;
// everything that no rule names stays byte by byte, but blanks between tokens. kParse when the text
// is not one JSON object.
Result<std::string> Redact(std::string_view object, const RedactOptions& options = {});

// Whether an environment variable of that name is taken for a credential ("DB_PASSWORD", "apiKey").
bool IsCredentialName(std::string_view name);

}  // namespace ouro::kube
