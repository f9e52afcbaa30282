#include "serve/service.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "serve/admission.h"
#include "serve/metrics.h"

namespace ouro::serve {
namespace {

using std::chrono::milliseconds;
using SystemClock = std::chrono::system_clock;

constexpr milliseconds kWatch{500};  // how often files are looked at
constexpr UnixSeconds kDaySeconds = 86'400;
constexpr int64_t kTimeoutSecondsMax = 30;  // admissionregistration.k8s.io/v1, timeoutSeconds
constexpr std::string_view kJson = "application/json";

UnixSeconds Now() {
  return std::chrono::duration_cast<std::chrono::seconds>(SystemClock::now().time_since_epoch())
      .count();
}

std::string_view PathOf(std::string_view target) {
  return target.substr(0, target.find('?'));
}

// What requests share. The rules are swapped by the thread that reloads.
class Reviewer {
 public:
  Reviewer(bool wants_client, Metrics& metrics, Log& log)
      : wants_client_(wants_client), metrics_(metrics), log_(log) {}

  void SetRules(std::shared_ptr<const AdmissionRules> rules) {
    const std::lock_guard lock(mutex_);
    rules_ = std::move(rules);
    free_.clear();
  }
  // Why the service should not be asked now; empty: it is ready.
  void SetUnready(std::string why) {
    const std::lock_guard lock(mutex_);
    unready_ = std::move(why);
  }

  void Handle(HttpRequest& request, HttpResponse& response);

 private:
  void HandleReview(HttpRequest& request, HttpResponse& response);
  void HandleReady(HttpResponse& response);
  std::unique_ptr<Admission> Take();
  void GiveBack(std::unique_ptr<Admission> admission);

  const bool wants_client_;
  Metrics& metrics_;
  Log& log_;
  std::mutex mutex_;  // guards what follows
  std::shared_ptr<const AdmissionRules> rules_;
  std::vector<std::unique_ptr<Admission>> free_;  // at most one a thread
  std::string unready_;
};

void Refuse(int status, std::string_view reason, std::string_view message, HttpResponse& response) {
  response.status = status;
  response.content_type = kJson;
  response.body = StatusJson(status, reason, message);
}

void Plain(std::string text, HttpResponse& response) {
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
}

void Reviewer::Handle(HttpRequest& request, HttpResponse& response) {
  const std::string_view path = PathOf(request.target);
  if (path == "/validate" || StartsWith(path, "/validate/")) {
    if (request.method == "POST") return HandleReview(request, response);
    response.allow = "POST";
    return Refuse(405, "MethodNotAllowed", "reviews are sent by POST", response);
  }
  const bool known = path == "/healthz" || path == "/readyz" || path == "/metrics";
  if (!known) {
    return Refuse(404, "NotFound", "known are /validate, /healthz, /readyz and /metrics", response);
  }
  if (request.method != "GET" && request.method != "HEAD") {
    response.allow = "GET, HEAD";
    return Refuse(405, "MethodNotAllowed", "this is read by GET", response);
  }
  if (path == "/healthz") return Plain("ok\n", response);
  if (path == "/readyz") return HandleReady(response);
  Plain(metrics_.Text(), response);
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
}

void Reviewer::HandleReady(HttpResponse& response) {
  std::string why;
  {
    const std::lock_guard lock(mutex_);
    why = unready_;
  }
  if (why.empty() && metrics_.certificate_expiry.load() <= Now()) {
    why = "the serving certificate has expired";
  }
  response.status = why.empty() ? 200 : 503;
  Plain(why.empty() ? "ok\n" : why + "\n", response);
}

std::unique_ptr<Admission> Reviewer::Take() {
  std::shared_ptr<const AdmissionRules> rules;
  const UnixSeconds now = Now();
  {
    const std::lock_guard lock(mutex_);
    rules = rules_;
    if (!free_.empty()) {
      std::unique_ptr<Admission> taken = std::move(free_.back());
      free_.pop_back();
      // Exceptions in the configuration end with a day.
      if (taken->now() / kDaySeconds == now / kDaySeconds) return taken;
    }
  }
  return std::make_unique<Admission>(std::move(rules), now);
}

void Reviewer::GiveBack(std::unique_ptr<Admission> admission) {
  const std::lock_guard lock(mutex_);
  if (admission->rules() == rules_) free_.push_back(std::move(admission));
}

void Reviewer::HandleReview(HttpRequest& request, HttpResponse& response) {
  if (wants_client_ && !request.client_verified) {
    metrics_.Count(ServerEvent::kNoClientCertificate);
    return Refuse(403, "Forbidden",
                  "a client certificate is needed: the API server shows the one of its "
                  "--admission-control-config-file",
                  response);
  }
  if (!request.content_type.empty() && !StartsWith(request.content_type, kJson)) {
    return Refuse(415, "UnsupportedMediaType", "reviews are application/json", response);
  }
  const auto age = [&] { return std::chrono::steady_clock::now() - request.started; };
  std::unique_ptr<Admission> admission = Take();
  Answer answer;
  admission->Run(request.body, age() > TimeBudget(request.target), answer);
  GiveBack(std::move(admission));
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(age());
  metrics_.CountReview(answer, took);
  if (log_.Wants(LogLevel::kDebug)) {
    log_.Write(LogLevel::kDebug, "review",
               {{"uid", answer.uid},
                {"object", answer.subject},
                {"verdict", std::string(VerdictName(answer.verdict))},
                {"allowed", answer.allowed ? "true" : "false"},
                {"microseconds", fmt::format("{}", took.count())}});
  }
  response.status = answer.http_status;
  response.body = std::move(answer.body);
}

// The service as the thread sees it that waits for events.
class Service {
 public:
  Service(const ServiceOptions& options, const RulesLoader& load, const EventWaiter& wait, Log& log)
      : options_(options),
        load_(load),
        wait_(wait),
        log_(log),
        reviewer_(!options.tls.client_ca.empty(), metrics_, log) {}

