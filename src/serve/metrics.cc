#include "serve/metrics.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/engine.h"
#include "gate/gate.h"

namespace ouro::serve {
namespace {

constexpr std::array<std::string_view, kServerEventCount> kEventNames = {
    "connection",         "connection_refused", "handshake_failed", "slow_client",
    "bad_request",        "too_large",          "overloaded",       "no_client_certificate",
    "handler_failed",     "config_reloaded",    "config_refused",   "certificate_reloaded",
    "certificate_refused"};

// Words of Answer::problem.
constexpr std::array<std::string_view, 5> kProblemNames = {"malformed", "version", "timeout",
                                                           "evaluation", "not_examined"};

void Head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void Gauge(std::string& out, std::string_view name, std::string_view help, int64_t value) {
  Head(out, name, "gauge", help);
  out += fmt::format("{} {}\n", name, value);
}

}  // namespace

void Metrics::CountReview(const Answer& answer, std::chrono::microseconds took) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  reviews_[static_cast<size_t>(answer.verdict)][answer.allowed ? 1 : 0].fetch_add(1, kRelaxed);
  for (size_t i = 0; i < answer.findings.size(); ++i) {
    if (answer.findings[i] > 0) findings_[i].fetch_add(answer.findings[i], kRelaxed);
  }
  const auto problem = std::find(kProblemNames.begin(), kProblemNames.end(), answer.problem);
  if (problem != kProblemNames.end()) {
    problems_[static_cast<size_t>(problem - kProblemNames.begin())].fetch_add(1, kRelaxed);
  }
  const auto bound = std::lower_bound(kLatencyBoundsMicroseconds.begin(),
                                      kLatencyBoundsMicroseconds.end(), took.count());
  latency_[static_cast<size_t>(bound - kLatencyBoundsMicroseconds.begin())].fetch_add(1, kRelaxed);
  latency_sum_.fetch_add(took.count(), kRelaxed);
}

void Metrics::CountResponse(int http_status) {
  const int hundreds = std::clamp(http_status / 100, 0, 5);
  responses_[static_cast<size_t>(hundreds)].fetch_add(1, std::memory_order_relaxed);
}

std::string Metrics::Text() const {
  std::string out;
  Head(out, "ouro_build_info", "gauge", "The running version.");
  out += fmt::format("ouro_build_info{{version=\"{}\"}} 1\n", engine::Version());
  Gauge(out, "ouro_start_time_seconds", "Start of the service, Unix time.", started);
  Head(out, "ouro_admission_reviews_total", "counter", "Answered reviews by verdict.");
  for (size_t i = 0; i < reviews_.size(); ++i) {
    for (size_t allowed = 0; allowed < 2; ++allowed) {
      out += fmt::format("ouro_admission_reviews_total{{verdict=\"{}\",allowed=\"{}\"}} {}\n",
                         VerdictName(static_cast<Verdict>(i)), allowed == 1,
                         reviews_[i][allowed].load());
    }
  }
  Head(out, "ouro_admission_findings_total", "counter",
       "Open findings of answered reviews by what followed from them.");
  for (size_t i = 0; i < findings_.size(); ++i) {
    out += fmt::format("ouro_admission_findings_total{{action=\"{}\"}} {}\n",
                       gate::ActionName(static_cast<gate::Action>(i)), findings_[i].load());
  }
  Head(out, "ouro_admission_problems_total", "counter", "Reviews that could not be examined.");
  for (size_t i = 0; i < problems_.size(); ++i) {
    out += fmt::format("ouro_admission_problems_total{{kind=\"{}\"}} {}\n", kProblemNames[i],
                       problems_[i].load());
  }
  Head(out, "ouro_admission_seconds", "histogram",
       "From the first byte of a request to its answer.");
  int64_t sum = 0;
  for (size_t i = 0; i < kLatencyBoundsMicroseconds.size(); ++i) {
    sum += latency_[i].load();
    out += fmt::format("ouro_admission_seconds_bucket{{le=\"{}\"}} {}\n",
                       static_cast<double>(kLatencyBoundsMicroseconds[i]) / 1e6, sum);
  }
  sum += latency_.back().load();
  out += fmt::format(
      "ouro_admission_seconds_bucket{{le=\"+Inf\"}} {0}\n"
      "ouro_admission_seconds_sum {1:.6f}\nouro_admission_seconds_count {0}\n",
      sum, static_cast<double>(latency_sum_.load()) / 1e6);
  Head(out, "ouro_http_responses_total", "counter", "HTTP answers by class of status.");
  for (size_t i = 2; i < responses_.size(); ++i) {
    out += fmt::format("ouro_http_responses_total{{code=\"{}xx\"}} {}\n", i, responses_[i].load());
  }
  Head(out, "ouro_server_events_total", "counter", "What the server counts instead of logging.");
  for (size_t i = 0; i < events_.size(); ++i) {
    out += fmt::format("ouro_server_events_total{{event=\"{}\"}} {}\n", kEventNames[i],
                       events_[i].load());
  }
  Gauge(out, "ouro_open_connections", "Open connections.", open_connections);
  Gauge(out, "ouro_certificate_expiry_timestamp_seconds",
        "End of the serving certificate, Unix time.", certificate_expiry);
  Gauge(out, "ouro_checks", "Checks that judge.", checks);
  Gauge(out, "ouro_checks_left_out", "Chosen checks that cannot be judged at admission.",
        checks_left_out);
  return out;
}

}  // namespace ouro::serve
