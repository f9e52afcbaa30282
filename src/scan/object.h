// From parsed documents to Kubernetes objects.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "io/tree.h"
#include "model/finding.h"
#include "model/report.h"

namespace ouro::scan {

// An object inside a parsed file: a map with apiVersion and kind.
struct Object {
  const io::Tree* tree = nullptr;
  uint32_t node = io::kNoNode;
  uint32_t document = 0;     // number of the document in the file
  std::string path = "$";    // of the object in its document; "$.items[2]" inside a List
  model::Resource resource;  // without container
  bool workload = false;     // has a pod template that is a map
};

// Well-known key ids, looked up once per key table. They hold in every copy of that table.
struct ObjectKeys {
  explicit ObjectKeys(io::KeyTable& keys);
  io::KeyId api_version, kind, metadata, name, generate_name, namespace_name, labels, annotations,
      items, spec;
};

// What a document gave besides objects.
struct ObjectIssue {
  model::Problem problem;
};

// Finds the objects of one document root: itself, or the items of a List (any kind ending in "List"
// with a list `items`, nested Lists too). Documents that are empty (null, comments only) give
// nothing; documents that are no objects (no apiVersion/kind: a values file, say) are reported by
// `not_object` with their node; objects whose apiVersion, kind, metadata or metadata.name has the
// wrong type are given all the same, with a warning in `problem` (its file is left to the caller).
// Null counts as absent, as in the API server.
struct ObjectVisitor {
  std::function<void(Object&&)> object;
  std::function<void(uint32_t node, std::string_view why)> not_object;
  std::function<void(model::Problem&&)> problem;
};
void FindObjects(const io::Tree& tree, uint32_t root_index, const io::KeyTable& keys,
                 const ObjectKeys& known, const ObjectVisitor& visitor);

// Nodes of the pod templates of an object (for a Pod the object itself); empty when it has none.
// Only templates that are maps.
std::vector<uint32_t> PodTemplates(const io::Tree& tree, uint32_t object_node,
                                   const io::KeyTable& keys, std::string_view api_version,
                                   std::string_view kind);

// Which objects a run leaves out. Globs; an empty field matches everything, within one rule all
// fields must match. A Namespace object counts as being in the namespace that it makes.
struct ObjectExclude {
  std::string namespace_name;
  std::string kind;
  std::string name;
  std::string label;  // "key=value" or "key"
};
bool IsExcluded(const Object& object, const std::vector<ObjectExclude>& excludes,
                const io::KeyTable& keys, const ObjectKeys& known);

}  // namespace ouro::scan
