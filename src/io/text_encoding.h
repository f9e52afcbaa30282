// From the bytes of a file to the UTF-8 text that the readers work on, and what the reader of
// Kubernetes refuses in it (yaml.v2, readerc.go).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ouro::io {

// What a stretch of text holds, found in one pass before it is parsed.
struct TextFacts {
  // Offset of the first byte that YAML forbids: a control character other than tab, LF, CR and NEL,
  // DEL, U+FFFE, U+FFFF, or a byte that is no UTF-8. npos when there is none.
  size_t forbidden = std::string_view::npos;
  bool has_cr = false;
  bool has_wide_break = false;  // NEL (U+0085), LS (U+2028) or PS (U+2029)
};

TextFacts ExamineText(std::string_view text);

// One sentence on why the byte at `offset` (the `forbidden` of ExamineText) is refused, with a
// remedy.
std::string ForbiddenReason(std::string_view text, size_t offset);

// Converts UTF-16 with a byte order mark to UTF-8 without one; other text stays as it is. Fails
// with kParse for broken UTF-16, for UTF-32, and for UTF-16 without a mark.
Status DecodeToUtf8(std::string& bytes);

}  // namespace ouro::io
