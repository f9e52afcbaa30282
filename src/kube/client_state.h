// The inside of Client: one loop that carries any number of calls, each with its retries. Private
// to kube.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/http_client.h"
#include "kube/client.h"
#include "kube/credentials.h"

namespace ouro::kube {

// One request to the API server with all that may be done to get an answer.
struct Call {
  std::string method = "GET";
  std::string path;  // and query
  std::string accept = "application/json";
  std::string content_type;
  std::string body;
  std::string buffer;  // memory for the answer
  int timeout_ms = 0;  // whole exchange; 0: none but the idle time-out
  int idle_timeout_ms = 60'000;
  bool retries = true;  // false: the caller tries again itself (watches)
  bool reads = true;    // changes nothing on the server: any 5xx may be tried again
  std::function<Status(std::string_view)> on_data;
  std::function<void()> on_head;
  // Any response the server gave in the end (200…599), or why there is none.
  std::function<void(Result<io::HttpResponse>)> done;
};

struct Client::State {
  State(ClientConfig given, ClientOptions chosen);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  using CallId = uint64_t;
  CallId Start(Call call);
  void Cancel(CallId id);
  // Moves everything on once: starts what is due, waits up to `wait_ms`, calls back.
  void Pump(int wait_ms);
  // Runs `work` after that pause (for watches that open again).
  void After(int64_t pause_ms, std::function<void()> work);
  bool Stopped() const { return options.stop != nullptr && options.stop->load(); }

  // A call from start to end.
  Result<io::HttpResponse> Run(Call call);
  // The same, for callers who want a success only: other answers become their Error.
  Result<io::HttpResponse> RunToSuccess(Call call);
  // Adds what is known about a 401.
  Error Explain(const io::HttpResponse& response, std::string_view method,
                std::string_view path) const;

  // Growing pauses with jitter: 0.2 s, 0.4 s … at most 10 s, each between half and the whole of it.
  int64_t BackOffMs(int attempt) const;

  ClientConfig config;
  ClientOptions options;
  std::unique_ptr<io::HttpClient> http;
  Credentials credentials;
  ClientCounts counts;
  std::optional<int64_t> skew_seconds;

 private:
  struct Pending {
    Call call;
    int attempts = 0;
    bool refreshed = false;
    uint64_t generation = 0;  // of the credential that was sent
    io::HttpClient::Id request = 0;
  };
  void Send(CallId id);
  void OnAnswer(CallId id, io::HttpResult result);
  void OnFailure(CallId id, Pending& pending, const io::HttpFailure& failure);
  // True when the response is not the last word and another attempt is under way.
  bool TryAgain(CallId id, Pending& pending, const io::HttpResponse& response);
  void Finish(CallId id, Result<io::HttpResponse> result);
  void NoteDate(const io::HttpResponse& response);
  std::string PlaceOf(const Call& call) const;
  Result<io::HttpRequest> RequestOf(Pending& pending);
  void RunTimers();
  void EndAll();

  std::map<CallId, Pending> calls_;
  std::multimap<int64_t, std::function<void()>> timers_;  // by due time
  CallId last_id_ = 0;
  bool compress_ = true;
};

}  // namespace ouro::kube
