// HTTP/1.1 and HTTP/2 requests, several at a time, on the calling thread: libcurl behind Result.
//
// Start() hands a request over, Step() moves all of them on and calls back. Callbacks run inside
// Step(), never inside libcurl, so they may start, cancel and even step again. One client serves
// one thread.
//
// libcurl is loaded on first use: a run that needs no network starts without its thirty libraries.
// The program must ignore SIGPIPE (cli/interrupt.h does).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/limits.h"

namespace ouro::io {

// A text that must not be shown: it has no output operator and is overwritten when it ends.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.Wipe(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { Wipe(); }

  bool empty() const { return value_.empty(); }
  // The text itself, for the one place that sends it. Never for a message.
  const std::string& Reveal() const { return value_; }
  bool operator==(const Secret&) const = default;

 private:
  void Wipe();
  std::string value_;
};

// Whom to trust and which certificate to show. A PEM text goes before its file.
struct HttpTls {
  std::string ca_file;
  std::string ca_pem;       // both empty: the authorities of this machine
  bool verify = true;       // false: any certificate is taken
  std::string server_name;  // name that the certificate must have instead of the URL's host
  std::string cert_file;    // client certificate, PEM; read at each new connection
  std::string cert_pem;
  std::string key_file;
  Secret key_pem;
  bool operator==(const HttpTls&) const = default;
};

struct HttpResponse {
  int status = 0;  // 200…599
  // Names in lower case, in the order received. Trailers too.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // decoded; empty when the request had `on_data`
  int64_t body_size_bytes = 0;
  bool http2 = false;

  // First header of that name (lower case); empty when absent.
  std::string_view Header(std::string_view name) const;
};

// Headers as "Name: value". Values must not hold line ends (kInvalid).
struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http or https; no user information
  std::vector<std::string> headers;
  std::vector<Secret> secret_headers;
  std::string body;
  std::shared_ptr<const HttpTls> tls;  // nullptr: defaults
  Secret proxy_url;                    // empty: as the environment says (http_client_proxy.h)
  bool compress = true;                // offer gzip; the body arrives unpacked

  int connect_timeout_ms = 15'000;
  int timeout_ms = 0;            // whole exchange; 0: none
  int idle_timeout_ms = 60'000;  // no byte for that long ends it (kTimeout), to the second; 0: none
  int64_t response_size_max_bytes = limits::kHttpResponseSizeBytes;  // unpacked; kLimit
  // Memory for the body: its capacity is used again, so that a series of pages allocates once.
  std::string buffer;
  // Gives the body piece by piece instead of collecting it; only for status 200. Pieces never
  // outlive the call. A failing Status ends the exchange with it.
  std::function<Status(std::string_view)> on_data;
  // The headers of a 200 have come (before any piece of the body).
  std::function<void()> on_head;
};

// Status codes are no failures: any complete response is a value. Failures: kTimeout, kLimit,
// kDenied (the peer's certificate is not trusted), kInvalid (a certificate or key of ours is
// broken), kIo; the flags tell whether the request may have reached the server.
struct HttpFailure {
  Error error;
  bool never_sent = false;  // refused or not connected: safe to repeat, whatever the method
  bool broken_off = false;  // the connection ended in the middle: safe to repeat when idempotent
};
using HttpResult = tl::expected<HttpResponse, HttpFailure>;

class HttpClient {
 public:
  using Id = uint64_t;  // never 0

  // kUnsupported when libcurl is not installed.
  static Result<std::unique_ptr<HttpClient>> Create();
  ~HttpClient();

  // `done` is called once, from Step(), unless the request is cancelled. A request that cannot be
  // made at all (bad URL, line end in a header) fails here.
  Result<Id> Start(HttpRequest request, std::function<void(HttpResult)> done);
  // Ends without calling back. Unknown ids are ignored.
  void Cancel(Id id);
  // Waits up to `wait_ms` for something to happen, moves all requests on and calls back. Returns at
  // once when nothing is in flight.
  void Step(int wait_ms);
  int in_flight() const;

  // One request from start to end. Others in flight move on as well.
  HttpResult Send(HttpRequest request);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ouro::io
