// Facts about vulnerabilities from public feeds, in one compact file: EPSS, CISA's KEV catalogue,
// and CISA's enrichment (the inputs of SSVC, and CVSS vectors). docs/formats/feeds.md describes the
// file.
//
// A Feeds is an immutable snapshot: reading from several threads is safe. Whoever updates writes a
// new file and renames it over the old one; a snapshot that is open keeps the old bytes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "model/vuln_facts.h"

namespace ouro::feed {

enum class FeedKind : uint8_t { kEpss, kKev, kVulnrichment };
inline constexpr std::array kFeedKinds = {FeedKind::kEpss, FeedKind::kKev, FeedKind::kVulnrichment};
std::string_view FeedKindName(FeedKind kind);  // "epss", "kev", "vulnrichment"
std::optional<FeedKind> ParseFeedKind(std::string_view name);

// Where the rows of one kind come from.
struct FeedSource {
  std::string origin;          // URL or path
  std::string etag;            // as the server gave it, for the next conditional request
  std::string last_modified;   // likewise
  UnixSeconds fetched_at = 0;  // when it was last known to be current; 0: never
  UnixSeconds data_at = 0;     // the date that the feed gives itself; 0: it gives none
  int64_t row_count = 0;       // filled by FeedBuilder::Build
  bool operator==(const FeedSource&) const = default;
};

class Feeds {
 public:
  Feeds();
  Feeds(Feeds&&) noexcept;
  Feeds& operator=(Feeds&&) noexcept;
  ~Feeds();

  // Maps the file. kNotFound: there is none; kParse: damaged (size, checksum, order) or another
  // version; kLimit above limits::kFeedSizeBytes.
  static Result<Feeds> Open(const std::string& path);
  // The same of bytes in memory; `name` is for messages.
  static Result<Feeds> FromBytes(std::string bytes, std::string_view name);

  const FeedSource& source(FeedKind kind) const;
  bool empty() const;  // holds no row of any kind

  // All that is known of a CVE; false when no feed has a row for it (`facts` then still says "not
  // listed" where a KEV catalogue was read). O(log n); allocates only where `facts.cvss` is too
  // small for the vector.
  bool Find(std::string_view cve, model::VulnFacts& facts) const;

  // "feeds of 2026-11-20": by the oldest date of the kinds that are there; empty when none is.
  std::string Describe() const;

 private:
  friend class FeedBuilder;
  struct State;
  explicit Feeds(std::unique_ptr<const State> state);
  static Result<Feeds> FromState(std::unique_ptr<State> state, std::string_view name);
  std::unique_ptr<const State> state_;
};

}  // namespace ouro::feed
