#include "io/tree.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ouro::io {
namespace {

constexpr size_t kFirstBlockSizeBytes = 64 << 10;
constexpr size_t kBlockSizeBytesMax = 8 << 20;

// Whether the byte begins a character that takes a column: all but a byte order mark at the start
// do.
bool IsColumn(std::string_view text, size_t at) {
  if ((static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) return false;
  return at != 0 || !text.starts_with("\xEF\xBB\xBF");
}

}  // namespace

void Tree::Clear() {
  source_.clear();
  source_size_ = 0;
  nodes_.clear();
  roots_.clear();
  problems_.clear();
  comments_.clear();
  line_starts_.clear();
  last_offset_ = 0;
  last_position_ = Position();
  block_ = 0;
  block_used_ = 0;
}

void Tree::SetSource(std::string source) {
  source_ = std::move(source);
  source_size_ = source_.size();
  source_.append(kSourcePaddingBytes, '\0');
  line_starts_.clear();
  last_offset_ = 0;
  last_position_ = Position();
}

std::string Tree::TakeSource() {
  source_.resize(source_size_);
  source_size_ = 0;
  return std::move(source_);
}

char* Tree::Allocate(size_t size) {
  while (block_ < blocks_.size() && blocks_[block_].size - block_used_ < size) {
    ++block_;
    block_used_ = 0;
  }
  if (block_ == blocks_.size()) {
    size_t next = blocks_.empty() ? kFirstBlockSizeBytes : blocks_.back().size * 2;
    next = std::max(std::min(next, kBlockSizeBytesMax), size);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(next), next});
    block_used_ = 0;
  }
  char* bytes = blocks_[block_].bytes.get() + block_used_;
  block_used_ += size;
  return bytes;
}

void Tree::BuildLines() const {
  if (!line_starts_.empty()) return;
  const std::string_view text = source();
  line_starts_.push_back(0);
  for (size_t i = 0; i < text.size(); ++i) {
    // A line ends at LF, at CR LF or at a CR alone (YAML 1.1, section 5.4; the rarer breaks of that
    // section do not count here, because no editor shows them as lines).
    const char c = text[i];
    if (c != '\n' && !(c == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))) continue;
    line_starts_.push_back(static_cast<uint32_t>(i + 1));
  }
}

Position Tree::PositionOf(uint32_t offset) const {
  BuildLines();
  const std::string_view text = source();
  const size_t at = std::min<size_t>(offset, text.size());
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), at);
  const int64_t line = next - line_starts_.begin();
  // Counting goes on from the place asked for last when that is on the same line: a file of one
  // long line would otherwise cost its length for every node.
  size_t from = line_starts_[static_cast<size_t>(line - 1)];
  int64_t column = 1;
  if (last_position_.line == line && last_offset_ >= from) {
    from = last_offset_;
    column = last_position_.column;
  }
  for (; from < at; ++from) column += IsColumn(text, from) ? 1 : 0;
  for (; from > at; --from) column -= IsColumn(text, from - 1) ? 1 : 0;
  last_offset_ = at;
  last_position_ = Position{line, column};
  return last_position_;
}

std::string_view Tree::Line(int64_t line) const {
  BuildLines();
  if (line < 1 || line > static_cast<int64_t>(line_starts_.size())) return {};
  const std::string_view text = source();
  const size_t index = static_cast<size_t>(line - 1);
  const size_t start = line_starts_[index];
  size_t end = index + 1 < line_starts_.size() ? line_starts_[index + 1] : text.size();
  while (end > start && (text[end - 1] == '\n' || text[end - 1] == '\r')) --end;
  return text.substr(start, end - start);
}

int64_t Tree::line_count() const {
  BuildLines();
  const std::string_view text = source();
  if (text.empty()) return 0;
  // The empty rest after a final line end is no line.
  const bool ended = line_starts_.back() == text.size();
  return static_cast<int64_t>(line_starts_.size()) - (ended ? 1 : 0);
}

NodeView NodeView::Get(std::string_view key) const {
  if (!IsMap()) return {};
  const KeyId id = keys_->Find(key);
  if (id == kNoKey) return {};
  return NodeView(*tree_, *keys_, tree_->Child(index_, id));
}

std::vector<NodeView> NodeView::Children() const {
  std::vector<NodeView> children;
  if (!IsMap() && !IsList()) return children;
  const Node& parent = tree_->node(index_);
  children.reserve(parent.count);
  for (uint32_t i = index_ + 1; i < parent.next; i = tree_->node(i).next) {
    if (!(tree_->node(i).flags & kNodeOverridden)) children.emplace_back(*tree_, *keys_, i);
  }
  return children;
}

std::vector<std::pair<std::string_view, NodeView>> NodeView::Members() const {
  std::vector<std::pair<std::string_view, NodeView>> members;
  if (!IsMap()) return members;
  const Node& parent = tree_->node(index_);
  members.reserve(parent.count);
  for (uint32_t i = index_ + 1; i < parent.next; i = tree_->node(i).next) {
    const Node& child = tree_->node(i);
    if (child.flags & kNodeOverridden) continue;
    members.emplace_back(keys_->Text(child.key), NodeView(*tree_, *keys_, i));
  }
  return members;
}

}  // namespace ouro::io
