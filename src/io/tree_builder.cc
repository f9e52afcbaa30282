#include "io/tree_builder.h"

#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::io {
namespace {

// yaml.v2 decode.go, allowedAliasRatio: the share of decode steps that aliases may cause. Small
// documents may be nearly all aliases, large ones only a tenth.
constexpr uint64_t kAliasCountFree = 100;
constexpr uint64_t kDecodeCountFree = 1000;
constexpr double kRatioRangeLow = 400'000;
constexpr double kRatioRangeHigh = 4'000'000;

double AllowedAliasRatio(uint64_t decode_count) {
  const double count = static_cast<double>(decode_count);
  if (count <= kRatioRangeLow) return 0.99;
  if (count >= kRatioRangeHigh) return 0.10;
  return 0.99 - 0.89 * ((count - kRatioRangeLow) / (kRatioRangeHigh - kRatioRangeLow));
}

NodeType TypeOf(ScalarType type) {
  switch (type) {
    case ScalarType::kNull:
      return NodeType::kNull;
    case ScalarType::kBool:
      return NodeType::kBool;
    case ScalarType::kInt:
      return NodeType::kInt;
    case ScalarType::kUint:
      return NodeType::kUint;
    case ScalarType::kDouble:
      return NodeType::kDouble;
    case ScalarType::kString:
      return NodeType::kString;
  }
  return NodeType::kNull;
}

}  // namespace

void TreeBuilder::Attach(Tree& tree, KeyTable& keys, const ReadOptions& options) {
  tree_ = &tree;
  keys_ = &keys;
  nodes_ = &tree.mutable_nodes();
  options_ = options;
  warning_count_ = 0;
}

void TreeBuilder::BeginDocument(uint32_t root_index) {
  root_index_ = root_index;
  root_node_ = kNoNode;
  first_node_ = static_cast<uint32_t>(nodes_->size());
  frames_.clear();
  if (!anchors_.empty()) anchors_.clear();
  if (!anchor_names_.empty()) anchor_names_.clear();
  deferred_.clear();
  ++stamp_;
  index_used_ = 0;
  decode_count_ = 1;  // the document itself
  alias_count_ = 0;
  merged_count_ = 0;
}

bool TreeBuilder::EndDocument() {
  if (alias_count_ > 0 && !CheckAliasing(0)) return false;
  return deferred_.empty() || CheckDeferred();
}

bool TreeBuilder::Fail(ErrorCode code, std::string message, uint32_t offset) {
  error_ = DocumentError{code, std::move(message), offset};
  return false;
}

bool TreeBuilder::BeginCollection(NodeType type, uint8_t flags, uint32_t start,
                                  std::string_view anchor) {
  if (depth() >= options_.depth_max) {
    return Fail(ErrorCode::kLimit,
                fmt::format("more than {} levels of maps and lists", options_.depth_max), start);
  }
  if (!frames_.empty() && frames_.back().is_map &&
      frames_.back().key_state == KeyState::kExpected) {
    return Fail(
        ErrorCode::kParse,
        fmt::format("a {} cannot be a key; keys are text (a template expression left in the "
                    "file looks like this)",
                    type == NodeType::kMap ? "map" : "list"),
        start);
  }
  const uint64_t cost_start = decode_count_;
  if (NewNode(type, start, start, flags) == nullptr) return false;
  const uint32_t index = static_cast<uint32_t>(nodes_->size() - 1);
  Frame& frame = frames_.emplace_back();
  frame.node = index;
  frame.is_map = type == NodeType::kMap;
  frame.cost_start = cost_start;
  if (!anchor.empty()) {
    frame.anchor = AddAnchor(anchor);
    anchors_[frame.anchor].node = index;
    anchors_[frame.anchor].open = true;
  }
  return true;
}

bool TreeBuilder::EndCollection(uint32_t end) {
  const Frame frame = frames_.back();
  frames_.pop_back();
  Node& node = (*nodes_)[frame.node];
  node.next = static_cast<uint32_t>(nodes_->size());
  node.count = frame.live;
  node.end = end;
  const uint32_t height = frame.height + 1;
  if (frame.anchor != kNoNode) {
    Anchor& anchor = anchors_[frame.anchor];
    anchor.open = false;
    anchor.height = height;
    anchor.cost = decode_count_ - frame.cost_start;
  }
  return ValueDone(frame.node, height);
}

