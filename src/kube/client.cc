// The loop, retries and credentials of the client, and the requests that are one exchange.

#include "kube/client.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "io/http_client_proxy.h"
#include "kube/api_status.h"
#include "kube/client_state.h"
#include "kube/json_cursor.h"

namespace ouro::kube {
namespace {

constexpr int kStepMs = 100;  // the stop flag is looked at this often

void FillSurroundings(Surroundings& s) {
  if (!s.now) {
    s.now = [] {
      return static_cast<UnixSeconds>(
          std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
    };
  }
  if (!s.monotonic_ms) {
    s.monotonic_ms = [] {
      return static_cast<int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                      std::chrono::steady_clock::now().time_since_epoch())
                                      .count());
    };
  }
  if (!s.sleep_ms) {
    s.sleep_ms = [](int64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); };
  }
  if (!s.random) {
    s.random = [engine = std::mt19937_64(std::random_device()())]() mutable { return engine(); };
  }
  if (!s.terminal) s.terminal = [] { return isatty(STDIN_FILENO) == 1; };
}

// A header's name part of an impersonated extra key: lower case, what a header name may not hold
// and
// '%' percent-encoded (client-go transport.headerKeyEscape).
std::string ExtraHeaderName(std::string_view key) {
  static constexpr std::string_view kPlain = "!#$&'*+-.^_`|~";
  std::string name = "Impersonate-Extra-";
  for (const char c : key) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != std::string_view::npos) {
      name.push_back(c);
    } else {
      name += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return name;
}

void AddImpersonation(const Impersonation& as, std::vector<std::string>& headers) {
  if (as.user.empty()) return;
  headers.push_back("Impersonate-User: " + as.user);
  if (!as.uid.empty()) headers.push_back("Impersonate-Uid: " + as.uid);
  for (const std::string& group : as.groups) headers.push_back("Impersonate-Group: " + group);
  for (const auto& [key, values] : as.extra) {
    for (const std::string& value : values) {
      headers.push_back(ExtraHeaderName(key) + ": " + value);
    }
  }
}

Error Interrupted(std::string where) {
  return Error{ErrorCode::kTimeout, "interrupted", std::move(where)};
}

}  // namespace

Client::State::State(ClientConfig given, ClientOptions chosen)
    : config(std::move(given)),
      options((FillSurroundings(chosen.surroundings), std::move(chosen))),
      credentials(config, options.surroundings) {
  // Packing costs both sides more than the loopback does.
  const Result<io::HttpUrl> url = io::ParseHttpUrl(config.server);
  compress_ = !config.disable_compression && !(url && io::IsLoopback(url->host));
}

std::string Client::State::PlaceOf(const Call& call) const {
  return fmt::format("{} {}{}", call.method, config.server,
                     call.path.substr(0, call.path.find('?')));
}

