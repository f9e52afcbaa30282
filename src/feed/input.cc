#include "feed/input.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"

namespace ouro::feed {
namespace {

constexpr size_t kTarMagicAt = 257;
constexpr std::string_view kTarMagic = "ustar";
constexpr int64_t kRecordSizeBytes = 16 << 20;  // the largest CVE records have about a megabyte

// ".../CVE-2024-0001.json"
bool IsRecordName(std::string_view name) {
  const size_t slash = name.rfind('/');
  const std::string_view base = slash == std::string_view::npos ? name : name.substr(slash + 1);
  return StartsWith(base, "CVE-") && EndsWith(base, ".json");
}

}  // namespace

FeedInput::FeedInput(std::optional<FeedKind> kind, std::string name)
    : kind_(kind),
      name_(std::move(name)),
      gunzip_([this](std::string_view bytes) { return TakeUnpacked(bytes); }) {}

Status FeedInput::Add(std::string_view bytes) {
  return gunzip_.Add(bytes);
}

Status FeedInput::TakeUnpacked(std::string_view bytes) {
  if (tar_) return tar_->Add(bytes);
  if (static_cast<int64_t>(text_.size() + bytes.size()) > limits::kFeedSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("a feed has at most {} bytes", limits::kFeedSizeBytes), name_);
  }
  text_ += bytes;
  if (decided_ || text_.size() < kTarMagicAt + kTarMagic.size()) return {};
  decided_ = true;
  if (std::string_view(text_).substr(kTarMagicAt, kTarMagic.size()) != kTarMagic) return {};
  tar_ = std::make_unique<TarReader>(
      IsRecordName,
      [this](std::string_view name, std::string record) {
        return records_.Read(std::move(record), name, builder_);
      },
      kRecordSizeBytes);
  const std::string begun = std::move(text_);
  text_.clear();
  return tar_->Add(begun);
}

Status FeedInput::Finish() {
  OURO_TRY_STATUS(gunzip_.Finish());
  const std::optional<FeedKind> found = tar_ ? FeedKind::kVulnrichment : DetectFeed(text_);
  unknown_ = !found;
  if (!found) {
    return Fail(ErrorCode::kParse,
                "this is no feed that ouro knows: EPSS (CSV), KEV (JSON) or CISA's enrichment "
                "(CVE records)",
                name_);
  }
  if (kind_ && *kind_ != *found) {
    return Fail(ErrorCode::kParse,
                fmt::format("this is {}, not {}", FeedKindName(*found), FeedKindName(*kind_)),
                name_);
  }
  kind_ = found;
  if (tar_) return tar_->Finish();
  return ReadFeed(*found, std::move(text_), name_, builder_);
}

}  // namespace ouro::feed
