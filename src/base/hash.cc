#include "base/hash.h"

#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace ouro {

namespace {

// FIPS 180-4 section 4.2.2: first 32 bits of the fractional parts of the cube roots of the first 64
// primes.
constexpr std::array<uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t LoadBigEndian(const uint8_t* bytes) {
  return (uint32_t{bytes[0]} << 24) | (uint32_t{bytes[1]} << 16) | (uint32_t{bytes[2]} << 8) |
         uint32_t{bytes[3]};
}

#if defined(__x86_64__)

bool HasShaInstructions() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_SSE4_1) == 0 || (c & bit_SSSE3) == 0) {
    return false;
  }
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & (1U << 29)) != 0;
}

// The same function as the portable one below with the processor's SHA instructions, which want the
// state as the two quadruples ABEF and CDGH and do four rounds for each quadruple of words.
__attribute__((target("sha,sse4.1,ssse3"))) void BlockBySha(std::array<uint32_t, 8>& state,
                                                            const uint8_t* block) {
  const auto load = [](const void* at) __attribute__((target("sse2"))) {
    __m128i value;
    std::memcpy(&value, at, sizeof(value));
    return value;
  };
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const __m128i dcba = _mm_shuffle_epi32(load(state.data()), 0xb1);
  const __m128i hgfe = _mm_shuffle_epi32(load(state.data() + 4), 0x1b);
  __m128i abef = _mm_alignr_epi8(dcba, hgfe, 8);
  __m128i cdgh = _mm_blend_epi16(hgfe, dcba, 0xf0);
  const __m128i abef_start = abef;
  const __m128i cdgh_start = cdgh;
  __m128i w[4];
  for (size_t i = 0; i < 16; ++i) {
    const size_t now = i % 4;
    if (i < 4) {
      w[now] = _mm_shuffle_epi8(load(block + 16 * i), swap);
    } else {
      // w[t] = s1(w[t-2]) + w[t-7] + s0(w[t-15]) + w[t-16], four at once.
      const __m128i newest = w[(i + 3) % 4];
      const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[now], w[(i + 1) % 4]),
                                        _mm_alignr_epi8(newest, w[(i + 2) % 4], 4));
      w[now] = _mm_sha256msg2_epu32(sum, newest);
    }
    const __m128i rounds = _mm_add_epi32(w[now], load(kRound.data() + 4 * i));
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, rounds);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(rounds, 0x0e));
  }
  abef = _mm_add_epi32(abef, abef_start);
  cdgh = _mm_add_epi32(cdgh, cdgh_start);
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  const __m128i abcd = _mm_blend_epi16(feba, dchg, 0xf0);
  const __m128i efgh = _mm_alignr_epi8(dchg, feba, 8);
  std::memcpy(state.data(), &abcd, sizeof(abcd));
  std::memcpy(state.data() + 4, &efgh, sizeof(efgh));
}

#endif

}  // namespace

Sha256::Sha256()
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {}

void Sha256::Block(const uint8_t* block) {
#if defined(__x86_64__)
  static const bool kHasShaInstructions = HasShaInstructions();
  if (kHasShaInstructions) return BlockBySha(state_, block);
#endif
  std::array<uint32_t, 64> w;
  for (size_t t = 0; t < 16; ++t) w[t] = LoadBigEndian(block + 4 * t);
  for (size_t t = 16; t < 64; ++t) {
    const uint32_t s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
    const uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (size_t t = 0; t < 64; ++t) {
    const uint32_t big1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t t1 = h + big1 + ((e & f) ^ (~e & g)) + kRound[t] + w[t];
    const uint32_t big0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t t2 = big0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const std::array<uint32_t, 8> add = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; ++i) state_[i] += add[i];
}

void Sha256::Update(std::string_view bytes) {
  size_t used = static_cast<size_t>(size_bytes_ % 64);
  size_bytes_ += bytes.size();
  while (!bytes.empty()) {
    const size_t take = std::min(bytes.size(), 64 - used);
    std::memcpy(buffer_.data() + used, bytes.data(), take);
    bytes.remove_prefix(take);
    used += take;
    if (used == 64) {
      Block(buffer_.data());
      used = 0;
    }
  }
}

std::array<uint8_t, 32> Sha256::Finish() {
  const uint64_t size_bits = size_bytes_ * 8;
  const auto used = static_cast<size_t>(size_bytes_ % 64);
  // One set bit, zeros up to eight bytes before the end of a block, the length (section 5.1.1).
  std::array<char, 72> padding{};
  const size_t zeros_end = used < 56 ? 56 - used : 120 - used;
  padding[0] = static_cast<char>(0x80);
  for (size_t i = 0; i < 8; ++i) {
    padding[zeros_end + i] = static_cast<char>((size_bits >> (56 - 8 * i)) & 0xff);
  }
  Update(std::string_view(padding.data(), zeros_end + 8));
  std::array<uint8_t, 32> digest;
  for (size_t i = 0; i < 8; ++i) {
    for (size_t j = 0; j < 4; ++j) {
      digest[4 * i + j] = static_cast<uint8_t>((state_[i] >> (24 - 8 * j)) & 0xff);
    }
  }
  return digest;
}

void TupleHasher::Add(std::string_view tag, std::string_view value) {
  const auto prefix = [this](std::string_view text) {
    std::array<char, 4> size;
    for (size_t i = 0; i < 4; ++i) size[i] = static_cast<char>((text.size() >> (8 * i)) & 0xff);
    sha_.Update(std::string_view(size.data(), 4));
    sha_.Update(text);
  };
  prefix(tag);
  prefix(value);
}

std::string TupleHasher::Finish() {
  const std::array<uint8_t, 32> digest = sha_.Finish();
  std::string bytes(16, '\0');
  std::memcpy(bytes.data(), digest.data(), 16);
  return HexEncode(bytes);
}

std::string HexEncode(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

uint64_t FastHash(std::string_view bytes) {
  constexpr uint64_t kMultiply = 0x9e3779b97f4a7c15ULL;
  uint64_t hash = bytes.size() * kMultiply;
  const char* at = bytes.data();
  size_t left = bytes.size();
  const auto mix = [&hash](uint64_t word) {
    __extension__ typedef unsigned __int128 Wide;
    const Wide wide = static_cast<Wide>(hash ^ word) * 0xd6e8feb86659fd93ULL;
    hash = static_cast<uint64_t>(wide) ^ static_cast<uint64_t>(wide >> 64);
  };
  while (left >= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    mix(word);
    at += 8;
    left -= 8;
  }
  if (left > 0) {
    uint64_t word = 0;
    std::memcpy(&word, at, left);
    mix(word ^ kMultiply);
  }
  hash ^= hash >> 32;
  return hash * kMultiply;
}

}  // namespace ouro
