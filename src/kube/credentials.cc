#include "kube/credentials.h"

#include <sys/stat.h>

#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "kube/base64.h"
#include "kube/file.h"
#include "kube/json_cursor.h"

namespace ouro::kube {
namespace {

constexpr int64_t kTokenRereadMs = 60'000;  // client-go re-reads after a minute
constexpr int64_t kSkewNotedSeconds = 60;   // smaller differences of clocks explain nothing
constexpr UnixSeconds kExpiryLeadSeconds =
    5;  // a plugin's credential is not sent in its last seconds
// A plugin that fails (or hangs), or whose credentials have expired by our clock when they come
// (the clock may be wrong), is not run for every request.
constexpr int64_t kPluginPauseMs = 10'000;

// Changes whenever the file is replaced or written: Kubernetes rotates tokens by a symbolic link.
std::string MarkOf(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return {};
  return fmt::format("{}.{}.{}.{}", info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                     info.st_size);
}

}  // namespace

std::optional<UnixSeconds> TokenExpiry(std::string_view token) {
  const std::vector<std::string_view> parts = SplitText(token, '.');
  if (parts.size() != 3) return std::nullopt;
  std::string claims;
  if (!DecodeBase64Url(parts[1], claims)) return std::nullopt;
  const auto exp = JsonMember(claims, "exp");
  if (!exp) return std::nullopt;
  return ParseInt64(exp->substr(0, exp->find('.')));
}

Credentials::Credentials(const ClientConfig& config, const Surroundings& surroundings)
    : config_(config), surroundings_(surroundings) {
  const CredentialConfig& given = config.credentials;
  current_.tls = std::make_shared<const io::HttpTls>(config.tls);
  current_.generation = 1;
  const bool basic = !given.username.empty() || !given.password.empty();
  const bool certificate = !config.tls.cert_file.empty() || !config.tls.cert_pem.empty();
  const bool token = !given.token.empty() || !given.token_file.empty();
  uses_plugin_ = given.exec.has_value() && !basic && !certificate && !token;
  if (basic) {
    current_.authorization = Secret("Authorization: Basic " +
                                    EncodeBase64(given.username + ":" + given.password.Reveal()));
  }
  if (!given.token.empty()) SetToken(given.token);
}

void Credentials::SetToken(const Secret& token) {
  expires_ = TokenExpiry(token.Reveal());
  Secret header("Authorization: Bearer " + token.Reveal());
  if (header == current_.authorization) return;
  current_.authorization = std::move(header);
  ++current_.generation;
}

// True when another token was found.
bool Credentials::ReadTokenFile(bool force) {
  const std::string& path = config_.credentials.token_file;
  const int64_t now_ms = surroundings_.monotonic_ms();
  std::string mark = MarkOf(path);
  const bool due = token_file_mark_.empty() || mark != token_file_mark_ ||
                   now_ms - token_read_ms_ >= kTokenRereadMs;
  if (!force && !due) return false;
  Result<std::string> text = ReadSmallFile(path, limits::kTokenSizeBytes);
  if (!text) return false;  // while it is being replaced, the last token goes on
  token_read_ms_ = now_ms;
  token_file_mark_ = std::move(mark);
  const Secret token{std::string(TrimSpace(*text))};
  if (token.empty()) return false;
  const uint64_t before = current_.generation;
  SetToken(token);
  return current_.generation != before;
}

Status Credentials::RunPlugin() {
  const bool failed_just_now =
      plugin_error_ && surroundings_.monotonic_ms() - plugin_failed_ms_ < kPluginPauseMs;
  if (failed_just_now) return tl::unexpected<Error>(*plugin_error_);
  Result<ExecCredential> run =
      RunExecPlugin(*config_.credentials.exec, config_, surroundings_.terminal());
  if (!run) {
    plugin_error_ = run.error();
    plugin_failed_ms_ = surroundings_.monotonic_ms();
    return tl::unexpected<Error>(run.error());
  }
  plugin_error_.reset();
  const ExecCredential& got = *run;
  plugin_ran_ = true;
  plugin_ran_ms_ = surroundings_.monotonic_ms();
  const uint64_t before = current_.generation;
  if (got.token.empty()) {
    current_.authorization = Secret();
  } else {
    SetToken(got.token);
  }
  if (!got.cert_pem.empty()) {
    io::HttpTls tls = config_.tls;
    tls.cert_pem = got.cert_pem;
    tls.key_pem = got.key_pem;
    if (!(tls == *current_.tls)) current_.tls = std::make_shared<const io::HttpTls>(std::move(tls));
  }
  if (got.expires) expires_ = got.expires;
  if (got.token.empty() && !got.expires) expires_ = std::nullopt;
  if (current_.generation == before) ++current_.generation;
  return {};
}

Result<Credential> Credentials::Get() {
  if (!config_.credentials.token_file.empty()) {
    ReadTokenFile(false);
    if (current_.authorization.empty()) {
      return Fail(ErrorCode::kIo, "the token file cannot be read or is empty",
                  config_.credentials.token_file);
    }
  }
  if (uses_plugin_) {
    const bool over = expires_ && surroundings_.now() >= *expires_ - kExpiryLeadSeconds &&
                      surroundings_.monotonic_ms() - plugin_ran_ms_ >= kPluginPauseMs;
    if (!plugin_ran_ || over) OURO_TRY_STATUS(RunPlugin());
  }
  return current_;
}

Result<bool> Credentials::Refresh(uint64_t generation) {
  if (generation != current_.generation) return true;  // already another one
  if (uses_plugin_) {
    OURO_TRY_STATUS(RunPlugin());
    return true;
  }
  if (!config_.credentials.token_file.empty()) return ReadTokenFile(true);
  return false;
}

std::string Credentials::Explain(std::optional<int64_t> skew_seconds) const {
  const UnixSeconds now = surroundings_.now();
  const int64_t skew = skew_seconds.value_or(0);
  std::string text;
  if (expires_ && *expires_ <= now + skew) {
    text = "the credential expired at " + FormatRfc3339(*expires_);
    if (*expires_ > now) text += " by the server's clock";
  } else if (expires_ && *expires_ <= now) {
    text = fmt::format("the credential expired at {} by this machine's clock only",
                       FormatRfc3339(*expires_));
  }
  if (skew > kSkewNotedSeconds || skew < -kSkewNotedSeconds) {
    if (!text.empty()) text += "; ";
    text += fmt::format("this machine's clock is {} s {} the server's; set it right",
                        skew < 0 ? -skew : skew, skew < 0 ? "ahead of" : "behind");
  }
  return text;
}

}  // namespace ouro::kube
