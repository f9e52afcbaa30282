#include "rules/cel_wellknown.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace ouro::rules {

namespace {

const Value* FieldOf(std::span<const MapEntry> fields, std::string_view name) {
  const Value* found = nullptr;
  for (const MapEntry& entry : fields) {
    if (entry.key.str() == name) found = &entry.value;
  }
  return found;
}

Value WrongField(const WellKnownType& type, std::string_view field, Arena& arena) {
  return arena.NewError(fmt::format("unsupported field type for {}.{}", type.name, field));
}

// The field's value, or the default of its kind when it is not written or null (an unset wrapper).
template <Kind kKind>
Value Wrapped(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena,
              Value unset) {
  const Value* value = FieldOf(fields, "value");
  if (value == nullptr) return unset;
  return value->kind == kKind ? *value : WrongField(type, "value", arena);
}

Value MakeInt64(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  return Wrapped<Kind::kInt>(type, fields, arena, Value::Int(0));
}

Value MakeInt32(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  const Value value = MakeInt64(type, fields, arena);
  if (value.kind == Kind::kInt && (value.integer < std::numeric_limits<int32_t>::min() ||
                                   value.integer > std::numeric_limits<int32_t>::max())) {
    return Value::Error("range error: the value does not fit into an int32");
  }
  return value;
}

Value MakeUint64(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  return Wrapped<Kind::kUint>(type, fields, arena, Value::Uint(0));
}

Value MakeUint32(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  const Value value = MakeUint64(type, fields, arena);
  if (value.kind == Kind::kUint && value.unsigned_integer > std::numeric_limits<uint32_t>::max()) {
    return Value::Error("range error: the value does not fit into a uint32");
  }
  return value;
}

Value MakeDouble(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  return Wrapped<Kind::kDouble>(type, fields, arena, Value::Double(0));
}

Value MakeFloat(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  Value value = MakeDouble(type, fields, arena);
  if (value.kind != Kind::kDouble || !std::isfinite(value.number)) return value;
  // A double beyond float's range becomes an infinity, as in Go; the cast alone would be undefined.
  constexpr double kLimit = std::numeric_limits<float>::max();
  constexpr double kHalfUlp = 1.0141204801825835e31;  // 2^103, half of the last place of FLT_MAX
  if (std::abs(value.number) >= kLimit + kHalfUlp) {
    return Value::Double(std::copysign(std::numeric_limits<double>::infinity(), value.number));
  }
  if (std::abs(value.number) > kLimit) return Value::Double(std::copysign(kLimit, value.number));
  return Value::Double(static_cast<double>(static_cast<float>(value.number)));
}

Value MakeBool(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  return Wrapped<Kind::kBool>(type, fields, arena, Value::Bool(false));
}
Value MakeString(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  return Wrapped<Kind::kString>(type, fields, arena, Value::String({}));
}
Value MakeBytes(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  return Wrapped<Kind::kBytes>(type, fields, arena, Value::BytesOf({}));
}

bool IsMapValue(const Value& v) {
  return v.kind == Kind::kMap || v.kind == Kind::kTreeMap;
}
bool IsListValue(const Value& v) {
  return v.kind == Kind::kList || v.kind == Kind::kTreeList;
}

// JSON numbers are doubles.
Value MakeValue(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  if (fields.empty()) return Value::Null();
  const std::string_view name = fields.back().key.str();
  const Value& value = fields.back().value;
  if (name == "null_value") return Value::Null();
  bool good = false;
  if (name == "number_value") good = value.kind == Kind::kDouble;
  if (name == "string_value") good = value.kind == Kind::kString;
  if (name == "bool_value") good = value.kind == Kind::kBool;
  if (name == "struct_value") good = IsMapValue(value);
  if (name == "list_value") good = IsListValue(value);
  return good ? value : WrongField(type, name, arena);
}

Value MakeStruct(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  const Value* value = FieldOf(fields, "fields");
  if (value == nullptr) return arena.NewMap({});
  return IsMapValue(*value) ? *value : WrongField(type, "fields", arena);
}

Value MakeList(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  const Value* value = FieldOf(fields, "values");
  if (value == nullptr) return arena.NewList({});
  return IsListValue(*value) ? *value : WrongField(type, "values", arena);
}

bool TimeFields(std::span<const MapEntry> fields, int64_t& seconds, int64_t& nanos) {
  for (const MapEntry& entry : fields) {
    if (entry.value.kind != Kind::kInt) return false;
    (entry.key.str() == "seconds" ? seconds : nanos) = entry.value.integer;
  }
  return true;
}

Value MakeDuration(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  if (!TimeFields(fields, seconds, nanos)) return WrongField(type, "seconds", arena);
  constexpr int64_t kSecondsMax = 9'223'372'036;  // of 64 bits of nanoseconds
  if (nanos <= -1'000'000'000 || nanos >= 1'000'000'000 || seconds <= -kSecondsMax ||
      seconds >= kSecondsMax) {
    return Value::Error("range error: the duration is out of range");
  }
  if (seconds > 0 && nanos < 0)
    return Value::Duration(seconds - 1, static_cast<int32_t>(nanos + 1'000'000'000));
  if (seconds < 0 && nanos > 0)
    return Value::Duration(seconds + 1, static_cast<int32_t>(nanos - 1'000'000'000));
  return Value::Duration(seconds, static_cast<int32_t>(nanos));
}

Value MakeTimestamp(const WellKnownType& type, std::span<const MapEntry> fields, Arena& arena) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  if (!TimeFields(fields, seconds, nanos)) return WrongField(type, "seconds", arena);
  if (nanos < 0 || nanos >= 1'000'000'000 || seconds < -62'135'596'800 ||
      seconds > 253'402'300'799) {
    return Value::Error("range error: the timestamp is outside the years 1 to 9999");
  }
  return Value::Timestamp(seconds, static_cast<int32_t>(nanos));
}

Value MakeAny(const WellKnownType&, std::span<const MapEntry>, Arena&) {
  return Value::Error("conversion error: google.protobuf.Any literals need message descriptors");
}

constexpr WellKnownField kIntValue[] = {{"value", "int"}};
constexpr WellKnownField kUintValue[] = {{"value", "uint"}};
constexpr WellKnownField kDoubleValue[] = {{"value", "double"}};
constexpr WellKnownField kBoolValue[] = {{"value", "bool"}};
constexpr WellKnownField kStringValue[] = {{"value", "string"}};
constexpr WellKnownField kBytesValue[] = {{"value", "bytes"}};
constexpr WellKnownField kValueFields[] = {
    {"null_value", "dyn"},  {"number_value", "double"},           {"string_value", "string"},
    {"bool_value", "bool"}, {"struct_value", "map(string, dyn)"}, {"list_value", "list(dyn)"}};
constexpr WellKnownField kStructFields[] = {{"fields", "map(string, dyn)"}};
constexpr WellKnownField kListFields[] = {{"values", "list(dyn)"}};
constexpr WellKnownField kTimeFields[] = {{"seconds", "int"}, {"nanos", "int"}};
constexpr WellKnownField kAnyFields[] = {{"type_url", "string"}, {"value", "bytes"}};

constexpr WellKnownType kTypes[] = {
    {"google.protobuf.Any", "any", kAnyFields, MakeAny},
    {"google.protobuf.BoolValue", "wrapper(bool)", kBoolValue, MakeBool},
    {"google.protobuf.BytesValue", "wrapper(bytes)", kBytesValue, MakeBytes},
    {"google.protobuf.DoubleValue", "wrapper(double)", kDoubleValue, MakeDouble},
    {"google.protobuf.Duration", "google.protobuf.Duration", kTimeFields, MakeDuration},
    {"google.protobuf.FloatValue", "wrapper(double)", kDoubleValue, MakeFloat},
    {"google.protobuf.Int32Value", "wrapper(int)", kIntValue, MakeInt32},
    {"google.protobuf.Int64Value", "wrapper(int)", kIntValue, MakeInt64},
    {"google.protobuf.ListValue", "list(dyn)", kListFields, MakeList},
    {"google.protobuf.StringValue", "wrapper(string)", kStringValue, MakeString},
    {"google.protobuf.Struct", "map(string, dyn)", kStructFields, MakeStruct},
    {"google.protobuf.Timestamp", "google.protobuf.Timestamp", kTimeFields, MakeTimestamp},
    {"google.protobuf.UInt32Value", "wrapper(uint)", kUintValue, MakeUint32},
    {"google.protobuf.UInt64Value", "wrapper(uint)", kUintValue, MakeUint64},
    {"google.protobuf.Value", "dyn", kValueFields, MakeValue},
};

}  // namespace

const WellKnownType* FindWellKnownType(std::string_view name) {
  for (const WellKnownType& type : kTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

}  // namespace ouro::rules
