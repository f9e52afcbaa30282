// Hashes: a 128-bit identity hash for fingerprints and a fast one for tables.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ouro {

// SHA-256 of FIPS 180-4, incremental.
class Sha256 {
 public:
  Sha256();
  void Update(std::string_view bytes);
  // Ends the computation; the object must not be used afterwards.
  std::array<uint8_t, 32> Finish();

 private:
  void Block(const uint8_t* block);

  std::array<uint32_t, 8> state_;
  std::array<uint8_t, 64> buffer_{};
  uint64_t size_bytes_ = 0;
};

// Hash of a length-prefixed, tagged tuple: no two different tuples have the same input bytes, which
// is what a plain concatenation of fields gets wrong. Order of Add() calls matters.
class TupleHasher {
 public:
  explicit TupleHasher(std::string_view domain) { Add("domain", domain); }
  void Add(std::string_view tag, std::string_view value);
  // First 128 bits of SHA-256 as 32 lower-case hexadecimal digits.
  std::string Finish();

 private:
  Sha256 sha_;
};

// Lower-case hexadecimal digits of `bytes`.
std::string HexEncode(std::string_view bytes);

// Fast, not stable between releases, not for identity. Good avalanche for short keys.
uint64_t FastHash(std::string_view bytes);

}  // namespace ouro
