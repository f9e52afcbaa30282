// Base64 with the standard alphabet (RFC 4648 section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ouro::rules::functions {

enum class Base64Padding : unsigned char { kRequired, kOptional };

std::string EncodeBase64(std::string_view bytes);
// nullopt for other characters or a wrong length. Line ends are skipped, as Go's decoder does; bits
// left over at the end are ignored. kOptional also accepts text without '='.
std::optional<std::string> DecodeBase64(std::string_view text, Base64Padding padding);

}  // namespace ouro::rules::functions
