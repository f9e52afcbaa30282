// ReadJson: RFC 8259 values with the span of every key and value.
//
// simdjson checks the UTF-8 of the whole input; the grammar is walked here, because spans of
// closing brackets, numbers of any length and several values of which one is broken are not to be
// had from it. Half surrogates in escapes become U+FFFD, as in Go's encoding/json, which is what
// the API server uses.

#include <simdjson.h>

#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "io/reader_state.h"
#include "io/text_encoding.h"
#include "io/tree.h"
#include "io/yaml_chars.h"

namespace ouro::io {
namespace {

class JsonParser {
 public:
  // `end` must point to a NUL.
  JsonParser(Tree& tree, TreeBuilder& builder)
      : tree_(tree),
        builder_(builder),
        base_(tree.source().data()),
        cur_(base_),
        end_(base_ + tree.source().size()) {
    if (tree.source().starts_with("\xEF\xBB\xBF")) cur_ += 3;
  }

  bool AtEnd() {
    SkipSpace();
    return cur_ >= end_;
  }
  uint32_t offset() const { return static_cast<uint32_t>(cur_ - base_); }
  const DocumentError& error() const { return error_; }

  bool ParseValue() {
    lists_.clear();
    value_start_ = cur_;
    while (true) {
      SkipSpace();
      bool opened = false;
      if (!ParseStart(opened)) return false;
      if (opened) continue;
      if (!CloseAndSeparate()) return false;
      if (lists_.empty()) return true;
    }
  }

  // Past the broken value: to the next line that begins one, else to the end.
  void Recover() {
    const bool next_line = cur_ > value_start_ && cur_[-1] == '\n';
    if (next_line && (*cur_ == '{' || *cur_ == '[')) return;
    while (cur_ < end_) {
      const void* found = std::memchr(cur_, '\n', static_cast<size_t>(end_ - cur_));
      cur_ = found == nullptr ? end_ : static_cast<const char*>(found) + 1;
      if (*cur_ == '{' || *cur_ == '[') return;
    }
  }

 private:
  bool Refuse(std::string message, const char* at, ErrorCode code = ErrorCode::kParse) {
    error_ = DocumentError{code, std::move(message), static_cast<uint32_t>(at - base_)};
    return false;
  }
  bool FromBuilder() {
    error_ = builder_.error();
    return false;
  }
  uint32_t OffsetOf(const char* p) const { return static_cast<uint32_t>(p - base_); }

  void SkipSpace() {
    while (*cur_ == ' ' || *cur_ == '\n' || *cur_ == '\t' || *cur_ == '\r') ++cur_;
  }

  // A scalar, an empty collection, or the start of one (`opened`), in front of its first value.
  bool ParseStart(bool& opened) {
    const char* start = cur_;
    switch (*cur_) {
      case '{':
      case '[': {
        const bool list = *cur_++ == '[';
        if (!builder_.BeginCollection(list ? NodeType::kList : NodeType::kMap, kNodeFlow,
                                      OffsetOf(start), {})) {
          return FromBuilder();
        }
        SkipSpace();
        if (*cur_ == (list ? ']' : '}')) {
          ++cur_;
          return builder_.EndCollection(offset()) || FromBuilder();
        }
        lists_.push_back(list);
        opened = true;
        return list || ParseKey();
      }
      case '"': {
        std::string_view text;
        if (!ParseString(text)) return false;
        return builder_.AddString(text, OffsetOf(start), offset(), kNodeQuoted) || FromBuilder();
      }
      case 't':
        return ParseWord("true", ScalarType::kBool, true);
      case 'f':
        return ParseWord("false", ScalarType::kBool, false);
      case 'n':
        return ParseWord("null", ScalarType::kNull, false);
      default:
        return ParseNumber();
    }
  }

