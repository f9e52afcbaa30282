#include "rules/functions/semantic_version.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "rules/functions/number_text.h"

namespace ouro::rules::functions {

namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), IsDigit);
}

bool ValidIdentifier(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

bool HasLeadingZero(std::string_view text) {
  return text.size() > 1 && text[0] == '0';
}

bool ValidPrerelease(std::string_view text) {
  for (const std::string_view part : SplitText(text, '.')) {
    if (!ValidIdentifier(part)) return false;
    if (AllDigits(part) && (HasLeadingZero(part) || !ParseUint(part))) return false;
  }
  return true;
}

bool ValidBuild(std::string_view text) {
  const auto parts = SplitText(text, '.');
  return std::all_of(parts.begin(), parts.end(), ValidIdentifier);
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  if (HasLeadingZero(text)) return std::nullopt;
  return ParseUint(text);
}

int CompareIdentifiers(std::string_view a, std::string_view b) {
  const bool a_number = AllDigits(a);
  const bool b_number = AllDigits(b);
  if (a_number != b_number) return a_number ? -1 : 1;
  // Numbers have no leading zeros, so the longer one is greater.
  if (a_number && a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int order = a.compare(b);
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

}  // namespace

std::string SemanticVersion::ToText() const {
  std::string out = fmt::format("{}.{}.{}", major, minor, patch);
  if (!prerelease.empty()) out += "-" + prerelease;
  if (!build.empty()) out += "+" + build;
  return out;
}

std::optional<SemanticVersion> ParseSemanticVersion(std::string_view text) {
  const size_t first = text.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = text.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  SemanticVersion version;
  std::string_view patch = text.substr(second + 1);
  const size_t plus = patch.find('+');
  if (plus != std::string_view::npos) {
    version.build = patch.substr(plus + 1);
    if (!ValidBuild(version.build)) return std::nullopt;
    patch = patch.substr(0, plus);
  }
  const size_t dash = patch.find('-');
  if (dash != std::string_view::npos) {
    version.prerelease = patch.substr(dash + 1);
    if (!ValidPrerelease(version.prerelease)) return std::nullopt;
    patch = patch.substr(0, dash);
  }
  const auto major = ParseNumber(text.substr(0, first));
  const auto minor = ParseNumber(text.substr(first + 1, second - first - 1));
  const auto patch_number = ParseNumber(patch);
  if (!major || !minor || !patch_number) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  version.patch = *patch_number;
  return version;
}

std::optional<SemanticVersion> NormalizeSemanticVersion(std::string_view text) {
  if (StartsWith(text, "v")) text.remove_prefix(1);
  std::vector<std::string> parts;
  for (std::string_view rest = text;;) {
    const size_t dot = parts.size() < 2 ? rest.find('.') : std::string_view::npos;
    parts.emplace_back(rest.substr(0, dot));
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  for (std::string& part : parts) {
    if (part.size() < 2) continue;
    part.erase(0, std::min(part.find_first_not_of('0'), part.size()));
    if (part.empty() || !IsDigit(part.front())) part.insert(part.begin(), '0');
  }
  if (parts.size() < 3) {
    if (parts.back().find_first_of("+-") != std::string::npos) return std::nullopt;
    parts.resize(3, "0");
  }
  return ParseSemanticVersion(JoinText(parts, "."));
}

int ComparePrereleases(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) {
    // A version without prerelease comes after those with one.
    return a.empty() == b.empty() ? 0 : (a.empty() ? 1 : -1);
  }
  const auto a_parts = SplitText(a, '.');
  const auto b_parts = SplitText(b, '.');
  for (size_t i = 0; i < std::min(a_parts.size(), b_parts.size()); ++i) {
    const int order = CompareIdentifiers(a_parts[i], b_parts[i]);
    if (order != 0) return order;
  }
  if (a_parts.size() == b_parts.size()) return 0;
  return a_parts.size() < b_parts.size() ? -1 : 1;
}

}  // namespace ouro::rules::functions
