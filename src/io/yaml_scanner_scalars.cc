// Scalars: plain, quoted and block, with the folding of lines of YAML 1.1 (sections 9.1 to 9.3).
// A scalar on one line without escapes is a view of the source; others are put together in text_
// and copied to the tree's arena.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/text.h"
#include "io/yaml_scanner.h"

namespace ouro::io {
namespace {

// First byte at or after `p` that a quoted scalar on one line cannot simply run over: the quote, a
// backslash, a control character, or a byte that may begin a wide line break. `end` is a NUL.
const char* FindQuotedStop(const char* p, const char* end, char quote, bool wide) {
  const char escape = quote == '"' ? '\\' : quote;
#if defined(__SSE2__)
  const __m128i quotes = _mm_set1_epi8(quote);
  const __m128i escapes = _mm_set1_epi8(escape);
  const __m128i low = _mm_set1_epi8(0x1F);
  const __m128i c2 = _mm_set1_epi8(wide ? '\xC2' : quote);
  const __m128i e2 = _mm_set1_epi8(wide ? '\xE2' : quote);
  for (; end - p >= 16; p += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, low), v);
    const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(v, quotes), _mm_cmpeq_epi8(v, escapes));
    const __m128i wides = _mm_or_si128(_mm_cmpeq_epi8(v, c2), _mm_cmpeq_epi8(v, e2));
    const __m128i stop = _mm_or_si128(_mm_or_si128(control, marks), wides);
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(stop));
    if (mask != 0) return p + std::countr_zero(mask);
  }
#endif
  while (p < end && *p != quote && *p != escape && static_cast<uint8_t>(*p) > 0x1F &&
         !(wide && (*p == '\xC2' || *p == '\xE2'))) {
    ++p;
  }
  return p;
}

}  // namespace

std::string_view YamlScanner::Store(std::string_view text) {
  if (text.empty()) return {cur_, 0};
  char* bytes = tree_->Allocate(text.size());
  std::memcpy(bytes, text.data(), text.size());
  return {bytes, text.size()};
}

// Appends the break as the value has it: LS and PS stay, every other break is one LF.
void YamlScanner::TakeBreak(std::string& to) {
  const int width = BreakWidth(cur_);
  if (width == 3) {
    to.append(cur_, 3);
  } else {
    to.push_back('\n');
  }
  cur_ += width;
  line_ = cur_;
}

bool YamlScanner::AtDocumentIndicator() const {
  if (cur_ != line_ || (*cur_ != '-' && *cur_ != '.')) return false;
  return cur_[1] == *cur_ && cur_[2] == *cur_ && IsBlankBreakOrEnd(cur_ + 3);
}

// Blanks and breaks between two parts of a flow scalar. The first break and those after it are kept
// apart because folding treats them differently.
bool YamlScanner::TakeBlanks(bool& leading_blanks, const char* start, bool plain) {
  while (true) {
    if (IsBlank(*cur_)) {
      const char* from = cur_;
      if (leading_blanks) {
        cur_ = SkipSpaces(cur_);
        if (plain && *cur_ == '\t' && column() < indent_ + 1) {
          return Fail("a tab stands in the indentation of this value; indent with spaces",
                      std::max(start, cur_));
        }
      }
      while (IsBlank(*cur_)) ++cur_;
      if (!leading_blanks) spaces_ = std::string_view(from, static_cast<size_t>(cur_ - from));
    } else if (IsBreak(cur_)) {
      if (leading_blanks) {
        TakeBreak(more_breaks_);
      } else {
        spaces_ = {};
        TakeBreak(first_break_);
        leading_blanks = true;
      }
    } else {
      return true;
    }
  }
}

void YamlScanner::JoinLines(bool leading_blanks) {
  if (!leading_blanks) {
    text_.append(spaces_);
    spaces_ = {};
    return;
  }
  if (!first_break_.empty() && first_break_[0] == '\n') {
    if (more_breaks_.empty()) {
      text_.push_back(' ');
    } else {
      text_.append(more_breaks_);
    }
  } else {
    text_.append(first_break_);
    text_.append(more_breaks_);
  }
  first_break_.clear();
  more_breaks_.clear();
}

