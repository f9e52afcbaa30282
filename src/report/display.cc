#include "report/display.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace ouro::report {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

// Characters two columns wide: East_Asian_Width W and F of Unicode 15, neighbouring ranges joined.
constexpr std::array<Range, 38> kWide = {{
    {0x1100, 0x115f}, {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec}, {0x23f0, 0x23f0},
    {0x23f3, 0x23f3}, {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653}, {0x267f, 0x267f},
    {0x2693, 0x2693}, {0x26a1, 0x26a1},   {0x26aa, 0x26ab},   {0x26bd, 0x26be}, {0x26c4, 0x26c5},
    {0x26ce, 0x26ce}, {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f5}, {0x26fa, 0x26fd},
    {0x2705, 0x2705}, {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274e}, {0x2753, 0x2757},
    {0x2795, 0x2797}, {0x27b0, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b55}, {0x2e80, 0x303e},
    {0x3041, 0xa4cf}, {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
    {0xff00, 0xff60}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
}};

// Combining marks and format characters that take no column of their own.
constexpr std::array<Range, 15> kZeroWidth = {{
    {0x0300, 0x036f},
    {0x0483, 0x0489},
    {0x0591, 0x05bd},
    {0x0610, 0x061a},
    {0x064b, 0x065f},
    {0x06d6, 0x06dc},
    {0x0900, 0x0902},
    {0x0e34, 0x0e3a},
    {0x200b, 0x200f},
    {0x20d0, 0x20f0},
    {0x302a, 0x302d},
    {0x3099, 0x309a},
    {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f},
    {0xe0100, 0xe01ef},
}};

// Characters that change the direction of the text around them (Unicode Standard Annex #9).
constexpr std::array<Range, 4> kBidirectional = {
    {{0x061c, 0x061c}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}}};

template <size_t N>
bool Contains(const std::array<Range, N>& ranges, uint32_t c) {
  const auto at = std::upper_bound(ranges.begin(), ranges.end(), c,
                                   [](uint32_t value, const Range& r) { return value < r.first; });
  return at != ranges.begin() && c <= std::prev(at)->last;
}

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

size_t CharacterEnd(std::string_view text, size_t at) {
  ++at;
  while (at < text.size() && IsContinuation(text[at])) ++at;
  return at;
}

// The character that begins at `at` in valid UTF-8.
uint32_t Decode(std::string_view text, size_t at, size_t end) {
  const auto byte = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const uint32_t lead = byte(at);
  if (end - at == 1) return lead;
  uint32_t c = lead & (0xffu >> (end - at + 1));
  for (size_t i = at + 1; i < end; ++i) c = (c << 6) | (byte(i) & 0x3f);
  return c;
}

int CharacterWidth(uint32_t c) {
  if (c < 0x300) return 1;
  if (Contains(kZeroWidth, c)) return 0;
  return Contains(kWide, c) ? 2 : 1;
}

// Byte offset of a column (from 1, in characters) of a line that may hold invalid bytes.
size_t OffsetOfColumn(std::string_view line, int64_t column) {
  size_t at = 0;
  for (int64_t i = 1; i < column && at < line.size(); ++i) at = CharacterEnd(line, at);
  return at;
}

std::string ExpandTabs(std::string_view text) {
  return ReplaceAll(text, "\t", "    ");
}

// The longest end (or beginning) of `text` with at most `width` columns.
std::string_view LastColumns(std::string_view text, int width) {
  size_t from = text.size();
  int used = 0;
  while (from > 0) {
    size_t at = from - 1;
    while (at > 0 && IsContinuation(text[at])) --at;
    used += DisplayWidth(text.substr(at, from - at));
    if (used > width) break;
    from = at;
  }
  return text.substr(from);
}

std::string_view FirstColumns(std::string_view text, int width) {
  size_t to = 0;
  int used = 0;
  while (to < text.size()) {
    const size_t end = CharacterEnd(text, to);
    used += DisplayWidth(text.substr(to, end - to));
    if (used > width) break;
    to = end;
  }
  return text.substr(0, to);
}

