// The admission service: listens, judges, reloads, and ends well.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "serve/admission.h"
#include "serve/http_server.h"
#include "serve/log.h"
#include "serve/tls.h"

namespace ouro::serve {

struct ServiceOptions {
  HttpOptions http;
  TlsFiles tls;
  std::chrono::milliseconds grace{10'000};  // for open requests when the service is to end
  // From the wish to end until it listens no more; /readyz says 503 meanwhile, so that nobody sends
  // new requests to a place that is about to go.
  std::chrono::milliseconds shutdown_delay{0};
};

// What may happen to a running service; the caller turns signals into these.
enum class ServiceEvent : uint8_t {
  kNone,    // the time is over
  kReload,  // SIGHUP: read the configuration again
  kStop,    // SIGTERM, SIGINT
};

// Waits for the next event, at most that long.
using EventWaiter = std::function<ServiceEvent(std::chrono::milliseconds)>;
// Reads the configuration and compiles the checks anew.
using RulesLoader = std::function<Result<std::shared_ptr<const AdmissionRules>>()>;

// Serves until the waiter says kStop, twice if open requests are not to be waited for. Watches the
// TLS files and takes new ones within two seconds; what is broken is logged once and the old one
// stays, both for certificates and for the configuration. Fails when the first configuration or
// certificate is broken, or the address cannot be listened on. Logs the address as
// "listening address=…", with the port that was chosen.
//
//   POST /validate, /validate/NAME    AdmissionReview → AdmissionReview
//   GET /healthz, /readyz, /metrics
Status Serve(const ServiceOptions& options, const RulesLoader& load, const EventWaiter& wait,
             Log& log);

// How much time a review may take until its answer comes too late: nine tenths of what the API
// server says in the target ("/validate?timeout=5s"), or of the manifest's where it says nothing.
std::chrono::milliseconds TimeBudget(std::string_view target);

}  // namespace ouro::serve