  // After a value: closing brackets, then a comma and the next key.
  bool CloseAndSeparate() {
    while (!lists_.empty()) {
      SkipSpace();
      const bool list = lists_.back();
      if (*cur_ == ',') {
        ++cur_;
        SkipSpace();
        return list || ParseKey();
      }
      if (*cur_ != (list ? ']' : '}')) {
        return Refuse(list ? "',' or ']' is expected here" : "',' or '}' is expected here", cur_);
      }
      ++cur_;
      lists_.pop_back();
      if (!builder_.EndCollection(offset())) return FromBuilder();
    }
    return true;
  }

  bool ParseKey() {
    const char* start = cur_;
    if (*cur_ != '"') return Refuse("a key in double quotes is expected here", cur_);
    std::string_view text;
    if (!ParseString(text)) return false;
    if (!builder_.AddStringKey(text, OffsetOf(start), offset())) return FromBuilder();
    SkipSpace();
    if (*cur_ != ':') return Refuse("':' is expected after the key", cur_);
    ++cur_;
    return true;
  }

  bool ParseWord(std::string_view word, ScalarType type, bool value) {
    const char* start = cur_;
    if (std::string_view(cur_, static_cast<size_t>(end_ - cur_)).substr(0, word.size()) != word ||
        IsWord(cur_[word.size()])) {
      return Refuse("a JSON value is expected here", cur_);
    }
    cur_ += word.size();
    Scalar scalar;
    scalar.type = type;
    if (type == ScalarType::kBool) scalar.boolean = value;
    return builder_.AddResolved(scalar, OffsetOf(start), offset()) || FromBuilder();
  }

  bool TakeDigits() {
    const char* start = cur_;
    while (IsDigit(*cur_)) ++cur_;
    return cur_ > start;
  }

  bool ParseNumber() {
    const char* start = cur_;
    if (*cur_ == '-') ++cur_;
    const bool zero = *cur_ == '0';
    const char* digits = cur_;
    if (!TakeDigits() || (zero && cur_ - digits > 1)) {
      return Refuse(cur_ >= end_ ? "the text ends where a value is expected"
                                 : "a JSON value is expected here",
                    start);
    }
    bool whole = true;
    if (*cur_ == '.') {
      whole = false;
      ++cur_;
      if (!TakeDigits()) return Refuse("digits are expected after the decimal point", cur_);
    }
    if (*cur_ == 'e' || *cur_ == 'E') {
      whole = false;
      ++cur_;
      if (*cur_ == '+' || *cur_ == '-') ++cur_;
      if (!TakeDigits()) return Refuse("digits are expected in the exponent", cur_);
    }
    if (IsWord(*cur_)) return Refuse("a JSON value is expected here", start);
    return EmitNumber(start, whole);
  }

  bool EmitNumber(const char* start, bool whole) {
    Scalar scalar;
    scalar.type = ScalarType::kInt;
    auto result = std::from_chars(start, cur_, scalar.integer);
    if (!whole || result.ec != std::errc()) {
      scalar.type = ScalarType::kUint;
      result = std::from_chars(start, cur_, scalar.unsigned_integer);
    }
    if (!whole || result.ec != std::errc()) {
      // Same rules as for a YAML float: too small is zero, too large is no number.
      const Scalar resolved =
          ResolvePlain(std::string_view(start, static_cast<size_t>(cur_ - start)));
      if (resolved.type == ScalarType::kString) return Refuse("this number is too large", start);
      scalar = resolved;
    }
    return builder_.AddResolved(scalar, OffsetOf(start), offset()) || FromBuilder();
  }

