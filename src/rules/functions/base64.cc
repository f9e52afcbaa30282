#include "rules/functions/base64.h"

#include <cstdint>

namespace ouro::rules::functions {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    const size_t present = bytes.size() - i < 3 ? bytes.size() - i : 3;
    for (size_t k = 0; k < 4; ++k) {
      out += k <= present ? kAlphabet[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return out;
}

std::optional<std::string> DecodeBase64(std::string_view text, Base64Padding padding) {
  std::string out;
  uint32_t bits = 0;
  int digits = 0;  // of the open group
  int padded = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=') {
      if (++padded > 2 || digits < 2) return std::nullopt;
      continue;
    }
    const int digit = Digit(c);
    if (digit < 0 || padded > 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    if (++digits == 4) {
      out += static_cast<char>(bits >> 16);
      out += static_cast<char>(bits >> 8);
      out += static_cast<char>(bits);
      digits = 0;
    }
  }
  if (digits == 1 || (padded > 0 && digits + padded != 4)) return std::nullopt;
  if (digits > 0 && padded == 0 && padding == Base64Padding::kRequired) return std::nullopt;
  if (digits >= 2) out += static_cast<char>(digits == 2 ? bits >> 4 : bits >> 10);
  if (digits == 3) out += static_cast<char>(bits >> 2);
  return out;
}

}  // namespace ouro::rules::functions
