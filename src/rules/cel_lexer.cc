#include "rules/cel_lexer.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::rules {

namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  Lexer(std::string_view text, std::vector<Token>& tokens) : text_(text), tokens_(tokens) {}

  Status Run(uint32_t& error_offset) {
    while (true) {
      SkipBlanks();
      start_ = at_;
      if (at_ >= text_.size()) break;
      if (!Next()) {
        error_offset = static_cast<uint32_t>(start_);
        return Fail(ErrorCode::kParse, fmt::format("Syntax error: token recognition error at: '{}'",
                                                   Printable(text_.substr(start_, 20))));
      }
    }
    Add(TokenKind::kEnd);
    return {};
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void Add(TokenKind kind) {
    tokens_.push_back(
        Token{kind, static_cast<uint32_t>(start_), static_cast<uint32_t>(at_ - start_)});
  }
  bool Take(TokenKind kind, size_t size) {
    at_ += size;
    Add(kind);
    return true;
  }

  void SkipBlanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') {
        ++at_;
      } else if (c == '/' && Peek(1) == '/') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  bool Next() {
    const char c = Peek();
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number();
    if (c == '"' || c == '\'') return Quoted(false, TokenKind::kString);
    if (IsLetter(c)) return PrefixedString() || Word();
    if (c == '`') return EscapedIdentifier();
    return Operator();
  }

  // Strings with the prefixes r, b and br. Anything else that begins with those letters is a name.
  bool PrefixedString() {
    const bool bytes = Peek() == 'b' || Peek() == 'B';
    size_t size = bytes ? 1 : 0;
    const bool raw = Peek(size) == 'r' || Peek(size) == 'R';
    if (raw) ++size;
    if (size == 0 || (Peek(size) != '"' && Peek(size) != '\'')) return false;
    const size_t start = at_;
    at_ += size;
    if (Quoted(raw, bytes ? TokenKind::kBytes : TokenKind::kString)) return true;
    at_ = start;
    return false;
  }

  bool Quoted(bool raw, TokenKind kind) {
    const char quote = Peek();
    const size_t start = at_;
    if (Peek(1) == quote && Peek(2) == quote) {
      at_ += 3;
      if (SkipBody(quote, true, raw)) {
        Add(kind);
        return true;
      }
      at_ = start;
    }
    ++at_;
    if (!SkipBody(quote, false, raw)) return false;
    Add(kind);
    return true;
  }

  // Moves behind the closing quotes; false when they are missing or an escape is bad.
  bool SkipBody(char quote, bool triple, bool raw) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == quote && (!triple || (Peek(1) == quote && Peek(2) == quote))) {
        at_ += triple ? 3 : 1;
        return true;
      }
      if (!triple && (c == '\n' || c == '\r')) return false;
      if (c == '\\' && !raw) {
        const size_t size = EscapeSize();
        if (size == 0) return false;
        at_ += size;
      } else {
        ++at_;
      }
    }
    return false;
  }

  size_t EscapeSize() const {
    const char c = Peek(1);
    if (std::string_view("abfnrtv\"'\\?`").find(c) != std::string_view::npos && c != '\0') return 2;
    size_t digits = 0;
    if (c == 'x' || c == 'X') digits = 2;
    if (c == 'u') digits = 4;
    if (c == 'U') digits = 8;
    if (digits != 0) {
      for (size_t i = 0; i < digits; ++i) {
        if (HexValue(Peek(2 + i)) < 0) return 0;
      }
      return 2 + digits;
    }
    const auto octal = [](char d) { return d >= '0' && d <= '7'; };
    return c >= '0' && c <= '3' && octal(Peek(2)) && octal(Peek(3)) ? 4 : 0;
  }

  bool Number() {
    if (Peek() == '0' && Peek(1) == 'x' && HexValue(Peek(2)) >= 0) {
      at_ += 2;
      while (HexValue(Peek()) >= 0) ++at_;
      return Suffix();
    }
    while (IsDigit(Peek())) ++at_;
    bool is_double = false;
    if (Peek() == '.' && IsDigit(Peek(1))) {
      is_double = true;
      ++at_;
      while (IsDigit(Peek())) ++at_;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      const size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
      if (IsDigit(Peek(1 + sign))) {
        is_double = true;
        at_ += 1 + sign;
        while (IsDigit(Peek())) ++at_;
      }
    }
    if (!is_double) return Suffix();
    Add(TokenKind::kDouble);
    return true;
  }

  bool Suffix() {
    const bool is_uint = Peek() == 'u' || Peek() == 'U';
    if (is_uint) ++at_;
    Add(is_uint ? TokenKind::kUint : TokenKind::kInt);
    return true;
  }

  bool Word() {
    while (IsLetter(Peek()) || IsDigit(Peek())) ++at_;
    const std::string_view word = text_.substr(start_, at_ - start_);
    TokenKind kind = TokenKind::kIdentifier;
    if (word == "in") kind = TokenKind::kIn;
    if (word == "true") kind = TokenKind::kTrue;
    if (word == "false") kind = TokenKind::kFalse;
    if (word == "null") kind = TokenKind::kNull;
    Add(kind);
    return true;
  }

  bool EscapedIdentifier() {
    ++at_;
    const auto allowed = [](char c) {
      return IsLetter(c) || IsDigit(c) || c == '.' || c == '-' || c == '/' || c == ' ';
    };
    while (allowed(Peek())) ++at_;
    if (Peek() != '`' || at_ - start_ < 2) return false;
    return Take(TokenKind::kEscapedIdentifier, 1);
  }

  bool Operator() {
    const char next = Peek(1);
    switch (Peek()) {
      case '=':
        return next == '=' && Take(TokenKind::kEqual, 2);
      case '!':
        return next == '=' ? Take(TokenKind::kNotEqual, 2) : Take(TokenKind::kNot, 1);
      case '<':
        return next == '=' ? Take(TokenKind::kLessEqual, 2) : Take(TokenKind::kLess, 1);
      case '>':
        return next == '=' ? Take(TokenKind::kGreaterEqual, 2) : Take(TokenKind::kGreater, 1);
      case '&':
        return next == '&' && Take(TokenKind::kAnd, 2);
      case '|':
        return next == '|' && Take(TokenKind::kOr, 2);
      case '[':
        return Take(TokenKind::kLeftBracket, 1);
      case ']':
        return Take(TokenKind::kRightBracket, 1);
      case '{':
        return Take(TokenKind::kLeftBrace, 1);
      case '}':
        return Take(TokenKind::kRightBrace, 1);
      case '(':
        return Take(TokenKind::kLeftParenthesis, 1);
      case ')':
        return Take(TokenKind::kRightParenthesis, 1);
      case '.':
        return Take(TokenKind::kDot, 1);
      case ',':
        return Take(TokenKind::kComma, 1);
      case '-':
        return Take(TokenKind::kMinus, 1);
      case '?':
        return Take(TokenKind::kQuestion, 1);
      case ':':
        return Take(TokenKind::kColon, 1);
      case '+':
        return Take(TokenKind::kPlus, 1);
      case '*':
        return Take(TokenKind::kStar, 1);
      case '/':
        return Take(TokenKind::kSlash, 1);
      case '%':
        return Take(TokenKind::kPercent, 1);
      default:
        return false;
    }
  }

  std::string_view text_;
  std::vector<Token>& tokens_;
  size_t at_ = 0;
  size_t start_ = 0;
};

