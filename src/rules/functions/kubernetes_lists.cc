// Kubernetes' functions on lists (k8s.io/apiserver pkg/cel/library/lists.go).
#include <array>

#include <fmt/format.h>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"
#include "rules/functions/time_text.h"

namespace ouro::rules::functions {

namespace {

Value IsSorted(CallContext& context, std::span<const Value> args) {
  Walker walker(args[0], context.keys);
  if (!walker.Next()) return Value::Bool(true);
  Value previous = walker.value();
  while (walker.Next()) {
    const Value next = walker.value();
    int order = 0;
    if (CompareValues(previous, next, order) && order > 0) return Value::Bool(false);
    previous = next;
  }
  return Value::Bool(true);
}

Value Add(const Value& sum, const Value& item) {
  if (sum.kind != item.kind) return Value::Error("no such overload");
  switch (sum.kind) {
    case Kind::kInt: {
      int64_t result = 0;
      if (__builtin_add_overflow(sum.integer, item.integer, &result)) {
        return Value::Error("integer overflow");
      }
      return Value::Int(result);
    }
    case Kind::kUint: {
      uint64_t result = 0;
      if (__builtin_add_overflow(sum.unsigned_integer, item.unsigned_integer, &result)) {
        return Value::Error("unsigned integer overflow");
      }
      return Value::Uint(result);
    }
    case Kind::kDouble:
      return Value::Double(sum.number + item.number);
    case Kind::kDuration: {
      int64_t result = 0;
      if (__builtin_add_overflow(DurationNanos(sum), DurationNanos(item), &result)) {
        return Value::Error("duration overflow");
      }
      return MakeDuration(result);
    }
    default:
      return Value::Error("no such overload");
  }
}

Value Sum(CallContext& context, const Value& list, Value sum) {
  Walker walker(list, context.keys);
  while (walker.Next() && !sum.is_error()) sum = Add(sum, walker.value());
  return sum;
}
Value SumInts(CallContext& context, std::span<const Value> args) {
  return Sum(context, args[0], Value::Int(0));
}
Value SumUints(CallContext& context, std::span<const Value> args) {
  return Sum(context, args[0], Value::Uint(0));
}
Value SumDoubles(CallContext& context, std::span<const Value> args) {
  return Sum(context, args[0], Value::Double(0));
}
Value SumDurations(CallContext& context, std::span<const Value> args) {
  return Sum(context, args[0], Value::Duration(0, 0));
}

// The first item for which no other is on the `kReplaceOn` side.
template <int kReplaceOn>
Value Extreme(CallContext& context, std::span<const Value> args) {
  Walker walker(args[0], context.keys);
  if (!walker.Next()) {
    return Value::Error(kReplaceOn > 0 ? "min called on empty list" : "max called on empty list");
  }
  Value best = walker.value();
  while (walker.Next()) {
    int order = 0;
    if (CompareValues(best, walker.value(), order) && order == kReplaceOn) best = walker.value();
  }
  return best;
}
constexpr auto kMin = Extreme<1>;
constexpr auto kMax = Extreme<-1>;

Value IndexOf(CallContext& context, std::span<const Value> args) {
  Walker walker(args[0], context.keys);
  for (int64_t index = 0; walker.Next(); ++index) {
    if (ValuesEqual(walker.value(), args[1], context.keys)) return Value::Int(index);
  }
  return Value::Int(-1);
}

Value LastIndexOf(CallContext& context, std::span<const Value> args) {
  Walker walker(args[0], context.keys);
  int64_t last = -1;
  for (int64_t index = 0; walker.Next(); ++index) {
    if (ValuesEqual(walker.value(), args[1], context.keys)) last = index;
  }
  return Value::Int(last);
}

// Membership in a list, or equality with anything that is not a list.
Value Includes(CallContext& context, std::span<const Value> args) {
  if (args[0].kind != Kind::kList && args[0].kind != Kind::kTreeList) {
    return Value::Bool(ValuesEqual(args[0], args[1], context.keys));
  }
  Walker walker(args[0], context.keys);
  while (walker.Next()) {
    if (ValuesEqual(walker.value(), args[1], context.keys)) return Value::Bool(true);
  }
  return Value::Bool(false);
}

constexpr std::string_view kTimes = "list(google.protobuf.Timestamp)";
constexpr std::string_view kTime = "google.protobuf.Timestamp";
constexpr std::string_view kDurations = "list(google.protobuf.Duration)";
constexpr std::string_view kDuration = "google.protobuf.Duration";
constexpr CostFunction kCost = FirstTraversalCost;

constexpr std::array kOverloads = {
    Overload{"includes", "list_includes_dyn_dyn", true, "dyn, dyn", "bool", Includes, kCost, 37},
    Overload{"indexOf", "list_a_index_of_int", true, "list(A), A", "int", IndexOf, kCost},
    Overload{"isSorted", "list_bool_is_sorted_bool", true, "list(bool)", "bool", IsSorted, kCost},
    Overload{"isSorted", "list_bytes_is_sorted_bool", true, "list(bytes)", "bool", IsSorted, kCost},
    Overload{"isSorted", "list_double_is_sorted_bool", true, "list(double)", "bool", IsSorted,
             kCost},
    Overload{"isSorted", "list_duration_is_sorted_bool", true, kDurations, "bool", IsSorted, kCost},
    Overload{"isSorted", "list_int_is_sorted_bool", true, "list(int)", "bool", IsSorted, kCost},
    Overload{"isSorted", "list_string_is_sorted_bool", true, "list(string)", "bool", IsSorted,
             kCost},
    Overload{"isSorted", "list_timestamp_is_sorted_bool", true, kTimes, "bool", IsSorted, kCost},
    Overload{"isSorted", "list_uint_is_sorted_bool", true, "list(uint)", "bool", IsSorted, kCost},
    Overload{"lastIndexOf", "list_a_last_index_of_int", true, "list(A), A", "int", LastIndexOf,
             kCost},
    Overload{"max", "list_bool_max_bool", true, "list(bool)", "bool", kMax, kCost},
    Overload{"max", "list_bytes_max_bytes", true, "list(bytes)", "bytes", kMax, kCost},
    Overload{"max", "list_double_max_double", true, "list(double)", "double", kMax, kCost},
    Overload{"max", "list_duration_max_duration", true, kDurations, kDuration, kMax, kCost},
    Overload{"max", "list_int_max_int", true, "list(int)", "int", kMax, kCost},
    Overload{"max", "list_string_max_string", true, "list(string)", "string", kMax, kCost},
    Overload{"max", "list_timestamp_max_timestamp", true, kTimes, kTime, kMax, kCost},
    Overload{"max", "list_uint_max_uint", true, "list(uint)", "uint", kMax, kCost},
    Overload{"min", "list_bool_min_bool", true, "list(bool)", "bool", kMin, kCost},
    Overload{"min", "list_bytes_min_bytes", true, "list(bytes)", "bytes", kMin, kCost},
    Overload{"min", "list_double_min_double", true, "list(double)", "double", kMin, kCost},
    Overload{"min", "list_duration_min_duration", true, kDurations, kDuration, kMin, kCost},
    Overload{"min", "list_int_min_int", true, "list(int)", "int", kMin, kCost},
    Overload{"min", "list_string_min_string", true, "list(string)", "string", kMin, kCost},
    Overload{"min", "list_timestamp_min_timestamp", true, kTimes, kTime, kMin, kCost},
    Overload{"min", "list_uint_min_uint", true, "list(uint)", "uint", kMin, kCost},
    // An empty list literal fits all four; the first one decides that its sum is an int.
    Overload{"sum", "list_int_sum_int", true, "list(int)", "int", SumInts, kCost},
    Overload{"sum", "list_uint_sum_uint", true, "list(uint)", "uint", SumUints, kCost},
    Overload{"sum", "list_double_sum_double", true, "list(double)", "double", SumDoubles, kCost},
    Overload{"sum", "list_duration_sum_duration", true, kDurations, kDuration, SumDurations, kCost},
};

}  // namespace

const Library kKubernetesListLibrary = {"kubernetes_lists", "lists: order, sums, positions", 1,
                                        kOverloads};

}  // namespace ouro::rules::functions
