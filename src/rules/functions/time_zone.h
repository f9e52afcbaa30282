// Offsets of IANA time zones, from the system's compiled zone files (TZif, RFC 8536).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::rules::functions {

// Seconds east of Greenwich at `seconds` since 1970 in the zone `zone`: an IANA name
// ("Europe/Vienna"), "UTC", the empty name (UTC), or a fixed offset "+hh:mm", "-hh:mm", "hh:mm".
// nullopt with `error` set when there is no such zone. Thread-safe; keeps at most 64 zones.
std::optional<int64_t> ZoneOffset(std::string_view zone, int64_t seconds, std::string& error);

// The offset rules of one zone file's bytes, for tests and fuzzing.
std::optional<int64_t> ZoneOffsetOfFile(std::string_view file, int64_t seconds);

}  // namespace ouro::rules::functions
