// The bytes of the file of feeds. Private to feed.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace ouro::feed {

inline constexpr std::string_view kFeedMagic = "ourofeed";
inline constexpr uint32_t kFeedVersion = 1;
// Written as a number: a machine with the other byte order reads another one and refuses.
inline constexpr uint32_t kFeedByteOrder = 0x01020304;

struct FeedHeader {
  std::array<char, 8> magic{};
  uint32_t version = kFeedVersion;
  uint32_t byte_order = kFeedByteOrder;
  uint64_t size_bytes = 0;  // of the whole file
  uint64_t checksum = 0;    // of everything after the header
  uint32_t epss_count = 0;
  uint32_t kev_count = 0;
  uint32_t enrichment_count = 0;
  uint32_t sources_size_bytes = 0;  // JSON text about the sources
  uint32_t text_size_bytes = 0;     // CVSS vectors
  uint32_t reserved = 0;
};
static_assert(sizeof(FeedHeader) == 56);

// Rows are sorted by key; no key occurs twice.
struct EpssRow {
  uint32_t key = 0;
  uint32_t score = 0;  // in billionths
  uint32_t percentile = 0;
};
struct KevRow {
  uint32_t key = 0;
  int32_t added_day = 0;  // days since 1970; 0: unknown
  int32_t due_day = 0;
  uint32_t ransomware = 0;  // 0 or 1
};
struct EnrichmentRow {
  uint32_t key = 0;
  uint8_t exploitation = 0;  // model::Exploitation
  uint8_t automatable = 0;   // model::Answer
  uint8_t impact = 0;        // model::TechnicalImpact
  uint8_t cvss_size = 0;     // 0: no vector
  uint32_t cvss_offset = 0;  // in the text
};
static_assert(sizeof(EpssRow) == 12 && sizeof(KevRow) == 16 && sizeof(EnrichmentRow) == 12);
static_assert(std::is_trivially_copyable_v<EnrichmentRow>);

// Detects damage, not intent: FNV-1a over words of eight bytes (the last one padded with zeros),
// folded at the end.
uint64_t FeedChecksum(std::string_view bytes);

}  // namespace ouro::feed
