#include "scan/ignore.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/limits.h"

namespace ouro::scan {
namespace {

// Trailing blanks do not count unless a backslash stands before them.
std::string_view TrimTrailingBlanks(std::string_view line) {
  size_t keep = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      keep = ++i + 1;
    } else if (line[i] != ' ') {
      keep = i + 1;
    }
  }
  return line.substr(0, keep);
}

struct ByteClass {
  std::string_view name;
  int (*holds)(int);
};
constexpr std::array<ByteClass, 12> kByteClasses = {{{"alnum", std::isalnum},
                                                     {"alpha", std::isalpha},
                                                     {"blank", std::isblank},
                                                     {"cntrl", std::iscntrl},
                                                     {"digit", std::isdigit},
                                                     {"graph", std::isgraph},
                                                     {"lower", std::islower},
                                                     {"print", std::isprint},
                                                     {"punct", std::ispunct},
                                                     {"space", std::isspace},
                                                     {"upper", std::isupper},
                                                     {"xdigit", std::isxdigit}}};

void SetBit(uint64_t (&bits)[4], unsigned char byte) {
  bits[byte >> 6] |= uint64_t{1} << (byte & 63);
}
bool HasBit(const uint64_t (&bits)[4], unsigned char byte) {
  return (bits[byte >> 6] >> (byte & 63)) & 1;
}
unsigned char AsByte(char c) {
  return static_cast<unsigned char>(c);
}

// Adds the bytes of "[:name:]" at `at` and moves past it; false when there is none.
bool AddByteClass(std::string_view text, size_t& at, uint64_t (&bits)[4]) {
  if (text.substr(at, 2) != "[:") return false;
  const size_t close = text.find(":]", at + 2);
  if (close == std::string_view::npos) return false;
  const std::string_view name = text.substr(at + 2, close - at - 2);
  for (const ByteClass& known : kByteClasses) {
    if (known.name != name) continue;
    for (int byte = 0; byte < 128; ++byte) {
      if (known.holds(byte) != 0) SetBit(bits, static_cast<unsigned char>(byte));
    }
    at = close + 2;
    return true;
  }
  return false;
}

}  // namespace

std::optional<IgnorePattern> IgnorePattern::Parse(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty() || line.front() == '#') return std::nullopt;
  line = TrimTrailingBlanks(line);
  IgnorePattern pattern;
  if (!line.empty() && line.front() == '!') {
    pattern.negated_ = true;
    line.remove_prefix(1);
  }
  if (!line.empty() && line.back() == '/') {
    pattern.folders_only_ = true;
    line.remove_suffix(1);
  }
  pattern.anchored_ = line.find('/') != std::string_view::npos;
  if (!line.empty() && line.front() == '/') line.remove_prefix(1);
  if (line.empty() || !pattern.Compile(line)) return std::nullopt;
  return pattern;
}

bool IgnorePattern::CompileSet(std::string_view text, size_t& at) {
  Set set;
  size_t i = at + 1;
  const bool inverted = i < text.size() && (text[i] == '!' || text[i] == '^');
  if (inverted) ++i;
  bool first = true;
  while (i < text.size() && (text[i] != ']' || first)) {
    first = false;
    if (AddByteClass(text, i, set.bits)) continue;
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    const unsigned char low = AsByte(text[i++]);
    unsigned char high = low;
    if (i + 1 < text.size() && text[i] == '-' && text[i + 1] != ']') {
      i += 1;
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      high = AsByte(text[i++]);
    }
    for (int byte = low; byte <= high; ++byte) SetBit(set.bits, static_cast<unsigned char>(byte));
  }
  if (i >= text.size()) return false;
  if (inverted) {
    for (uint64_t& word : set.bits) word = ~word;
  }
  set.bits['/' >> 6] &= ~(uint64_t{1} << ('/' & 63));
  steps_.push_back({Op::kSet, 0, static_cast<uint32_t>(sets_.size())});
  sets_.push_back(set);
  at = i + 1;
  return true;
}

