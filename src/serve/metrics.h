// What the service counts, and its text for Prometheus. All members may be changed by any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "serve/admission.h"

namespace ouro::serve {

// Events that are counted instead of logged.
enum class ServerEvent : uint8_t {
  kConnection,         // accepted
  kConnectionRefused,  // more than limits::kConnectionCount
  kHandshakeFailed,
  kSlowClient,  // a header or body did not arrive in time
  kBadRequest,  // no HTTP, or a header that is too large
  kTooLarge,    // a body over limits::kReviewSizeBytes
  kOverloaded,  // bodies over limits::kReviewBytesInFlight
  kNoClientCertificate,
  kHandlerFailed,  // an internal error
  kConfigReloaded,
  kConfigRefused,  // a broken configuration; the old one stays
  kCertificateReloaded,
  kCertificateRefused,
};
inline constexpr int kServerEventCount = 13;

// Upper bounds of the latency histogram in microseconds; the last bucket is open.
inline constexpr std::array<int64_t, 13> kLatencyBoundsMicroseconds = {
    50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 50'000, 100'000, 500'000, 1'000'000, 5'000'000};

class Metrics {
 public:
  void Count(ServerEvent event) {
    events_[static_cast<size_t>(event)].fetch_add(1, std::memory_order_relaxed);
  }
  int64_t count(ServerEvent event) const {
    return events_[static_cast<size_t>(event)].load(std::memory_order_relaxed);
  }
  // One answered review: from the first byte of the request to the answer.
  void CountReview(const Answer& answer, std::chrono::microseconds took);
  void CountResponse(int http_status);

  std::atomic<int64_t> open_connections{0};
  std::atomic<int64_t> certificate_expiry{0};  // Unix seconds
  std::atomic<int64_t> checks{0};              // checks that judge
  std::atomic<int64_t> checks_left_out{0};     // chosen, but not to be judged at admission
  UnixSeconds started = 0;

  // Text exposition format, version 0.0.4 (prometheus.io, "Exposition formats").
  std::string Text() const;

 private:
  using Counter = std::atomic<int64_t>;

  std::array<Counter, kServerEventCount> events_{};
  std::array<std::array<Counter, 2>, kVerdictCount> reviews_{};  // by verdict and allowed
  std::array<Counter, 3> findings_{};                            // by gate::Action
  std::array<Counter, 5> problems_{};
  std::array<Counter, 6> responses_{};  // by hundreds of the status
  std::array<Counter, kLatencyBoundsMicroseconds.size() + 1> latency_{};
  Counter latency_sum_{0};  // microseconds
};

}  // namespace ouro::serve
