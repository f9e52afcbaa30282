// Kubernetes' regular expressions (k8s.io/apiserver pkg/cel/library/regex.go).
#include <array>
#include <vector>

#include <fmt/format.h>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"
#include "rules/functions/runes.h"
#include "rules/pattern.h"

namespace ouro::rules::functions {

namespace {

const Pattern* Compile(CallContext& context, const Value& text, Value& error) {
  std::string reason;
  const Pattern* pattern = context.patterns.Get(text.str(), reason);
  if (pattern == nullptr) error = context.arena.NewError(fmt::format("Illegal regex: {}", reason));
  return pattern;
}

Value Find(CallContext& context, std::span<const Value> args) {
  Value error;
  const Pattern* pattern = Compile(context, args[1], error);
  if (pattern == nullptr) return error;
  std::vector<std::string_view> groups;
  if (!pattern->Find(args[0].str(), 0, groups)) return Value::String("");
  return Value::String(groups[0]);
}

// All matches that do not overlap, at most `limit` of them when it is not negative. An empty match
// right behind another match does not count (as Go's FindAll has it).
Value FindAll(CallContext& context, std::span<const Value> args) {
  Value error;
  const Pattern* pattern = Compile(context, args[1], error);
  if (pattern == nullptr) return error;
  const std::string_view text = args[0].str();
  const int64_t limit = args.size() > 2 ? args[2].integer : -1;
  std::vector<Value> found;
  std::vector<std::string_view> groups;
  size_t at = 0;
  size_t previous_end = std::string_view::npos;
  while (at <= text.size() && (limit < 0 || static_cast<int64_t>(found.size()) < limit) &&
         pattern->Find(text, at, groups)) {
    const auto start = static_cast<size_t>(groups[0].data() - text.data());
    const size_t end = start + groups[0].size();
    bool accept = true;
    if (end == at) {  // an empty match: the search goes on behind the next character
      accept = start != previous_end;
      at += at < text.size() ? FirstRune(text.substr(at)).size_bytes : 1;
    } else {
      at = end;
    }
    previous_end = end;
    if (accept) found.push_back(Value::String(groups[0]));
  }
  return context.arena.NewList(found);
}

constexpr std::array kOverloads = {
    Overload{"find", "string_find_string", true, "string, string", "string", Find, PatternCost},
    Overload{"findAll", "string_find_all_string", true, "string, string", "list(string)", FindAll,
             PatternCost},
    Overload{"findAll", "string_find_all_string_int", true, "string, string, int", "list(string)",
             FindAll, PatternCost},
};

}  // namespace

const Library kRegexLibrary = {"regex", "find and findAll", 1, kOverloads};

}  // namespace ouro::rules::functions
