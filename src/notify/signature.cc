#include "notify/signature.h"

#include <array>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace ouro::notify {
namespace {

constexpr size_t kBlockBytes = 64;  // of SHA-256

std::string Digest(std::string_view first, std::string_view second) {
  Sha256 sha;
  sha.Update(first);
  sha.Update(second);
  const std::array<uint8_t, 32> bytes = sha.Finish();
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::string HmacSha256(std::string_view key, std::string_view message) {
  std::string block(key.size() > kBlockBytes ? Digest(key, {}) : std::string(key));
  block.resize(kBlockBytes, '\0');
  std::string inner = block;
  std::string outer = block;
  for (size_t i = 0; i < kBlockBytes; ++i) {
    inner[i] = static_cast<char>(inner[i] ^ 0x36);
    outer[i] = static_cast<char>(outer[i] ^ 0x5c);
  }
  return HexEncode(Digest(outer, Digest(inner, message)));
}

std::string WebhookSignature(std::string_view secret, UnixSeconds time, std::string_view body) {
  return fmt::format("t={},v1={}", time, HmacSha256(secret, fmt::format("{}.{}", time, body)));
}

bool CheckWebhookSignature(std::string_view secret, std::string_view signature,
                           std::string_view body, UnixSeconds now, int64_t tolerance_seconds) {
  const size_t comma = signature.find(',');
  if (!StartsWith(signature, "t=") || comma == std::string_view::npos) return false;
  const auto time = ParseInt64(signature.substr(2, comma - 2));
  if (!time || *time < now - tolerance_seconds || *time > now + tolerance_seconds) return false;
  const std::string wanted = WebhookSignature(secret, *time, body);
  if (wanted.size() != signature.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    difference |= static_cast<unsigned char>(wanted[i] ^ signature[i]);
  }
  return difference == 0;
}

}  // namespace ouro::notify
