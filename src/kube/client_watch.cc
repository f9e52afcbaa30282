// Watches: lines of JSON that the server sends as things change. Each watch is opened again where
// it was when its time is over or its connection breaks.

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "kube/api_status.h"
#include "kube/client_state.h"
#include "kube/watch_event.h"

namespace ouro::kube {
namespace {

constexpr int kWaitMs = 100;
// client-go asks for 5 to 10 minutes, at random, so that clients do not come back together.
constexpr uint64_t kWatchSeconds = 300;
constexpr int kHeadMs = 30'000;    // the server must begin to answer within that time
constexpr int kSettledMs = 5'000;  // a watch that lasted this long worked
// An API server takes 100 streams a connection; see OpenDue().
constexpr int kOpeningCount = 8;
// A server that has just started may refuse what it will allow: its authorizer is still reading.
constexpr int kRefusalCount = 5;

void AppendParameter(std::string& path, std::string_view name, std::string_view value) {
  if (!value.empty()) path += fmt::format("&{}={}", name, EscapeUrl(value));
}

}  // namespace

// The watches of one WatchMany. The network only fills buffers; lines and ends are dealt with in
// Run(), so that handlers never run inside one another.
class WatchRun {
 public:
  WatchRun(Client::State& state, std::span<const WatchJob> jobs, const WatchHandler& handler)
      : state_(state), jobs_(jobs), handler_(handler), watches_(jobs.size()) {}
  WatchRun(const WatchRun&) = delete;
  WatchRun& operator=(const WatchRun&) = delete;
  ~WatchRun() {
    for (Watch& watch : watches_) state_.Cancel(watch.call);
  }

  void Run() {
    for (size_t job = 0; job < jobs_.size(); ++job) {
      watches_[job].resource_version = jobs_[job].options.resource_version;
      watches_[job].due = true;
    }
    while (open_count_ > 0) {
      if (state_.Stopped()) {
        for (size_t job = 0; job < jobs_.size(); ++job) Close(job, WatchEnd::Reason::kStopped, {});
        return;
      }
      OpenDue();
      state_.Pump(kWaitMs);
      for (size_t job = 0; job < jobs_.size(); ++job) Serve(job);
    }
  }

 private:
  struct Watch {
    std::string resource_version;
    std::string buffer;  // received, not yet looked at
    size_t scanned = 0;  // of `buffer`: no line end before
    Client::State::CallId call = 0;
    std::unique_ptr<Result<io::HttpResponse>> result;  // the exchange is over
    bool due = false;                                  // to be opened
    bool head_come = false;                            // to be told
    bool connected = false;                            // of this exchange
    bool ever_connected = false;
    bool initial_sent = false;
    bool outage = false;
    bool closed = false;
    int attempts = 0;  // since it last worked
    int64_t opened_ms = 0;
  };

  int64_t NowMs() const { return state_.options.surroundings.monotonic_ms(); }

  std::string PathOf(size_t job) const {
    const WatchOptions& options = jobs_[job].options;
    const Watch& watch = watches_[job];
    std::string path = jobs_[job].resource->CollectionPath(options.name_space);
    path += "?watch=true&allowWatchBookmarks=true";
    AppendParameter(path, "labelSelector", options.label_selector);
    AppendParameter(path, "fieldSelector", options.field_selector);
    if (options.send_initial_events && !watch.initial_sent) {
      path += "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    } else {
      AppendParameter(path, "resourceVersion", watch.resource_version);
    }
    return path;
  }

  // A few at a time: those that begin while a connection is full would each open one of their own.
  void OpenDue() {
    int opening = 0;
    for (const Watch& watch : watches_) opening += watch.call != 0 && !watch.connected ? 1 : 0;
    for (size_t job = 0; job < watches_.size() && opening < kOpeningCount; ++job) {
      if (!watches_[job].due || watches_[job].closed) continue;
      Open(job);
      ++opening;
    }
  }

