#include "io/yaml_scanner.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace ouro::io {
namespace {

// YAML 1.2, section 7.4.2: the ':' of a simple key stands at most 1024 characters after its start.
constexpr int64_t kSimpleKeySize = 1024;
// yaml.v2 readerc.go: the upstream decodes this many bytes at a time, which shows in one oddity.
constexpr size_t kUpstreamBufferSizeBytes = 512;
// Far above limits::kNestingDepth, which the parser applies: here it only bounds what waits.
constexpr int kFlowLevelMax = 10'000;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

int64_t CharCount(const char* from, const char* to) {
  return std::count_if(from, to, [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; });
}

}  // namespace

void YamlScanner::Begin(Tree& tree, uint32_t start, uint32_t end, const TextFacts& facts,
                        bool keep_comments) {
  tree_ = &tree;
  base_ = tree.source().data();
  cur_ = base_ + start;
  end_ = base_ + end;
  quirk_end_ = nullptr;
  const std::string_view text(cur_, end - start);
  if (text.starts_with(kByteOrderMark)) {
    cur_ += kByteOrderMark.size();
    // The upstream drops one mark, but then mistakes "the buffer begins with a mark" for "the line
    // begins with a mark" as long as its first buffer lasts.
    if (text.substr(kByteOrderMark.size()).starts_with(kByteOrderMark)) {
      quirk_end_ = base_ + start + std::min(kUpstreamBufferSizeBytes, text.size()) - 4;
    }
  }
  line_ = cur_;
  indent_ = -1;
  flow_level_ = 0;
  simple_key_allowed_ = true;
  only_lf_ = !facts.has_cr && !facts.has_wide_break && quirk_end_ == nullptr;
  keep_comments_ = keep_comments;
  indents_.clear();
  simple_keys_.assign(1, SimpleKey());
  tokens_.clear();
  head_ = 0;
  parsed_ += kKeyMarkCount;
  available_ = false;
}

bool YamlScanner::Fail(const char* message, const char* at) {
  return FailAt(message, at);
}

bool YamlScanner::FailAt(std::string message, const char* at) {
  error_ = DocumentError{ErrorCode::kParse, std::move(message), OffsetOf(std::min(at, end_))};
  return false;
}

const Token* YamlScanner::Peek() {
  if (!available_ && !FetchMore()) return nullptr;
  return &tokens_[head_];
}

void YamlScanner::Skip() {
  available_ = false;
  ++parsed_;
  ++head_;
  if (head_ == tokens_.size()) {
    tokens_.clear();
    head_ = 0;
  }
}

bool YamlScanner::FetchMore() {
  while (true) {
    if (head_ != tokens_.size()) {
      const int32_t level = MarkedLevel(parsed_);
      if (level < 0 || static_cast<size_t>(level) >= simple_keys_.size()) break;
      SimpleKey& key = simple_keys_[static_cast<size_t>(level)];
      bool valid = false;
      if (!IsKeyValid(key, valid)) return false;
      if (!valid) break;
    }
    if (!FetchNext()) return false;
  }
  available_ = true;
  return true;
}

bool YamlScanner::FetchNext() {
  if (!ToNextToken()) return false;
  Unroll(column());
  const char c = *cur_;
  if (c == 0 && cur_ >= end_) return FetchStreamEnd();
  if (column() == 0) {
    if (c == '%') return FetchDirective();
    const bool dashes = c == '-' && cur_[1] == '-' && cur_[2] == '-';
    const bool dots = c == '.' && cur_[1] == '.' && cur_[2] == '.';
    if ((dashes || dots) && IsBlankBreakOrEnd(cur_ + 3)) {
      return FetchDocumentIndicator(dashes ? TokenType::kDocumentStart : TokenType::kDocumentEnd);
    }
  }
  if (!(CharClass(c) & (kCharIndicator | kCharFlow))) {
    if (IsBlankBreakOrEnd(cur_)) {
      return Fail(c == '\t' ? "a tab stands where a value or key should begin; indent with spaces"
                            : "no value can begin with this character",
                  cur_);
    }
    return FetchScalar(c);
  }
  return FetchIndicator(c);
}

bool YamlScanner::FetchIndicator(char c) {
  const bool block = flow_level_ == 0;
  switch (c) {
    case '[':
    case '{':
    case ']':
    case '}':
    case ',':
      return FetchFlow(c);
    case '-':
      if (IsBlankBreakOrEnd(cur_ + 1)) return FetchBlockEntry();
      return FetchScalar(c);
    case '?':
      if (!block || IsBlankBreakOrEnd(cur_ + 1)) return FetchKey();
      return FetchScalar(c);
    case ':':
      if (!block || IsBlankBreakOrEnd(cur_ + 1)) return FetchValue();
      return FetchScalar(c);
    case '*':
      return FetchAnchor(TokenType::kAlias);
    case '&':
      return FetchAnchor(TokenType::kAnchor);
    case '!':
      return FetchTag();
    case '|':
    case '>':
      if (block) return FetchScalar(c);
      break;
    case '\'':
    case '"':
      return FetchScalar(c);
    default:
      break;
  }
  return FailAt(std::string("a value cannot begin with '") + c + "'; put it in quotes", cur_);
}

