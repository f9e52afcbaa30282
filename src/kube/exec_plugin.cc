#include "kube/exec_plugin.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "io/tree.h"
#include "kube/base64.h"
#include "kube/file.h"

extern "C" char** environ;

namespace ouro::kube {
namespace {

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The file that a command names: itself when it holds '/', else the first executable of $PATH.
// Empty parts of $PATH would mean the current folder and are skipped, as Go's exec package does.
std::string FindProgram(const std::string& command) {
  if (command.find('/') != std::string::npos) {
    return access(command.c_str(), X_OK) == 0 ? command : std::string();
  }
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : SplitText(path == nullptr ? "" : path, ':')) {
    if (folder.empty() || folder[0] != '/') continue;
    std::string file = fmt::format("{}/{}", folder, command);
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

Error NotFound(const ExecConfig& exec) {
  std::string message =
      fmt::format("the credential plugin {} of the kubeconfig is not installed or not in PATH",
                  Printable(exec.command));
  if (!exec.install_hint.empty()) message += "; " + Printable(exec.install_hint);
  return Error{ErrorCode::kNotFound, std::move(message), {}};
}

std::vector<std::string> EnvironmentOf(const ExecConfig& exec, std::string info) {
  std::map<std::string, std::string, std::less<>> values;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view entry(*one);
    const size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    values[std::string(entry.substr(0, equals))] = entry.substr(equals + 1);
  }
  for (const auto& [name, value] : exec.env) values[name] = value;
  values["KUBERNETES_EXEC_INFO"] = std::move(info);
  std::vector<std::string> entries;
  entries.reserve(values.size());
  for (const auto& [name, value] : values) entries.push_back(fmt::format("{}={}", name, value));
  return entries;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A child that is killed and waited for unless it was seen to end.
class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (output_ >= 0) close(output_);
    if (pid_ > 0) {
      // Its whole group, where it has one of its own: plugins start further programs.
      kill(own_group_ ? -pid_ : pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  Status Start(const std::string& program, std::vector<std::string> arguments,
               std::vector<std::string> environment, bool interactive);
  // Reads to the end of its output and of itself.
  Result<std::string> Collect(int64_t deadline_ms);
  int exit_status() const { return status_; }

 private:
  bool HasEnded();
  Result<bool> ReadSome(std::string& output);

  pid_t pid_ = -1;
  int output_ = -1;
  int status_ = 0;
  bool own_group_ = false;
};

Status Child::Start(const std::string& program, std::vector<std::string> arguments,
                    std::vector<std::string> environment, bool interactive) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
    return Fail(ErrorCode::kIo, fmt::format("pipe: {}", std::strerror(errno)));
  }
  output_ = pipe_ends[0];
  fcntl(output_, F_SETFL, O_NONBLOCK);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  if (!interactive) {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // What this program ignores or blocks, a plugin need not.
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigaddset(&signals, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  // A program that asks on the terminal must stay in its foreground group.
  own_group_ = !interactive;
  posix_spawnattr_setpgroup(&attributes, 0);
  const int flags =
      POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (own_group_ ? POSIX_SPAWN_SETPGROUP : 0);
  posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
  const int failed = posix_spawn(&pid_, program.c_str(), &actions, &attributes,
                                 Pointers(arguments).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(pipe_ends[1]);
  if (failed != 0) {
    pid_ = -1;
    return Fail(ErrorCode::kIo, fmt::format("the credential plugin {} cannot be started: {}",
                                            Printable(program), std::strerror(failed)));
  }
  return {};
}

bool Child::HasEnded() {
  if (pid_ > 0 && waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
  return pid_ < 0;
}

// False at the end of the output.
Result<bool> Child::ReadSome(std::string& output) {
  char bytes[8192];
  while (true) {
    const ssize_t got = read(output_, bytes, sizeof bytes);
    if (got == 0) return false;
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return true;
      return Fail(ErrorCode::kIo, fmt::format("read: {}", std::strerror(errno)));
    }
    output.append(bytes, static_cast<size_t>(got));
    if (static_cast<int64_t>(output.size()) > limits::kExecOutputSizeBytes) {
      return Fail(ErrorCode::kLimit, fmt::format("the credential plugin printed more than {} bytes",
                                                 limits::kExecOutputSizeBytes));
    }
  }
}

Result<std::string> Child::Collect(int64_t deadline_ms) {
  std::string output;
  bool open = true;
  while (open || !HasEnded()) {
    const int64_t left = deadline_ms - NowMs();
    if (left <= 0) return Fail(ErrorCode::kTimeout, "the credential plugin does not end");
    // Ends are looked for every 10 ms; something that it left behind may hold the pipe open.
    const bool ended = HasEnded();
    pollfd wait = {output_, POLLIN, 0};
    poll(&wait, open ? 1 : 0, static_cast<int>(std::min<int64_t>(left, ended || !open ? 10 : 50)));
    if (open) {
      OURO_TRY(open, ReadSome(output));
    }
    if (ended) break;
  }
  return output;
}

Error Failed(const ExecConfig& exec, int status) {
  std::string how = WIFSIGNALED(status) ? fmt::format("was ended by signal {}", WTERMSIG(status))
                                        : fmt::format("failed with code {}", WEXITSTATUS(status));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    how += " (a program that it needs is missing)";
  }
  return Error{ErrorCode::kRemote,
               fmt::format("the credential plugin {} {}; run it by hand to see why",
                           Printable(exec.command), how),
               {}};
}

void AppendMember(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  if (out.back() != '{') out += ',';
  AppendJsonString(out, key);
  out += ':';
  AppendJsonString(out, text);
}

}  // namespace

Result<std::string> ExecInfo(const ExecConfig& exec, const ClientConfig& config, bool interactive) {
  std::string out = "{\"kind\":\"ExecCredential\",\"apiVersion\":";
  AppendJsonString(out, exec.api_version);
  out += ",\"spec\":{";
  if (exec.provide_cluster_info) {
    out += "\"cluster\":{";
    AppendMember(out, "server", config.server);
    AppendMember(out, "tls-server-name", config.tls.server_name);
    if (!config.tls.verify) {
      out += out.back() == '{' ? "" : ",";
      out += "\"insecure-skip-tls-verify\":true";
    }
    std::string ca = config.tls.ca_pem;
    if (ca.empty() && !config.tls.ca_file.empty()) {
      OURO_TRY(ca, ReadSmallFile(config.tls.ca_file, limits::kTokenSizeBytes));
    }
    AppendMember(out, "certificate-authority-data", EncodeBase64(ca));
    AppendMember(out, "proxy-url", config.proxy_url.Reveal());
    if (config.disable_compression) out += ",\"disable-compression\":true";
    if (!exec.cluster_info_config.empty()) out += ",\"config\":" + exec.cluster_info_config;
    out += "},";
  }
  out += interactive ? "\"interactive\":true}}" : "\"interactive\":false}}";
  return out;
}

Result<ExecCredential> ReadExecCredential(std::string output, const ExecConfig& exec) {
  const auto broken = [&](std::string_view why) {
    return Fail(ErrorCode::kParse, fmt::format("what the credential plugin {} printed {}",
                                               Printable(exec.command), why));
  };
  io::KeyTable keys;
  io::Tree tree;
  const bool read = io::ReadDocument(std::move(output), {}, keys, tree).has_value();
  if (!read || tree.roots().size() != 1 || tree.roots()[0].node == io::kNoNode) {
    return broken("is not one JSON object");
  }
  const io::NodeView root(tree, keys, tree.roots()[0].node);
  if (root.Get("kind").Text() != "ExecCredential") return broken("is no ExecCredential");
  if (root.Get("apiVersion").Text() != exec.api_version) {
    return broken("is not of the configured version " + exec.api_version);
  }
  const io::NodeView status = root.Get("status");
  if (!status.IsMap()) return broken("has no status");
  ExecCredential credential;
  credential.token = Secret(std::string(TrimSpace(status.Get("token").Text())));
  credential.cert_pem = status.Get("clientCertificateData").Text();
  credential.key_pem = Secret(std::string(status.Get("clientKeyData").Text()));
  if (credential.cert_pem.empty() != credential.key_pem.empty()) {
    return broken("has a certificate or a key, but not both");
  }
  if (credential.token.empty() && credential.cert_pem.empty()) {
    return broken("has neither a token nor a certificate");
  }
  if (const io::NodeView expires = status.Get("expirationTimestamp");
      expires.exists() && expires.type() != io::NodeType::kNull) {
    credential.expires = ParseRfc3339(expires.Text());
    if (!credential.expires) return broken("has an expirationTimestamp that is no RFC 3339 time");
  }
  return credential;
}

Result<ExecCredential> RunExecPlugin(const ExecConfig& exec, const ClientConfig& config,
                                     bool terminal, const ExecLimits& options) {
  if (exec.interactive_mode == InteractiveMode::kAlways && !terminal) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("the credential plugin {} wants to ask on a terminal, and standard "
                            "input is none; log in with it first, or use another credential",
                            Printable(exec.command)));
  }
  const bool interactive = terminal && exec.interactive_mode != InteractiveMode::kNever;
  const std::string program = FindProgram(exec.command);
  if (program.empty()) return tl::unexpected<Error>(NotFound(exec));
  OURO_TRY(std::string info, ExecInfo(exec, config, interactive));
  std::vector<std::string> arguments = {exec.command};
  arguments.insert(arguments.end(), exec.args.begin(), exec.args.end());
  const int seconds = options.seconds > 0 ? options.seconds : limits::kExecSeconds;
  const int64_t deadline_ms = NowMs() + int64_t{seconds} * 1000;
  Child child;
  OURO_TRY_STATUS(child.Start(program, std::move(arguments), EnvironmentOf(exec, std::move(info)),
                              interactive));
  Result<std::string> output = child.Collect(deadline_ms);
  if (!output) {
    Error error = output.error();
    if (error.code == ErrorCode::kTimeout) {
      error.message = fmt::format("the credential plugin {} did not end within {} s",
                                  Printable(exec.command), seconds);
    }
    return tl::unexpected<Error>(std::move(error));
  }
  if (child.exit_status() != 0) return tl::unexpected<Error>(Failed(exec, child.exit_status()));
  return ReadExecCredential(std::move(*output), exec);
}

}  // namespace ouro::kube
