#include "model/finding.h"

#include <array>

namespace ouro::model {

std::string_view FindingClassName(FindingClass value) {
  static constexpr std::array<std::string_view, 11> kNames = {
      "misconfig", "vuln",  "secret",  "runtime", "bench", "netpol",
      "rbac",      "probe", "licence", "malware", "lint"};
  return kNames[static_cast<size_t>(value)];
}

std::string_view FindingStatusName(FindingStatus value) {
  static constexpr std::array<std::string_view, 3> kNames = {"open", "suppressed", "error"};
  return kNames[static_cast<size_t>(value)];
}

}  // namespace ouro::model
