#include "rules/typed_json.h"

#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "rules/functions/base64.h"
#include "rules/functions/number_text.h"
#include "rules/functions/time_text.h"

namespace ouro::rules {

namespace {

// ---- decoding -----------------------------------------------------------------------------------

class Decoder {
 public:
  Decoder(const io::Tree& tree, Arena& arena) : tree_(tree), arena_(arena) {}

  Result<Value> Read(const io::NodeView& view, int depth) {
    if (depth > limits::kNestingDepth) return Fail(ErrorCode::kLimit, "value nested too deep");
    const io::NodeView type = view.Get("t");
    if (!type.IsString()) return Refuse("a value is {\"t\": <type>, \"v\": <value>}");
    const std::string_view name = type.Text();
    const io::NodeView content = view.Get("v");
    if (name == "null") return Value::Null();
    if (name == "list") return ReadList(content, depth);
    if (name == "map") return ReadMap(content, depth);
    if (name == "duration" || name == "timestamp") return ReadTime(name, content);
    return ReadScalar(name, content);
  }

 private:
  static tl::unexpected<Error> Refuse(std::string message) {
    return Fail(ErrorCode::kInvalid, std::move(message));
  }
  static tl::unexpected<Error> Misfit(std::string_view type) {
    return Refuse(fmt::format("the value does not fit its type {}", type));
  }

  // Numbers are strings, so that no reader of JSON rounds them; plain numbers are accepted too.
  std::string TextOf(const io::NodeView& view) const {
    if (view.IsString()) return std::string(view.Text());
    if (!view.exists()) return {};
    const io::Node& node = tree_.node(view.index());
    switch (node.type) {
      case io::NodeType::kInt:
        return std::to_string(node.integer);
      case io::NodeType::kUint:
        return std::to_string(node.unsigned_integer);
      case io::NodeType::kDouble:
        return fmt::format("{}", node.number);
      default:
        return {};
    }
  }

  Result<Value> ReadScalar(std::string_view name, const io::NodeView& content) {
    if (name == "bool") {
      if (content.type() != io::NodeType::kBool) return Misfit(name);
      return Value::Bool(tree_.node(content.index()).boolean);
    }
    if (name == "string" || name == "type") {
      if (!content.IsString()) return Misfit(name);
      return name == "type" ? Value::Type(content.Text()) : Value::String(content.Text());
    }
    if (name == "bytes") {
      if (!content.IsString()) return Misfit(name);
      const auto bytes =
          functions::DecodeBase64(content.Text(), functions::Base64Padding::kOptional);
      return bytes ? Result<Value>(arena_.NewBytes(*bytes)) : Misfit(name);
    }
    const std::string text = TextOf(content);
    if (name == "int") {
      const auto number = functions::ParseInt(text);
      return number ? Result<Value>(Value::Int(*number)) : Misfit(name);
    }
    if (name == "uint") {
      const auto number = functions::ParseUint(text);
      return number ? Result<Value>(Value::Uint(*number)) : Misfit(name);
    }
    if (name == "double") {
      const auto number = functions::ParseDouble(text);
      return number ? Result<Value>(Value::Double(*number)) : Misfit(name);
    }
    return Refuse(fmt::format("unknown type \"{}\"", Printable(name)));
  }

  Result<Value> ReadTime(std::string_view name, const io::NodeView& content) {
    const std::vector<io::NodeView> parts = content.Children();
    if (!content.IsList() || parts.size() != 2) return Misfit(name);
    const auto seconds = functions::ParseInt(TextOf(parts[0]));
    const auto nanos = functions::ParseInt(TextOf(parts[1]));
    if (!seconds || !nanos || *nanos < -999'999'999 || *nanos > 999'999'999) return Misfit(name);
    const auto small_nanos = static_cast<int32_t>(*nanos);
    if (name == "duration") return Value::Duration(*seconds, small_nanos);
    if (small_nanos < 0) return Misfit(name);
    return Value::Timestamp(*seconds, small_nanos);
  }

  Result<Value> ReadList(const io::NodeView& content, int depth) {
    if (!content.IsList()) return Misfit("list");
    std::vector<Value> items;
    for (const io::NodeView& child : content.Children()) {
      OURO_TRY(const Value item, Read(child, depth + 1));
      items.push_back(item);
    }
    return arena_.NewList(items);
  }

  Result<Value> ReadMap(const io::NodeView& content, int depth) {
    if (!content.IsList()) return Misfit("map");
    std::vector<MapEntry> entries;
    for (const io::NodeView& child : content.Children()) {
      const std::vector<io::NodeView> pair = child.Children();
      if (!child.IsList() || pair.size() != 2) return Misfit("map");
      MapEntry entry;
      OURO_TRY(entry.key, Read(pair[0], depth + 1));
      OURO_TRY(entry.value, Read(pair[1], depth + 1));
      entries.push_back(entry);
    }
    return arena_.NewMap(entries);
  }

