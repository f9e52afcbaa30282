// One io_context a thread; connections are dealt out in turn and stay with their thread, so that a
// request wakes one thread and finds its caches warm. A connection does one thing at a time:
// handshake, wait for a byte, header, body, answer. Its handlers run in its strand, so its members
// need no lock.
//
// Times are kept by one sweeper instead of a timer for each operation: a connection writes down
// when its present step must have ended, and the sweeper looks at all connections every kSweep. A
// timer for each read and write would cost more than reading.
#include "serve/http_server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "serve/answer.h"

namespace ouro::serve {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::beast::flat_buffer;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using Strand = asio::strand<asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<tcp, Strand>;
using Acceptor = asio::basic_socket_acceptor<tcp, Strand>;

constexpr std::chrono::milliseconds kSweep{100};
constexpr std::chrono::milliseconds kAcceptPause{100};  // after an error such as "too many files"
constexpr size_t kReadBufferBytes = 17 << 10;           // a TLS record and its header
constexpr size_t kKeptBufferBytes = 256 << 10;   // larger buffers of a request are given back
constexpr int64_t kLingerBytesMax = 64LL << 20;  // read and dropped after a refusal
constexpr int kGoodbyeMilliseconds = 300;        // for the peer's close_notify
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

int64_t NowMilliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch())
      .count();
}

// One for each thread, at least one.
std::vector<std::unique_ptr<asio::io_context>> MakeContexts(int thread_count) {
  std::vector<std::unique_ptr<asio::io_context>> contexts;
  for (int i = 0; i < std::max(1, thread_count); ++i) {
    contexts.push_back(std::make_unique<asio::io_context>(1));
  }
  return contexts;
}

