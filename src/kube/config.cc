// From the command line, kubeconfig files and the pod's account to one ClientConfig.

#include "kube/config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "io/http_client_proxy.h"
#include "kube/file.h"
#include "kube/kubeconfig.h"

namespace ouro::kube {
namespace {

std::string Environment(const ConfigOptions& options, const char* name) {
  if (options.getenv) return options.getenv(name).value_or("");
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

struct FileList {
  std::vector<std::string> paths;
  bool must_exist = false;
};

FileList FilesOf(const ConfigOptions& options) {
  FileList files;
  if (!options.files.empty()) {
    files.paths = options.files;
    files.must_exist = true;
    return files;
  }
  const std::string list = Environment(options, "KUBECONFIG");
  if (!list.empty()) {
    for (const std::string_view part : SplitText(list, ':')) {
      const std::string path(part);
      const bool again =
          std::find(files.paths.begin(), files.paths.end(), path) != files.paths.end();
      if (!path.empty() && !again) files.paths.push_back(path);
    }
    return files;
  }
  const std::string home = Environment(options, "HOME");
  if (!home.empty()) files.paths.push_back(home + "/.kube/config");
  return files;
}

struct Loaded {
  Kubeconfig config;
  std::vector<std::string> read;     // files that were there
  std::vector<std::string> missing;  // and those that were not
};

Result<Loaded> ReadFiles(const ConfigOptions& options) {
  const FileList files = FilesOf(options);
  if (files.paths.size() > static_cast<size_t>(limits::kKubeconfigFileCount)) {
    return Fail(ErrorCode::kLimit,
                fmt::format("more than {} kubeconfig files", limits::kKubeconfigFileCount));
  }
  Loaded loaded;
  for (const std::string& path : files.paths) {
    Result<std::string> text = ReadSmallFile(path, limits::kConfigFileSizeBytes);
    if (!text && text.error().code == ErrorCode::kNotFound && !files.must_exist) {
      loaded.missing.push_back(path);
      continue;
    }
    if (!text) return tl::unexpected<Error>(text.error());
    std::error_code ignored;
    const std::filesystem::path folder =
        std::filesystem::absolute(std::filesystem::path(path), ignored).parent_path();
    OURO_TRY(Kubeconfig one, ReadKubeconfig(std::move(*text), path, folder.string()));
    MergeKubeconfig(loaded.config, std::move(one));
    loaded.read.push_back(path);
  }
  return loaded;
}

std::string Known(const std::vector<std::string>& names) {
  if (names.empty()) return "none is defined";
  std::vector<std::string> shown(names.begin(),
                                 names.begin() + std::min<ptrdiff_t>(10, std::ssize(names)));
  for (std::string& name : shown) name = Printable(name);
  return "defined: " + JoinText(shown, ", ") + (names.size() > 10 ? ", …" : "");
}

template <typename Map>
std::vector<std::string> NamesOf(const Map& map) {
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

// The entries that were chosen; copies, because the command line changes them.
struct Choice {
  std::string context_name;
  std::string cluster_name;
  std::string user_name;
  KubeconfigContext context;
  KubeconfigCluster cluster;
  KubeconfigUser user;
  bool cluster_found = false;
};

Status ChooseContext(const ConfigOptions& options, const Kubeconfig& config, Choice& choice) {
  choice.context_name = options.context.empty() ? config.current_context : options.context;
  if (!choice.context_name.empty()) {
    const auto found = config.contexts.find(choice.context_name);
    if (found == config.contexts.end()) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("there is no context \"{}\" in the kubeconfig; {}",
                              Printable(choice.context_name), Known(NamesOf(config.contexts))));
    }
    choice.context = found->second;
  }
  choice.cluster_name = options.cluster.empty() ? choice.context.cluster : options.cluster;
  choice.user_name = options.user.empty() ? choice.context.user : options.user;
  return {};
}

Status ChooseEntries(const ConfigOptions& options, const Kubeconfig& config, Choice& choice) {
  OURO_TRY_STATUS(ChooseContext(options, config, choice));
  const auto cluster = config.clusters.find(choice.cluster_name);
  if (cluster != config.clusters.end()) {
    choice.cluster = cluster->second;
    choice.cluster_found = true;
  } else if (!choice.cluster_name.empty() && (options.server.empty() || !options.cluster.empty())) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("there is no cluster \"{}\" in the kubeconfig; {}",
                            Printable(choice.cluster_name), Known(NamesOf(config.clusters))),
                choice.context.place);
  }
  const auto user = config.users.find(choice.user_name);
  if (user != config.users.end()) {
    choice.user = user->second;
  } else if (!options.user.empty()) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("there is no user \"{}\" in the kubeconfig; {}",
                            Printable(choice.user_name), Known(NamesOf(config.users))));
  }
  return {};
}

