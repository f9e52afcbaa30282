// libcurl's multi interface behind Result. Everything that libcurl calls back only stores what it
// brings; the caller's functions run after libcurl has returned (Deliver).

#include "io/http_client.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "io/http_client_proxy.h"

namespace ouro::io {
namespace {

// The functions of libcurl that are used, found when the first client is made.
struct Library {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_setopt) multi_setopt = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_perform) multi_perform = nullptr;
  decltype(&::curl_multi_poll) multi_poll = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  std::string missing;  // what was not found; empty: all is there

  static const Library& Get() {
    static const Library kLibrary = Load();
    return kLibrary;
  }

 private:
  template <typename Function>
  void Find(void* handle, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(handle, name));
    if (function == nullptr && missing.empty()) missing = name;
  }

  static Library Load() {
    Library found;
    void* handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      found.missing = "libcurl.so.4";
      return found;
    }
    found.Find(handle, "curl_global_init", found.global_init);
    found.Find(handle, "curl_easy_init", found.easy_init);
    found.Find(handle, "curl_easy_setopt", found.easy_setopt);
    found.Find(handle, "curl_easy_reset", found.easy_reset);
    found.Find(handle, "curl_easy_cleanup", found.easy_cleanup);
    found.Find(handle, "curl_easy_getinfo", found.easy_getinfo);
    found.Find(handle, "curl_easy_strerror", found.easy_strerror);
    found.Find(handle, "curl_slist_append", found.slist_append);
    found.Find(handle, "curl_slist_free_all", found.slist_free_all);
    found.Find(handle, "curl_multi_init", found.multi_init);
    found.Find(handle, "curl_multi_setopt", found.multi_setopt);
    found.Find(handle, "curl_multi_add_handle", found.multi_add_handle);
    found.Find(handle, "curl_multi_remove_handle", found.multi_remove_handle);
    found.Find(handle, "curl_multi_perform", found.multi_perform);
    found.Find(handle, "curl_multi_poll", found.multi_poll);
    found.Find(handle, "curl_multi_info_read", found.multi_info_read);
    found.Find(handle, "curl_multi_cleanup", found.multi_cleanup);
    if (found.missing.empty() && found.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      found.missing = "curl_global_init";
    }
    return found;
  }
};

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::optional<std::string> ProcessEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

void WipeText(std::string& text) {
  text.resize(text.capacity());  // a text that was moved away leaves its bytes behind its end
  // Volatile, or the compiler would drop stores to memory that is about to be freed.
  volatile char* bytes = text.data();
  for (size_t i = 0; i < text.size(); ++i) bytes[i] = 0;
  text.clear();
}

// One request on its way. Held by shared_ptr: a callback may cancel the request that it is about.
struct Transfer {
  HttpClient::Id id = 0;
  HttpRequest request;
  HttpUrl url;
  std::function<void(HttpResult)> done;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  curl_slist* connect_to = nullptr;
  std::array<char, CURL_ERROR_SIZE> message{};

  HttpResponse response;
  int64_t header_size_bytes = 0;
  bool body_begun = false;
  bool head_due = false;   // on_head is to be called
  std::string pending;     // for on_data, not yet delivered
  std::string delivering;  // what on_data is looking at
  std::optional<HttpFailure> failure;
  int redirects = 0;
  int64_t last_activity_ms = 0;
  int64_t uploaded_bytes = 0;
  bool ended = false;  // libcurl is done with it
  bool in_callback = false;
  bool cancelled = false;

  void FailWith(ErrorCode code, std::string text) {
    if (!failure) failure = HttpFailure{Error{code, std::move(text), {}}, false, false};
  }
  bool streams() const { return request.on_data && response.status == 200; }
};

void BeginResponse(Transfer& transfer, std::string_view line) {
  // A new status line: what came before was an interim response (RFC 9110 section 15.2).
  transfer.response.headers.clear();
  transfer.response.status = 0;
  transfer.response.http2 = line.starts_with("HTTP/2");
  const size_t blank = line.find(' ');
  if (blank == std::string_view::npos || line.size() < blank + 4) return;
  const std::optional<int64_t> status = ParseInt64(line.substr(blank + 1, 3));
  transfer.response.status = static_cast<int>(status.value_or(0));
}