bool YamlScanner::FetchFlow(char c) {
  switch (c) {
    case '[':
      return FetchFlowStart(TokenType::kFlowListStart);
    case '{':
      return FetchFlowStart(TokenType::kFlowMapStart);
    case ']':
      return FetchFlowEnd(TokenType::kFlowListEnd);
    case '}':
      return FetchFlowEnd(TokenType::kFlowMapEnd);
    default:
      return FetchFlowEntry();
  }
}

const char* YamlScanner::FindBreak(const char* p) const {
  if (only_lf_) {
    const void* found = std::memchr(p, '\n', static_cast<size_t>(end_ - p));
    return found == nullptr ? end_ : static_cast<const char*>(found);
  }
  while (p < end_ && !IsBreak(p)) ++p;
  return p;
}

void YamlScanner::SkipBreak() {
  cur_ += BreakWidth(cur_);
  line_ = cur_;
}

// One character is skipped at the start of each line; see Begin().
void YamlScanner::SkipQuirkyMark() {
  if (cur_ >= quirk_end_ || cur_ != line_ || *cur_ == 0) return;
  ++cur_;
  while ((static_cast<uint8_t>(*cur_) & 0xC0) == 0x80) ++cur_;
  line_ = cur_ - 1;
}

bool YamlScanner::ToNextToken() {
  while (true) {
    if (quirk_end_ != nullptr) SkipQuirkyMark();
    // Tabs count as blanks in flow context, and in block context after something on the same line.
    while (*cur_ == ' ' || (*cur_ == '\t' && (flow_level_ > 0 || !simple_key_allowed_))) ++cur_;
    if (*cur_ == '#') {
      const char* from = cur_;
      cur_ = FindBreak(cur_);
      NoteComment(from, cur_);
    }
    if (!IsBreak(cur_)) return true;
    SkipBreak();
    if (flow_level_ == 0) simple_key_allowed_ = true;
  }
}

Token& YamlScanner::Append(TokenType type, const char* start, const char* end) {
  Token& token = tokens_.emplace_back();
  token.type = type;
  token.start = OffsetOf(start);
  token.end = OffsetOf(end);
  return token;
}

void YamlScanner::Insert(uint64_t number, TokenType type, const char* at) {
  Token token;
  token.type = type;
  token.start = token.end = OffsetOf(at);
  // A token that was taken already cannot get anything put before it; see FetchFlowEnd().
  const auto place =
      static_cast<std::ptrdiff_t>(number < parsed_ ? tokens_.size() : head_ + (number - parsed_));
  tokens_.insert(tokens_.begin() + place, token);
}

// Opens a collection when `column` is deeper than the current one.
bool YamlScanner::Roll(int column, uint64_t number, bool at_end, TokenType type, const char* mark) {
  if (flow_level_ > 0 || indent_ >= column) return true;
  PushIndent(column);
  Insert(at_end ? next_number() : number, type, mark);
  return true;
}

void YamlScanner::Unroll(int column) {
  if (flow_level_ > 0) return;
  while (indent_ > column) {
    Append(TokenType::kBlockEnd, cur_, cur_);
    PopIndent();
  }
}

bool YamlScanner::IsKeyValid(SimpleKey& key, bool& valid) {
  valid = key.possible;
  if (!key.possible) return true;
  const bool same_line = key.line == line_;
  if (same_line && (cur_ - key.at <= kSimpleKeySize || CharCount(key.at, cur_) <= kSimpleKeySize)) {
    return true;
  }
  if (key.required) {
    return Fail("a key is expected here, but no ':' follows on the same line", key.at);
  }
  key.possible = false;
  valid = false;
  return true;
}

bool YamlScanner::SaveSimpleKey() {
  if (!simple_key_allowed_) return true;
  if (!RemoveSimpleKey()) return false;
  SimpleKey& key = simple_keys_.back();
  key.possible = true;
  key.required = flow_level_ == 0 && indent_ == column();
  key.token_number = next_number();
  key.at = cur_;
  key.line = line_;
  Mark(key.token_number, static_cast<int32_t>(simple_keys_.size() - 1));
  return true;
}

bool YamlScanner::RemoveSimpleKey() {
  SimpleKey& key = simple_keys_.back();
  if (key.possible && key.required) {
    return Fail("a key is expected here, but no ':' follows on the same line", key.at);
  }
  if (key.possible) Mark(key.token_number, -1);
  key.possible = false;
  return true;
}

bool YamlScanner::FetchStreamEnd() {
  if (column() != 0) line_ = cur_;
  Unroll(-1);
  if (!RemoveSimpleKey()) return false;
  simple_key_allowed_ = false;
  Append(TokenType::kStreamEnd, cur_, cur_);
  return true;
}

bool YamlScanner::FetchDirective() {
  Unroll(-1);
  if (!RemoveSimpleKey()) return false;
  simple_key_allowed_ = false;
  Token token;
  if (!ScanDirective(token)) return false;
  tokens_.push_back(token);
  return true;
}

