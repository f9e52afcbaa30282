// Kubernetes' cidr library (k8s.io/apiserver pkg/cel/library/cidr.go).
#include <array>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"
#include "rules/functions/ip_values.h"

namespace ouro::rules::functions {

namespace {

// Two blocks of bytes are compared, up to the prefix.
uint64_t CompareCost(const Value& cidr) {
  return ScaledCost(static_cast<double>(CostSize(cidr) * 2), kStringFactor);
}
uint64_t ContainsIpCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  return CompareCost(args[0]);
}
uint64_t ContainsIpTextCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  return CompareCost(args[0]) + StringCost(args[1]);
}
// The block is masked first.
uint64_t ContainsCidrCost(std::span<const Value> args, const Value&, const io::KeyTable&) {
  return CompareCost(args[0]) + StringCost(args[0]) + 1;
}
uint64_t ContainsCidrTextCost(std::span<const Value> args, const Value& result,
                              const io::KeyTable& keys) {
  return ContainsCidrCost(args, result, keys) + StringCost(args[1]);
}

constexpr std::array kOverloads = {
    Overload{"cidr", "string_to_cidr", false, "string", kCidrTypeName, CidrFromText,
             FirstStringCost},
    Overload{"containsCIDR", "cidr_contains_cidr", true, "net.CIDR, net.CIDR", "bool",
             CidrContainsCidr, ContainsCidrCost},
    Overload{"containsCIDR", "cidr_contains_cidr_string", true, "net.CIDR, string", "bool",
             CidrContainsCidrText, ContainsCidrTextCost},
    Overload{"containsIP", "cidr_contains_ip_ip", true, "net.CIDR, net.IP", "bool", CidrContainsIp,
             ContainsIpCost},
    Overload{"containsIP", "cidr_contains_ip_string", true, "net.CIDR, string", "bool",
             CidrContainsIpText, ContainsIpTextCost},
    Overload{"ip", "cidr_ip", true, kCidrTypeName, kIpTypeName, CidrIp},
    Overload{"isCIDR", "is_cidr", false, "string", "bool", CidrIsValid, FirstStringCost},
    Overload{"masked", "cidr_masked", true, kCidrTypeName, kCidrTypeName, CidrMasked},
    Overload{"prefixLength", "cidr_prefix_length", true, kCidrTypeName, "int", CidrPrefixLength},
    Overload{"string", "cidr_to_string", false, kCidrTypeName, "string", CidrToText},
};

}  // namespace

const Library kCidrLibrary = {"cidr", "blocks of IP addresses", 30, kOverloads};

}  // namespace ouro::rules::functions
