// Options of `ouro findings …` that say which issues or findings are meant. Internal to the
// commands.
#pragma once

#include <array>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "cli/command.h"
#include "store/query.h"

namespace ouro::cli {

inline constexpr std::array<std::string_view, 5> kListSeverities = {"critical", "high", "medium",
                                                                    "low", "info"};
inline constexpr std::array<std::string_view, 11> kClassWords = {
    "misconfig", "vuln",  "secret",  "runtime", "bench", "netpol",
    "rbac",      "probe", "licence", "malware", "lint"};
inline constexpr std::array<std::string_view, 11> kStatusWords = {
    "new",         "triaged",        "in_progress",  "fix_proposed",  "fixed_unverified",
    "resolved",    "false_positive", "not_affected", "risk_accepted", "duplicate",
    "out_of_scope"};

// The filter that the options of a list ask for. kInvalid names the option.
Result<store::Filter> FilterOf(const Arguments& arguments);

// `--sort`, `--limit`, `--cursor` and the filter.
Result<store::PageQuery> PageQueryOf(const Arguments& arguments, UnixSeconds now);

UnixSeconds PresentTime();

}  // namespace ouro::cli
