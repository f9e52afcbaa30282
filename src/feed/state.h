// What a Feeds holds: the bytes and views of their parts. Private to feed.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "feed/feed.h"
#include "feed/layout.h"

namespace ouro::feed {

struct Feeds::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  std::string owned;       // the bytes, when they are not mapped
  void* mapped = nullptr;  // mmap
  size_t mapped_size_bytes = 0;
  std::string_view bytes;  // either of the two
  std::span<const EpssRow> epss;
  std::span<const KevRow> kev;
  std::span<const EnrichmentRow> enrichment;
  std::string_view text;
  std::array<FeedSource, kFeedKinds.size()> sources;

  // Only what an enrichment row says.
  model::VulnFacts FactsOf(const EnrichmentRow& row) const;
  std::string_view CvssOf(const EnrichmentRow& row) const;
};

}  // namespace ouro::feed
