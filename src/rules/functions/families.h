// The families of functions, one file each. all.cc lists them.
#pragma once

#include "rules/function.h"

namespace ouro::rules::functions {

extern const Library kAuthorizerLibrary;
extern const Library kCidrLibrary;
extern const Library kConversionLibrary;
extern const Library kEncoderLibrary;
extern const Library kFormatLibrary;
extern const Library kIpLibrary;
extern const Library kJsonPatchLibrary;
extern const Library kKubernetesListLibrary;
extern const Library kKubernetesStringLibrary;
extern const Library kListLibrary;
extern const Library kMathLibrary;
extern const Library kNetworkLibrary;
extern const Library kOptionalLibrary;
extern const Library kQuantityLibrary;
extern const Library kRegexLibrary;
extern const Library kSemverLibrary;
extern const Library kSetLibrary;
extern const Library kStandardLibrary;
extern const Library kStringLibrary;
extern const Library kTimeLibrary;
extern const Library kUrlLibrary;

}  // namespace ouro::rules::functions
