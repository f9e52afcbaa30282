#include "io/document_batch.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "io/tree.h"
#include "io/yaml_scalar.h"

namespace ouro::io {
namespace {

struct Request {
  std::string source;
  ReadOptions options;
};

std::string ErrorLine(const Error& error) {
  std::string out = "{\"error\":";
  AppendJsonString(out, error.ToString());
  out.push_back('}');
  return out;
}

Result<bool> Flag(const NodeView& request, std::string_view name) {
  const NodeView value = request.Get(name);
  if (!value) return false;
  if (value.type() != NodeType::kBool) {
    return Fail(ErrorCode::kInvalid, fmt::format("\"{}\" must be true or false", name));
  }
  return value.tree().node(value.index()).boolean;
}

Result<Request> ParseRequest(std::string_view line) {
  if (static_cast<int64_t>(line.size()) > limits::kBatchLineSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("the line is longer than {} bytes", limits::kBatchLineSizeBytes));
  }
  Tree tree;
  KeyTable keys;
  OURO_TRY_STATUS(ReadJson(std::string(line), {}, keys, tree));
  for (const ReadProblem& problem : tree.problems()) {
    if (!problem.warning) return tl::unexpected<Error>(problem.error);
  }
  if (tree.roots().size() != 1) return Fail(ErrorCode::kInvalid, "a line holds one JSON object");
  const NodeView root(tree, keys, tree.roots()[0].node);
  if (!root.IsMap()) return Fail(ErrorCode::kInvalid, "a line holds one JSON object");
  for (const auto& [key, value] : root.Members()) {
    if (key != "yaml" && key != "yaml_b64" && key != "first_only" && key != "strict") {
      return Fail(ErrorCode::kInvalid, fmt::format("unknown key \"{}\"; known are yaml, yaml_b64, "
                                                   "first_only, strict",
                                                   Printable(key.substr(0, 80))));
    }
  }
  Request request;
  const NodeView plain = root.Get("yaml");
  const NodeView encoded = root.Get("yaml_b64");
  if (plain.exists() == encoded.exists() || !(plain ? plain : encoded).IsString()) {
    return Fail(ErrorCode::kInvalid,
                "exactly one of \"yaml\" and \"yaml_b64\" is needed, a string");
  }
  if (plain) {
    request.source = plain.Text();
  } else if (!DecodeBase64(encoded.Text(), request.source)) {
    return Fail(ErrorCode::kInvalid, "\"yaml_b64\" is not valid base64");
  }
  OURO_TRY(request.options.first_only, Flag(root, "first_only"));
  OURO_TRY(request.options.strict_keys, Flag(root, "strict"));
  return request;
}

std::string_view TypeName(NodeType type) {
  switch (type) {
    case NodeType::kBool:
      return "bool";
    case NodeType::kInt:
    case NodeType::kUint:
      return "int";
    case NodeType::kDouble:
      return "float";
    case NodeType::kString:
      return "string";
    case NodeType::kMap:
      return "map";
    case NodeType::kList:
      return "list";
    default:
      return "null";
  }
}

void AppendPlace(const Tree& tree, std::string& out, uint32_t start, uint32_t end) {
  const Position position = tree.PositionOf(start);
  fmt::format_to(std::back_inserter(out), "\"line\":{},\"column\":{},\"start\":{},\"end\":{}",
                 position.line, position.column, start, end);
}

// Writes nodes with their places. The nesting of a document through aliases is bounded by the
// reader (limits::kNestingDepth), and so is this recursion.
class SpanWriter {
 public:
  SpanWriter(const Tree& tree, const KeyTable& keys, std::string& out)
      : tree_(tree), keys_(keys), out_(out) {}

  Status Write(uint32_t index) {
    if (++count_ > limits::kAliasExpansionNodeCount + tree_.node_count()) {
      return Fail(ErrorCode::kLimit, "aliases repeat too many values");
    }
    const Node& place = tree_.node(index);
    const uint32_t target = tree_.Resolve(index);
    const Node& node = tree_.node(target);
    out_.append("{\"type\":\"");
    out_.append(TypeName(node.type));
    out_.append("\",");
    AppendPlace(tree_, out_, place.start, place.end);
    if (place.flags & kNodeMerged) {
      out_.append(",\"merged\":true");
    } else if (target != index) {
      out_.append(",\"alias\":true");
    }
    if (node.type == NodeType::kMap) {
      OURO_TRY_STATUS(WriteMembers(target));
    } else if (node.type == NodeType::kList) {
      OURO_TRY_STATUS(WriteItems(target));
    } else {
      OURO_TRY(const std::string value, ToJson(tree_, keys_, target));
      out_.append(",\"value\":");
      out_.append(value);
    }
    out_.push_back('}');
    return {};
  }