bool TreeBuilder::AddScalar(const ScalarEvent& scalar) {
  const bool is_key =
      !frames_.empty() && frames_.back().is_map && frames_.back().key_state == KeyState::kExpected;
  if (is_key) return SetKey(scalar);
  Scalar value;
  std::string_view text;
  if (!Resolve(scalar, value, text)) return false;
  uint8_t flags = scalar.absent ? kNodeImplicit : 0;
  if (!scalar.plain) flags |= kNodeQuoted;
  Node* node = NewNode(TypeOf(value.type), scalar.start, scalar.end, flags);
  if (node == nullptr) return false;
  const uint32_t index = static_cast<uint32_t>(nodes_->size() - 1);
  StoreScalar(*node, value, text);
  if (!scalar.anchor.empty()) {
    Anchor& anchor = anchors_[AddAnchor(scalar.anchor)];
    anchor.node = index;
  }
  return ValueDone(index, 0);
}

bool TreeBuilder::AddPlain(std::string_view text, uint32_t start, uint32_t end) {
  const Scalar value = ResolvePlain(text);
  if (value.type == ScalarType::kString) return AddString(text, start, end, 0);
  return AddResolved(value, start, end);
}

bool TreeBuilder::AddResolved(const Scalar& value, uint32_t start, uint32_t end) {
  Node* node = NewNode(TypeOf(value.type), start, end, 0);
  if (node == nullptr) return false;
  StoreScalar(*node, value, {});
  return ValueDone(static_cast<uint32_t>(nodes_->size() - 1), 0);
}

void TreeBuilder::StoreScalar(Node& node, const Scalar& value, std::string_view text) {
  switch (value.type) {
    case ScalarType::kString:
      node.text = text.data();
      node.count = static_cast<uint32_t>(text.size());
      break;
    case ScalarType::kBool:
      node.boolean = value.boolean;
      break;
    case ScalarType::kDouble:
      node.number = value.number;
      if (!std::isfinite(value.number)) {
        const auto index = static_cast<uint32_t>(&node - nodes_->data());
        deferred_.push_back({index,
                             "JSON has no infinity and no NaN, so Kubernetes refuses this value",
                             node.start});
      }
      break;
    default:
      node.integer = value.integer;
      break;
  }
}

bool TreeBuilder::Resolve(const ScalarEvent& scalar, Scalar& value, std::string_view& text) {
  text = scalar.text;
  if (scalar.tag == ScalarTag::kNone) {
    if (scalar.plain) value = ResolvePlain(scalar.text);
    return true;
  }
  if (scalar.tag == ScalarTag::kBinary) {
    std::string bytes;
    if (!DecodeBase64(scalar.text, bytes)) {
      return Fail(ErrorCode::kParse, "the !!binary value is not valid base64", scalar.start);
    }
    // Kubernetes goes through JSON, where bytes that are no UTF-8 do not survive.
    bytes = ReplaceInvalidUtf8(bytes);
    char* stored = tree_->Allocate(bytes.size());
    std::memcpy(stored, bytes.data(), bytes.size());
    text = std::string_view(stored, bytes.size());
    return true;
  }
  Result<Scalar> resolved = ResolveTagged(scalar.tag, scalar.text);
  if (!resolved) return Fail(resolved.error().code, resolved.error().message, scalar.start);
  value = *resolved;
  return true;
}

bool TreeBuilder::SetKey(const ScalarEvent& scalar) {
  const bool implicit = (scalar.tag == ScalarTag::kNone && scalar.plain) || scalar.non_specific;
  if (scalar.text == "<<" && (implicit || scalar.tag == ScalarTag::kMerge)) {
    if (!scalar.anchor.empty()) {
      Node& copy = anchors_[AddAnchor(scalar.anchor)].value;
      copy.type = NodeType::kString;
      copy.text = scalar.text.data();
      copy.count = static_cast<uint32_t>(scalar.text.size());
    }
    if (!SetKeyText(scalar.text, scalar.start, scalar.end)) return false;
    frames_.back().key_state = KeyState::kMerge;
    return true;
  }
  ++decode_count_;
  Scalar value;
  std::string_view text;
  if (!Resolve(scalar, value, text)) return false;
  if (!scalar.anchor.empty()) {
    Node& copy = anchors_[AddAnchor(scalar.anchor)].value;
    copy.type = TypeOf(value.type);
    if (value.type == ScalarType::kString) {
      copy.text = text.data();
      copy.count = static_cast<uint32_t>(text.size());
    } else if (value.type == ScalarType::kBool) {
      copy.boolean = value.boolean;
    } else {
      copy.integer = value.integer;
    }
  }
  return SetKeyFromScalar(value, text, scalar.start, scalar.end);
}

bool TreeBuilder::SetKeyFromScalar(const Scalar& value, std::string_view text, uint32_t start,
                                   uint32_t end) {
  switch (value.type) {
    case ScalarType::kString:
      return SetKeyText(text, start, end);
    case ScalarType::kBool:
      return SetKeyText(value.boolean ? "true" : "false", start, end);
    case ScalarType::kInt:
      return SetKeyText(fmt::to_string(value.integer), start, end);
    case ScalarType::kDouble:
      return SetKeyText(FloatKeyText(value.number), start, end);
    case ScalarType::kUint:
      if (!SetKeyText(fmt::to_string(value.unsigned_integer), start, end)) return false;
      frames_.back().bad_key = "this number is too large for a key; put it in quotes";
      return true;
    case ScalarType::kNull:
      if (!SetKeyText("null", start, end)) return false;
      frames_.back().bad_key = "a key cannot be null; give it a name or put it in quotes";
      return true;
  }
  return false;
}

