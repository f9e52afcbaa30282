#include "rules/functions/ip_values.h"

#include <fmt/format.h>

#include "rules/functions/runes.h"

namespace ouro::rules::functions {

namespace {

const OpaqueType kIpType = {
    .name = kIpTypeName,
    .equals =
        [](const OpaqueObject& a, const OpaqueObject& b) {
          return static_cast<const IpObject&>(a).address == static_cast<const IpObject&>(b).address;
        },
    .to_text =
        [](const OpaqueObject& ip) { return static_cast<const IpObject&>(ip).address.ToText(); },
    .tag = "k8s.ip",
    .cost_size = [](const OpaqueObject& ip) -> uint64_t {
      return static_cast<const IpObject&>(ip).address.is_v4 ? 4 : 16;
    },
};

const OpaqueType kCidrType = {
    .name = kCidrTypeName,
    .equals =
        [](const OpaqueObject& a, const OpaqueObject& b) {
          return static_cast<const CidrObject&>(a).block == static_cast<const CidrObject&>(b).block;
        },
    .to_text =
        [](const OpaqueObject& cidr) {
          return static_cast<const CidrObject&>(cidr).block.ToText();
        },
    .tag = "k8s.cidr",
    .cost_size = [](const OpaqueObject& cidr) -> uint64_t {
      return static_cast<uint64_t>((static_cast<const CidrObject&>(cidr).block.prefix + 7) / 8);
    },
};

}  // namespace

const IpAddress& IpOf(const Value& value) {
  return static_cast<const IpObject*>(value.opaque)->address;
}
const CidrBlock& CidrOf(const Value& value) {
  return static_cast<const CidrObject*>(value.opaque)->block;
}

Value NewIp(Arena& arena, const IpAddress& address) {
  IpObject* object = arena.New<IpObject>();
  object->type = &kIpType;
  object->address = address;
  return Value::Opaque(object);
}

Value NewCidr(Arena& arena, const CidrBlock& block) {
  CidrObject* object = arena.New<CidrObject>();
  object->type = &kCidrType;
  object->block = block;
  return Value::Opaque(object);
}

Result<IpAddress> ParsePlainIp(std::string_view text) {
  auto address = ParseIpAddress(text);
  if (!address) {
    return Fail(ErrorCode::kParse,
                fmt::format("IP Address {} parse error during conversion from string: {}",
                            QuoteGo(text), address.error().message));
  }
  if (address->has_zone) {
    return Fail(ErrorCode::kParse,
                fmt::format("IP address {} with zone value is not allowed", QuoteGo(text)));
  }
  if (address->IsMappedV4()) {
    return Fail(ErrorCode::kParse,
                fmt::format("IPv4-mapped IPv6 address {} is not allowed", QuoteGo(text)));
  }
  return address;
}

Result<CidrBlock> ParsePlainCidr(std::string_view text) {
  auto block = ParseCidrBlock(text);
  if (!block) {
    return Fail(ErrorCode::kParse,
                fmt::format("network address parse error during conversion from string: {}",
                            block.error().message));
  }
  if (block->address.IsMappedV4()) {
    return Fail(ErrorCode::kParse,
                fmt::format("IPv4-mapped IPv6 address {} is not allowed", QuoteGo(text)));
  }
  return block;
}

Value IpFromText(CallContext& context, std::span<const Value> args) {
  const auto address = ParsePlainIp(args[0].str());
  return address ? NewIp(context.arena, *address) : context.arena.NewError(address.error().message);
}

Value IpToText(CallContext& context, std::span<const Value> args) {
  return context.arena.NewString(IpOf(args[0]).ToText());
}

Value IpIsValid(CallContext&, std::span<const Value> args) {
  return Value::Bool(ParsePlainIp(args[0].str()).has_value());
}

Value IpIsCanonical(CallContext& context, std::span<const Value> args) {
  const auto address = ParsePlainIp(args[0].str());
  if (!address) return context.arena.NewError(address.error().message);
  return Value::Bool(address->ToText() == args[0].str());
}

Value IpFamily(CallContext&, std::span<const Value> args) {
  return Value::Int(IpOf(args[0]).is_v4 ? 4 : 6);
}

Value CidrFromText(CallContext& context, std::span<const Value> args) {
  const auto block = ParsePlainCidr(args[0].str());
  return block ? NewCidr(context.arena, *block) : context.arena.NewError(block.error().message);
}

Value CidrToText(CallContext& context, std::span<const Value> args) {
  return context.arena.NewString(CidrOf(args[0]).ToText());
}

Value CidrIsValid(CallContext&, std::span<const Value> args) {
  return Value::Bool(ParsePlainCidr(args[0].str()).has_value());
}

Value CidrIp(CallContext& context, std::span<const Value> args) {
  return NewIp(context.arena, CidrOf(args[0]).address);
}

Value CidrMasked(CallContext& context, std::span<const Value> args) {
  return NewCidr(context.arena, CidrOf(args[0]).Masked());
}

Value CidrPrefixLength(CallContext&, std::span<const Value> args) {
  return Value::Int(CidrOf(args[0]).prefix);
}

Value CidrContainsIp(CallContext&, std::span<const Value> args) {
  return Value::Bool(CidrOf(args[0]).Contains(IpOf(args[1])));
}

Value CidrContainsIpText(CallContext& context, std::span<const Value> args) {
  const auto address = ParsePlainIp(args[1].str());
  if (!address) return context.arena.NewError(address.error().message);
  return Value::Bool(CidrOf(args[0]).Contains(*address));
}

Value CidrContainsCidr(CallContext&, std::span<const Value> args) {
  const CidrBlock& block = CidrOf(args[0]);
  const CidrBlock& other = CidrOf(args[1]);
  return Value::Bool(block.Overlaps(other) && block.prefix <= other.prefix);
}

Value CidrContainsCidrText(CallContext& context, std::span<const Value> args) {
  const auto other = ParsePlainCidr(args[1].str());
  if (!other) return context.arena.NewError(other.error().message);
  const CidrBlock& block = CidrOf(args[0]);
  return Value::Bool(block.Overlaps(*other) && block.prefix <= other->prefix);
}

}  // namespace ouro::rules::functions
