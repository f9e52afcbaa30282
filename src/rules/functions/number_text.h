// Numbers as text and back, as CEL's reference implementation spells them (Go's strconv).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::rules::functions {

// "%g": the shortest text that reads back as the same double, in exponent form when the exponent is
// below -4 or at least 6 ("1e+06"). NaN, +Inf, -Inf.
std::string FormatGeneral(double value);
// Shortest digits without exponent: 1e21 is "1000000000000000000000".
std::string FormatPlain(double value);
// Exactly `precision` digits after the point, rounded half to even on the exact value.
std::string FormatFixed(double value, int precision);
// d.ddde±dd with `precision` digits after the point.
std::string FormatScientific(double value, int precision);

// strconv.ParseFloat: decimal and hexadecimal floats, underscores between digits, inf, infinity and
// nan in any case. nullopt on anything else, and when the value is too large for a double.
std::optional<double> ParseDouble(std::string_view text);
// strconv.ParseInt(…, 10, 64): optional sign, digits.
std::optional<int64_t> ParseInt(std::string_view text);
// strconv.ParseUint(…, 10, 64): digits.
std::optional<uint64_t> ParseUint(std::string_view text);

}  // namespace ouro::rules::functions