constexpr std::string_view kEllipsis = "…";

}  // namespace

std::string SafeText(std::string_view text) {
  std::string printable = Printable(text);
  // Every bidirectional control begins with one of these two bytes; most texts hold neither.
  if (printable.find_first_of("\xD8\xE2") == std::string::npos) return printable;
  std::string out;
  out.reserve(printable.size());
  for (size_t at = 0; at < printable.size();) {
    const size_t end = CharacterEnd(printable, at);
    const bool reorders = end - at > 1 && Contains(kBidirectional, Decode(printable, at, end));
    out += reorders ? std::string_view("\xEF\xBF\xBD")
                    : std::string_view(printable).substr(at, end - at);
    at = end;
  }
  return out;
}

int DisplayWidth(std::string_view text) {
  int width = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = CharacterEnd(text, at);
    width += end - at == 1 ? 1 : CharacterWidth(Decode(text, at, end));
    at = end;
  }
  return width;
}

void AppendWrapped(std::string& out, std::string_view text, int column, int indent, int width) {
  if (width <= 0) {
    out += text;
    return;
  }
  bool line_empty = true;
  while (!text.empty()) {
    const size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    const int size = DisplayWidth(word);
    if (!line_empty && column + 1 + size > width) {
      out += '\n';
      out.append(static_cast<size_t>(indent), ' ');
      column = indent;
    } else if (!line_empty) {
      out += ' ';
      ++column;
    }
    out += word;
    column += size;
    line_empty = false;
  }
}

SourceExcerpt ExcerptSource(const model::Location& location, int width) {
  const std::string_view line = location.source_line;
  const bool known = location.column > 0;
  const size_t begin = known ? OffsetOfColumn(line, location.column) : 0;
  size_t end = known ? line.size() : begin;
  if (known && location.end_line <= location.line && location.end_column > 0) {
    end = std::max(begin, OffsetOfColumn(line, location.end_column));
    if (end == begin && begin < line.size()) end = CharacterEnd(line, begin);
  }
  // Only what can be shown is looked at: a minified file is one line of megabytes. A character has
  // at most four bytes; combining marks beyond that are cut.
  const size_t reach = static_cast<size_t>(width) * 8;
  const size_t from = begin > reach ? begin - reach : 0;
  std::string_view before_raw = line.substr(from, begin - from);
  if (from == 0)
    before_raw.remove_prefix(std::min(before_raw.find_first_not_of(" \t"), before_raw.size()));
  const std::string before = ExpandTabs(before_raw);
  std::string left = SafeText(before);
  std::string span = SafeText(ExpandTabs(line.substr(begin, std::min(end - begin, reach))));
  std::string right = SafeText(ExpandTabs(line.substr(end, reach)));
  if (!known) right = std::string(TrimSpace(right));
  while (!right.empty() && right.back() == ' ') right.pop_back();
  while (end == line.size() && !span.empty() && span.back() == ' ') span.pop_back();

  // A third of the width goes to what stands before, the rest to the span and then to what follows;
  // what one part leaves free the next one uses.
  const int right_width = DisplayWidth(right);
  const int span_width = DisplayWidth(span);
  const int left_room = std::max(width / 3, width - span_width - right_width);
  if (from > 0 || DisplayWidth(left) > left_room) {
    left = std::string(kEllipsis) + std::string(LastColumns(left, left_room - 1));
  }
  int room = width - DisplayWidth(left);
  SourceExcerpt excerpt;
  excerpt.mark_start = DisplayWidth(left);
  if (span_width > room) span = std::string(FirstColumns(span, room - 1)) + std::string(kEllipsis);
  room -= DisplayWidth(span);
  excerpt.mark_width = DisplayWidth(span);
  const bool cut = right_width > room || end + reach < line.size();
  if (cut && room > 0) right = std::string(FirstColumns(right, room - 1)) + std::string(kEllipsis);
  if (room <= 0) right.clear();
  excerpt.text = left + span + right;
  return excerpt;
}

}  // namespace ouro::report
