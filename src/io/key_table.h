// Interned mapping keys: equal text has equal id, so a field lookup compares integers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"

namespace ouro::io {

using KeyId = uint32_t;
inline constexpr KeyId kNoKey = 0xffffffff;

// Grows only; ids are dense and start at 0. One table serves one thread: rules are compiled against
// a table, and each worker scans with a copy of it, in which the compiled ids still mean the same.
// Copying is deep. Views returned by Text() live as long as the table they came from.
class KeyTable {
 public:
  KeyTable();
  KeyTable(const KeyTable& other);
  KeyTable& operator=(const KeyTable& other);
  KeyTable(KeyTable&&) noexcept = default;
  KeyTable& operator=(KeyTable&&) noexcept = default;

  // The id of `text`, new if it was unknown. Past limits::kKeyCount keys it returns kNoKey; readers
  // turn that into ErrorCode::kLimit.
  KeyId Intern(std::string_view text);
  // kNoKey if `text` was never interned.
  KeyId Find(std::string_view text) const;
  std::string_view Text(KeyId id) const { return texts_[id]; }
  uint32_t count() const { return static_cast<uint32_t>(texts_.size()); }

 private:
  std::string_view Store(std::string_view text);
  void Grow();

  std::vector<std::string_view> texts_;  // id → text, into blocks_
  std::vector<uint32_t> hashes_;         // id → upper hash bits
  std::vector<uint32_t> slots_;          // open addressing; id + 1, 0 = free
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t block_used_ = 0;
  size_t block_size_ = 0;
};

}  // namespace ouro::io