  // At the opening quote; leaves the position after the closing one.
  bool ParseString(std::string_view& text) {
    const char* start = cur_++;
    const char* from = cur_;
    while (*cur_ != '"' && *cur_ != '\\' && static_cast<uint8_t>(*cur_) >= 0x20) ++cur_;
    if (*cur_ == '"') {
      text = std::string_view(from, static_cast<size_t>(cur_ - from));
      ++cur_;
      return true;
    }
    text_.assign(from, cur_);
    while (*cur_ != '"') {
      if (static_cast<uint8_t>(*cur_) < 0x20) {
        return cur_ >= end_
                   ? Refuse("the closing quote of this text is missing", start)
                   : Refuse("a control character stands in this text; write it as an escape", cur_);
      }
      if (*cur_ != '\\') {
        text_.push_back(*cur_++);
      } else if (!ParseEscape()) {
        return false;
      }
    }
    ++cur_;
    char* stored = tree_.Allocate(text_.size());
    std::memcpy(stored, text_.data(), text_.size());
    text = std::string_view(stored, text_.size());
    return true;
  }

  int HexUnit(const char* p) const {
    int value = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = HexValue(p[i]);
      if (digit < 0) return -1;
      value = value * 16 + digit;
    }
    return value;
  }

  bool ParseEscape() {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = cur_[1];
    const size_t known = letter == 0 ? std::string_view::npos : kLetters.find(letter);
    if (known != std::string_view::npos) {
      text_.push_back(kMeanings[known]);
      cur_ += 2;
      return true;
    }
    const int unit = letter == 'u' ? HexUnit(cur_ + 2) : -1;
    if (unit < 0) return Refuse("unknown escape after '\\'; write '\\\\'", cur_);
    cur_ += 6;
    uint32_t value = static_cast<uint32_t>(unit);
    if ((value & 0xF800) == 0xD800) {
      const int low =
          (value & 0x400) == 0 && cur_[0] == '\\' && cur_[1] == 'u' ? HexUnit(cur_ + 2) : -1;
      if (low >= 0 && (low & 0xFC00) == 0xDC00) {
        value = 0x10000 + ((value & 0x3FF) << 10 | (static_cast<uint32_t>(low) & 0x3FF));
        cur_ += 6;
      } else {
        value = 0xFFFD;
      }
    }
    AppendUtf8(text_, value);
    return true;
  }

  Tree& tree_;
  TreeBuilder& builder_;
  const char* base_;
  const char* cur_;
  const char* end_;
  const char* value_start_ = nullptr;
  std::vector<bool> lists_;  // open collections: list or map
  std::string text_;
  DocumentError error_;
};

}  // namespace

Status ReadJson(std::string source, const ReadOptions& options, KeyTable& keys, Tree& tree) {
  tree.Clear();
  OURO_TRY_STATUS(CheckSourceSize(source.size()));
  OURO_TRY_STATUS(DecodeToUtf8(source));
  tree.SetSource(std::move(source));
  const std::string_view text = tree.source();
  TreeBuilder& builder = ReaderStateOf(tree).builder;
  builder.Attach(tree, keys, options);
  const bool valid_utf8 = simdjson::validate_utf8(text.data(), text.size());
  const size_t valid_size = valid_utf8 ? text.size() : ValidUtf8Prefix(text);
  JsonParser parser(tree, builder);
  while (!parser.AtEnd()) {
    const uint32_t root_index = static_cast<uint32_t>(tree.roots().size());
    const uint32_t first_node = tree.node_count();
    const size_t first_problem = tree.problems().size();
    Root root;
    root.start = parser.offset();
    builder.BeginDocument(root_index);
    bool good = parser.ParseValue();
    DocumentError error = parser.error();
    if (parser.offset() > valid_size || (!good && error.offset >= valid_size && !valid_utf8)) {
      good = false;
      error = DocumentError{ErrorCode::kParse, ForbiddenReason(text, valid_size),
                            static_cast<uint32_t>(valid_size)};
    }
    if (good) {
      root.node = builder.root_node();
    } else {
      root.failed = true;
      AbandonDocument(tree, error, first_node, first_problem, root_index);
      parser.Recover();
    }
    root.end = parser.offset();
    tree.mutable_roots().push_back(root);
    if (options.first_only) break;
  }
  if (options.first_only && tree.roots().empty()) tree.mutable_roots().emplace_back();
  PlaceProblems(tree);
  return {};
}

}  // namespace ouro::io