  const io::Tree& tree_;
  Arena& arena_;
};

// ---- encoding -----------------------------------------------------------------------------------

std::string DoubleText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

class Encoder {
 public:
  explicit Encoder(const io::KeyTable& keys) : keys_(keys) {}

  Status Write(const Value& value, int depth) {
    if (depth > limits::kNestingDepth) return Fail(ErrorCode::kLimit, "value nested too deep");
    switch (value.kind) {
      case Kind::kError:
        return Fail(ErrorCode::kInvalid, std::string(value.str()));
      case Kind::kList:
      case Kind::kTreeList:
        return WriteList(value, depth);
      case Kind::kMap:
      case Kind::kTreeMap:
        return WriteMap(value, depth);
      case Kind::kOptional:
        out_ += R"({"t":"optional","v":)";
        if (value.optional->has_value) {
          OURO_TRY_STATUS(Write(value.optional->value, depth + 1));
        } else {
          out_ += "null";
        }
        out_ += '}';
        return {};
      default:
        WriteScalar(value);
        return {};
    }
  }
  std::string Take() { return std::move(out_); }

 private:
  void Text(std::string_view type, std::string_view text) {
    out_ += fmt::format(R"({{"t":"{}","v":)", type);
    AppendJsonString(out_, text);
    out_ += '}';
  }

  void Time(std::string_view type, const Value& value) {
    out_ += fmt::format(R"({{"t":"{}","v":["{}","{}"]}})", type, value.integer, value.nanos());
  }

  void WriteScalar(const Value& value) {
    switch (value.kind) {
      case Kind::kBool:
        out_ += fmt::format(R"({{"t":"bool","v":{}}})", value.boolean);
        break;
      case Kind::kInt:
        Text("int", std::to_string(value.integer));
        break;
      case Kind::kUint:
        Text("uint", std::to_string(value.unsigned_integer));
        break;
      case Kind::kDouble:
        Text("double", DoubleText(value.number));
        break;
      case Kind::kString:
        Text("string", value.str());
        break;
      case Kind::kBytes:
        Text("bytes", functions::EncodeBase64(value.str()));
        break;
      case Kind::kType:
        Text("type", value.str());
        break;
      case Kind::kDuration:
        Time("duration", value);
        break;
      case Kind::kTimestamp:
        Time("timestamp", value);
        break;
      case Kind::kOpaque:
        Text(value.opaque->type->tag, value.opaque->type->to_text(*value.opaque));
        break;
      default:
        out_ += R"({"t":"null","v":null})";
    }
  }

  Status WriteList(const Value& value, int depth) {
    out_ += R"({"t":"list","v":[)";
    Walker walker(value, keys_);
    for (bool first = true; walker.Next(); first = false) {
      if (!first) out_ += ',';
      OURO_TRY_STATUS(Write(walker.value(), depth + 1));
    }
    out_ += "]}";
    return {};
  }

  Status WriteMap(const Value& value, int depth) {
    out_ += R"({"t":"map","v":[)";
    Walker walker(value, keys_);
    for (bool first = true; walker.Next(); first = false) {
      out_ += first ? "[" : ",[";
      OURO_TRY_STATUS(Write(walker.key(), depth + 1));
      out_ += ',';
      OURO_TRY_STATUS(Write(walker.value(), depth + 1));
      out_ += ']';
    }
    out_ += "]}";
    return {};
  }

  const io::KeyTable& keys_;
  std::string out_;
};

}  // namespace

Result<Value> DecodeTyped(const io::Tree& tree, const io::KeyTable& keys, uint32_t node,
                          Arena& arena) {
  return Decoder(tree, arena).Read(io::NodeView(tree, keys, node), 0);
}

Result<std::string> EncodeTyped(const Value& value, const io::KeyTable& keys) {
  Encoder encoder(keys);
  OURO_TRY_STATUS(encoder.Write(value, 0));
  return encoder.Take();
}

Value DecodePlain(const io::Tree& tree, const io::KeyTable& keys, uint32_t node, Arena& arena) {
  const Value value = Value::OfNode(tree, node);
  if (value.kind == Kind::kString) return arena.NewString(value.str());
  if (value.kind == Kind::kTreeList) {
    std::vector<Value> items;
    for (const io::NodeView& child : io::NodeView(tree, keys, node).Children()) {
      items.push_back(DecodePlain(tree, keys, child.index(), arena));
    }
    return arena.NewList(items);
  }
  if (value.kind == Kind::kTreeMap) {
    std::vector<MapEntry> entries;
    for (const auto& [key, child] : io::NodeView(tree, keys, node).Members()) {
      entries.push_back({arena.NewString(key), DecodePlain(tree, keys, child.index(), arena)});
    }
    return arena.NewMap(entries);
  }
  return value;
}

}  // namespace ouro::rules
