// Version constraints of package patterns.
#pragma once

#include <string_view>

#include "base/error.h"

namespace ouro::gate {

// -1, 0 or 1. Versions are compared part by part: an epoch before ':' first, then runs of digits as
// numbers and other runs by character, '~' before everything, even before the end (the order of
// Debian policy §5.6.12). `semver`: a leading 'v' and what follows '+' are left out, and a version
// with a pre-release ("1.0-rc1") comes before the one without (semver.org 2.0.0 §11).
int CompareVersions(std::string_view a, std::string_view b, bool semver);

// Are the constraints well-formed? They are separated by blanks or commas, each one of = != < <= >
// >= and a version; a version alone means '='.
Status CheckConstraints(std::string_view constraints);

// Does `version` (not empty) satisfy all constraints? `purl_type` chooses the order: deb and rpm
// and apk have Debian's, all others that of semantic versions.
bool SatisfiesConstraints(std::string_view version, std::string_view constraints,
                          std::string_view purl_type);

}  // namespace ouro::gate