size_t OnHeader(char* data, size_t, size_t size, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  transfer.last_activity_ms = NowMs();
  transfer.header_size_bytes += static_cast<int64_t>(size);
  if (transfer.header_size_bytes > limits::kHttpHeaderSizeBytes) {
    transfer.FailWith(ErrorCode::kLimit,
                      fmt::format("the response's headers are larger than {} bytes",
                                  limits::kHttpHeaderSizeBytes));
    return 0;
  }
  const std::string_view line = TrimSpace(std::string_view(data, size));
  if (line.empty() && transfer.response.status == 200) {
    transfer.head_due = transfer.request.on_head != nullptr;
  }
  if (line.starts_with("HTTP/")) {
    BeginResponse(transfer, line);
    return size;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return size;
  transfer.response.headers.emplace_back(LowerAscii(line.substr(0, colon)),
                                         std::string(TrimSpace(line.substr(colon + 1))));
  return size;
}

void ReserveBody(Transfer& transfer) {
  transfer.body_begun = true;
  if (transfer.streams()) return;
  transfer.response.body = std::move(transfer.request.buffer);
  transfer.response.body.clear();
  if (!transfer.response.Header("content-encoding").empty()) return;
  const auto length = ParseInt64(transfer.response.Header("content-length"));
  if (length && *length > 0 && *length <= transfer.request.response_size_max_bytes) {
    transfer.response.body.reserve(static_cast<size_t>(*length));
  }
}

size_t OnBody(char* data, size_t, size_t size, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  transfer.last_activity_ms = NowMs();
  if (!transfer.body_begun) ReserveBody(transfer);
  transfer.response.body_size_bytes += static_cast<int64_t>(size);
  const bool streams = transfer.streams();
  const int64_t total = streams ? static_cast<int64_t>(transfer.pending.size() + size)
                                : transfer.response.body_size_bytes;
  const int64_t limit =
      streams ? limits::kHttpBacklogBytes : transfer.request.response_size_max_bytes;
  if (total > limit) {
    transfer.FailWith(ErrorCode::kLimit,
                      fmt::format("the response is larger than {} bytes", limit));
    return 0;
  }
  (streams ? transfer.pending : transfer.response.body).append(data, size);
  return size;
}

int OnSocket(void*, curl_socket_t socket, curlsocktype) {
  // A peer that vanished is noticed after this time also where nothing is sent: on an idle watch.
  const unsigned int unacknowledged_ms = 30'000;
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
  fcntl(socket, F_SETFD, FD_CLOEXEC);  // programs that are started must not hold it open
  return CURL_SOCKOPT_OK;
}

// Where a request goes, for messages: without the query, which may be long.
std::string PlaceOf(const Transfer& transfer) {
  const HttpUrl& url = transfer.url;
  const std::string_view target = url.target;
  return fmt::format("{} {}://{}:{}{}", transfer.request.method, url.scheme, url.BracketedHost(),
                     url.port, target.substr(0, target.find('?')));
}

HttpFailure CertificateFailure(const Transfer& transfer, std::string text) {
  const auto says = [&](std::string_view word) { return text.find(word) != std::string::npos; };
  std::string_view remedy = "; give the certificate authority that signed it";
  if (says("expired") || says("not yet valid")) {
    remedy = "; compare this machine's clock with the certificate's dates";
  } else if (says("does not match") || says("no alternative certificate subject name")) {
    remedy = "; ask by a name that it holds, or name one with tls-server-name";
  }
  text = fmt::format("the server's certificate is not trusted: {}{}", text, remedy);
  return HttpFailure{Error{ErrorCode::kDenied, std::move(text), PlaceOf(transfer)}, true, false};
}

// What a failure of libcurl means for the caller. `text`: libcurl's sentence.
HttpFailure FailureOf(const Transfer& transfer, CURLcode code, bool connected, std::string text) {
  const auto failure = [&](ErrorCode kind, std::string message, bool never_sent, bool broken_off) {
    return HttpFailure{Error{kind, std::move(message), PlaceOf(transfer)}, never_sent, broken_off};
  };
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return failure(ErrorCode::kIo, "cannot connect: " + text, true, false);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return CertificateFailure(transfer, std::move(text));
    case CURLE_SSL_CACERT_BADFILE:
      return failure(ErrorCode::kInvalid, "the certificate authority cannot be used: " + text, true,
                     false);
    case CURLE_SSL_CERTPROBLEM:
      return failure(ErrorCode::kInvalid,
                     "the client certificate or its key cannot be used: " + text, true, false);
    case CURLE_SSL_CONNECT_ERROR:
      return failure(ErrorCode::kIo, "the TLS handshake failed: " + text, true, false);
    case CURLE_OPERATION_TIMEDOUT:
      return failure(ErrorCode::kTimeout,
                     connected ? "no complete answer in time" : "cannot connect in time",
                     !connected, connected);
    case CURLE_BAD_CONTENT_ENCODING:
      return failure(ErrorCode::kParse, "the packed response is broken: " + text, false, true);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return failure(ErrorCode::kInvalid, text, true, false);
    case CURLE_OUT_OF_MEMORY:
      return failure(ErrorCode::kLimit, "out of memory", false, false);
    default:
      return failure(ErrorCode::kIo, "the connection broke: " + text, !connected, connected);
  }
}

