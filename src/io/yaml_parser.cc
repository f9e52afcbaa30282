#include "io/yaml_parser.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::io {

bool YamlParser::Parse(Tree& tree, TreeBuilder& builder, uint32_t start, uint32_t end,
                       const TextFacts& facts, const Options& options) {
  Begin(tree, start, end, facts, options.keep_comments);
  builder_ = &builder;
  options_ = options;
  states_.clear();
  tag_directives_.clear();
  last_end_ = start;
  bool finished = false;
  if (!StartDocument(finished)) return false;
  const bool shortcut = options.use_shortcut && ShortcutApplies();
  while (!finished && state_ != State::kDocumentEnd) {
    const bool lines = state_ == State::kBlockMapKey || state_ == State::kBlockListEntry ||
                       state_ == State::kIndentlessEntry;
    if (lines && shortcut && queue_empty()) {
      if (Shortcut() == Step::kError) return false;
      if (state_ == State::kDocumentEnd) break;
    }
    if (!Advance()) return false;
  }
  // The end of a document is seen only when the token behind it was read, so an error there counts.
  if (!finished && Peek() == nullptr) return false;
  return builder.EndDocument() || FromBuilder();
}

bool YamlParser::HasMore() {
  TokenType type;
  if (!PeekType(type)) return false;
  if (type == TokenType::kDocumentEnd) {
    Take();
    if (!PeekType(type)) {
      more_at_ = error_.offset;
      return true;
    }
  }
  if (type == TokenType::kStreamEnd) return false;
  more_at_ = Peek()->start;
  return true;
}

bool YamlParser::Refuse(std::string message, uint32_t offset, ErrorCode code) {
  error_ = DocumentError{code, std::move(message), offset};
  return false;
}

bool YamlParser::FromBuilder() {
  error_ = builder_->error();
  return false;
}

bool YamlParser::PeekType(TokenType& type) {
  const Token* token = Peek();
  if (token == nullptr) return false;
  type = token->type;
  return true;
}

void YamlParser::Take() {
  const Token* token = Peek();
  if (token->end > last_end_ && token->type != TokenType::kBlockEnd) last_end_ = token->end;
  Skip();
}

bool YamlParser::StartDocument(bool& finished) {
  TokenType type;
  if (!PeekType(type)) return false;
  finished = type == TokenType::kStreamEnd;
  if (finished) return true;
  states_.push_back(State::kDocumentEnd);
  const bool explicit_start = type == TokenType::kVersionDirective ||
                              type == TokenType::kTagDirective || type == TokenType::kDocumentStart;
  if (!ReadDirectives()) return false;
  if (!explicit_start) return ParseNode(true, false);
  if (!PeekType(type)) return false;
  if (type != TokenType::kDocumentStart) {
    return Refuse(
        "a directive (%) must be followed by a line '---'; kubectl splits files there, so a "
        "directive cannot be used",
        Peek()->start);
  }
  Take();
  last_end_ = OffsetOf(cur_);
  if (!PeekType(type)) return false;
  switch (type) {
    case TokenType::kVersionDirective:
    case TokenType::kTagDirective:
    case TokenType::kDocumentStart:
    case TokenType::kDocumentEnd:
    case TokenType::kStreamEnd:
      // An empty document: no node at all.
      state_ = State::kDocumentEnd;
      states_.pop_back();
      return true;
    default:
      return ParseNode(true, false);
  }
}

bool YamlParser::ReadDirectives() {
  bool has_version = false;
  TokenType type;
  if (!PeekType(type)) return false;
  while (type == TokenType::kVersionDirective || type == TokenType::kTagDirective) {
    const Token token = *Peek();
    if (type == TokenType::kVersionDirective) {
      if (has_version) return Refuse("a second %YAML directive", token.start);
      has_version = true;
      const size_t dot = token.text.find('.');
      // Leading zeros do not matter: 01.1 is 1.1.
      if (ParseInt64(token.text.substr(0, dot)) != 1 ||
          ParseInt64(token.text.substr(dot + 1)) != 1) {
        return Refuse("Kubernetes reads YAML 1.1 only; remove the %YAML directive", token.start);
      }
    } else if (!AddTagDirective(token.text, token.suffix, false, token.start)) {
      return false;
    }
    Take();
    if (!PeekType(type)) return false;
  }
  return AddTagDirective("!", "!", true, 0) && AddTagDirective("!!", "tag:yaml.org,2002:", true, 0);
}

