#include "kube/exec_plugin.h"

#include <doctest.h>

#include <string>

#include "kube/test_folder.h"

namespace ouro::kube {
namespace {

constexpr const char* kVersion = "client.authentication.k8s.io/v1";

ExecConfig PluginOf(const std::string& command) {
  ExecConfig exec;
  exec.command = command;
  exec.api_version = kVersion;
  return exec;
}

std::string Credential(const std::string& status) {
  return std::string("{\"apiVersion\":\"") + kVersion +
         "\",\"kind\":\"ExecCredential\",\"status\":" + status + "}";
}

TEST_CASE("RunExecPlugin: arguments as they are, environment, a token") {
  const TestFolder folder;
  const std::string script = folder.Write("plugin",
                                          R"(#!/bin/sh
printf '%s|' "$@" > )" + folder.path() + R"(/args
printf '%s' "$KUBERNETES_EXEC_INFO" > )" + folder.path() +
                                              R"(/info
cat > )" + folder.path() + R"(/stdin
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
 "status":{"token":"'$MINE'","expirationTimestamp":"2026-11-21T15:04:05Z"}}'
)",
                                          true);
  ExecConfig exec = PluginOf(script);
  exec.args = {"a b", "$(touch " + folder.path() + "/pwned)", "; rm x", ""};
  exec.env = {{"MINE", "first"}, {"MINE", "tok"}};
  const auto got = RunExecPlugin(exec, ClientConfig(), false);
  REQUIRE_MESSAGE(got, (got ? "" : got.error().ToString()));
  CHECK(got->token.Reveal() == "tok");
  CHECK(got->expires == ParseRfc3339("2026-11-21T15:04:05Z"));
  CHECK(folder.Read("args") == "a b|$(touch " + folder.path() + "/pwned)|; rm x||");
  CHECK(folder.Read("pwned").empty());
  CHECK(folder.Read("stdin").empty());
  CHECK(
      folder.Read("info") ==
      R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}})");
}

TEST_CASE("ExecInfo: the cluster, when it is asked for") {
  ExecConfig exec = PluginOf("x");
  exec.provide_cluster_info = true;
  exec.cluster_info_config = R"({"a":1})";
  ClientConfig config;
  config.server = "https://h:6443";
  config.tls.ca_pem = "CA!";
  config.tls.server_name = "inner";
  CHECK(
      ExecInfo(exec, config, true).value() ==
      R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{)"
      R"("server":"https://h:6443","tls-server-name":"inner","certificate-authority-data":"Q0Eh",)"
      R"("config":{"a":1}},"interactive":true}})");
}

TEST_CASE("RunExecPlugin: a program that is not there") {
  ExecConfig exec = PluginOf("ouro-no-such-plugin");
  exec.install_hint = "run `brew install it`\x1b[31m";
  const auto got = RunExecPlugin(exec, ClientConfig(), false);
  REQUIRE_FALSE(got);
  CHECK(got.error().code == ErrorCode::kNotFound);
  CHECK(got.error().message.find("brew install it") != std::string::npos);
  CHECK(got.error().message.find('\x1b') == std::string::npos);
}

TEST_CASE("RunExecPlugin: failures") {
  const TestFolder folder;
  const auto run = [&](const std::string& body, int seconds = 0) {
    return RunExecPlugin(PluginOf(folder.Write("plugin", "#!/bin/sh\n" + body, true)),
                         ClientConfig(), false, {seconds});
  };
  CHECK(run("exit 3").error().message.find("code 3") != std::string::npos);
  CHECK(run("kill -9 $$").error().message.find("signal 9") != std::string::npos);
  CHECK(run("sleep 100", 1).error().code == ErrorCode::kTimeout);
  CHECK(run("exec >&-; sleep 100", 1).error().code == ErrorCode::kTimeout);
  CHECK(run("while true; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done")
            .error()
            .code == ErrorCode::kLimit);
  CHECK(run("echo secret-token-text").error().code == ErrorCode::kParse);
  CHECK(run("echo secret-token-text").error().ToString().find("secret-token-text") ==
        std::string::npos);
  // What it leaves behind may keep its output open.
  CHECK(run("sleep 100 2>/dev/null & echo '" + Credential(R"({"token":"t"})") + "'")
            ->token.Reveal() == "t");
  ExecConfig asks = PluginOf("sh");
  asks.interactive_mode = InteractiveMode::kAlways;
  CHECK(RunExecPlugin(asks, ClientConfig(), false).error().code == ErrorCode::kInvalid);
  const std::string text = folder.Write("text", "no program");
  CHECK(RunExecPlugin(PluginOf(text), ClientConfig(), false).error().code == ErrorCode::kNotFound);
}

TEST_CASE("ReadExecCredential: what is accepted") {
  const ExecConfig exec = PluginOf("x");
  const auto read = [&](const std::string& status) {
    return ReadExecCredential(Credential(status), exec);
  };
  CHECK(read(R"({"token":" t\n"})")->token.Reveal() == "t");
  const auto pair = read(R"({"clientCertificateData":"C","clientKeyData":"K"})");
  CHECK(pair->cert_pem == "C");
  CHECK(pair->key_pem.Reveal() == "K");
  CHECK_FALSE(pair->expires);
  CHECK_FALSE(read("null"));
  CHECK_FALSE(read("{}"));
  CHECK_FALSE(read(R"({"clientCertificateData":"C"})"));
  CHECK_FALSE(read(R"({"token":"t","expirationTimestamp":"soon"})"));
  CHECK_FALSE(read(R"({"token":5})"));
  CHECK_FALSE(ReadExecCredential("", exec));
  CHECK_FALSE(ReadExecCredential("[]", exec));
  ExecConfig beta = exec;
  beta.api_version = "client.authentication.k8s.io/v1beta1";
  CHECK_FALSE(ReadExecCredential(Credential(R"({"token":"t"})"), beta));
  CHECK(ReadExecCredential("apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\n"
                           "status: {token: yaml}\n",
                           exec)
            ->token.Reveal() == "yaml");
}

}  // namespace
}  // namespace ouro::kube
