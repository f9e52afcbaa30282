// Ids that an import has made and not yet stored: random keys go into a B-tree many times faster
// when they are sorted first, so they wait here until there are many. Private to store.
#pragma once

#include <cstdint>
#include <vector>

#include "store/core.h"

namespace ouro::store {

struct PendingId {
  Id id;
  uint32_t key = 0;  // 0: an empty place
  uint32_t issue_key = 0;
  int64_t issue_tag = 0;
};

class PendingIds {
 public:
  // Null: not here. Valid until the next Add.
  PendingId* Find(const Id& id);
  void Add(const PendingId& entry);
  bool full() const { return count_ >= kCountMax; }
  // All in order of id; empties the table.
  std::vector<PendingId> Take();

 private:
  static constexpr size_t kCountMax = 500'000;
  void Grow();

  std::vector<PendingId> slots_;
  size_t count_ = 0;
};

}  // namespace ouro::store
