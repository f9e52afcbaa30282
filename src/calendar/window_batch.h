// The machine contract of `ouro window --batch`: one request line in, one answer line out. The
// format is described in docs/formats/window.md.
#pragma once

#include <string>
#include <string_view>

namespace ouro::calendar {

// `line`: a JSON object with "rrule" and "dtstart", or "ical"; optionally "zone", "until", "count".
// The answer, {"occurrences":[…]}, has no line end. Never fails: a request that cannot be
// understood or answered completely is answered {"error":"…"}.
std::string WindowBatchLine(std::string_view line);

}  // namespace ouro::calendar
