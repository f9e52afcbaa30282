// Semantic versions (semver.org 2.0.0), as Kubernetes' semver library has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::rules::functions {

struct SemanticVersion {
  uint64_t major = 0;
  uint64_t minor = 0;
  uint64_t patch = 0;
  std::string prerelease;  // "rc.1"; without '-'
  std::string build;       // without '+'

  std::string ToText() const;
};

// Strict: exactly three numbers, no leading zeros, no "v".
std::optional<SemanticVersion> ParseSemanticVersion(std::string_view text);
// First drops a leading "v" and leading zeros, and adds missing ".0" to versions without suffix.
std::optional<SemanticVersion> NormalizeSemanticVersion(std::string_view text);
// -1, 0, 1 by precedence (semver.org section 11); `build` does not count. The prereleases are given
// apart so that versions kept in other memory can be compared.
int ComparePrereleases(std::string_view a, std::string_view b);

}  // namespace ouro::rules::functions