// The command line goes before the files (client-go tools/clientcmd/overrides.go).
void Override(const ConfigOptions& options, Choice& choice) {
  KubeconfigCluster& cluster = choice.cluster;
  if (!options.server.empty()) {
    cluster.server = options.server;
    cluster.place = "--server";
  }
  // Another server seldom has the name that the file gives.
  if (!options.server.empty() || !options.tls_server_name.empty()) {
    cluster.tls_server_name = options.tls_server_name;
  }
  if (options.insecure_skip_tls_verify || !options.certificate_authority.empty()) {
    cluster.insecure_skip_tls_verify = options.insecure_skip_tls_verify;
    cluster.certificate_authority = options.certificate_authority;
    cluster.certificate_authority_pem.clear();
  }
  KubeconfigUser& user = choice.user;
  if (!options.client_certificate.empty()) {
    user.client_certificate = options.client_certificate;
    user.client_certificate_pem.clear();
  }
  if (!options.client_key.empty()) {
    user.client_key = options.client_key;
    user.client_key_pem = Secret();
  }
  if (!options.token.empty()) {
    user.token = options.token;
    user.token_file.clear();
  }
  const Impersonation& as = options.impersonate;
  if (!as.user.empty()) user.impersonate.user = as.user;
  if (!as.uid.empty()) user.impersonate.uid = as.uid;
  if (!as.groups.empty()) user.impersonate.groups = as.groups;
  for (const auto& [key, values] : as.extra) user.impersonate.extra[key] = values;
}

Status CheckReadable(const std::string& path, std::string_view what, const std::string& place) {
  if (path.empty() || access(path.c_str(), R_OK) == 0) return {};
  return Fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              fmt::format("{} {} cannot be read: {}", what, path, std::strerror(errno)), place);
}

Status CheckCluster(const Choice& choice) {
  const KubeconfigCluster& cluster = choice.cluster;
  if (cluster.server.empty()) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("cluster \"{}\" has no server; add `server: https://host:port`",
                            Printable(choice.cluster_name)),
                cluster.place);
  }
  const bool has_ca =
      !cluster.certificate_authority.empty() || !cluster.certificate_authority_pem.empty();
  if (has_ca && cluster.insecure_skip_tls_verify) {
    return Fail(
        ErrorCode::kInvalid,
        "a certificate authority and insecure-skip-tls-verify exclude each other; remove one",
        cluster.place);
  }
  if (!cluster.proxy_url.empty()) {
    const std::string proxy = LowerAscii(cluster.proxy_url.Reveal().substr(0, 16));
    const bool known = proxy.starts_with("http://") || proxy.starts_with("https://") ||
                       proxy.starts_with("socks5://");
    if (!known) {
      return Fail(ErrorCode::kInvalid, "proxy-url must begin with http://, https:// or socks5://",
                  cluster.place);
    }
  }
  if (!cluster.certificate_authority_pem.empty()) return {};
  return CheckReadable(cluster.certificate_authority, "certificate-authority", cluster.place);
}

Status CheckUser(const Choice& choice) {
  const KubeconfigUser& user = choice.user;
  const bool has_cert = !user.client_certificate.empty() || !user.client_certificate_pem.empty();
  if (has_cert && user.client_key.empty() && user.client_key_pem.empty()) {
    return Fail(ErrorCode::kInvalid, "a client certificate needs client-key or client-key-data",
                user.place);
  }
  if (has_cert && user.client_certificate_pem.empty()) {
    OURO_TRY_STATUS(CheckReadable(user.client_certificate, "client-certificate", user.place));
  }
  if (has_cert && user.client_key_pem.empty()) {
    OURO_TRY_STATUS(CheckReadable(user.client_key, "client-key", user.place));
  }
  const bool basic = !user.username.empty() || !user.password.empty();
  if (basic && !user.token.empty()) {
    return Fail(ErrorCode::kInvalid, "a token and a user name with password exclude each other",
                user.place);
  }
  if (!user.auth_provider.empty()) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("auth-provider \"{}\" is not supported: Kubernetes replaced auth "
                            "providers by exec plugins; use the provider's exec plugin",
                            Printable(user.auth_provider)),
                user.place);
  }
  if (user.impersonate.user.empty() && !user.impersonate.empty()) {
    return Fail(ErrorCode::kInvalid, "as-uid, as-groups and as-user-extra need a user in `as`",
                user.place);
  }
  return {};
}

// Without a scheme a server is plain http, as in client-go (rest.DefaultServerURL).
Result<std::string> NormalServer(std::string server, const std::string& place) {
  if (server.find("://") == std::string::npos) server.insert(0, "http://");
  Result<io::HttpUrl> url = io::ParseHttpUrl(server);
  if (!url) {
    Error error = url.error();
    error.message = "the server's address cannot be used: " + error.message;
    error.where = place;
    return tl::unexpected<Error>(std::move(error));
  }
  std::string path = url->target.substr(0, url->target.find('?'));
  while (!path.empty() && path.back() == '/') path.pop_back();
  return fmt::format("{}://{}:{}{}", url->scheme, url->BracketedHost(), url->port, path);
}

