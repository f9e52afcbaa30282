// One feed as it arrives: plain, packed with gzip, or an archive of CVE records. Private to feed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "feed/builder.h"
#include "feed/gunzip.h"
#include "feed/reader.h"
#include "feed/tar.h"

namespace ouro::feed {

class FeedInput {
 public:
  // `kind`: what it must be; nullopt: told by the content. `name` is for messages.
  FeedInput(std::optional<FeedKind> kind, std::string name);

  Status Add(std::string_view bytes);
  // Reads what was collected. The rows are then in builder(), and kind() says which they are.
  // kParse: damaged, of another kind, or no feed at all.
  Status Finish();

  // Finish() failed because the content is none of the forms that are known.
  bool unknown() const { return unknown_; }
  FeedKind kind() const { return kind_.value_or(FeedKind::kEpss); }
  FeedBuilder& builder() { return builder_; }

 private:
  Status TakeUnpacked(std::string_view bytes);

  std::optional<FeedKind> kind_;
  std::string name_;
  FeedBuilder builder_;
  EnrichmentReader records_;
  std::unique_ptr<TarReader> tar_;  // when it is an archive
  std::string text_;                // when it is not; also the first bytes of an archive
  bool decided_ = false;
  bool unknown_ = false;
  Gunzip gunzip_;
};

}  // namespace ouro::feed
