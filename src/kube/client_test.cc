// Requests, retries and credentials.

#include "kube/client.h"

#include <doctest.h>

#include <string>

#include "kube/api_status.h"
#include "kube/client_fixture.h"
#include "kube/test_folder.h"

namespace ouro::kube {
namespace {

TEST_CASE("Client: version") {
  const StubServer server([](const StubRequest& request) {
    CHECK(request.path == "/version");
    CHECK(request.headers.at("user-agent") == "ouro/test");
    return JsonAnswer(
        R"({"major":"1","minor":"33+","gitVersion":"v1.33.2-eks","platform":"linux/amd64"})");
  });
  const ServerVersion version = ClientFixture(server.url()).client->Version().value();
  CHECK(version.git_version == "v1.33.2-eks");
  CHECK(version.major == 1);
  CHECK(version.minor == 33);
}

TEST_CASE("Client: what is no API server") {
  const StubServer server([](const StubRequest&) { return JsonAnswer("<html>"); });
  CHECK(ClientFixture(server.url()).client->Version().error().code == ErrorCode::kParse);
}

TEST_CASE("Client: refusals carry the server's sentence") {
  struct Row {
    int status;
    ErrorCode code;
    const char* part;
  };
  const Row rows[] = {
      {401, ErrorCode::kDenied, "does not accept the credential (401): why"},
      {403, ErrorCode::kDenied, "why"},
      {404, ErrorCode::kNotFound, "why"},
      {410, ErrorCode::kRemote, "410: why"},
      {422, ErrorCode::kRemote, "422: why"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    const StubServer server(
        [&](const StubRequest&) { return StatusAnswer(row.status, "R", "why"); });
    const Error error = ClientFixture(server.url()).client->Get("/x?continue=token").error();
    CHECK(error.code == row.code);
    CHECK(error.message.find(row.part) != std::string::npos);
    CHECK(error.where == "GET " + server.url() + "/x");
    CHECK(server.requests().size() == 1);
  }
}

TEST_CASE("Client: 429 waits as long as Retry-After says") {
  int asked = 0;
  const StubServer server([&](const StubRequest&) {
    if (++asked > 2) return JsonAnswer("{}");
    StubAnswer answer = StatusAnswer(429, "TooManyRequests", "slow down");
    answer.headers.push_back("Retry-After: 7");
    return answer;
  });
  ClientFixture fixture(server.url());
  CHECK(fixture.client->Get("/x").value() == "{}");
  CHECK(asked == 3);
  CHECK(fixture.slept_ms >= 14'000 - 100);
  CHECK(fixture.slept_ms < 15'000);
  CHECK(fixture.client->counts().retries == 2);
}

TEST_CASE("Client: retries are bounded") {
  const StubServer server([&](const StubRequest& request) {
    StubAnswer answer = StatusAnswer(request.path == "/429" ? 429 : 503, "R", "busy");
    if (request.path == "/long") answer.headers.push_back("Retry-After: 3600");
    return answer;
  });
  ClientFixture fixture(server.url());
  CHECK(fixture.client->Get("/429").error().message.find("429: busy") != std::string::npos);
  CHECK(server.requests().size() == 5);
  CHECK(fixture.client->Get("/503").error().code == ErrorCode::kRemote);
  CHECK(server.requests().size() == 10);
  CHECK(fixture.client->Get("/long").error().code == ErrorCode::kRemote);
  CHECK(server.requests().size() == 11);
  CHECK(fixture.slept_ms < 10'000);
}

TEST_CASE("Client: a connection that breaks or is refused") {
  int asked = 0;
  const StubServer server([&](const StubRequest&) {
    StubAnswer answer = JsonAnswer("{}");
    ++asked;
    answer.no_answer = asked == 1;
    answer.cut = asked == 2;
    return answer;
  });
  CHECK(ClientFixture(server.url()).client->Get("/x").value() == "{}");
  CHECK(asked == 3);
  int port = 0;
  {
    port = StubServer([](const StubRequest&) { return StubAnswer(); }).port();
  }
  ClientFixture fixture("http://127.0.0.1:" + std::to_string(port));
  CHECK(fixture.client->Get("/x").error().code == ErrorCode::kIo);
  CHECK(fixture.client->counts().requests == 5);
}

TEST_CASE("Client: the stop flag ends a pause") {
  const StubServer server([&](const StubRequest&) {
    StubAnswer answer = StatusAnswer(429, "R", "busy");
    answer.headers.push_back("Retry-After: 50");
    return answer;
  });
  ClientFixture fixture(server.url());
  ClientConfig config;
  config.server = server.url();
  ClientOptions options;
  options.stop = &fixture.stop;
  options.surroundings.sleep_ms = [&](int64_t) { fixture.stop = true; };
  const auto client = Client::Create(config, options).value();
  const Error error = client->Get("/x").error();
  CHECK(error.code == ErrorCode::kTimeout);
  CHECK(error.message == "interrupted");
}

ClientConfig WithPlugin(const TestFolder& folder, const std::string& status) {
  ClientConfig config;
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
  return config;
}

TEST_CASE("Client: a 401 asks the plugin once for a fresh credential") {
  const TestFolder folder;
  const StubServer server([](const StubRequest& request) {
    if (request.headers.at("authorization") != "Bearer t2")
      return StatusAnswer(401, "R", "Unauthorized");
    return JsonAnswer("{}");
  });
  ClientFixture fixture(server.url(), WithPlugin(folder, R"({"token":"t'$n'"})"));
  CHECK(fixture.client->Get("/x").value() == "{}");
  CHECK(fixture.client->Get("/x").value() == "{}");
  CHECK(server.requests().size() == 3);
}

TEST_CASE("Client: a credential that stays refused says why") {
  const TestFolder folder;
  const StubServer server([](const StubRequest&) {
    StubAnswer answer = StatusAnswer(401, "Unauthorized", "Unauthorized");
    answer.headers.push_back("Date: Mon, 12 Jan 1970 14:46:40 GMT");  // an hour ahead of us
    return answer;
  });
  ClientFixture fixture(
      server.url(),
      WithPlugin(folder, R"({"token":"hidden","expirationTimestamp":"1970-01-12T14:00:00Z"})"));
  const Error error = fixture.client->Get("/x").error();
  CHECK(error.code == ErrorCode::kDenied);
  CHECK(error.message.find("expired at 1970-01-12T14:00:00Z by the server's clock") !=
        std::string::npos);
  CHECK(error.message.find("3600 s behind") != std::string::npos);
  CHECK(error.message.find("hidden") == std::string::npos);
  CHECK(server.requests().size() == 2);
  CHECK(fixture.client->clock_skew_seconds() == 3600);
}

TEST_CASE("Client: impersonation") {
  const StubServer server([](const StubRequest&) { return JsonAnswer("{}"); });
  ClientConfig config;
  config.impersonate.user = "alice";
  config.impersonate.uid = "7";
  config.impersonate.groups = {"a", "b"};
  config.impersonate.extra = {{"example.com/Scope %", {"x", "y"}}};
  ClientFixture fixture(server.url(), config);
  REQUIRE(fixture.client->Get("/x"));
  const auto headers = server.requests().at(0).headers;
  CHECK(headers.at("impersonate-user") == "alice");
  CHECK(headers.at("impersonate-uid") == "7");
  CHECK(headers.at("impersonate-group") == "a, b");
  CHECK(headers.at("impersonate-extra-example.com%2fscope%20%25") == "x, y");
}

TEST_CASE("Client: dry runs") {
  const StubServer server([](const StubRequest& request) {
    CHECK(request.query.at("dryRun") == "All");
    CHECK(request.query.at("fieldManager") == "ouro");
    if (request.method == "POST") {
      StubAnswer answer = StatusAnswer(403, "Forbidden", "denied by policy");
      answer.headers.push_back(R"(Warning: 299 - "first \"one\"", 299 - "second")");
      answer.headers.push_back(R"(Warning: 299 - "third" "Sat, 25 Aug 2012 23:34:45 GMT")");
      return answer;
    }
    CHECK(request.method == "PATCH");
    CHECK(request.headers.at("content-type") == "application/apply-patch+yaml");
    CHECK(request.path == "/api/v1/namespaces/shop/pods/web");
    CHECK(request.query.at("force") == "true");
    return JsonAnswer(request.body, 201);
  });
  ClientFixture fixture(server.url());
  WriteOptions options;
  options.force = true;
  const WriteAnswer applied =
      fixture.client->DryRunApply(PodResource(), "shop", "web", R"({"a":1})", options).value();
  CHECK(applied.accepted);
  CHECK(applied.http_status == 201);
  CHECK(applied.object == R"({"a":1})");
  const WriteAnswer created = fixture.client->DryRunCreate(PodResource(), "shop", "{}").value();
  CHECK_FALSE(created.accepted);
  CHECK(created.http_status == 403);
  CHECK(created.status.reason == "Forbidden");
  CHECK(created.status.message == "denied by policy");
  CHECK(created.warnings == std::vector<std::string>{"first \"one\"", "second", "third"});
}

TEST_CASE("Client: a dry run that the API server did not answer is an error, not a refusal") {
  int status = 502;
  const StubServer server(
      [&](const StubRequest&) { return JsonAnswer("<html>bad gateway", status); });
  ClientFixture fixture(server.url());
  CHECK_FALSE(fixture.client->DryRunCreate(PodResource(), "shop", "{}"));
  status = 401;
  CHECK(fixture.client->DryRunCreate(PodResource(), "shop", "{}").error().code ==
        ErrorCode::kDenied);
}

TEST_CASE("Client: access reviews") {
  const StubServer server([](const StubRequest& request) {
    if (request.path.ends_with("/subjectaccessreviews")) {
      CHECK(request.body ==
            R"({"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{)"
            R"("user":"bob","groups":["g"],"extra":{"k":["v"]},)"
            R"("nonResourceAttributes":{"verb":"get","path":"/metrics"}}})");
      return JsonAnswer(R"({"status":{"allowed":false,"denied":true,"evaluationError":"e"}})", 201);
    }
    CHECK(request.path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
    CHECK(
        request.body ==
        R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{)"
        R"("resourceAttributes":{"verb":"list","group":"apps","resource":"deployments","namespace":"n"}}})");
    return JsonAnswer(R"({"status":{"allowed":true,"reason":"RBAC: \"x\""}})", 201);
  });
  ClientFixture fixture(server.url());
  AccessQuestion question;
  question.verb = "list";
  question.group = "apps";
  question.resource = "deployments";
  question.name_space = "n";
  const AccessAnswer mine = fixture.client->MayI(question).value();
  CHECK(mine.allowed);
  CHECK(mine.reason == "RBAC: \"x\"");
  AccessQuestion path;
  path.verb = "get";
  path.path = "/metrics";
  const AccessAnswer his =
      fixture.client->MaySubject({"bob", {"g"}, "", {{"k", {"v"}}}}, path).value();
  CHECK_FALSE(his.allowed);
  CHECK(his.denied);
  CHECK(his.evaluation_error == "e");
}

TEST_CASE("ReadApiStatus: hostile text") {
  const ApiStatus status = ReadApiStatus(
      R"({"code":403,"reason":"R","message":"a\u001b[31mb\nc","details":{"retryAfterSeconds":9,)"
      R"("causes":[{"field":"spec.x","message":"Required value"},{"message":"m"}]}})");
  CHECK(status.message.find('\x1b') == std::string::npos);
  CHECK(status.retry_after_seconds == 9);
  CHECK(status.causes == std::vector<std::string>{"spec.x: Required value", "m"});
  CHECK(ReadApiStatus("nonsense").message.empty());
  CHECK(ReadApiStatus("{\"message\":\"" + std::string(100'000, 'x') + "\"}").message.size() <
        10'000);
}

TEST_CASE("ParseHttpDate and RetryAfterSeconds") {
  CHECK(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777);
  CHECK_FALSE(ParseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT"));
  CHECK_FALSE(ParseHttpDate("Sun, 06 Xxx 1994 08:49:37 GMT"));
  io::HttpResponse response;
  CHECK_FALSE(RetryAfterSeconds(response, 0));
  response.headers = {{"retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"}};
  CHECK(RetryAfterSeconds(response, 784111770) == 7);
  CHECK(RetryAfterSeconds(response, 784111790) == 0);
  response.headers.emplace_back("date", "Sun, 06 Nov 1994 08:49:30 GMT");
  CHECK(RetryAfterSeconds(response, 0) == 7);
}

TEST_CASE("ApiResource: paths") {
  const ApiResource pods = PodResource();
  CHECK(pods.CollectionPath() == "/api/v1/pods");
  CHECK(pods.CollectionPath("shop") == "/api/v1/namespaces/shop/pods");
  CHECK(pods.ObjectPath("shop", "a:b/c") == "/api/v1/namespaces/shop/pods/a%3Ab%2Fc");
  const ApiResource roles = {
      "rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false, true, {}};
  CHECK(roles.ObjectPath("ignored", "system:x") ==
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Ax");
  CHECK(roles.ApiVersion() == "rbac.authorization.k8s.io/v1");
  CHECK(roles.Name() == "clusterroles.rbac.authorization.k8s.io");
}

}  // namespace
}  // namespace ouro::kube
