// Objects seen through a schema.
#pragma once

#include "rules/schema.h"

namespace ouro::rules {

// The value of `node`, which `schema` describes. See StructuralSchema::ToValue.
Value SchemaValue(const SchemaNode& schema, const io::NodeView& node, Arena& arena);

}  // namespace ouro::rules
