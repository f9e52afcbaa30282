#include <algorithm>
#include <array>

#include "report/formats/formats.h"

namespace ouro::report {
namespace {

constexpr std::array<Reporter, 6> kReporters = {{
    {"json", "the whole run as one JSON document (docs/formats/finding.md)", WriteJson},
    {"junit", "JUnit XML for the test view of a pipeline", WriteJunit},
    {"markdown", "a comment for a pull request", WriteMarkdown},
    {"ndjson", "one finding a line as JSON", WriteNdjson},
    {"sarif", "SARIF 2.1.0 for code scanning", WriteSarif},
    {"table", "for people: findings by object with the source line", WriteTable},
}};

}  // namespace

std::span<const Reporter> AllReporters() {
  return kReporters;
}

const Reporter* FindReporter(std::string_view name) {
  const auto found =
      std::find_if(kReporters.begin(), kReporters.end(),
                   [name](const Reporter& reporter) { return reporter.name == name; });
  return found == kReporters.end() ? nullptr : &*found;
}

}  // namespace ouro::report
