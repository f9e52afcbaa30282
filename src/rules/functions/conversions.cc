// Conversions between types: bool(), bytes(), double(), duration(), int(), string(), timestamp(),
// uint(). Source: cel-spec, "Type conversions"; texts of numbers as in cel-go common/types.
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "rules/functions/cost.h"
#include "rules/functions/families.h"
#include "rules/functions/number_text.h"
#include "rules/functions/time_text.h"

namespace ouro::rules::functions {

namespace {

constexpr std::string_view kIntOverflow = "integer overflow";
constexpr std::string_view kUintOverflow = "unsigned integer overflow";
constexpr std::string_view kTimestampOverflow = "timestamp overflow";

Value Same(CallContext&, std::span<const Value> args) {
  return args[0];
}

Value ConversionError(CallContext& context, std::string_view from, std::string_view to) {
  return context.arena.NewError(fmt::format("type conversion error from '{}' to '{}'", from, to));
}

Value StringToBool(CallContext& context, std::span<const Value> args) {
  for (const std::string_view word : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (args[0].str() == word) return Value::Bool(true);
  }
  for (const std::string_view word : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (args[0].str() == word) return Value::Bool(false);
  }
  return ConversionError(context, "string", "bool");
}

Value StringToBytes(CallContext&, std::span<const Value> args) {
  return Value::BytesOf(args[0].str());
}

Value IntToDouble(CallContext&, std::span<const Value> args) {
  return Value::Double(static_cast<double>(args[0].integer));
}

Value UintToDouble(CallContext&, std::span<const Value> args) {
  return Value::Double(static_cast<double>(args[0].unsigned_integer));
}

Value StringToDouble(CallContext& context, std::span<const Value> args) {
  const auto value = ParseDouble(args[0].str());
  return value ? Value::Double(*value) : ConversionError(context, "string", "double");
}

Value StringToDuration(CallContext& context, std::span<const Value> args) {
  const auto nanos = ParseDurationNanos(args[0].str());
  return nanos ? MakeDuration(*nanos)
               : ConversionError(context, "string", "google.protobuf.Duration");
}

Value DoubleToInt(CallContext&, std::span<const Value> args) {
  const double value = args[0].number;
  // Both ends are excluded: they are where doubles stop being exact.
  if (!(value > -9223372036854775808.0 && value < 9223372036854775808.0)) {
    return Value::Error(kIntOverflow);
  }
  return Value::Int(static_cast<int64_t>(value));
}

Value DurationToInt(CallContext&, std::span<const Value> args) {
  return Value::Int(DurationNanos(args[0]));
}

Value StringToInt(CallContext& context, std::span<const Value> args) {
  const auto value = ParseInt(args[0].str());
  return value ? Value::Int(*value) : ConversionError(context, "string", "int");
}

Value TimestampToInt(CallContext&, std::span<const Value> args) {
  return Value::Int(args[0].integer);
}

Value UintToInt(CallContext&, std::span<const Value> args) {
  const uint64_t value = args[0].unsigned_integer;
  if (value > 0x7fffffffffffffffULL) return Value::Error(kIntOverflow);
  return Value::Int(static_cast<int64_t>(value));
}

Value DoubleToUint(CallContext&, std::span<const Value> args) {
  const double value = args[0].number;
  if (!(value >= 0 && value < 18446744073709551616.0)) return Value::Error(kUintOverflow);
  return Value::Uint(static_cast<uint64_t>(value));
}

Value IntToUint(CallContext&, std::span<const Value> args) {
  if (args[0].integer < 0) return Value::Error(kUintOverflow);
  return Value::Uint(static_cast<uint64_t>(args[0].integer));
}

Value StringToUint(CallContext& context, std::span<const Value> args) {
  const auto value = ParseUint(args[0].str());
  return value ? Value::Uint(*value) : ConversionError(context, "string", "uint");
}

Value BoolToString(CallContext&, std::span<const Value> args) {
  return Value::String(args[0].boolean ? "true" : "false");
}

Value BytesToString(CallContext&, std::span<const Value> args) {
  if (!IsValidUtf8(args[0].str())) {
    return Value::Error("invalid UTF-8 in bytes, cannot convert to string");
  }
  return Value::String(args[0].str());
}

Value DoubleToString(CallContext& context, std::span<const Value> args) {
  return context.arena.NewString(FormatGeneral(args[0].number));
}

Value DurationToString(CallContext& context, std::span<const Value> args) {
  return context.arena.NewString(FormatDuration(args[0]));
}

Value IntToString(CallContext& context, std::span<const Value> args) {
  return context.arena.NewString(fmt::format_int(args[0].integer).c_str());
}

Value TimestampToString(CallContext& context, std::span<const Value> args) {
  return context.arena.NewString(FormatTimestamp(args[0]));
}

Value UintToString(CallContext& context, std::span<const Value> args) {
  return context.arena.NewString(fmt::format_int(args[0].unsigned_integer).c_str());
}

Value IntToTimestamp(CallContext&, std::span<const Value> args) {
  const int64_t seconds = args[0].integer;
  if (seconds < kTimestampSecondsMin || seconds > kTimestampSecondsMax) {
    return Value::Error(kTimestampOverflow);
  }
  return Value::Timestamp(seconds, 0);
}

Value StringToTimestamp(CallContext& context, std::span<const Value> args) {
  const auto time = ParseRfc3339Time(args[0].str());
  if (!time) return ConversionError(context, "string", "google.protobuf.Timestamp");
  if (time->seconds < kTimestampSecondsMin || time->seconds > kTimestampSecondsMax) {
    return Value::Error(kTimestampOverflow);
  }
  return MakeTimestamp(*time);
}

constexpr std::string_view kDuration = "google.protobuf.Duration";
constexpr std::string_view kTimestamp = "google.protobuf.Timestamp";

constexpr std::array kOverloads = {
    Overload{"bool", "bool_to_bool", false, "bool", "bool", Same},
    Overload{"bool", "string_to_bool", false, "string", "bool", StringToBool},
    Overload{"bytes", "bytes_to_bytes", false, "bytes", "bytes", Same},
    Overload{"bytes", "string_to_bytes", false, "string", "bytes", StringToBytes, FirstStringCost},
    Overload{"double", "double_to_double", false, "double", "double", Same},
    Overload{"double", "int64_to_double", false, "int", "double", IntToDouble},
    Overload{"double", "string_to_double", false, "string", "double", StringToDouble},
    Overload{"double", "uint64_to_double", false, "uint", "double", UintToDouble},
    Overload{"duration", "duration_to_duration", false, kDuration, kDuration, Same},
    Overload{"duration", "string_to_duration", false, "string", kDuration, StringToDuration},
    Overload{"int", "double_to_int64", false, "double", "int", DoubleToInt},
    Overload{"int", "duration_to_int64", false, kDuration, "int", DurationToInt},
    Overload{"int", "int64_to_int64", false, "int", "int", Same},
    Overload{"int", "string_to_int64", false, "string", "int", StringToInt},
    Overload{"int", "timestamp_to_int64", false, kTimestamp, "int", TimestampToInt},
    Overload{"int", "uint64_to_int64", false, "uint", "int", UintToInt},
    Overload{"string", "bool_to_string", false, "bool", "string", BoolToString},
    Overload{"string", "bytes_to_string", false, "bytes", "string", BytesToString, FirstStringCost},
    Overload{"string", "double_to_string", false, "double", "string", DoubleToString},
    Overload{"string", "duration_to_string", false, kDuration, "string", DurationToString},
    Overload{"string", "int64_to_string", false, "int", "string", IntToString},
    Overload{"string", "string_to_string", false, "string", "string", Same},
    Overload{"string", "timestamp_to_string", false, kTimestamp, "string", TimestampToString},
    Overload{"string", "uint64_to_string", false, "uint", "string", UintToString},
    Overload{"timestamp", "int64_to_timestamp", false, "int", kTimestamp, IntToTimestamp},
    Overload{"timestamp", "string_to_timestamp", false, "string", kTimestamp, StringToTimestamp},
    Overload{"timestamp", "timestamp_to_timestamp", false, kTimestamp, kTimestamp, Same},
    Overload{"uint", "double_to_uint64", false, "double", "uint", DoubleToUint},
    Overload{"uint", "int64_to_uint64", false, "int", "uint", IntToUint},
    Overload{"uint", "string_to_uint64", false, "string", "uint", StringToUint},
    Overload{"uint", "uint64_to_uint64", false, "uint", "uint", Same},
};

}  // namespace

const Library kConversionLibrary = {"conversions", "conversions between types", 0, kOverloads};

}  // namespace ouro::rules::functions
