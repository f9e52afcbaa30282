// Optional values. Source: cel-spec, "Optional types" (library version 2). The operators .? and
// [?], the macros optMap and optFlatMap, and the short circuit of or() and orValue() are the
// evaluator's.
#include <array>
#include <vector>

#include <fmt/format.h>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"

namespace ouro::rules::functions {

namespace {

Value Of(CallContext& context, std::span<const Value> args) {
  return context.arena.NewOptional(&args[0]);
}

Value None(CallContext& context, std::span<const Value>) {
  return context.arena.NewOptional(nullptr);
}

bool IsZero(const Value& value) {
  switch (value.kind) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return !value.boolean;
    case Kind::kInt:
      return value.integer == 0;
    case Kind::kUint:
      return value.unsigned_integer == 0;
    case Kind::kDouble:
      return value.number == 0;
    case Kind::kString:
    case Kind::kBytes:
      return value.extra == 0;
    case Kind::kDuration:
      return value.integer == 0 && value.nanos() == 0;
    case Kind::kTimestamp:
      // The zero of Go's time is the first second of year 1, not of 1970.
      return value.integer == -62135596800 && value.nanos() == 0;
    case Kind::kList:
    case Kind::kTreeList:
      return ListSize(value) == 0;
    case Kind::kMap:
    case Kind::kTreeMap:
      return MapSize(value) == 0;
    default:
      return false;
  }
}

Value OfNonZero(CallContext& context, std::span<const Value> args) {
  return context.arena.NewOptional(IsZero(args[0]) ? nullptr : &args[0]);
}

Value HasValue(CallContext&, std::span<const Value> args) {
  return Value::Bool(args[0].optional->has_value);
}

Value Content(CallContext&, std::span<const Value> args) {
  if (!args[0].optional->has_value) return Value::Error("optional.none() dereference");
  return args[0].optional->value;
}

Value Or(CallContext&, std::span<const Value> args) {
  return args[0].optional->has_value ? args[0] : args[1];
}

Value OrValue(CallContext&, std::span<const Value> args) {
  return args[0].optional->has_value ? args[0].optional->value : args[1];
}

Value First(CallContext& context, std::span<const Value> args) {
  if (ListSize(args[0]) == 0) return context.arena.NewOptional(nullptr);
  const Value first = ListAt(args[0], 0);
  return context.arena.NewOptional(&first);
}

Value Last(CallContext& context, std::span<const Value> args) {
  const uint32_t size = ListSize(args[0]);
  if (size == 0) return context.arena.NewOptional(nullptr);
  const Value last = ListAt(args[0], size - 1);
  return context.arena.NewOptional(&last);
}

Value Unwrap(CallContext& context, std::span<const Value> args) {
  std::vector<Value> items;
  Walker walker(args[0], context.keys);
  while (walker.Next()) {
    const Value item = walker.value();
    if (item.kind != Kind::kOptional) {
      return context.arena.NewError(
          fmt::format("value {} is not optional", ValueToText(item, context.keys)));
    }
    if (item.optional->has_value) items.push_back(item.optional->value);
  }
  return context.arena.NewList(items);
}

constexpr std::array kOverloads = {
    Overload{"first", "list_first", true, "list(V)", "optional_type(V)", First},
    Overload{"hasValue", "optional_hasValue", true, "optional_type(V)", "bool", HasValue},
    Overload{"last", "list_last", true, "list(V)", "optional_type(V)", Last},
    Overload{"optional.none", "optional_none", false, "", "optional_type(V)", None},
    Overload{"optional.of", "optional_of", false, "V", "optional_type(V)", Of},
    Overload{"optional.ofNonZeroValue", "optional_ofNonZeroValue", false, "V", "optional_type(V)",
             OfNonZero},
    Overload{"optional.unwrap", "optional_unwrap", false, "list(optional_type(V))", "list(V)",
             Unwrap},
    Overload{"or", "optional_or_optional", true, "optional_type(V), optional_type(V)",
             "optional_type(V)", Or, NoCost},
    Overload{"orValue", "optional_orValue_value", true, "optional_type(V), V", "V", OrValue,
             NoCost},
    Overload{"unwrapOpt", "optional_unwrapOpt", true, "list(optional_type(V))", "list(V)", Unwrap},
    Overload{"value", "optional_value", true, "optional_type(V)", "V", Content},
};

}  // namespace

const Library kOptionalLibrary = {"optional", "values that may be absent", 28, kOverloads};

}  // namespace ouro::rules::functions
