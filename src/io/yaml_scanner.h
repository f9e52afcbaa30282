// Bytes of one YAML document → tokens, with the rules of Kubernetes' reader (yaml.v2, a libyaml 0.1
// descendant, YAML 1.1): what may be a simple key, how indentation opens and closes collections,
// how lines fold. Where that reader departs from the specification, so does this one.
//
// A "simple key" is a key without '?': whether `a` is one is known only when ':' follows, so tokens
// wait in a queue while the first of them may still turn out to be a key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/text_encoding.h"
#include "io/tree.h"
#include "io/tree_builder.h"
#include "io/yaml_chars.h"

namespace ouro::io {

enum class TokenType : uint8_t {
  kStreamEnd,
  kVersionDirective,
  kTagDirective,
  kDocumentStart,
  kDocumentEnd,
  kBlockListStart,
  kBlockMapStart,
  kBlockEnd,
  kFlowListStart,
  kFlowListEnd,
  kFlowMapStart,
  kFlowMapEnd,
  kBlockEntry,
  kFlowEntry,
  kKey,
  kValue,
  kAlias,
  kAnchor,
  kTag,
  kScalar,
};

struct Token {
  TokenType type = TokenType::kStreamEnd;
  bool plain = false;      // kScalar: neither quoted nor a block scalar
  int32_t key_level = -1;  // index into the simple keys when this token may begin one
  uint32_t start = 0;
  uint32_t end = 0;
  std::string_view text;    // scalar text, name of anchor or alias, tag handle, version
  std::string_view suffix;  // tag suffix or prefix
};

class YamlScanner {
 public:
  // The text is [start, end) of the tree's source, and a NUL stands at `end` while scanning goes
  // on. A comment is kept in the tree when `keep_comments`.
  void Begin(Tree& tree, uint32_t start, uint32_t end, const TextFacts& facts, bool keep_comments);

  // The next token, which stays until Skip(); nullptr after an error.
  const Token* Peek();
  void Skip();
  // Nothing is queued: the position is just after the last token that was skipped.
  bool queue_empty() const { return head_ == tokens_.size(); }

  const DocumentError& error() const { return error_; }
  // How far the text was looked at: nothing at or after this offset had any influence.
  uint32_t looked_at() const { return OffsetOf(cur_) + 4; }
  uint32_t OffsetOf(const char* p) const { return static_cast<uint32_t>(p - base_); }

 protected:
  struct SimpleKey {
    bool possible = false;
    bool required = false;
    uint64_t token_number = 0;
    const char* at = nullptr;
    const char* line = nullptr;
  };

  bool Fail(const char* message, const char* at);
  bool FailAt(std::string message, const char* at);

  // Scanning of scalars; each leaves the position after the scalar. The text may live in the arena.
  bool ScanPlain(Token& token);
  bool ScanQuoted(Token& token);
  bool ScanBlock(Token& token);

  void NoteComment(const char* from, const char* to) {
    if (keep_comments_) tree_->mutable_comments().push_back({OffsetOf(from), OffsetOf(to)});
  }
  // The next line break or the end of the text.
  const char* FindBreak(const char* p) const;
  void SkipBreak();
  void PushIndent(int column) {
    indents_.push_back(indent_);
    indent_ = column;
  }
  void PopIndent() {
    indent_ = indents_.back();
    indents_.pop_back();
  }

  Tree* tree_ = nullptr;
  const char* base_ = nullptr;  // source
  const char* cur_ = nullptr;
  const char* line_ = nullptr;  // start of the line that cur_ is in: column = cur_ - line_
  const char* end_ = nullptr;
  int indent_ = -1;
  int flow_level_ = 0;
  bool simple_key_allowed_ = true;
  bool only_lf_ = true;  // every line break of the text is LF
  bool keep_comments_ = true;
  std::vector<int> indents_;
  std::vector<SimpleKey> simple_keys_;
  DocumentError error_;

 private:
  int column() const { return static_cast<int>(cur_ - line_); }
  bool FetchMore();
  bool FetchNext();
  bool FetchFlow(char c);
  bool FetchIndicator(char c);
  bool ToNextToken();
  void SkipQuirkyMark();
  void Unroll(int column);
  bool Roll(int column, uint64_t number, bool at_end, TokenType type, const char* mark);
  // Which level of simple_keys_ the token of that number may begin a key for; -1 for none.
  int32_t MarkedLevel(uint64_t number) const {
    const KeyMark& mark = key_marks_[number % kKeyMarkCount];
    return mark.number == number ? mark.level : -1;
  }
  void Mark(uint64_t number, int32_t level) {
    key_marks_[number % kKeyMarkCount] = KeyMark{number, level};
  }
  bool IsKeyValid(SimpleKey& key, bool& valid);
  bool SaveSimpleKey();
  bool RemoveSimpleKey();
  Token& Append(TokenType type, const char* start, const char* end);
  void Insert(uint64_t number, TokenType type, const char* at);
  uint64_t next_number() const { return parsed_ + (tokens_.size() - head_); }

  bool FetchStreamEnd();
  bool FetchDirective();
  bool FetchDocumentIndicator(TokenType type);
  bool FetchFlowStart(TokenType type);
  bool FetchFlowEnd(TokenType type);
  bool FetchFlowEntry();
  bool FetchBlockEntry();
  bool FetchKey();
  bool FetchValue();
  bool FetchAnchor(TokenType type);
  bool FetchTag();
  bool FetchScalar(char c);

  bool ScanDirective(Token& token);
  bool ScanVersion(Token& token, const char* start);
  bool ScanVersionNumber(const char* start);
  bool ScanTagDirective(Token& token, const char* start);
  bool ScanTag(Token& token);
  bool ScanTagHandle(bool directive, const char* start, std::string& handle);
  bool ScanTagUri(bool directive, std::string_view head, const char* start, std::string& uri);
  bool ScanUriEscapes(const char* start, std::string& uri);
  bool ScanBlockHeader(const char* start, int& chomping, int& increment);
  bool ScanBlockBreaks(int& indent, const char* start);
  bool ScanEscape(const char* start);
  bool TakeQuotedText(bool single, const char* start, bool& leading_blanks);
  bool TakeBlanks(bool& leading_blanks, const char* start, bool plain);
  const char* TakePlainLine();
  void JoinLines(bool leading_blanks);
  void TakeBreak(std::string& to);
  bool AtDocumentIndicator() const;
  std::string_view Store(std::string_view text);

  // Marks of the tokens that wait. A key spans 1024 characters at most, so fewer tokens than this
  // wait.
  struct KeyMark {
    uint64_t number = UINT64_MAX;
    int32_t level = -1;
  };
  static constexpr size_t kKeyMarkCount = 2048;

  std::vector<Token> tokens_;
  std::vector<KeyMark> key_marks_ = std::vector<KeyMark>(kKeyMarkCount);
  size_t head_ = 0;
  uint64_t parsed_ = 0;  // tokens taken, of all documents: numbers are never used twice
  bool available_ = false;
  const char* quirk_end_ = nullptr;
  const char* folded_from_ = nullptr;  // end of a plain scalar's text before the blanks at hand
  std::string text_;                   // scalar being put together
  std::string_view spaces_;            // blanks within a line that may turn out to be trailing
  std::string first_break_;
  std::string more_breaks_;
};

}  // namespace ouro::io
