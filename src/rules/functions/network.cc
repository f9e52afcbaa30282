// CEL's network extension (cel-go ext/network.go): Kubernetes' ip and cidr in one library, with
// isMask besides.
#include <array>

#include "rules/functions/families.h"
#include "rules/functions/ip_values.h"

namespace ouro::rules::functions {

namespace {

// Is the address the first one of its block?
Value CidrIsMask(CallContext&, std::span<const Value> args) {
  const CidrBlock& block = CidrOf(args[0]);
  return Value::Bool(block.Masked() == block);
}

constexpr std::array kOverloads = {
    Overload{"cidr", "string_to_cidr", false, "string", kCidrTypeName, CidrFromText},
    Overload{"containsCIDR", "cidr_contains_cidr", true, "net.CIDR, net.CIDR", "bool",
             CidrContainsCidr},
    Overload{"containsCIDR", "cidr_contains_cidr_string", true, "net.CIDR, string", "bool",
             CidrContainsCidrText},
    Overload{"containsIP", "cidr_contains_ip_ip", true, "net.CIDR, net.IP", "bool", CidrContainsIp},
    Overload{"containsIP", "cidr_contains_ip_string", true, "net.CIDR, string", "bool",
             CidrContainsIpText},
    Overload{"family", "ip_family", true, kIpTypeName, "int", IpFamily},
    Overload{"ip", "cidr_ip", true, kCidrTypeName, kIpTypeName, CidrIp},
    Overload{"ip", "string_to_ip", false, "string", kIpTypeName, IpFromText},
    Overload{"ip.isCanonical", "ip_is_canonical", false, "string", "bool", IpIsCanonical},
    Overload{"isCIDR", "is_cidr", false, "string", "bool", CidrIsValid},
    Overload{"isGlobalUnicast", "ip_is_global_unicast", true, kIpTypeName, "bool",
             IpQuestion<&IpAddress::IsGlobalUnicast>},
    Overload{"isIP", "is_ip", false, "string", "bool", IpIsValid},
    Overload{"isLinkLocalMulticast", "ip_is_link_local_multicast", true, kIpTypeName, "bool",
             IpQuestion<&IpAddress::IsLinkLocalMulticast>},
    Overload{"isLinkLocalUnicast", "ip_is_link_local_unicast", true, kIpTypeName, "bool",
             IpQuestion<&IpAddress::IsLinkLocalUnicast>},
    Overload{"isLoopback", "ip_is_loopback", true, kIpTypeName, "bool",
             IpQuestion<&IpAddress::IsLoopback>},
    Overload{"isMask", "cidr_is_mask", true, kCidrTypeName, "bool", CidrIsMask},
    Overload{"isUnspecified", "ip_is_unspecified", true, kIpTypeName, "bool",
             IpQuestion<&IpAddress::IsUnspecified>},
    Overload{"masked", "cidr_masked", true, kCidrTypeName, kCidrTypeName, CidrMasked},
    Overload{"prefixLength", "cidr_prefix_length", true, kCidrTypeName, "int", CidrPrefixLength},
    Overload{"string", "cidr_to_string", false, kCidrTypeName, "string", CidrToText},
    Overload{"string", "ip_to_string", false, kIpTypeName, "string", IpToText},
};

}  // namespace

const Library kNetworkLibrary = {"network", "IP addresses and blocks, as CEL has them",
                                 kNeverInKubernetes, kOverloads};

}  // namespace ouro::rules::functions
