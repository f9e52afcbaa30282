// What the API server made of an object: which fields it added, dropped or changed.
//
// Both forms are walked together. A field of the file is preserved when the answer has it with the
// same value, or with one that means the same to the API server: null, false, 0, "" and empty maps
// and lists may be left out (JSON "omitempty" of the Go types), a quantity may be spelt differently
// (1000m = 1), a number may stand for its text. List items are paired by index: on create the
// server keeps the order and appends.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/tree.h"

namespace ouro::prove {

enum class ChangeKind : uint8_t { kAdded, kDropped, kChanged };

struct Change {
  ChangeKind kind = ChangeKind::kAdded;
  // "spec.containers[0].ports[0].hostPort"; keys that are no plain names in quotes
  // ("metadata.annotations['a.b/c']").
  std::string path;
  uint32_t node = io::kNoNode;  // in the answer; of a dropped field in the file's object
};

// Trees of this header were read from JSON: they have no aliases.

// Changes from the object at `before` to that at `after`, which may be in one tree or two with one
// key table. An added or dropped map or list is one change; its fields are not listed. What the
// server alone writes is left out: status and metadata.{uid, resourceVersion, generation,
// creationTimestamp, selfLink, managedFields}.
std::vector<Change> Compare(const io::Tree& before_tree, uint32_t before,
                            const io::Tree& after_tree, uint32_t after, const io::KeyTable& keys);

// Paths and nodes of everything at and below a node, itself included, in document order.
struct PathNode {
  std::string path;
  uint32_t node = io::kNoNode;
};
void ListBelow(const io::Tree& tree, const io::KeyTable& keys, const std::string& path,
               uint32_t node, std::vector<PathNode>& out);

// JSON of the object at `root` without the nodes of `left_out` (slots of children, sorted).
Result<std::string> JsonWithout(const io::Tree& tree, const io::KeyTable& keys, uint32_t root,
                                std::span<const uint32_t> left_out);

// JSON of the object with another metadata.name. kInvalid when it has no metadata.
Result<std::string> JsonRenamed(const io::Tree& tree, const io::KeyTable& keys, uint32_t root,
                                std::string_view name);

// Do two scalar texts mean the same quantity? (Kubernetes API conventions, "Units": decimal and
// binary suffixes, exponents.) False when one is no quantity.
bool SameQuantity(std::string_view a, std::string_view b);

// Does a path end with the pattern, at the border of a name? Indexes match "[]", '*' any text:
// "spec.containers[0].ports[1].hostPort" ends with "ports[].hostPort".
bool PathEndsWith(std::string_view path, std::string_view pattern);

}  // namespace ouro::prove
