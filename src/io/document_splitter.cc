#include "io/document_splitter.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <array>
#include <bit>

namespace ouro::io {
namespace {

constexpr std::string_view kSeparator = "---";

// Offset of the next line at or after `from` (a line start) that begins with "---"; text.size() if
// none.
size_t FindSeparator(std::string_view text, size_t from) {
  if (text.substr(from).starts_with(kSeparator)) return from;
  size_t i = from;
#if defined(__SSE2__)
  const __m128i lf = _mm_set1_epi8('\n');
  const __m128i dash = _mm_set1_epi8('-');
  for (; i + 18 <= text.size(); i += 16) {
    const char* p = text.data() + i;
    const __m128i a = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), lf);
    const __m128i b =
        _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 1)), dash);
    const __m128i c =
        _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 2)), dash);
    unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(_mm_and_si128(a, b), c)));
    for (; mask != 0; mask &= mask - 1) {
      const size_t at = i + static_cast<size_t>(std::countr_zero(mask)) + 1;
      if (at + 2 < text.size() && text[at + 2] == '-') return at;
    }
  }
#endif
  const size_t found = text.find("\n---", i);
  return found == std::string_view::npos ? text.size() : found + 1;
}

size_t LineEnd(std::string_view text, size_t from) {
  const size_t found = text.find('\n', from);
  return found == std::string_view::npos ? text.size() : found + 1;
}

// Size of the white space at the front of `text`, ASCII or not (the characters of Go's
// unicode.IsSpace, which kubectl trims with); 0 when there is none.
size_t SpaceSize(std::string_view text) {
  constexpr std::array<std::string_view, 20> kWide = {
      "\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
      "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A",
      "\u2028", "\u2029", "\u202F", "\u205F", "\u3000", "\v"};
  constexpr std::string_view kAscii = " \t\r\n\f";
  if (kAscii.find(text[0]) != std::string_view::npos) return 1;
  for (const std::string_view space : kWide) {
    if (text.starts_with(space)) return space.size();
  }
  return 0;
}

bool IsSeparatorLine(std::string_view line) {
  std::string_view rest = line.substr(kSeparator.size());
  while (!rest.empty()) {
    const size_t size = SpaceSize(rest);
    if (size == 0) return rest[0] == '#';
    rest.remove_prefix(size);
  }
  return true;
}

}  // namespace

bool NextDocumentChunk(std::string_view text, uint32_t start, DocumentChunk& chunk) {
  if (start >= text.size()) return false;
  chunk = DocumentChunk();
  chunk.start = start;
  size_t from = start;
  while (true) {
    const size_t separator = FindSeparator(text, from);
    if (separator == text.size()) {
      chunk.end = chunk.separator_end = static_cast<uint32_t>(text.size());
      return true;
    }
    const size_t line_end = LineEnd(text, separator);
    const bool valid = IsSeparatorLine(text.substr(separator, line_end - separator));
    if (valid && separator > start) {
      chunk.end = static_cast<uint32_t>(separator);
      chunk.separator_end = static_cast<uint32_t>(line_end);
      return true;
    }
    if (!valid && chunk.bad_separator == DocumentChunk::kNoBadSeparator) {
      chunk.bad_separator = static_cast<uint32_t>(separator);
    }
    from = line_end;
    if (from >= text.size()) {
      chunk.end = chunk.separator_end = static_cast<uint32_t>(text.size());
      return true;
    }
  }
}

}  // namespace ouro::io