std::string_view View(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

class Connection;

struct HttpServer::Impl {
  Impl(const HttpOptions& given, HttpHandler handling, Metrics& counting)
      : options(given),
        handler(std::move(handling)),
        metrics(counting),
        contexts(MakeContexts(options.thread_count)),
        acceptor(asio::make_strand(*contexts.front())),
        sweeper(*contexts.front()) {}

  Status Listen();
  void Accept();
  void Sweep();
  std::shared_ptr<asio::ssl::context> Tls();
  void Add(const std::shared_ptr<Connection>& connection);
  void Remove(Connection* connection);
  std::vector<std::shared_ptr<Connection>> Open();

  HttpOptions options;
  HttpHandler handler;
  Metrics& metrics;
  std::atomic<bool> stopping{false};
  std::atomic<int64_t> body_bytes{0};  // promised by the headers of requests that are being read
  uint16_t port = 0;
  std::mutex mutex;  // guards the next three
  std::condition_variable emptied;
  std::unordered_map<Connection*, std::weak_ptr<Connection>> connections;
  std::shared_ptr<asio::ssl::context> tls;
  // Connections are owned by the handlers that wait in a context; when it ends they still find what
  // stands above. At least one; never empty of work.
  std::vector<std::unique_ptr<asio::io_context>> contexts;
  size_t next_context = 0;  // of the next connection; the acceptor's strand alone uses it
  Acceptor acceptor;
  asio::steady_timer sweeper;
  std::vector<std::jthread> threads;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(HttpServer::Impl& server, Socket socket, std::shared_ptr<asio::ssl::context> tls)
      : server_(server), tls_(std::move(tls)), stream_(std::move(socket), *tls_) {
    buffer_.reserve(kReadBufferBytes);
  }
  ~Connection() {
    ReleaseBody();
    server_.Remove(this);
  }

  Strand executor() { return stream_.next_layer().get_executor(); }

  void Begin() {
    Set(Step::kHandshake, server_.options.handshake_ms);
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [self = shared_from_this()](error_code error) {
                              if (!error) return self->Shaken();
                              self->server_.metrics.Count(ServerEvent::kHandshakeFailed);
                            });
  }

  // Called by the sweeper, on any thread.
  void EndIfLate(int64_t now_ms) {
    if (now_ms < deadline_ms_.load(std::memory_order_relaxed)) return;
    asio::post(stream_.get_executor(), [self = shared_from_this(), now_ms] {
      if (now_ms >= self->deadline_ms_.load()) self->Late();
    });
  }
  // An idle connection ends when the server stops; a busy one after its answer.
  void EndIfIdle() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->step_ == Step::kIdle || self->step_ == Step::kHandshake) self->Close();
    });
  }

 private:
  enum class Step : uint8_t { kHandshake, kIdle, kHeader, kBody, kAnswer, kClosing };
  using Parser = http::request_parser<http::string_body>;

  void Set(Step step, int milliseconds) {
    step_ = step;
    deadline_ms_.store(NowMilliseconds() + milliseconds, std::memory_order_relaxed);
  }

  void Late() {
    deadline_ms_.store(kNever);
    if (step_ == Step::kHeader || step_ == Step::kBody) {
      // The read that is waiting ends with an error, and then the peer gets its answer.
      server_.metrics.Count(ServerEvent::kSlowClient);
      late_ = true;
      error_code ignored;
      stream_.next_layer().cancel(ignored);
      return;
    }
    if (step_ == Step::kAnswer) server_.metrics.Count(ServerEvent::kSlowClient);
    Close();
  }

  void Shaken() {
    X509* certificate = SSL_get0_peer_certificate(stream_.native_handle());
    verified_ =
        certificate != nullptr && SSL_get_verify_result(stream_.native_handle()) == X509_V_OK;
    WaitForRequest();
  }

  void WaitForRequest() {
    if (server_.stopping.load()) return CloseOrderly();
    if (buffer_.size() > 0) return BeginRequest();
    Set(Step::kIdle, server_.options.idle_ms);
    stream_.async_read_some(buffer_.prepare(kReadBufferBytes),
                            [self = shared_from_this()](error_code error, size_t size) {
                              if (error) return;  // The peer has gone, or we have closed.
                              self->buffer_.commit(size);
                              self->BeginRequest();
                            });
  }

  void BeginRequest() {
    Set(Step::kHeader, server_.options.header_ms);
    request_.started = Clock::now();
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(limits::kRequestHeaderSizeBytes));
    parser_->body_limit(static_cast<uint64_t>(server_.options.body_size_max));
    Parse();
  }

  // Feeds the parser with what is there. Beast's own read operations would do the same, at the cost
  // of a trip through the queue, and of waking a thread, for each of header and body.
  void Parse() {
    while (!parser_->is_done()) {
      if (buffer_.size() == 0) return ReadMore();
      const bool had_header = parser_->is_header_done();
      error_code error;
      buffer_.consume(parser_->put(buffer_.data(), error));
      if (error == http::error::need_more) return ReadMore();
      if (error) return RefuseRead(error);
      if (!had_header && parser_->is_header_done() && !BeginBody()) return;
    }
    Handle();
  }

  void ReadMore() {
    stream_.async_read_some(buffer_.prepare(kReadBufferBytes),
                            [self = shared_from_this()](error_code error, size_t size) {
                              if (error) return self->RefuseRead(error);
                              self->buffer_.commit(size);
                              self->Parse();
                            });
  }

  // The header is there. False: the request has been refused, or the client waits for our word.
  bool BeginBody() {
    const auto length = parser_->content_length();
    promised_bytes_ = length ? static_cast<int64_t>(*length)
                             : (parser_->chunked() ? server_.options.body_size_max : int64_t{0});
    if (server_.body_bytes.fetch_add(promised_bytes_) + promised_bytes_ >
        server_.options.bodies_in_flight_max) {
      server_.metrics.Count(ServerEvent::kOverloaded);
      Refuse(503, "ServiceUnavailable", "too many large requests at a time: try again");
      return false;
    }
    if (parser_->is_done()) return true;
    // The body that the last request left keeps its memory. Room for the reader's padding saves a
    // copy.
    std::string& body = parser_->get().body();
    body = std::move(request_.body);
    body.clear();
    if (length) body.reserve(static_cast<size_t>(*length) + kPaddingBytes);
    Set(Step::kBody, server_.options.body_ms);
    if (!EqualsIgnoreCase(View(parser_->get()[http::field::expect]), "100-continue")) return true;
    Continue();
    return false;
  }

  // RFC 9110, section 10.1.1: the client waits for this before it sends its body.
  void Continue() {
    out_ = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(out_),
                      [self = shared_from_this()](error_code error, size_t) {
                        if (!error) self->Parse();
                      });
  }

  void RefuseRead(error_code error) {
    if (late_) return Refuse(408, "Timeout", "the request did not arrive in time");
    if (error == http::error::body_limit) {
      server_.metrics.Count(ServerEvent::kTooLarge);
      return Refuse(413, "RequestEntityTooLarge",
                    fmt::format("the review is larger than {} bytes, the most that ouro reads",
                                server_.options.body_size_max));
    }
    if (error == http::error::header_limit) {
      server_.metrics.Count(ServerEvent::kBadRequest);
      return Refuse(431, "BadRequest", "the header of the request is too large");
    }
    if (error.category() != http::make_error_code(http::error::bad_method).category()) return;
    server_.metrics.Count(ServerEvent::kBadRequest);
    Refuse(400, "BadRequest", "this is no HTTP request");
  }

  // Answers without the handler. What the peer still sends is unread, so the connection ends.
  void Refuse(int status, std::string_view reason, std::string_view message) {
    HttpResponse response;
    response.status = status;
    response.body = StatusJson(status, reason, message);
    lingers_ = true;
    Write(response, false);
  }

  void Handle() {
    Set(Step::kAnswer, server_.options.response_ms);
    auto& message = parser_->get();
    request_.method = View(message.method_string());
    request_.target = View(message.target());
    request_.content_type = View(message[http::field::content_type]);
    request_.client_verified = verified_;
    request_.body = std::move(message.body());
    HttpResponse response;
    try {
      server_.handler(request_, response);
    } catch (const std::exception&) {
      server_.metrics.Count(ServerEvent::kHandlerFailed);
      response = HttpResponse();
      response.status = 500;
      response.body = StatusJson(500, "InternalError", "the review could not be handled");
    }
    if (request_.body.capacity() > kKeptBufferBytes) request_.body = std::string();
    Write(response, message.keep_alive());
  }

  void Write(const HttpResponse& response, bool keep_alive) {
    // Time spent by the handler is not the peer's.
    Set(Step::kAnswer, server_.options.response_ms);
    ReleaseBody();
    server_.metrics.CountResponse(response.status);
    keep_alive = keep_alive && !server_.stopping.load();
    const bool head = parser_ && parser_->get().method() == http::verb::head;
    const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
    out_.clear();
    fmt::format_to(std::back_inserter(out_),
                   "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
                   "Cache-Control: no-store\r\n",
                   response.status, View(reason), response.content_type, response.body.size());
    if (!response.allow.empty()) out_ += fmt::format("Allow: {}\r\n", response.allow);
    if (response.status == 503) out_ += "Retry-After: 1\r\n";
    if (!keep_alive) out_ += "Connection: close\r\n";
    out_ += "\r\n";
    if (!head) out_ += response.body;
    asio::async_write(stream_, asio::buffer(out_),
                      [self = shared_from_this(), keep_alive](error_code error, size_t) {
                        if (error) return;
                        if (self->out_.capacity() > kKeptBufferBytes) self->out_ = std::string();
                        if (keep_alive) return self->WaitForRequest();
                        if (self->lingers_) return self->Linger();
                        self->CloseOrderly();
                      });
  }

  // A peer that is still sending would have its answer destroyed by the reset that an early close
  // causes. So what it sends is read and dropped for a while.
  void Linger() {
    if (step_ != Step::kClosing) Set(Step::kClosing, server_.options.linger_ms);
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kReadBufferBytes),
                            [self = shared_from_this()](error_code error, size_t size) {
                              self->lingered_bytes_ += static_cast<int64_t>(size);
                              if (error || self->lingered_bytes_ > kLingerBytesMax) return;
                              self->Linger();
                            });
  }

  void CloseOrderly() {
    Set(Step::kClosing, std::min(server_.options.linger_ms, kGoodbyeMilliseconds));
    stream_.async_shutdown([self = shared_from_this()](error_code) { self->Close(); });
  }

  void Close() {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

  void ReleaseBody() {
    server_.body_bytes.fetch_sub(promised_bytes_);
    promised_bytes_ = 0;
  }

  // io::kSourcePaddingBytes, which this module's reader of reviews appends.
  static constexpr size_t kPaddingBytes = 64;

  HttpServer::Impl& server_;
  std::shared_ptr<asio::ssl::context> tls_;  // that of the handshake, whatever is served since
  asio::ssl::stream<Socket> stream_;
  flat_buffer buffer_;
  std::optional<Parser> parser_;
  HttpRequest request_;
  std::string out_;
  Step step_ = Step::kHandshake;
  std::atomic<int64_t> deadline_ms_{kNever};
  int64_t promised_bytes_ = 0;
  int64_t lingered_bytes_ = 0;
  bool verified_ = false;
  bool late_ = false;
  bool lingers_ = false;
};

