#include "store/pending_ids.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/hash.h"

namespace ouro::store {
namespace {

// Ids are hashes already, but a caller may give others.
size_t PlaceOf(const Id& id, size_t mask) {
  return FastHash(id.view()) & mask;
}

}  // namespace

PendingId* PendingIds::Find(const Id& id) {
  if (slots_.empty()) return nullptr;
  const size_t mask = slots_.size() - 1;
  for (size_t at = PlaceOf(id, mask);; at = (at + 1) & mask) {
    PendingId& slot = slots_[at];
    if (slot.key == 0) return nullptr;
    if (slot.id == id) return &slot;
  }
}

void PendingIds::Add(const PendingId& entry) {
  if (2 * (count_ + 1) > slots_.size()) Grow();
  const size_t mask = slots_.size() - 1;
  size_t at = PlaceOf(entry.id, mask);
  while (slots_[at].key != 0) at = (at + 1) & mask;
  slots_[at] = entry;
  ++count_;
}

void PendingIds::Grow() {
  std::vector<PendingId> old(slots_.empty() ? 1'024 : slots_.size() * 2);
  old.swap(slots_);
  count_ = 0;
  for (const PendingId& entry : old) {
    if (entry.key != 0) Add(entry);
  }
}

std::vector<PendingId> PendingIds::Take() {
  std::vector<PendingId> all = std::exchange(slots_, {});
  count_ = 0;
  std::erase_if(all, [](const PendingId& entry) { return entry.key == 0; });
  std::sort(all.begin(), all.end(), [](const PendingId& a, const PendingId& b) {
    return std::memcmp(a.id.bytes.data(), b.id.bytes.data(), a.id.bytes.size()) < 0;
  });
  return all;
}

}  // namespace ouro::store
