// Directives and tags: rare in practice, so nothing here is written for speed.

#include "base/text.h"
#include "io/yaml_scanner.h"

namespace ouro::io {
namespace {

constexpr int kVersionDigitsMax = 2;

bool IsUriChar(char c) {
  constexpr std::string_view kOthers = ";/?:@&=+$,.!~*'()[]%";
  return IsWord(c) || (c != 0 && kOthers.find(c) != std::string_view::npos);
}

// Bytes of the UTF-8 sequence that begins with `octet`; 0 when none does.
int SequenceSize(int octet) {
  if ((octet & 0x80) == 0) return 1;
  if ((octet & 0xE0) == 0xC0) return 2;
  if ((octet & 0xF0) == 0xE0) return 3;
  if ((octet & 0xF8) == 0xF0) return 4;
  return 0;
}

}  // namespace

bool YamlScanner::ScanDirective(Token& token) {
  const char* start = cur_++;
  const char* name_start = cur_;
  while (IsWord(*cur_)) ++cur_;
  const std::string_view name(name_start, static_cast<size_t>(cur_ - name_start));
  if (name.empty() || !IsBlankBreakOrEnd(cur_)) {
    return Fail("'%' at the start of a line begins a directive; put the value in quotes", start);
  }
  token.start = OffsetOf(start);
  if (name == "YAML") {
    if (!ScanVersion(token, start)) return false;
  } else if (name == "TAG") {
    if (!ScanTagDirective(token, start)) return false;
  } else {
    return Fail("unknown directive; only %YAML and %TAG exist", start);
  }
  token.end = OffsetOf(cur_);
  while (IsBlank(*cur_)) ++cur_;
  if (*cur_ == '#') {
    const char* from = cur_;
    cur_ = FindBreak(cur_);
    NoteComment(from, cur_);
  }
  if (!IsBreakOrEnd(cur_)) return Fail("a directive ends with its line", cur_);
  SkipBreak();
  return true;
}

bool YamlScanner::ScanVersionNumber(const char* start) {
  int digits = 0;
  for (; IsDigit(*cur_); ++cur_) {
    if (++digits > kVersionDigitsMax) return Fail("the version of YAML has too many digits", start);
  }
  return digits > 0 || Fail("the %YAML directive needs a version like 1.1", start);
}

bool YamlScanner::ScanVersion(Token& token, const char* start) {
  while (IsBlank(*cur_)) ++cur_;
  const char* version = cur_;
  if (!ScanVersionNumber(start)) return false;
  if (*cur_ != '.') return Fail("the %YAML directive needs a version like 1.1", start);
  ++cur_;
  if (!ScanVersionNumber(start)) return false;
  token.type = TokenType::kVersionDirective;
  token.text = std::string_view(version, static_cast<size_t>(cur_ - version));
  return true;
}

bool YamlScanner::ScanTagDirective(Token& token, const char* start) {
  while (IsBlank(*cur_)) ++cur_;
  std::string handle;
  std::string prefix;
  if (!ScanTagHandle(true, start, handle)) return false;
  if (!IsBlank(*cur_)) return Fail("the %TAG directive needs a handle and a prefix", start);
  while (IsBlank(*cur_)) ++cur_;
  if (!ScanTagUri(true, {}, start, prefix)) return false;
  if (!IsBlankBreakOrEnd(cur_))
    return Fail("the prefix of a %TAG directive ends with a blank", cur_);
  token.type = TokenType::kTagDirective;
  token.text = Store(handle);
  token.suffix = Store(prefix);
  return true;
}

bool YamlScanner::ScanTag(Token& token) {
  const char* start = cur_;
  std::string handle;
  std::string suffix;
  if (cur_[1] == '<') {
    cur_ += 2;
    if (!ScanTagUri(false, {}, start, suffix)) return false;
    if (*cur_ != '>') return Fail("'!<' begins a tag, which needs a closing '>'", start);
    ++cur_;
  } else {
    if (!ScanTagHandle(false, start, handle)) return false;
    if (handle.size() > 1 && handle.back() == '!') {
      if (!ScanTagUri(false, {}, start, suffix)) return false;
    } else {
      if (!ScanTagUri(false, handle, start, suffix)) return false;
      handle.assign(1, '!');
      if (suffix.empty()) handle.swap(suffix);
    }
  }
  if (!IsBlankBreakOrEnd(cur_)) {
    return Fail("'!' begins a tag, which ends with a blank; put the value in quotes", start);
  }
  token.type = TokenType::kTag;
  token.start = OffsetOf(start);
  token.end = OffsetOf(cur_);
  token.text = Store(handle);
  token.suffix = Store(suffix);
  return true;
}

bool YamlScanner::ScanTagHandle(bool directive, const char* start, std::string& handle) {
  if (*cur_ != '!') return Fail("the handle of a tag begins with '!'", start);
  handle.push_back(*cur_++);
  while (IsWord(*cur_)) handle.push_back(*cur_++);
  if (*cur_ == '!') {
    handle.push_back(*cur_++);
  } else if (directive && handle != "!") {
    return Fail("the handle of a %TAG directive ends with '!'", start);
  }
  return true;
}

bool YamlScanner::ScanTagUri(bool directive, std::string_view head, const char* start,
                             std::string& uri) {
  bool any = !head.empty();
  if (head.size() > 1) uri.append(head.substr(1));
  while (IsUriChar(*cur_)) {
    if (*cur_ == '%') {
      if (!ScanUriEscapes(start, uri)) return false;
    } else {
      uri.push_back(*cur_++);
    }
    any = true;
  }
  if (any) return true;
  return Fail(directive ? "the %TAG directive has no prefix" : "the tag has no name", start);
}

// One character, written as %XX for each byte of its UTF-8 form.
bool YamlScanner::ScanUriEscapes(const char* start, std::string& uri) {
  int left = 0;
  bool first = true;
  do {
    const int high = *cur_ == '%' ? HexValue(cur_[1]) : -1;
    const int low = high < 0 ? -1 : HexValue(cur_[2]);
    if (low < 0) return Fail("'%' in a tag needs two hexadecimal digits", start);
    const int octet = high * 16 + low;
    if (first) {
      left = SequenceSize(octet);
      first = false;
      if (left == 0) return Fail("the escapes in this tag are not UTF-8", start);
    } else if ((octet & 0xC0) != 0x80) {
      return Fail("the escapes in this tag are not UTF-8", start);
    }
    uri.push_back(static_cast<char>(octet));
    cur_ += 3;
  } while (--left > 0);
  return true;
}

}  // namespace ouro::io