bool YamlParser::AddTagDirective(std::string_view handle, std::string_view prefix, bool again,
                                 uint32_t at) {
  for (const auto& [known, ignored] : tag_directives_) {
    if (known != handle) continue;
    return again || Refuse("a second %TAG directive for the same handle", at);
  }
  tag_directives_.emplace_back(handle, prefix);
  return true;
}

bool YamlParser::Advance() {
  switch (state_) {
    case State::kDocumentEnd:
      return true;
    case State::kBlockListFirst:
      return ParseBlockList(true);
    case State::kBlockListEntry:
      return ParseBlockList(false);
    case State::kIndentlessEntry:
      return ParseIndentless();
    case State::kBlockMapFirst:
      return ParseBlockMapKey(true);
    case State::kBlockMapKey:
      return ParseBlockMapKey(false);
    case State::kBlockMapValue:
      return ParseBlockMapValue();
    case State::kFlowListFirst:
      return ParseFlowList(true);
    case State::kFlowListEntry:
      return ParseFlowList(false);
    case State::kFlowPairKey:
      return ParseFlowPairKey();
    case State::kFlowPairValue:
      return ParseFlowPairValue();
    case State::kFlowPairEnd:
      state_ = State::kFlowListEntry;
      return Peek() != nullptr && (builder_->EndCollection(last_end_) || FromBuilder());
    case State::kFlowMapFirst:
      return ParseFlowMapKey(true);
    case State::kFlowMapKey:
      return ParseFlowMapKey(false);
    case State::kFlowMapValue:
      return ParseFlowMapValue(false);
    case State::kFlowMapEmptyValue:
      return ParseFlowMapValue(true);
  }
  return false;
}

// A node with its properties. The state to go on with after it is on the stack.
bool YamlParser::ParseNode(bool block, bool indentless) {
  const Token* token = Peek();
  if (token == nullptr) return false;
  if (token->type == TokenType::kAlias) {
    const Token alias = *token;
    Take();
    PopState();
    return builder_->AddAlias(alias.text, alias.start, alias.end) || FromBuilder();
  }
  std::string_view anchor;
  std::string tag;
  bool has_anchor = false;
  bool has_tag = false;
  const uint32_t start = token->start;
  for (int i = 0; i < 2; ++i) {
    token = Peek();
    if (token == nullptr) return false;
    if (token->type == TokenType::kAnchor && !has_anchor) {
      has_anchor = true;
      anchor = token->text;
    } else if (token->type == TokenType::kTag && !has_tag) {
      has_tag = true;
      if (!FullTag(*token, tag, start)) return false;
    } else {
      break;
    }
    Take();
  }
  if (Peek() == nullptr) return false;
  return ParseContent(block, indentless, anchor, tag, has_tag);
}

bool YamlParser::FullTag(const Token& token, std::string& tag, uint32_t start) {
  if (token.text.empty()) {
    tag = token.suffix;
    return true;
  }
  for (const auto& [handle, prefix] : tag_directives_) {
    if (handle != token.text) continue;
    tag = prefix;
    tag += token.suffix;
    break;
  }
  if (!tag.empty()) return true;
  return Refuse(fmt::format("the tag handle {} is not defined", Printable(token.text)), start);
}

