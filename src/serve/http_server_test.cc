#include "serve/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <stdexcept>
#include <thread>

#include <doctest.h>
#include <fmt/format.h>

#include "serve/certificate.h"
#include "serve/service.h"

namespace ouro::serve {
namespace {

using std::chrono::milliseconds;

// A certificate for the tests, made once.
const TlsContext& TestTls() {
  static const TlsContext kTls = [] {
    CertificateRequest request;
    request.names = {"IP:127.0.0.1"};
    request.now = std::chrono::duration_cast<std::chrono::seconds>(
                      std::chrono::system_clock::now().time_since_epoch())
                      .count();
    const auto made = MakeCertificate(request);
    REQUIRE(made);
    std::string folder = std::filesystem::temp_directory_path() / "ouro_http_XXXXXX";
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    std::ofstream(folder + "/crt") << made->certificate;
    std::ofstream(folder + "/key") << made->key;
    const auto loaded = LoadTls({folder + "/crt", folder + "/key", {}});
    std::filesystem::remove_all(folder);
    REQUIRE(loaded);
    return *loaded;
  }();
  return kTls;
}

// One connection that blocks; reads end after ten seconds so that no test hangs.
class Client {
 public:
  explicit Client(uint16_t port, bool handshakes = true)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    std::signal(SIGPIPE, SIG_IGN);
    socket_ = socket(AF_INET, SOCK_STREAM, 0);
    const struct timeval wait = {10, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    struct sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_, reinterpret_cast<const struct sockaddr*>(&to), sizeof to) == 0;
    if (!connected_ || !handshakes) return;
    ssl_ = std::shared_ptr<SSL>(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(ssl_.get(), socket_);
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  void Send(std::string_view text) {
    size_t sent = 0;
    while (sent < text.size()) {
      const int count = SSL_write(ssl_.get(), text.data() + sent,
                                  static_cast<int>(std::min<size_t>(text.size() - sent, 16'000)));
      if (count <= 0) return;
      sent += static_cast<size_t>(count);
    }
  }
  // One answer: header and as much body as it says; what there is when the connection ends.
  std::string Receive() {
    while (true) {
      const size_t end = received_.find("\r\n\r\n");
      if (end != std::string::npos) {
        const size_t at = received_.find("Content-Length: ");
        const size_t size =
            at < end
                ? std::stoul(received_.substr(at + std::string_view("Content-Length: ").size()))
                : 0;
        if (received_.size() >= end + 4 + size) {
          std::string answer = received_.substr(0, end + 4 + size);
          received_.erase(0, answer.size());
          return answer;
        }
      }
      char bytes[4096];
      const int count = SSL_read(ssl_.get(), bytes, sizeof bytes);
      if (count <= 0) return std::move(received_);
      received_.append(bytes, static_cast<size_t>(count));
    }
  }
  // Does the server end the connection?
  bool Ends() {
    char byte = 0;
    return ssl_ ? SSL_read(ssl_.get(), &byte, 1) <= 0 : read(socket_, &byte, 1) <= 0;
  }

 private:
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<SSL> ssl_;
  std::string received_;
  int socket_ = -1;
  bool connected_ = false;
};

std::string Post(std::string_view body, std::string_view fields = "") {
  return fmt::format("POST /validate HTTP/1.1\r\nHost: a\r\n{}Content-Length: {}\r\n\r\n{}", fields,
                     body.size(), body);
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Server {
  explicit Server(HttpOptions options = {}, HttpHandler handler = Echo) {
    options.port = 0;
    options.thread_count = 2;
    options.linger_ms = 100;
    auto started = HttpServer::Start(options, TestTls(), std::move(handler), metrics);
    REQUIRE(started);
    it = std::move(*started);
  }
  static void Echo(HttpRequest& request, HttpResponse& response) {
    response.body = fmt::format("{} {} {}", request.method, request.target, request.body);
  }
  Metrics metrics;
  std::unique_ptr<HttpServer> it;
};

TEST_CASE("requests one after the other on one connection") {
  Server server;
  Client client(server.it->port());
  REQUIRE(client.connected());
  for (int i = 0; i < 3; ++i) {
    client.Send(Post("hello"));
    const std::string answer = client.Receive();
    CHECK(Has(answer, "HTTP/1.1 200 OK\r\n"));
    CHECK(Has(answer, "POST /validate hello"));
    CHECK_FALSE(Has(answer, "Connection: close"));
  }
  client.Send(Post("a") + Post("b"));
  CHECK(Has(client.Receive(), "/validate a"));
  CHECK(Has(client.Receive(), "/validate b"));
  client.Send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(Has(client.Receive(), "GET /x "));
  // The length is that of the answer to GET, the answer itself is not there.
  client.Send("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string head = client.Receive();
  CHECK(Has(head, "Content-Length: 8"));
  CHECK(head.substr(head.size() - 4) == "\r\n\r\n");
  CHECK(server.metrics.count(ServerEvent::kConnection) == 1);
}

TEST_CASE("chunks, and a client that waits for 100 Continue") {
  Server server;
  Client client(server.it->port());
  client.Send(
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CHECK(Has(client.Receive(), "POST /c abcde"));
  client.Send("POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(Has(client.Receive(), "100 Continue"));
  client.Send("ab");
  CHECK(Has(client.Receive(), "POST /e ab"));
}

TEST_CASE("what is too large gets an answer") {
  HttpOptions options;
  options.body_size_max = 100'000;
  options.bodies_in_flight_max = 50'000;
  Server server(options);
  {
    Client client(server.it->port());
    client.Send(Post(std::string(3'000'000, 'x')));
    CHECK(Has(client.Receive(), "HTTP/1.1 413 "));
    CHECK(server.metrics.count(ServerEvent::kTooLarge) == 1);
  }
  {
    Client client(server.it->port());
    client.Send(Post(std::string(60'000, 'x')));
    CHECK(Has(client.Receive(), "HTTP/1.1 503 "));
    CHECK(server.metrics.count(ServerEvent::kOverloaded) == 1);
  }
  {
    Client client(server.it->port());
    client.Send("GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n\r\n");
    CHECK(Has(client.Receive(), "HTTP/1.1 431 "));
  }
  {
    Client client(server.it->port());
    client.Send("no http at all\r\n\r\n");
    CHECK(Has(client.Receive(), "HTTP/1.1 400 "));
    CHECK(client.Ends());
  }
  Client client(server.it->port());
  client.Send(Post(std::string(40'000, 'x')));
  CHECK(Has(client.Receive(), "HTTP/1.1 200 "));
}

TEST_CASE("slow peers are answered or closed") {
  HttpOptions options;
  options.handshake_ms = options.header_ms = options.body_ms = options.idle_ms = 150;
  Server server(options);
  Client mute(server.it->port(), false);
  CHECK(mute.Ends());
  Client idle(server.it->port());
  CHECK(idle.Ends());
  Client header(server.it->port());
  header.Send("POST /validate HT");
  CHECK(Has(header.Receive(), "HTTP/1.1 408 "));
  CHECK(header.Ends());
  Client body(server.it->port());
  body.Send("POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(Has(body.Receive(), "HTTP/1.1 408 "));
  CHECK(server.metrics.count(ServerEvent::kSlowClient) == 2);
  CHECK(server.metrics.count(ServerEvent::kHandshakeFailed) == 1);
}

TEST_CASE("no more connections than allowed") {
  HttpOptions options;
  options.connection_count_max = 1;
  Server server(options);
  Client first(server.it->port());
  REQUIRE(first.connected());
  const Client second(server.it->port());
  CHECK_FALSE(second.connected());
  CHECK(server.metrics.count(ServerEvent::kConnectionRefused) == 1);
  first.Send(Post("a"));
  CHECK(Has(first.Receive(), "/validate a"));
}

TEST_CASE("a handler that throws is an answer") {
  Server server({}, [](HttpRequest&, HttpResponse&) { throw std::runtime_error("x"); });
  Client client(server.it->port());
  client.Send(Post("a"));
  CHECK(Has(client.Receive(), "HTTP/1.1 500 "));
  client.Send(Post("a"));
  CHECK(Has(client.Receive(), "HTTP/1.1 500 "));
  CHECK(server.metrics.count(ServerEvent::kHandlerFailed) == 2);
}

TEST_CASE("the end waits for an open request and closes idle connections") {
  std::promise<void> entered;
  std::promise<void> leave;
  Server server({}, [&](HttpRequest& request, HttpResponse& response) {
    if (request.body == "wait") {
      entered.set_value();
      leave.get_future().wait();
    }
    response.body = "done";
  });
  Client idle(server.it->port());
  idle.Send(Post("a"));
  CHECK(Has(idle.Receive(), "done"));
  Client busy(server.it->port());
  busy.Send(Post("wait"));
  entered.get_future().wait();
  auto stopped =
      std::async(std::launch::async, [&] { return server.it->Stop(milliseconds(5000)); });
  CHECK(idle.Ends());
  leave.set_value();
  const std::string answer = busy.Receive();
  CHECK(Has(answer, "done"));
  CHECK(Has(answer, "Connection: close"));
  CHECK(stopped.get());
  CHECK_FALSE(Client(server.it->port()).connected());
}

TEST_CASE("the end does not wait for ever") {
  Server server;
  Client busy(server.it->port());
  busy.Send("POST /validate HTTP/1.1\r\nContent-Length: 10\r\n\r\n");
  // The header must have been read, or the connection counts as idle.
  busy.Send("x");
  while (server.metrics.open_connections.load() == 0) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds(50));
  CHECK_FALSE(server.it->Stop(milliseconds(100)));
}

TEST_CASE("many connections at a time") {
  Server server;
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        Client client(server.it->port());
        for (int k = 0; k < 50; ++k) {
          const std::string body = fmt::format("{}-{}", i, k);
          client.Send(Post(body));
          if (Has(client.Receive(), "/validate " + body)) ++good;
          if (k % 10 == 0) server.it->SetTls(TestTls());
        }
      });
    }
  }
  CHECK(good == 200);
}

TEST_CASE("addresses that cannot be listened on") {
  Metrics metrics;
  HttpOptions options;
  options.port = 0;
  for (const char* address : {"", "x", "300.0.0.1", "203.0.113.7"}) {
    CAPTURE(address);
    options.address = address;
    CHECK_FALSE(HttpServer::Start(options, TestTls(), Server::Echo, metrics));
  }
}

TEST_CASE("the time for an answer is what the API server says, less a tenth") {
  CHECK(TimeBudget("/validate") == milliseconds(4500));
  CHECK(TimeBudget("/validate?timeout=10s") == milliseconds(9000));
  CHECK(TimeBudget("/validate?a=b&timeout=1s") == milliseconds(900));
  for (const char* target : {"/validate?timeout=", "/validate?timeout=s", "/validate?timeout=-1s",
                             "/validate?timeout=99s", "/validate?timeout=1m"}) {
    CAPTURE(target);
    CHECK(TimeBudget(target) == milliseconds(4500));
  }
}

}  // namespace
}  // namespace ouro::serve
