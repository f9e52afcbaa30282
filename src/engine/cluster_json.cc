// The end of a map or list is found 64 bytes at a time: a mask of the quotes gives, by a prefix
// exclusive-or, a mask of the bytes inside strings; of the brackets outside it only the depth is
// kept. The technique is that of Langdale and Lemire, "Parsing Gigabytes of JSON per Second", VLDB
// Journal 28 (2019), section 3.1.
#include "engine/cluster_json.h"

#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace ouro::engine {
namespace {

constexpr size_t kBlockBytes = 64;

// One bit per byte of a block.
struct BlockMasks {
  uint64_t quote = 0;
  uint64_t backslash = 0;
  uint64_t open = 0;   // { or [
  uint64_t close = 0;  // } or ]
};

#ifdef __SSE2__
uint64_t MaskOf(__m128i matches, unsigned shift) {
  return static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(matches))) << shift;
}

BlockMasks ReadBlock(const char* at) {
  BlockMasks masks;
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i open = _mm_set1_epi8('{');
  const __m128i close = _mm_set1_epi8('}');
  // '[' and ']' differ from '{' and '}' by this bit alone.
  const __m128i fold = _mm_set1_epi8(0x20);
  for (unsigned i = 0; i < kBlockBytes; i += 16) {
    __m128i bytes;
    std::memcpy(&bytes, at + i, sizeof bytes);
    const __m128i folded = _mm_or_si128(bytes, fold);
    masks.quote |= MaskOf(_mm_cmpeq_epi8(bytes, quote), i);
    masks.backslash |= MaskOf(_mm_cmpeq_epi8(bytes, backslash), i);
    masks.open |= MaskOf(_mm_cmpeq_epi8(folded, open), i);
    masks.close |= MaskOf(_mm_cmpeq_epi8(folded, close), i);
  }
  return masks;
}
#else
BlockMasks ReadBlock(const char* at) {
  BlockMasks masks;
  for (unsigned i = 0; i < kBlockBytes; ++i) {
    const uint64_t bit = uint64_t{1} << i;
    const char c = at[i];
    if (c == '"') masks.quote |= bit;
    if (c == '\\') masks.backslash |= bit;
    if (c == '{' || c == '[') masks.open |= bit;
    if (c == '}' || c == ']') masks.close |= bit;
  }
  return masks;
}
#endif

// Bit i of the result: the number of set bits at or below i is odd.
uint64_t PrefixXor(uint64_t bits) {
  for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// Bytes that a backslash before them escapes. `carry`: the first byte is escaped by the block
// before; afterwards whether the next block's first byte is.
uint64_t EscapedBytes(uint64_t backslash, bool& carry) {
  uint64_t escaped = carry ? 1 : 0;
  uint64_t left = carry ? backslash & ~uint64_t{1} : backslash;
  carry = false;
  while (left != 0) {
    const int at = std::countr_zero(left);
    if (at == 63) {
      carry = true;
      break;
    }
    escaped |= uint64_t{2} << at;
    left &= ~(uint64_t{3} << at);
  }
  return escaped;
}

bool IsBlank(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

}  // namespace

void JsonCursor::SkipSpace() {
  while (at_ != end_ && IsBlank(*at_)) ++at_;
}

bool JsonCursor::SkipString() {
  ++at_;
  while (true) {
    const void* quote = std::memchr(at_, '"', static_cast<size_t>(end_ - at_));
    if (quote == nullptr) return false;
    const char* found = static_cast<const char*>(quote);
    // An odd number of backslashes before a quote makes it part of the text.
    const char* before = found;
    while (before != at_ && before[-1] == '\\') --before;
    at_ = found + 1;
    if ((found - before) % 2 == 0) return true;
  }
}

bool JsonCursor::TakeString(std::string_view& text) {
  const char* start = at_ + 1;
  if (!SkipString()) return false;
  text = std::string_view(start, static_cast<size_t>(at_ - 1 - start));
  return true;
}

bool JsonCursor::SkipCollection() {
  int64_t depth = 0;
  bool escape_carry = false;
  uint64_t in_string_carry = 0;  // all bits set: the block begins inside a string
  while (at_ != end_) {
    const size_t left = static_cast<size_t>(end_ - at_);
    char tail[kBlockBytes];
    const char* block = at_;
    if (left < kBlockBytes) {
      std::memset(tail, ' ', kBlockBytes);
      std::memcpy(tail, at_, left);
      block = tail;
    }
    const BlockMasks masks = ReadBlock(block);
    uint64_t quote = masks.quote;
    if (masks.backslash != 0 || escape_carry) quote &= ~EscapedBytes(masks.backslash, escape_carry);
    const uint64_t in_string = PrefixXor(quote) ^ in_string_carry;
    in_string_carry = (in_string >> 63) != 0 ? ~uint64_t{0} : 0;
    uint64_t brackets = (masks.open | masks.close) & ~in_string;
    while (brackets != 0) {
      const uint64_t lowest = brackets & (~brackets + 1);
      depth += (masks.open & lowest) != 0 ? 1 : -1;
      if (depth == 0) {
        at_ += std::countr_zero(lowest) + 1;
        return true;
      }
      brackets ^= lowest;
    }
    at_ += left < kBlockBytes ? left : kBlockBytes;
  }
  return false;
}

bool JsonCursor::TakeValue(std::string_view& value) {
  const char first = Peek();
  const char* start = at_;
  switch (first) {
    case '\0':
      return false;
    case '{':
    case '[':
      if (!SkipCollection()) return false;
      break;
    case '"':
      if (!SkipString()) return false;
      break;
    default:
      while (at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && !IsBlank(*at_)) ++at_;
      if (at_ == start) return false;
  }
  value = std::string_view(start, static_cast<size_t>(at_ - start));
  return true;
}

}  // namespace ouro::engine