Status HttpServer::Impl::Listen() {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(options.address, error);
  const auto refuse = [&](std::string_view what) {
    const std::string place = address.is_v6()
                                  ? fmt::format("[{}]:{}", options.address, options.port)
                                  : fmt::format("{}:{}", options.address, options.port);
    return Fail(error == asio::error::access_denied ? ErrorCode::kDenied : ErrorCode::kIo,
                fmt::format("{}: {}", what, error.message()), place);
  };
  if (error) return refuse("is no address");
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (error) return refuse("cannot be listened on");
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (address.is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  acceptor.bind(endpoint, error);
  if (error) return refuse("cannot be listened on");
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return refuse("cannot be listened on");
  port = acceptor.local_endpoint(error).port();
  return {};
}

void HttpServer::Impl::Accept() {
  asio::io_context& chosen = *contexts[next_context++ % contexts.size()];
  acceptor.async_accept(asio::make_strand(chosen), [this](error_code error, Socket socket) {
    if (stopping.load()) return;
    if (error == asio::error::operation_aborted) return;
    if (error) {
      // Most likely there are no more file descriptors; trying at once would only burn time.
      auto pause =
          std::make_shared<asio::basic_waitable_timer<Clock>>(*contexts.front(), kAcceptPause);
      pause->async_wait(
          [this, pause](error_code) { asio::post(acceptor.get_executor(), [this] { Accept(); }); });
      return;
    }
    if (metrics.open_connections.load() >= options.connection_count_max) {
      metrics.Count(ServerEvent::kConnectionRefused);
    } else {
      metrics.Count(ServerEvent::kConnection);
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      auto connection = std::make_shared<Connection>(*this, std::move(socket), Tls());
      Add(connection);
      asio::dispatch(connection->executor(), [connection] { connection->Begin(); });
    }
    Accept();
  });
}

void HttpServer::Impl::Sweep() {
  sweeper.expires_after(kSweep);
  sweeper.async_wait([this](error_code error) {
    if (error) return;
    const int64_t now = NowMilliseconds();
    for (const auto& connection : Open()) connection->EndIfLate(now);
    Sweep();
  });
}

std::shared_ptr<asio::ssl::context> HttpServer::Impl::Tls() {
  const std::lock_guard lock(mutex);
  return tls;
}

void HttpServer::Impl::Add(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex);
  connections.emplace(connection.get(), connection);
  metrics.open_connections.fetch_add(1);
}

