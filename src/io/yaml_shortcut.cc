// The lines that nearly every manifest is made of, read without tokens: `key: value`, `key:` and
// `- value` in block context with values on one line, block scalars, and the nesting between them.
//
// Invariant: between two steps the scanner's fields (position, indentation stack) and the parser's
// stack of states are exactly what they would be had the scanner produced the same tokens and had
// the parser taken them all. kLeave therefore may be returned at any line, with the position before
// it.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>

#include "io/yaml_parser.h"

namespace ouro::io {
namespace {

constexpr std::ptrdiff_t kKeySizeMax = 1000;  // below the 1024 characters of a simple key

// First byte at or after `p` that needs a decision inside a plain value: ':', '#', or a control
// character (line end, tab, NUL). A NUL stands at `end`.
const char* FindPlainStop(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i colon = _mm_set1_epi8(':');
  const __m128i hash = _mm_set1_epi8('#');
  const __m128i low = _mm_set1_epi8(0x1F);
  for (; end - p >= 16; p += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, low), v);
    const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(v, colon), _mm_cmpeq_epi8(v, hash));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, marks)));
    if (mask != 0) return p + std::countr_zero(mask);
  }
#endif
  while (p < end && *p != ':' && *p != '#' && static_cast<uint8_t>(*p) > 0x1F) ++p;
  return p;
}

// Whether a plain key of these bytes may be something else than a string: a number, or one of the
// words, none of which is longer than five bytes.
bool MayResolve(const char* start, const char* end) {
  constexpr std::string_view kWordStarts = "yYnNtTfFoO~";
  const char first = *start;
  if (IsDigit(first) || first == '+' || first == '-' || first == '.') return true;
  return end - start <= 5 && kWordStarts.find(first) != std::string_view::npos;
}

}  // namespace

bool YamlParser::ShortcutApplies() const {
  return only_lf_;
}

// Nothing but blanks and a comment until the end of the line.
bool YamlParser::EndsLine(const char* p) const {
  p = SkipSpaces(p);
  return *p == '\n' || *p == '#' || p >= end_;
}

// Past spaces, comments and line ends to the next token. `line` becomes the start of its line.
const char* YamlParser::SkipLines(const char* p, const char*& line) {
  while (true) {
    p = SkipSpaces(p);
    if (*p == '#') {
      const char* from = p;
      p = FindBreak(p);
      NoteComment(from, p);
    }
    if (*p != '\n') return p;
    line = ++p;
  }
}

YamlParser::Step YamlParser::Shortcut() {
  if (flow_level_ > 0) return Step::kLeave;
  while (true) {
    const char* line = line_;
    cur_ = SkipLines(cur_, line);
    if (line != line_) simple_key_allowed_ = true;
    line_ = line;
    if (!simple_key_allowed_ || cur_ >= end_) return Step::kLeave;
    // A scalar on an earlier line cannot become a key any more.
    SimpleKey& waiting = simple_keys_.back();
    if (waiting.possible && (waiting.required || waiting.line == line_)) return Step::kLeave;
    waiting.possible = false;
    const Step step = ShortcutLine();
    if (step != Step::kDone) return step;
  }
}

// One token, or a whole line, at cur_.
YamlParser::Step YamlParser::ShortcutLine() {
  const char* p = cur_;
  const int column = static_cast<int>(p - line_);
  if (column == 0 && (*p == '.' || *p == '%' || (*p == '-' && p[1] == '-'))) return Step::kLeave;
  if (column < indent_) {
    if (CloseTo(column) != Step::kDone) return Step::kError;
    if (column < indent_) return Step::kLeave;
  }
  if (column != indent_) return Step::kLeave;
  if (*p == '-' && IsBlankBreakOrEnd(p + 1)) {
    const bool usual = p[1] == ' ' || p[1] == '\n';
    if (state_ == State::kBlockMapKey || !usual) return Step::kLeave;
    return ShortcutEntry(p);
  }
  if (state_ == State::kIndentlessEntry) {
    if (!CloseCollection()) return Step::kError;
  }
  if (state_ != State::kBlockMapKey) return Step::kLeave;
  return ShortcutKey(p);
}

// Closes what ends because the next token stands at `column`. Stops early at a state that only the
// parser proper knows how to leave.
YamlParser::Step YamlParser::CloseTo(int column) {
  while (column < indent_) {
    if (state_ == State::kBlockMapKey || state_ == State::kBlockListEntry) {
      PopIndent();
    } else if (state_ != State::kIndentlessEntry) {
      return Step::kDone;
    }
    if (!CloseCollection()) return Step::kError;
  }
  return Step::kDone;
}

