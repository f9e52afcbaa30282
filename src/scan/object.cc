#include "scan/object.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/workload.h"

namespace ouro::scan {
namespace {

using io::kNoNode;
using io::NodeType;
using io::Tree;

constexpr int kListDepthMax = 8;  // Lists inside Lists; kubectl writes one level

std::string_view TypeText(NodeType type) {
  switch (type) {
    case NodeType::kNull:
      return "null";
    case NodeType::kBool:
      return "a boolean";
    case NodeType::kInt:
    case NodeType::kUint:
    case NodeType::kDouble:
      return "a number";
    case NodeType::kString:
      return "a string";
    case NodeType::kMap:
      return "a map";
    case NodeType::kList:
      return "a list";
    case NodeType::kAlias:
      break;
  }
  return "an alias";
}

// Looks at one document; holds what the recursion through Lists needs.
class Finder {
 public:
  Finder(const Tree& tree, uint32_t document, const ObjectKeys& known, const io::KeyTable& keys,
         const ObjectVisitor& visitor)
      : tree_(tree), document_(document), known_(known), keys_(keys), visitor_(visitor) {}

  void Visit(uint32_t node, const std::string& path, int depth);

 private:
  // Text of a scalar that should be a string. Other scalars give what was written, with a warning.
  std::string TextOf(uint32_t node, std::string_view field, Object& object);
  bool IsAbsent(uint32_t node) const {
    return node == kNoNode || tree_.node(node).type == NodeType::kNull;
  }
  bool VisitList(uint32_t node, const std::string& path, int depth);
  void Warn(uint32_t node, const Object& object, std::string message);
  void ReadMetadata(Object& object);

