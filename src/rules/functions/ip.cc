// Kubernetes' ip library (k8s.io/apiserver pkg/cel/library/ip.go).
#include <array>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"
#include "rules/functions/ip_values.h"

namespace ouro::rules::functions {

namespace {

constexpr std::array kOverloads = {
    Overload{"family", "ip_family", true, kIpTypeName, "int", IpFamily},
    Overload{"ip", "string_to_ip", false, "string", kIpTypeName, IpFromText, FirstStringCost},
    Overload{"ip.isCanonical", "ip_is_canonical", false, "string", "bool", IpIsCanonical,
             TwiceFirstStringCost},
    Overload{"isGlobalUnicast", "ip_is_global_unicast", true, kIpTypeName, "bool",
             IpQuestion<&IpAddress::IsGlobalUnicast>},
    Overload{"isIP", "is_ip", false, "string", "bool", IpIsValid, FirstStringCost},
    Overload{"isLinkLocalMulticast", "ip_is_link_local_multicast", true, kIpTypeName, "bool",
             IpQuestion<&IpAddress::IsLinkLocalMulticast>},
    Overload{"isLinkLocalUnicast", "ip_is_link_local_unicast", true, kIpTypeName, "bool",
             IpQuestion<&IpAddress::IsLinkLocalUnicast>},
    Overload{"isLoopback", "ip_is_loopback", true, kIpTypeName, "bool",
             IpQuestion<&IpAddress::IsLoopback>},
    Overload{"isUnspecified", "ip_is_unspecified", true, kIpTypeName, "bool",
             IpQuestion<&IpAddress::IsUnspecified>},
    Overload{"string", "ip_to_string", false, kIpTypeName, "string", IpToText},
};

}  // namespace

const Library kIpLibrary = {"ip", "IP addresses", 30, kOverloads};

}  // namespace ouro::rules::functions
