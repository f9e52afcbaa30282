// Functions of the language itself that are neither operators, conversions nor about time.
// Source: cel-spec, "Standard definitions".
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"
#include "rules/functions/runes.h"
#include "rules/pattern.h"

namespace ouro::rules::functions {

namespace {

Value Size(CallContext&, std::span<const Value> args) {
  const Value& value = args[0];
  switch (value.kind) {
    case Kind::kString:
      return Value::Int(RuneCount(value.str()));
    case Kind::kBytes:
      return Value::Int(value.extra);
    case Kind::kList:
    case Kind::kTreeList:
      return Value::Int(ListSize(value));
    case Kind::kMap:
    case Kind::kTreeMap:
      return Value::Int(MapSize(value));
    default:
      return Value::Error("no such overload: size");
  }
}

Value Contains(CallContext&, std::span<const Value> args) {
  return Value::Bool(args[0].str().find(args[1].str()) != std::string_view::npos);
}

Value StartsWith(CallContext&, std::span<const Value> args) {
  return Value::Bool(args[0].str().substr(0, args[1].extra) == args[1].str());
}

Value EndsWith(CallContext&, std::span<const Value> args) {
  const std::string_view text = args[0].str();
  const std::string_view suffix = args[1].str();
  return Value::Bool(text.size() >= suffix.size() &&
                     text.substr(text.size() - suffix.size()) == suffix);
}

Value Matches(CallContext& context, std::span<const Value> args) {
  std::string error;
  const Pattern* pattern = context.patterns.Get(args[1].str(), error);
  if (pattern == nullptr) {
    return context.arena.NewError(fmt::format("error parsing regexp: {}", error));
  }
  return Value::Bool(pattern->Search(args[0].str()));
}

Value Dyn(CallContext&, std::span<const Value> args) {
  return args[0];
}

Value Type(CallContext&, std::span<const Value> args) {
  return Value::Type(TypeName(args[0]));
}

constexpr std::array kOverloads = {
    Overload{"contains", "contains_string", true, "string, string", "bool", Contains, ContainsCost},
    Overload{"dyn", "to_dyn", false, "A", "dyn", Dyn},
    Overload{"endsWith", "ends_with_string", true, "string, string", "bool", EndsWith,
             SecondStringCost},
    Overload{"matches", "matches", false, "string, string", "bool", Matches, PatternCost},
    Overload{"matches", "matches_string", true, "string, string", "bool", Matches, PatternCost},
    Overload{"size", "size_bytes", false, "bytes", "int", Size},
    Overload{"size", "size_list", false, "list(A)", "int", Size},
    Overload{"size", "size_map", false, "map(A, B)", "int", Size},
    Overload{"size", "size_string", false, "string", "int", Size},
    Overload{"size", "bytes_size", true, "bytes", "int", Size},
    Overload{"size", "list_size", true, "list(A)", "int", Size},
    Overload{"size", "map_size", true, "map(A, B)", "int", Size},
    Overload{"size", "string_size", true, "string", "int", Size},
    Overload{"startsWith", "starts_with_string", true, "string, string", "bool", StartsWith,
             SecondStringCost},
    Overload{"type", "type", false, "A", "type(A)", Type},
};

}  // namespace

const Library kStandardLibrary = {"standard", "functions of the language itself", 0, kOverloads};

}  // namespace ouro::rules::functions
