// Structural schemas of custom resources and the rules in them (x-kubernetes-validations).
//
//   read (StructuralSchema::Read) → declare types for the checker → objects as CEL values →
//   evaluate
//
// Source: k8s.io/apiserver pkg/cel/common (schemas.go, valuesunstructured.go), k8s.io/apiserver
// pkg/cel/escaping.go, k8s.io/apiextensions-apiserver pkg/apiserver/schema/cel (1.37).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/tree.h"
#include "rules/cel.h"

namespace ouro::rules {

// One node of a structural schema; only what rules depend on is kept.
struct SchemaNode {
  struct Property;

  std::string type;  // object, array, string, integer, number, boolean; empty: none
  std::string format;
  bool nullable = false;
  bool int_or_string = false;      // x-kubernetes-int-or-string
  bool preserve_unknown = false;   // x-kubernetes-preserve-unknown-fields
  bool embedded_resource = false;  // x-kubernetes-embedded-resource
  bool has_properties = false;     // `properties` is there, even if empty
  ListType list_type = ListType::kAtomic;
  std::vector<std::string> list_map_keys;
  std::vector<Property> properties;
  std::unique_ptr<SchemaNode> additional;  // schema of additionalProperties
  std::unique_ptr<SchemaNode> items;

  // Null when there is no such property.
  const SchemaNode* FindProperty(std::string_view name) const;
};
struct SchemaNode::Property {
  std::string name;
  std::unique_ptr<SchemaNode> schema;
};

// The identifier by which an expression reaches a property: `__namespace__`, `a__dash__b`. nullopt
// when no expression can.
std::optional<std::string> EscapeProperty(std::string_view name);

// A schema with what is always readable at the root of a resource: apiVersion, kind,
// metadata.name, metadata.generateName.
class StructuralSchema {
 public:
  // `is_root`: the schema is that of a whole resource. kInvalid when it is no schema.
  static Result<StructuralSchema> Read(const io::NodeView& schema, bool is_root);

  // CEL type of values of this schema, with the object types that it uses; empty when Kubernetes
  // does not let rules see such values (no type, or a list without items).
  std::string DeclareTypes(std::vector<ObjectType>& types) const;

  // The value of `node` seen through the schema; strings are views into its tree. Data that does
  // not fit the schema becomes an error value at its place, which is seen only when it is read.
  Value ToValue(const io::NodeView& node, Arena& arena) const;

 private:
  explicit StructuralSchema(std::unique_ptr<SchemaNode> root) : root_(std::move(root)) {}
  std::unique_ptr<SchemaNode> root_;
};

// One entry of x-kubernetes-validations.
struct SchemaRule {
  std::string rule;
  std::string message;
  std::string message_expression;
  bool optional_old_self = false;
};

enum class Verdict : uint8_t { kPass, kFail, kWarn, kSkip, kError };
std::string_view VerdictName(Verdict verdict);  // "pass", "fail", "warn", "skip", "error"

struct RuleVerdict {
  Verdict verdict = Verdict::kPass;
  std::string message;           // why, for everything but kPass
  std::optional<uint64_t> cost;  // runtime cost in the API server's units, when it was evaluated
};

// Judges `object` (and `old`, which may not exist: a create) by one rule at the root of `schema`. A
// rule that uses oldSelf is skipped without old object, unless it takes it as optional. Never
// fails: what cannot be compiled or evaluated is Verdict::kError.
RuleVerdict CheckSchemaRule(const StructuralSchema& schema, const SchemaRule& rule,
                            const io::NodeView& object, const io::NodeView& old,
                            int kubernetes_minor, io::KeyTable& keys);

}  // namespace ouro::rules
