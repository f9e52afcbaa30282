// CVE ids as numbers, so that hundreds of thousands of them are a sorted array.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::feed {

// Six bits of year since 1990, 26 bits of sequence number: keys order as year and number do.
// nullopt for what is no CVE id, for years outside of 1990…2053 and for numbers of 67,108,864 or
// more (the largest in use have seven digits). Upper and lower case are the same.
std::optional<uint32_t> CveKey(std::string_view id);

// "CVE-2024-0001": at least four digits.
std::string CveText(uint32_t key);

}  // namespace ouro::feed
