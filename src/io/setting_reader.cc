#include "io/setting_reader.h"

#include <cmath>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::io {

std::string_view SettingReader::key() const {
  const KeyId id = tree_->node(slot_).key;
  return id == kNoKey ? std::string_view() : keys_->Text(id);
}

std::string SettingReader::Where() const {
  const Node& slot = tree_->node(slot_);
  const uint32_t offset = slot.key_end > slot.key_start ? slot.key_start : slot.start;
  const Position place = tree_->PositionOf(offset);
  return fmt::format("{}:{}:{}", file_, place.line, place.column);
}

bool SettingReader::IsNull() const {
  return tree_->node(node()).type == NodeType::kNull;
}

bool SettingReader::IsMap() const {
  return tree_->node(node()).type == NodeType::kMap;
}

bool SettingReader::IsList() const {
  return tree_->node(node()).type == NodeType::kList;
}

tl::unexpected<Error> SettingReader::Wrong(std::string_view what) const {
  return Fail(ErrorCode::kInvalid, fmt::format("{} must be {}", name_, what), Where());
}

tl::unexpected<Error> SettingReader::Unknown(const std::vector<std::string_view>& known) const {
  const std::string_view nearest = NearestWord(key(), known);
  std::vector<std::string> names(known.begin(), known.end());
  return Fail(
      ErrorCode::kInvalid,
      nearest.empty()
          ? fmt::format("unknown key \"{}\": known are {}", Printable(key()), JoinText(names, ", "))
          : fmt::format("unknown key \"{}\": did you mean {}?", Printable(key()), nearest),
      Where());
}

Result<std::string> SettingReader::Text() const {
  const Node& value = tree_->node(node());
  switch (value.type) {
    case NodeType::kString:
      return std::string(tree_->Text(node()));
    case NodeType::kInt:
    case NodeType::kUint:
    case NodeType::kDouble:
      return std::string(TrimSpace(tree_->source().substr(value.start, value.end - value.start)));
    default:
      return Wrong("text");
  }
}

Result<bool> SettingReader::Boolean() const {
  const Node& value = tree_->node(node());
  if (value.type != NodeType::kBool) return Wrong("true or false");
  return value.boolean;
}

Result<int64_t> SettingReader::Integer() const {
  const Node& value = tree_->node(node());
  if (value.type != NodeType::kInt) return Wrong("a whole number");
  return value.integer;
}

Result<double> SettingReader::Number() const {
  const Node& value = tree_->node(node());
  if (value.type == NodeType::kInt) return static_cast<double>(value.integer);
  if (value.type != NodeType::kDouble || !std::isfinite(value.number)) return Wrong("a number");
  return value.number;
}

Result<std::vector<SettingReader>> SettingReader::Items() const {
  std::vector<SettingReader> items;
  const Node& list = tree_->node(node());
  if (list.type != NodeType::kList) return Wrong("a list");
  size_t index = 0;
  for (uint32_t i = node() + 1; i < list.next; i = tree_->node(i).next) {
    items.emplace_back(*tree_, *keys_, i, file_, fmt::format("{}[{}]", name_, index++));
  }
  return items;
}

Result<std::vector<SettingReader>> SettingReader::Members() const {
  std::vector<SettingReader> members;
  const Node& map = tree_->node(node());
  if (map.type != NodeType::kMap) return Wrong("a map");
  for (uint32_t i = node() + 1; i < map.next; i = tree_->node(i).next) {
    const Node& child = tree_->node(i);
    if ((child.flags & kNodeOverridden) != 0 || child.key == kNoKey) continue;
    const std::string_view key = keys_->Text(child.key);
    members.emplace_back(*tree_, *keys_, i, file_,
                         name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key));
  }
  return members;
}

Result<std::vector<std::string>> SettingReader::TextList() const {
  std::vector<std::string> texts;
  if (tree_->node(node()).type == NodeType::kString) {
    texts.emplace_back(tree_->Text(node()));
    return texts;
  }
  OURO_TRY(const auto items, Items());
  for (const SettingReader& item : items) {
    OURO_TRY(std::string text, item.Text());
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<std::string> SettingReader::Json() const {
  return ToJson(*tree_, *keys_, node());
}

}  // namespace ouro::io
