// Builds the nodes of one document from the parser's events and gives them the meaning that
// Kubernetes' reader gives them (yaml.v2 decode.go, then the conversion to JSON of
// sigs.k8s.io/yaml): keys become strings, the last of equal keys wins, merge keys are applied where
// they stand, aliases are bounded, and what JSON cannot hold (a null key, .inf) is an error if it
// is part of the result.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "io/key_table.h"
#include "io/tree.h"
#include "io/yaml_scalar.h"

namespace ouro::io {

// A scalar as the scanner saw it. `text` lives in the source or in the tree's arena.
struct ScalarEvent {
  std::string_view text;
  uint32_t start = 0;  // span in the source, quotes included
  uint32_t end = 0;
  bool plain = true;          // neither quoted nor a block scalar
  bool absent = false;        // nothing was written
  bool non_specific = false;  // tag "!"
  ScalarTag tag = ScalarTag::kNone;
  std::string_view anchor;
};

// Why a document was refused. `offset` is a byte offset in the source.
struct DocumentError {
  ErrorCode code = ErrorCode::kParse;
  std::string message;
  uint32_t offset = 0;
};

// One builder serves many documents of many files; its tables keep their capacity. All functions
// that return bool return false after an error, which error() holds; nothing else may be called
// then until the next BeginDocument().
class TreeBuilder {
 public:
  void Attach(Tree& tree, KeyTable& keys, const ReadOptions& options);

  void BeginDocument(uint32_t root_index);
  // Checks what can only be known at the end. The root's node index is root_node().
  bool EndDocument();
  // kNoNode when the document is empty.
  uint32_t root_node() const { return root_node_; }
  const DocumentError& error() const { return error_; }
  int depth() const { return static_cast<int>(frames_.size()); }

  bool BeginCollection(NodeType type, uint8_t flags, uint32_t start, std::string_view anchor);
  bool EndCollection(uint32_t end);
  // A key when a map expects one, else a value.
  bool AddScalar(const ScalarEvent& scalar);
  bool AddAlias(std::string_view name, uint32_t start, uint32_t end);

  // Shortcuts for the common case, with the same effect as AddScalar(): a key whose text is a
  // string, and values whose type is known. The caller is inside a map that expects a key, or
  // anywhere that a value may stand.
  bool AddStringKey(std::string_view text, uint32_t start, uint32_t end);
  bool AddString(std::string_view text, uint32_t start, uint32_t end, uint8_t flags);
  bool AddPlain(std::string_view text, uint32_t start, uint32_t end);
  bool AddAbsent(uint32_t at);
  bool AddResolved(const Scalar& value, uint32_t start, uint32_t end);

  bool Fail(ErrorCode code, std::string message, uint32_t offset);

 private:
  enum class KeyState : uint8_t { kExpected, kReady, kMerge };

  struct Frame {
    uint32_t node = 0;
    uint32_t live = 0;     // children that count
    uint32_t members = 0;  // children, overridden ones included
    uint32_t height = 0;   // levels of collections below this one
    uint64_t seen = 0;     // one bit per key hash: a clear bit proves that a key is new
    KeyId key = kNoKey;
    uint32_t key_start = 0;
    uint32_t key_end = 0;
    KeyState key_state = KeyState::kExpected;
    bool is_map = false;
    bool indexed = false;           // children are in index_
    const char* bad_key = nullptr;  // why the pending key cannot stand in JSON
    uint32_t anchor = kNoNode;      // index into anchors_
    uint64_t cost_start = 0;
  };

  struct Anchor {
    Node value;               // a copy for keys, whose scalar is no node
    uint32_t node = kNoNode;  // kNoNode: a key
    uint32_t height = 0;      // levels of collections, 0 for a scalar
    uint64_t cost = 1;        // decode steps that one use costs
    bool open = false;        // still being read: a use now would contain itself
  };

  struct Deferred {
    uint32_t node;
    const char* message;
    uint32_t offset;
  };

  struct IndexSlot {
    uint32_t stamp = 0;
    uint32_t map = 0;
    KeyId key = kNoKey;
    uint32_t node = 0;
  };

  Node* NewNode(NodeType type, uint32_t start, uint32_t end, uint8_t flags);
  bool NoteKey(Frame& frame, uint32_t node, bool merged);
  bool NoteRepeatedKey(Frame& frame, uint32_t node, bool merged);
  uint32_t FindLive(const Frame& frame, uint32_t before, KeyId key) const;
  bool Override(Frame& frame, uint32_t old, uint32_t node, bool merged);
  uint8_t KeyTypeAt(const Node& node) const;
  void IndexChildren(Frame& frame);
  IndexSlot& SlotOf(uint32_t map, KeyId key);
  void GrowIndex();