  Status Run();

 private:
  void TakeRules(std::shared_ptr<const AdmissionRules> rules);
  void TakeTls(const TlsContext& tls);
  void Reload();
  void WatchTls();
  Status End();

  const ServiceOptions& options_;
  const RulesLoader& load_;
  const EventWaiter& wait_;
  Log& log_;
  Metrics metrics_;
  Reviewer reviewer_;
  std::array<FileStamp, 3> served_;  // of the files that were read last, good or broken
  std::array<FileStamp, 3> seen_;    // of the last look
  std::unique_ptr<HttpServer> server_;
};

// Says which checks run, and which were chosen but do not: that is no secret to be found out later.
void Service::TakeRules(std::shared_ptr<const AdmissionRules> rules) {
  const engine::Snapshot& snapshot = *rules->snapshot;
  int64_t left_out = 0;
  for (const model::Problem& problem : snapshot.problems()) {
    log_.Write(LogLevel::kWarning, problem.message);
    ++left_out;
  }
  int64_t judging = 0;
  for (const rules::SelectedCheck& selected : snapshot.rules()->checks()) {
    if (!selected.check->needs_inventory) {
      ++judging;
      continue;
    }
    log_.Write(LogLevel::kWarning,
               "a check is not judged at admission, because it asks about other objects of the "
               "cluster: `ouro cluster` judges it",
               {{"check", selected.check->id}});
    ++left_out;
  }
  metrics_.checks = judging;
  metrics_.checks_left_out = left_out;
  const engine::Config& config = snapshot.config();
  log_.Write(LogLevel::kInfo, "checks ready",
             {{"count", fmt::format("{}", judging)},
              {"policy", config.policy.origin},
              {"config", config.file}});
  reviewer_.SetRules(std::move(rules));
}

void Service::TakeTls(const TlsContext& tls) {
  metrics_.certificate_expiry = tls.not_after;
  const UnixSeconds now = Now();
  const std::string end = FormatRfc3339(tls.not_after);
  if (tls.not_after <= now) {
    log_.Write(LogLevel::kError, "the serving certificate has expired", {{"not_after", end}});
  } else if (tls.not_before > now) {
    log_.Write(LogLevel::kError, "the serving certificate is not valid yet",
               {{"not_before", FormatRfc3339(tls.not_before)}});
  } else {
    log_.Write(LogLevel::kInfo, "certificate ready", {{"not_after", end}});
  }
}

void Service::Reload() {
  auto rules = load_();
  if (!rules) {
    metrics_.Count(ServerEvent::kConfigRefused);
    log_.Write(LogLevel::kError, "the new configuration is broken; the old one stays",
               {{"why", rules.error().ToString()}});
    return;
  }
  metrics_.Count(ServerEvent::kConfigReloaded);
  TakeRules(std::move(*rules));
}

// Certificate and key are two files, so for a moment they may not go together. Only files that have
// stayed the same from one look to the next are read.
void Service::WatchTls() {
  const auto stamp = StampOf(options_.tls);
  const bool settled = stamp == seen_;
  seen_ = stamp;
  if (!settled || stamp == served_) return;
  served_ = stamp;
  const auto tls = LoadTls(options_.tls);
  if (!tls) {
    metrics_.Count(ServerEvent::kCertificateRefused);
    log_.Write(LogLevel::kError, "the new certificate is broken; the old one stays",
               {{"why", tls.error().ToString()}});
    return;
  }
  metrics_.Count(ServerEvent::kCertificateReloaded);
  server_->SetTls(*tls);
  TakeTls(*tls);
}

// During the delay the service answers as before; a second wish to end cuts both waits short.
Status Service::End() {
  reviewer_.SetUnready("shutting down");
  log_.Write(LogLevel::kInfo, "shutting down");
  bool hurry = false;
  const auto until = std::chrono::steady_clock::now() + options_.shutdown_delay;
  while (!hurry) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    hurry = wait_(std::min(left, kWatch)) == ServiceEvent::kStop;
  }
  const auto wants_end = [&] { return wait_(milliseconds(0)) == ServiceEvent::kStop; };
  const bool all = server_->Stop(hurry ? milliseconds(0) : options_.grace, wants_end);
  if (all) {
    log_.Write(LogLevel::kInfo, "ended");
  } else {
    log_.Write(LogLevel::kWarning, "ended with requests still open");
  }
  return {};
}

Status Service::Run() {
  metrics_.started = Now();
  OURO_TRY(auto rules, load_());
  served_ = seen_ = StampOf(options_.tls);
  OURO_TRY(const TlsContext tls, LoadTls(options_.tls));
  TakeRules(std::move(rules));
  TakeTls(tls);
  OURO_TRY(server_, HttpServer::Start(
                        options_.http, tls,
                        [this](HttpRequest& request, HttpResponse& response) {
                          reviewer_.Handle(request, response);
                        },
                        metrics_));
  const std::string& address = options_.http.address;
  const bool v6 = address.find(':') != std::string::npos;
  log_.Write(LogLevel::kInfo, "listening",
             {{"address", v6 ? fmt::format("[{}]:{}", address, server_->port())
                             : fmt::format("{}:{}", address, server_->port())},
              {"threads", fmt::format("{}", options_.http.thread_count)}});
  while (true) {
    switch (wait_(kWatch)) {
      case ServiceEvent::kNone:
        break;
      case ServiceEvent::kReload:
        Reload();
        break;
      case ServiceEvent::kStop:
        return End();
    }
    WatchTls();
  }
}

}  // namespace

std::chrono::milliseconds TimeBudget(std::string_view target) {
  int64_t timeout_ms = limits::kWebhookTimeoutMilliseconds;
  const size_t query = target.find('?');
  if (query != std::string_view::npos) {
    for (std::string_view part : SplitText(target.substr(query + 1), '&')) {
      if (!StartsWith(part, "timeout=") || !EndsWith(part, "s")) continue;
      part.remove_prefix(std::string_view("timeout=").size());
      part.remove_suffix(1);
      const auto seconds = ParseInt64(part);
      if (seconds && *seconds >= 1 && *seconds <= kTimeoutSecondsMax) timeout_ms = *seconds * 1000;
    }
  }
  return milliseconds(timeout_ms * 9 / 10);
}

Status Serve(const ServiceOptions& options, const RulesLoader& load, const EventWaiter& wait,
             Log& log) {
  return Service(options, load, wait, log).Run();
}

}  // namespace ouro::serve
