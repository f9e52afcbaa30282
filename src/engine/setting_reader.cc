#include "engine/setting_reader.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::engine {

using io::NodeType;

std::string_view SettingReader::key() const {
  const io::KeyId id = tree_->node(slot_).key;
  return id == io::kNoKey ? std::string_view() : keys_->Text(id);
}

std::string SettingReader::Where() const {
  const io::Node& slot = tree_->node(slot_);
  const uint32_t offset = slot.key_end > slot.key_start ? slot.key_start : slot.start;
  const io::Position place = tree_->PositionOf(offset);
  return fmt::format("{}:{}:{}", file_, place.line, place.column);
}

bool SettingReader::IsNull() const {
  return tree_->node(node()).type == NodeType::kNull;
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
  const io::Node& value = tree_->node(node());
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
  const io::Node& value = tree_->node(node());
  if (value.type != NodeType::kBool) return Wrong("true or false");
  return value.boolean;
}

Result<std::vector<SettingReader>> SettingReader::Items() const {
  std::vector<SettingReader> items;
  const io::Node& list = tree_->node(node());
  if (list.type != NodeType::kList) return Wrong("a list");
  size_t index = 0;
  for (uint32_t i = node() + 1; i < list.next; i = tree_->node(i).next) {
    items.emplace_back(*tree_, *keys_, i, file_, fmt::format("{}[{}]", name_, index++));
  }
  return items;
}

Result<std::vector<SettingReader>> SettingReader::Members() const {
  std::vector<SettingReader> members;
  const io::Node& map = tree_->node(node());
  if (map.type != NodeType::kMap) return Wrong("a map");
  for (uint32_t i = node() + 1; i < map.next; i = tree_->node(i).next) {
    const io::Node& child = tree_->node(i);
    if ((child.flags & io::kNodeOverridden) != 0 || child.key == io::kNoKey) continue;
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
  return io::ToJson(*tree_, *keys_, node());
}

}  // namespace ouro::engine