Status CheckHeader(std::string_view header) {
  if (header.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos) return {};
  return Fail(ErrorCode::kInvalid, "a header must not hold a line end");
}

}  // namespace

Secret& Secret::operator=(const Secret& other) {
  if (this == &other) return *this;
  Wipe();
  value_ = other.value_;
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  Wipe();
  value_ = std::move(other.value_);
  other.Wipe();
  return *this;
}

void Secret::Wipe() {
  WipeText(value_);
}

std::string_view HttpResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

struct HttpClient::State {
  const Library& curl = Library::Get();
  CURLM* multi = nullptr;
  std::map<Id, std::shared_ptr<Transfer>> transfers;
  std::vector<CURL*> spare;  // handles that may serve again
  std::deque<Id> ready;      // something is to be delivered
  Id last_id = 0;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  Status Begin(Transfer& transfer);
  Status SetUp(Transfer& transfer);
  void SetTls(CURL* easy, const HttpTls& tls);
  Status SetHeaders(Transfer& transfer, const std::string& host);
  void SetBody(Transfer& transfer);
  void Release(Transfer& transfer);
  void ReadMessages();
  void End(Transfer& transfer, CURLcode code);
  bool Redirect(Transfer& transfer);
  int WaitMs(int wait_ms) const;
  void EndIdle();
  void MarkReady();
  void Deliver();
  void DeliverData(const std::shared_ptr<Transfer>& transfer);
  void Finish(const std::shared_ptr<Transfer>& transfer);

  void Set(CURL* easy, CURLoption option, long value) { curl.easy_setopt(easy, option, value); }
  void Set(CURL* easy, CURLoption option, const std::string& value) {
    curl.easy_setopt(easy, option, value.c_str());
  }
  void SetBlob(CURL* easy, CURLoption option, const std::string& bytes) {
    curl_blob blob{};
    blob.data = const_cast<char*>(bytes.data());
    blob.len = bytes.size();
    blob.flags = CURL_BLOB_COPY;
    curl.easy_setopt(easy, option, &blob);
  }
};

HttpClient::State::~State() {
  for (auto& [id, transfer] : transfers) Release(*transfer);
  for (CURL* easy : spare) curl.easy_cleanup(easy);
  if (multi != nullptr) curl.multi_cleanup(multi);
}

void HttpClient::State::Release(Transfer& transfer) {
  if (transfer.easy != nullptr) {
    curl.multi_remove_handle(multi, transfer.easy);
    curl.easy_reset(transfer.easy);
    spare.push_back(transfer.easy);
    transfer.easy = nullptr;
  }
  if (transfer.headers != nullptr) {
    for (curl_slist* one = transfer.headers; one != nullptr; one = one->next) {
      std::memset(one->data, 0, std::strlen(one->data));  // it may hold a credential
    }
    curl.slist_free_all(transfer.headers);
    transfer.headers = nullptr;
  }
  if (transfer.connect_to != nullptr) curl.slist_free_all(transfer.connect_to);
  transfer.connect_to = nullptr;
}

