// A workload is reached from outside by its own doors (host network, host ports), or through a
// service that the cluster opens (NodePort, LoadBalancer, external addresses), or through a route
// to a service. Network policies close service doors; they cannot close the host network.
#include "triage/exposure.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::triage {
namespace {

std::string ServiceText(const ExposureService& service) {
  return fmt::format("Service {}/{}", service.namespace_name, service.name);
}

bool Selects(const ExposureService& service, const ExposureWorkload& workload) {
  if (service.namespace_name != workload.namespace_name || service.selector.empty()) return false;
  return MatchesLabels({service.selector, {}}, workload.labels);
}

// Ingress policies that select the pod: all of them together say what may come in.
struct Barrier {
  bool any = false;
  bool lets_outside_in = false;  // from addresses outside of the cluster
  bool lets_something_in = false;
  std::string name;  // the first one
};

Barrier BarrierOf(const ExposureWorkload& workload, const ExposureFacts& facts) {
  Barrier barrier;
  for (const ExposurePolicy& policy : facts.policies) {
    if (policy.namespace_name != workload.namespace_name) continue;
    if (!MatchesLabels(policy.pods, workload.labels)) continue;
    if (!barrier.any || policy.name < barrier.name) barrier.name = policy.name;
    barrier.any = true;
    barrier.lets_something_in |= policy.any_rule;
    barrier.lets_outside_in |= policy.from_outside;
  }
  return barrier;
}

// How a service is open by itself; empty: it is not.
std::string OpenBy(const ExposureService& service) {
  if (service.external_ips) return "has external addresses";
  if (service.type == "NodePort") return "opens a port of every node";
  if (service.type != "LoadBalancer") return {};
  if (IsInternalLoadBalancer(service.annotations)) return {};
  const bool all_private = !service.source_ranges.empty() &&
                           std::all_of(service.source_ranges.begin(), service.source_ranges.end(),
                                       [](const std::string& r) { return IsPrivateCidr(r); });
  return all_private ? std::string() : "is a load balancer";
}

ExposureVerdict Behind(const Barrier& barrier, bool closed, const ExposureFacts& facts,
                       std::string way) {
  if (!barrier.any || !closed) return {Exposure::kExposed, std::move(way)};
  if (facts.policies_enforced) {
    return {Exposure::kNotExposed,
            fmt::format("{}, but network policy {} lets nothing of it in", way, barrier.name)};
  }
  return {Exposure::kUnknown,
          fmt::format("{}; network policy {} closes it if the cluster enforces policies", way,
                      barrier.name)};
}

void Consider(std::optional<ExposureVerdict>& worst, ExposureVerdict verdict) {
  const auto grave = [](Exposure e) {
    return e == Exposure::kExposed ? 2 : e == Exposure::kUnknown;
  };
  if (!worst || grave(verdict.exposure) > grave(worst->exposure) ||
      (verdict.exposure == worst->exposure && verdict.why < worst->why)) {
    worst = std::move(verdict);
  }
}

void ConsiderServices(const ExposureWorkload& workload, const ExposureFacts& facts,
                      const Barrier& barrier, std::optional<ExposureVerdict>& worst) {
  for (const ExposureService& service : facts.services) {
    if (!Selects(service, workload)) continue;
    const std::string open = OpenBy(service);
    if (!open.empty()) {
      Consider(worst, Behind(barrier, !barrier.lets_outside_in, facts,
                             fmt::format("{} {}", ServiceText(service), open)));
    }
    for (const ExposureRoute& route : facts.routes) {
      const bool leads_here =
          std::any_of(route.backends.begin(), route.backends.end(), [&](const auto& backend) {
            return backend.namespace_name == service.namespace_name &&
                   backend.service == service.name;
          });
      if (!leads_here || route.internal) continue;
      // A route's traffic comes from pods of the controller: only a policy without any rule is
      // known to stop it.
      Consider(worst, Behind(barrier, !barrier.lets_something_in, facts,
                             fmt::format("{} {}/{} leads to {}", route.kind, route.namespace_name,
                                         route.name, ServiceText(service))));
    }
  }
}

struct Cidr {
  std::string_view address;
  int bits;
};

// The network part of an IPv4 address as a number; nullopt: not IPv4.
std::optional<uint32_t> ParseIpv4(std::string_view text) {
  uint32_t address = 0;
  const std::vector<std::string_view> parts = SplitText(text, '.');
  if (parts.size() != 4) return std::nullopt;
  for (const std::string_view part : parts) {
    const std::optional<int64_t> number = ParseInt64(part);
    if (!number || *number < 0 || *number > 255) return std::nullopt;
    address = address << 8 | static_cast<uint32_t>(*number);
  }
  return address;
}

}  // namespace

