#include "feed/config.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::feed {
namespace {

constexpr int64_t kMaxAgeDaysMax = 3'650;

Status ReadAddress(const io::SettingReader& value, std::string& out) {
  OURO_TRY(out, value.Text());
  if (out.empty() || StartsWith(out, "https://") || StartsWith(out, "http://")) return {};
  return value.Wrong("an http or https address, or \"\" for none");
}

}  // namespace

void UseMirror(std::string base, FeedConfig& config) {
  if (!EndsWith(base, "/")) base += '/';
  for (size_t i = 0; i < kMirrorFiles.size(); ++i) {
    config.urls[i] = fmt::format("{}{}", base, kMirrorFiles[i]);
  }
}

Status ReadFeedSettings(const io::SettingReader& value, FeedConfig& config) {
  OURO_TRY(const std::vector<io::SettingReader> members, value.Members());
  for (const io::SettingReader& member : members) {
    if (member.key() != "mirror") continue;
    std::string mirror;
    OURO_TRY_STATUS(ReadAddress(member, mirror));
    if (!mirror.empty()) UseMirror(std::move(mirror), config);
  }
  for (const io::SettingReader& member : members) {
    if (member.key() == "mirror") continue;
    if (member.key() == "file") {
      OURO_TRY(config.file, member.Text());
    } else if (member.key() == "max_age_days") {
      OURO_TRY(config.max_age_days, member.Integer());
      if (config.max_age_days < 1 || config.max_age_days > kMaxAgeDaysMax) {
        return member.Wrong(fmt::format("a number of days from 1 to {}", kMaxAgeDaysMax));
      }
    } else if (const std::optional<FeedKind> kind = ParseFeedKind(member.key())) {
      OURO_TRY_STATUS(ReadAddress(member, config.urls[static_cast<size_t>(*kind)]));
    } else {
      return member.Unknown({"epss", "file", "kev", "max_age_days", "mirror", "vulnrichment"});
    }
  }
  return {};
}

}  // namespace ouro::feed
