#include "rules/schema.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "rules/schema_values.h"

namespace ouro::rules {

namespace {

constexpr int kSchemaDepthMax = 200;

bool IsTrue(const io::NodeView& view) {
  return view.type() == io::NodeType::kBool && view.tree().node(view.index()).boolean;
}

tl::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kInvalid, std::move(message));
}

using NodeResult = Result<std::unique_ptr<SchemaNode>>;

NodeResult ReadNode(const io::NodeView& view, int depth);

Status ReadExtensions(const io::NodeView& view, SchemaNode& node) {
  node.int_or_string = IsTrue(view.Get("x-kubernetes-int-or-string"));
  node.preserve_unknown = IsTrue(view.Get("x-kubernetes-preserve-unknown-fields"));
  node.embedded_resource = IsTrue(view.Get("x-kubernetes-embedded-resource"));
  const std::string_view list_type = view.Get("x-kubernetes-list-type").Text();
  if (list_type == "set") {
    node.list_type = ListType::kSet;
  } else if (list_type == "map") {
    node.list_type = ListType::kMap;
  } else if (!list_type.empty() && list_type != "atomic") {
    return Refuse(fmt::format("unknown x-kubernetes-list-type \"{}\"", Printable(list_type)));
  }
  for (const io::NodeView& key : view.Get("x-kubernetes-list-map-keys").Children()) {
    node.list_map_keys.emplace_back(key.Text());
  }
  return {};
}

NodeResult ReadNode(const io::NodeView& view, int depth) {
  if (depth > kSchemaDepthMax) return Fail(ErrorCode::kLimit, "the schema is nested too deep");
  if (!view.IsMap()) return Refuse("a schema is an object");
  auto node = std::make_unique<SchemaNode>();
  node->type = view.Get("type").Text();
  node->format = view.Get("format").Text();
  node->nullable = IsTrue(view.Get("nullable"));
  OURO_TRY_STATUS(ReadExtensions(view, *node));
  const io::NodeView properties = view.Get("properties");
  node->has_properties = properties.IsMap();
  for (const auto& [name, schema] : properties.Members()) {
    SchemaNode::Property property;
    property.name = name;
    OURO_TRY(property.schema, ReadNode(schema, depth + 1));
    node->properties.push_back(std::move(property));
  }
  const io::NodeView additional = view.Get("additionalProperties");
  if (additional.IsMap()) {
    OURO_TRY(node->additional, ReadNode(additional, depth + 1));
  }
  const io::NodeView items = view.Get("items");
  if (items.IsMap()) {
    OURO_TRY(node->items, ReadNode(items, depth + 1));
  }
  return node;
}

std::unique_ptr<SchemaNode> StringNode() {
  auto node = std::make_unique<SchemaNode>();
  node->type = "string";
  return node;
}

void SetProperty(SchemaNode& node, std::string_view name, std::unique_ptr<SchemaNode> schema) {
  const auto known =
      std::find_if(node.properties.begin(), node.properties.end(),
                   [name](const SchemaNode::Property& property) { return property.name == name; });
  if (known != node.properties.end()) {
    known->schema = std::move(schema);
  } else {
    node.properties.push_back({std::string(name), std::move(schema)});
  }
}

bool IsString(const SchemaNode* node) {
  return node != nullptr && node->type == "string";
}

// What is readable of every resource. A schema that declares all of it keeps its own declarations.
void AddTypeAndObjectMeta(SchemaNode& node) {
  const SchemaNode* metadata = node.FindProperty("metadata");
  if (IsString(node.FindProperty("kind")) && IsString(node.FindProperty("apiVersion")) &&
      metadata != nullptr && metadata->type == "object" &&
      IsString(metadata->FindProperty("name")) &&
      IsString(metadata->FindProperty("generateName"))) {
    return;
  }
  auto own_metadata = std::make_unique<SchemaNode>();
  own_metadata->type = "object";
  own_metadata->has_properties = true;
  own_metadata->properties.push_back({"name", StringNode()});
  own_metadata->properties.push_back({"generateName", StringNode()});
  node.has_properties = true;
  SetProperty(node, "kind", StringNode());
  SetProperty(node, "apiVersion", StringNode());
  SetProperty(node, "metadata", std::move(own_metadata));
}

