// Reads the public forms of the feeds into a FeedBuilder. Nothing is added for a text that cannot
// be read to its end: the caller builds into a builder of its own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "feed/builder.h"

namespace ouro::feed {

// What a text is, told by its first bytes; nullopt: none of the forms below.
std::optional<FeedKind> DetectFeed(std::string_view text);

// EPSS: first.org's CSV ("#model_version:…,score_date:…", "cve,epss,percentile", rows) and the form
// without headings that separates by ';'. kParse names the line of what is no row.
Status ReadEpss(std::string_view text, std::string_view name, FeedBuilder& builder);

// KEV: CISA's JSON catalogue ("vulnerabilities": [{"cveID", "dateAdded", "dueDate",
// "knownRansomwareCampaignUse"}]) and JSON lines {"cve", "added", "due", "ransomware"}.
Status ReadKev(std::string text, std::string_view name, FeedBuilder& builder);

// CISA's enrichment: CVE records of version 5 with an ADP container (one, or one after the other),
// JSON lines {"cve", "exploitation", "automatable", "technical_impact", "cvssv3_1"}, and tables
// with tabs whose heading begins with "#cve". A record without SSVC adds nothing.
Status ReadVulnrichment(std::string text, std::string_view name, FeedBuilder& builder);

// One record of a CVE in JSON, as the archive of the enrichment holds thousands of. A document that
// is no CVE record adds nothing and is no error.
class EnrichmentReader {
 public:
  EnrichmentReader();
  ~EnrichmentReader();
  EnrichmentReader(const EnrichmentReader&) = delete;
  EnrichmentReader& operator=(const EnrichmentReader&) = delete;
  Status Read(std::string text, std::string_view name, FeedBuilder& builder);

 private:
  struct State;
  std::unique_ptr<State> state_;  // tree and keys, used again for each record
};

// Reads whatever DetectFeed says, or `kind` where the caller knows it.
Status ReadFeed(FeedKind kind, std::string text, std::string_view name, FeedBuilder& builder);

}  // namespace ouro::feed
