#include "rules/functions/ip_address.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "rules/functions/number_text.h"
#include "rules/functions/runes.h"

namespace ouro::rules::functions {

namespace {

// Why a text is no address: the reason and, sometimes, the place.
struct Reason {
  std::string message;
  std::string_view at;
};
using Problem = std::optional<Reason>;

Problem Because(std::string message, std::string_view at = {}) {
  return Reason{std::move(message), at};
}

// Four decimal fields without leading zeros.
Problem ReadV4(std::string_view text, uint8_t* out) {
  int value = 0;
  int field = 0;
  int digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      if (digits == 1 && value == 0) return Because("IPv4 field has octet with leading zero");
      value = value * 10 + (c - '0');
      ++digits;
      if (value > 255) return Because("IPv4 field has value >255");
    } else if (c == '.') {
      if (i == 0 || i + 1 == text.size() || text[i - 1] == '.') {
        return Because("IPv4 field must have at least one digit", text.substr(i));
      }
      if (field == 3) return Because("IPv4 address too long");
      out[field++] = static_cast<uint8_t>(value);
      value = 0;
      digits = 0;
    } else {
      return Because("unexpected character", text.substr(i));
    }
  }
  if (field < 3) return Because("IPv4 address too short");
  out[3] = static_cast<uint8_t>(value);
  return std::nullopt;
}

// One hexadecimal group; `size` is its number of digits.
Problem ReadGroup(std::string_view text, uint32_t& value, size_t& size) {
  value = 0;
  size = 0;
  while (size < text.size()) {
    const char c = text[size];
    uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<uint32_t>(c - 'A' + 10);
    } else {
      break;
    }
    if (size > 3) return Because("each group must have 4 or less digits", text);
    value = value << 4 | digit;
    ++size;
  }
  if (size == 0) return Because("each colon-separated field must have at least one digit", text);
  return std::nullopt;
}

Problem ReadV6(std::string_view text, IpAddress& address) {
  const size_t percent = text.find('%');
  if (percent != std::string_view::npos) {
    if (percent + 1 == text.size()) return Because("zone must be a non-empty string");
    address.has_zone = true;
    text = text.substr(0, percent);
  }
  auto& bytes = address.bytes;
  size_t at = 0;              // bytes read so far
  std::optional<size_t> gap;  // where "::" stands
  if (text.substr(0, 2) == "::") {
    gap = 0;
    text.remove_prefix(2);
    if (text.empty()) return std::nullopt;
  }
  while (at < 16) {
    uint32_t value = 0;
    size_t size = 0;
    if (auto problem = ReadGroup(text, value, size)) return problem;
    if (size < text.size() && text[size] == '.') {
      if (!gap && at != 12)
        return Because("embedded IPv4 address must replace the final 2 fields of the address",
                       text);
      if (at + 4 > 16)
        return Because("too many hex fields to fit an embedded IPv4 at the end of the address",
                       text);
      if (auto problem = ReadV4(text, bytes.data() + at)) return problem;
      text = {};
      at += 4;
      break;
    }
    bytes[at] = static_cast<uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<uint8_t>(value);
    at += 2;
    text.remove_prefix(size);
    if (text.empty()) break;
    if (text.front() != ':') return Because("unexpected character, want colon", text);
    if (text.size() == 1) return Because("colon must be followed by more characters", text);
    text.remove_prefix(1);
    if (text.front() == ':') {
      if (gap) return Because("multiple :: in address", text);
      gap = at;
      text.remove_prefix(1);
      if (text.empty()) break;
    }
  }
  if (!text.empty()) return Because("trailing garbage after address", text);
  if (at < 16) {
    if (!gap) return Because("address string too short");
    const size_t moved = at - *gap;
    std::copy_backward(bytes.begin() + static_cast<ptrdiff_t>(*gap),
                       bytes.begin() + static_cast<ptrdiff_t>(at), bytes.end());
    std::fill(bytes.begin() + static_cast<ptrdiff_t>(*gap),
              bytes.end() - static_cast<ptrdiff_t>(moved), uint8_t{0});
  } else if (gap) {
    return Because("the :: must expand to at least one field of zeros");
  }
  return std::nullopt;
}

bool SamePrefix(const IpAddress& a, const IpAddress& b, int bits) {
  for (int i = 0; i < bits; i += 8) {
    const auto index = static_cast<size_t>(i / 8);
    const int used = std::min(8, bits - i);
    const unsigned mask = 0xffU << (8 - used) & 0xffU;
    if (((a.bytes[index] ^ b.bytes[index]) & mask) != 0) return false;
  }
  return true;
}