  void Open(size_t job) {
    Watch& watch = watches_[job];
    watch.due = false;
    const uint64_t seconds = kWatchSeconds + state_.options.surroundings.random() % kWatchSeconds;
    watch.buffer.clear();
    watch.scanned = 0;
    watch.result.reset();
    watch.head_come = watch.connected = false;
    watch.opened_ms = NowMs();
    Call call;
    call.path = PathOf(job) + fmt::format("&timeoutSeconds={}", seconds);
    call.timeout_ms = static_cast<int>((seconds + 30) * 1000);
    call.idle_timeout_ms = 0;  // nothing may change for long; TCP notices a peer that is gone
    call.retries = false;
    call.on_head = [&watch] { watch.head_come = true; };
    call.on_data = [&watch](std::string_view piece) -> Status {
      if (static_cast<int64_t>(watch.buffer.size() + piece.size()) > limits::kHttpBacklogBytes) {
        return Fail(ErrorCode::kLimit,
                    fmt::format("more than {} bytes of events wait", limits::kHttpBacklogBytes));
      }
      watch.buffer.append(piece);
      return {};
    };
    call.done = [&watch](Result<io::HttpResponse> answer) {
      watch.call = 0;
      watch.result = std::make_unique<Result<io::HttpResponse>>(std::move(answer));
    };
    watch.call = state_.Start(std::move(call));
  }

  void OpenAfter(size_t job, int64_t pause_ms) {
    watches_[job].result.reset();
    state_.After(pause_ms, [this, job, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) watches_[job].due = true;
    });
  }

  void Close(size_t job, WatchEnd::Reason reason, Error error) {
    Watch& watch = watches_[job];
    if (watch.closed) return;
    state_.Cancel(watch.call);
    watch.call = 0;
    watch.result.reset();
    const WatchEnd end = {reason, watch.resource_version, std::move(error)};
    std::optional<std::string> next;
    if (handler_.end) next = handler_.end(job, end);
    if (!next || reason == WatchEnd::Reason::kStopped) {
      watch.closed = true;
      watch.buffer = std::string();
      --open_count_;
      return;
    }
    watch.resource_version = std::move(*next);
    watch.initial_sent = false;
    // Ends that follow each other without an event in between wait longer and longer.
    OpenAfter(job, watch.attempts++ == 0 ? 0 : state_.BackOffMs(watch.attempts));
  }

  void Trouble(size_t job, const Error& error, int64_t pause_ms) {
    Watch& watch = watches_[job];
    state_.Cancel(watch.call);
    watch.call = 0;
    if (!watch.outage && handler_.trouble) handler_.trouble(job, error);
    watch.outage = true;
    OpenAfter(job, std::max(pause_ms, state_.BackOffMs(watch.attempts++)));
  }

  void Serve(size_t job) {
    Watch& watch = watches_[job];
    if (watch.closed) return;
    if (watch.head_come) {
      watch.head_come = false;
      watch.connected = true;
      const bool news = watch.outage || !watch.ever_connected;
      watch.ever_connected = true;
      watch.outage = false;
      if (news && handler_.connected) handler_.connected(job);
    }
    if (!ServeLines(job)) return;
    if (watch.result) return ServeEnd(job);
    if (watch.call != 0 && !watch.connected && NowMs() - watch.opened_ms > kHeadMs) {
      Trouble(job, Error{ErrorCode::kTimeout, "the server does not begin to answer", Place(job)},
              0);
    }
  }

  std::string Place(size_t job) const {
    const std::string path = PathOf(job);
    return fmt::format("GET {}{}", state_.config.server, path.substr(0, path.find('?')));
  }

  // False when the watch was closed or is to be opened again.
  bool ServeLines(size_t job) {
    Watch& watch = watches_[job];
    // Handlers may call the client, and then `buffer` grows: lines are taken from a copy of it.
    const size_t last = watch.buffer.rfind('\n');
    if (last == std::string::npos || last < watch.scanned) {
      watch.scanned = watch.buffer.size();
      if (static_cast<int64_t>(watch.buffer.size()) <= limits::kWatchEventSizeBytes) return true;
      Close(job, WatchEnd::Reason::kFailed,
            Error{ErrorCode::kLimit,
                  fmt::format("an event is larger than {} bytes", limits::kWatchEventSizeBytes),
                  Place(job)});
      return false;
    }
    const std::string lines = watch.buffer.substr(0, last + 1);
    watch.buffer.erase(0, last + 1);
    watch.scanned = 0;
    for (size_t at = 0; at < lines.size();) {
      const size_t end = lines.find('\n', at);
      const std::string_view line = TrimSpace(std::string_view(lines).substr(at, end - at));
      at = end + 1;
      if (!line.empty() && !ServeLine(job, line)) return false;
    }
    return true;
  }

