// Severity of a finding; the order of the enumerators is the order of gravity.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ouro::model {

enum class Severity : uint8_t { kInfo, kLow, kMedium, kHigh, kCritical };
inline constexpr int kSeverityCount = 5;

std::string_view SeverityName(Severity severity);  // "info", "low", "medium", "high", "critical"
std::optional<Severity> ParseSeverity(std::string_view name);  // exact lower-case names

}  // namespace ouro::model