bool YamlParser::ParseContent(bool block, bool indentless, std::string_view anchor,
                              std::string_view tag, bool has_tag) {
  const Token token = *Peek();
  switch (token.type) {
    case TokenType::kScalar: {
      Take();
      PopState();
      ScalarEvent event;
      event.text = token.text;
      event.start = token.start;
      event.end = token.end;
      event.plain = token.plain;
      event.tag = ScalarTagOf(tag);
      event.non_specific = tag == "!";
      event.anchor = anchor;
      return builder_->AddScalar(event) || FromBuilder();
    }
    case TokenType::kBlockEntry:
      if (!indentless) break;
      return OpenCollection(NodeType::kList, 0, token.start, anchor, State::kIndentlessEntry);
    case TokenType::kFlowListStart:
      return OpenCollection(NodeType::kList, kNodeFlow, token.start, anchor, State::kFlowListFirst);
    case TokenType::kFlowMapStart:
      return OpenCollection(NodeType::kMap, kNodeFlow, token.start, anchor, State::kFlowMapFirst);
    case TokenType::kBlockListStart:
      if (!block) break;
      return OpenCollection(NodeType::kList, 0, token.start, anchor, State::kBlockListFirst);
    case TokenType::kBlockMapStart:
      if (!block) break;
      return OpenCollection(NodeType::kMap, 0, token.start, anchor, State::kBlockMapFirst);
    default:
      break;
  }
  if (anchor.empty() && !has_tag) return Unexpected("a value", token.start);
  PopState();
  ScalarEvent event;
  event.text = std::string_view(base_ + last_end_, 0);
  event.start = event.end = last_end_;
  event.absent = true;
  event.tag = ScalarTagOf(tag);
  event.anchor = anchor;
  return builder_->AddScalar(event) || FromBuilder();
}

bool YamlParser::Unexpected(const char* wanted, uint32_t offset) {
  return Refuse(fmt::format("{} is expected here; check the indentation and the brackets", wanted),
                offset);
}

bool YamlParser::AddAbsent() {
  ScalarEvent event;
  event.text = std::string_view(base_ + last_end_, 0);
  event.start = event.end = last_end_;
  event.absent = true;
  return builder_->AddScalar(event) || FromBuilder();
}

bool YamlParser::OpenCollection(NodeType type, uint8_t flags, uint32_t start,
                                std::string_view anchor, State state) {
  state_ = state;
  return builder_->BeginCollection(type, flags, start, anchor) || FromBuilder();
}

bool YamlParser::CloseCollection() {
  PopState();
  return builder_->EndCollection(last_end_) || FromBuilder();
}

bool YamlParser::ParseBlockList(bool first) {
  TokenType type;
  if (first) {
    if (!PeekType(type)) return false;
    Take();
  }
  if (!PeekType(type)) return false;
  if (type == TokenType::kBlockEntry) {
    Take();
    state_ = State::kBlockListEntry;
    if (!PeekType(type)) return false;
    if (type == TokenType::kBlockEntry || type == TokenType::kBlockEnd) return AddAbsent();
    states_.push_back(State::kBlockListEntry);
    return ParseNode(true, false);
  }
  if (type != TokenType::kBlockEnd) return Unexpected("the next list entry '-'", Peek()->start);
  Take();
  return CloseCollection();
}

bool YamlParser::ParseIndentless() {
  TokenType type;
  if (!PeekType(type)) return false;
  if (type != TokenType::kBlockEntry) return CloseCollection();
  Take();
  if (!PeekType(type)) return false;
  if (type == TokenType::kBlockEntry || type == TokenType::kKey || type == TokenType::kValue ||
      type == TokenType::kBlockEnd) {
    return AddAbsent();
  }
  states_.push_back(State::kIndentlessEntry);
  return ParseNode(true, false);
}

bool YamlParser::ParseBlockMapKey(bool first) {
  TokenType type;
  if (first) {
    if (!PeekType(type)) return false;
    Take();
  }
  if (!PeekType(type)) return false;
  if (type == TokenType::kKey) {
    Take();
    state_ = State::kBlockMapValue;
    if (!PeekType(type)) return false;
    if (type == TokenType::kKey || type == TokenType::kValue || type == TokenType::kBlockEnd) {
      return AddAbsent();
    }
    states_.push_back(State::kBlockMapValue);
    return ParseNode(true, true);
  }
  if (type != TokenType::kBlockEnd) return Unexpected("the next key of the map", Peek()->start);
  Take();
  return CloseCollection();
}

