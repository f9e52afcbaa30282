#include "gate/version.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::gate {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Weight of a character in a run without digits: '~' first, then the end, letters, the rest.
int WeightOf(char c) {
  if (c == '~') return -1;
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return static_cast<unsigned char>(c);
  return static_cast<unsigned char>(c) + 256;
}

std::string_view TakeDigits(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() && IsDigit(text[size])) ++size;
  std::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  if (digits == "0") digits = {};
  return digits;
}

int Sign(int64_t value) {
  return value < 0 ? -1 : value > 0 ? 1 : 0;
}

int CompareNumbers(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return Sign(a.compare(b));
}

int CompareParts(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    while ((!a.empty() && !IsDigit(a.front())) || (!b.empty() && !IsDigit(b.front()))) {
      const int left = a.empty() || IsDigit(a.front()) ? 0 : WeightOf(a.front());
      const int right = b.empty() || IsDigit(b.front()) ? 0 : WeightOf(b.front());
      if (left != right) return left < right ? -1 : 1;
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
    const std::string_view left = TakeDigits(a);
    const std::string_view right = TakeDigits(b);
    if (const int order = CompareNumbers(left, right); order != 0) return order;
  }
  return 0;
}

std::pair<std::string_view, std::string_view> SplitEpoch(std::string_view version) {
  const size_t colon = version.find(':');
  if (colon == std::string_view::npos) return {"", version};
  std::string_view epoch = version.substr(0, colon);
  while (!epoch.empty() && epoch.front() == '0') epoch.remove_prefix(1);
  return {epoch, version.substr(colon + 1)};
}

int CompareSemantic(std::string_view a, std::string_view b) {
  const auto clean = [](std::string_view text) {
    if (text.size() > 1 && (text.front() == 'v' || text.front() == 'V') && IsDigit(text[1])) {
      text.remove_prefix(1);
    }
    return text.substr(0, text.find('+'));
  };
  a = clean(a);
  b = clean(b);
  const size_t dash_a = a.find('-');
  const size_t dash_b = b.find('-');
  // 1.0 and 1.0.0 are the same release: missing numbers are 0 ("" and "0" compare equal), and the
  // dots that lead to them do not count.
  std::string core_a(a.substr(0, dash_a));
  std::string core_b(b.substr(0, dash_b));
  const auto dots = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '.');
  };
  while (dots(core_a) < dots(core_b)) core_a += ".0";
  while (dots(core_b) < dots(core_a)) core_b += ".0";
  if (const int order = CompareParts(core_a, core_b); order != 0) return order;
  const bool pre_a = dash_a != std::string_view::npos;
  const bool pre_b = dash_b != std::string_view::npos;
  if (pre_a != pre_b) return pre_a ? -1 : 1;
  return pre_a ? CompareParts(a.substr(dash_a + 1), b.substr(dash_b + 1)) : 0;
}

struct Constraint {
  std::string_view comparison;
  std::string_view version;
};

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = text.find_first_not_of(" ,", at);
    if (begin == std::string_view::npos) break;
    const size_t end = std::min(text.find_first_of(" ,", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    at = end;
  }
  return words;
}

// "<=1.2": the comparison and the version. ">= 1.2" is two words and not accepted.
Constraint ParseConstraint(std::string_view word) {
  size_t size = 0;
  while (size < word.size() && std::string_view("<>=!").find(word[size]) != std::string_view::npos)
    ++size;
  return {size == 0 ? "=" : word.substr(0, size), word.substr(size)};
}

bool Holds(int order, std::string_view comparison) {
  if (comparison == "=" || comparison == "==") return order == 0;
  if (comparison == "!=") return order != 0;
  if (comparison == "<") return order < 0;
  if (comparison == "<=") return order <= 0;
  return comparison == ">" ? order > 0 : order >= 0;
}

}  // namespace

int CompareVersions(std::string_view a, std::string_view b, bool semver) {
  if (semver) return CompareSemantic(a, b);
  const auto [epoch_a, rest_a] = SplitEpoch(a);
  const auto [epoch_b, rest_b] = SplitEpoch(b);
  if (const int order = CompareNumbers(epoch_a, epoch_b); order != 0) return order;
  return CompareParts(rest_a, rest_b);
}

Status CheckConstraints(std::string_view constraints) {
  const std::vector<std::string_view> words = Words(constraints);
  for (const std::string_view word : words) {
    const auto [comparison, version] = ParseConstraint(word);
    bool known = false;
    for (const std::string_view name : {"=", "==", "!=", "<", "<=", ">", ">="}) {
      known = known || comparison == name;
    }
    const bool is_version =
        !version.empty() && std::isalnum(static_cast<unsigned char>(version[0])) != 0;
    if (!known || !is_version) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("\"{}\" is no version constraint: write >=1.2 or <2.0", word));
    }
  }
  return {};
}

bool SatisfiesConstraints(std::string_view version, std::string_view constraints,
                          std::string_view purl_type) {
  const bool semver = purl_type != "deb" && purl_type != "rpm" && purl_type != "apk";
  const std::vector<std::string_view> words = Words(constraints);
  return std::all_of(words.begin(), words.end(), [&](std::string_view word) {
    const auto [comparison, limit] = ParseConstraint(word);
    return Holds(CompareVersions(version, limit, semver), comparison);
  });
}

}  // namespace ouro::gate