std::string V6Text(const std::array<uint8_t, 16>& bytes) {
  const auto group = [&](int i) {
    return static_cast<unsigned>(bytes[static_cast<size_t>(2 * i)]) << 8 |
           bytes[static_cast<size_t>(2 * i + 1)];
  };
  // The longest run of at least two zero groups, the first of equals, becomes "::".
  int best = -1;
  int best_size = 1;
  for (int i = 0; i < 8; ++i) {
    int end = i;
    while (end < 8 && group(end) == 0) ++end;
    if (end - i > best_size) {
      best = i;
      best_size = end - i;
    }
    if (end > i) i = end - 1;
  }
  std::string out;
  for (int i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_size - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    out += fmt::format("{:x}", group(i));
  }
  return out;
}

}  // namespace

bool IpAddress::IsMappedV4() const {
  return !is_v4 &&
         std::all_of(bytes.begin(), bytes.begin() + 10, [](uint8_t b) { return b == 0; }) &&
         bytes[10] == 0xff && bytes[11] == 0xff;
}

bool IpAddress::IsUnspecified() const {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; });
}

bool IpAddress::IsLoopback() const {
  if (is_v4) return bytes[0] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](uint8_t b) { return b == 0; }) &&
         bytes[15] == 1;
}

bool IpAddress::IsMulticast() const {
  return is_v4 ? (bytes[0] & 0xf0) == 0xe0 : bytes[0] == 0xff;
}

bool IpAddress::IsLinkLocalMulticast() const {
  if (is_v4) return bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0;
  return bytes[0] == 0xff && (bytes[1] & 0x0f) == 0x02;
}

bool IpAddress::IsLinkLocalUnicast() const {
  if (is_v4) return bytes[0] == 169 && bytes[1] == 254;
  return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

bool IpAddress::IsGlobalUnicast() const {
  const bool broadcast =
      is_v4 && std::all_of(bytes.begin(), bytes.begin() + 4, [](uint8_t b) { return b == 255; });
  return !broadcast && !IsUnspecified() && !IsLoopback() && !IsMulticast() && !IsLinkLocalUnicast();
}

std::string IpAddress::ToText() const {
  if (is_v4) return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  if (IsMappedV4()) {
    return fmt::format("::ffff:{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
  }
  return V6Text(bytes);
}

CidrBlock CidrBlock::Masked() const {
  CidrBlock masked = *this;
  for (int i = 0; i < address.bit_count(); i += 8) {
    const int used = std::clamp(prefix - i, 0, 8);
    masked.address.bytes[static_cast<size_t>(i / 8)] &= static_cast<uint8_t>(0xffU << (8 - used));
  }
  return masked;
}

bool CidrBlock::Contains(const IpAddress& other) const {
  return address.is_v4 == other.is_v4 && SamePrefix(address, other, prefix);
}

bool CidrBlock::Overlaps(const CidrBlock& other) const {
  return address.is_v4 == other.address.is_v4 &&
         SamePrefix(address, other.address, std::min(prefix, other.prefix));
}

std::string CidrBlock::ToText() const {
  return fmt::format("{}/{}", address.ToText(), prefix);
}

Result<IpAddress> ParseIpAddress(std::string_view text) {
  IpAddress address;
  Problem problem = Because("unable to parse IP");
  const size_t first = text.find_first_of(".:%");
  if (first != std::string_view::npos) {
    if (text[first] == '.') {
      address.is_v4 = true;
      problem = ReadV4(text, address.bytes.data());
    } else if (text[first] == ':') {
      problem = ReadV6(text, address);
    } else {
      problem = Because("missing IPv6 address");
    }
  }
  if (!problem) return address;
  std::string message = fmt::format("ParseAddr({}): {}", QuoteGo(text), problem->message);
  if (!problem->at.empty()) message += fmt::format(" (at {})", QuoteGo(problem->at));
  return Fail(ErrorCode::kParse, std::move(message));
}

Result<CidrBlock> ParseCidrBlock(std::string_view text) {
  const auto refuse = [&](std::string_view reason) {
    return Fail(ErrorCode::kParse, fmt::format("netip.ParsePrefix({}): {}", QuoteGo(text), reason));
  };
  const size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return refuse("no '/'");
  auto address = ParseIpAddress(text.substr(0, slash));
  if (!address) return refuse(address.error().message);
  if (address->has_zone) return refuse("IPv6 zones cannot be present in a prefix");
  const std::string_view bits = text.substr(slash + 1);
  const bool leading_zero = bits.size() > 1 && (bits[0] < '1' || bits[0] > '9');
  const auto prefix = ParseInt(bits);
  if (leading_zero || !prefix)
    return refuse(fmt::format("bad bits after slash: {}", QuoteGo(bits)));
  if (*prefix < 0 || *prefix > address->bit_count()) return refuse("prefix length out of range");
  return CidrBlock{*address, static_cast<int>(*prefix)};
}

}  // namespace ouro::rules::functions
