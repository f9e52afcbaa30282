// Places of nodes as reports show them. Internal to this module.
#pragma once

#include <cstdint>

#include "io/tree.h"
#include "model/finding.h"

namespace ouro::engine {

// Finds lines and columns in one file. Files with very long lines (a manifest written as one line
// of JSON) would cost a walk from the start of the line for each place; here such a walk starts
// where the current object starts, so that a file of many objects stays linear.
class PlaceFinder {
 public:
  // `tree` must outlive the finder.
  explicit PlaceFinder(const io::Tree& tree) : tree_(tree) {}

  // Objects must come in order of their place in the file for the walk to be short.
  void StartObject(uint32_t offset);
  io::Position PositionOf(uint32_t offset);

  // The place that a finding points to. An absent field points to the key of its nearest parent, a
  // present one to its value, a block map or list to the key that opens it.
  void Fill(uint32_t slot, bool present, model::Location& location);

 private:
  struct Anchor {
    uint32_t offset = 0;
    io::Position position;
  };
  Anchor Advance(Anchor from, uint32_t offset) const;
  bool HasLongLines();

  const io::Tree& tree_;
  Anchor anchor_;
  int long_lines_ = -1;  // unknown, no, yes
};

}  // namespace ouro::engine