void HttpClient::State::SetTls(CURL* easy, const HttpTls& tls) {
  Set(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  Set(easy, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  Set(easy, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  if (!tls.ca_pem.empty() || !tls.ca_file.empty()) {
    // The authorities of the machine would be trusted besides.
    curl.easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    if (!tls.ca_pem.empty()) {
      curl.easy_setopt(easy, CURLOPT_CAINFO, nullptr);
      SetBlob(easy, CURLOPT_CAINFO_BLOB, tls.ca_pem);
    } else {
      Set(easy, CURLOPT_CAINFO, tls.ca_file);
    }
  }
  if (!tls.cert_pem.empty()) {
    SetBlob(easy, CURLOPT_SSLCERT_BLOB, tls.cert_pem);
  } else if (!tls.cert_file.empty()) {
    Set(easy, CURLOPT_SSLCERT, tls.cert_file);
  }
  if (!tls.key_pem.empty()) {
    SetBlob(easy, CURLOPT_SSLKEY_BLOB, tls.key_pem.Reveal());
  } else if (!tls.key_file.empty()) {
    Set(easy, CURLOPT_SSLKEY, tls.key_file);
  }
}

Status HttpClient::State::SetHeaders(Transfer& transfer, const std::string& host) {
  const auto add = [&](const std::string& header) -> Status {
    OURO_TRY_STATUS(CheckHeader(header));
    curl_slist* longer = curl.slist_append(transfer.headers, header.c_str());
    if (longer == nullptr) return Fail(ErrorCode::kLimit, "out of memory");
    transfer.headers = longer;
    return {};
  };
  if (!host.empty()) OURO_TRY_STATUS(add("Host: " + host));
  OURO_TRY_STATUS(add("Expect:"));  // no round trip before a large body
  for (const std::string& header : transfer.request.headers) OURO_TRY_STATUS(add(header));
  for (const Secret& header : transfer.request.secret_headers) {
    OURO_TRY_STATUS(add(header.Reveal()));
  }
  curl.easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, transfer.headers);
  return {};
}

void HttpClient::State::SetBody(Transfer& transfer) {
  const HttpRequest& request = transfer.request;
  if (request.method == "GET") {
    Set(transfer.easy, CURLOPT_HTTPGET, 1L);
    return;
  }
  Set(transfer.easy, CURLOPT_POST, 1L);
  curl.easy_setopt(transfer.easy, CURLOPT_POSTFIELDS, request.body.data());
  curl.easy_setopt(transfer.easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(request.body.size()));
  Set(transfer.easy, CURLOPT_CUSTOMREQUEST, request.method);
}

Status HttpClient::State::SetUp(Transfer& transfer) {
  static const HttpTls kDefaultTls;
  CURL* easy = transfer.easy;
  const HttpRequest& request = transfer.request;
  const HttpTls& tls = request.tls ? *request.tls : kDefaultTls;
  std::string url = fmt::format("{}://{}:{}{}", transfer.url.scheme, transfer.url.BracketedHost(),
                                transfer.url.port, transfer.url.target);
  std::string host;
  if (!tls.server_name.empty() && transfer.url.scheme == "https") {
    // libcurl takes the name to verify from the URL, so the URL carries it and the connection is
    // sent to where the URL pointed.
    HttpUrl named = transfer.url;
    named.host = LowerAscii(tls.server_name);
    host = fmt::format("{}:{}", transfer.url.BracketedHost(), transfer.url.port);
    url = fmt::format("https://{}:{}{}", named.BracketedHost(), named.port, named.target);
    const std::string route = fmt::format("{}:{}:{}", named.BracketedHost(), named.port, host);
    transfer.connect_to = curl.slist_append(nullptr, route.c_str());
    curl.easy_setopt(easy, CURLOPT_CONNECT_TO, transfer.connect_to);
  }
  Set(easy, CURLOPT_URL, url);
  std::string proxy = request.proxy_url.Reveal();
  if (proxy.empty()) proxy = ProxyFromEnvironment(transfer.url, ProcessEnvironment);
  // Names are for the proxy to resolve, as in Go's clients; libcurl calls that socks5h.
  if (proxy.starts_with("socks5://")) proxy.insert(6, "h");
  Set(easy, CURLOPT_PROXY, proxy);  // empty: none, whatever libcurl would find in the environment
  WipeText(proxy);
  Set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy, CURLOPT_PATH_AS_IS, 1L);
  Set(easy, CURLOPT_NOSIGNAL, 1L);
  Set(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  // Rather wait for a connection that several requests can share than open one for each.
  Set(easy, CURLOPT_PIPEWAIT, transfer.url.scheme == "https" ? 1L : 0L);
  Set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  Set(easy, CURLOPT_TCP_KEEPIDLE, 30L);
  Set(easy, CURLOPT_TCP_KEEPINTVL, 10L);
  Set(easy, CURLOPT_BUFFERSIZE, 256L << 10);
  Set(easy, CURLOPT_CONNECTTIMEOUT_MS, long{request.connect_timeout_ms});
  Set(easy, CURLOPT_TIMEOUT_MS, long{request.timeout_ms});
  if (request.compress) curl.easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl.easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &OnSocket);
  curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl.easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, &OnBody);
  curl.easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.message.data());
  curl.easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  SetTls(easy, tls);
  SetBody(transfer);
  return SetHeaders(transfer, host);
}

