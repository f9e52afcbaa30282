#include "rules/policy_export_text.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "io/tree.h"
#include "rules/cel_lexer.h"
#include "rules/cel_parser.h"

namespace ouro::rules {
namespace {

constexpr std::array<std::string_view, 9> kCheckNames = {
    "object",  "pod",    "container",  "containerType", "item",
    "itemKey", "params", "kubernetes", "serviceAccount"};

// Everything that checks may be written in (rule_set.cc compiles them for the newest Kubernetes).
constexpr SyntaxOptions kSyntax = {.optional_syntax = true,
                                   .macros = true,
                                   .two_variables = true,
                                   .greatest_and_least = true,
                                   .sort_by = true};

// Finds names that no loop of the expression binds.
class FreeNames {
 public:
  void Find(const Expr& expr) { Visit(expr); }
  // Byte offset of each use → name.
  const std::map<uint32_t, std::string_view>& found() const { return found_; }
  // Does a loop bind a variable called `variables`? It would hide the policy's own.
  bool hides_variables() const { return hides_variables_; }

 private:
  bool IsLocal(std::string_view name) const {
    return std::find(locals_.begin(), locals_.end(), name) != locals_.end();
  }

  void Visit(const Expr& expr) {
    if (expr.kind == ExprKind::kIdent) {
      const bool absolute = StartsWith(expr.name, ".");
      const std::string_view name = expr.name.substr(absolute ? 1 : 0);
      if (absolute || !IsLocal(name)) found_.emplace(expr.offset, name);
    }
    for (const Expr* child : expr.children()) Visit(*child);
    if (expr.kind == ExprKind::kComprehension) VisitFold(*expr.fold);
  }

  void VisitFold(const Comprehension& fold) {
    Visit(*fold.range);
    Visit(*fold.initial);
    const size_t size = locals_.size();
    locals_.push_back(fold.accumulator);
    Visit(*fold.result);
    locals_.push_back(fold.variable);
    if (!fold.variable2.empty()) locals_.push_back(fold.variable2);
    hides_variables_ |= IsLocal("variables");
    Visit(*fold.condition);
    Visit(*fold.step);
    locals_.resize(size);
  }

  std::vector<std::string_view> locals_;
  std::map<uint32_t, std::string_view> found_;
  bool hides_variables_ = false;
};

// Writes the tokens anew, with one blank wherever there was something between them.
class Rewriter {
 public:
  Rewriter(std::string_view text, const std::vector<Token>& tokens, const PortableNames& names,
           const FreeNames& free_names)
      : text_(text), tokens_(tokens), names_(names), free_(free_names) {}

  PortableText Run() {
    for (at_ = 0; tokens_[at_].kind != TokenKind::kEnd;) {
      AddGap();
      const auto name = free_.found().find(tokens_[at_].offset);
      if (name != free_.found().end() && Known(name->second)) {
        out_.names.emplace(name->second);
        Replace(name->second);
      } else {
        out_.text += TextOf(at_);
        ++at_;
      }
    }
    return std::move(out_);
  }

 private:
  static bool Known(std::string_view name) {
    return std::find(kCheckNames.begin(), kCheckNames.end(), name) != kCheckNames.end();
  }
  std::string_view TextOf(size_t token) const {
    return text_.substr(tokens_[token].offset, tokens_[token].size);
  }
  TokenKind KindAt(size_t token) const {
    return token < tokens_.size() ? tokens_[token].kind : TokenKind::kEnd;
  }
  void AddGap() {
    if (at_ == 0) return;
    const Token& before = tokens_[at_ - 1];
    if (tokens_[at_].offset > before.offset + before.size) out_.text += ' ';
  }

  // The field that is selected from the name at this token; empty when none is.
  std::string_view FieldBehind() const {
    if (KindAt(at_ + 1) != TokenKind::kDot || KindAt(at_ + 2) != TokenKind::kIdentifier) return {};
    if (KindAt(at_ + 3) == TokenKind::kLeftParenthesis) return {};
    return TextOf(at_ + 2);
  }
  bool InsideHas() const {
    return at_ >= 2 && TextOf(at_ - 2) == "has" && TextOf(at_ - 1) == "(" &&
           KindAt(at_ + 3) == TokenKind::kRightParenthesis;
  }