bool IgnorePattern::Compile(std::string_view text) {
  is_literal_ = true;
  size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '\\') {
      if (i + 1 >= text.size()) return false;
      literal_ += text[i + 1];
      steps_.push_back({Op::kLiteral, text[i + 1], 0});
      i += 2;
    } else if (c == '[') {
      is_literal_ = false;
      if (!CompileSet(text, i)) return false;
    } else if (c == '?') {
      is_literal_ = false;
      steps_.push_back({Op::kAnyByte, 0, 0});
      ++i;
    } else if (c == '*') {
      is_literal_ = false;
      size_t end = i;
      while (end < text.size() && text[end] == '*') ++end;
      const bool own_segment = end - i == 2 && (i == 0 || text[i - 1] == '/');
      if (own_segment && end == text.size()) {
        steps_.push_back({Op::kRest, 0, 0});
      } else if (own_segment && text[end] == '/') {
        steps_.push_back({Op::kAnyFolders, 0, 0});
        ++end;
      } else {
        steps_.push_back({Op::kAnyRun, 0, 0});
      }
      i = end;
    } else {
      literal_ += c;
      steps_.push_back({Op::kLiteral, c, 0});
      ++i;
    }
  }
  return true;
}

// Walks the text once with the set of reachable steps, so that no pattern is exponential. A step
// index stands before its step; kAnyFolders needs a second state for "inside a folder name", kept
// in `inside`.
bool IgnorePattern::MatchSteps(std::string_view text) const {
  const size_t count = steps_.size();
  std::vector<char> now(count + 1, 0);
  std::vector<char> next(count + 1, 0);
  std::vector<char> inside(count + 1, 0);
  const auto reach = [&](std::vector<char>& states, size_t at) {
    while (true) {
      states[at] = 1;
      if (at >= count) return;
      const Op op = steps_[at].op;
      if (op != Op::kAnyRun && op != Op::kAnyFolders) return;
      ++at;
    }
  };
  reach(now, 0);
  for (const char c : text) {
    std::fill(next.begin(), next.end(), char{0});
    for (size_t at = 0; at < count; ++at) {
      const Step& step = steps_[at];
      if (step.op == Op::kAnyFolders && (now[at] || inside[at])) {
        inside[at] = c != '/';
        if (c == '/') reach(next, at);
      }
      if (!now[at]) continue;
      switch (step.op) {
        case Op::kLiteral:
          if (c == step.byte) reach(next, at + 1);
          break;
        case Op::kAnyByte:
          if (c != '/') reach(next, at + 1);
          break;
        case Op::kSet:
          if (HasBit(sets_[step.set].bits, AsByte(c))) reach(next, at + 1);
          break;
        case Op::kAnyRun:
          if (c != '/') reach(next, at);
          break;
        case Op::kRest:
          return true;
        case Op::kAnyFolders:
          break;
      }
    }
    std::swap(now, next);
  }
  return now[count] != 0;
}

bool IgnorePattern::Matches(std::string_view path, bool is_folder) const {
  if (folders_only_ && !is_folder) return false;
  if (!anchored_) {
    const size_t slash = path.rfind('/');
    if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  }
  if (is_literal_) return path == literal_;
  return MatchSteps(path);
}

void IgnoreList::AddPattern(std::string_view line) {
  auto pattern = IgnorePattern::Parse(line);
  if (!pattern) return;
  if (static_cast<int64_t>(patterns_.size()) >= limits::kIgnoreFilePatternCount) {
    truncated_ = true;
    return;
  }
  patterns_.push_back(std::move(*pattern));
}

void IgnoreList::Parse(std::string_view text) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    AddPattern(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

std::optional<bool> IgnoreList::Decide(std::string_view path, bool is_folder) const {
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    if (pattern->Matches(path, is_folder)) return !pattern->negated();
  }
  return std::nullopt;
}

}  // namespace ouro::scan
