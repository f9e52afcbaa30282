#include "rules/check_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"

namespace ouro::rules {
namespace {

// Longest readable name of an RBAC rule in a field path; longer ones become a hash.
constexpr size_t kRuleNameSizeMax = 160;

bool IsPlainKeyByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

bool IsPlainKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), IsPlainKeyByte);
}

tl::unexpected<Error> PathError(std::string_view text, size_t at, std::string_view what) {
  return Fail(ErrorCode::kParse, fmt::format("path {:?}: {}", text, what),
              fmt::format("{}", at + 1));
}

// Reads "['key']", "[\"key\"]" or "[12]" at `at`, which stands on '['.
Result<PathStep> ParseBracket(std::string_view text, size_t& at) {
  PathStep step;
  const size_t open = at++;
  if (at < text.size() && (text[at] == '\'' || text[at] == '"')) {
    const size_t end = text.find(text[at], at + 1);
    if (end == std::string_view::npos) return PathError(text, open, "quote is not closed");
    step.key = std::string(text.substr(at + 1, end - at - 1));
    at = end + 1;
  } else {
    const size_t end = std::min(text.find(']', at), text.size());
    const auto index = ParseInt64(text.substr(at, end - at));
    if (!index || *index < 0) return PathError(text, at, "expected an index or a quoted key");
    step.index = *index;
    at = end;
  }
  if (at >= text.size() || text[at] != ']') return PathError(text, open, "bracket is not closed");
  ++at;
  return step;
}

std::string ScalarText(const io::Tree& tree, uint32_t node) {
  const io::Node& n = tree.node(node);
  switch (n.type) {
    case io::NodeType::kBool:
      return n.boolean ? "true" : "false";
    case io::NodeType::kInt:
      return std::to_string(n.integer);
    case io::NodeType::kUint:
      return std::to_string(n.unsigned_integer);
    case io::NodeType::kDouble:
      return fmt::format("{}", n.number);
    case io::NodeType::kString:
      return std::string(tree.Text(node));
    default:
      return "null";
  }
}

bool IsContainer(io::NodeType type) {
  return type == io::NodeType::kMap || type == io::NodeType::kList;
}

void AppendCanonical(const io::Tree& tree, const io::KeyTable& keys, uint32_t node,
                     std::string& out) {
  if (out.size() > static_cast<size_t>(limits::kMessageSizeBytes)) return;
  const io::NodeView view(tree, keys, node);
  if (view.IsMap()) {
    auto members = view.Members();
    std::sort(members.begin(), members.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    out += '{';
    for (const auto& [key, value] : members) {
      AppendJsonString(out, key);
      out += ':';
      AppendCanonical(tree, keys, value.index(), out);
      out += ',';
    }
    out += '}';
  } else if (view.IsList()) {
    out += '[';
    for (const auto& item : view.Children()) {
      AppendCanonical(tree, keys, item.index(), out);
      out += ',';
    }
    out += ']';
  } else if (view.IsString()) {
    AppendJsonString(out, view.Text());
  } else {
    out += ScalarText(tree, view.index());
  }
}

std::string ShortHash(std::string_view text) {
  TupleHasher hasher("field-path");
  hasher.Add("content", text);
  return hasher.Finish().substr(0, 12);
}

// "get,list" of a list of strings, sorted and without duplicates.
std::string SortedList(const io::NodeView& list) {
  std::vector<std::string> items;
  for (const auto& item : list.Children()) {
    if (!IsContainer(item.type())) items.push_back(ScalarText(item.tree(), item.index()));
  }
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return JoinText(items, ",");
}

std::string RuleName(const io::NodeView& rule) {
  std::string name = fmt::format("{}/{}:{}", SortedList(rule.Get("apiGroups")),
                                 SortedList(rule.Get("resources")), SortedList(rule.Get("verbs")));
  if (const auto names = SortedList(rule.Get("resourceNames")); !names.empty()) {
    name += " names=" + names;
  }
  if (const auto urls = SortedList(rule.Get("nonResourceURLs")); !urls.empty()) {
    name += " urls=" + urls;
  }
  return name.size() > kRuleNameSizeMax ? ShortHash(name) : name;
}

std::string SubjectName(const io::NodeView& subject) {
  std::string name(subject.Get("kind").Text());
  if (const auto name_space = subject.Get("namespace").Text(); !name_space.empty()) {
    name += '/';
    name += name_space;
  }
  name += '/';
  name += subject.Get("name").Text();
  return name;
}

}  // namespace

Result<std::vector<PathStep>> ParseCheckPath(std::string_view text, io::KeyTable* keys) {
  std::vector<PathStep> steps;
  if (text.empty() || text == ".") return steps;
  size_t at = 0;
  bool need_key = true;  // at the start and after a dot
  while (at < text.size()) {
    PathStep step;
    if (text[at] == '[') {
      OURO_TRY(step, ParseBracket(text, at));
    } else {
      if (!need_key) return PathError(text, at, "expected '.' or '['");
      const size_t start = at;
      while (at < text.size() && IsPlainKeyByte(text[at])) ++at;
      if (at == start) return PathError(text, at, "expected a key");
      step.key = std::string(text.substr(start, at - start));
    }
    if (keys != nullptr && step.index < 0) step.key_id = keys->Intern(step.key);
    steps.push_back(std::move(step));
    need_key = false;
    if (at < text.size() && text[at] == '.') {
      ++at;
      need_key = true;
    }
  }
  if (need_key) return PathError(text, text.size(), "ends with a dot");
  return steps;
}

void AppendKeyStep(std::string& path, std::string_view key) {
  if (IsPlainKey(key)) {
    if (!path.empty()) path += '.';
    path += key;
    return;
  }
  path += "['";
  for (const char c : key) {
    if (c == '\'' || c == '\\') path += '\\';
    path += c;
  }
  path += "']";
}

void AppendIndexStep(std::string& path, int64_t index) {
  path += fmt::format("[{}]", index);
}

std::string CanonicalJson(const io::Tree& tree, const io::KeyTable& keys, uint32_t node) {
  std::string out;
  AppendCanonical(tree, keys, node, out);
  return out;
}

std::string ListItemName(const io::Tree& tree, const io::KeyTable& keys, std::string_view list_key,
                         uint32_t item) {
  const io::NodeView view(tree, keys, item);
  if (!IsContainer(view.type())) return Printable(ScalarText(tree, view.index()));
  if (view.IsMap()) {
    if (list_key == "rules") return RuleName(view);
    if (list_key == "subjects") return SubjectName(view);
    // The merge keys of the Kubernetes API for these lists (patchMergeKey in k8s.io/api), with the
    // name first where one is given.
    static constexpr std::array<std::string_view, 6> kNameKeys = {
        "mountPath", "devicePath", "name", "containerPort", "ip", "topologyKey"};
    for (const std::string_view key : kNameKeys) {
      const auto value = view.Get(key);
      if (value.exists() && !IsContainer(value.type()) && value.type() != io::NodeType::kNull) {
        return fmt::format("{}={}", key, Printable(ScalarText(tree, value.index())));
      }
    }
  }
  return ShortHash(CanonicalJson(tree, keys, item));
}

}  // namespace ouro::rules
