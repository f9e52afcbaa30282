// Is a workload reachable from outside of its cluster? Computed from its own ports and from the
// services, routes and network policies beside it. Pure: the engine gives what it knows of the scan
// or the cluster.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::triage {

enum class Exposure : unsigned char { kUnknown, kNotExposed, kExposed };
std::string_view ExposureName(Exposure value);  // "unknown", "not_exposed", "exposed"
Exposure ParseExposure(std::string_view name);  // any other word: kUnknown

using Labels = std::map<std::string, std::string>;

// metav1.LabelSelector. Empty matches everything.
struct LabelSelector {
  struct Expression {
    std::string key;
    std::string op;  // "In", "NotIn", "Exists", "DoesNotExist"; another word matches nothing
    std::vector<std::string> values;
  };
  Labels match_labels;
  std::vector<Expression> match_expressions;
};
bool MatchesLabels(const LabelSelector& selector, const Labels& labels);

struct ExposureWorkload {
  std::string namespace_name;
  std::string kind;
  std::string name;
  Labels labels;  // of the pod template
  bool host_network = false;
  std::vector<int64_t> host_ports;
};

struct ExposureService {
  std::string namespace_name;
  std::string name;
  std::string type;  // "ClusterIP" (or empty), "NodePort", "LoadBalancer", "ExternalName"
  Labels selector;   // empty: selects no pods
  Labels annotations;
  bool external_ips = false;
  std::vector<std::string> source_ranges;  // loadBalancerSourceRanges, CIDRs
};

// An Ingress, or a route that is attached to a Gateway.
struct ExposureRoute {
  std::string kind;
  std::string namespace_name;
  std::string name;
  bool internal = false;  // its class or gateway serves private addresses only, as far as is known
  struct Backend {
    std::string namespace_name;
    std::string service;
  };
  std::vector<Backend> backends;
};

// A NetworkPolicy that rules ingress.
struct ExposurePolicy {
  std::string namespace_name;
  std::string name;
  LabelSelector pods;
  bool any_rule = false;      // false: lets nothing in
  bool from_outside = false;  // a rule without peers, or with an ipBlock that is not private
};

struct ExposureFacts {
  std::vector<ExposureService> services;
  std::vector<ExposureRoute> routes;
  std::vector<ExposurePolicy> policies;
  // Are these all that exist (a live cluster), or only what a folder happens to hold? When not
  // complete, a workload that nothing exposes is kUnknown and not kNotExposed.
  bool complete = false;
  // Does the cluster's network enforce policies? When that is not known, a policy makes the verdict
  // unknown, never not exposed.
  bool policies_enforced = false;
};

struct ExposureVerdict {
  Exposure exposure = Exposure::kUnknown;
  std::string why;  // one sentence: "Ingress shop/web leads to Service shop/web"
  bool operator==(const ExposureVerdict&) const = default;
};

// The gravest way that leads to the workload decides; of several equal ones the first by name.
ExposureVerdict ComputeExposure(const ExposureWorkload& workload, const ExposureFacts& facts);

// Does an annotation of a cloud provider ask for a private address?
bool IsInternalLoadBalancer(const Labels& annotations);

// Does the CIDR lie within private, link-local, loopback or shared address space (RFC 1918, 3927,
// 6598, 4193)? False for what is no CIDR.
bool IsPrivateCidr(std::string_view cidr);

}  // namespace ouro::triage
