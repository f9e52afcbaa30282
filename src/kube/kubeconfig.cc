// Reads kubeconfig files (k8s.io/client-go tools/clientcmd/api/v1). Types are checked as there: a
// number where text belongs is an error, because what was meant ("012") is already lost.

#include "kube/kubeconfig.h"

#include <filesystem>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "io/tree.h"
#include "io/yaml_scalar.h"

namespace ouro::kube {
namespace {

constexpr std::string_view kExecExtension = "client.authentication.k8s.io/exec";

class Reader {
 public:
  Reader(std::string_view file, std::string_view folder) : file_(file), folder_(folder) {}

  Result<Kubeconfig> Read(std::string text) {
    if (TrimSpace(text).empty()) return Kubeconfig();
    io::ReadOptions options;
    options.first_only = true;
    options.keep_comments = false;
    const Status read = io::ReadDocument(std::move(text), options, keys_, tree_);
    if (!read) return tl::unexpected<Error>(WithContext(read.error(), file_));
    for (const io::ReadProblem& problem : tree_.problems()) {
      // The reader's sentence may quote the text, and that may be a token.
      if (!problem.warning) {
        return Fail(ErrorCode::kParse, "this is not YAML", PlaceAt(problem.offset));
      }
    }
    if (tree_.roots().empty() || tree_.roots()[0].node == io::kNoNode) return Kubeconfig();
    root_ = io::NodeView(tree_, keys_, tree_.roots()[0].node);
    if (root_.type() == io::NodeType::kNull) return Kubeconfig();
    if (!root_.IsMap()) return Fail(ErrorCode::kInvalid, "a kubeconfig must be a map", file_);
    OURO_TRY_STATUS(CheckVersion());
    OURO_TRY_STATUS(ReadAll());
    if (error_) return tl::unexpected<Error>(*error_);
    return std::move(config_);
  }

 private:
  std::string PlaceAt(uint32_t offset) const {
    return fmt::format("{}:{}", file_, tree_.PositionOf(offset).line);
  }
  std::string PlaceOf(const io::NodeView& node) const {
    return node.exists() ? PlaceAt(tree_.node(node.index()).start) : file_;
  }
  // Remembers the first error, so that readers of fields stay simple.
  void Refuse(const io::NodeView& node, std::string message, ErrorCode code = ErrorCode::kInvalid) {
    if (!error_) error_ = Error{code, std::move(message), PlaceOf(node)};
  }

  static bool IsAbsent(const io::NodeView& node) {
    return !node.exists() || node.type() == io::NodeType::kNull;
  }

  std::string Text(const io::NodeView& map, std::string_view key) {
    const io::NodeView node = map.Get(key);
    if (IsAbsent(node)) return {};
    if (!node.IsString()) {
      Refuse(node, fmt::format("{} must be text; put it in quotes", key));
      return {};
    }
    return std::string(node.Text());
  }

  Secret SecretText(const io::NodeView& map, std::string_view key) {
    return Secret(Text(map, key));
  }

  bool Bool(const io::NodeView& map, std::string_view key) {
    const io::NodeView node = map.Get(key);
    if (IsAbsent(node)) return false;
    if (node.type() != io::NodeType::kBool) {
      Refuse(node, fmt::format("{} must be true or false", key));
      return false;
    }
    return tree_.node(node.index()).boolean;
  }

  std::string Path(const io::NodeView& map, std::string_view key) {
    std::string path = Text(map, key);
    if (path.empty() || path[0] == '/') return path;
    return (std::filesystem::path(folder_) / path).lexically_normal().string();
  }

  std::string Base64(const io::NodeView& map, std::string_view key) {
    const std::string text = Text(map, key);
    std::string bytes;
    if (!io::DecodeBase64(text, bytes)) {
      Refuse(map.Get(key), fmt::format("{} must be base64; encode the PEM file with `base64 -w0`, "
                                       "or name the file with {} instead",
                                       key, key.substr(0, key.size() - 5)));
    }
    return bytes;
  }

