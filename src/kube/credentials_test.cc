#include "kube/credentials.h"

#include <doctest.h>

#include <string>

#include "kube/base64.h"
#include "kube/test_folder.h"

namespace ouro::kube {
namespace {

// Time that tests move.
struct FakeTime {
  UnixSeconds now = 1'000'000;
  int64_t ms = 0;
  Surroundings surroundings() {
    Surroundings s;
    s.now = [this] { return now; };
    s.monotonic_ms = [this] { return ms; };
    s.sleep_ms = [this](int64_t more) { ms += more; };
    s.random = [] { return uint64_t{0}; };
    s.terminal = [] { return false; };
    return s;
  }
};

std::string HeaderOf(Credentials& credentials) {
  return credentials.Get().value().authorization.Reveal();
}

TEST_CASE("EncodeBase64 and DecodeBase64Url") {
  CHECK(EncodeBase64("") == "");
  CHECK(EncodeBase64("f") == "Zg==");
  CHECK(EncodeBase64("fo") == "Zm8=");
  CHECK(EncodeBase64("foo") == "Zm9v");
  CHECK(EncodeBase64("foobar") == "Zm9vYmFy");
  std::string bytes;
  CHECK(DecodeBase64Url("-_8", bytes));
  CHECK(bytes == "\xfb\xff");
}

TEST_CASE("Credentials: what is sent") {
  FakeTime time;
  const Surroundings surroundings = time.surroundings();
  ClientConfig config;
  Credentials none(config, surroundings);
  CHECK(HeaderOf(none).empty());
  config.credentials.username = "u";
  config.credentials.password = Secret("p");
  Credentials basic(config, surroundings);
  CHECK(HeaderOf(basic) == "Authorization: Basic dTpw");
  config.credentials = {};
  config.credentials.token = Secret("t");
  Credentials token(config, surroundings);
  CHECK(HeaderOf(token) == "Authorization: Bearer t");
  CHECK_FALSE(token.Refresh(token.Get()->generation).value());
}

TEST_CASE("Credentials: a token file is read again when it changes, and every minute") {
  const TestFolder folder;
  FakeTime time;
  const Surroundings surroundings = time.surroundings();
  ClientConfig config;
  config.credentials.token = Secret("written");
  config.credentials.token_file = folder.path() + "/token";
  Credentials credentials(config, surroundings);
  CHECK(HeaderOf(credentials) == "Authorization: Bearer written");  // the file is not there yet
  folder.Write("token", "one\n");
  CHECK(HeaderOf(credentials) == "Authorization: Bearer one");
  const uint64_t generation = credentials.Get()->generation;
  folder.Write("next", "twotwo\n");
  std::filesystem::rename(folder.path() + "/next", folder.path() + "/token");
  CHECK(credentials.Refresh(generation).value());
  CHECK(HeaderOf(credentials) == "Authorization: Bearer twotwo");
  CHECK_FALSE(credentials.Refresh(credentials.Get()->generation).value());
  std::filesystem::remove(folder.path() + "/token");
  time.ms += 120'000;
  CHECK(HeaderOf(credentials) == "Authorization: Bearer twotwo");
}

TEST_CASE("Credentials: a token file that cannot be read, and no token besides") {
  FakeTime time;
  const Surroundings surroundings = time.surroundings();
  ClientConfig config;
  config.credentials.token_file = "/nonexistent/token";
  Credentials credentials(config, surroundings);
  CHECK(credentials.Get().error().code == ErrorCode::kIo);
}

struct Plugin {
  TestFolder folder;
  ClientConfig config;
  explicit Plugin(const std::string& status) {
    ExecConfig exec;
    exec.api_version = "client.authentication.k8s.io/v1";
    exec.command = folder.Write("plugin",
                                "#!/bin/sh\ncd " + folder.path() + R"(
echo x >> runs
n=$(wc -l < runs)
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" +
                                    status + "}'\n",
                                true);
    config.credentials.exec = exec;
  }
  int64_t runs() const {
    const std::string text = folder.Read("runs");
    return static_cast<int64_t>(text.size()) / 2;
  }
};

TEST_CASE("Credentials: a plugin runs once, again when its credential expires, and after a 401") {
  Plugin plugin(R"({"token":"t'$n'","expirationTimestamp":"1970-01-12T13:56:40Z"})");  // 1,000,600
  FakeTime time;
  const Surroundings surroundings = time.surroundings();
  Credentials credentials(plugin.config, surroundings);
  CHECK(HeaderOf(credentials) == "Authorization: Bearer t1");
  CHECK(HeaderOf(credentials) == "Authorization: Bearer t1");
  CHECK(plugin.runs() == 1);
  const uint64_t generation = credentials.Get()->generation;
  CHECK(credentials.Refresh(generation).value());
  CHECK(plugin.runs() == 2);
  CHECK(HeaderOf(credentials) == "Authorization: Bearer t2");
  CHECK(credentials.Refresh(generation).value());  // of an older credential: nothing to run
  CHECK(plugin.runs() == 2);
  time.now += 700;
  time.ms += 700'000;
  CHECK(HeaderOf(credentials) == "Authorization: Bearer t3");
  // It is given out expired: by our clock. It is sent, and not asked for at every request.
  CHECK(HeaderOf(credentials) == "Authorization: Bearer t3");
  CHECK(plugin.runs() == 3);
  CHECK(credentials.Explain(std::nullopt).find("expired at 1970-01-12T13:56:40Z") !=
        std::string::npos);
  CHECK(credentials.Explain(-700).find("clock only") != std::string::npos);
  CHECK(credentials.Explain(-700).find("700 s ahead of") != std::string::npos);
}

TEST_CASE("Credentials: a plugin that fails is not run for every request") {
  Plugin plugin("'; exit 1; echo '");
  FakeTime time;
  const Surroundings surroundings = time.surroundings();
  Credentials credentials(plugin.config, surroundings);
  CHECK(credentials.Get().error().code == ErrorCode::kRemote);
  CHECK(credentials.Get().error().code == ErrorCode::kRemote);
  CHECK(plugin.runs() == 1);
  time.ms += 10'000;
  CHECK_FALSE(credentials.Get());
  CHECK(plugin.runs() == 2);
}

TEST_CASE("Credentials: a plugin's certificate") {
  Plugin plugin(R"({"clientCertificateData":"C'$n'","clientKeyData":"K"})");
  plugin.config.tls.ca_pem = "CA";
  FakeTime time;
  const Surroundings surroundings = time.surroundings();
  Credentials credentials(plugin.config, surroundings);
  const Credential first = credentials.Get().value();
  CHECK(first.authorization.empty());
  CHECK(first.tls->cert_pem == "C1");
  CHECK(first.tls->key_pem.Reveal() == "K");
  CHECK(first.tls->ca_pem == "CA");
  CHECK(credentials.Refresh(first.generation).value());
  CHECK(credentials.Get()->tls->cert_pem == "C2");
}

TEST_CASE("Credentials: a plugin does not run where there is another credential") {
  Plugin plugin(R"({"token":"t"})");
  FakeTime time;
  const Surroundings surroundings = time.surroundings();
  plugin.config.credentials.token = Secret("mine");
  Credentials credentials(plugin.config, surroundings);
  CHECK(HeaderOf(credentials) == "Authorization: Bearer mine");
  CHECK(plugin.runs() == 0);
}

TEST_CASE("TokenExpiry: JSON Web Tokens") {
  // {"alg":"none"} . {"exp":1234567890} . signature
  CHECK(TokenExpiry("eyJhbGciOiJub25lIn0.eyJleHAiOjEyMzQ1Njc4OTB9.c2ln") == 1234567890);
  for (const char* other : {"", "abc", "a.b", "a.b.c", "a.e30.c"}) {
    CAPTURE(other);
    CHECK_FALSE(TokenExpiry(other));
  }
}

}  // namespace
}  // namespace ouro::kube