bool YamlParser::ParseBlockMapValue() {
  TokenType type;
  if (!PeekType(type)) return false;
  state_ = State::kBlockMapKey;
  if (type != TokenType::kValue) return AddAbsent();
  Take();
  if (!PeekType(type)) return false;
  if (type == TokenType::kKey || type == TokenType::kValue || type == TokenType::kBlockEnd) {
    return AddAbsent();
  }
  states_.push_back(State::kBlockMapKey);
  return ParseNode(true, true);
}

bool YamlParser::ParseFlowList(bool first) {
  TokenType type;
  if (first) {
    if (!PeekType(type)) return false;
    Take();
  }
  if (!PeekType(type)) return false;
  if (type != TokenType::kFlowListEnd) {
    if (!first) {
      if (type != TokenType::kFlowEntry) return Unexpected("',' or ']'", Peek()->start);
      Take();
      if (!PeekType(type)) return false;
    }
    if (type == TokenType::kKey) {
      // [a: b] holds a map of one pair.
      const uint32_t start = Peek()->start;
      Take();
      return OpenCollection(NodeType::kMap, kNodeFlow, start, {}, State::kFlowPairKey);
    }
    if (type != TokenType::kFlowListEnd) {
      states_.push_back(State::kFlowListEntry);
      return ParseNode(false, false);
    }
  }
  Take();
  return CloseCollection();
}

bool YamlParser::ParseFlowPairKey() {
  TokenType type;
  if (!PeekType(type)) return false;
  if (type != TokenType::kValue && type != TokenType::kFlowEntry &&
      type != TokenType::kFlowListEnd) {
    states_.push_back(State::kFlowPairValue);
    return ParseNode(false, false);
  }
  // The upstream drops this token too, whatever it is.
  Take();
  state_ = State::kFlowPairValue;
  return AddAbsent();
}

bool YamlParser::ParseFlowPairValue() {
  TokenType type;
  if (!PeekType(type)) return false;
  if (type == TokenType::kValue) {
    Take();
    if (!PeekType(type)) return false;
    if (type != TokenType::kFlowEntry && type != TokenType::kFlowListEnd) {
      states_.push_back(State::kFlowPairEnd);
      return ParseNode(false, false);
    }
  }
  state_ = State::kFlowPairEnd;
  return AddAbsent();
}

bool YamlParser::ParseFlowMapKey(bool first) {
  TokenType type;
  if (first) {
    if (!PeekType(type)) return false;
    Take();
  }
  if (!PeekType(type)) return false;
  if (type != TokenType::kFlowMapEnd) {
    if (!first) {
      if (type != TokenType::kFlowEntry) return Unexpected("',' or '}'", Peek()->start);
      Take();
      if (!PeekType(type)) return false;
    }
    if (type == TokenType::kKey) {
      Take();
      if (!PeekType(type)) return false;
      if (type != TokenType::kValue && type != TokenType::kFlowEntry &&
          type != TokenType::kFlowMapEnd) {
        states_.push_back(State::kFlowMapValue);
        return ParseNode(false, false);
      }
      state_ = State::kFlowMapValue;
      return AddAbsent();
    }
    if (type != TokenType::kFlowMapEnd) {
      states_.push_back(State::kFlowMapEmptyValue);
      return ParseNode(false, false);
    }
  }
  Take();
  return CloseCollection();
}

bool YamlParser::ParseFlowMapValue(bool empty) {
  TokenType type;
  if (!PeekType(type)) return false;
  state_ = State::kFlowMapKey;
  if (empty || type != TokenType::kValue) return AddAbsent();
  Take();
  if (!PeekType(type)) return false;
  if (type == TokenType::kFlowEntry || type == TokenType::kFlowMapEnd) return AddAbsent();
  states_.push_back(State::kFlowMapKey);
  return ParseNode(false, false);
}

}  // namespace ouro::io