char SimpleEscape(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return c;  // the lexer let only \ ' " ` ? through
  }
}

// One escape sequence behind the backslash, already checked by the lexer.
bool AppendEscape(std::string_view body, size_t& at, bool is_bytes, std::string& out) {
  const char c = body[at++];
  uint32_t code = 0;
  if (c == 'x' || c == 'X' || c == 'u' || c == 'U') {
    const size_t digits = c == 'u' ? 4 : (c == 'U' ? 8 : 2);
    if (is_bytes && digits != 2) return false;
    for (size_t i = 0; i < digits; ++i) {
      code = code * 16 + static_cast<uint32_t>(HexValue(body[at++]));
    }
  } else if (c >= '0' && c <= '3') {
    code = static_cast<uint32_t>(c - '0') * 64 + static_cast<uint32_t>(body[at] - '0') * 8 +
           static_cast<uint32_t>(body[at + 1] - '0');
    at += 2;
  } else {
    out += SimpleEscape(c);
    return true;
  }
  if (is_bytes) {
    out += static_cast<char>(static_cast<unsigned char>(code));
    return true;
  }
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
  AppendUtf8(out, code);
  return true;
}

}  // namespace

Status Tokenize(std::string_view text, std::vector<Token>& tokens, uint32_t& offset) {
  const size_t valid = ValidUtf8Prefix(text);
  if (valid != text.size()) {
    offset = static_cast<uint32_t>(valid);
    return Fail(ErrorCode::kParse, "the expression is not valid UTF-8");
  }
  return Lexer(text, tokens).Run(offset);
}

Result<std::string> UnquoteLiteral(std::string_view token, bool is_bytes) {
  if (is_bytes) token.remove_prefix(1);
  const bool raw = token[0] == 'r' || token[0] == 'R';
  if (raw) token.remove_prefix(1);
  const bool triple = token.size() >= 6 && token[1] == token[0] && token[2] == token[0];
  const size_t quotes = triple ? 3 : 1;
  const std::string_view body = token.substr(quotes, token.size() - 2 * quotes);
  std::string out;
  out.reserve(body.size());
  for (size_t at = 0; at < body.size();) {
    const char c = body[at++];
    if (c == '\r') {
      if (at < body.size() && body[at] == '\n') ++at;
      out += '\n';
    } else if (c != '\\' || raw) {
      out += c;
    } else if (!AppendEscape(body, at, is_bytes, out)) {
      return Fail(ErrorCode::kParse, "invalid escape sequence in a literal");
    }
  }
  return out;
}

std::string PlaceInText(std::string_view text, uint32_t offset) {
  int64_t line = 1;
  int64_t column = 1;
  for (size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
      ++column;
    }
  }
  return fmt::format("{}:{}", line, column);
}

}  // namespace ouro::rules
