#include "rules/schema_values.h"

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "rules/functions/base64.h"
#include "rules/functions/number_text.h"
#include "rules/functions/time_text.h"
#include "rules/pattern.h"

namespace ouro::rules {

namespace {

std::string_view TypeWord(const io::NodeView& node) {
  switch (node.type()) {
    case io::NodeType::kNull:
      return "null";
    case io::NodeType::kBool:
      return "boolean";
    case io::NodeType::kInt:
    case io::NodeType::kUint:
      return "integer";
    case io::NodeType::kDouble:
      return "number";
    case io::NodeType::kString:
      return "string";
    case io::NodeType::kMap:
      return "object";
    default:
      return "array";
  }
}

Value Misfit(const io::NodeView& node, std::string_view expected, Arena& arena) {
  return arena.NewError(fmt::format("invalid data, expected {}, got {}", expected, TypeWord(node)));
}

// Under which name a field stands in the value. Expressions ask for the escaped one; a field that
// the schema does not know must not be mistaken for it.
Value FieldKey(std::string_view name, bool known, Arena& arena) {
  const auto escaped = EscapeProperty(name);
  if (escaped && *escaped == name) return Value::String(name);
  if (escaped && known) return arena.NewString(*escaped);
  return arena.NewString("\x01" + std::string(name));
}

Value FieldsValue(const SchemaNode& schema, const io::NodeView& node, Arena& arena) {
  std::vector<MapEntry> entries;
  for (const auto& [name, child] : node.Members()) {
    // A field that is null is treated as absent; one that the schema does not know takes part in
    // comparisons only.
    if (child.type() == io::NodeType::kNull) continue;
    const SchemaNode* property = schema.FindProperty(name);
    entries.push_back({FieldKey(name, property != nullptr, arena),
                       property != nullptr ? SchemaValue(*property, child, arena)
                                           : Value::OfNode(child.tree(), child.index())});
  }
  return arena.NewMap(entries);
}

Value ObjectValue(const SchemaNode& schema, const io::NodeView& node, Arena& arena) {
  if (!node.IsMap()) return Misfit(node, "an object", arena);
  if (schema.has_properties || schema.embedded_resource) return FieldsValue(schema, node, arena);
  std::vector<MapEntry> entries;
  for (const auto& [name, child] : node.Members()) {
    entries.push_back({Value::String(name), schema.additional != nullptr
                                                ? SchemaValue(*schema.additional, child, arena)
                                                : Value::OfNode(child.tree(), child.index())});
  }
  return arena.NewMap(entries);
}

Value ListValue(const SchemaNode& schema, const io::NodeView& node, Arena& arena) {
  if (!node.IsList()) return Misfit(node, "an array", arena);
  if (schema.items == nullptr) {
    return Value::Error("invalid array type, expected items with a schema");
  }
  std::vector<Value> items;
  for (const io::NodeView& child : node.Children()) {
    items.push_back(SchemaValue(*schema.items, child, arena));
  }
  const Value list = arena.NewList(items);
  if (schema.list_type == ListType::kAtomic) return list;
  ListObject* typed = arena.New<ListObject>();
  *typed = *list.list;
  typed->list_type = schema.list_type;
  if (schema.list_type == ListType::kMap) {
    auto* keys = arena.NewArray<std::string_view>(schema.list_map_keys.size());
    for (size_t i = 0; i < schema.list_map_keys.size(); ++i) {
      const std::string& name = schema.list_map_keys[i];
      keys[i] = arena.Copy(EscapeProperty(name).value_or("\x01" + name));
    }
    typed->keys = keys;
    typed->key_count = static_cast<uint32_t>(schema.list_map_keys.size());
  }
  return Value::List(typed);
}

// Names of units beyond Go's: the last of each row also as a prefix ("minutes", "hours").
struct UnitNames {
  std::string_view names[3];
  int64_t nanos;
};
constexpr int64_t kSecond = 1'000'000'000;
constexpr UnitNames kUnits[] = {{{"ns", "nano", ""}, 1},
                                {{"us", "µs", "micro"}, 1'000},
                                {{"ms", "milli", ""}, 1'000'000},
                                {{"s", "sec", ""}, kSecond},
                                {{"m", "min", ""}, 60 * kSecond},
                                {{"h", "hr", "hour"}, 3'600 * kSecond},
                                {{"d", "day", ""}, 86'400 * kSecond},
                                {{"w", "wk", "week"}, 7 * 86'400 * kSecond}};

std::optional<int64_t> UnitNanos(std::string_view unit) {
  int64_t nanos = 0;
  for (const UnitNames& row : kUnits) {
    const std::string_view last = row.names[2].empty() ? row.names[1] : row.names[2];
    bool matches = StartsWith(unit, last);
    for (const std::string_view name : row.names) matches |= !name.empty() && name == unit;
    if (matches) nanos += row.nanos;
  }
  return nanos > 0 ? std::optional<int64_t>(nanos) : std::nullopt;
}

// OpenAPI's format `duration`: Go's notation, or a sum of "3 days" and the like anywhere in the
// text.
std::optional<int64_t> ParseSchemaDuration(std::string_view text) {
  if (const auto nanos = functions::ParseDurationNanos(text)) return nanos;
  static const auto kPart = Pattern::Compile("(\\d+)\\s*([A-Za-zµ]+)");
  if (!kPart) return std::nullopt;
  uint64_t total = 0;
  bool found = false;
  std::vector<std::string_view> groups;
  size_t at = 0;
  while ((*kPart)->Find(text, at, groups)) {
    at = static_cast<size_t>(groups[0].data() - text.data()) + groups[0].size();
    const auto count = functions::ParseInt(groups[1]);
    if (!count) return std::nullopt;
    const auto unit = UnitNanos(LowerAscii(groups[2]));
    if (!unit) continue;
    total += static_cast<uint64_t>(*count) * static_cast<uint64_t>(*unit);
    found = true;
  }
  return found ? std::optional<int64_t>(static_cast<int64_t>(total)) : std::nullopt;
}

std::optional<functions::ParsedTime> ParseSchemaDateTime(std::string_view text) {
  if (text.empty()) return functions::ParsedTime();
  const auto time = functions::ParseRfc3339Time(text);
  return time ? time : functions::ParseLocalTime(text);
}

// OpenAPI's format `byte`, which Kubernetes reads with the alphabet for URLs.
std::optional<std::string> ParseSchemaBytes(std::string_view text) {
  if (text.find_first_of("+/") != std::string_view::npos) return std::nullopt;
  std::string standard(text);
  for (char& c : standard) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  return functions::DecodeBase64(standard, functions::Base64Padding::kRequired);
}

Value StringValue(const SchemaNode& schema, const io::NodeView& node, Arena& arena) {
  if (!node.IsString()) return Misfit(node, "a string", arena);
  const std::string_view text = node.Text();
  const auto refuse = [&] {
    return arena.NewError(
        fmt::format("invalid {} formatted string {}", schema.format, Printable(text)));
  };
  if (schema.format == "duration") {
    const auto nanos = ParseSchemaDuration(text);
    return nanos ? functions::MakeDuration(*nanos) : refuse();
  }
  if (schema.format == "date") {
    const auto time = functions::ParseDateOnly(text);
    return time ? functions::MakeTimestamp(*time) : refuse();
  }
  if (schema.format == "date-time") {
    const auto time = ParseSchemaDateTime(text);
    return time ? functions::MakeTimestamp(*time) : refuse();
  }
  if (schema.format == "byte") {
    const auto bytes = ParseSchemaBytes(text);
    return bytes ? arena.NewBytes(*bytes) : refuse();
  }
  return Value::String(text);
}

// A whole number, also when it was written as 1.0; Kubernetes' reader does not tell them apart.
std::optional<int64_t> WholeNumber(const Value& value) {
  if (value.kind == Kind::kInt) return value.integer;
  if (value.kind == Kind::kDouble && std::trunc(value.number) == value.number &&
      std::fabs(value.number) < 9007199254740992.0) {
    return static_cast<int64_t>(value.number);
  }
  return std::nullopt;
}

Value NumberValue(const io::NodeView& node, Arena& arena) {
  const Value value = Value::OfNode(node.tree(), node.index());
  switch (value.kind) {
    case Kind::kInt:
      return Value::Double(static_cast<double>(value.integer));
    case Kind::kUint:
      return Value::Double(static_cast<double>(value.unsigned_integer));
    case Kind::kDouble:
      return value;
    default:
      return Misfit(node, "a number", arena);
  }
}

Value ScalarValue(const SchemaNode& schema, const io::NodeView& node, Arena& arena) {
  const Value value = Value::OfNode(node.tree(), node.index());
  if (schema.int_or_string && value.kind == Kind::kString) return value;
  if (schema.int_or_string || schema.type == "integer") {
    const auto number = WholeNumber(value);
    return number ? Value::Int(*number) : Misfit(node, "an integer", arena);
  }
  if (schema.type == "number") return NumberValue(node, arena);
  if (schema.type == "boolean") {
    return value.kind == Kind::kBool ? value : Misfit(node, "a boolean", arena);
  }
  if (schema.preserve_unknown) return value;
  return arena.NewError(fmt::format("invalid type \"{}\" in the schema", Printable(schema.type)));
}

}  // namespace

Value SchemaValue(const SchemaNode& schema, const io::NodeView& node, Arena& arena) {
  if (!node.exists() || node.type() == io::NodeType::kNull) {
    return schema.nullable ? Value::Null()
                           : Value::Error("invalid data, got null for schema with nullable=false");
  }
  if (schema.int_or_string) return ScalarValue(schema, node, arena);
  if (schema.type == "object") return ObjectValue(schema, node, arena);
  if (schema.type == "array") return ListValue(schema, node, arena);
  if (schema.type == "string") return StringValue(schema, node, arena);
  return ScalarValue(schema, node, arena);
}

}  // namespace ouro::rules
