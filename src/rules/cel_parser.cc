// Recursive descent over the tokens. The grammar is small enough that one token of lookahead
// decides everywhere but at object literals (a.b.C{…}), where the tokens up to the brace are looked
// at first.

#include "rules/cel_parser.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "rules/cel_lexer.h"
#include "rules/cel_macros.h"
#include "rules/cel_tree_builder.h"

namespace ouro::rules {

namespace {

// cel-spec, "Syntax": names that may not be variables; as fields they are fine.
constexpr std::array<std::string_view, 21> kReserved = {
    "as",        "break", "const",  "continue", "else", "false", "for",
    "function",  "if",    "import", "in",       "let",  "loop",  "package",
    "namespace", "null",  "return", "true",     "var",  "void",  "while"};

class Parser {
 public:
  Parser(std::string_view text, const SyntaxOptions& options, Arena& arena)
      : text_(text), options_(options), tree_(arena), arena_(arena) {}

  Result<Expr*> Run() {
    if (static_cast<int64_t>(text_.size()) > limits::kExpressionSizeBytes) {
      return Fail(ErrorCode::kLimit, fmt::format("the expression is longer than {} bytes",
                                                 limits::kExpressionSizeBytes));
    }
    uint32_t offset = 0;
    if (Status status = Tokenize(text_, tokens_, offset); !status) {
      return Fail(ErrorCode::kParse, status.error().message, PlaceInText(text_, offset));
    }
    Expr* expr = ParseExpr();
    if (expr != nullptr && Kind() != TokenKind::kEnd) expr = Unexpected("<EOF>");
    if (expr == nullptr) return Fail(code_, message_, PlaceInText(text_, offset_));
    return expr;
  }