Status HttpClient::State::Begin(Transfer& transfer) {
  if (spare.empty()) {
    transfer.easy = curl.easy_init();
  } else {
    transfer.easy = spare.back();
    spare.pop_back();
  }
  if (transfer.easy == nullptr) return Fail(ErrorCode::kLimit, "out of memory");
  transfer.last_activity_ms = NowMs();
  transfer.message[0] = 0;
  OURO_TRY_STATUS(SetUp(transfer));
  if (curl.multi_add_handle(multi, transfer.easy) != CURLM_OK) {
    return Fail(ErrorCode::kLimit, "libcurl does not take another request");
  }
  return {};
}

void HttpClient::State::ReadMessages() {
  int left = 0;
  while (CURLMsg* message = curl.multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Transfer* transfer = nullptr;
    curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    End(*transfer, message->data.result);
  }
}

// A redirect within the server (same scheme, host and port) is followed for GET; any other is the
// caller's answer: a credential must not travel to another host.
bool HttpClient::State::Redirect(Transfer& transfer) {
  const int status = transfer.response.status;
  const bool moves =
      status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  if (!moves || transfer.request.method != "GET" ||
      transfer.redirects >= limits::kHttpRedirectCount) {
    return false;
  }
  const std::string_view to = transfer.response.Header("location");
  HttpUrl next = transfer.url;
  if (to.starts_with('/') && !to.starts_with("//")) {
    next.target = to;
  } else {
    const Result<HttpUrl> parsed = ParseHttpUrl(to);
    if (!parsed || !parsed->SameOrigin(transfer.url)) return false;
    next = *parsed;
  }
  ++transfer.redirects;
  Release(transfer);
  transfer.url = next;
  transfer.request.buffer = std::move(transfer.response.body);
  transfer.response = {};
  transfer.header_size_bytes = 0;
  transfer.body_begun = false;
  if (Status begun = Begin(transfer); !begun) {
    transfer.failure = HttpFailure{begun.error(), true, false};
    transfer.ended = true;
    Release(transfer);
  }
  return true;
}

void HttpClient::State::End(Transfer& transfer, CURLcode code) {
  if (code == CURLE_OK && !transfer.failure && Redirect(transfer)) return;
  if (transfer.failure) {
    transfer.failure->error.where = PlaceOf(transfer);
  } else if (code != CURLE_OK) {
    double handshake_seconds = 0;
    curl.easy_getinfo(transfer.easy, CURLINFO_PRETRANSFER_TIME, &handshake_seconds);
    std::string text =
        transfer.message[0] != 0 ? transfer.message.data() : curl.easy_strerror(code);
    const bool connected = handshake_seconds > 0 || transfer.header_size_bytes > 0;
    transfer.failure = FailureOf(transfer, code, connected, Printable(TrimSpace(text)));
  }
  if (!transfer.body_begun) ReserveBody(transfer);  // gives the memory back to the caller
  transfer.ended = true;
  Release(transfer);
}

int HttpClient::State::WaitMs(int wait_ms) const {
  int64_t wait = wait_ms;
  const int64_t now = NowMs();
  for (const auto& [id, transfer] : transfers) {
    if (transfer->ended || transfer->request.idle_timeout_ms <= 0) continue;
    const int64_t left = transfer->last_activity_ms + transfer->request.idle_timeout_ms - now;
    wait = std::min(wait, std::max<int64_t>(left, 0) + 1);
  }
  return static_cast<int>(wait);
}

void HttpClient::State::EndIdle() {
  const int64_t now = NowMs();
  for (const auto& [id, transfer] : transfers) {
    const int64_t idle_ms = now - transfer->last_activity_ms;
    const int limit_ms = transfer->request.idle_timeout_ms;
    if (transfer->ended || limit_ms <= 0 || idle_ms < limit_ms) continue;
    curl_off_t uploaded = 0;
    curl.easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    if (uploaded > transfer->uploaded_bytes) {  // a large body is still going out
      transfer->uploaded_bytes = uploaded;
      transfer->last_activity_ms = now;
      continue;
    }
    transfer->failure = HttpFailure{
        Error{ErrorCode::kTimeout, fmt::format("no byte from the server for {} ms", limit_ms),
              PlaceOf(*transfer)},
        false, true};
    transfer->ended = true;
    Release(*transfer);
  }
}

