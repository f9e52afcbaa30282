// Tokens of CEL (cel-spec, "Syntax", lexical grammar).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ouro::rules {

enum class TokenKind : uint8_t {
  kEnd,
  kIdentifier,
  kEscapedIdentifier,  // `a-b`, with the backticks
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTrue,
  kFalse,
  kNull,
  kIn,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAnd,
  kOr,
  kLeftBracket,
  kRightBracket,
  kLeftBrace,
  kRightBrace,
  kLeftParenthesis,
  kRightParenthesis,
  kDot,
  kComma,
  kMinus,
  kNot,
  kQuestion,
  kColon,
  kPlus,
  kStar,
  kSlash,
  kPercent,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  uint32_t offset = 0;
  uint32_t size = 0;
};

// All tokens of `text`, ending with kEnd. `text` is at most 4 GiB of valid UTF-8. On failure
// error.where is empty and `offset` the place.
Status Tokenize(std::string_view text, std::vector<Token>& tokens, uint32_t& offset);

// The value of a string or bytes token, quotes and prefixes included in `token`. Line ends become
// \n; in bytes, \x and octal escapes are bytes, in strings code points (cel-spec, "String and Bytes
// Values").
Result<std::string> UnquoteLiteral(std::string_view token, bool is_bytes);

// "line:column" of a byte offset, both from 1, the column in characters.
std::string PlaceInText(std::string_view text, uint32_t offset);

}  // namespace ouro::rules