  bool ValueDone(uint32_t node, uint32_t height);
  bool SetKey(const ScalarEvent& scalar);
  bool SetKeyText(std::string_view text, uint32_t start, uint32_t end);
  bool SetKeyFromScalar(const Scalar& value, std::string_view text, uint32_t start, uint32_t end);
  bool Resolve(const ScalarEvent& scalar, Scalar& value, std::string_view& text);
  void StoreScalar(Node& node, const Scalar& value, std::string_view text);
  bool AliasAsKey(const Anchor& anchor, uint32_t start, uint32_t end);
  bool ExpandMerge(uint32_t value);
  bool ExpandMap(uint32_t map, uint32_t via);
  bool FailMerge(uint32_t node);
  // Warnings of one file; the last one says that more were left out.
  static constexpr int64_t kWarningCountMax = 1'000;
  bool CheckAliasing(uint32_t offset);
  bool CheckDeferred();
  uint32_t AddAnchor(std::string_view name);
  void Warn(std::string message, uint32_t offset);

  Tree* tree_ = nullptr;
  KeyTable* keys_ = nullptr;
  std::vector<Node>* nodes_ = nullptr;
  ReadOptions options_;
  uint32_t root_index_ = 0;
  uint32_t root_node_ = kNoNode;
  uint32_t first_node_ = 0;
  std::vector<Frame> frames_;
  std::vector<Anchor> anchors_;
  std::unordered_map<std::string_view, uint32_t> anchor_names_;
  std::vector<Deferred> deferred_;
  std::vector<IndexSlot> index_;
  size_t index_used_ = 0;
  uint32_t stamp_ = 0;
  uint64_t decode_count_ = 0;
  uint64_t alias_count_ = 0;
  int64_t merged_count_ = 0;
  int64_t warning_count_ = 0;
  DocumentError error_;
};

inline Node* TreeBuilder::NewNode(NodeType type, uint32_t start, uint32_t end, uint8_t flags) {
  std::vector<Node>& nodes = *nodes_;
  if (static_cast<int64_t>(nodes.size()) >= limits::kDocumentNodeCount) {
    Fail(ErrorCode::kLimit, "the file has too many values; split it", start);
    return nullptr;
  }
  const uint32_t index = static_cast<uint32_t>(nodes.size());
  Node& node = nodes.emplace_back();
  node.type = type;
  node.flags = flags;
  node.document = static_cast<uint16_t>(root_index_);
  node.next = index + 1;
  node.start = start;
  node.end = end;
  ++decode_count_;
  if (frames_.empty()) {
    root_node_ = index;
    return &node;
  }
  Frame& frame = frames_.back();
  ++frame.members;
  ++frame.live;
  if (!frame.is_map) return &node;
  node.key = frame.key;
  node.key_start = frame.key_start;
  node.key_end = frame.key_end;
  if (frame.key_state == KeyState::kMerge) {
    node.flags = static_cast<uint8_t>(flags | kNodeOverridden | kNodeMerged);
    --frame.live;
    return &node;
  }
  if (frame.bad_key != nullptr) {
    deferred_.push_back({index, frame.bad_key, frame.key_start});
    frame.bad_key = nullptr;
  }
  return NoteKey(frame, index, false) ? &node : nullptr;
}

inline bool TreeBuilder::NoteKey(Frame& frame, uint32_t node, bool merged) {
  const uint64_t bit = 1ULL << (((*nodes_)[node].key * 0x9E3779B9U) >> 26);
  if (frame.seen & bit || frame.indexed) return NoteRepeatedKey(frame, node, merged);
  frame.seen |= bit;
  return true;
}

inline bool TreeBuilder::SetKeyText(std::string_view text, uint32_t start, uint32_t end) {
  const KeyId id = keys_->Intern(text);
  if (id == kNoKey) return Fail(ErrorCode::kLimit, "too many different keys in one run", start);
  Frame& frame = frames_.back();
  frame.key = id;
  frame.key_start = start;
  frame.key_end = end;
  frame.key_state = KeyState::kReady;
  return true;
}

inline bool TreeBuilder::AddStringKey(std::string_view text, uint32_t start, uint32_t end) {
  ++decode_count_;
  return SetKeyText(text, start, end);
}

// Merge keys are the only ones for which something happens after their value.
inline bool TreeBuilder::ValueDone(uint32_t node, uint32_t height) {
  if (frames_.empty()) return true;
  Frame& frame = frames_.back();
  if (height > frame.height) frame.height = height;
  const bool merge = frame.key_state == KeyState::kMerge;
  frame.key_state = KeyState::kExpected;
  return !merge || ExpandMerge(node);
}

inline bool TreeBuilder::AddString(std::string_view text, uint32_t start, uint32_t end,
                                   uint8_t flags) {
  Node* node = NewNode(NodeType::kString, start, end, flags);
  if (node == nullptr) return false;
  node->text = text.data();
  node->count = static_cast<uint32_t>(text.size());
  return ValueDone(static_cast<uint32_t>(nodes_->size() - 1), 0);
}

inline bool TreeBuilder::AddAbsent(uint32_t at) {
  if (NewNode(NodeType::kNull, at, at, kNodeImplicit) == nullptr) return false;
  return ValueDone(static_cast<uint32_t>(nodes_->size() - 1), 0);
}

}  // namespace ouro::io
