// Runs a credential plugin (client.authentication.k8s.io): a program that prints a token or a
// client certificate. Private to kube.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "kube/config.h"

namespace ouro::kube {

struct ExecCredential {
  Secret token;
  std::string cert_pem;
  Secret key_pem;
  std::optional<UnixSeconds> expires;
};

struct ExecLimits {
  int seconds = 0;  // 0: limits::kExecSeconds
};

// Starts the program with its arguments as they are (no shell), waits for it and reads what it
// printed. Its standard error is ours, so that it can tell the user what to do. Standard input is
// ours when `terminal` says that this is a terminal and the plugin may ask, else empty.
//
// kNotFound: no such program (with the install hint); kInvalid: it wants a terminal and there is
// none; kTimeout, kLimit; kRemote: it failed; kParse: what it printed is no ExecCredential of the
// configured version. Nothing that it printed stands in an Error.
Result<ExecCredential> RunExecPlugin(const ExecConfig& exec, const ClientConfig& config,
                                     bool terminal, const ExecLimits& options = {});

// The JSON for KUBERNETES_EXEC_INFO.
Result<std::string> ExecInfo(const ExecConfig& exec, const ClientConfig& config, bool interactive);

// Reads what a plugin printed.
Result<ExecCredential> ReadExecCredential(std::string output, const ExecConfig& exec);

}  // namespace ouro::kube
