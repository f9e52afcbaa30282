// `feeds:` of ouro.yaml: where the feeds come from and where they are kept.
#pragma once

#include <array>
#include <string>

#include "base/error.h"
#include "feed/feed.h"
#include "io/setting_reader.h"

namespace ouro::feed {

struct FeedConfig {
  std::string file;  // feeds.file; empty: the default of the command line
  // feeds.epss, feeds.kev, feeds.vulnrichment: http or https; empty: not fetched.
  std::array<std::string, kFeedKinds.size()> urls = {
      "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
      "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
      "https://codeload.github.com/cisagov/vulnrichment/tar.gz/refs/heads/develop"};
  // feeds.max_age_days: older feeds are shown as stale. 1 to 3,650.
  int64_t max_age_days = 7;
  bool operator==(const FeedConfig&) const = default;
};

// Names of the files below a mirror, in the order of FeedKind.
inline constexpr std::array<std::string_view, kFeedKinds.size()> kMirrorFiles = {
    "epss_scores-current.csv.gz", "known_exploited_vulnerabilities.json", "vulnrichment.tar.gz"};

// Points all three at a mirror: `base` (with or without a final '/') and the names above.
void UseMirror(std::string base, FeedConfig& config);

// Reads the map under `feeds`: file, epss, kev, vulnrichment, mirror, max_age_days. A mirror is
// taken first, so that a single address beside it wins. Unknown keys are errors that name the
// nearest.
Status ReadFeedSettings(const io::SettingReader& value, FeedConfig& config);

}  // namespace ouro::feed
