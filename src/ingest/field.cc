#include "ingest/field.h"

#include <charconv>

#include "base/text.h"
#include "fmt/format.h"

namespace ouro::ingest {

io::NodeView At(io::NodeView node, std::string_view path) {
  while (!path.empty()) {
    const size_t dot = path.find('.');
    node = node.Get(path.substr(0, dot));
    if (!node || dot == std::string_view::npos) return node;
    path.remove_prefix(dot + 1);
  }
  return node;
}

std::string ScalarText(io::NodeView node) {
  if (!node) return {};
  const io::Node& raw = node.tree().node(node.index());
  switch (raw.type) {
    case io::NodeType::kString:
      return std::string(node.Text());
    case io::NodeType::kBool:
      return raw.boolean ? "true" : "false";
    case io::NodeType::kInt:
      return fmt::format("{}", raw.integer);
    case io::NodeType::kUint:
      return fmt::format("{}", raw.unsigned_integer);
    case io::NodeType::kDouble:
      // As written, so that 9.80 stays what the tool said.
      return std::string(node.tree().source().substr(raw.start, raw.end - raw.start));
    default:
      return {};
  }
}

std::string Text(io::NodeView node, std::string_view path) {
  const io::NodeView child = At(node, path);
  if (child.IsString()) return std::string(TrimSpace(child.Text()));
  return ScalarText(child);
}

std::string FirstText(io::NodeView node, std::initializer_list<std::string_view> paths) {
  for (const std::string_view path : paths) {
    std::string text = Text(node, path);
    if (!text.empty()) return text;
  }
  return {};
}

int64_t Integer(io::NodeView node, std::string_view path, int64_t otherwise) {
  const io::NodeView child = At(node, path);
  if (!child) return otherwise;
  const io::Node& raw = child.tree().node(child.index());
  if (raw.type == io::NodeType::kInt) return raw.integer;
  if (raw.type == io::NodeType::kDouble && raw.number > -9e15 && raw.number < 9e15) {
    return static_cast<int64_t>(raw.number);
  }
  if (child.IsString()) return ParseInt64(TrimSpace(child.Text())).value_or(otherwise);
  return otherwise;
}

std::optional<double> Number(io::NodeView node, std::string_view path) {
  const std::string text = Text(node, path);
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data(), end, value);
  if (failed != std::errc() || stopped != end || text.empty()) return std::nullopt;
  return value;
}

bool Flag(io::NodeView node, std::string_view path, bool otherwise) {
  const std::string text = Text(node, path);
  if (EqualsIgnoreCase(text, "true")) return true;
  if (EqualsIgnoreCase(text, "false")) return false;
  return otherwise;
}

std::vector<std::string> Texts(io::NodeView node, std::string_view path) {
  std::vector<std::string> texts;
  const io::NodeView list = At(node, path);
  if (!list.IsList()) {
    std::string text = ScalarText(list);
    if (!text.empty()) texts.push_back(std::move(text));
    return texts;
  }
  for (const io::NodeView& item : list.Children()) {
    std::string text = ScalarText(item);
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<io::NodeView> Items(io::NodeView node, std::string_view path) {
  const io::NodeView list = At(node, path);
  return list.IsList() ? list.Children() : std::vector<io::NodeView>();
}

bool HasKeys(io::NodeView node, std::initializer_list<std::string_view> keys) {
  if (!node.IsMap()) return false;
  for (const std::string_view key : keys) {
    if (!node.Get(key)) return false;
  }
  return true;
}

std::string PlaceOf(io::NodeView node) {
  if (!node) return {};
  const io::Position position = node.tree().PositionOf(node.tree().node(node.index()).start);
  return fmt::format("{}:{}", position.line, position.column);
}

}  // namespace ouro::ingest
