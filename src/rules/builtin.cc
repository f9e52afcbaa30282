// The built-in check library: the files of checks/, embedded by cmake/embed.cmake.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "rules/check.h"

namespace ouro::rules {
namespace {

struct EmbeddedCheck {
  std::string_view path;      // "checks/kubernetes/privileged.yaml"
  std::string_view head;      // everything but the examples
  std::string_view examples;  // from the line "examples:" on; may be empty
};

constexpr EmbeddedCheck kEmbeddedChecks[] = {
#include "rules_builtin_checks.inc"
};

std::vector<Check> ReadEmbedded(bool with_examples) {
  std::vector<Check> checks;
  checks.reserve(std::size(kEmbeddedChecks));
  for (const auto& embedded : kEmbeddedChecks) {
    std::string text(embedded.head);
    if (with_examples) text += embedded.examples;
    auto check = ReadCheck(std::move(text), embedded.path);
    // The build ran the same reader over the same bytes, so a failure is our own mistake.
    if (!check) internal::CheckFailed(check.error().ToString().c_str(), __FILE__, __LINE__);
    checks.push_back(std::move(*check));
  }
  std::sort(checks.begin(), checks.end(),
            [](const Check& a, const Check& b) { return a.id < b.id; });
  return checks;
}

}  // namespace

const std::vector<Check>& BuiltinChecks() {
  static const std::vector<Check> kChecks = ReadEmbedded(false);
  return kChecks;
}

std::vector<Check> BuiltinChecksWithExamples() {
  return ReadEmbedded(true);
}

std::string BuiltinCheckSource(std::string_view id) {
  for (const Check& check : BuiltinChecks()) {
    if (check.id != id) continue;
    for (const auto& embedded : kEmbeddedChecks) {
      if (embedded.path == check.source_file) {
        return std::string(embedded.head) + std::string(embedded.examples);
      }
    }
  }
  return {};
}

}  // namespace ouro::rules