  std::vector<std::string> Texts(const io::NodeView& map, std::string_view key) {
    const io::NodeView node = map.Get(key);
    std::vector<std::string> texts;
    if (IsAbsent(node)) return texts;
    if (!node.IsList()) {
      Refuse(node, fmt::format("{} must be a list", key));
      return texts;
    }
    for (const io::NodeView& item : node.Children()) {
      if (!item.IsString()) Refuse(item, fmt::format("items of {} must be text", key));
      texts.emplace_back(item.Text());
    }
    return texts;
  }

  Status CheckVersion() {
    const std::string version = Text(root_, "apiVersion");
    const std::string kind = Text(root_, "kind");
    if (!version.empty() && version != "v1") {
      return Fail(ErrorCode::kUnsupported, "apiVersion of a kubeconfig must be v1",
                  PlaceOf(root_.Get("apiVersion")));
    }
    if (!kind.empty() && kind != "Config") {
      return Fail(ErrorCode::kInvalid, "this is no kubeconfig: its kind must be Config",
                  PlaceOf(root_.Get("kind")));
    }
    return {};
  }

  // Calls `read` with each entry of a list of {name, <inner>: {…}}.
  Status Entries(std::string_view list_key, std::string_view inner_key,
                 const std::function<bool(std::string name, const io::NodeView& inner)>& read) {
    const io::NodeView list = root_.Get(list_key);
    if (IsAbsent(list)) return {};
    if (!list.IsList()) {
      return Fail(ErrorCode::kInvalid, fmt::format("{} must be a list", list_key), PlaceOf(list));
    }
    for (const io::NodeView& item : list.Children()) {
      if (!item.IsMap()) {
        return Fail(
            ErrorCode::kInvalid,
            fmt::format("an entry of {} must be a map with name and {}", list_key, inner_key),
            PlaceOf(item));
      }
      std::string name = Text(item, "name");
      const io::NodeView inner = item.Get(inner_key);
      if (!IsAbsent(inner) && !inner.IsMap()) {
        return Fail(ErrorCode::kInvalid, fmt::format("{} must be a map", inner_key),
                    PlaceOf(inner));
      }
      if (!read(name, inner)) {
        return Fail(ErrorCode::kInvalid,
                    fmt::format("{} has two entries named \"{}\"; rename or remove one", list_key,
                                Printable(name)),
                    PlaceOf(item));
      }
    }
    return {};
  }

  Status ReadAll() {
    OURO_TRY_STATUS(Entries("clusters", "cluster", [&](std::string name, const io::NodeView& map) {
      return config_.clusters.emplace(std::move(name), ReadCluster(map)).second;
    }));
    OURO_TRY_STATUS(Entries("users", "user", [&](std::string name, const io::NodeView& map) {
      return config_.users.emplace(std::move(name), ReadUser(map)).second;
    }));
    OURO_TRY_STATUS(Entries("contexts", "context", [&](std::string name, const io::NodeView& map) {
      return config_.contexts.emplace(std::move(name), ReadContext(map)).second;
    }));
    config_.current_context = Text(root_, "current-context");
    return {};
  }

  KubeconfigCluster ReadCluster(const io::NodeView& map) {
    KubeconfigCluster cluster;
    cluster.place = PlaceOf(map);
    cluster.server = Text(map, "server");
    cluster.tls_server_name = Text(map, "tls-server-name");
    cluster.insecure_skip_tls_verify = Bool(map, "insecure-skip-tls-verify");
    cluster.certificate_authority = Path(map, "certificate-authority");
    cluster.certificate_authority_pem = Base64(map, "certificate-authority-data");
    cluster.proxy_url = SecretText(map, "proxy-url");
    cluster.disable_compression = Bool(map, "disable-compression");
    for (const io::NodeView& item : map.Get("extensions").Children()) {
      const io::NodeView extension = item.Get("extension");
      if (item.Get("name").Text() != kExecExtension || IsAbsent(extension)) continue;
      Result<std::string> json = io::ToJson(tree_, keys_, extension.index());
      if (json) cluster.exec_config = std::move(*json);
    }
    return cluster;
  }

  KubeconfigContext ReadContext(const io::NodeView& map) {
    KubeconfigContext context;
    context.place = PlaceOf(map);
    context.cluster = Text(map, "cluster");
    context.user = Text(map, "user");
    context.name_space = Text(map, "namespace");
    return context;
  }

