// Collects rows of feeds and makes the bytes of the file of feeds.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "feed/feed.h"
#include "feed/layout.h"

namespace ouro::feed {

// What one feed says of a CVE. Rows of one kind for the same CVE replace each other: the last wins.
class FeedBuilder {
 public:
  // Scores from 0 to 1.
  void AddEpss(uint32_t key, double score, double percentile);
  void AddKev(uint32_t key, UnixSeconds added, UnixSeconds due, bool ransomware);
  // `facts`: exploitation, automatable, technical_impact and cvss are taken.
  void AddEnrichment(uint32_t key, const model::VulnFacts& facts);

  void SetSource(FeedKind kind, FeedSource source);
  const FeedSource& source(FeedKind kind) const;
  int64_t row_count(FeedKind kind) const;
  // Takes rows and source of one kind from `old` instead of what was added.
  void Keep(FeedKind kind, const Feeds& old);
  // Takes them from `other`, which is left without them.
  void Take(FeedKind kind, FeedBuilder& other);

  // Sorts the rows and gives the bytes, the same for the same rows in any order. kLimit above
  // limits::kFeedRowCount or limits::kFeedSizeBytes.
  Result<std::string> Build();

 private:
  std::vector<EpssRow> epss_;
  std::vector<KevRow> kev_;
  std::vector<EnrichmentRow> enrichment_;
  std::string text_;
  std::map<std::string, uint32_t, std::less<>> text_offsets_;  // vectors repeat a lot
  std::array<FeedSource, kFeedKinds.size()> sources_;
};

}  // namespace ouro::feed
