#include "prove/api.h"

#include <utility>

namespace ouro::prove {
namespace {

class KubeApi : public Api {
 public:
  explicit KubeApi(std::unique_ptr<kube::Client> client) : client_(std::move(client)) {}

  Result<kube::WriteAnswer> Try(const kube::ApiResource& resource, std::string_view name_space,
                                std::string_view object, std::string_view manager,
                                std::string_view validation) override {
    kube::WriteOptions options;
    options.field_manager = manager;
    options.field_validation = validation;
    return client_->DryRunCreate(resource, name_space, object, options);
  }

  Result<kube::WriteAnswer> Create(const kube::ApiResource& resource, std::string_view name_space,
                                   std::string_view object) override {
    kube::WriteOptions options;
    options.field_validation = "Ignore";
    return client_->CreateObject(resource, name_space, object, options);
  }

  Result<std::string> Get(const kube::ApiResource& resource, std::string_view name_space,
                          std::string_view name) override {
    return client_->Get(resource.ObjectPath(name_space, name));
  }

  Status Delete(const kube::ApiResource& resource, std::string_view name_space,
                std::string_view name) override {
    Status deleted = client_->DeleteObject(resource, name_space, name);
    if (!deleted && deleted.error().code == ErrorCode::kNotFound) return {};
    return deleted;
  }

 private:
  std::unique_ptr<kube::Client> client_;
};

Result<std::unique_ptr<kube::Client>> Connect(const kube::ClientConfig& config,
                                              const std::string& user_agent,
                                              const std::atomic<bool>* stop) {
  kube::ClientOptions options;
  options.user_agent = user_agent;
  options.stop = stop;
  return kube::Client::Create(config, std::move(options));
}

}  // namespace

Result<Server> OpenServer(const kube::ClientConfig& config, std::string_view user_agent,
                          const std::atomic<bool>* stop) {
  Server server;
  OURO_TRY(const std::unique_ptr<kube::Client> client,
           Connect(config, std::string(user_agent), stop));
  OURO_TRY(server.version, client->Version());
  OURO_TRY(server.discovery, client->Discover());
  server.name = "kube://" + (config.context.empty() ? config.server : config.context);
  server.connect = [config, agent = std::string(user_agent),
                    stop](bool stoppable) -> Result<std::unique_ptr<Api>> {
    OURO_TRY(std::unique_ptr<kube::Client> further,
             Connect(config, agent, stoppable ? stop : nullptr));
    return std::unique_ptr<Api>(std::make_unique<KubeApi>(std::move(further)));
  };
  return server;
}

}  // namespace ouro::prove
