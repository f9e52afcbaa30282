#include "engine/place.h"

#include <algorithm>
#include <string_view>

namespace ouro::engine {
namespace {

constexpr size_t kLongLineBytes = 64 << 10;
constexpr size_t kSourceLineBytesMax = 2
                                       << 10;  // longer lines are not shown: they would fill memory

bool IsCollection(io::NodeType type) {
  return type == io::NodeType::kMap || type == io::NodeType::kList;
}

}  // namespace

bool PlaceFinder::HasLongLines() {
  if (long_lines_ >= 0) return long_lines_ == 1;
  long_lines_ = 0;
  const std::string_view source = tree_.source();
  size_t at = 0;
  while (source.size() - at > kLongLineBytes) {
    const size_t end = source.find('\n', at);
    if (end == std::string_view::npos || end - at > kLongLineBytes) {
      long_lines_ = 1;
      break;
    }
    at = end + 1;
  }
  return long_lines_ == 1;
}

PlaceFinder::Anchor PlaceFinder::Advance(Anchor from, uint32_t offset) const {
  const std::string_view source = tree_.source();
  for (uint32_t i = from.offset; i < offset && i < source.size(); ++i) {
    const char c = source[i];
    if (c == '\n') {
      ++from.position.line;
      from.position.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      ++from.position.column;
    }
  }
  from.offset = offset;
  return from;
}

void PlaceFinder::StartObject(uint32_t offset) {
  if (!HasLongLines()) return;
  anchor_ = Advance(offset < anchor_.offset ? Anchor{} : anchor_, offset);
}

io::Position PlaceFinder::PositionOf(uint32_t offset) {
  if (!HasLongLines()) return tree_.PositionOf(offset);
  return Advance(offset < anchor_.offset ? Anchor{} : anchor_, offset).position;
}

void PlaceFinder::Fill(uint32_t slot, bool present, model::Location& location) {
  const io::Node& node = tree_.node(slot);
  const bool has_key = node.key_end > node.key_start;
  const bool is_block = IsCollection(node.type) && (node.flags & io::kNodeFlow) == 0;
  const bool nothing_written = (node.flags & io::kNodeImplicit) != 0;
  uint32_t start = node.start;
  uint32_t end = node.end;
  if (has_key && (!present || is_block || nothing_written)) {
    start = node.key_start;
    end = node.key_end;
  } else if (!has_key && is_block) {
    // A list item or a whole document: its first line says which one it is.
    const std::string_view source = tree_.source();
    const size_t line_end = std::min(source.find('\n', start), source.size());
    end = std::min(end, static_cast<uint32_t>(line_end));
    while (end > start && (source[end - 1] == '\r' || source[end - 1] == ' ')) --end;
  }
  const io::Position from = PositionOf(start);
  const io::Position to = PositionOf(std::max(start, end));
  location.line = from.line;
  location.column = from.column;
  location.end_line = to.line;
  location.end_column = to.column;
  location.start_offset = start;
  location.end_offset = std::max(start, end);
  const std::string_view text = tree_.Line(from.line);
  if (text.size() <= kSourceLineBytesMax) location.source_line = text;
}

}  // namespace ouro::engine
