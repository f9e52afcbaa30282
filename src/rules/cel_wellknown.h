// Protocol buffers' well-known types as CEL has them: object literals of google.protobuf.Int32Value
// and its kind evaluate to plain values (cel-spec, "Dynamic Values" and "Protocol Buffer Data
// Conversion").
#pragma once

#include <span>
#include <string_view>

#include "rules/value.h"

namespace ouro::rules {

struct WellKnownField {
  std::string_view name;
  std::string_view type;  // as CEL prints it
};

struct WellKnownType {
  std::string_view name;
  std::string_view type;  // of the value of a literal
  std::span<const WellKnownField> fields;
  // Builds the value; `fields` are those written, in order, with names of this type's fields.
  Value (*make)(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena);
};

// Null if `name` is none of them.
const WellKnownType* FindWellKnownType(std::string_view name);

}  // namespace ouro::rules
