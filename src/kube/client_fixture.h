// A client of a stub server, with a clock that runs only where the client sleeps. Included by tests
// only.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "io/http_client_stub.h"
#include "kube/client.h"

namespace ouro::kube {

using io::StubAnswer;
using io::StubRequest;
using io::StubServer;

// The client's clock: real time passes while the network is waited for; pauses pass at once.
struct ClientFixture {
  explicit ClientFixture(const std::string& url, ClientConfig config = {}) {
    config.server = url;
    ClientOptions options;
    options.user_agent = "ouro/test";
    options.response_size_max_bytes = 1 << 20;
    options.stop = &stop;
    options.surroundings.now = [] { return UnixSeconds{1'000'000}; };
    options.surroundings.monotonic_ms = [this] {
      return slept_ms + std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::steady_clock::now().time_since_epoch())
                            .count();
    };
    options.surroundings.sleep_ms = [this](int64_t ms) { slept_ms += ms; };
    options.surroundings.random = [] { return uint64_t{0}; };
    options.surroundings.terminal = [] { return false; };
    Result<std::unique_ptr<Client>> made = Client::Create(std::move(config), std::move(options));
    OURO_CHECK(made.has_value());
    client = std::move(*made);
  }

  std::atomic<bool> stop = false;
  int64_t slept_ms = 0;
  std::unique_ptr<Client> client;
};

inline ApiResource PodResource() {
  return ApiResource{"", "v1", "Pod", "pods", true, true, {"get", "list", "watch"}};
}

inline StubAnswer JsonAnswer(std::string body, int status = 200) {
  StubAnswer answer;
  answer.status = status;
  answer.headers = {"Content-Type: application/json"};
  answer.body = std::move(body);
  return answer;
}

inline StubAnswer StatusAnswer(int code, const std::string& reason, const std::string& message,
                               const std::string& metadata = "{}") {
  return JsonAnswer(fmt::format(R"({{"kind":"Status","apiVersion":"v1","metadata":{},)"
                                R"("status":"Failure","message":"{}","reason":"{}","code":{}}})",
                                metadata, message, reason, code),
                    code);
}

}  // namespace ouro::kube
