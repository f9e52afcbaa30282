#include "io/key_table.h"

#include <cstring>

#include "base/limits.h"

namespace ouro::io {
namespace {

constexpr size_t kFirstBlockSizeBytes = 16 << 10;
constexpr size_t kBlockSizeBytesMax = 1 << 20;
constexpr size_t kFirstSlotCount = 1024;

uint64_t Load64(const char* p) {
  uint64_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

uint32_t Load32(const char* p) {
  uint32_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

uint64_t Fold(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Keys are short (median 8 bytes in manifests), so the whole hash is two overlapping loads and one
// folded multiplication; longer keys add one multiplication per 16 bytes.
uint32_t HashKey(std::string_view text) {
  constexpr uint64_t kA = 0xa0761d6478bd642fULL;
  constexpr uint64_t kB = 0xe7037ed1a0b428dbULL;
  const char* p = text.data();
  size_t n = text.size();
  uint64_t seed = kA ^ n;
  while (n > 16) {
    seed = Fold(Load64(p) ^ kB, Load64(p + 8) ^ seed);
    p += 16;
    n -= 16;
  }
  uint64_t a = 0;
  uint64_t b = 0;
  if (n >= 8) {
    a = Load64(p);
    b = Load64(p + n - 8);
  } else if (n >= 4) {
    a = Load32(p);
    b = Load32(p + n - 4);
  } else if (n > 0) {
    a = static_cast<uint8_t>(p[0]);
    b = static_cast<uint64_t>(static_cast<uint8_t>(p[n / 2])) << 8 | static_cast<uint8_t>(p[n - 1]);
  }
  const uint64_t h = Fold(a ^ kB, b ^ seed);
  return static_cast<uint32_t>(h ^ (h >> 32));
}

// Same as a == b, without a call for the usual sizes.
bool SameKey(std::string_view a, std::string_view b) {
  const size_t n = a.size();
  if (n != b.size()) return false;
  const char* p = a.data();
  const char* q = b.data();
  if (n > 16) return std::memcmp(p, q, n) == 0;
  if (n >= 8) return Load64(p) == Load64(q) && Load64(p + n - 8) == Load64(q + n - 8);
  if (n >= 4) return Load32(p) == Load32(q) && Load32(p + n - 4) == Load32(q + n - 4);
  for (size_t i = 0; i < n; ++i) {
    if (p[i] != q[i]) return false;
  }
  return true;
}

}  // namespace

KeyTable::KeyTable() : slots_(kFirstSlotCount, 0) {}

KeyTable::KeyTable(const KeyTable& other) : hashes_(other.hashes_), slots_(other.slots_) {
  texts_.reserve(other.texts_.size());
  for (const std::string_view text : other.texts_) texts_.push_back(Store(text));
}

KeyTable& KeyTable::operator=(const KeyTable& other) {
  if (this != &other) *this = KeyTable(other);
  return *this;
}

KeyId KeyTable::Intern(std::string_view text) {
  const uint32_t hash = HashKey(text);
  // A moved-from table has no slots; it starts again as an empty one.
  if (slots_.empty()) slots_.assign(kFirstSlotCount, 0);
  size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const uint32_t slot = slots_[i];
    if (slot == 0) break;
    if (hashes_[slot - 1] == hash && SameKey(texts_[slot - 1], text)) return slot - 1;
  }
  if (static_cast<int64_t>(texts_.size()) >= limits::kKeyCount) return kNoKey;
  if ((texts_.size() + 1) * 2 > slots_.size()) {
    Grow();
    mask = slots_.size() - 1;
  }
  const KeyId id = static_cast<KeyId>(texts_.size());
  texts_.push_back(Store(text));
  hashes_.push_back(hash);
  size_t i = hash & mask;
  while (slots_[i] != 0) i = (i + 1) & mask;
  slots_[i] = id + 1;
  return id;
}

KeyId KeyTable::Find(std::string_view text) const {
  if (slots_.empty()) return kNoKey;
  const uint32_t hash = HashKey(text);
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const uint32_t slot = slots_[i];
    if (slot == 0) return kNoKey;
    if (hashes_[slot - 1] == hash && SameKey(texts_[slot - 1], text)) return slot - 1;
  }
}

std::string_view KeyTable::Store(std::string_view text) {
  if (text.empty()) return std::string_view("", 0);
  if (blocks_.empty() || text.size() > block_size_ - block_used_) {
    size_t size = blocks_.empty() ? kFirstBlockSizeBytes : block_size_ * 2;
    if (size > kBlockSizeBytesMax) size = kBlockSizeBytesMax;
    if (size < text.size()) size = text.size();
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    block_size_ = size;
    block_used_ = 0;
  }
  char* to = blocks_.back().get() + block_used_;
  std::memcpy(to, text.data(), text.size());
  block_used_ += text.size();
  return {to, text.size()};
}

void KeyTable::Grow() {
  const size_t size = slots_.size() * 2;
  slots_.assign(size, 0);
  const size_t mask = size - 1;
  for (size_t id = 0; id < hashes_.size(); ++id) {
    size_t i = hashes_[id] & mask;
    while (slots_[i] != 0) i = (i + 1) & mask;
    slots_[i] = static_cast<uint32_t>(id) + 1;
  }
}

}  // namespace ouro::io