  const Tree& tree_;
  uint32_t document_;
  const ObjectKeys& known_;
  const io::KeyTable& keys_;
  const ObjectVisitor& visitor_;
};

void Finder::Warn(uint32_t node, const Object& object, std::string message) {
  if (!visitor_.problem) return;
  const io::Position place = tree_.PositionOf(tree_.node(node).start);
  model::Problem problem;
  problem.kind = ErrorCodeName(ErrorCode::kInvalid);
  problem.line = place.line;
  problem.column = place.column;
  problem.document = document_;
  problem.object = fmt::format("{} {}", object.resource.kind, object.resource.name);
  problem.message = std::move(message);
  problem.warning = true;
  visitor_.problem(std::move(problem));
}

std::string Finder::TextOf(uint32_t node, std::string_view field, Object& object) {
  const io::Node& value = tree_.node(node);
  if (value.type == NodeType::kString) return std::string(tree_.Text(node));
  Warn(node, object,
       fmt::format("{} is {}, not a string: the API server refuses this object; it is examined all "
                   "the same",
                   field, TypeText(value.type)));
  if (value.type == NodeType::kMap || value.type == NodeType::kList) return {};
  return std::string(tree_.source().substr(value.start, value.end - value.start));
}

void Finder::ReadMetadata(Object& object) {
  const uint32_t metadata = tree_.Child(object.node, known_.metadata);
  if (IsAbsent(metadata)) return;
  if (tree_.node(metadata).type != NodeType::kMap) {
    Warn(
        metadata, object,
        fmt::format("metadata is {}, not a map: the API server refuses this object; it is examined "
                    "all the same",
                    TypeText(tree_.node(metadata).type)));
    return;
  }
  const uint32_t space = tree_.Child(metadata, known_.namespace_name);
  if (!IsAbsent(space)) {
    object.resource.namespace_name = TextOf(space, "metadata.namespace", object);
  }
  const uint32_t name = tree_.Child(metadata, known_.name);
  if (!IsAbsent(name)) object.resource.name = TextOf(name, "metadata.name", object);
  if (!object.resource.name.empty()) return;
  const uint32_t prefix = tree_.Child(metadata, known_.generate_name);
  if (!IsAbsent(prefix)) {
    object.resource.name = TextOf(prefix, "metadata.generateName", object);
  }
}

bool Finder::VisitList(uint32_t node, const std::string& path, int depth) {
  const uint32_t kind = tree_.Child(node, known_.kind);
  if (kind == kNoNode || !EndsWith(tree_.Text(kind), "List")) return false;
  const uint32_t items = tree_.Child(node, known_.items);
  if (items == kNoNode) return false;
  const bool is_core_list = tree_.Text(kind) == "List";
  if (tree_.node(items).type == NodeType::kNull && is_core_list) return true;
  if (tree_.node(items).type != NodeType::kList) return false;
  if (depth >= kListDepthMax) {
    if (visitor_.not_object) visitor_.not_object(node, "Lists are nested too deeply");
    return true;
  }
  const uint32_t end = tree_.node(items).next;
  size_t index = 0;
  for (uint32_t i = items + 1; i < end; i = tree_.node(i).next, ++index) {
    const uint32_t item = tree_.Resolve(i);
    if (tree_.node(item).type == NodeType::kNull) continue;
    Visit(item, fmt::format("{}.items[{}]", path, index), depth + 1);
  }
  return true;
}

void Finder::Visit(uint32_t node, const std::string& path, int depth) {
  if (tree_.node(node).type != NodeType::kMap) {
    if (visitor_.not_object) visitor_.not_object(node, "it is no map");
    return;
  }
  if (VisitList(node, path, depth)) return;
  const uint32_t api_version = tree_.Child(node, known_.api_version);
  const uint32_t kind = tree_.Child(node, known_.kind);
  if (IsAbsent(api_version) || IsAbsent(kind)) {
    if (visitor_.not_object) {
      visitor_.not_object(node, IsAbsent(kind) ? "it has no kind" : "it has no apiVersion");
    }
    return;
  }
  Object object;
  object.tree = &tree_;
  object.node = node;
  object.document = document_;
  object.path = path;
  object.resource.kind = TextOf(kind, "kind", object);
  object.resource.api_version = TextOf(api_version, "apiVersion", object);
  ReadMetadata(object);
  object.workload =
      !PodTemplates(tree_, node, keys_, object.resource.api_version, object.resource.kind).empty();
  visitor_.object(std::move(object));
}

// Follows a path of map keys with dots between them; kNoNode when it leads nowhere.
uint32_t FollowPath(const Tree& tree, uint32_t node, const io::KeyTable& keys,
                    std::string_view path) {
  while (!path.empty() && node != kNoNode) {
    const size_t dot = path.find('.');
    const io::KeyId key = keys.Find(path.substr(0, dot));
    if (key == io::kNoKey) return kNoNode;
    node = tree.Child(node, key);
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return node;
}

bool MatchesLabel(const Object& object, std::string_view wanted, const io::KeyTable& keys,
                  const ObjectKeys& known) {
  const Tree& tree = *object.tree;
  const uint32_t metadata = tree.Child(object.node, known.metadata);
  const uint32_t labels = tree.Child(metadata, known.labels);
  if (labels == kNoNode || tree.node(labels).type != NodeType::kMap) return false;
  const size_t equals = wanted.find('=');
  const std::string_view key = wanted.substr(0, equals);
  const bool any_value = equals == std::string_view::npos;
  const std::string_view value = any_value ? std::string_view() : wanted.substr(equals + 1);
  for (uint32_t i = labels + 1; i < tree.node(labels).next; i = tree.node(i).next) {
    const io::Node& label = tree.node(i);
    if ((label.flags & io::kNodeOverridden) != 0 || label.key == io::kNoKey) continue;
    if (!MatchesGlob(keys.Text(label.key), key)) continue;
    if (any_value || MatchesGlob(tree.Text(i), value)) return true;
  }
  return false;
}

}  // namespace

ObjectKeys::ObjectKeys(io::KeyTable& keys)
    : api_version(keys.Intern("apiVersion")),
      kind(keys.Intern("kind")),
      metadata(keys.Intern("metadata")),
      name(keys.Intern("name")),
      generate_name(keys.Intern("generateName")),
      namespace_name(keys.Intern("namespace")),
      labels(keys.Intern("labels")),
      annotations(keys.Intern("annotations")),
      items(keys.Intern("items")),
      spec(keys.Intern("spec")) {}

void FindObjects(const Tree& tree, uint32_t root_index, const io::KeyTable& keys,
                 const ObjectKeys& known, const ObjectVisitor& visitor) {
  const io::Root& root = tree.roots()[root_index];
  if (root.failed || root.node == kNoNode) return;
  const uint32_t node = tree.Resolve(root.node);
  if (tree.node(node).type == NodeType::kNull) return;
  Finder(tree, root_index, known, keys, visitor).Visit(node, "$", 0);
}

std::vector<uint32_t> PodTemplates(const Tree& tree, uint32_t object_node, const io::KeyTable& keys,
                                   std::string_view api_version, std::string_view kind) {
  std::vector<uint32_t> templates;
  const auto add = [&](uint32_t node) {
    if (node != kNoNode && tree.node(node).type == NodeType::kMap) templates.push_back(node);
  };
  for (const model::WorkloadKind& row : model::FindWorkload(api_version, kind)) {
    if (row.item_list.empty()) {
      add(FollowPath(tree, object_node, keys, row.template_path));
      continue;
    }
    const uint32_t list = FollowPath(tree, object_node, keys, row.item_list);
    if (list == kNoNode) continue;
    const NodeType type = tree.node(list).type;
    if (type != NodeType::kList && type != NodeType::kMap) continue;
    for (uint32_t i = list + 1; i < tree.node(list).next; i = tree.node(i).next) {
      if ((tree.node(i).flags & io::kNodeOverridden) != 0) continue;
      add(FollowPath(tree, tree.Resolve(i), keys, row.template_path));
    }
  }
  return templates;
}

bool IsExcluded(const Object& object, const std::vector<ObjectExclude>& excludes,
                const io::KeyTable& keys, const ObjectKeys& known) {
  const model::Resource& resource = object.resource;
  const bool makes_namespace = resource.kind == "Namespace" && resource.api_version == "v1";
  const std::string_view space = makes_namespace ? resource.name : resource.namespace_name;
  for (const ObjectExclude& rule : excludes) {
    const bool matches = (rule.namespace_name.empty() || MatchesGlob(space, rule.namespace_name)) &&
                         (rule.kind.empty() || MatchesGlob(resource.kind, rule.kind)) &&
                         (rule.name.empty() || MatchesGlob(resource.name, rule.name)) &&
                         (rule.label.empty() || MatchesLabel(object, rule.label, keys, known));
    if (matches) return true;
  }
  return false;
}

}  // namespace ouro::scan
