// The parsed form of a YAML or JSON file: one flat array of nodes with marks.
//
// Nodes stand in document order. A map or list is followed directly by its children; each node
// knows the index after its own subtree (`next`), so siblings are walked with
// `i = node(i).next` and a subtree is a range. Nothing is allocated per node. Scalars that need no
// unescaping point into the source bytes; others into an arena of the tree.
//
// Values are those that Kubernetes' reader (sigs.k8s.io/yaml) gives: duplicate keys are resolved
// (last one wins, the loser is unlinked but reported), merge keys are expanded into alias children,
// keys are strings.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "io/key_table.h"

namespace ouro::io {

enum class NodeType : uint8_t { kNull, kBool, kInt, kUint, kDouble, kString, kMap, kList, kAlias };

inline constexpr uint32_t kNoNode = 0xffffffff;
inline constexpr size_t kSourcePaddingBytes = 64;

// Flags of Node::flags.
inline constexpr uint8_t kNodeOverridden =
    1;                                     // a later duplicate key (or merge) replaced this child
inline constexpr uint8_t kNodeQuoted = 2;  // written in quotes or as a block scalar
inline constexpr uint8_t kNodeMerged = 4;  // child that a merge key (<<) brought in
inline constexpr uint8_t kNodeFlow = 8;    // written as {…} or […]
inline constexpr uint8_t kNodeImplicit = 16;  // nothing was written: `key:` alone; span is empty

struct Node {
  NodeType type = NodeType::kNull;
  uint8_t flags = 0;
  uint16_t document = 0;  // number of the document in the file modulo 65536 (0-based)
  KeyId key = kNoKey;     // for children of maps
  uint32_t next = 0;      // index after this subtree
  uint32_t count = 0;     // map: live children; list: children; string: size in bytes
  uint32_t start = 0;     // byte span of the value in the source, half-open; quotes included
  uint32_t end = 0;
  uint32_t key_start = 0;  // byte span of the key, quotes included; equal when there is no key
  uint32_t key_end = 0;
  union {
    bool boolean;
    int64_t integer;            // kInt
    uint64_t unsigned_integer;  // kUint: whole numbers above INT64_MAX
    double number;              // kDouble
    const char* text;           // kString
    uint32_t target;            // kAlias: node index that it stands for (never itself an alias)
  };
  Node() : integer(0) {}
};
static_assert(sizeof(Node) == 40);

// A comment without the line end, '#' included.
struct Comment {
  uint32_t start = 0;
  uint32_t end = 0;
};

struct Position {
  int64_t line = 1;    // from 1
  int64_t column = 1;  // from 1, in characters (UTF-8 code points)
};

// One document of the file, as kubectl splits them.
struct Root {
  uint32_t node = kNoNode;  // kNoNode when the document is empty or could not be read
  uint32_t start = 0;       // byte span of the document without its separator lines
  uint32_t end = 0;
  bool failed = false;  // see Tree::problems()
};

// Something about a document that was not read, or read with a warning.
struct ReadProblem {
  Error error;           // error.where is "line:column"
  uint32_t offset = 0;   // byte offset in the source
  uint32_t root = 0;     // index into roots()
  bool warning = false;  // true: the document was read all the same (a duplicate key, say)
};

// Owns the source bytes and everything that nodes point to. Movable, not copyable. Views and nodes
// are valid until the tree is cleared or destroyed; they survive moving the tree.
class Tree {
 public:
  Tree() = default;
  Tree(Tree&&) noexcept = default;
  Tree& operator=(Tree&&) noexcept = default;
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  const Node& node(uint32_t index) const { return nodes_[index]; }
  uint32_t node_count() const { return static_cast<uint32_t>(nodes_.size()); }
  const std::vector<Root>& roots() const { return roots_; }
  const std::vector<ReadProblem>& problems() const { return problems_; }
  const std::vector<Comment>& comments() const { return comments_; }  // sorted by start
  // The bytes that offsets count in: the file, or its UTF-8 form where the file was UTF-16.
  std::string_view source() const { return {source_.data(), source_size_}; }

  // The node behind an alias; any other index is returned as it is.
  uint32_t Resolve(uint32_t index) const {
    return nodes_[index].type == NodeType::kAlias ? nodes_[index].target : index;
  }
  // Live child of map `map` with that key, resolved through aliases; kNoNode when `map` is no map
  // or has no such key. The last duplicate wins. Linear in the number of children.
  uint32_t Child(uint32_t map, KeyId key) const {
    const uint32_t slot = ChildSlot(map, key);
    return slot == kNoNode ? kNoNode : Resolve(slot);
  }
  // Like Child(), but not resolved: the node that carries the key's span.
  uint32_t ChildSlot(uint32_t map, KeyId key) const {
    if (map == kNoNode) return kNoNode;
    map = Resolve(map);
    const Node& parent = nodes_[map];
    if (parent.type != NodeType::kMap) return kNoNode;
    for (uint32_t i = map + 1; i < parent.next; i = nodes_[i].next) {
      if (nodes_[i].key == key && !(nodes_[i].flags & kNodeOverridden)) return i;
    }
    return kNoNode;
  }
  // Text of a kString node; empty for every other type.
  std::string_view Text(uint32_t index) const {
    const Node& n = nodes_[Resolve(index)];
    return n.type == NodeType::kString ? std::string_view(n.text, n.count) : std::string_view();
  }

