#include <doctest.h>

#include <string>

#include "kube/client.h"
#include "kube/client_fixture.h"
#include "kube/discovery.h"

namespace ouro::kube {
namespace {

constexpr const char* kCore =
    R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[
{"version":"v1","freshness":"Current","resources":[
 {"resource":"pods","responseKind":{"group":"","version":"v1","kind":"Pod"},"scope":"Namespaced",
 "verbs":["get","list"],
  "subresources":[{"subresource":"log","verbs":["get"]}]},
 {"resource":"nodes","responseKind":{"kind":"Node"},"scope":"Cluster","verbs":["list"]}]}]}]})";
constexpr const char* kGroups = R"({"kind":"APIGroupDiscoveryList","items":[
{"metadata":{"name":"autoscaling"},"versions":[
 {"version":"v2","resources":[{"resource":"hpas","responseKind":{"kind":"HPA"},
 "scope":"Namespaced","verbs":["list"]}]},
 {"version":"v1","resources":[{"resource":"hpas","responseKind":{"kind":"HPA"},
 "scope":"Namespaced","verbs":["list"]},
                              {"resource":"olds","responseKind":{"kind":"Old"},
 "scope":"Namespaced","verbs":["list"]}]}]},
{"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]})";

TEST_CASE("Discover: the aggregated form, in two requests") {
  const StubServer server([](const StubRequest& request) {
    CHECK(request.headers.at("accept").find("v=v2beta1;as=APIGroupDiscoveryList") !=
          std::string::npos);
    StubAnswer answer = JsonAnswer(request.path == "/api" ? kCore : kGroups);
    answer.headers = {
        "Content-Type: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"};
    return answer;
  });
  const Discovery found = ClientFixture(server.url()).client->Discover().value();
  CHECK(server.requests().size() == 2);
  CHECK(found.aggregated);
  REQUIRE(found.resources.size() == 5);
  CHECK(found.resources[0].Name() == "pods");
  CHECK(found.resources[0].namespaced);
  CHECK(found.resources[0].Can("list"));
  CHECK_FALSE(found.resources[0].Can("watch"));
  CHECK_FALSE(found.resources[1].namespaced);
  CHECK(found.Find("autoscaling", "HPA")->version == "v2");
  CHECK(found.Find("autoscaling", "HPA")->preferred);
  CHECK_FALSE(found.Find("autoscaling", "HPA", "v1")->preferred);
  CHECK(found.FindPlural("autoscaling", "olds")->preferred);
  CHECK(found.Find("autoscaling", "None") == nullptr);
  REQUIRE(found.failures.size() == 1);
  CHECK(found.failures[0].group_version == "metrics.k8s.io/v1beta1");
}

TEST_CASE("Discover: the older form, with a group that does not answer") {
  const StubServer server([](const StubRequest& request) {
    if (request.path == "/api") return JsonAnswer(R"({"kind":"APIVersions","versions":["v1"]})");
    if (request.path == "/apis") {
      return JsonAnswer(R"({"kind":"APIGroupList","groups":[
        {"name":"apps","versions":[{"version":"v1beta1"},{"version":"v1"}],
 "preferredVersion":{"version":"v1"}},
        {"name":"down","versions":[{"version":"v1"}],"preferredVersion":{"version":"v1"}}]})");
    }
    if (request.path == "/api/v1") {
      return JsonAnswer(R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
        {"name":"pods","namespaced":true,"kind":"Pod","verbs":["list"]},
        {"name":"pods/log","namespaced":true,"kind":"Pod","verbs":["get"]}]})");
    }
    if (request.path.starts_with("/apis/apps/")) {
      return JsonAnswer(R"({"kind":"APIResourceList","resources":[
        {"name":"deployments","namespaced":true,"kind":"Deployment","verbs":["list"]}]})");
    }
    return StatusAnswer(404, "NotFound", "gone");
  });
  const Discovery found = ClientFixture(server.url()).client->Discover().value();
  CHECK_FALSE(found.aggregated);
  REQUIRE(found.resources.size() == 3);
  CHECK(found.resources[0].Name() == "pods");
  CHECK(found.resources[1].version == "v1");
  CHECK(found.resources[1].preferred);
  CHECK_FALSE(found.resources[2].preferred);
  REQUIRE(found.failures.size() == 1);
  CHECK(found.failures[0].group_version == "down/v1");
  CHECK(found.failures[0].error.code == ErrorCode::kNotFound);
}

TEST_CASE("Discover: broken documents are errors") {
  for (const char* body : {"", "[]", "{}", "{\"kind\":\"Other\"}", "{\"kind\":\"APIVersions\""}) {
    CAPTURE(body);
    const StubServer server([&](const StubRequest&) { return JsonAnswer(body); });
    CHECK(ClientFixture(server.url()).client->Discover().error().code == ErrorCode::kParse);
    Discovery discovery;
    CHECK_FALSE(ReadAggregatedDiscovery(body, discovery));
  }
}

}  // namespace
}  // namespace ouro::kube
