#include "feed/update.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "feed/file.h"
#include "feed/input.h"

namespace ouro::feed {
namespace {

constexpr int kStatusOk = 200;
constexpr int kStatusNotModified = 304;
constexpr int kTimeoutMilliseconds = 15 * 60 * 1'000;

bool IsUrl(std::string_view text) {
  return StartsWith(text, "https://") || StartsWith(text, "http://");
}

// An update in progress: what there was, what there will be.
class Update {
 public:
  explicit Update(const UpdateRequest& request) : request_(request) {}

  Result<UpdateResult> Run();

 private:
  Status OpenOld();
  Status FromFiles();
  void FromAddresses();
  void Fetch(std::optional<FeedKind> kind, const std::string& url);
  Status Send(std::optional<FeedKind> kind, const std::string& url, FeedInput& input,
              FeedSource& source, bool& current);
  void Accept(FeedInput& input, FeedSource source);
  void Failed(FeedKind kind, const std::string& origin, const Error& error);
  bool Wanted(FeedKind kind) const {
    return request_.kinds.empty() ||
           std::find(request_.kinds.begin(), request_.kinds.end(), kind) != request_.kinds.end();
  }
  bool Done(FeedKind kind) const {
    return std::any_of(result_.lines.begin(), result_.lines.end(), [kind](const UpdateLine& line) {
      return line.kind == kind && line.state != UpdateState::kFailed;
    });
  }

  const UpdateRequest& request_;
  Feeds old_;
  std::optional<Error> old_error_;  // the old file is damaged
  FeedBuilder builder_;             // rows of the kinds that are new
  UpdateResult result_;
  bool changed_ = false;
  std::unique_ptr<io::HttpClient> client_;
};

Status Update::OpenOld() {
  Result<Feeds> old = Feeds::Open(request_.path);
  if (old) {
    old_ = std::move(*old);
  } else if (old.error().code == ErrorCode::kParse) {
    old_error_ = old.error();
  } else if (old.error().code != ErrorCode::kNotFound) {
    return tl::unexpected<Error>(old.error());
  }
  return {};
}

void Update::Failed(FeedKind kind, const std::string& origin, const Error& error) {
  const int64_t rows = old_.source(kind).row_count;
  result_.lines.push_back({kind, UpdateState::kFailed, origin, rows, rows, error.ToString()});
}

// Takes the rows over when they can be what the feed is.
void Update::Accept(FeedInput& input, FeedSource source) {
  const FeedKind kind = input.kind();
  const int64_t count = input.builder().row_count(kind);
  const int64_t old_count = old_.source(kind).row_count;
  if (count == 0) return Failed(kind, source.origin, {ErrorCode::kParse, "it holds no row", {}});
  if (count < old_count / 2) {
    return Failed(kind, source.origin,
                  {ErrorCode::kParse,
                   fmt::format("it has {} rows where {} were known; delete the file of feeds if "
                               "that is meant",
                               count, old_count),
                   {}});
  }
  source.data_at = input.builder().source(kind).data_at;
  source.fetched_at = request_.now;
  builder_.Take(kind, input.builder());
  builder_.SetSource(kind, source);
  changed_ = true;
  result_.lines.push_back({kind, UpdateState::kUpdated, source.origin, count, old_count, {}});
}

Status Update::FromFiles() {
  OURO_TRY(const std::vector<std::string> files, ListFiles(request_.from));
  for (const std::string& path : files) {
    FeedInput input({}, path);
    Status read = ReadPieces(path, [&input](std::string_view bytes) { return input.Add(bytes); });
    if (read) read = input.Finish();
    // Of a folder, files that are no feeds are passed over; what was named must be one.
    if (!read && input.unknown() && files.size() > 1) continue;
    if (!read && files.size() == 1) return tl::unexpected<Error>(read.error());
    if (!read) {
      Failed(input.kind(), path, read.error());
      continue;
    }
    if (!Wanted(input.kind()) || Done(input.kind())) continue;
    Accept(input, {path, {}, {}, 0, 0, 0});
  }
  if (!result_.lines.empty()) return {};
  return Fail(ErrorCode::kInvalid, "no feed was found here", request_.from);
}

Status Update::Send(std::optional<FeedKind> kind, const std::string& url, FeedInput& input,
                    FeedSource& source, bool& current) {
  if (!client_) {
    OURO_TRY(client_, io::HttpClient::Create());
  }
  io::HttpRequest http;
  http.url = url;
  http.tls = request_.tls;
  http.timeout_ms = kTimeoutMilliseconds;
  http.response_size_max_bytes = limits::kFeedSizeBytes;
  http.on_data = [&input](std::string_view bytes) { return input.Add(bytes); };
  const FeedSource known = kind ? old_.source(*kind) : FeedSource{};
  if (known.origin == url && known.row_count > 0) {
    if (!known.etag.empty()) http.headers.push_back("If-None-Match: " + known.etag);
    if (!known.last_modified.empty()) {
      http.headers.push_back("If-Modified-Since: " + known.last_modified);
    }
  }
  const io::HttpResult answer = client_->Send(std::move(http));
  if (!answer) return tl::unexpected<Error>(answer.error().error);
  current = answer->status == kStatusNotModified;
  if (current) return {};
  if (answer->status != kStatusOk) {
    return Fail(ErrorCode::kRemote, fmt::format("the server answers {}", answer->status), url);
  }
  source.origin = url;
  source.etag = answer->Header("etag");
  source.last_modified = answer->Header("last-modified");
  return input.Finish();
}

void Update::Fetch(std::optional<FeedKind> kind, const std::string& url) {
  FeedInput input(kind, url);
  FeedSource source;
  bool current = false;
  const Status sent = Send(kind, url, input, source, current);
  if (!sent) return Failed(kind.value_or(input.kind()), url, sent.error());
  if (!current) return Accept(input, std::move(source));
  const int64_t rows = old_.source(*kind).row_count;
  builder_.Keep(*kind, old_);
  source = old_.source(*kind);
  source.fetched_at = request_.now;
  builder_.SetSource(*kind, std::move(source));
  changed_ = true;
  result_.lines.push_back({*kind, UpdateState::kCurrent, url, rows, rows, {}});
}

void Update::FromAddresses() {
  for (const FeedKind kind : kFeedKinds) {
    const std::string& url = request_.config.urls[static_cast<size_t>(kind)];
    if (Wanted(kind) && !url.empty()) Fetch(kind, url);
  }
}

Result<UpdateResult> Update::Run() {
  OURO_TRY_STATUS(OpenOld());
  if (request_.from.empty()) {
    FromAddresses();
  } else if (IsUrl(request_.from)) {
    const bool one = request_.kinds.size() == 1;
    Fetch(one ? std::optional(request_.kinds.front()) : std::nullopt, request_.from);
  } else {
    OURO_TRY_STATUS(FromFiles());
  }
  for (const FeedKind kind : kFeedKinds) {
    if (Done(kind)) continue;
    if (old_error_) return tl::unexpected<Error>(*old_error_);
    builder_.Keep(kind, old_);
  }
  if (!changed_) return std::move(result_);
  OURO_TRY(const std::string bytes, builder_.Build());
  OURO_TRY_STATUS(ReplaceFile(request_.path, bytes));
  return std::move(result_);
}

}  // namespace

bool UpdateResult::failed() const {
  return std::any_of(lines.begin(), lines.end(),
                     [](const UpdateLine& line) { return line.state == UpdateState::kFailed; });
}

Result<UpdateResult> UpdateFeeds(const UpdateRequest& request) {
  return Update(request).Run();
}

}  // namespace ouro::feed
