#include "feed/cve_key.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::feed {
namespace {

constexpr int64_t kFirstYear = 1990;
constexpr int64_t kYearCount = 64;
constexpr int kNumberBits = 26;
constexpr int64_t kNumberCount = int64_t{1} << kNumberBits;

}  // namespace

std::optional<uint32_t> CveKey(std::string_view id) {
  constexpr size_t kPrefixSize = 4;
  constexpr size_t kYearSize = 4;
  constexpr size_t kNumberAt = kPrefixSize + kYearSize + 1;
  if (id.size() < kNumberAt + kYearSize || !EqualsIgnoreCase(id.substr(0, kPrefixSize), "CVE-") ||
      id[kNumberAt - 1] != '-' || id[kPrefixSize] == '-' || id[kNumberAt] == '-') {
    return std::nullopt;
  }
  const std::optional<int64_t> year = ParseInt64(id.substr(kPrefixSize, kYearSize));
  const std::optional<int64_t> number = ParseInt64(id.substr(kNumberAt));
  if (!year || !number || *year < kFirstYear || *year >= kFirstYear + kYearCount) {
    return std::nullopt;
  }
  if (*number < 0 || *number >= kNumberCount) return std::nullopt;
  return static_cast<uint32_t>((*year - kFirstYear) << kNumberBits | *number);
}

std::string CveText(uint32_t key) {
  return fmt::format("CVE-{}-{:04}", kFirstYear + (key >> kNumberBits), key & (kNumberCount - 1));
}

}  // namespace ouro::feed
