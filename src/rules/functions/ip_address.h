// IP addresses and CIDR blocks as text and back (RFC 4291, RFC 5952; Go's net/netip).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ouro::rules::functions {

struct IpAddress {
  bool is_v4 = false;
  bool has_zone = false;            // "fe80::1%eth0"
  std::array<uint8_t, 16> bytes{};  // IPv4 in the first four
  bool operator==(const IpAddress&) const = default;

  int bit_count() const { return is_v4 ? 32 : 128; }
  bool IsMappedV4() const;  // ::ffff:a.b.c.d
  bool IsUnspecified() const;
  bool IsLoopback() const;
  bool IsMulticast() const;
  bool IsLinkLocalMulticast() const;
  bool IsLinkLocalUnicast() const;
  bool IsGlobalUnicast() const;
  std::string ToText() const;  // canonical
};

struct CidrBlock {
  IpAddress address;  // may have bits behind the prefix
  int prefix = 0;
  bool operator==(const CidrBlock&) const = default;

  CidrBlock Masked() const;
  bool Contains(const IpAddress& other) const;
  bool Overlaps(const CidrBlock& other) const;
  std::string ToText() const;
};

// The error's message is Go's: "ParseAddr(\"x\"): unable to parse IP".
Result<IpAddress> ParseIpAddress(std::string_view text);
Result<CidrBlock> ParseCidrBlock(std::string_view text);

}  // namespace ouro::rules::functions
