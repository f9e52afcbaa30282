#include "io/http_client.h"

#include <doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/http_client_stub.h"

namespace ouro::io {
namespace {

std::unique_ptr<HttpClient> MakeClient() {
  Result<std::unique_ptr<HttpClient>> client = HttpClient::Create();
  REQUIRE_MESSAGE(client, (client ? "" : client.error().message));
  return std::move(*client);
}

HttpRequest Get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

TEST_CASE("HttpClient: a request and its answer") {
  const StubServer server([](const StubRequest& request) {
    StubAnswer answer;
    answer.status = 201;
    answer.headers = {"X-Test:  value ", "Warning: 299 - \"old\""};
    answer.body = request.method + " " + request.path + " " + request.headers.at("x-mine") + " " +
                  request.headers.at("x-secret") + " " + request.body;
    return answer;
  });
  const auto client = MakeClient();
  HttpRequest request = Get(server.url() + "/a/b?c=d");
  request.method = "PATCH";
  request.headers = {"X-Mine: 1"};
  request.secret_headers = {Secret("X-Secret: 2")};
  request.body = std::string("bo\0dy", 5);
  const HttpResult result = client->Send(std::move(request));
  REQUIRE(result);
  CHECK(result->status == 201);
  CHECK(result->Header("x-test") == "value");
  CHECK(result->Header("absent").empty());
  CHECK(result->body == std::string("PATCH /a/b 1 2 bo\0dy", 20));
  CHECK(result->body_size_bytes == 20);
  CHECK(client->in_flight() == 0);
}

TEST_CASE("HttpClient: one connection serves many requests") {
  const StubServer server([](const StubRequest&) { return StubAnswer(); });
  const auto client = MakeClient();
  for (int i = 0; i < 20; ++i) REQUIRE(client->Send(Get(server.url())));
  CHECK(server.connection_count() == 1);
}

TEST_CASE("HttpClient: several requests at a time") {
  const StubServer server([](const StubRequest& request) {
    StubAnswer answer;
    answer.body = request.path;
    return answer;
  });
  const auto client = MakeClient();
  std::vector<std::string> bodies;
  for (int i = 0; i < 8; ++i) {
    const auto id = client->Start(Get(server.url() + "/" + std::to_string(i)),
                                  [&](HttpResult result) { bodies.push_back(result->body); });
    REQUIRE(id);
  }
  while (client->in_flight() > 0) client->Step(100);
  std::sort(bodies.begin(), bodies.end());
  CHECK(bodies == std::vector<std::string>{"/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7"});
}

TEST_CASE("HttpClient: gzip is unpacked, and the limit counts unpacked bytes") {
  const std::string text(100'000, 'x');
  const StubServer server([&](const StubRequest& request) {
    CHECK(request.headers.at("accept-encoding") == "gzip");
    StubAnswer answer;
    answer.headers = {"Content-Encoding: gzip"};
    answer.body = StubGzip(text);
    return answer;
  });
  const auto client = MakeClient();
  const HttpResult result = client->Send(Get(server.url()));
  REQUIRE(result);
  CHECK(result->body == text);
  HttpRequest small = Get(server.url());
  small.response_size_max_bytes = 99'999;
  const HttpResult refused = client->Send(std::move(small));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error.code == ErrorCode::kLimit);
}

TEST_CASE("HttpClient: broken gzip is an error") {
  const StubServer server([](const StubRequest&) {
    StubAnswer answer;
    answer.headers = {"Content-Encoding: gzip"};
    answer.body = "no gzip";
    return answer;
  });
  CHECK_FALSE(MakeClient()->Send(Get(server.url())));
}

TEST_CASE("HttpClient: an oversized response ends early") {
  const StubServer server([](const StubRequest&) {
    StubAnswer answer;
    answer.body = std::string(5'000'000, 'x');
    return answer;
  });
  HttpRequest request = Get(server.url() + "/big?token=abc");
  request.response_size_max_bytes = 1000;
  const HttpResult result = MakeClient()->Send(std::move(request));
  REQUIRE_FALSE(result);
  CHECK(result.error().error.code == ErrorCode::kLimit);
  CHECK(result.error().error.where.ends_with("/big"));
}

TEST_CASE("HttpClient: a body that is cut off is no answer") {
  const StubServer server([](const StubRequest& request) {
    StubAnswer answer;
    answer.cut = true;
    answer.body = "0123456789";
    if (request.path == "/chunked") answer.pieces = {"01234", "567"};
    return answer;
  });
  const auto client = MakeClient();
  for (const char* path : {"/plain", "/chunked"}) {
    CAPTURE(path);
    const HttpResult result = client->Send(Get(server.url() + path));
    REQUIRE_FALSE(result);
    CHECK(result.error().error.code == ErrorCode::kIo);
    CHECK(result.error().broken_off);
  }
}

TEST_CASE("HttpClient: nothing listens") {
  int port = 0;
  {
    const StubServer server([](const StubRequest&) { return StubAnswer(); });
    port = server.port();
  }
  const HttpResult result =
      MakeClient()->Send(Get("http://127.0.0.1:" + std::to_string(port) + "/x"));
  REQUIRE_FALSE(result);
  CHECK(result.error().error.code == ErrorCode::kIo);
  CHECK(result.error().never_sent);
}

TEST_CASE("HttpClient: a server that stops sending") {
  const StubServer server([](const StubRequest&) {
    StubAnswer answer;
    answer.pieces = {"begin"};
    answer.stall = true;
    return answer;
  });
  HttpRequest request = Get(server.url());
  request.idle_timeout_ms = 100;
  const int64_t start = NowMs();
  const HttpResult result = MakeClient()->Send(std::move(request));
  REQUIRE_FALSE(result);
  CHECK(result.error().error.code == ErrorCode::kTimeout);
  CHECK(NowMs() - start < 5'000);
}

TEST_CASE("HttpClient: a time-out for the whole exchange") {
  const StubServer server([](const StubRequest&) {
    StubAnswer answer;
    answer.pieces = std::vector<std::string>(1000, "x");
    answer.pause_ms = 10;
    return answer;
  });
  HttpRequest request = Get(server.url());
  request.timeout_ms = 200;
  const HttpResult result = MakeClient()->Send(std::move(request));
  REQUIRE_FALSE(result);
  CHECK(result.error().error.code == ErrorCode::kTimeout);
}

TEST_CASE("HttpClient: pieces as they come, and an error ends the exchange") {
  const StubServer server([](const StubRequest&) {
    StubAnswer answer;
    answer.pieces = {"one ", "two ", "three"};
    answer.pause_ms = 20;
    return answer;
  });
  const auto client = MakeClient();
  std::string text;
  bool head = false;
  HttpRequest request = Get(server.url());
  request.on_head = [&] { head = text.empty(); };
  request.on_data = [&](std::string_view piece) -> Status {
    text += piece;
    return {};
  };
  REQUIRE(client->Send(std::move(request)));
  CHECK(head);
  CHECK(text == "one two three");

  HttpRequest refusing = Get(server.url());
  refusing.on_data = [&](std::string_view) -> Status {
    return Fail(ErrorCode::kInvalid, "enough");
  };
  const HttpResult result = client->Send(std::move(refusing));
  REQUIRE_FALSE(result);
  CHECK(result.error().error.message == "enough");
}

TEST_CASE("HttpClient: a callback may send, cancel itself and others") {
  const StubServer server([](const StubRequest& request) {
    StubAnswer answer;
    answer.body = request.path;
    if (request.path == "/stream") {
      answer.pieces = {"a", "b"};
      answer.pause_ms = 10;
      answer.stall = true;
    }
    return answer;
  });
  const auto client = MakeClient();
  std::string inner;
  HttpClient::Id id = 0;
  HttpRequest request = Get(server.url() + "/stream");
  request.on_data = [&](std::string_view) -> Status {
    inner += client->Send(Get(server.url() + "/inner"))->body;
    client->Cancel(id);
    return {};
  };
  id = client->Start(std::move(request), [](const HttpResult&) { FAIL("it was cancelled"); })
           .value();
  while (client->in_flight() > 0) client->Step(100);
  CHECK(inner == "/inner");
}

TEST_CASE("HttpClient: redirects stay within the server") {
  const StubServer other([](const StubRequest&) { return StubAnswer(); });
  const StubServer server([&](const StubRequest& request) {
    StubAnswer answer;
    answer.status = 302;
    if (request.path == "/inside") {
      answer.headers = {"Location: /end"};
    } else if (request.path == "/outside") {
      answer.headers = {"Location: " + other.url() + "/end"};
    } else if (request.path == "/loop") {
      answer.headers = {"Location: /loop"};
    } else {
      answer.status = 200;
      answer.body = request.headers.at("x-secret");
    }
    return answer;
  });
  const auto client = MakeClient();
  const auto ask = [&](const char* path) {
    HttpRequest request = Get(server.url() + path);
    request.secret_headers = {Secret("X-Secret: s")};
    return client->Send(std::move(request));
  };
  CHECK(ask("/inside")->body == "s");
  CHECK(ask("/outside")->status == 302);
  CHECK(ask("/loop")->status == 302);
  CHECK(other.requests().empty());
}

TEST_CASE("HttpClient: a header with a line end is refused") {
  const auto client = MakeClient();
  HttpRequest request = Get("http://127.0.0.1:1/");
  request.secret_headers = {Secret("Authorization: Bearer a\r\nX: y")};
  const HttpResult result = client->Send(std::move(request));
  REQUIRE_FALSE(result);
  CHECK(result.error().error.code == ErrorCode::kInvalid);
  CHECK(result.error().error.ToString().find("Bearer") == std::string::npos);
}

TEST_CASE("HttpClient: endless headers are refused") {
  const StubServer server([](const StubRequest&) {
    StubAnswer answer;
    for (int i = 0; i < 400; ++i) answer.headers.push_back("X: " + std::string(1000, 'x'));
    return answer;
  });
  const HttpResult result = MakeClient()->Send(Get(server.url()));
  REQUIRE_FALSE(result);
  CHECK(result.error().error.code == ErrorCode::kLimit);
}

TEST_CASE("HttpClient: the memory of a page serves the next one") {
  const StubServer server([](const StubRequest&) {
    StubAnswer answer;
    answer.body = std::string(100'000, 'x');
    return answer;
  });
  const auto client = MakeClient();
  HttpResult first = client->Send(Get(server.url()));
  const char* memory = first->body.data();
  HttpRequest second = Get(server.url());
  second.buffer = std::move(first->body);
  CHECK(client->Send(std::move(second))->body.data() == memory);
}

}  // namespace
}  // namespace ouro::io
