// Values of the types net.IP and net.CIDR, shared by Kubernetes' libraries ip and cidr and by CEL's
// library network.
#pragma once

#include "rules/function.h"
#include "rules/functions/ip_address.h"

namespace ouro::rules::functions {

inline constexpr std::string_view kIpTypeName = "net.IP";
inline constexpr std::string_view kCidrTypeName = "net.CIDR";

struct IpObject : OpaqueObject {
  IpAddress address;
};
struct CidrObject : OpaqueObject {
  CidrBlock block;
};

const IpAddress& IpOf(const Value& value);
const CidrBlock& CidrOf(const Value& value);
Value NewIp(Arena& arena, const IpAddress& address);
Value NewCidr(Arena& arena, const CidrBlock& block);

// Zones and IPv4-mapped addresses are refused.
Result<IpAddress> ParsePlainIp(std::string_view text);
Result<CidrBlock> ParsePlainCidr(std::string_view text);

// Implementations used by more than one table.
Value IpFromText(CallContext& context, std::span<const Value> args);
Value IpToText(CallContext& context, std::span<const Value> args);
Value IpIsValid(CallContext& context, std::span<const Value> args);
Value IpIsCanonical(CallContext& context, std::span<const Value> args);
Value IpFamily(CallContext& context, std::span<const Value> args);
Value CidrFromText(CallContext& context, std::span<const Value> args);
Value CidrToText(CallContext& context, std::span<const Value> args);
Value CidrIsValid(CallContext& context, std::span<const Value> args);
Value CidrIp(CallContext& context, std::span<const Value> args);
Value CidrMasked(CallContext& context, std::span<const Value> args);
Value CidrPrefixLength(CallContext& context, std::span<const Value> args);
Value CidrContainsIp(CallContext& context, std::span<const Value> args);
Value CidrContainsIpText(CallContext& context, std::span<const Value> args);
Value CidrContainsCidr(CallContext& context, std::span<const Value> args);
Value CidrContainsCidrText(CallContext& context, std::span<const Value> args);

// A yes-no question about an address.
template <bool (IpAddress::*kQuestion)() const>
Value IpQuestion(CallContext&, std::span<const Value> args) {
  return Value::Bool((IpOf(args[0]).*kQuestion)());
}

}  // namespace ouro::rules::functions
