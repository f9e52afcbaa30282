// Brings the file of feeds up to date, from the network or from files.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "feed/config.h"
#include "feed/feed.h"
#include "io/http_client.h"

namespace ouro::feed {

struct UpdateRequest {
  FeedConfig config;            // addresses
  std::string path;             // the file of feeds; made, with its folder, when it is not there
  std::string from;             // empty: config.urls; else a file, a folder or a URL of one feed
  std::vector<FeedKind> kinds;  // empty: all (with `from`: all that are found there)
  UnixSeconds now = 0;
  std::shared_ptr<const io::HttpTls> tls;  // nullptr: defaults
};

enum class UpdateState : uint8_t {
  kUpdated,  // new rows
  kCurrent,  // the server says that nothing has changed
  kFailed    // the old rows stay
};

struct UpdateLine {
  FeedKind kind = FeedKind::kEpss;
  UpdateState state = UpdateState::kFailed;
  std::string origin;
  int64_t row_count = 0;      // that there are now
  int64_t row_count_old = 0;  // that there were
  std::string message;        // of a failure: what and why
};

struct UpdateResult {
  std::vector<UpdateLine> lines;  // one for each feed that was tried, in the order tried
  bool failed() const;            // any of them
};

// Each feed is read whole before it replaces the old rows: a feed that cannot be fetched or read,
// that holds no row, or that has less than half of the rows it had, fails, and its old rows stay.
// The file is written beside the old one, synced and renamed over it; nobody sees half of it. It is
// not written when nothing changed. Fails as a whole when the file cannot be written (kIo), when
// `from` does not exist (kNotFound) or holds no feed (kInvalid). A damaged old file is replaced
// when every kind could be read anew, else its error is returned.
Result<UpdateResult> UpdateFeeds(const UpdateRequest& request);

}  // namespace ouro::feed