bool YamlScanner::FetchDocumentIndicator(TokenType type) {
  Unroll(-1);
  if (!RemoveSimpleKey()) return false;
  simple_key_allowed_ = false;
  const char* start = cur_;
  cur_ += 3;
  Append(type, start, cur_);
  return true;
}

bool YamlScanner::FetchFlowStart(TokenType type) {
  if (!SaveSimpleKey()) return false;
  simple_keys_.emplace_back().token_number = next_number();
  ++flow_level_;
  if (flow_level_ > kFlowLevelMax) {
    error_ = DocumentError{ErrorCode::kLimit, "too many levels of { and [", OffsetOf(cur_)};
    return false;
  }
  simple_key_allowed_ = true;
  const char* start = cur_++;
  Append(type, start, cur_);
  return true;
}

bool YamlScanner::FetchFlowEnd(TokenType type) {
  if (!RemoveSimpleKey()) return false;
  if (flow_level_ > 0) {
    --flow_level_;
    // A level in which no key began still carries the number of its own bracket. The upstream
    // forgets that token's mark here, so that {} and [] are never waited for as keys: "[]: x" is
    // the document
    // [] and ignored text.
    Mark(simple_keys_.back().token_number, -1);
    simple_keys_.pop_back();
  }
  simple_key_allowed_ = false;
  const char* start = cur_++;
  Append(type, start, cur_);
  return true;
}

bool YamlScanner::FetchFlowEntry() {
  if (!RemoveSimpleKey()) return false;
  simple_key_allowed_ = true;
  const char* start = cur_++;
  Append(TokenType::kFlowEntry, start, cur_);
  return true;
}

bool YamlScanner::FetchBlockEntry() {
  if (flow_level_ == 0) {
    if (!simple_key_allowed_)
      return Fail("a list entry '-' cannot stand here; begin a new line", cur_);
    Roll(column(), 0, true, TokenType::kBlockListStart, cur_);
  }
  if (!RemoveSimpleKey()) return false;
  simple_key_allowed_ = true;
  const char* start = cur_++;
  Append(TokenType::kBlockEntry, start, cur_);
  return true;
}

bool YamlScanner::FetchKey() {
  if (flow_level_ == 0) {
    if (!simple_key_allowed_) return Fail("a key '?' cannot stand here; begin a new line", cur_);
    Roll(column(), 0, true, TokenType::kBlockMapStart, cur_);
  }
  if (!RemoveSimpleKey()) return false;
  simple_key_allowed_ = flow_level_ == 0;
  const char* start = cur_++;
  Append(TokenType::kKey, start, cur_);
  return true;
}

bool YamlScanner::FetchValue() {
  SimpleKey& key = simple_keys_.back();
  bool valid = false;
  if (!IsKeyValid(key, valid)) return false;
  if (valid) {
    Insert(key.token_number, TokenType::kKey, key.at);
    Roll(static_cast<int>(key.at - key.line), key.token_number, false, TokenType::kBlockMapStart,
         key.at);
    Mark(key.token_number, -1);
    key.possible = false;
    simple_key_allowed_ = false;
  } else {
    if (flow_level_ == 0) {
      if (!simple_key_allowed_) {
        return Fail("a second ':' on this line; put the value in quotes or begin a new line", cur_);
      }
      Roll(column(), 0, true, TokenType::kBlockMapStart, cur_);
    }
    simple_key_allowed_ = flow_level_ == 0;
  }
  const char* start = cur_++;
  Append(TokenType::kValue, start, cur_);
  return true;
}

bool YamlScanner::FetchAnchor(TokenType type) {
  if (!SaveSimpleKey()) return false;
  simple_key_allowed_ = false;
  const char* start = cur_++;
  while (IsWord(*cur_)) ++cur_;
  const std::string_view name(start + 1, static_cast<size_t>(cur_ - start - 1));
  constexpr std::string_view kAfter = "?:,]}%@`";
  if (name.empty() || !(IsBlankBreakOrEnd(cur_) || kAfter.find(*cur_) != std::string_view::npos)) {
    return Fail(
        type == TokenType::kAlias
            ? "'*' begins an alias, whose name is letters and digits; put the value in quotes"
            : "'&' begins an anchor, whose name is letters and digits; put the value in quotes",
        start);
  }
  Append(type, start, cur_).text = name;
  return true;
}

bool YamlScanner::FetchTag() {
  if (!SaveSimpleKey()) return false;
  simple_key_allowed_ = false;
  Token token;
  if (!ScanTag(token)) return false;
  tokens_.push_back(token);
  return true;
}

bool YamlScanner::FetchScalar(char c) {
  Token token;
  token.type = TokenType::kScalar;
  if (flow_level_ == 0 && (c == '|' || c == '>')) {
    if (!RemoveSimpleKey()) return false;
    simple_key_allowed_ = true;
    if (!ScanBlock(token)) return false;
    tokens_.push_back(token);
    return true;
  }
  if (!SaveSimpleKey()) return false;
  simple_key_allowed_ = false;
  const bool quoted = c == '"' || c == '\'';
  if (!(quoted ? ScanQuoted(token) : ScanPlain(token))) return false;
  tokens_.push_back(token);
  return true;
}

}  // namespace ouro::io
