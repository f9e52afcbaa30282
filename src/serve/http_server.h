// An HTTP/1.1 server with TLS: connections, limits and times. It knows nothing of reviews.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/limits.h"
#include "serve/metrics.h"
#include "serve/tls.h"

namespace ouro::serve {

struct HttpRequest {
  std::string_view method;  // "POST"
  std::string_view target;  // as sent: path and query
  std::string_view content_type;
  bool client_verified = false;  // a client certificate was shown and is of the client CA
  std::chrono::steady_clock::time_point started;  // when the first byte was there
  std::string body;  // the handler may take it, and should leave its memory for the next request
};

struct HttpResponse {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string_view allow;  // methods, for status 405
  std::string body;
};

// Called by several threads at a time. Exceptions become an answer with status 500.
using HttpHandler = std::function<void(HttpRequest& request, HttpResponse& response)>;

struct HttpOptions {
  std::string address = "127.0.0.1";  // of an interface, or 0.0.0.0 or ::
  uint16_t port = 8443;               // 0: any free one
  int thread_count = 1;
  // Limits; tests shorten them.
  int64_t body_size_max = limits::kReviewSizeBytes;
  int64_t bodies_in_flight_max = limits::kReviewBytesInFlight;
  int connection_count_max = limits::kConnectionCount;
  int handshake_ms = limits::kHandshakeMilliseconds;
  int header_ms = limits::kRequestHeaderMilliseconds;
  int body_ms = limits::kRequestBodyMilliseconds;
  int response_ms = limits::kResponseMilliseconds;
  int idle_ms = limits::kIdleConnectionMilliseconds;
  int linger_ms = limits::kLingerMilliseconds;
};

// What is answered without the handler: 400 (no HTTP), 408 (a header or body that did not arrive in
// time), 413 (a body over body_size_max), 431 (a header over limits::kRequestHeaderSizeBytes), 503
// (bodies over bodies_in_flight_max). Connections over connection_count_max are closed at once. All
// are counted in the metrics.
class HttpServer {
 public:
  // Listens and starts its threads. `metrics` must outlive the server. kIo, kDenied: the address
  // cannot be listened on.
  static Result<std::unique_ptr<HttpServer>> Start(const HttpOptions& options,
                                                   const TlsContext& tls, HttpHandler handler,
                                                   Metrics& metrics);
  ~HttpServer();

  uint16_t port() const;
  // For connections accepted from now on. Thread-safe.
  void SetTls(const TlsContext& tls);
  // Listens no more, closes idle connections, and waits up to `grace` for open requests to be
  // answered, or until `hurry` (which may be empty) says so. True: all were. The threads have ended
  // when it returns.
  bool Stop(std::chrono::milliseconds grace, const std::function<bool()>& hurry = {});

  struct Impl;  // internal

 private:
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ouro::serve
