#include <array>

#include "rules/functions/families.h"

namespace ouro::rules {

std::span<const Library* const> AllLibraries() {
  static constexpr std::array kAll = {
      &functions::kAuthorizerLibrary,
      &functions::kCidrLibrary,
      &functions::kConversionLibrary,
      &functions::kEncoderLibrary,
      &functions::kFormatLibrary,
      &functions::kIpLibrary,
      &functions::kJsonPatchLibrary,
      &functions::kKubernetesListLibrary,
      &functions::kKubernetesStringLibrary,
      &functions::kListLibrary,
      &functions::kMathLibrary,
      &functions::kNetworkLibrary,
      &functions::kOptionalLibrary,
      &functions::kQuantityLibrary,
      &functions::kRegexLibrary,
      &functions::kSemverLibrary,
      &functions::kSetLibrary,
      &functions::kStandardLibrary,
      &functions::kStringLibrary,
      &functions::kTimeLibrary,
      &functions::kUrlLibrary,
  };
  return kAll;
}

}  // namespace ouro::rules
