// Signatures of the operators (cel-spec, "List of Standard Definitions"; optional values: cel-go's
// optional types). Overload ids are the standard's; runtime cost is defined by them.

#include "rules/cel_environment.h"

namespace ouro::rules {

namespace {

// The API server compares numbers of different types, and knows optional values, from 1.28 on.
constexpr int kCrossType = 28;
constexpr int kOptional = 28;

constexpr Overload Op(std::string_view name, std::string_view id, std::string_view parameters,
                      std::string_view result, int since_minor = 0) {
  return Overload{name, id, false, parameters, result, nullptr, nullptr, since_minor};
}

constexpr std::string_view kDuration = "google.protobuf.Duration";
constexpr std::string_view kTimestamp = "google.protobuf.Timestamp";
constexpr std::string_view kTwoDurations = "google.protobuf.Duration, google.protobuf.Duration";
constexpr std::string_view kTwoTimestamps = "google.protobuf.Timestamp, google.protobuf.Timestamp";
constexpr std::string_view kTimestampDuration =
    "google.protobuf.Timestamp, google.protobuf.Duration";
constexpr std::string_view kDurationTimestamp =
    "google.protobuf.Duration, google.protobuf.Timestamp";

constexpr Overload kOperators[] = {
    Op("_?_:_", "conditional", "bool, A, A", "A"),
    Op("_&&_", "logical_and", "bool, bool", "bool"),
    Op("_||_", "logical_or", "bool, bool", "bool"),
    Op("!_", "logical_not", "bool", "bool"),
    Op("@not_strictly_false", "not_strictly_false", "bool", "bool"),
    Op("_==_", "equals", "A, A", "bool"),
    Op("_!=_", "not_equals", "A, A", "bool"),

    Op("_+_", "add_bytes", "bytes, bytes", "bytes"),
    Op("_+_", "add_double", "double, double", "double"),
    Op("_+_", "add_duration_duration", kTwoDurations, kDuration),
    Op("_+_", "add_duration_timestamp", kDurationTimestamp, kTimestamp),
    Op("_+_", "add_timestamp_duration", kTimestampDuration, kTimestamp),
    Op("_+_", "add_int64", "int, int", "int"),
    Op("_+_", "add_list", "list(A), list(A)", "list(A)"),
    Op("_+_", "add_string", "string, string", "string"),
    Op("_+_", "add_uint64", "uint, uint", "uint"),
    Op("_-_", "subtract_double", "double, double", "double"),
    Op("_-_", "subtract_duration_duration", kTwoDurations, kDuration),
    Op("_-_", "subtract_int64", "int, int", "int"),
    Op("_-_", "subtract_timestamp_duration", kTimestampDuration, kTimestamp),
    Op("_-_", "subtract_timestamp_timestamp", kTwoTimestamps, kDuration),
    Op("_-_", "subtract_uint64", "uint, uint", "uint"),
    Op("_*_", "multiply_double", "double, double", "double"),
    Op("_*_", "multiply_int64", "int, int", "int"),
    Op("_*_", "multiply_uint64", "uint, uint", "uint"),
    Op("_/_", "divide_double", "double, double", "double"),
    Op("_/_", "divide_int64", "int, int", "int"),
    Op("_/_", "divide_uint64", "uint, uint", "uint"),
    Op("_%_", "modulo_int64", "int, int", "int"),
    Op("_%_", "modulo_uint64", "uint, uint", "uint"),
    Op("-_", "negate_double", "double", "double"),
    Op("-_", "negate_int64", "int", "int"),

#define OURO_ORDER(op, id)                                                                         \
  Op(op, id "_bool", "bool, bool", "bool"), Op(op, id "_int64", "int, int", "bool"),               \
      Op(op, id "_int64_double", "int, double", "bool", kCrossType),                               \
      Op(op, id "_int64_uint64", "int, uint", "bool", kCrossType),                                 \
      Op(op, id "_uint64", "uint, uint", "bool"),                                                  \
      Op(op, id "_uint64_double", "uint, double", "bool", kCrossType),                             \
      Op(op, id "_uint64_int64", "uint, int", "bool", kCrossType),                                 \
      Op(op, id "_double", "double, double", "bool"),                                              \
      Op(op, id "_double_int64", "double, int", "bool", kCrossType),                               \
      Op(op, id "_double_uint64", "double, uint", "bool", kCrossType),                             \
      Op(op, id "_string", "string, string", "bool"), Op(op, id "_bytes", "bytes, bytes", "bool"), \
      Op(op, id "_timestamp", kTwoTimestamps, "bool"),                                             \
      Op(op, id "_duration", kTwoDurations, "bool")
    OURO_ORDER("_<_", "less"),
    OURO_ORDER("_<=_", "less_equals"),
    OURO_ORDER("_>_", "greater"),
    OURO_ORDER("_>=_", "greater_equals"),
#undef OURO_ORDER

    Op("_[_]", "index_list", "list(A), int", "A"),
    Op("_[_]", "index_map", "map(A, B), A", "B"),
    Op("_[_]", "optional_list_index_int", "optional_type(list(V)), int", "optional_type(V)",
       kOptional),
    Op("_[_]", "optional_map_index_value", "optional_type(map(K, V)), K", "optional_type(V)",
       kOptional),
    Op("_[?_]", "list_optindex_optional_int", "list(V), int", "optional_type(V)", kOptional),
    Op("_[?_]", "optional_list_optindex_optional_int", "optional_type(list(V)), int",
       "optional_type(V)", kOptional),
    Op("_[?_]", "map_optindex_optional_value", "map(K, V), K", "optional_type(V)", kOptional),
    Op("_[?_]", "optional_map_optindex_optional_value", "optional_type(map(K, V)), K",
       "optional_type(V)", kOptional),
    Op("@in", "in_list", "A, list(A)", "bool"),
    Op("@in", "in_map", "A, map(A, B)", "bool"),

    Op("cel.@mapInsert", "@mapInsert_map_key_value", "map(K, V), K, V", "map(K, V)"),
    Op("cel.@mapInsert", "@mapInsert_map_map", "map(K, V), map(K, V)", "map(K, V)"),
    Op("cel.@block", "cel_block_list", "list(dyn), T", "T"),
};

}  // namespace

std::span<const Overload> OperatorOverloads() {
  return kOperators;
}

}  // namespace ouro::rules