std::string_view ExposureName(Exposure value) {
  switch (value) {
    case Exposure::kUnknown:
      return "unknown";
    case Exposure::kNotExposed:
      return "not_exposed";
    case Exposure::kExposed:
      return "exposed";
  }
  return {};
}

Exposure ParseExposure(std::string_view name) {
  if (name == "exposed") return Exposure::kExposed;
  return name == "not_exposed" ? Exposure::kNotExposed : Exposure::kUnknown;
}

bool MatchesLabels(const LabelSelector& selector, const Labels& labels) {
  for (const auto& [key, value] : selector.match_labels) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  for (const LabelSelector::Expression& expression : selector.match_expressions) {
    const auto found = labels.find(expression.key);
    const bool there = found != labels.end();
    const bool listed = there && std::find(expression.values.begin(), expression.values.end(),
                                           found->second) != expression.values.end();
    const bool holds = (expression.op == "In" && listed) || (expression.op == "NotIn" && !listed) ||
                       (expression.op == "Exists" && there) ||
                       (expression.op == "DoesNotExist" && !there);
    if (!holds) return false;
  }
  return true;
}

bool IsInternalLoadBalancer(const Labels& annotations) {
  struct Row {
    std::string_view key;
    std::string_view value;
  };
  // The providers' documentation of services of type LoadBalancer.
  constexpr std::array kRows = {
      Row{"service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"},
      Row{"service.beta.kubernetes.io/aws-load-balancer-internal", "true"},
      Row{"service.beta.kubernetes.io/azure-load-balancer-internal", "true"},
      Row{"networking.gke.io/load-balancer-type", "internal"},
      Row{"cloud.google.com/load-balancer-type", "internal"},
      Row{"service.beta.kubernetes.io/openstack-internal-load-balancer", "true"},
      Row{"service.beta.kubernetes.io/oci-load-balancer-internal", "true"},
      Row{"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", "intranet"},
      Row{"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", "private"},
  };
  return std::any_of(kRows.begin(), kRows.end(), [&](const Row& row) {
    const auto found = annotations.find(std::string(row.key));
    return found != annotations.end() && EqualsIgnoreCase(found->second, row.value);
  });
}

bool IsPrivateCidr(std::string_view cidr) {
  const size_t slash = cidr.find('/');
  const std::string_view address = cidr.substr(0, slash);
  const std::optional<int64_t> bits =
      slash == std::string_view::npos ? std::nullopt : ParseInt64(cidr.substr(slash + 1));
  if (const std::optional<uint32_t> number = ParseIpv4(address)) {
    constexpr std::array kPrivate = {Cidr{"10.0.0.0", 8},     Cidr{"172.16.0.0", 12},
                                     Cidr{"192.168.0.0", 16}, Cidr{"169.254.0.0", 16},
                                     Cidr{"127.0.0.0", 8},    Cidr{"100.64.0.0", 10}};
    const int64_t length = bits.value_or(32);
    return std::any_of(kPrivate.begin(), kPrivate.end(), [&](const Cidr& net) {
      const uint32_t mask = ~uint32_t{0} << (32 - net.bits);
      return length >= net.bits && length <= 32 && (*number & mask) == *ParseIpv4(net.address);
    });
  }
  const std::string lower = LowerAscii(address);
  const bool unique_local = StartsWith(lower, "fc") || StartsWith(lower, "fd");
  return (unique_local && lower.find(':') == 4 && bits.value_or(128) >= 7) ||
         (StartsWith(lower, "fe80:") && bits.value_or(128) >= 10) || lower == "::1";
}

ExposureVerdict ComputeExposure(const ExposureWorkload& workload, const ExposureFacts& facts) {
  if (workload.host_network) {
    return {Exposure::kExposed, "the pod uses the network of its node"};
  }
  if (!workload.host_ports.empty()) {
    const int64_t port = *std::min_element(workload.host_ports.begin(), workload.host_ports.end());
    return {Exposure::kExposed, fmt::format("port {} of the node leads to the pod", port)};
  }
  std::optional<ExposureVerdict> worst;
  ConsiderServices(workload, facts, BarrierOf(workload, facts), worst);
  if (worst && (worst->exposure != Exposure::kNotExposed || facts.complete)) return *worst;
  if (facts.complete) {
    return {Exposure::kNotExposed, "no service, route or host port leads to it from outside"};
  }
  return {Exposure::kUnknown, "nothing that was seen leads to it, but not everything was seen"};
}

}  // namespace ouro::triage