int64_t Client::State::BackOffMs(int attempt) const {
  const int64_t most = std::min<int64_t>(200LL << std::min(attempt, 10), 10'000);
  return most / 2 +
         static_cast<int64_t>(options.surroundings.random() % static_cast<uint64_t>(most / 2 + 1));
}

Result<io::HttpRequest> Client::State::RequestOf(Pending& pending) {
  OURO_TRY(const Credential credential, credentials.Get());
  pending.generation = credential.generation;
  Call& call = pending.call;
  io::HttpRequest request;
  request.method = call.method;
  request.url = config.server + call.path;
  request.headers.push_back("Accept: " + call.accept);
  request.headers.push_back("User-Agent: " + options.user_agent);
  if (!call.content_type.empty()) request.headers.push_back("Content-Type: " + call.content_type);
  AddImpersonation(config.impersonate, request.headers);
  // LoadConfig gives no credential for a plain http server.
  if (!credential.authorization.empty()) {
    request.secret_headers.push_back(credential.authorization);
  }
  request.tls = credential.tls;
  request.proxy_url = config.proxy_url;
  request.body = call.body;
  request.buffer = std::move(call.buffer);
  request.compress = compress_ && !call.on_data;  // a watch must not wait in a packer's buffer
  request.timeout_ms = call.timeout_ms;
  request.idle_timeout_ms = call.idle_timeout_ms;
  request.response_size_max_bytes = options.response_size_max_bytes;
  request.on_data = call.on_data;
  request.on_head = call.on_head;
  return request;
}

Client::State::CallId Client::State::Start(Call call) {
  const CallId id = ++last_id_;
  calls_[id].call = std::move(call);
  After(0, [this, id] { Send(id); });
  return id;
}

void Client::State::Cancel(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  if (found->second.request != 0) http->Cancel(found->second.request);
  calls_.erase(found);
}

void Client::State::After(int64_t pause_ms, std::function<void()> work) {
  timers_.emplace(options.surroundings.monotonic_ms() + pause_ms, std::move(work));
}

void Client::State::Send(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Pending& pending = found->second;
  Result<io::HttpRequest> request = RequestOf(pending);
  if (!request) return Finish(id, tl::unexpected<Error>(request.error()));
  ++pending.attempts;
  ++counts.requests;
  const Result<io::HttpClient::Id> started = http->Start(
      std::move(*request), [this, id](io::HttpResult result) { OnAnswer(id, std::move(result)); });
  if (!started) return Finish(id, tl::unexpected<Error>(started.error()));
  pending.request = *started;
}

void Client::State::Finish(CallId id, Result<io::HttpResponse> result) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const auto done = std::move(found->second.call.done);
  calls_.erase(found);
  done(std::move(result));
}

void Client::State::NoteDate(const io::HttpResponse& response) {
  if (const auto date = ParseHttpDate(response.Header("date"))) {
    skew_seconds = *date - options.surroundings.now();
  }
}

void Client::State::OnAnswer(CallId id, io::HttpResult result) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Pending& pending = found->second;
  pending.request = 0;
  if (!result) return OnFailure(id, pending, result.error());
  counts.bytes += result->body_size_bytes;
  NoteDate(*result);
  if (!TryAgain(id, pending, *result)) Finish(id, std::move(*result));
}

void Client::State::OnFailure(CallId id, Pending& pending, const io::HttpFailure& failure) {
  Error error = failure.error;
  if (error.where.empty()) error.where = PlaceOf(pending.call);
  // A certificate that is not trusted, or a key that cannot be read, stays so.
  const bool passing = error.code == ErrorCode::kIo || error.code == ErrorCode::kTimeout;
  const bool safe = failure.never_sent || (failure.broken_off && pending.call.reads);
  // Each attempt that times out takes long already.
  const int most = error.code == ErrorCode::kTimeout ? 2 : options.attempts_max;
  if (!pending.call.retries || !passing || !safe || pending.attempts >= most) {
    return Finish(id, tl::unexpected<Error>(std::move(error)));
  }
  ++counts.retries;
  After(BackOffMs(pending.attempts - 1), [this, id] { Send(id); });
}

bool Client::State::TryAgain(CallId id, Pending& pending, const io::HttpResponse& response) {
  const int status = response.status;
  if (status == 401 && !pending.refreshed) {
    pending.refreshed = true;
    const Result<bool> fresh = credentials.Refresh(pending.generation);
    if (!fresh) {
      Finish(id, tl::unexpected<Error>(fresh.error()));
      return true;
    }
    if (*fresh) {
      ++counts.retries;
      After(0, [this, id] { Send(id); });
    }
    return *fresh;
  }
  const std::optional<int64_t> asked = RetryAfterSeconds(response, options.surroundings.now());
  const bool server_trouble =
      status == 429 || status == 503 || (status >= 500 && (asked || pending.call.reads));
  if (!pending.call.retries || !server_trouble || pending.attempts >= options.attempts_max ||
      asked.value_or(0) > limits::kRetryAfterSeconds) {
    return false;
  }
  ++counts.retries;
  // Clients that were turned away together should not come back together.
  const int64_t jitter_ms = static_cast<int64_t>(options.surroundings.random() % 250);
  const int64_t pause = asked ? *asked * 1000 + jitter_ms : BackOffMs(pending.attempts - 1);
  After(pause, [this, id] { Send(id); });
  return true;
}