  KubeconfigUser ReadUser(const io::NodeView& map) {
    KubeconfigUser user;
    user.place = PlaceOf(map);
    user.client_certificate = Path(map, "client-certificate");
    user.client_certificate_pem = Base64(map, "client-certificate-data");
    user.client_key = Path(map, "client-key");
    user.client_key_pem = Secret(Base64(map, "client-key-data"));
    user.token = SecretText(map, "token");
    user.token_file = Path(map, "tokenFile");
    user.username = Text(map, "username");
    user.password = SecretText(map, "password");
    user.impersonate.user = Text(map, "as");
    user.impersonate.uid = Text(map, "as-uid");
    user.impersonate.groups = Texts(map, "as-groups");
    const io::NodeView extra = map.Get("as-user-extra");
    for (const auto& [key, values] : extra.Members()) {
      user.impersonate.extra.emplace(std::string(key), Texts(extra, key));
    }
    if (const io::NodeView provider = map.Get("auth-provider"); !IsAbsent(provider)) {
      user.auth_provider = Text(provider, "name");
      if (user.auth_provider.empty()) user.auth_provider = "?";
    }
    if (const io::NodeView exec = map.Get("exec"); !IsAbsent(exec)) user.exec = ReadExec(exec);
    return user;
  }

  ExecConfig ReadExec(const io::NodeView& map) {
    ExecConfig exec;
    if (!map.IsMap()) Refuse(map, "exec must be a map");
    exec.command = Text(map, "command");
    // A name without '/' is looked up in $PATH.
    if (exec.command.find('/') != std::string::npos) exec.command = Path(map, "command");
    exec.args = Texts(map, "args");
    exec.api_version = Text(map, "apiVersion");
    exec.install_hint = Text(map, "installHint");
    exec.provide_cluster_info = Bool(map, "provideClusterInfo");
    const io::NodeView env = map.Get("env");
    if (!IsAbsent(env) && !env.IsList()) Refuse(env, "env must be a list");
    for (const io::NodeView& item : env.Children()) {
      std::string name = Text(item, "name");
      if (name.empty() || name.find('=') != std::string::npos) {
        Refuse(item, "an entry of env must have a name without '='");
      }
      exec.env.emplace_back(std::move(name), Text(item, "value"));
    }
    CheckExec(map, exec);
    return exec;
  }

  void CheckExec(const io::NodeView& map, ExecConfig& exec) {
    if (exec.command.empty()) Refuse(map, "exec needs a command");
    const bool beta = exec.api_version == "client.authentication.k8s.io/v1beta1";
    if (exec.api_version.empty()) {
      Refuse(map, "exec needs an apiVersion: client.authentication.k8s.io/v1");
    } else if (!beta && exec.api_version != "client.authentication.k8s.io/v1") {
      Refuse(map.Get("apiVersion"),
             "apiVersion of exec must be client.authentication.k8s.io/v1 or …/v1beta1",
             ErrorCode::kUnsupported);
    }
    const std::string mode = Text(map, "interactiveMode");
    if (mode == "Never") {
      exec.interactive_mode = InteractiveMode::kNever;
    } else if (mode == "Always") {
      exec.interactive_mode = InteractiveMode::kAlways;
    } else if (mode == "IfAvailable" || (mode.empty() && beta)) {
      exec.interactive_mode = InteractiveMode::kIfAvailable;
    } else {
      Refuse(map, "interactiveMode of exec must be Never, IfAvailable or Always");
    }
  }

  std::string file_;
  std::string folder_;
  io::KeyTable keys_;
  io::Tree tree_;
  io::NodeView root_;
  Kubeconfig config_;
  std::optional<Error> error_;
};

}  // namespace

Result<Kubeconfig> ReadKubeconfig(std::string text, std::string_view file,
                                  std::string_view folder) {
  return Reader(file, folder).Read(std::move(text));
}

void MergeKubeconfig(Kubeconfig& merged, Kubeconfig&& next) {
  merged.clusters.merge(next.clusters);
  merged.users.merge(next.users);
  merged.contexts.merge(next.contexts);
  if (merged.current_context.empty()) merged.current_context = std::move(next.current_context);
}

}  // namespace ouro::kube