// The ':' of a plain key at `at` that a value or a line end follows; nullptr when this is none.
const char* YamlParser::ScanKey(const char* at) const {
  const char* p = at;
  while (CharClass(*p) & kCharKey) ++p;
  if (*p != ':' || (p[1] != ' ' && p[1] != '\n') || p == at || p - at > kKeySizeMax) return nullptr;
  return p;
}

bool YamlParser::EmitKey(const PlainKey& key) {
  if (key.start == nullptr) return true;
  const std::string_view text(key.start, static_cast<size_t>(key.end - key.start));
  const uint32_t start = OffsetOf(key.start);
  const uint32_t end = OffsetOf(key.end);
  last_end_ = end + 1;
  if (!MayResolve(key.start, key.end))
    return builder_->AddStringKey(text, start, end) || FromBuilder();
  ScalarEvent event;
  event.text = text;
  event.start = start;
  event.end = end;
  return builder_->AddScalar(event) || FromBuilder();
}

YamlParser::Step YamlParser::ShortcutKey(const char* at) {
  const char* colon = ScanKey(at);
  if (colon == nullptr) return Step::kLeave;
  return ShortcutValue(PlainKey{at, colon}, colon + 1);
}

YamlParser::Step YamlParser::ShortcutEntry(const char* at) {
  const char* p = SkipSpaces(at + 1);
  if (*p == '\n' || *p == '#' || (*p == '-' && (p[1] == ' ' || p[1] == '\n'))) return Step::kLeave;
  if (ScanKey(p) == nullptr) return ShortcutValue(PlainKey(), p);
  // `- key: value`: a map whose indentation is the column of its first key.
  states_.push_back(state_);
  last_end_ = OffsetOf(at + 1);
  const Step step = OpenNested(NodeType::kMap, p, static_cast<int>(p - line_), State::kBlockMapKey);
  if (step != Step::kDone) return step;
  cur_ = p;
  return ShortcutKey(p);
}

YamlParser::Step YamlParser::OpenNested(NodeType type, const char* at, int column, State state) {
  if (column > indent_) PushIndent(column);
  return Done(OpenCollection(type, 0, OffsetOf(at), {}, state));
}

YamlParser::Step YamlParser::ShortcutValue(const PlainKey& key, const char* at) {
  const char* p = SkipSpaces(at);
  switch (*p) {
    case '\n':
    case '#':
      return ShortcutNested(key, p);
    case '"':
    case '\'':
      return ShortcutQuoted(key, p);
    case '|':
    case '>':
      return ShortcutBlock(key, p);
    case '[':
    case '{':
      return ShortcutEmptyFlow(key, p);
    case '-':
      if (p[1] == '\n' || IsBlank(p[1]) || p + 1 >= end_) return Step::kLeave;
      return ShortcutPlain(key, p);
    default:
      if (CharClass(*p) & (kCharIndicator | kCharBlank | kCharBreak | kCharEnd))
        return Step::kLeave;
      return ShortcutPlain(key, p);
  }
}

YamlParser::Step YamlParser::ShortcutPlain(const PlainKey& key, const char* at) {
  const char* p = at;
  while (true) {
    p = FindPlainStop(p, end_);
    if (*p == ':') {
      if (IsBlankBreakOrEnd(p + 1)) return Step::kLeave;
    } else if (*p == '#') {
      if (p[-1] == ' ') break;
    } else if (*p == '\n' || p >= end_) {
      break;
    } else {
      return Step::kLeave;
    }
    ++p;
  }
  if (*p == '\n') {
    // A deeper line that is no comment continues the value.
    const char* next = p;
    const char* line = p;
    while (*next == '\n') {
      line = next + 1;
      next = SkipSpaces(line);
    }
    const bool deeper = next - line > indent_;
    if (*next == '\t') return Step::kLeave;
    if (deeper && *next != '#' && next < end_) return ShortcutFolded(key, at);
  }
  const char* end = p;
  while (end[-1] == ' ') --end;
  if (!EmitKey(key)) return Step::kError;
  cur_ = p;
  last_end_ = OffsetOf(end);
  const std::string_view text(at, static_cast<size_t>(end - at));
  if (!MayResolve(at, end)) {
    return Done(builder_->AddString(text, OffsetOf(at), last_end_, 0) || FromBuilder());
  }
  return Done(builder_->AddPlain(text, OffsetOf(at), last_end_) || FromBuilder());
}

