#include "triage/exposure.h"

#include <doctest.h>

using namespace ouro::triage;

namespace {

ExposureWorkload Web() {
  return {"shop", "Deployment", "web", {{"app", "web"}, {"tier", "front"}}, false, {}};
}

ExposureService Service(std::string type) {
  return {"shop", "web", std::move(type), {{"app", "web"}}, {}, false, {}};
}

ExposureFacts Complete() {
  ExposureFacts facts;
  facts.complete = true;
  facts.policies_enforced = true;
  return facts;
}

}  // namespace

TEST_CASE("nothing leads to it: not exposed only where everything was seen") {
  ExposureFacts facts = Complete();
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kNotExposed);
  facts.services = {Service("ClusterIP")};
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kNotExposed);
  facts.complete = false;
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kUnknown);
}

TEST_CASE("the node's own doors need no service") {
  ExposureWorkload workload = Web();
  workload.host_ports = {9000, 443};
  const ExposureVerdict verdict = ComputeExposure(workload, {});
  CHECK(verdict.exposure == Exposure::kExposed);
  CHECK(verdict.why == "port 443 of the node leads to the pod");
  workload = Web();
  workload.host_network = true;
  CHECK(ComputeExposure(workload, {}).exposure == Exposure::kExposed);
}

TEST_CASE("services that the cluster opens") {
  ExposureFacts facts = Complete();
  for (const char* type : {"NodePort", "LoadBalancer"}) {
    facts.services = {Service(type)};
    CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kExposed);
  }
  facts.services = {Service("ClusterIP")};
  facts.services[0].external_ips = true;
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kExposed);
  facts.services = {Service("LoadBalancer")};
  facts.services[0].annotations = {{"networking.gke.io/load-balancer-type", "Internal"}};
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kNotExposed);
  facts.services = {Service("LoadBalancer")};
  facts.services[0].source_ranges = {"10.0.0.0/8", "192.168.4.0/24"};
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kNotExposed);
  facts.services[0].source_ranges.push_back("203.0.113.0/24");
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kExposed);
}

TEST_CASE("a service of another namespace, another selector or none does not lead here") {
  ExposureFacts facts = Complete();
  ExposureService other = Service("NodePort");
  other.namespace_name = "other";
  ExposureService wrong = Service("NodePort");
  wrong.selector = {{"app", "web"}, {"tier", "back"}};
  ExposureService none = Service("NodePort");
  none.selector.clear();
  facts.services = {other, wrong, none};
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kNotExposed);
}

TEST_CASE("routes lead to services") {
  ExposureFacts facts = Complete();
  facts.services = {Service("ClusterIP")};
  facts.routes = {{"Ingress", "shop", "front", false, {{"shop", "web"}}}};
  const ExposureVerdict verdict = ComputeExposure(Web(), facts);
  CHECK(verdict.exposure == Exposure::kExposed);
  CHECK(verdict.why == "Ingress shop/front leads to Service shop/web");
  facts.routes[0].internal = true;
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kNotExposed);
  facts.routes[0].internal = false;
  facts.routes[0].backends = {{"other", "web"}};
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kNotExposed);
}

TEST_CASE("a policy closes a service only where policies are enforced") {
  ExposureFacts facts = Complete();
  facts.services = {Service("LoadBalancer")};
  facts.policies = {{"shop", "only-inside", {{{"app", "web"}}, {}}, true, false}};
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kNotExposed);
  facts.policies_enforced = false;
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kUnknown);
  facts.policies_enforced = true;
  // Policies add up: one that lets the world in opens it again.
  facts.policies.push_back({"shop", "world", {}, true, true});
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kExposed);
}

TEST_CASE("a policy that lets pods in does not stop a route; one without rules does") {
  ExposureFacts facts = Complete();
  facts.services = {Service("ClusterIP")};
  facts.routes = {{"HTTPRoute", "shop", "front", false, {{"shop", "web"}}}};
  facts.policies = {{"shop", "inside", {}, true, false}};
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kExposed);
  facts.policies = {{"shop", "deny", {}, false, false}};
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kNotExposed);
  facts.complete = false;
  CHECK(ComputeExposure(Web(), facts).exposure == Exposure::kUnknown);
}

TEST_CASE("label selectors") {
  const Labels labels = {{"app", "web"}};
  CHECK(MatchesLabels({}, labels));
  CHECK(MatchesLabels({{}, {{"app", "In", {"db", "web"}}}}, labels));
  CHECK_FALSE(MatchesLabels({{}, {{"app", "NotIn", {"web"}}}}, labels));
  CHECK(MatchesLabels({{}, {{"tier", "NotIn", {"web"}}}}, labels));
  CHECK(MatchesLabels({{}, {{"tier", "DoesNotExist", {}}}}, labels));
  CHECK_FALSE(MatchesLabels({{}, {{"app", "Like", {"web"}}}}, labels));
}

TEST_CASE("private address space") {
  for (const char* cidr : {"10.0.0.0/8", "10.1.2.0/24", "172.31.0.0/16", "192.168.0.1/32",
                           "100.64.0.0/10", "fd00::/8", "fc00::/7", "fe80::/10"}) {
    CAPTURE(cidr);
    CHECK(IsPrivateCidr(cidr));
  }
  for (const char* cidr : {"0.0.0.0/0", "10.0.0.0/7", "172.32.0.0/16", "8.8.8.8/32", "::/0",
                           "2001:db8::/32", "x", ""}) {
    CAPTURE(cidr);
    CHECK_FALSE(IsPrivateCidr(cidr));
  }
}