  bool ServeLine(size_t job, std::string_view line) {
    Watch& watch = watches_[job];
    Result<ParsedWatchLine> parsed = ParseWatchLine(line);
    if (!parsed) {
      Trouble(job, WithContext(parsed.error(), Place(job)), 0);
      return false;
    }
    if (parsed->is_error) {
      ServeErrorEvent(job, parsed->status);
      return false;
    }
    const WatchEvent& event = parsed->event;
    if (!event.resource_version.empty()) watch.resource_version = event.resource_version;
    watch.attempts = 0;
    if (event.initial_events_end) watch.initial_sent = true;
    if (Status taken = handler_.event(job, event); !taken) {
      Close(job, WatchEnd::Reason::kFailed, taken.error());
      return false;
    }
    return true;
  }

  void ServeErrorEvent(size_t job, const ApiStatus& status) {
    Error error = {ErrorCode::kRemote, "the server ends the watch: " + status.message, Place(job)};
    if (status.code == 410 || status.reason == "Expired" || status.reason == "Gone") {
      return Close(job, WatchEnd::Reason::kExpired, std::move(error));
    }
    Trouble(job, error, int64_t{status.retry_after_seconds} * 1000);
  }

  void ServeEnd(size_t job) {
    Watch& watch = watches_[job];
    const Result<io::HttpResponse> result = std::move(*watch.result);
    watch.result.reset();
    if (!result) return ServeFailure(job, result.error());
    if (result->status == 200) {
      // Its time was over, or the server goes down in good order.
      const bool lasted = NowMs() - watch.opened_ms >= kSettledMs;
      if (lasted) watch.attempts = 0;
      return OpenAfter(job, lasted ? 0 : state_.BackOffMs(watch.attempts++));
    }
    Error error = state_.Explain(*result, "GET", PathOf(job));
    if (result->status == 410) return Close(job, WatchEnd::Reason::kExpired, std::move(error));
    const std::optional<int64_t> asked =
        RetryAfterSeconds(*result, state_.options.surroundings.now());
    const bool passing = result->status == 429 || result->status >= 500;
    const bool refused = result->status == 401 || result->status == 403;
    const bool settling = refused && watch.ever_connected && watch.attempts < kRefusalCount;
    if (!passing && !settling) return Close(job, WatchEnd::Reason::kFailed, std::move(error));
    Trouble(job, error, std::min<int64_t>(asked.value_or(0), limits::kRetryAfterSeconds) * 1000);
  }

  void ServeFailure(size_t job, const Error& error) {
    if (state_.Stopped()) return;  // Run() ends them all
    const bool passing = error.code == ErrorCode::kIo || error.code == ErrorCode::kTimeout ||
                         error.code == ErrorCode::kRemote;
    if (!passing) return Close(job, WatchEnd::Reason::kFailed, error);
    Trouble(job, error, 0);
  }

  Client::State& state_;
  std::span<const WatchJob> jobs_;
  const WatchHandler& handler_;
  std::vector<Watch> watches_;  // never grows: calls point into it
  size_t open_count_ = jobs_.size();
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

void Client::WatchMany(std::span<const WatchJob> jobs, const WatchHandler& handler) {
  WatchRun(*state_, jobs, handler).Run();
}

WatchEnd Client::Watch(const ApiResource& resource, const WatchOptions& options,
                       const std::function<Status(const WatchEvent&)>& event) {
  const WatchJob job = {&resource, options};
  WatchEnd result;
  WatchHandler handler;
  handler.event = [&](size_t, const WatchEvent& one) { return event(one); };
  handler.end = [&](size_t, const WatchEnd& end) -> std::optional<std::string> {
    result = end;
    return std::nullopt;
  };
  WatchMany(std::span<const WatchJob>(&job, 1), handler);
  return result;
}

}  // namespace ouro::kube
