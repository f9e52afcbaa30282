#include "rules/admission_policy_values.h"

#include <vector>

namespace ouro::rules {

namespace {

// Collects the fields of one object.
class Fields {
 public:
  void Add(std::string_view name, const Value& value) {
    entries_.push_back({Value::String(name), value});
  }
  void Text(std::string_view name, std::string_view text) { Add(name, Value::String(text)); }
  void TextUnlessEmpty(std::string_view name, std::string_view text) {
    if (!text.empty()) Text(name, text);
  }
  Value Build(Arena& arena) const { return arena.NewMap(entries_); }

 private:
  std::vector<MapEntry> entries_;
};

Value KindValue(const ResolvedRequest& resolved, Arena& arena) {
  Fields fields;
  fields.Text("group", resolved.kind_group);
  fields.Text("version", resolved.kind_version);
  fields.Text("kind", resolved.kind);
  return fields.Build(arena);
}

Value ResourceValue(const ResolvedRequest& resolved, Arena& arena) {
  Fields fields;
  fields.Text("group", resolved.group);
  fields.Text("version", resolved.version);
  fields.Text("resource", resolved.resource);
  return fields.Build(arena);
}

Value NodeValue(const io::NodeView& view) {
  return Value::OfNode(view.tree(), view.index());
}

Value UserValue(const io::NodeView& user, Arena& arena) {
  if (!user.exists() || !user.IsMap()) return MissingValue(MissingFact::kUserInfo);
  Fields fields;
  fields.TextUnlessEmpty("username", user.Get("username").Text());
  fields.TextUnlessEmpty("uid", user.Get("uid").Text());
  const io::NodeView groups = user.Get("groups");
  if (groups.IsList() && !groups.Children().empty()) fields.Add("groups", NodeValue(groups));
  const io::NodeView extra = user.Get("extra");
  if (extra.IsMap() && !extra.Children().empty()) fields.Add("extra", NodeValue(extra));
  return fields.Build(arena);
}

}  // namespace

Value RequestValue(const AdmissionRequest& request, const ResolvedRequest& resolved, Arena& arena) {
  const Value kind = KindValue(resolved, arena);
  const Value resource = ResourceValue(resolved, arena);
  Fields fields;
  fields.Add("kind", kind);
  fields.Add("resource", resource);
  fields.TextUnlessEmpty("subResource", resolved.subresource);
  fields.Add("requestKind", kind);
  fields.Add("requestResource", resource);
  fields.TextUnlessEmpty("requestSubResource", resolved.subresource);
  fields.TextUnlessEmpty("name", resolved.name);
  if (!resolved.name_space) {
    fields.Add("namespace", MissingValue(MissingFact::kNamespace));
  } else {
    fields.TextUnlessEmpty("namespace", *resolved.name_space);
  }
  fields.Text("operation", resolved.operation);
  fields.Add("userInfo", UserValue(request.user_info, arena));
  fields.Add("dryRun", Value::Bool(request.dry_run));
  fields.Add("options", request.options.exists() ? NodeValue(request.options)
                                                 : MissingValue(MissingFact::kOptions));
  return fields.Build(arena);
}

Value NamespaceValue(const ResolvedRequest& resolved) {
  const bool is_namespace = resolved.kind_group.empty() && resolved.kind == "Namespace";
  const bool outside = resolved.name_space && resolved.name_space->empty();
  if (is_namespace || outside) return Value::Null();
  if (!resolved.namespace_object.exists()) return MissingValue(MissingFact::kNamespaceObject);
  return NodeValue(resolved.namespace_object);
}

AuthorizationQuestion QuestionOf(const ResolvedRequest& resolved) {
  AuthorizationQuestion question;
  question.group = resolved.group;
  question.resource = resolved.resource;
  question.subresource = resolved.subresource;
  if (resolved.name_space) question.name_space = *resolved.name_space;
  question.name = resolved.name;
  return question;
}

}  // namespace ouro::rules