void HttpServer::Impl::Remove(Connection* connection) {
  const std::lock_guard lock(mutex);
  if (connections.erase(connection) > 0) metrics.open_connections.fetch_sub(1);
  if (connections.empty()) emptied.notify_all();
}

std::vector<std::shared_ptr<Connection>> HttpServer::Impl::Open() {
  const std::lock_guard lock(mutex);
  std::vector<std::shared_ptr<Connection>> open;
  open.reserve(connections.size());
  for (const auto& [key, weak] : connections) {
    if (auto connection = weak.lock()) open.push_back(std::move(connection));
  }
  return open;
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  Stop(std::chrono::milliseconds(0));
}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpOptions& options,
                                                      const TlsContext& tls, HttpHandler handler,
                                                      Metrics& metrics) {
  try {
    auto impl = std::make_unique<Impl>(options, std::move(handler), metrics);
    OURO_TRY_STATUS(impl->Listen());
    std::unique_ptr<HttpServer> server(new HttpServer(std::move(impl)));
    server->SetTls(tls);
    server->impl_->Accept();
    server->impl_->Sweep();
    for (const auto& context : server->impl_->contexts) {
      server->impl_->threads.emplace_back([it = server->impl_.get(), run = context.get()] {
        const auto work = asio::make_work_guard(*run);
        while (true) {
          try {
            run->run();
            return;
          } catch (const std::exception&) {
            // The connection whose handler this was ends; the others go on.
            it->metrics.Count(ServerEvent::kHandlerFailed);
          }
        }
      });
    }
    return server;
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kIo, fmt::format("the server cannot start: {}", error.what()));
  }
}

uint16_t HttpServer::port() const {
  return impl_->port;
}

void HttpServer::SetTls(const TlsContext& tls) {
  SSL_CTX* shared = tls.context.get();
  SSL_CTX_up_ref(shared);
  auto made = std::make_shared<asio::ssl::context>(shared);
  const std::lock_guard lock(impl_->mutex);
  impl_->tls = std::move(made);
}

bool HttpServer::Stop(std::chrono::milliseconds grace, const std::function<bool()>& hurry) {
  if (impl_->threads.empty()) return true;
  impl_->stopping.store(true);
  asio::post(impl_->acceptor.get_executor(), [it = impl_.get()] {
    error_code ignored;
    it->acceptor.close(ignored);
  });
  for (const auto& connection : impl_->Open()) connection->EndIfIdle();
  const auto until = Clock::now() + grace;
  const auto empty = [&] {
    std::unique_lock lock(impl_->mutex);
    return impl_->emptied.wait_until(lock, std::min(until, Clock::now() + kSweep),
                                     [&] { return impl_->connections.empty(); });
  };
  bool all = empty();
  while (!all && Clock::now() < until && !(hurry && hurry())) all = empty();
  for (const auto& context : impl_->contexts) context->stop();
  impl_->threads.clear();
  return all;
}

}  // namespace ouro::serve
