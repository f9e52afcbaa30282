// Kubeconfig files and what credential plugins and servers say: any bytes are read or refused with
// a place, and nothing that looks like a token stands in an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "kube/api_status.h"
#include "kube/credentials.h"
#include "kube/exec_plugin.h"
#include "kube/json_cursor.h"
#include "kube/kubeconfig.h"
#include "kube/list_page.h"
#include "kube/redact.h"
#include "kube/watch_event.h"

namespace {

using namespace ouro::kube;

void Require(bool condition) {
  if (!condition) std::abort();
}

void ReadAsKubeconfig(const std::string& text) {
  const auto config = ReadKubeconfig(text, "config", "/folder");
  if (!config) {
    Require(!config.error().message.empty() && config.error().where.starts_with("config"));
    Require(config.error().message.find("SECRET-TOKEN") == std::string::npos);
    return;
  }
  for (const auto& [name, user] : config->users) {
    Require(user.token_file.empty() || user.token_file[0] == '/');
    Require(!user.exec || !user.exec->command.empty());
  }
  Kubeconfig merged = *config;
  MergeKubeconfig(merged, Kubeconfig(*config));
  Require(merged.users.size() == config->users.size());
}

void ReadAsAnswer(const std::string& text) {
  ExecConfig exec;
  exec.command = "x";
  exec.api_version = "client.authentication.k8s.io/v1";
  if (const auto credential = ReadExecCredential(text, exec)) {
    Require(!credential->token.empty() || !credential->cert_pem.empty());
  }
  ReadApiStatus(text);
  ReadListHead(text);
  ParseWatchLine(text);
  ParseHttpDate(text);
  TokenExpiry(text);
  JsonText(text);
  JsonCursor cursor(text);
  while (cursor.Next()) JsonText(cursor.value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  ReadAsKubeconfig(text);
  ReadAsAnswer(text);
  if (const auto redacted = Redact(text)) {
    const auto again = Redact(*redacted);
    Require(again && *again == *redacted);
  }
  return 0;
}