  void Replace(std::string_view name) {
    const std::string_view field = FieldBehind();
    if (name == "kubernetes") {
      if (field == "minor" && !InsideHas()) return Put(fmt::format("{}", names_.kubernetes_minor));
      out_.text += fmt::format("{{'minor': {}}}", names_.kubernetes_minor);
    } else if (name == "params") {
      const auto value = names_.parameters.find(field);
      if (value != names_.parameters.end() && !InsideHas()) {
        if (free_.hides_variables()) return Put(value->second);
        out_.parameters.emplace(field);
        return Put("variables." + ParameterVariable(field));
      }
      out_.text += AllParameters();
    } else if (name == "object") {
      const bool typed = field == "kind" || field == "apiVersion" || field == "metadata";
      out_.text += typed ? "object" : "dyn(object)";
    } else {
      out_.text += name;
    }
    ++at_;
  }
  // Puts `text` for a name and the field selected from it.
  void Put(std::string_view text) {
    out_.text += text;
    at_ += 3;
  }

  std::string AllParameters() const {
    std::string map = "{";
    for (const auto& [name, literal] : names_.parameters) {
      if (map.size() > 1) map += ", ";
      map += fmt::format("{}: {}", CelString(name), literal);
    }
    return map + "}";
  }

  std::string_view text_;
  const std::vector<Token>& tokens_;
  const PortableNames& names_;
  const FreeNames& free_;
  PortableText out_;
  size_t at_ = 0;
};

std::string LiteralOf(const io::NodeView& node) {
  std::string out;
  switch (node.type()) {
    case io::NodeType::kString:
      return CelString(node.Text());
    case io::NodeType::kList:
      for (const io::NodeView& item : node.Children()) {
        out += (out.empty() ? "" : ", ") + LiteralOf(item);
      }
      return "[" + out + "]";
    case io::NodeType::kMap:
      for (const auto& [key, value] : node.Members()) {
        out += (out.empty() ? "" : ", ") + CelString(key) + ": " + LiteralOf(value);
      }
      return "{" + out + "}";
    case io::NodeType::kUint:
      return fmt::format("{}u", node.tree().node(node.index()).unsigned_integer);
    case io::NodeType::kDouble:
      out = fmt::format("{}", node.tree().node(node.index()).number);
      return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
    case io::NodeType::kInt:
      return fmt::format("{}", node.tree().node(node.index()).integer);
    case io::NodeType::kBool:
      return node.tree().node(node.index()).boolean ? "true" : "false";
    case io::NodeType::kNull:
    case io::NodeType::kAlias:
      break;
  }
  return "null";
}

}  // namespace

Result<PortableText> MakePortable(std::string_view expression, const PortableNames& names) {
  Arena arena;
  OURO_TRY(const Expr* expr, ParseExpression(expression, kSyntax, arena));
  std::vector<Token> tokens;
  uint32_t offset = 0;
  OURO_TRY_STATUS(Tokenize(expression, tokens, offset));
  FreeNames free_names;
  free_names.Find(*expr);
  return Rewriter(expression, tokens, names, free_names).Run();
}

std::string ParameterVariable(std::string_view parameter) {
  return "param_" + std::string(parameter);
}

Result<std::string> CelLiteral(std::string_view json) {
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadJson(std::string(json), {}, keys, tree));
  if (tree.roots().size() != 1 || tree.roots()[0].failed) {
    return Fail(ErrorCode::kParse, "a parameter is not JSON");
  }
  return LiteralOf(io::NodeView(tree, keys, tree.roots()[0].node));
}

std::string CelString(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    switch (c) {
      case '\'':
      case '\\':
        out += '\\';
        out += c;
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return out + "'";
}

std::string WrapCel(std::string_view text, int indent, int width) {
  std::vector<Token> tokens;
  uint32_t offset = 0;
  if (text.find('\n') != std::string_view::npos || !Tokenize(text, tokens, offset)) {
    return std::string(text);
  }
  const std::string margin(static_cast<size_t>(indent), ' ');
  std::string out;
  size_t line_start = 0;
  size_t run_start = 0;  // bytes of `text` that are written already
  // A run is what stands between two blanks: it is never broken.
  const auto flush = [&](size_t run_end) {
    const std::string_view run = text.substr(run_start, run_end - run_start);
    const bool first = out.size() == line_start;
    const size_t columns = out.size() - line_start + run.size() + (first ? 0 : 1);
    const size_t before = line_start == 0 ? static_cast<size_t>(indent) : 0;
    if (!first && before + columns > static_cast<size_t>(width)) {
      out += "\n" + margin;
      line_start = out.size() - margin.size();
    } else if (!first) {
      out += ' ';
    }
    out += run;
    run_start = run_end;
  };
  for (size_t i = 1; i < tokens.size(); ++i) {
    const size_t end = tokens[i - 1].offset + tokens[i - 1].size;
    const bool last = tokens[i].kind == TokenKind::kEnd;
    if (!last && tokens[i].offset == end) continue;
    flush(end);
    run_start = tokens[i].offset;
  }
  return out;
}

}  // namespace ouro::rules