// The end of the part of a plain scalar that stands on this line, trailing blanks left out. cur_
// moves to the byte that ended it: a blank before a break or comment, a break, an indicator, or the
// NUL.
const char* YamlScanner::TakePlainLine() {
  const uint8_t stop =
      kCharBlank | kCharBreak | kCharEnd | kCharWide | (flow_level_ > 0 ? kCharFlow : 0);
  const char* p = cur_;
  while (true) {
    const uint8_t kind = CharClass(*p);
    if (!(kind & stop)) {
      if (*p == ':' && IsBlankBreakOrEnd(p + 1)) break;
      ++p;
    } else if (kind & kCharBlank) {
      const char* next = p + 1;
      while (IsBlank(*next)) ++next;
      const bool ended = *next == '#' || IsBreakOrEnd(next);
      const bool indicator = (*next == ':' && IsBlankBreakOrEnd(next + 1)) ||
                             (flow_level_ > 0 && (CharClass(*next) & kCharFlow));
      if (ended || indicator) break;
      p = next;
    } else if ((kind & kCharWide) && !IsBreak(p)) {
      ++p;
    } else {
      break;
    }
  }
  cur_ = p;
  return p;
}

bool YamlScanner::ScanPlain(Token& token) {
  const char* start = cur_;
  const char* end = cur_;
  bool folded = false;  // text_ holds the value; before that it is [start, end)
  bool leading_blanks = false;
  spaces_ = {};
  first_break_.clear();
  more_breaks_.clear();
  while (!AtDocumentIndicator() && *cur_ != '#') {
    const char* run = cur_;
    end = TakePlainLine() > run ? cur_ : end;
    if (cur_ > run) {
      if (leading_blanks && !folded) {
        text_.assign(start, folded_from_);
        folded = true;
      }
      if (folded) {
        JoinLines(leading_blanks);
        text_.append(run, cur_);
      }
      leading_blanks = false;
    }
    if (!IsBlank(*cur_) && !IsBreak(cur_)) break;
    folded_from_ = end;
    if (!TakeBlanks(leading_blanks, start, true)) return false;
    if (flow_level_ == 0 && column() < indent_ + 1) break;
    if (!leading_blanks) break;
  }
  token.plain = true;
  token.start = OffsetOf(start);
  token.end = OffsetOf(end);
  token.text = folded ? Store(text_) : std::string_view(start, static_cast<size_t>(end - start));
  if (leading_blanks) simple_key_allowed_ = true;
  return true;
}

bool YamlScanner::ScanQuoted(Token& token) {
  const char* start = cur_;
  const bool single = *cur_ == '\'';
  token.plain = false;
  token.start = OffsetOf(start);
  ++cur_;
  const char* stop = FindQuotedStop(cur_, end_, *start, !only_lf_);
  if (*stop == *start && !(single && stop[1] == '\'')) {
    token.text = std::string_view(cur_, static_cast<size_t>(stop - cur_));
    cur_ = stop + 1;
    token.end = OffsetOf(cur_);
    return true;
  }
  text_.clear();
  spaces_ = {};
  first_break_.clear();
  more_breaks_.clear();
  while (true) {
    if (AtDocumentIndicator()) {
      return Fail("a document separator stands inside a quoted value; the closing quote is missing",
                  start);
    }
    if (*cur_ == 0) return Fail("the closing quote of this value is missing", start);
    bool leading_blanks = false;
    if (!TakeQuotedText(single, start, leading_blanks)) return false;
    if (*cur_ == *start) break;
    if (!TakeBlanks(leading_blanks, start, false)) return false;
    JoinLines(leading_blanks);
  }
  ++cur_;
  token.end = OffsetOf(cur_);
  token.text = Store(text_);
  return true;
}

// Characters up to the next blank, break or closing quote.
bool YamlScanner::TakeQuotedText(bool single, const char* start, bool& leading_blanks) {
  const char quote = single ? '\'' : '"';
  while (true) {
    const char* run = cur_;
    while (*cur_ != quote && *cur_ != '\\' && !IsBlankBreakOrEnd(cur_)) ++cur_;
    text_.append(run, cur_);
    if (*cur_ == quote) {
      if (!single || cur_[1] != quote) return true;
      text_.push_back(quote);
      cur_ += 2;
    } else if (*cur_ != '\\') {
      return true;
    } else if (single) {
      text_.push_back(*cur_++);
    } else if (IsBreak(cur_ + 1)) {
      ++cur_;
      SkipBreak();
      leading_blanks = true;
      return true;
    } else if (!ScanEscape(start)) {
      return false;
    }
  }
}