 private:
  Status WriteMembers(uint32_t map) {
    out_.append(",\"members\":[");
    bool first = true;
    for (uint32_t i = map + 1; i < tree_.node(map).next; i = tree_.node(i).next) {
      const Node& child = tree_.node(i);
      if (child.flags & kNodeOverridden) continue;
      out_.append(first ? "{\"key\":{\"text\":" : ",{\"key\":{\"text\":");
      first = false;
      AppendJsonString(out_, keys_.Text(child.key));
      out_.push_back(',');
      AppendPlace(tree_, out_, child.key_start, child.key_end);
      out_.append("},\"node\":");
      OURO_TRY_STATUS(Write(i));
      out_.push_back('}');
    }
    out_.push_back(']');
    return {};
  }

  Status WriteItems(uint32_t list) {
    out_.append(",\"items\":[");
    bool first = true;
    for (uint32_t i = list + 1; i < tree_.node(list).next; i = tree_.node(i).next) {
      if (!first) out_.push_back(',');
      first = false;
      OURO_TRY_STATUS(Write(i));
    }
    out_.push_back(']');
    return {};
  }

  const Tree& tree_;
  const KeyTable& keys_;
  std::string& out_;
  int64_t count_ = 0;
};

void AppendProblem(std::string& out, int64_t line, int64_t column, uint32_t document,
                   const std::string& message, bool warning) {
  if (out.back() == '}') out.push_back(',');
  fmt::format_to(std::back_inserter(out),
                 "{{\"line\":{},\"column\":{},\"document\":{},\"message\":", line, column,
                 document);
  AppendJsonString(out, message);
  out.append(warning ? ",\"warning\":true}" : "}");
}

// The text of one document; an error becomes a problem of its own and the document null.
std::string DocumentText(const Tree& tree, const KeyTable& keys, const Root& root, bool spans,
                         std::vector<Error>& errors) {
  if (root.failed || root.node == kNoNode) return "null";
  if (!spans) {
    Result<std::string> json = ToJson(tree, keys, root.node);
    if (json) return *std::move(json);
    errors.push_back(std::move(json).error());
    return "null";
  }
  std::string out;
  SpanWriter writer(tree, keys, out);
  const Status status = writer.Write(root.node);
  if (status) return out;
  errors.push_back(status.error());
  return "null";
}

}  // namespace

std::string DocumentBatchLine(std::string_view line, bool spans) {
  Result<Request> request = ParseRequest(line);
  if (!request) return ErrorLine(request.error());
  Tree tree;
  KeyTable keys;
  const Status status =
      request->options.first_only
          ? ReadYaml(std::move(request->source), request->options, keys, tree)
          : ReadDocument(std::move(request->source), request->options, keys, tree);
  if (!status) {
    // Nothing can be said of the bytes: one failed document.
    std::string out = "{\"documents\":[null],\"problems\":[";
    AppendProblem(out, 1, 1, 0, status.error().message, false);
    return out + "]}";
  }
  std::string out = "{\"documents\":[";
  std::string problems = "],\"problems\":[";
  for (uint32_t i = 0; i < tree.roots().size(); ++i) {
    const Root& root = tree.roots()[i];
    std::vector<Error> errors;
    if (i > 0) out.push_back(',');
    out.append(DocumentText(tree, keys, root, spans, errors));
    for (const Error& error : errors) {
      const Position position = tree.PositionOf(root.start);
      AppendProblem(problems, position.line, position.column, i, error.message, false);
    }
  }
  for (const ReadProblem& problem : tree.problems()) {
    const Position position = tree.PositionOf(problem.offset);
    AppendProblem(problems, position.line, position.column, problem.root, problem.error.message,
                  problem.warning);
  }
  return out + problems + "]}";
}

}  // namespace ouro::io
