// Kubernetes' jsonpatch library (k8s.io/apiserver pkg/cel/library/jsonpatch.go). Only mutating
// policies have it, so it is asked for by name.
#include <array>

#include "base/text.h"
#include "rules/functions/cost.h"
#include "rules/functions/families.h"

namespace ouro::rules::functions {

namespace {

// RFC 6901 section 3: '~' and '/' in a reference token.
Value EscapeKey(CallContext& context, std::span<const Value> args) {
  const std::string tildes = ReplaceAll(args[0].str(), "~", "~0");
  return context.arena.NewString(ReplaceAll(tildes, "/", "~1"));
}

constexpr std::array kOverloads = {
    Overload{"jsonpatch.escapeKey", "string_jsonpatch_escapeKey_string", false, "string", "string",
             EscapeKey, FirstStringCost},
};

}  // namespace

const Library kJsonPatchLibrary = {"jsonpatch", "paths of JSON patches", kNeverInKubernetes,
                                   kOverloads};

}  // namespace ouro::rules::functions