void HttpClient::State::MarkReady() {
  for (const auto& [id, transfer] : transfers) {
    const bool due = transfer->ended || transfer->head_due || !transfer->pending.empty();
    if (due && !transfer->in_callback && std::find(ready.begin(), ready.end(), id) == ready.end()) {
      ready.push_back(id);
    }
  }
}

void HttpClient::State::DeliverData(const std::shared_ptr<Transfer>& transfer) {
  if (transfer->head_due) {
    transfer->head_due = false;
    transfer->in_callback = true;
    transfer->request.on_head();
    transfer->in_callback = false;
  }
  while (!transfer->cancelled && !transfer->pending.empty()) {
    transfer->delivering.swap(transfer->pending);
    transfer->in_callback = true;
    Status taken = transfer->request.on_data(transfer->delivering);
    transfer->in_callback = false;
    transfer->delivering.clear();
    if (!taken) {
      transfer->failure = HttpFailure{taken.error(), false, false};
      transfer->pending.clear();
      transfer->ended = true;
      Release(*transfer);
    }
  }
}

void HttpClient::State::Finish(const std::shared_ptr<Transfer>& transfer) {
  transfers.erase(transfer->id);
  if (transfer->cancelled) return;
  const auto done = std::move(transfer->done);
  if (transfer->failure) {
    done(tl::unexpected<HttpFailure>(std::move(*transfer->failure)));
  } else {
    done(std::move(transfer->response));
  }
}

// Nested calls of Step() share the queue, so nothing waits for an outer call to come back but the
// request whose callback is running.
void HttpClient::State::Deliver() {
  while (!ready.empty()) {
    const Id id = ready.front();
    ready.pop_front();
    const auto found = transfers.find(id);
    if (found == transfers.end()) continue;
    const std::shared_ptr<Transfer> transfer = found->second;
    if (transfer->in_callback) continue;
    DeliverData(transfer);
    if (transfer->ended && !transfer->cancelled) Finish(transfer);
  }
}

Result<std::unique_ptr<HttpClient>> HttpClient::Create() {
  const Library& library = Library::Get();
  if (!library.missing.empty()) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{} is not on this machine; install libcurl 7.88 or newer (Debian: "
                            "libcurl4)",
                            library.missing));
  }
  auto state = std::make_unique<State>();
  state->multi = library.multi_init();
  if (state->multi == nullptr) return Fail(ErrorCode::kLimit, "out of memory");
  library.multi_setopt(state->multi, CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
  library.multi_setopt(state->multi, CURLMOPT_MAXCONNECTS, 16L);
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(state)));
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::~HttpClient() = default;

Result<HttpClient::Id> HttpClient::Start(HttpRequest request,
                                         std::function<void(HttpResult)> done) {
  OURO_TRY(HttpUrl url, ParseHttpUrl(request.url));
  auto transfer = std::make_shared<Transfer>();
  transfer->id = ++state_->last_id;
  transfer->request = std::move(request);
  transfer->url = std::move(url);
  transfer->done = std::move(done);
  if (Status begun = state_->Begin(*transfer); !begun) {
    state_->Release(*transfer);
    return tl::unexpected<Error>(WithContext(begun.error(), PlaceOf(*transfer)));
  }
  state_->transfers.emplace(transfer->id, transfer);
  return transfer->id;
}

void HttpClient::Cancel(Id id) {
  const auto found = state_->transfers.find(id);
  if (found == state_->transfers.end()) return;
  found->second->cancelled = true;
  state_->Release(*found->second);
  state_->transfers.erase(found);
}

void HttpClient::Step(int wait_ms) {
  State& state = *state_;
  if (state.transfers.empty()) return;
  int running = 0;
  state.curl.multi_perform(state.multi, &running);
  state.ReadMessages();
  state.MarkReady();
  if (state.ready.empty() && wait_ms > 0) {
    state.curl.multi_poll(state.multi, nullptr, 0, state.WaitMs(wait_ms), nullptr);
    state.curl.multi_perform(state.multi, &running);
    state.ReadMessages();
    state.EndIdle();
    state.MarkReady();
  }
  state.Deliver();
}

int HttpClient::in_flight() const {
  return static_cast<int>(state_->transfers.size());
}

HttpResult HttpClient::Send(HttpRequest request) {
  std::optional<HttpResult> result;
  const Result<Id> id =
      Start(std::move(request), [&](HttpResult answer) { result = std::move(answer); });
  if (!id) return tl::unexpected<HttpFailure>(HttpFailure{id.error(), true, false});
  while (!result) Step(1000);
  return std::move(*result);
}

}  // namespace ouro::io
