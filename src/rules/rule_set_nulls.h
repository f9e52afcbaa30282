// How the API server sees an object: a field that is null is absent, a null in a list is an empty
// item, a null label or annotation is an empty text (k8s.io/apimachinery decodes JSON null into the
// zero value). CEL would call a selection on null an error, and rules would have to guard every
// step.
#pragma once

#include <cstdint>
#include <vector>

#include "io/tree.h"

namespace ouro::rules {

// Gives a view of an object without nulls. Reuses its memory from object to object.
class NullFilter {
 public:
  // `keys`: table in which "annotations" and "labels" were interned.
  NullFilter(io::KeyId annotations, io::KeyId labels)
      : annotations_(annotations), labels_(labels) {}

  // The tree itself when the subtree holds no null, else a tree of this filter in which the nodes
  // of the subtree stand at the same indexes. Valid until the next call, and as long as `tree`. The
  // result is for reading values: it has no source, so no positions and no comments.
  const io::Tree& View(const io::Tree& tree, uint32_t node);

 private:
  bool HasNull(const io::Tree& tree, uint32_t node);
  void Copy(const io::Tree& tree, uint32_t node);
  void Clean(uint32_t node);

  io::KeyId annotations_;
  io::KeyId labels_;
  io::Tree copy_;
  // Subtrees outside the object that its aliases lead to, and those still to be looked at.
  std::vector<uint32_t> ranges_;
};

}  // namespace ouro::rules
