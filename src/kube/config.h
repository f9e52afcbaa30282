// Where the API server is and who asks: kubeconfig files and the in-cluster account, with the rules
// of Kubernetes' own clients (client-go tools/clientcmd), so that ouro reaches what kubectl
// reaches.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "io/http_client.h"

namespace ouro::kube {

using io::Secret;

// Whom to act as. `uid`, `groups` and `extra` need a `user` (kInvalid otherwise).
struct Impersonation {
  std::string user;
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
  bool empty() const { return user.empty() && uid.empty() && groups.empty() && extra.empty(); }
};

// What the command line says over the files. Empty fields say nothing.
struct ConfigOptions {
  // Empty: the list in $KUBECONFIG, else ~/.kube/config, else the account of the pod that this runs
  // in. Files named here must exist; of a $KUBECONFIG list, missing ones are skipped.
  std::vector<std::string> files;
  std::string context;
  std::string cluster;
  std::string user;
  std::string name_space;
  std::string server;
  std::string tls_server_name;
  std::string certificate_authority;  // file
  bool insecure_skip_tls_verify = false;
  std::string client_certificate;  // file
  std::string client_key;          // file
  Secret token;
  Impersonation impersonate;

  // The outside world, replaced in tests. An unset function is that of the process.
  std::function<std::optional<std::string>(const char* name)> getenv;
  std::string service_account_folder = "/var/run/secrets/kubernetes.io/serviceaccount";
};

enum class InteractiveMode : unsigned char { kNever, kIfAvailable, kAlways };

// A program that prints a credential (client.authentication.k8s.io/v1 or v1beta1).
struct ExecConfig {
  std::string command;  // a path, or a name that is looked up in $PATH
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  // over those of this process
  std::string api_version;                               // "client.authentication.k8s.io/v1"
  std::string install_hint;
  bool provide_cluster_info = false;
  InteractiveMode interactive_mode = InteractiveMode::kIfAvailable;
  std::string cluster_info_config;  // JSON of the cluster's extension of the plugin; empty: none
};

// How requests prove who asks. Several may be set; Credentials (credentials.h) has the order.
struct CredentialConfig {
  Secret token;
  std::string token_file;  // read again when it changes; its token goes before `token`
  std::string username;
  Secret password;
  std::optional<ExecConfig> exec;
};

// One way to one API server, complete: nothing is read from kubeconfig files after this, but for
// the token and certificate files that are named here.
struct ClientConfig {
  std::string server;      // "https://host:6443" or "https://host/prefix"; no '/' at its end
  std::string context;     // name of the context; "in-cluster" for the pod's account
  std::string name_space;  // "default" where nothing says otherwise
  bool in_cluster = false;
  io::HttpTls tls;
  Secret proxy_url;  // of the kubeconfig; may hold a password. Empty: as the environment says
  bool disable_compression = false;
  CredentialConfig credentials;
  Impersonation impersonate;
  std::string source;  // where it came from, for messages: "~/.kube/config", "--server"
};

// kInvalid and kParse name file, line and remedy. kNotFound: a file, context, cluster or user that
// is named does not exist, or there is no configuration at all. kUnsupported: `auth-provider`,
// in whose place Kubernetes put exec plugins.
//
// Rules (client-go tools/clientcmd): of several files the first to name a cluster, user, context or
// current-context wins, whole; paths are relative to the file that they stand in; *-data goes
// before its file; a command line certificate authority replaces both; --server drops the file's
// tls-server-name; a plain http server is never sent a credential.
Result<ClientConfig> LoadConfig(const ConfigOptions& options);

}  // namespace ouro::kube
