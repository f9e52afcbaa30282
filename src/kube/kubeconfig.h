// One kubeconfig file as it is written, and several of them merged. Private to kube; config.h is
// what others use.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kube/config.h"

namespace ouro::kube {

// "file:line" of an entry, for messages.
struct KubeconfigCluster {
  std::string place;
  std::string server;
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
  std::string certificate_authority;  // absolute path
  std::string certificate_authority_pem;
  Secret proxy_url;
  bool disable_compression = false;
  std::string exec_config;  // JSON of the extension client.authentication.k8s.io/exec
};

struct KubeconfigUser {
  std::string place;
  std::string client_certificate;  // absolute path
  std::string client_certificate_pem;
  std::string client_key;  // absolute path
  Secret client_key_pem;
  Secret token;
  std::string token_file;  // absolute path
  std::string username;
  Secret password;
  Impersonation impersonate;
  std::string auth_provider;  // its name; "?" when it has none
  std::optional<ExecConfig> exec;
};

struct KubeconfigContext {
  std::string place;
  std::string cluster;
  std::string user;
  std::string name_space;
};

struct Kubeconfig {
  std::map<std::string, KubeconfigCluster, std::less<>> clusters;
  std::map<std::string, KubeconfigUser, std::less<>> users;
  std::map<std::string, KubeconfigContext, std::less<>> contexts;
  std::string current_context;
};

// Reads the text of one file, YAML or JSON. `file`: its name in messages. `folder`: what relative
// paths are relative to, absolute. Unknown keys are skipped. kParse, kInvalid: file:line, what is
// wrong and how to mend it; never a value.
Result<Kubeconfig> ReadKubeconfig(std::string text, std::string_view file, std::string_view folder);

// Adds what `next` has and `merged` has not: whole entries, the first file wins.
void MergeKubeconfig(Kubeconfig& merged, Kubeconfig&& next);

}  // namespace ouro::kube
