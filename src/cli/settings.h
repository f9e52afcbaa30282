// What several commands do with the configuration: find it, read it, lay flags over it.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/command.h"
#include "engine/config.h"

namespace ouro::cli {

inline constexpr std::array<std::string_view, 6> kSeverityWords = {"critical", "high", "medium",
                                                                   "low",      "info", "never"};
inline constexpr std::array<std::string_view, 6> kReportFormats = {"table", "json",  "ndjson",
                                                                   "sarif", "junit", "markdown"};
inline constexpr std::array<std::string_view, 6> kProfileWords = {
    "default", "all", "pss-baseline", "pss-restricted", "nsa", "cis"};

// The file that --config names, or the one found upwards from `start`, or defaults.
Result<engine::Config> LoadConfig(const Arguments& arguments, const std::string& start);

// Lays the options of `ouro scan` that are settings over `config`, with their origins.
Status ApplyFlags(const Arguments& arguments, engine::Config& config);

// "64M", "1G", "500k" or bytes; kInvalid for anything else and for 0.
Result<int64_t> ParseSize(std::string_view text);

}  // namespace ouro::cli