void FillCredentials(const KubeconfigUser& user, ClientConfig& config) {
  config.tls.cert_pem = user.client_certificate_pem;
  config.tls.cert_file = config.tls.cert_pem.empty() ? user.client_certificate : std::string();
  config.tls.key_pem = user.client_key_pem;
  config.tls.key_file = config.tls.key_pem.empty() ? user.client_key : std::string();
  config.credentials.token = user.token;
  config.credentials.token_file = user.token_file;
  config.credentials.username = user.username;
  config.credentials.password = user.password;
  config.credentials.exec = user.exec;
}

Result<ClientConfig> FromChoice(const ConfigOptions& options, const Choice& choice) {
  OURO_TRY_STATUS(CheckCluster(choice));
  OURO_TRY_STATUS(CheckUser(choice));
  ClientConfig config;
  OURO_TRY(config.server, NormalServer(choice.cluster.server, choice.cluster.place));
  config.context = choice.context_name;
  config.name_space = options.name_space.empty() ? choice.context.name_space : options.name_space;
  if (config.name_space.empty()) config.name_space = "default";
  config.source = choice.cluster.place;
  config.proxy_url = choice.cluster.proxy_url;
  config.disable_compression = choice.cluster.disable_compression;
  config.impersonate = choice.user.impersonate;
  if (!config.server.starts_with("https://")) return config;  // nothing secret over plain http
  config.tls.ca_pem = choice.cluster.certificate_authority_pem;
  config.tls.ca_file =
      config.tls.ca_pem.empty() ? choice.cluster.certificate_authority : std::string();
  config.tls.verify = !choice.cluster.insecure_skip_tls_verify;
  config.tls.server_name = choice.cluster.tls_server_name;
  FillCredentials(choice.user, config);
  if (config.credentials.exec) {
    config.credentials.exec->cluster_info_config = choice.cluster.exec_config;
  }
  return config;
}

bool InClusterPossible(const ConfigOptions& options) {
  struct stat info = {};
  const std::string token = options.service_account_folder + "/token";
  return !Environment(options, "KUBERNETES_SERVICE_HOST").empty() &&
         !Environment(options, "KUBERNETES_SERVICE_PORT").empty() &&
         stat(token.c_str(), &info) == 0 && !S_ISDIR(info.st_mode);
}

std::string InClusterNamespace(const ConfigOptions& options) {
  if (!options.name_space.empty()) return options.name_space;
  std::string name = Environment(options, "POD_NAMESPACE");
  if (!name.empty()) return name;
  const Result<std::string> text =
      ReadSmallFile(options.service_account_folder + "/namespace", 4096);
  if (text) name = TrimSpace(*text);
  return name.empty() ? "default" : name;
}

Result<ClientConfig> InCluster(const ConfigOptions& options) {
  ClientConfig config;
  config.in_cluster = true;
  config.context = "in-cluster";
  config.source = options.service_account_folder;
  config.name_space = InClusterNamespace(options);
  std::string host = Environment(options, "KUBERNETES_SERVICE_HOST");
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  const std::string server =
      fmt::format("https://{}:{}", host, Environment(options, "KUBERNETES_SERVICE_PORT"));
  OURO_TRY(config.server, NormalServer(server, "KUBERNETES_SERVICE_HOST"));
  config.impersonate = options.impersonate;
  if (config.impersonate.user.empty() && !config.impersonate.empty()) {
    return Fail(ErrorCode::kInvalid, "impersonating a uid, groups or extra needs a user");
  }
  config.tls.server_name = options.tls_server_name;
  config.tls.verify = !options.insecure_skip_tls_verify;
  const std::string ca = options.service_account_folder + "/ca.crt";
  if (!options.certificate_authority.empty()) {
    config.tls.ca_file = options.certificate_authority;
  } else if (config.tls.verify && access(ca.c_str(), R_OK) == 0) {
    config.tls.ca_file = ca;
  }
  config.credentials.token = options.token;
  if (options.token.empty()) {
    config.credentials.token_file = options.service_account_folder + "/token";
  }
  return config;
}

Error NothingFound(const Loaded& loaded) {
  std::string message = "no cluster is configured: ";
  if (!loaded.read.empty()) {
    message += JoinText(loaded.read, ", ") + " names no current context";
  } else if (!loaded.missing.empty()) {
    message += JoinText(loaded.missing, ", ") +
               (loaded.missing.size() == 1 ? " does not exist" : " do not exist");
  } else {
    message += "neither KUBECONFIG nor HOME is set";
  }
  return Error{
      ErrorCode::kNotFound,
      message + "; name a file with --kubeconfig or KUBECONFIG, or a context with --context",
      {}};
}

}  // namespace

Result<ClientConfig> LoadConfig(const ConfigOptions& options) {
  OURO_TRY(const Loaded loaded, ReadFiles(options));
  Choice choice;
  OURO_TRY_STATUS(ChooseEntries(options, loaded.config, choice));
  if (!choice.cluster_found && options.server.empty()) {
    if (InClusterPossible(options)) return InCluster(options);
    return tl::unexpected<Error>(NothingFound(loaded));
  }
  Override(options, choice);
  return FromChoice(options, choice);
}

}  // namespace ouro::kube