bool YamlScanner::ScanEscape(const char* start) {
  // Letters and what they stand for (YAML 1.1, section 5.6). \/ came with YAML 1.2 and is not read.
  constexpr std::string_view kLetters = "abtnvfre \"'\\\t";
  constexpr std::string_view kMeanings = "\a\b\t\n\v\f\r\x1B \"'\\\t";
  const char letter = cur_[1];
  const size_t known = letter == 0 ? std::string_view::npos : kLetters.find(letter);
  int digits = 0;
  if (known != std::string_view::npos) {
    text_.push_back(kMeanings[known]);
  } else if (letter == '0') {
    text_.push_back('\0');
  } else if (letter == 'N') {
    text_.append("\xC2\x85");
  } else if (letter == '_') {
    text_.append("\xC2\xA0");
  } else if (letter == 'L' || letter == 'P') {
    text_.append(letter == 'L' ? "\xE2\x80\xA8" : "\xE2\x80\xA9");
  } else if (letter == 'x' || letter == 'u' || letter == 'U') {
    digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
  } else {
    return Fail("unknown escape after '\\'; write '\\\\' or use single quotes", cur_);
  }
  const char* escape = cur_;
  cur_ += 2;
  if (digits == 0) return true;
  uint64_t value = 0;
  for (int i = 0; i < digits; ++i) {
    const int digit = HexValue(cur_[i]);
    if (digit < 0) return Fail("this escape needs more hexadecimal digits", escape);
    value = value << 4 | static_cast<uint64_t>(digit);
  }
  if ((value >= 0xD800 && value <= 0xDFFF) || value > 0x10FFFF) {
    return Fail("this escape is no Unicode character; write the character itself",
                std::max(start, escape));
  }
  AppendUtf8(text_, static_cast<uint32_t>(value));
  cur_ += digits;
  return true;
}

bool YamlScanner::ScanBlockHeader(const char* start, int& chomping, int& increment) {
  for (int i = 0; i < 2; ++i) {
    if (chomping == 0 && (*cur_ == '+' || *cur_ == '-')) {
      chomping = *cur_++ == '+' ? 1 : -1;
    } else if (increment == 0 && IsDigit(*cur_)) {
      if (*cur_ == '0') return Fail("the indentation of a block value is at least 1", cur_);
      increment = *cur_++ - '0';
    }
  }
  while (IsBlank(*cur_)) ++cur_;
  if (*cur_ == '#') {
    const char* from = cur_;
    cur_ = FindBreak(cur_);
    NoteComment(from, cur_);
  }
  if (!IsBreakOrEnd(cur_)) {
    return Fail("only a comment may follow '|' or '>'; begin the text on the next line",
                std::max(start, cur_));
  }
  return true;
}

bool YamlScanner::ScanBlock(Token& token) {
  const char* start = cur_;
  const bool literal = *cur_ == '|';
  ++cur_;
  int chomping = 0;
  int increment = 0;
  if (!ScanBlockHeader(start, chomping, increment)) return false;
  const char* text_end = cur_;
  if (IsBreak(cur_)) SkipBreak();
  int indent = increment == 0 ? 0 : std::max(indent_, 0) + increment;
  text_.clear();
  first_break_.clear();
  more_breaks_.clear();
  if (!ScanBlockBreaks(indent, start)) return false;
  bool leading_blank = false;
  while (column() == indent && *cur_ != 0) {
    const bool blank = IsBlank(*cur_);
    if (!literal && !leading_blank && !blank && !first_break_.empty() && first_break_[0] == '\n') {
      if (more_breaks_.empty()) text_.push_back(' ');
    } else {
      text_.append(first_break_);
    }
    first_break_.clear();
    text_.append(more_breaks_);
    more_breaks_.clear();
    leading_blank = blank;
    const char* from = cur_;
    cur_ = FindBreak(cur_);
    // A NUL before the end of the text is refused by the caller; nothing behind it matters.
    text_.append(from, cur_);
    text_end = cur_;
    if (IsBreak(cur_)) TakeBreak(first_break_);
    if (!ScanBlockBreaks(indent, start)) return false;
  }
  if (chomping != -1) text_.append(first_break_);
  if (chomping == 1) text_.append(more_breaks_);
  token.plain = false;
  token.start = OffsetOf(start);
  token.end = OffsetOf(text_end);
  token.text = Store(text_);
  return true;
}

// Indentation and empty lines before a line of a block scalar. When `indent` is 0 it is found here:
// the deepest column of the leading lines counts.
bool YamlScanner::ScanBlockBreaks(int& indent, const char* start) {
  int deepest = 0;
  while (true) {
    if (indent == 0) {
      cur_ = SkipSpaces(cur_);
    } else {
      const char* const text = line_ + indent;
      while (cur_ < text && *cur_ == ' ') ++cur_;
    }
    deepest = std::max(deepest, column());
    if ((indent == 0 || column() < indent) && *cur_ == '\t') {
      return Fail("a tab stands in the indentation of a block value; indent with spaces",
                  std::max(start, cur_));
    }
    if (!IsBreak(cur_)) break;
    TakeBreak(more_breaks_);
  }
  if (indent == 0) indent = std::max({deepest, indent_ + 1, 1});
  return true;
}

}  // namespace ouro::io
