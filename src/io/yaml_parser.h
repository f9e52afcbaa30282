// Tokens → events of one document, by the grammar of YAML 1.1 as Kubernetes' reader has it. The
// state of all open collections is on an explicit stack, so depth costs no C++ stack.
//
// Nearly all lines of real manifests are `key: value`, `key:` or `- value`. For these the parser
// reads the line directly (yaml_shortcut.cc) whenever no token is waiting. A line that is anything
// else is left untouched for the scanner, so the shortcut decides nothing on its own: with it
// switched off the result is the same, which the fuzz target checks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/text_encoding.h"
#include "io/tree.h"
#include "io/tree_builder.h"
#include "io/yaml_scanner.h"

namespace ouro::io {

class YamlParser : private YamlScanner {
 public:
  struct Options {
    bool keep_comments = true;
    bool use_shortcut = true;
  };

  // Parses the first document of source[start, end), at whose end a NUL stands, into `builder`, for
  // which BeginDocument() was called. False after an error.
  bool Parse(Tree& tree, TreeBuilder& builder, uint32_t start, uint32_t end, const TextFacts& facts,
             const Options& options);

  // After a success: whether the text goes on behind the document ("..." or after a root that is no
  // block collection). Kubernetes ignores that part.
  bool HasMore();
  uint32_t more_at() const { return more_at_; }
  // Nothing at or after this offset had any influence on the result.
  uint32_t looked_at() const { return YamlScanner::looked_at(); }
  const DocumentError& error() const { return error_; }

 private:
  enum class State : uint8_t {
    kDocumentEnd,
    kBlockListFirst,
    kBlockListEntry,
    kIndentlessEntry,
    kBlockMapFirst,
    kBlockMapKey,
    kBlockMapValue,
    kFlowListFirst,
    kFlowListEntry,
    kFlowPairKey,
    kFlowPairValue,
    kFlowPairEnd,
    kFlowMapFirst,
    kFlowMapKey,
    kFlowMapValue,
    kFlowMapEmptyValue,
  };
  // What a shortcut made of the text at hand.
  enum class Step : uint8_t { kDone, kLeave, kError };
  struct PlainKey {
    const char* start = nullptr;  // nullptr: a list entry, which has no key
    const char* end = nullptr;
  };

  bool Refuse(std::string message, uint32_t offset, ErrorCode code = ErrorCode::kParse);
  bool FromBuilder();
  bool Unexpected(const char* wanted, uint32_t offset);

  bool StartDocument(bool& finished);
  bool ReadDirectives();
  bool AddTagDirective(std::string_view handle, std::string_view prefix, bool again, uint32_t at);
  bool Advance();
  bool ParseNode(bool block, bool indentless);
  bool ParseContent(bool block, bool indentless, std::string_view anchor, std::string_view tag,
                    bool has_tag);
  bool FullTag(const Token& token, std::string& tag, uint32_t start);
  bool AddAbsent();
  bool OpenCollection(NodeType type, uint8_t flags, uint32_t start, std::string_view anchor,
                      State state);
  bool CloseCollection();
  void PopState() {
    state_ = states_.back();
    states_.pop_back();
  }
  bool ParseBlockList(bool first);
  bool ParseIndentless();
  bool ParseBlockMapKey(bool first);
  bool ParseBlockMapValue();
  bool ParseFlowList(bool first);
  bool ParseFlowPairKey();
  bool ParseFlowPairValue();
  bool ParseFlowMapKey(bool first);
  bool ParseFlowMapValue(bool empty);
  // The type of the next token; false when the scanner failed.
  bool PeekType(TokenType& type);
  void Take();  // skips a token and notes where it ended

  bool ShortcutApplies() const;
  Step Shortcut();
  Step ShortcutLine();
  Step ShortcutKey(const char* at);
  Step ShortcutEntry(const char* at);
  Step ShortcutValue(const PlainKey& key, const char* at);
  Step ShortcutPlain(const PlainKey& key, const char* at);
  Step ShortcutFolded(const PlainKey& key, const char* at);
  Step ShortcutQuoted(const PlainKey& key, const char* at);
  Step ShortcutBlock(const PlainKey& key, const char* at);
  Step ShortcutEmptyFlow(const PlainKey& key, const char* at);
  Step ShortcutNested(const PlainKey& key, const char* at);
  Step OpenNested(NodeType type, const char* at, int column, State state);
  Step CloseTo(int column);
  bool EmitKey(const PlainKey& key);
  const char* ScanKey(const char* at) const;
  const char* SkipLines(const char* p, const char*& line);
  bool EndsLine(const char* p) const;
  Step Done(bool ok) { return ok ? Step::kDone : Step::kError; }

  TreeBuilder* builder_ = nullptr;
  Options options_;
  State state_ = State::kDocumentEnd;
  std::vector<State> states_;
  uint32_t last_end_ = 0;  // where the last token that is part of the document ended
  uint32_t more_at_ = 0;
  std::vector<std::pair<std::string_view, std::string_view>> tag_directives_;
};

}  // namespace ouro::io