void Client::State::RunTimers() {
  const int64_t now = options.surroundings.monotonic_ms();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const std::function<void()> work = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    work();
  }
}

void Client::State::EndAll() {
  timers_.clear();
  while (!calls_.empty()) {
    const auto& [id, pending] = *calls_.begin();
    if (pending.request != 0) http->Cancel(pending.request);
    Finish(id, tl::unexpected<Error>(Interrupted(PlaceOf(pending.call))));
  }
}

void Client::State::Pump(int wait_ms) {
  if (Stopped()) return EndAll();
  RunTimers();
  int64_t wait = std::min(wait_ms, kStepMs);
  if (!timers_.empty()) {
    const int64_t left = timers_.begin()->first - options.surroundings.monotonic_ms();
    wait = std::clamp<int64_t>(left, 0, wait);
  }
  if (http->in_flight() > 0) {
    http->Step(static_cast<int>(wait));
  } else if (!timers_.empty() && wait > 0) {
    options.surroundings.sleep_ms(wait);
  }
}

Result<io::HttpResponse> Client::State::Run(Call call) {
  std::optional<Result<io::HttpResponse>> result;
  call.done = [&](Result<io::HttpResponse> answer) { result = std::move(answer); };
  Start(std::move(call));
  while (!result) Pump(kStepMs);
  return std::move(*result);
}

Error Client::State::Explain(const io::HttpResponse& response, std::string_view method,
                             std::string_view path) const {
  Error error = ErrorOf(
      response, fmt::format("{} {}{}", method, config.server, path.substr(0, path.find('?'))));
  if (response.status != 401) return error;
  const std::string why = credentials.Explain(skew_seconds);
  error.message += why.empty() ? "; log in again or check the user of the kubeconfig" : "; " + why;
  return error;
}

Result<io::HttpResponse> Client::State::RunToSuccess(Call call) {
  const std::string method = call.method;
  const std::string path = call.path;
  OURO_TRY(io::HttpResponse response, Run(std::move(call)));
  if (response.status >= 200 && response.status < 300) return response;
  return tl::unexpected<Error>(Explain(response, method, path));
}

Result<std::unique_ptr<Client>> Client::Create(ClientConfig config, ClientOptions options) {
  OURO_TRY(const io::HttpUrl url, io::ParseHttpUrl(config.server));
  OURO_TRY(std::unique_ptr<io::HttpClient> http, io::HttpClient::Create());
  auto state = std::make_unique<State>(std::move(config), std::move(options));
  state->http = std::move(http);
  return std::unique_ptr<Client>(new Client(std::move(state)));
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

const ClientConfig& Client::config() const {
  return state_->config;
}

const ClientCounts& Client::counts() const {
  return state_->counts;
}

std::optional<int64_t> Client::clock_skew_seconds() const {
  return state_->skew_seconds;
}

Result<std::string> Client::Get(std::string_view path_and_query) {
  if (!path_and_query.starts_with('/')) {
    return Fail(ErrorCode::kInvalid, "a path must begin with '/'", std::string(path_and_query));
  }
  Call call;
  call.path = path_and_query;
  OURO_TRY(io::HttpResponse response, state_->RunToSuccess(std::move(call)));
  return std::move(response.body);
}

Result<ServerVersion> Client::Version() {
  OURO_TRY(const std::string body, Get("/version"));
  const auto text = [&](std::string_view key) {
    return JsonText(JsonMember(body, key).value_or("")).value_or("");
  };
  // "33+" of some providers: digits count.
  const auto number = [](const std::string& digits) {
    const size_t end = std::min(digits.find_first_not_of("0123456789"), digits.size());
    return static_cast<int>(
        ParseInt64(std::string_view(digits).substr(0, std::min<size_t>(end, 6))).value_or(0));
  };
  ServerVersion version;
  version.git_version = Printable(text("gitVersion"));
  version.platform = Printable(text("platform"));
  version.major = number(text("major"));
  version.minor = number(text("minor"));
  if (version.git_version.empty()) {
    return Fail(ErrorCode::kParse, "this is no Kubernetes API server: /version has no gitVersion",
                config().server);
  }
  return version;
}

}  // namespace ouro::kube
