#include "rules/pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/limits.h"
#include "base/text.h"

namespace ouro::rules {

namespace {

constexpr size_t kCachedPatternCount = 1'000;

// Translates Go's dialect into that of the installed RE2: `(?<name>` becomes `(?P<name>`. Returns
// false when the pattern uses `\C`, which Go does not have. Text inside `\Q…\E` and classes is
// copied as it is.
bool TranslateDialect(std::string_view pattern, std::string& out) {
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[i + 1];
      if (next == 'C') return false;
      if (next == 'Q' && !in_class) {
        const size_t end = pattern.find("\\E", i + 2);
        const size_t stop = end == std::string_view::npos ? pattern.size() : end + 2;
        out.append(pattern.substr(i, stop - i));
        i = stop - 1;
        continue;
      }
      out += c;
      out += next;
      ++i;
      continue;
    }
    if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      out += c;
      // A ']' that comes first is a member of the class.
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') out += pattern[++i];
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') out += pattern[++i];
      continue;
    } else if (StartsWith(pattern.substr(i), "(?<") && !StartsWith(pattern.substr(i), "(?<=") &&
               !StartsWith(pattern.substr(i), "(?<!")) {
      out += "(?P<";
      i += 2;
      continue;
    }
    out += c;
  }
  return true;
}

re2::StringPiece Piece(std::string_view text) {
  return re2::StringPiece(text.data(), text.size());
}

}  // namespace

struct Pattern::Impl {
  Impl(const std::string& text, const RE2::Options& options) : regex(text, options) {}
  RE2 regex;
};

Pattern::Pattern(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pattern::~Pattern() = default;

Result<std::unique_ptr<Pattern>> Pattern::Compile(std::string_view pattern) {
  if (static_cast<int64_t>(pattern.size()) > limits::kPatternSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("the regular expression has {} bytes; at most {} are allowed",
                            pattern.size(), limits::kPatternSizeBytes));
  }
  if (!IsValidUtf8(pattern)) {
    return Fail(ErrorCode::kInvalid, "the regular expression is not valid UTF-8");
  }
  std::string text;
  text.reserve(pattern.size() + 8);
  if (!TranslateDialect(pattern, text)) {
    return Fail(ErrorCode::kInvalid, fmt::format("invalid escape sequence: \\C in `{}`", pattern));
  }
  RE2::Options options;
  options.set_log_errors(false);
  auto impl = std::make_unique<Impl>(text, options);
  if (!impl->regex.ok()) {
    return Fail(ErrorCode::kInvalid, fmt::format("{} in `{}`", impl->regex.error(), pattern));
  }
  return std::unique_ptr<Pattern>(new Pattern(std::move(impl)));
}

bool Pattern::Search(std::string_view text) const {
  return impl_->regex.Match(Piece(text), 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

bool Pattern::Find(std::string_view text, size_t from,
                   std::vector<std::string_view>& groups) const {
  if (from > text.size()) return false;
  const int count = 1 + impl_->regex.NumberOfCapturingGroups();
  std::vector<re2::StringPiece> found(static_cast<size_t>(count));
  if (!impl_->regex.Match(Piece(text), from, text.size(), RE2::UNANCHORED, found.data(), count)) {
    return false;
  }
  groups.clear();
  for (const re2::StringPiece& piece : found) {
    groups.push_back(piece.data() == nullptr ? std::string_view()
                                             : std::string_view(piece.data(), piece.size()));
  }
  return true;
}

int Pattern::group_count() const {
  return impl_->regex.NumberOfCapturingGroups();
}

std::vector<std::pair<std::string, int>> Pattern::group_names() const {
  const auto& names = impl_->regex.NamedCapturingGroups();
  return {names.begin(), names.end()};
}

PatternCache::PatternCache() = default;
PatternCache::~PatternCache() = default;

const Pattern* PatternCache::Get(std::string_view pattern, std::string& error) {
  const auto known = patterns_.find(pattern);
  if (known != patterns_.end()) return known->second.get();
  auto compiled = Pattern::Compile(pattern);
  if (!compiled) {
    error = std::move(compiled).error().message;
    return nullptr;
  }
  if (patterns_.size() >= kCachedPatternCount) patterns_.clear();
  return patterns_.emplace(std::string(pattern), std::move(*compiled)).first->second.get();
}

}  // namespace ouro::rules
