// The credential of the moment. Private to kube.
//
// Order, as in client-go: a token (its file goes before the written one while it can be read), user
// name and password, a client certificate; a plugin runs only where none of these is given.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/exec_plugin.h"

namespace ouro::kube {

// What one request carries.
struct Credential {
  Secret authorization;  // whole header; empty: none
  std::shared_ptr<const io::HttpTls> tls;
  uint64_t generation = 0;  // another number, another credential
};

class Credentials {
 public:
  // `config` must outlive this.
  Credentials(const ClientConfig& config, const Surroundings& surroundings);

  // The credential to send now; reads files again and runs the plugin where it is time.
  Result<Credential> Get();

  // After a 401 to the credential of that generation: whether there is another one to try. An Error
  // when the plugin fails.
  Result<bool> Refresh(uint64_t generation);

  // What is known about a credential that was refused: that it has expired, and since when, or that
  // the clocks differ; empty when nothing is. `skew_seconds`: server's time minus ours.
  std::string Explain(std::optional<int64_t> skew_seconds) const;

 private:
  void SetToken(const Secret& token);
  bool ReadTokenFile(bool force);
  Status RunPlugin();

  const ClientConfig& config_;
  const Surroundings& surroundings_;
  Credential current_;
  std::optional<UnixSeconds> expires_;
  bool uses_plugin_ = false;
  bool plugin_ran_ = false;
  int64_t plugin_ran_ms_ = 0;
  std::optional<Error> plugin_error_;  // of its last run
  int64_t plugin_failed_ms_ = 0;
  int64_t token_read_ms_ = 0;    // when the token file was read last
  std::string token_file_mark_;  // its change time and size then
};

// The `exp` of a JSON Web Token; nothing for other tokens. The signature is not looked at.
std::optional<UnixSeconds> TokenExpiry(std::string_view token);

}  // namespace ouro::kube