 private:
  TokenKind Kind() const { return tokens_[at_].kind; }
  TokenKind KindAt(size_t ahead) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)].kind;
  }
  uint32_t Offset() const { return tokens_[at_].offset; }
  std::string_view TextOf(const Token& token) const {
    return text_.substr(token.offset, token.size);
  }
  std::string_view TokenText() const { return TextOf(tokens_[at_]); }
  bool Take(TokenKind kind) {
    if (Kind() != kind) return false;
    ++at_;
    return true;
  }

  Expr* Error(uint32_t offset, std::string message, ErrorCode code = ErrorCode::kParse) {
    if (!message_.empty()) return nullptr;
    message_ = std::move(message);
    offset_ = offset;
    code_ = code;
    return nullptr;
  }
  Expr* Unexpected(std::string_view expected) {
    const std::string found = Kind() == TokenKind::kEnd ? "<EOF>" : Printable(TokenText());
    return Error(Offset(),
                 fmt::format("Syntax error: mismatched input '{}' expecting {}", found, expected));
  }
  bool Expect(TokenKind kind, std::string_view text) {
    if (Take(kind)) return true;
    Unexpected(text);
    return false;
  }
  // Every node that may nest goes through here.
  Expr* Checked(Expr* expr) {
    if (expr == nullptr) return nullptr;
    if (expr->depth > limits::kExpressionDepth) {
      return Error(expr->offset,
                   fmt::format("expression recursion limit exceeded: {}", limits::kExpressionDepth),
                   ErrorCode::kLimit);
    }
    if (tree_.count() > limits::kExpressionNodeCount || arena_.exhausted()) {
      return Error(expr->offset,
                   fmt::format("the expression has more than {} nodes after macro expansion",
                               limits::kExpressionNodeCount),
                   ErrorCode::kLimit);
    }
    return expr;
  }

  Expr* ParseExpr() {
    if (++nesting_ > limits::kExpressionDepth) {
      return Error(Offset(),
                   fmt::format("expression recursion limit exceeded: {}", limits::kExpressionDepth),
                   ErrorCode::kLimit);
    }
    Expr* condition = ParseLogical(TokenKind::kOr);
    if (condition != nullptr && Kind() == TokenKind::kQuestion) condition = ParseTernary(condition);
    --nesting_;
    return condition;
  }

  Expr* ParseTernary(Expr* condition) {
    const uint32_t offset = Offset();
    ++at_;
    Expr* truthy = ParseLogical(TokenKind::kOr);
    if (truthy == nullptr || !Expect(TokenKind::kColon, "':'")) return nullptr;
    Expr* falsy = ParseExpr();
    if (falsy == nullptr) return nullptr;
    return Checked(tree_.Call(offset, "_?_:_", {condition, truthy, falsy}));
  }

  // a || b || c, and a && b && c one level below. Long chains become balanced trees, so that their
  // depth does not grow with their length.
  Expr* ParseLogical(TokenKind op) {
    const bool is_or = op == TokenKind::kOr;
    Expr* first = is_or ? ParseLogical(TokenKind::kAnd) : ParseRelation();
    if (first == nullptr || Kind() != op) return first;
    std::vector<Expr*> terms = {first};
    std::vector<uint32_t> offsets;
    while (Kind() == op) {
      offsets.push_back(Offset());
      ++at_;
      Expr* term = is_or ? ParseLogical(TokenKind::kAnd) : ParseRelation();
      if (term == nullptr) return nullptr;
      terms.push_back(term);
    }
    return Checked(Balance(is_or ? "_||_" : "_&&_", terms, offsets, 0, offsets.size() - 1));
  }

  Expr* Balance(std::string_view function, const std::vector<Expr*>& terms,
                const std::vector<uint32_t>& offsets, size_t low, size_t high) {
    const size_t middle = (low + high + 1) / 2;
    Expr* left = middle == low ? terms[middle] : Balance(function, terms, offsets, low, middle - 1);
    Expr* right =
        middle == high ? terms[middle + 1] : Balance(function, terms, offsets, middle + 1, high);
    return tree_.Call(offsets[middle], function, {left, right});
  }

  Expr* ParseRelation() {
    Expr* left = ParseSum();
    while (left != nullptr) {
      std::string_view function;
      switch (Kind()) {
        case TokenKind::kLess:
          function = "_<_";
          break;
        case TokenKind::kLessEqual:
          function = "_<=_";
          break;
        case TokenKind::kGreater:
          function = "_>_";
          break;
        case TokenKind::kGreaterEqual:
          function = "_>=_";
          break;
        case TokenKind::kEqual:
          function = "_==_";
          break;
        case TokenKind::kNotEqual:
          function = "_!=_";
          break;
        case TokenKind::kIn:
          function = "@in";
          break;
        default:
          return left;
      }
      left = Binary(function, left, ParserOf(&Parser::ParseSum));
    }
    return nullptr;
  }

  Expr* ParseSum() {
    Expr* left = ParseProduct();
    while (left != nullptr && (Kind() == TokenKind::kPlus || Kind() == TokenKind::kMinus)) {
      left =
          Binary(Kind() == TokenKind::kPlus ? "_+_" : "_-_", left, ParserOf(&Parser::ParseProduct));
    }
    return left;
  }

  Expr* ParseProduct() {
    Expr* left = ParseUnary();
    while (left != nullptr) {
      std::string_view function;
      switch (Kind()) {
        case TokenKind::kStar:
          function = "_*_";
          break;
        case TokenKind::kSlash:
          function = "_/_";
          break;
        case TokenKind::kPercent:
          function = "_%_";
          break;
        default:
          return left;
      }
      left = Binary(function, left, ParserOf(&Parser::ParseUnary));
    }
    return nullptr;
  }

  using ParserOf = Expr* (Parser::*)();
  Expr* Binary(std::string_view function, Expr* left, ParserOf parse_right) {
    const uint32_t offset = Offset();
    ++at_;
    Expr* right = (this->*parse_right)();
    if (right == nullptr) return nullptr;
    return Checked(tree_.Call(offset, function, {left, right}));
  }

  Expr* ParseUnary() {
    const TokenKind op = Kind();
    if (op != TokenKind::kNot && op != TokenKind::kMinus) return ParseMember();
    const uint32_t offset = Offset();
    size_t count = 0;
    while (Kind() == op) {
      // The sign of a number is part of its literal: -9223372036854775808 has no positive form.
      const TokenKind next = KindAt(1);
      if (op == TokenKind::kMinus && (next == TokenKind::kInt || next == TokenKind::kDouble) &&
          count == 0) {
        break;
      }
      ++at_;
      ++count;
    }
    Expr* operand = ParseMember();
    if (operand == nullptr || count % 2 == 0) return operand;
    return Checked(tree_.Call(offset, op == TokenKind::kNot ? "!_" : "-_", {operand}));
  }

  Expr* ParseMember() {
    Expr* expr = ParsePrimary();
    while (expr != nullptr) {
      if (Kind() == TokenKind::kDot) {
        expr = Checked(ParseSelection(expr));
      } else if (Kind() == TokenKind::kLeftBracket) {
        expr = Checked(ParseIndex(expr));
      } else {
        return expr;
      }
    }
    return nullptr;
  }

  // Name after a dot; escaped names only where a field stands.
  bool FieldName(std::string_view& name) {
    if (Kind() == TokenKind::kEscapedIdentifier) {
      name = TokenText().substr(1, tokens_[at_].size - 2);
    } else if (Kind() == TokenKind::kIdentifier) {
      name = TokenText();
    } else {
      Unexpected("IDENTIFIER");
      return false;
    }
    ++at_;
    return true;
  }

  Expr* ParseSelection(Expr* operand) {
    const uint32_t offset = Offset();
    ++at_;
    const bool optional = Kind() == TokenKind::kQuestion;
    if (optional && !options_.optional_syntax) return Error(offset, "unsupported syntax '.?'");
    if (optional) ++at_;
    const bool escaped = Kind() == TokenKind::kEscapedIdentifier;
    const uint32_t name_offset = Offset();
    std::string_view name;
    if (!FieldName(name)) return nullptr;
    if (optional) {
      return tree_.Call(offset, "_?._", {operand, tree_.Literal(name_offset, Value::String(name))});
    }
    if (escaped || Kind() != TokenKind::kLeftParenthesis)
      return tree_.Select(offset, operand, name);
    return ParseCall(name, operand);
  }

  Expr* ParseIndex(Expr* operand) {
    const uint32_t offset = Offset();
    ++at_;
    const bool optional = Take(TokenKind::kQuestion);
    if (optional && !options_.optional_syntax) return Error(offset, "unsupported syntax '[?'");
    Expr* index = ParseExpr();
    if (index == nullptr || !Expect(TokenKind::kRightBracket, "']'")) return nullptr;
    return tree_.Call(offset, optional ? "_[?_]" : "_[_]", {operand, index});
  }

  // function(arguments), behind the name; target is null for global calls.
  Expr* ParseCall(std::string_view function, Expr* target) {
    const uint32_t offset = Offset();
    ++at_;
    std::vector<Expr*> args;
    if (target != nullptr) args.push_back(target);
    if (Kind() != TokenKind::kRightParenthesis) {
      do {
        Expr* arg = ParseExpr();
        if (arg == nullptr) return nullptr;
        args.push_back(arg);
      } while (Take(TokenKind::kComma));
    }
    if (!Expect(TokenKind::kRightParenthesis, "')'")) return nullptr;
    const std::span<Expr* const> without_target(args.data() + (target != nullptr ? 1 : 0),
                                                args.size() - (target != nullptr ? 1 : 0));
    MacroError error;
    if (Expr* expanded =
            ExpandMacro(tree_, options_, offset, function, target, without_target, error)) {
      return Checked(expanded);
    }
    if (!error.message.empty()) return Error(error.offset, error.message);
    return tree_.Call(offset, function, args, target != nullptr);
  }

  Expr* ParsePrimary() {
    const uint32_t offset = Offset();
    switch (Kind()) {
      case TokenKind::kLeftParenthesis: {
        ++at_;
        Expr* inner = ParseExpr();
        return inner != nullptr && Expect(TokenKind::kRightParenthesis, "')'") ? inner : nullptr;
      }
      case TokenKind::kLeftBracket:
        return ParseList();
      case TokenKind::kLeftBrace:
        return ParseMap();
      case TokenKind::kDot:
      case TokenKind::kIdentifier:
        return ParseName();
      case TokenKind::kTrue:
        ++at_;
        return tree_.Literal(offset, Value::Bool(true));
      case TokenKind::kFalse:
        ++at_;
        return tree_.Literal(offset, Value::Bool(false));
      case TokenKind::kNull:
        ++at_;
        return tree_.Literal(offset, Value::Null());
      case TokenKind::kString:
        return ParseText(false);
      case TokenKind::kBytes:
        return ParseText(true);
      case TokenKind::kMinus:
      case TokenKind::kInt:
      case TokenKind::kUint:
      case TokenKind::kDouble:
        return ParseNumber();
      default:
        return Unexpected("an expression");
    }
  }

  Expr* ParseText(bool is_bytes) {
    const uint32_t offset = Offset();
    auto value = UnquoteLiteral(TokenText(), is_bytes);
    if (!value) return Error(offset, value.error().message);
    ++at_;
    return tree_.Literal(offset, is_bytes ? arena_.NewBytes(*value) : arena_.NewString(*value));
  }

  Expr* ParseNumber() {
    const uint32_t offset = Offset();
    const bool negative = Take(TokenKind::kMinus);
    const TokenKind kind = Kind();
    if (kind != TokenKind::kInt && kind != TokenKind::kUint && kind != TokenKind::kDouble) {
      return Unexpected("a number");
    }
    std::string text = negative ? "-" : "";
    std::string_view digits = TokenText();
    ++at_;
    if (kind == TokenKind::kUint) digits.remove_suffix(1);
    int base = 10;
    if (kind != TokenKind::kDouble && StartsWith(digits, "0x")) {
      base = 16;
      digits.remove_prefix(2);
    }
    text += digits;
    const char* end = text.data() + text.size();
    if (kind == TokenKind::kDouble) {
      double value = 0;
      // A number too large for a double is an error; one too small is zero.
      const auto [stop, error] = std::from_chars(text.data(), end, value);
      if (error == std::errc::result_out_of_range && IsHuge(text)) {
        return Error(offset, "invalid double literal");
      }
      if (stop != end) return Error(offset, "invalid double literal");
      return tree_.Literal(offset, Value::Double(value));
    }
    if (kind == TokenKind::kUint) {
      uint64_t value = 0;
      const auto [stop, error] = std::from_chars(text.data(), end, value, base);
      if (error != std::errc() || stop != end) return Error(offset, "invalid uint literal");
      return tree_.Literal(offset, Value::Uint(value));
    }
    int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc() || stop != end) return Error(offset, "invalid int literal");
    return tree_.Literal(offset, Value::Int(value));
  }

  static bool IsHuge(const std::string& text) {
    const size_t exponent = text.find_first_of("eE");
    if (exponent != std::string::npos) return text[exponent + 1] != '-';
    return text.substr(0, text.find('.')).find_first_of("123456789") != std::string::npos;
  }

  Expr* ParseList() {
    const uint32_t offset = Offset();
    ++at_;
    std::vector<Expr*> items;
    std::vector<bool> optionals;
    while (Kind() != TokenKind::kRightBracket) {
      bool optional = false;
      if (items.empty() && KindAt(1) == TokenKind::kRightBracket && Take(TokenKind::kComma)) break;
      if (!OptionalMark(optional)) return nullptr;
      Expr* item = ParseExpr();
      if (item == nullptr) return nullptr;
      items.push_back(item);
      optionals.push_back(optional);
      if (!Take(TokenKind::kComma)) break;
    }
    if (!Expect(TokenKind::kRightBracket, "']'")) return nullptr;
    Expr* list = tree_.List(offset, items);
    SetOptionals(list, optionals);
    return Checked(list);
  }

  bool OptionalMark(bool& optional) {
    const uint32_t offset = Offset();
    optional = Take(TokenKind::kQuestion);
    if (!optional || options_.optional_syntax) return true;
    Error(offset, "unsupported syntax '?'");
    return false;
  }

  void SetOptionals(Expr* expr, const std::vector<bool>& optionals) {
    if (std::find(optionals.begin(), optionals.end(), true) == optionals.end()) return;
    bool* copy = arena_.NewArray<bool>(optionals.size());
    std::copy(optionals.begin(), optionals.end(), copy);
    expr->optionals = copy;
    expr->has_optional = true;
  }

  Expr* ParseMap() {
    const uint32_t offset = Offset();
    ++at_;
    std::vector<Expr*> parts;
    std::vector<bool> optionals;
    while (Kind() != TokenKind::kRightBrace) {
      bool optional = false;
      if (parts.empty() && KindAt(1) == TokenKind::kRightBrace && Take(TokenKind::kComma)) break;
      if (!OptionalMark(optional)) return nullptr;
      Expr* key = ParseExpr();
      if (key == nullptr || !Expect(TokenKind::kColon, "':'")) return nullptr;
      Expr* value = ParseExpr();
      if (value == nullptr) return nullptr;
      parts.push_back(key);
      parts.push_back(value);
      optionals.push_back(optional);
      if (!Take(TokenKind::kComma)) break;
    }
    if (!Expect(TokenKind::kRightBrace, "'}'")) return nullptr;
    Expr* map = tree_.Map(offset, parts);
    SetOptionals(map, optionals);
    return Checked(map);
  }

  // Is this `.a.b.C {`, the beginning of an object literal?
  bool AtObjectLiteral() const {
    size_t ahead = Kind() == TokenKind::kDot ? 1 : 0;
    while (true) {
      if (KindAt(ahead) != TokenKind::kIdentifier) return false;
      const TokenKind next = KindAt(ahead + 1);
      if (next == TokenKind::kLeftBrace) return true;
      if (next != TokenKind::kDot) return false;
      ahead += 2;
    }
  }

  Expr* ParseName() {
    if (AtObjectLiteral()) return ParseObject();
    const uint32_t start = Offset();
    const bool absolute = Take(TokenKind::kDot);
    if (Kind() != TokenKind::kIdentifier) return Unexpected("IDENTIFIER");
    const uint32_t offset = Offset();
    std::string_view name = TokenText();
    if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
      return Error(start, fmt::format("reserved identifier: {}", name));
    }
    ++at_;
    if (absolute) name = arena_.Copy(fmt::format(".{}", name));
    if (Kind() == TokenKind::kLeftParenthesis) return ParseCall(name, nullptr);
    return tree_.Ident(offset, name);
  }

  Expr* ParseObject() {
    std::string name;
    if (Take(TokenKind::kDot)) name = ".";
    while (Kind() != TokenKind::kLeftBrace) {
      name += TokenText();
      ++at_;
    }
    const uint32_t offset = Offset();
    ++at_;
    std::vector<Expr*> values;
    std::vector<std::string_view> names;
    std::vector<bool> optionals;
    while (Kind() != TokenKind::kRightBrace) {
      bool optional = false;
      std::string_view field;
      if (values.empty() && KindAt(1) == TokenKind::kRightBrace && Take(TokenKind::kComma)) break;
      if (!OptionalMark(optional)) return nullptr;
      if (!FieldName(field) || !Expect(TokenKind::kColon, "':'")) return nullptr;
      Expr* value = ParseExpr();
      if (value == nullptr) return nullptr;
      values.push_back(value);
      names.push_back(field);
      optionals.push_back(optional);
      if (!Take(TokenKind::kComma)) break;
    }
    if (!Expect(TokenKind::kRightBrace, "'}'")) return nullptr;
    Expr* object = tree_.Call(offset, arena_.Copy(name), values, false);
    object->kind = ExprKind::kStruct;
    std::string_view* copy = arena_.NewArray<std::string_view>(names.size());
    std::copy(names.begin(), names.end(), copy);
    object->field_names = copy;
    SetOptionals(object, optionals);
    return Checked(object);
  }

  std::string_view text_;
  const SyntaxOptions& options_;
  TreeBuilder tree_;
  Arena& arena_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int nesting_ = 0;
  std::string message_;
  uint32_t offset_ = 0;
  ErrorCode code_ = ErrorCode::kParse;
};

}  // namespace

Result<Expr*> ParseExpression(std::string_view text, const SyntaxOptions& options, Arena& arena) {
  return Parser(text, options, arena).Run();
}

}  // namespace ouro::rules