bool TreeBuilder::AddAlias(std::string_view name, uint32_t start, uint32_t end) {
  const auto found = anchor_names_.find(name);
  if (found == anchor_names_.end()) {
    return Fail(ErrorCode::kParse, fmt::format("no anchor &{0} stands before the alias *{0}", name),
                start);
  }
  const Anchor anchor = anchors_[found->second];
  if (anchor.open) {
    return Fail(ErrorCode::kParse, fmt::format("the value of anchor &{} contains itself", name),
                start);
  }
  if (depth() + static_cast<int>(anchor.height) > options_.depth_max) {
    return Fail(
        ErrorCode::kLimit,
        fmt::format("more than {} levels of maps and lists through aliases", options_.depth_max),
        start);
  }
  if (!CheckAliasing(start)) return false;
  const bool is_key =
      !frames_.empty() && frames_.back().is_map && frames_.back().key_state == KeyState::kExpected;
  if (is_key) {
    decode_count_ += 1 + anchor.cost;
    alias_count_ += anchor.cost;
    return CheckAliasing(start) && AliasAsKey(anchor, start, end);
  }
  Node* node = NewNode(NodeType::kAlias, start, end, 0);
  if (node == nullptr) return false;
  const uint32_t index = static_cast<uint32_t>(nodes_->size() - 1);
  if (anchor.node == kNoNode) {
    // The anchor stands at a key, which is no node: the alias gets a copy of its value.
    node->type = anchor.value.type;
    node->count = anchor.value.count;
    std::memcpy(&node->integer, &anchor.value.integer, sizeof node->integer);
    if (node->type == NodeType::kDouble && !std::isfinite(node->number)) {
      deferred_.push_back({index, "JSON has no infinity and no NaN", start});
    }
  } else {
    node->target = anchor.node;
  }
  decode_count_ += anchor.cost;
  alias_count_ += anchor.cost;
  return CheckAliasing(start) && ValueDone(index, anchor.height);
}

bool TreeBuilder::AliasAsKey(const Anchor& anchor, uint32_t start, uint32_t end) {
  const Node& node = anchor.node == kNoNode ? anchor.value : (*nodes_)[anchor.node];
  Scalar value;
  switch (node.type) {
    case NodeType::kMap:
    case NodeType::kList:
    case NodeType::kAlias:
      return Fail(ErrorCode::kParse, "a map or list cannot be a key; keys are text", start);
    case NodeType::kString:
      return SetKeyText(std::string_view(node.text, node.count), start, end);
    case NodeType::kNull:
      value.type = ScalarType::kNull;
      break;
    case NodeType::kBool:
      value.type = ScalarType::kBool;
      break;
    case NodeType::kInt:
      value.type = ScalarType::kInt;
      break;
    case NodeType::kUint:
      value.type = ScalarType::kUint;
      break;
    case NodeType::kDouble:
      value.type = ScalarType::kDouble;
      break;
  }
  // Only the bytes that the type uses count; a bool lives in the first one.
  if (value.type == ScalarType::kBool) {
    value.boolean = node.boolean;
  } else {
    value.integer = node.integer;
  }
  return SetKeyFromScalar(value, {}, start, end);
}

bool TreeBuilder::CheckAliasing(uint32_t offset) {
  if (alias_count_ <= kAliasCountFree || decode_count_ <= kDecodeCountFree) return true;
  const double ratio = static_cast<double>(alias_count_) / static_cast<double>(decode_count_);
  if (ratio <= AllowedAliasRatio(decode_count_)) return true;
  return Fail(
      ErrorCode::kLimit,
      "the document consists mostly of repeated aliases, which Kubernetes refuses; write the "
      "values out",
      offset);
}

uint32_t TreeBuilder::AddAnchor(std::string_view name) {
  const uint32_t index = static_cast<uint32_t>(anchors_.size());
  anchors_.emplace_back();
  anchor_names_[name] = index;
  return index;
}

void TreeBuilder::Warn(std::string message, uint32_t offset) {
  if (++warning_count_ > kWarningCountMax) return;
  if (warning_count_ == kWarningCountMax) {
    message = "more warnings like those before were left out";
  }
  ReadProblem problem;
  problem.error = Error{ErrorCode::kInvalid, std::move(message), {}};
  problem.offset = offset;
  problem.root = root_index_;
  problem.warning = true;
  tree_->mutable_problems().push_back(std::move(problem));
}

}  // namespace ouro::io
