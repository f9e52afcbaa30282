#include "triage/owner.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"

namespace ouro::triage {
namespace {

constexpr std::string_view kAnyDepth = "**";

// Words between blanks; a backslash keeps the next character, '#' at the begin of a word ends the
// line.
std::vector<std::string> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  for (size_t i = 0; i <= line.size(); ++i) {
    const char c = i < line.size() ? line[i] : ' ';
    if (c == '\\' && i + 1 < line.size()) {
      word += line[++i];
    } else if (c == ' ' || c == '\t' || c == '\r') {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
    } else if (c == '#' && word.empty()) {
      return words;
    } else {
      word += c;
    }
  }
  return words;
}

void AddOnce(std::vector<std::string>& owners, const std::vector<std::string>& more) {
  for (const std::string& owner : more) {
    if (std::find(owners.begin(), owners.end(), owner) == owners.end()) owners.push_back(owner);
  }
}

// Do the segments match the first `count` names of the path? Greedy: of several "**" only the last
// one has to be tried again, so the time is the product of both lengths at most.
bool MatchesSegments(const std::vector<std::string>& segments,
                     const std::vector<std::string_view>& path, size_t count) {
  size_t at = 0;
  size_t name = 0;
  size_t star = segments.size();
  size_t star_name = 0;
  while (name < count) {
    if (at < segments.size() && segments[at] == kAnyDepth) {
      star = at++;
      star_name = name;
    } else if (at < segments.size() && MatchesGlob(path[name], segments[at])) {
      ++at;
      ++name;
    } else if (star < segments.size()) {
      at = star + 1;
      name = ++star_name;
    } else {
      return false;
    }
  }
  while (at < segments.size() && segments[at] == kAnyDepth) ++at;
  return at == segments.size();
}

OwnerAnswer One(std::string owner, std::string why) {
  return {owner, {owner}, std::move(why)};
}

const OwnerRule* FindRule(const std::vector<OwnerRule>& rules, std::string_view text) {
  if (text.empty()) return nullptr;
  const auto found = std::find_if(rules.begin(), rules.end(), [text](const OwnerRule& rule) {
    return MatchesGlob(text, rule.pattern);
  });
  return found == rules.end() ? nullptr : &*found;
}

}  // namespace

// "[Name]", "^[Name]", "[Name][2]", each with owners behind it. False: the line begins no section.
bool Codeowners::BeginSection(std::string_view line) {
  if (StartsWith(line, "^")) line.remove_prefix(1);
  const size_t end = line.find(']');
  if (!StartsWith(line, "[") || end == std::string_view::npos || end == 1) return false;
  const std::string name = LowerAscii(TrimSpace(line.substr(1, end - 1)));
  line.remove_prefix(end + 1);
  if (StartsWith(line, "[")) {
    const size_t count_end = line.find(']');
    if (count_end == std::string_view::npos) return false;
    line.remove_prefix(count_end + 1);
  }
  const auto same = std::find_if(sections_.begin(), sections_.end(),
                                 [&name](const Section& section) { return section.name == name; });
  current_ = static_cast<size_t>(same - sections_.begin());
  if (same == sections_.end()) sections_.push_back({name, {}, {}});
  std::vector<std::string> owners = SplitWords(line);
  if (!owners.empty()) sections_[current_].owners = std::move(owners);
  return true;
}