  // Line and column of a byte offset. Builds the line index on first use and remembers the last
  // place, so it is not thread-safe; asking in order of offsets is cheapest.
  Position PositionOf(uint32_t offset) const;
  // The source line with that number (from 1) without its line end; empty past the end.
  std::string_view Line(int64_t line) const;
  int64_t line_count() const;

  // For readers (yaml_reader.cc, json_reader.cc). Clear() keeps capacity so that one Tree can serve
  // many files without allocating.
  void Clear();
  std::vector<Node>& mutable_nodes() { return nodes_; }
  std::vector<Root>& mutable_roots() { return roots_; }
  std::vector<ReadProblem>& mutable_problems() { return problems_; }
  std::vector<Comment>& mutable_comments() { return comments_; }
  // Takes the bytes and pads them with kSourcePaddingBytes zero bytes, so that readers may look
  // past the end and so that the text never lives inside a movable std::string object.
  void SetSource(std::string source);
  // The source and its padding. Readers may put a sentinel into it and must restore it.
  char* mutable_source() { return source_.data(); }
  // Gives the bytes back without the padding; the tree must be cleared before it is used again.
  std::string TakeSource();
  // What a reader wants to keep between files (stacks and tables with their capacity).
  struct ReaderState {
    virtual ~ReaderState() = default;
  };
  std::unique_ptr<ReaderState>& reader_state() { return reader_state_; }
  // `size` bytes that live until Clear() or the end of the tree.
  char* Allocate(size_t size);

 private:
  void BuildLines() const;

  std::string source_;  // source_size_ bytes and the padding
  size_t source_size_ = 0;
  std::vector<Node> nodes_;
  std::vector<Root> roots_;
  std::vector<ReadProblem> problems_;
  std::vector<Comment> comments_;
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };
  std::vector<Block> blocks_;  // blocks_[block_] is being filled; those after it are free
  size_t block_ = 0;
  size_t block_used_ = 0;
  mutable std::vector<uint32_t> line_starts_;  // empty: not built yet
  mutable size_t last_offset_ = 0;             // where last_position_ is
  mutable Position last_position_;
  std::unique_ptr<ReaderState> reader_state_;
};

// A position in a tree with convenience for code that is not on a hot path. Cheap to copy; valid as
// long as the tree and the table.
class NodeView {
 public:
  NodeView() = default;
  NodeView(const Tree& tree, const KeyTable& keys, uint32_t index)
      : tree_(&tree), keys_(&keys), index_(index == kNoNode ? kNoNode : tree.Resolve(index)) {}

  bool exists() const { return index_ != kNoNode; }
  explicit operator bool() const { return exists(); }
  uint32_t index() const { return index_; }
  const Tree& tree() const { return *tree_; }
  const KeyTable& keys() const { return *keys_; }
  NodeType type() const { return exists() ? tree_->node(index_).type : NodeType::kNull; }
  bool IsMap() const { return exists() && type() == NodeType::kMap; }
  bool IsList() const { return exists() && type() == NodeType::kList; }
  bool IsString() const { return exists() && type() == NodeType::kString; }
  std::string_view Text() const { return exists() ? tree_->Text(index_) : std::string_view(); }
  // Child of a map by key text; a view that does not exist when absent or when this is no map.
  NodeView Get(std::string_view key) const;
  // Live children of a map or children of a list, in order, resolved; empty for scalars.
  std::vector<NodeView> Children() const;
  // Live children of a map with their keys.
  std::vector<std::pair<std::string_view, NodeView>> Members() const;

 private:
  const Tree* tree_ = nullptr;
  const KeyTable* keys_ = nullptr;
  uint32_t index_ = kNoNode;
};

struct ReadOptions {
  bool strict_keys =
      false;  // duplicate keys are errors (kubectl's strict decoding) instead of warnings
  bool first_only = false;  // read the whole input as one stream and keep its first document only,
                            // as sigs.k8s.io/yaml's YAMLToJSON does
                            // (there is always one root then, empty or not)
  bool keep_comments = true;
  bool use_shortcut =
      true;  // false: every line goes through the scanner; slower, same result (tests)
  int depth_max = limits::kNestingDepth;
  // Null: every document of a YAML file is read. Else only those whose number is true here; the
  // others become empty roots, so that numbers, lines and offsets stay. Read during the call only.
  const std::vector<bool>* documents = nullptr;
};

// Reads a YAML file of any number of documents into `tree` (cleared first). A document that cannot
// be read becomes a failed root with a problem; the others are still read. The Status fails only
// when nothing at all can be said of the bytes (kLimit: too large; kParse: UTF-16, NUL bytes, …).
Status ReadYaml(std::string source, const ReadOptions& options, KeyTable& keys, Tree& tree);

// Reads JSON: one value, or several one after the other (JSON lines and concatenated objects), each
// a root. Key order and spans are kept. Duplicate keys as in ReadYaml.
Status ReadJson(std::string source, const ReadOptions& options, KeyTable& keys, Tree& tree);

// Content decides: JSON when the first significant byte is '{' or '[' and the input is JSON, else
// YAML (flow YAML begins with the same bytes and is tried second).
Status ReadDocument(std::string source, const ReadOptions& options, KeyTable& keys, Tree& tree);

// Compact JSON text of a subtree with keys in the order of the document; aliases expanded (bounded
// by limits::kAliasExpansionNodeCount); numbers as Kubernetes' reader prints them (1.0 → 1).
Result<std::string> ToJson(const Tree& tree, const KeyTable& keys, uint32_t node);

}  // namespace ouro::io
