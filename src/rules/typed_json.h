// The typed encoding of CEL values in the machine contracts (docs/formats/rule-eval.md):
// {"t": <type>, "v": <value>}.
#pragma once

#include <string>

#include "base/error.h"
#include "io/tree.h"
#include "rules/value.h"

namespace ouro::rules {

// The value that the map at `node` encodes. Strings may be views into `tree`, which must outlive
// the value, as must the arena. kInvalid for an unknown type or a value that does not fit it.
// Optional and Kubernetes' own values (k8s.ip, …) are results only and are refused.
Result<Value> DecodeTyped(const io::Tree& tree, const io::KeyTable& keys, uint32_t node,
                          Arena& arena);

// Compact JSON text. kLimit for values nested deeper than limits::kNestingDepth; kInvalid for an
// error value.
Result<std::string> EncodeTyped(const Value& value, const io::KeyTable& keys);

// The value of a JSON tree without type tags: whole numbers are int (uint beyond int), others
// double. Everything is copied into the arena, so the tree may go.
Value DecodePlain(const io::Tree& tree, const io::KeyTable& keys, uint32_t node, Arena& arena);

}  // namespace ouro::rules
