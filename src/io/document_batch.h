// The machine contract of `ouro document --batch`: one request line in, one answer line out. The
// format is described in docs/formats/document.md.
#pragma once

#include <string>
#include <string_view>

namespace ouro::io {

// `line`: a JSON object with "yaml" or "yaml_b64", optionally "first_only" and "strict". The answer
// has no line end. With `spans` each document is a tree of nodes with their places. Never fails: a
// request that cannot be understood is answered {"error":"…"}.
std::string DocumentBatchLine(std::string_view line, bool spans);

}  // namespace ouro::io
