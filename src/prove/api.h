// The API server as far as a proof needs it: an interface, so that tests play the server.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "kube/client.h"

namespace ouro::prove {

// One connection; serves one thread. What the server refuses is an answer, what it never heard of
// is an Error.
class Api {
 public:
  virtual ~Api() = default;
  // Create that stores nothing. `manager` is the field manager of the request; `validation` is what
  // the server does with fields it does not know: "Ignore" drops them silently, "Warn" names them
  // in warnings.
  virtual Result<kube::WriteAnswer> Try(const kube::ApiResource& resource,
                                        std::string_view name_space, std::string_view object,
                                        std::string_view manager, std::string_view validation) = 0;
  virtual Result<kube::WriteAnswer> Create(const kube::ApiResource& resource,
                                           std::string_view name_space,
                                           std::string_view object) = 0;
  virtual Result<std::string> Get(const kube::ApiResource& resource, std::string_view name_space,
                                  std::string_view name) = 0;
  // Success also when the object is gone already.
  virtual Status Delete(const kube::ApiResource& resource, std::string_view name_space,
                        std::string_view name) = 0;
};

// What is known of a server before the first object.
struct Server {
  std::string name;  // "kube://prod"
  kube::ServerVersion version;
  kube::Discovery discovery;
  // A further connection. One that is not `stoppable` lives on after an interrupt, to clear away.
  std::function<Result<std::unique_ptr<Api>>(bool stoppable)> connect;
};

// Asks for version and kinds. `stop` must outlive the server's connections; may be null.
Result<Server> OpenServer(const kube::ClientConfig& config, std::string_view user_agent,
                          const std::atomic<bool>* stop);

}  // namespace ouro::prove
