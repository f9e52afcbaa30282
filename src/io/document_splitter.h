// Splits a YAML file into documents as kubectl does (k8s.io/apimachinery util/yaml, YAMLReader): by
// lines, before any parsing. A line that begins with "---" and holds nothing else but blanks or a
// comment ends the document above it. A separator with nothing above it belongs to the document
// below.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ouro::io {

struct DocumentChunk {
  uint32_t start = 0;  // first byte of the document's text
  uint32_t end = 0;    // after its last line end; the separator line is not part of it
  // Offset of a line that begins with "---" but holds more ("--- a: b", "-----"): kubectl refuses
  // the document above it and so do we. kNoSeparatorError when there is none.
  uint32_t bad_separator = kNoBadSeparator;
  // Offsets of the separator line that ended the chunk; both `end` when the file ended it.
  uint32_t separator_end = 0;

  static constexpr uint32_t kNoBadSeparator = 0xffffffff;
};

// Finds the chunk that begins at `start`; false when nothing is left. The next one begins at
// `chunk.separator_end`.
bool NextDocumentChunk(std::string_view text, uint32_t start, DocumentChunk& chunk);

}  // namespace ouro::io
