// Lists in pages, several at a time.

#include <algorithm>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "kube/api_status.h"
#include "kube/client_state.h"
#include "kube/json_cursor.h"
#include "kube/list_page.h"

namespace ouro::kube {
namespace {

constexpr int kWaitMs = 100;

void AppendParameter(std::string& path, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  path += path.find('?') == std::string::npos ? '?' : '&';
  path += name;
  path += '=';
  path += EscapeUrl(value);
}

}  // namespace

Result<ListHead> ReadListHead(std::string_view page) {
  const std::string_view text = TrimSpace(page);
  if (!text.starts_with('{') || !text.ends_with('}')) {
    return Fail(ErrorCode::kParse, "the answer is no complete JSON object");
  }
  JsonCursor cursor(text);
  while (cursor.Next()) {
    if (cursor.key() != "metadata") continue;
    ListHead head;
    JsonCursor metadata(cursor.value());
    while (metadata.Next()) {
      if (metadata.key() == "resourceVersion") {
        head.resource_version = JsonText(metadata.value()).value_or("");
      } else if (metadata.key() == "continue") {
        head.continue_token = JsonText(metadata.value()).value_or("");
      }
    }
    if (metadata.ok()) return head;
    break;
  }
  return Fail(ErrorCode::kParse, cursor.ok() ? "the answer is no List: it has no metadata"
                                             : "the answer is broken JSON");
}

// The lists of one ListMany. Answers wait in `ready_`, so that handlers run in Run() alone.
class ListRun {
 public:
  ListRun(Client::State& state, std::span<const ListJob> jobs, const ListHandler& handler)
      : state_(state), jobs_(jobs), handler_(handler), progress_(jobs.size()) {}

  void Run(int parallel) {
    while (ended_ < jobs_.size()) {
      while (active_ < std::max(parallel, 1) && next_ < jobs_.size()) {
        ++active_;
        progress_[next_].page_size = std::max(jobs_[next_].options.page_size, 1);
        StartPage(next_++);
      }
      if (ready_.empty()) state_.Pump(kWaitMs);
      while (!ready_.empty()) {
        auto [job, answer] = std::move(ready_.front());
        ready_.pop_front();
        Take(job, std::move(answer));
      }
    }
  }

 private:
  struct Progress {
    ListEnd end;
    std::string continue_token;
    std::string buffer;
    int page_size = 0;
    int expired = 0;  // 410 in a row
    int restarts = 0;
  };

  std::string PathOf(size_t job) const {
    const ListOptions& options = jobs_[job].options;
    const Progress& progress = progress_[job];
    std::string path = jobs_[job].resource->CollectionPath(options.name_space);
    AppendParameter(path, "labelSelector", options.label_selector);
    AppendParameter(path, "fieldSelector", options.field_selector);
    AppendParameter(path, "limit", std::to_string(progress.page_size));
    AppendParameter(path, "continue", progress.continue_token);
    return path;
  }

  void StartPage(size_t job) {
    Call call;
    call.path = PathOf(job);
    call.buffer = std::move(progress_[job].buffer);
    call.done = [this, job](Result<io::HttpResponse> answer) {
      ready_.emplace_back(job, std::move(answer));
    };
    state_.Start(std::move(call));
  }

  void End(size_t job, Result<ListEnd> end) {
    --active_;
    ++ended_;
    progress_[job].buffer = std::string();
    if (handler_.end) handler_.end(job, std::move(end));
  }

  void Fails(size_t job, ErrorCode code, std::string message) {
    const std::string path = PathOf(job);
    End(job, Fail(code, std::move(message),
                  fmt::format("GET {}{}", state_.config.server, path.substr(0, path.find('?')))));
  }

  void Take(size_t job, Result<io::HttpResponse> answer) {
    Progress& progress = progress_[job];
    if (!answer && answer.error().code == ErrorCode::kLimit && progress.page_size > 1) {
      progress.page_size = std::max(progress.page_size / 8, 1);  // huge objects: smaller pages
      return StartPage(job);
    }
    if (!answer) return End(job, tl::unexpected<Error>(answer.error()));
    if (answer->status == 410) return TakeExpired(job, *answer);
    if (answer->status < 200 || answer->status >= 300) {
      return End(job, tl::unexpected<Error>(state_.Explain(*answer, "GET", PathOf(job))));
    }
    TakePage(job, std::move(answer->body));
  }

  // The server has dropped the state that the list's first page was read from.
  void TakeExpired(size_t job, const io::HttpResponse& answer) {
    Progress& progress = progress_[job];
    if (handler_.restart && progress.restarts < limits::kListRestartCount) {
      handler_.restart(job);
      const int restarts = progress.restarts + 1;
      const int page_size = progress.page_size;
      progress = Progress();
      progress.restarts = restarts;
      progress.page_size = page_size;
      return StartPage(job);
    }
    const ApiStatus status = ReadApiStatus(answer.body);
    if (handler_.restart || status.continue_token.empty() ||
        ++progress.expired > limits::kListRestartCount) {
      return Fails(job, ErrorCode::kRemote,
                   "the list expired on the server before it was read (410); try again, or use "
                   "smaller pages: " +
                       status.message);
    }
    progress.continue_token = status.continue_token;
    progress.end.inconsistent = true;
    StartPage(job);
  }

  void TakePage(size_t job, std::string page) {
    Progress& progress = progress_[job];
    Result<ListHead> head = ReadListHead(page);
    if (!head) return Fails(job, head.error().code, head.error().message);
    progress.expired = 0;
    ++progress.end.pages;
    progress.end.resource_version = head->resource_version;
    if (Status taken = handler_.page(job, page); !taken) {
      return End(job, tl::unexpected<Error>(taken.error()));
    }
    progress.buffer = std::move(page);
    if (head->continue_token.empty()) return End(job, progress.end);
    if (head->continue_token == progress.continue_token) {
      return Fails(job, ErrorCode::kParse, "the server sends the same page again and again");
    }
    if (progress.end.pages >= limits::kApiListPartCount) {
      return Fails(job, ErrorCode::kLimit,
                   fmt::format("the list has more than {} pages", limits::kApiListPartCount));
    }
    progress.continue_token = std::move(head->continue_token);
    StartPage(job);
  }

  Client::State& state_;
  std::span<const ListJob> jobs_;
  const ListHandler& handler_;
  std::vector<Progress> progress_;
  std::deque<std::pair<size_t, Result<io::HttpResponse>>> ready_;
  size_t next_ = 0;
  size_t ended_ = 0;
  int active_ = 0;
};

void Client::ListMany(std::span<const ListJob> jobs, int parallel, const ListHandler& handler) {
  ListRun(*state_, jobs, handler).Run(parallel);
}

Result<ListEnd> Client::List(const ApiResource& resource, const ListOptions& options,
                             const PageHandler& handler) {
  const ListJob job = {&resource, options};
  Result<ListEnd> result = ListEnd();
  ListHandler forward;
  forward.page = [&](size_t, std::string& page) { return handler(page); };
  forward.end = [&](size_t, Result<ListEnd> end) { result = std::move(end); };
  ListMany(std::span<const ListJob>(&job, 1), 1, forward);
  return result;
}

}  // namespace ouro::kube
