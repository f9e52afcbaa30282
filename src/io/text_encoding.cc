#include "io/text_encoding.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::io {
namespace {

// Bytes of plain text at the front of `text`: printable ASCII, tab and LF. CR is noted and passed.
size_t SkipPlainAscii(std::string_view text, bool& has_cr) {
  size_t i = 0;
#if defined(__SSE2__)
  const __m128i low = _mm_set1_epi8(0x1F);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i lf = _mm_set1_epi8('\n');
  const __m128i cr = _mm_set1_epi8('\r');
  const __m128i del = _mm_set1_epi8(0x7F);
  __m128i crs = _mm_setzero_si128();
  for (; i + 16 <= text.size(); i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    // Signed comparison: bytes from 0x80 on are negative and count as "not above 0x1F" too.
    const __m128i not_above = _mm_xor_si128(_mm_cmpgt_epi8(v, low), _mm_set1_epi8(-1));
    const __m128i is_cr = _mm_cmpeq_epi8(v, cr);
    const __m128i allowed =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, lf), is_cr), _mm_cmpeq_epi8(v, tab));
    const __m128i bad = _mm_or_si128(_mm_andnot_si128(allowed, not_above), _mm_cmpeq_epi8(v, del));
    if (_mm_movemask_epi8(bad) != 0) break;
    crs = _mm_or_si128(crs, is_cr);
  }
  has_cr = has_cr || _mm_movemask_epi8(crs) != 0;
#endif
  for (; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x7F || (c < 0x20 && c != '\t' && c != '\n' && c != '\r')) break;
    has_cr = has_cr || c == '\r';
  }
  return i;
}

// Size of the character at the front of `text`, 0 when YAML forbids it.
size_t AllowedSize(std::string_view text, bool& has_wide_break) {
  const auto at = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0xC2 || first > 0xF4) return 0;
  const size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (size > text.size()) return 0;
  uint32_t value = first & (0xFFU >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
    value = value << 6 | (at(i) & 0x3FU);
  }
  if (size == 3 && (value < 0x800 || (value >= 0xD800 && value <= 0xDFFF))) return 0;
  if (size == 4 && (value < 0x10000 || value > 0x10FFFF)) return 0;
  if (value == 0xFFFE || value == 0xFFFF || (value < 0xA0 && value != 0x85)) return 0;
  has_wide_break = has_wide_break || value == 0x85 || value == 0x2028 || value == 0x2029;
  return size;
}

uint32_t Unit(std::string_view bytes, size_t i, bool little) {
  const auto low = static_cast<unsigned char>(bytes[little ? i : i + 1]);
  const auto high = static_cast<unsigned char>(bytes[little ? i + 1 : i]);
  return static_cast<uint32_t>(high) << 8 | low;
}

Result<std::string> FromUtf16(std::string_view bytes, bool little) {
  constexpr const char* kRemedy = "save the file as UTF-8";
  std::string out;
  out.reserve(bytes.size() / 2 + bytes.size() / 8);
  if (bytes.size() % 2 != 0) {
    return Fail(ErrorCode::kParse,
                fmt::format("the UTF-16 text ends within a character; {}", kRemedy));
  }
  for (size_t i = 2; i < bytes.size(); i += 2) {
    uint32_t value = Unit(bytes, i, little);
    if ((value & 0xFC00) == 0xD800 && i + 4 <= bytes.size() &&
        (Unit(bytes, i + 2, little) & 0xFC00) == 0xDC00) {
      value = 0x10000 + ((value & 0x3FF) << 10 | (Unit(bytes, i + 2, little) & 0x3FF));
      i += 2;
    } else if (value >= 0xD800 && value <= 0xDFFF) {
      return Fail(
          ErrorCode::kParse,
          fmt::format("half a surrogate pair at byte {} of the UTF-16 text; {}", i, kRemedy));
    }
    AppendUtf8(out, value);
  }
  return out;
}

}  // namespace

TextFacts ExamineText(std::string_view text) {
  TextFacts facts;
  size_t i = 0;
  while (true) {
    i += SkipPlainAscii(text.substr(i), facts.has_cr);
    if (i >= text.size()) return facts;
    const size_t size = AllowedSize(text.substr(i), facts.has_wide_break);
    if (size == 0) {
      facts.forbidden = i;
      return facts;
    }
    i += size;
  }
}

std::string ForbiddenReason(std::string_view text, size_t offset) {
  const auto byte = static_cast<unsigned char>(text[offset]);
  if (byte == 0) return "NUL byte: this is no text file, or it is damaged; remove the byte";
  if (byte < 0x80) {
    return fmt::format(
        "control character 0x{:02X} is not allowed in YAML; remove it or write it as an "
        "escape in double quotes",
        byte);
  }
  if (ValidUtf8Prefix(text.substr(offset, 4)) > 0) {
    return "this control character is not allowed in YAML; remove it or write it as an escape in "
           "double "
           "quotes";
  }
  return fmt::format("byte 0x{:02X} is not valid UTF-8; save the file as UTF-8", byte);
}

Status DecodeToUtf8(std::string& bytes) {
  using std::string_view_literals::operator""sv;
  const std::string_view head = bytes;
  if (head.starts_with("\xFF\xFE\0\0"sv) || head.starts_with("\0\0\xFE\xFF"sv)) {
    return Fail(ErrorCode::kParse,
                "the file is UTF-32, which Kubernetes does not read; save it as UTF-8", "1:1");
  }
  const bool little = head.starts_with("\xFF\xFE"sv);
  if (little || head.starts_with("\xFE\xFF"sv)) {
    Result<std::string> text = FromUtf16(head, little);
    if (!text) return tl::unexpected<Error>(WithContext(std::move(text).error(), "1:1"));
    bytes = std::move(*text);
    return {};
  }
  // An ASCII character beside a zero byte: UTF-16 or UTF-32 without a mark (YAML 1.2, section 5.2).
  if (head.size() >= 4 && ((head[0] == 0) != (head[1] == 0)) &&
      ((head[2] == 0) || (head[3] == 0))) {
    return Fail(ErrorCode::kParse,
                "the file looks like UTF-16 or UTF-32 without a byte order mark; save it as UTF-8",
                "1:1");
  }
  return {};
}

}  // namespace ouro::io