// False: the line is no rule.
Result<bool> Codeowners::AddRule(std::string_view line, int64_t number) {
  std::vector<std::string> words = SplitWords(line);
  if (words.empty()) return true;
  std::string pattern = std::move(words.front());
  if (StartsWith(pattern, "!")) return false;
  if (++rule_count_ > limits::kCodeownersRuleCount) {
    return Fail(ErrorCode::kLimit,
                fmt::format("CODEOWNERS has more than {} rules", limits::kCodeownersRuleCount));
  }
  Rule rule;
  rule.line = number;
  rule.owners.assign(std::make_move_iterator(words.begin() + 1),
                     std::make_move_iterator(words.end()));
  if (rule.owners.empty()) rule.owners = sections_[current_].owners;
  rule.folder = EndsWith(pattern, "/");
  if (rule.folder) pattern.pop_back();
  // Without a slash before its end a pattern holds at any depth.
  const bool anchored = pattern.find('/') != std::string::npos;
  if (!anchored) rule.segments.emplace_back(kAnyDepth);
  if (StartsWith(pattern, "/")) pattern.erase(0, 1);
  for (const std::string_view segment : SplitText(pattern, '/'))
    rule.segments.emplace_back(segment);
  rule.direct = anchored && rule.segments.back() == "*";
  sections_[current_].rules.push_back(std::move(rule));
  return true;
}

Result<Codeowners> Codeowners::Parse(std::string_view text) {
  if (static_cast<int64_t>(text.size()) > limits::kCodeownersSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("CODEOWNERS has more than {} bytes", limits::kCodeownersSizeBytes));
  }
  Codeowners codeowners;
  codeowners.sections_.emplace_back();
  int64_t number = 0;
  for (const std::string_view raw : SplitText(text, '\n')) {
    ++number;
    const std::string_view line = TrimSpace(raw);
    if (line.empty() || line.front() == '#' || codeowners.BeginSection(line)) continue;
    OURO_TRY(const bool added, codeowners.AddRule(line, number));
    if (!added) ++codeowners.skipped_line_count_;
  }
  return codeowners;
}

bool Codeowners::Matches(const Rule& rule, const std::vector<std::string_view>& path) {
  if (!rule.folder && MatchesSegments(rule.segments, path, path.size())) return true;
  if (rule.direct) return false;
  // A pattern that names a folder owns all that is below it.
  for (size_t count = 1; count < path.size(); ++count) {
    if (MatchesSegments(rule.segments, path, count)) return true;
  }
  return false;
}

Codeowners::Match Codeowners::Find(std::string_view path) const {
  if (StartsWith(path, "./")) path.remove_prefix(2);
  if (StartsWith(path, "/")) path.remove_prefix(1);
  const std::vector<std::string_view> names = SplitText(path, '/');
  Match match;
  for (const Section& section : sections_) {
    const auto rule = std::find_if(section.rules.rbegin(), section.rules.rend(),
                                   [&names](const Rule& r) { return Matches(r, names); });
    if (rule == section.rules.rend()) continue;
    match.line = rule->line;
    AddOnce(match.owners, rule->owners);
  }
  return match;
}

OwnerAnswer FindOwner(const OwnerPolicy& policy, const Codeowners* codeowners,
                      const OwnerFacts& facts) {
  if (facts.in_base_image && !policy.base_image_owner.empty()) {
    return One(policy.base_image_owner, "it lies in the base image");
  }
  for (const auto* labels : {&facts.labels, &facts.namespace_labels}) {
    for (const std::string& key : policy.label_keys) {
      const auto found = labels->find(key);
      if (found == labels->end() || found->second.empty()) continue;
      const bool own = labels == &facts.labels;
      return One(found->second, fmt::format("label {}{}", key, own ? "" : " of the namespace"));
    }
  }
  if (const OwnerRule* rule = FindRule(policy.namespaces, facts.namespace_name)) {
    return One(rule->owner, fmt::format("namespace rule {}", rule->pattern));
  }
  if (codeowners != nullptr && !facts.path.empty()) {
    Codeowners::Match match = codeowners->Find(facts.path);
    if (!match.owners.empty()) {
      std::string first = match.owners.front();
      return {std::move(first), std::move(match.owners),
              fmt::format("CODEOWNERS line {}", match.line)};
    }
  }
  if (const OwnerRule* rule = FindRule(policy.paths, facts.path)) {
    return One(rule->owner, fmt::format("path rule {}", rule->pattern));
  }
  if (!policy.default_owner.empty()) return One(policy.default_owner, "default");
  return {};
}

}  // namespace ouro::triage
