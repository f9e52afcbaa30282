#include "notify/sender.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"

namespace ouro::notify {
namespace {

constexpr int64_t kRetryAfterMaxSeconds = 86'400;
constexpr size_t kAnswerShown = 200;  // characters of an answer in an error
// Shorter secrets occur in ordinary words.
constexpr size_t kHiddenSizeMin = 4;

// `text` without the secrets, and for a secret address also without its path.
std::string Hide(std::string text, const std::vector<io::Secret>& secrets) {
  for (const io::Secret& secret : secrets) {
    std::string_view value = secret.Reveal();
    if (value.size() < kHiddenSizeMin) continue;
    text = ReplaceAll(text, value, "…");
    const size_t scheme = value.find("://");
    if (scheme == std::string_view::npos) continue;
    const size_t path = value.find('/', scheme + 3);
    if (path != std::string_view::npos && value.size() - path >= kHiddenSizeMin) {
      text = ReplaceAll(text, value.substr(path), "/…");
    }
  }
  return text;
}

int64_t RetryAfter(const io::HttpResponse& response) {
  const auto seconds = ParseInt64(response.Header("retry-after"));
  return seconds ? std::clamp<int64_t>(*seconds, 0, kRetryAfterMaxSeconds) : 0;
}

tl::unexpected<SendFailure> Refused(const io::HttpResponse& response,
                                    const std::vector<io::Secret>& hide) {
  const int status = response.status;
  const bool for_now = status == 408 || status == 429 || status >= 500;
  // Hidden before it is cut: half a secret is one too.
  const std::string said = Hide(response.body.substr(0, limits::kNotifySecretSizeBytes), hide);
  const std::string_view shown = TrimSpace(std::string_view(said)).substr(0, kAnswerShown);
  const std::string_view cut = shown.substr(0, ValidUtf8Prefix(shown));
  std::string message =
      fmt::format("the receiver answers {}{}{}", status, cut.empty() ? "" : ": ", Printable(cut));
  SendFailure failure;
  failure.error.code = status == 401 || status == 403 ? ErrorCode::kDenied : ErrorCode::kRemote;
  failure.error.message = std::move(message);
  failure.permanent = !for_now;
  failure.status = status;
  failure.retry_after_seconds = RetryAfter(response);
  return tl::unexpected<SendFailure>(std::move(failure));
}

}  // namespace

tl::expected<io::Secret, SendFailure> Sender::Resolve(const SecretSource& source) const {
  Result<io::Secret> secret = ResolveSecret(source, environment_);
  // Somebody will mount the file or set the variable: not permanent.
  if (!secret) return tl::unexpected<SendFailure>(SendFailure{std::move(secret).error()});
  return *std::move(secret);
}

SendResult Sender::Exchange(const Channel& channel, io::HttpRequest request,
                            const std::vector<io::Secret>& hide) {
  if (http_ == nullptr) {
    Result<std::unique_ptr<io::HttpClient>> client = io::HttpClient::Create();
    if (!client) return tl::unexpected<SendFailure>(SendFailure{std::move(client).error()});
    http_ = *std::move(client);
  }
  if (!channel.ca_file.empty()) {
    auto tls = std::make_shared<io::HttpTls>();
    tls->ca_file = channel.ca_file;
    request.tls = std::move(tls);
  }
  request.timeout_ms = channel.timeout_ms;
  request.connect_timeout_ms = std::min(request.connect_timeout_ms, channel.timeout_ms);
  request.response_size_max_bytes = limits::kNotifyResponseSizeBytes;
  io::HttpResult result = http_->Send(std::move(request));
  if (!result) {
    // The place is left out: the path of an address may be the secret.
    Error error = std::move(result).error().error;
    error.message = Hide(std::move(error.message), hide);
    error.where.clear();
    const bool permanent = error.code == ErrorCode::kInvalid;
    return tl::unexpected<SendFailure>(SendFailure{std::move(error), permanent});
  }
  if (result->status < 200 || result->status > 299) return Refused(*result, hide);
  return std::move(result->body);
}

SendResult Sender::Send(const Channel& channel, const Letter& letter) {
  SendResult result = [&]() -> SendResult {
    switch (channel.kind) {
      case ChannelKind::kEmail:
        return SendEmail(*this, channel, letter);
      case ChannelKind::kSlack:
        return SendSlack(*this, channel, letter);
      case ChannelKind::kWebhook:
        return SendWebhook(*this, channel, letter);
      case ChannelKind::kJira:
        return SendJira(*this, channel, letter);
    }
    return std::string();
  }();
  if (!result) {
    Error& error = result.error().error;
    error.where = error.where.empty() ? "channel " + channel.name
                                      : fmt::format("channel {}: {}", channel.name, error.where);
  }
  return result;
}

}  // namespace ouro::notify