// A plain value of several lines.
YamlParser::Step YamlParser::ShortcutFolded(const PlainKey& key, const char* at) {
  const char* const position = cur_;
  const char* const line = line_;
  cur_ = at;
  simple_key_allowed_ = false;
  Token token;
  if (!ScanPlain(token)) return Step::kError;
  if (!simple_key_allowed_ && !EndsLine(cur_)) {
    cur_ = position;
    line_ = line;
    simple_key_allowed_ = true;
    return Step::kLeave;
  }
  if (!EmitKey(key)) return Step::kError;
  last_end_ = token.end;
  return Done(builder_->AddPlain(token.text, token.start, token.end) || FromBuilder());
}

YamlParser::Step YamlParser::ShortcutQuoted(const PlainKey& key, const char* at) {
  const char* const position = cur_;
  const char* const line = line_;
  cur_ = at;
  Token token;
  if (!ScanQuoted(token)) return Step::kError;
  if (!EndsLine(cur_)) {
    // Perhaps the quoted text is a key. The scanner reads it again.
    cur_ = position;
    line_ = line;
    return Step::kLeave;
  }
  // Only a line end allows a key to follow.
  simple_key_allowed_ = false;
  if (!EmitKey(key)) return Step::kError;
  last_end_ = token.end;
  return Done(builder_->AddString(token.text, token.start, token.end, kNodeQuoted) ||
              FromBuilder());
}

YamlParser::Step YamlParser::ShortcutBlock(const PlainKey& key, const char* at) {
  if (!EmitKey(key)) return Step::kError;
  cur_ = at;
  Token token;
  if (!ScanBlock(token)) return Step::kError;
  simple_key_allowed_ = true;
  last_end_ = token.end;
  return Done(builder_->AddString(token.text, token.start, token.end, kNodeQuoted) ||
              FromBuilder());
}

YamlParser::Step YamlParser::ShortcutEmptyFlow(const PlainKey& key, const char* at) {
  const bool list = *at == '[';
  if (at[1] != (list ? ']' : '}') || !EndsLine(at + 2)) return Step::kLeave;
  if (!EmitKey(key)) return Step::kError;
  cur_ = at + 2;
  simple_key_allowed_ = false;
  last_end_ = OffsetOf(cur_);
  return Done((builder_->BeginCollection(list ? NodeType::kList : NodeType::kMap, kNodeFlow,
                                         OffsetOf(at), {}) &&
               builder_->EndCollection(last_end_)) ||
              FromBuilder());
}

// `key:` with nothing behind it: what follows on the next lines is its value, or there is none.
YamlParser::Step YamlParser::ShortcutNested(const PlainKey& key, const char* at) {
  if (key.start == nullptr) return Step::kLeave;
  const size_t comment_count = tree_->mutable_comments().size();
  const char* line = line_;
  const char* next = SkipLines(at, line);
  const int column = static_cast<int>(next - line);
  const bool entry = *next == '-' && (next[1] == ' ' || next[1] == '\n');
  const bool odd_entry = *next == '-' && !entry && IsBlankBreakOrEnd(next + 1);
  const bool marker =
      odd_entry || (column == 0 && (*next == '.' || *next == '%' || (*next == '-' && !entry)));
  const bool plain = (CharClass(*next) & kCharKey) != 0;
  const bool deeper_map = column > indent_ && !entry && ScanKey(next) != nullptr;
  const bool absent = next >= end_ || column < indent_ || (column == indent_ && plain && !entry);
  const bool list = entry && column >= indent_;
  if (marker || !(absent || list || deeper_map)) {
    tree_->mutable_comments().resize(comment_count);
    return Step::kLeave;
  }
  if (!EmitKey(key)) return Step::kError;
  cur_ = next;
  line_ = line;
  simple_key_allowed_ = true;
  if (absent) return Done(builder_->AddAbsent(last_end_) || FromBuilder());
  states_.push_back(State::kBlockMapKey);
  if (!list) return OpenNested(NodeType::kMap, next, column, State::kBlockMapKey);
  return OpenNested(NodeType::kList, next, column,
                    column > indent_ ? State::kBlockListEntry : State::kIndentlessEntry);
}

}  // namespace ouro::io