// Completes embedded resources all the way down.
void CompleteResources(SchemaNode& node) {
  if (node.embedded_resource) AddTypeAndObjectMeta(node);
  for (const SchemaNode::Property& property : node.properties) CompleteResources(*property.schema);
  if (node.additional != nullptr) CompleteResources(*node.additional);
  if (node.items != nullptr) CompleteResources(*node.items);
}

// Declares the CEL types of a schema. Every object has a type of its own, numbered: objects of
// different places are different types even when they have the same fields.
class TypeDeclarer {
 public:
  explicit TypeDeclarer(std::vector<ObjectType>& types) : types_(types) {}

  // Empty: rules cannot see such values.
  std::string Declare(const SchemaNode& node) {
    if (node.int_or_string) return "dyn";
    if (node.type == "array") return DeclareList(node);
    if (node.type == "object") {
      return node.additional != nullptr ? DeclareMap(node) : DeclareObject(node);
    }
    if (node.type == "string") return StringType(node.format);
    if (node.type == "boolean") return "bool";
    if (node.type == "number") return "double";
    if (node.type == "integer") return "int";
    return "";
  }

 private:
  static std::string StringType(std::string_view format) {
    if (format == "byte") return "bytes";
    if (format == "duration") return "google.protobuf.Duration";
    if (format == "date" || format == "date-time") return "google.protobuf.Timestamp";
    return "string";
  }

  std::string DeclareList(const SchemaNode& node) {
    if (node.items == nullptr) return "";
    const std::string item = Declare(*node.items);
    return item.empty() ? "" : "list(" + item + ")";
  }

  std::string DeclareMap(const SchemaNode& node) {
    const std::string value = Declare(*node.additional);
    return value.empty() ? "" : "map(string, " + value + ")";
  }

  std::string DeclareObject(const SchemaNode& node) {
    ObjectType object;
    object.name = fmt::format("selfType.t{}", ++count_);
    for (const SchemaNode::Property& property : node.properties) {
      const std::string type = Declare(*property.schema);
      const auto escaped = EscapeProperty(property.name);
      if (!type.empty() && escaped) object.fields.push_back({*escaped, type, property.name});
    }
    std::string declared = object.name;
    types_.push_back(std::move(object));
    return declared;
  }

  std::vector<ObjectType>& types_;
  int count_ = 0;
};

bool IsReserved(std::string_view name) {
  static constexpr std::string_view kReserved[] = {
      "as",       "break",   "const",  "continue", "else", "false", "for",
      "function", "if",      "import", "in",       "let",  "loop",  "namespace",
      "null",     "package", "return", "true",     "var",  "void",  "while"};
  return std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved);
}

}  // namespace

const SchemaNode* SchemaNode::FindProperty(std::string_view name) const {
  for (const Property& property : properties) {
    if (property.name == name) return property.schema.get();
  }
  return nullptr;
}

std::optional<std::string> EscapeProperty(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return std::nullopt;
  if (IsReserved(name)) return fmt::format("__{}__", name);
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '_' && i + 1 < name.size() && name[i + 1] == '_') {
      out += "__underscores__";
      ++i;
    } else if (c == '.') {
      out += "__dot__";
    } else if (c == '-') {
      out += "__dash__";
    } else if (c == '/') {
      out += "__slash__";
    } else if (c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
               (c >= 'A' && c <= 'Z')) {
      out += c;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

Result<StructuralSchema> StructuralSchema::Read(const io::NodeView& schema, bool is_root) {
  OURO_TRY(auto root, ReadNode(schema, 0));
  if (is_root) AddTypeAndObjectMeta(*root);
  CompleteResources(*root);
  return StructuralSchema(std::move(root));
}

std::string StructuralSchema::DeclareTypes(std::vector<ObjectType>& types) const {
  return TypeDeclarer(types).Declare(*root_);
}

Value StructuralSchema::ToValue(const io::NodeView& node, Arena& arena) const {
  return SchemaValue(*root_, node, arena);
}

}  // namespace ouro::rules
