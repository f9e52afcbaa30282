#include "kube/config.h"

#include <doctest.h>

#include <map>
#include <string>

#include "kube/test_folder.h"

namespace ouro::kube {
namespace {

// Fails the test with the error's text.
ClientConfig Must(const Result<ClientConfig>& config) {
  REQUIRE_MESSAGE(config, (config ? "" : config.error().ToString()));
  return *config;
}

// Reads with that environment and no other.
Result<ClientConfig> Load(const std::map<std::string, std::string>& environment,
                          ConfigOptions options = {}) {
  options.getenv = [&](const char* name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  if (options.service_account_folder.starts_with("/var")) {
    options.service_account_folder = "/nonexistent";
  }
  return LoadConfig(options);
}

constexpr const char* kBase = R"(apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c1
  cluster: {server: "https://h1:6443/"}
- name: c2
  cluster:
    server: https://h2/prefix/
    tls-server-name: inner
    insecure-skip-tls-verify: true
    proxy-url: socks5://user:pass@p:1
    disable-compression: true
contexts:
- name: one
  context: {cluster: c1, user: u1}
- name: two
  context: {cluster: c2, user: u2, namespace: shop}
users:
- name: u1
  user: {token: t1}
- name: u2
  user:
    username: me
    password: pw
    as: alice
    as-uid: "7"
    as-groups: [g1, g2]
    as-user-extra: {k: [v1, v2]}
)";

TEST_CASE("LoadConfig: a file, its contexts and fields") {
  const TestFolder folder;
  const std::string file = folder.Write("config", kBase);
  const ClientConfig one = Load({{"KUBECONFIG", file}}).value();
  CHECK(one.server == "https://h1:6443");
  CHECK(one.context == "one");
  CHECK(one.name_space == "default");
  CHECK(one.credentials.token.Reveal() == "t1");
  CHECK(one.tls.verify);
  CHECK(one.source == file + ":6");
  ConfigOptions options;
  options.context = "two";
  const ClientConfig two = Load({{"KUBECONFIG", file}}, options).value();
  CHECK(two.server == "https://h2:443/prefix");
  CHECK(two.name_space == "shop");
  CHECK(two.tls.server_name == "inner");
  CHECK_FALSE(two.tls.verify);
  CHECK(two.proxy_url.Reveal() == "socks5://user:pass@p:1");
  CHECK(two.disable_compression);
  CHECK(two.credentials.username == "me");
  CHECK(two.credentials.password.Reveal() == "pw");
  CHECK(two.impersonate.user == "alice");
  CHECK(two.impersonate.uid == "7");
  CHECK(two.impersonate.groups == std::vector<std::string>{"g1", "g2"});
  CHECK(two.impersonate.extra.at("k") == std::vector<std::string>{"v1", "v2"});
}

TEST_CASE("LoadConfig: where files are looked for") {
  const TestFolder folder;
  folder.Write(".kube/config", kBase);
  CHECK(Load({{"HOME", folder.path()}})->server == "https://h1:6443");
  // $KUBECONFIG replaces the file of the home folder, even where its files are missing.
  const auto missing =
      Load({{"HOME", folder.path()}, {"KUBECONFIG", "/nonexistent/a:/nonexistent/b"}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::kNotFound);
  CHECK(missing.error().message.find("/nonexistent/a, /nonexistent/b") != std::string::npos);
  // Missing and empty names of a list are skipped.
  const std::string list = "/nonexistent::" + folder.path() + "/.kube/config";
  CHECK(Load({{"KUBECONFIG", list}})->context == "one");
  // A file that was named must be there.
  ConfigOptions options;
  options.files = {"/nonexistent/a"};
  CHECK(Load({{"KUBECONFIG", list}}, options).error().code == ErrorCode::kNotFound);
  CHECK(Load({}).error().code == ErrorCode::kNotFound);
}

TEST_CASE("LoadConfig: the first file to name a thing wins, whole") {
  const TestFolder folder;
  const std::string first = folder.Write("first", R"(
current-context: two
users:
- {name: u, user: {username: only, password: here}}
contexts:
- {name: two, context: {cluster: c2, user: u, namespace: first}}
)");
  const std::string second = folder.Write("second", R"(
current-context: one
clusters:
- {name: c2, cluster: {server: "https://second"}}
users:
- {name: u, user: {token: second}}
contexts:
- {name: two, context: {cluster: c3, user: x, namespace: second}}
- {name: one, context: {cluster: c2, user: u}}
)");
  const std::string third = folder.Write("third", R"(
clusters:
- {name: c2, cluster: {server: "https://third", insecure-skip-tls-verify: true}}
)");
  const ClientConfig config = Load({{"KUBECONFIG", first + ":" + second + ":" + third}}).value();
  CHECK(config.context == "two");
  CHECK(config.server == "https://second:443");
  CHECK(config.tls.verify);
  CHECK(config.name_space == "first");
  CHECK(config.credentials.username == "only");
  CHECK(config.credentials.token.empty());
  const ClientConfig turned = Load({{"KUBECONFIG", third + ":" + second + ":" + first}}).value();
  CHECK(turned.context == "one");
  CHECK(turned.server == "https://third:443");
  CHECK(turned.credentials.token.Reveal() == "second");
}

TEST_CASE("LoadConfig: paths are relative to the file that they stand in, data goes before files") {
  const TestFolder folder;
  folder.Write("sub/pki/ca.crt", "CA");
  folder.Write("sub/pki/c.crt", "CERT");
  folder.Write("sub/c.key", "KEY");
  const std::string file = folder.Write("sub/config", R"(
current-context: x
clusters:
- {name: c, cluster: {server: "https://h", certificate-authority: pki/ca.crt}}
- {name: d, cluster: {server: "https://h", certificate-authority: /nonexistent, certificate-authority-data: "Q0E="}}
users:
- {name: u, user: {client-certificate: ./pki/c.crt, client-key: ../sub/c.key, tokenFile: token}}
- {name: v, user: {client-certificate-data: "Q0VS\nVA==", client-key-data: S0VZ, client-key: none}}
contexts:
- {name: x, context: {cluster: c, user: u}}
- {name: other, context: {cluster: d, user: v}}
)");
  ConfigOptions options;
  options.files = {file};
  const ClientConfig config = Must(Load({}, options));
  CHECK(config.tls.ca_file == folder.path() + "/sub/pki/ca.crt");
  CHECK(config.tls.cert_file == folder.path() + "/sub/pki/c.crt");
  CHECK(config.tls.key_file == folder.path() + "/sub/c.key");
  CHECK(config.credentials.token_file == folder.path() + "/sub/token");
  options.context = "other";
  const ClientConfig inlined = Load({}, options).value();
  CHECK(inlined.tls.ca_pem == "CA");
  CHECK(inlined.tls.ca_file.empty());
  CHECK(inlined.tls.cert_pem == "CERT");
  CHECK(inlined.tls.key_pem.Reveal() == "KEY");
  CHECK(inlined.tls.key_file.empty());
}

TEST_CASE("LoadConfig: the command line goes before the files") {
  const TestFolder folder;
  const std::string file = folder.Write("config", kBase);
  const std::string ca = folder.Write("ca", "x");
  ConfigOptions options;
  options.files = {file};
  options.context = "two";
  options.server = "https://other:1";
  options.name_space = "n";
  options.user = "u1";
  options.token = Secret("mine");
  options.certificate_authority = ca;
  const ClientConfig config = Must(Load({}, options));
  CHECK(config.server == "https://other:1");
  CHECK(config.tls.server_name.empty());  // that of the file was for the file's server
  CHECK(config.tls.verify);
  CHECK(config.tls.ca_file == ca);
  CHECK(config.name_space == "n");
  CHECK(config.credentials.token.Reveal() == "mine");
  // A server alone needs no file.
  ConfigOptions alone;
  alone.server = "https://other";
  CHECK(Load({}, alone)->server == "https://other:443");
}

TEST_CASE("LoadConfig: a plain http server is sent no credential") {
  const TestFolder folder;
  const std::string file = folder.Write("config", kBase);
  ConfigOptions options;
  options.files = {file};
  options.server = "localhost:8080";
  const ClientConfig config = Must(Load({}, options));
  CHECK(config.server == "http://localhost:8080");
  CHECK(config.credentials.token.empty());
}

TEST_CASE("LoadConfig: the pod's account") {
  const TestFolder folder;
  folder.Write("token", "t\n");
  folder.Write("ca.crt", "CA");
  folder.Write("namespace", "shop\n");
  ConfigOptions options;
  options.service_account_folder = folder.path();
  std::map<std::string, std::string> environment = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
                                                    {"KUBERNETES_SERVICE_PORT", "443"}};
  const ClientConfig config = Load(environment, options).value();
  CHECK(config.in_cluster);
  CHECK(config.context == "in-cluster");
  CHECK(config.server == "https://10.0.0.1:443");
  CHECK(config.name_space == "shop");
  CHECK(config.tls.ca_file == folder.path() + "/ca.crt");
  CHECK(config.credentials.token_file == folder.path() + "/token");
  environment["POD_NAMESPACE"] = "pod";
  environment["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  CHECK(Load(environment, options)->name_space == "pod");
  CHECK(Load(environment, options)->server == "https://[fd00::1]:443");
  // A kubeconfig goes first, and without a token file there is no account.
  environment["KUBECONFIG"] = folder.Write("config", kBase);
  CHECK_FALSE(Load(environment, options)->in_cluster);
  options.service_account_folder = "/nonexistent";
  environment.erase("KUBECONFIG");
  CHECK(Load(environment, options).error().code == ErrorCode::kNotFound);
}

struct Broken {
  const char* text;
  ErrorCode code;
  const char* part;
};

TEST_CASE("LoadConfig: errors name the place and the remedy, never a value") {
  const std::string head =
      "current-context: x\ncontexts:\n- {name: x, context: {cluster: c, user: u}}\n";
  const std::string cluster = "clusters:\n- {name: c, cluster: {server: 'https://h'}}\n";
  const Broken rows[] = {
      {"users:\n- name: u\n  user: {token: 12345678}\n", ErrorCode::kInvalid,
       ":8: token must be text"},
      {"users:\n- name: u\n  user: {token: a, username: b}\n", ErrorCode::kInvalid,
       "exclude each other"},
      {"users:\n- name: u\n  user: {client-certificate-data: Q0E=}\n", ErrorCode::kInvalid,
       "needs client-key"},
      {"users:\n- name: u\n  user: {client-certificate-data: '%%%'}\n", ErrorCode::kInvalid,
       "must be base64"},
      {"users:\n- name: u\n  user: {auth-provider: {name: gcp}}\n", ErrorCode::kUnsupported,
       "\"gcp\""},
      {"users:\n- name: u\n  user: {as-groups: [a]}\n", ErrorCode::kInvalid, "need a user"},
      {"users:\n- name: u\n- name: u\n", ErrorCode::kInvalid,
       ":8: users has two entries named \"u\""},
      {"users: {}\n", ErrorCode::kInvalid, "users must be a list"},
      {"users:\n- name: u\n  user: {exec: {command: x}}\n", ErrorCode::kInvalid,
       "needs an apiVersion"},
      {"users:\n- name: u\n  user: {exec: {command: x, apiVersion: "
       "client.authentication.k8s.io/v1alpha1}}\n",
       ErrorCode::kUnsupported, "v1beta1"},
      {"users:\n- name: u\n  user: {exec: {command: x, apiVersion: "
       "client.authentication.k8s.io/v1}}\n",
       ErrorCode::kInvalid, "interactiveMode"},
      {"users:\n- name: u\n  user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1}}\n",
       ErrorCode::kInvalid, "needs a command"},
      {"users:\n- name: u\n  user: {token: *none}\n", ErrorCode::kParse, "not YAML"},
      {"apiVersion: v2\n", ErrorCode::kUnsupported, "must be v1"},
      {"kind: Pod\n", ErrorCode::kInvalid, "no kubeconfig"},
  };
  const TestFolder folder;
  for (const Broken& row : rows) {
    CAPTURE(row.text);
    ConfigOptions options;
    options.files = {folder.Write("config", head + cluster + row.text)};
    const auto config = Load({}, options);
    REQUIRE_FALSE(config);
    CHECK(config.error().code == row.code);
    CAPTURE(config.error().ToString());
    CHECK(config.error().ToString().find(row.part) != std::string::npos);
    CHECK(config.error().ToString().find("12345678") == std::string::npos);
  }
}

TEST_CASE("LoadConfig: clusters that cannot be used") {
  const Broken rows[] = {
      {"{}", ErrorCode::kInvalid, "has no server"},
      {"{server: 'https://u:secretpw@h'}", ErrorCode::kInvalid, "user name"},
      {"{server: 'ftp://h'}", ErrorCode::kInvalid, "http://"},
      {"{server: 'https://h', proxy-url: 'ftp://u:secretpw@p'}", ErrorCode::kInvalid, "proxy-url"},
      {"{server: 'https://h', insecure-skip-tls-verify: 'yes'}", ErrorCode::kInvalid,
       "true or false"},
      {"{server: 'https://h', insecure-skip-tls-verify: true, certificate-authority-data: Q0E=}",
       ErrorCode::kInvalid, "exclude each other"},
      {"{server: 'https://h', certificate-authority: /nonexistent}", ErrorCode::kNotFound,
       "/nonexistent cannot be read"},
  };
  const TestFolder folder;
  for (const Broken& row : rows) {
    CAPTURE(row.text);
    ConfigOptions options;
    options.files = {folder.Write(
        "config", std::string("current-context: x\ncontexts:\n- {name: x, context: {cluster: c}}\n"
                              "clusters:\n- name: c\n  cluster: ") +
                      row.text + "\n")};
    const auto config = Load({}, options);
    REQUIRE_FALSE(config);
    CAPTURE(config.error().ToString());
    CHECK(config.error().code == row.code);
    CHECK(config.error().ToString().find(row.part) != std::string::npos);
    CHECK(config.error().ToString().find("secretpw") == std::string::npos);
  }
}

TEST_CASE("LoadConfig: names that nobody defines") {
  const TestFolder folder;
  ConfigOptions options;
  options.files = {folder.Write("config", kBase)};
  options.context = "three";
  CHECK(Load({}, options).error().ToString().find("defined: one, two") != std::string::npos);
  options.context.clear();
  options.cluster = "c9";
  CHECK(Load({}, options).error().ToString().find("no cluster \"c9\"") != std::string::npos);
  options.cluster.clear();
  options.user = "u9";
  CHECK(Load({}, options).error().ToString().find("no user \"u9\"") != std::string::npos);
}

TEST_CASE("LoadConfig: JSON, unknown keys, empty and null") {
  const TestFolder folder;
  ConfigOptions options;
  options.files = {folder.Write("config", R"({"current-context":"x","preferences":{},"other":1,
"contexts":[{"name":"x","context":{"cluster":"c","user":null,"more":1}}],"users":null,
"clusters":[{"name":"c","cluster":{"server":"https://h","token":1}}]})")};
  CHECK(Load({}, options)->server == "https://h:443");
  options.files = {folder.Write("empty", "\n"), options.files[0]};
  CHECK(Load({}, options)->server == "https://h:443");
}

TEST_CASE("LoadConfig: exec plugins") {
  const TestFolder folder;
  ConfigOptions options;
  options.files = {folder.Write("d/config", R"(
current-context: x
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters:
- name: c
  cluster:
    server: https://h
    extensions:
    - {name: other, extension: {a: 1}}
    - {name: client.authentication.k8s.io/exec, extension: {audience: 7}}
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: ./bin/login
      args: [a, "b c"]
      env: [{name: NAME, value: V}]
      provideClusterInfo: true
      installHint: get it
)")};
  const ClientConfig config = Must(Load({}, options));
  const ExecConfig& exec = *config.credentials.exec;
  CHECK(exec.command == folder.path() + "/d/bin/login");
  CHECK(exec.args == std::vector<std::string>{"a", "b c"});
  CHECK(exec.env.at(0).first == "NAME");
  CHECK(exec.provide_cluster_info);
  CHECK(exec.interactive_mode == InteractiveMode::kIfAvailable);
  CHECK(exec.cluster_info_config == R"({"audience":7})");
}

}  // namespace
}  // namespace ouro::kube
