// The named formats of Kubernetes' format library: names, labels and strings of OpenAPI.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::rules::functions {

struct NamedFormat {
  std::string_view name;     // as expressions write it: format.<name>()
  std::string_view display;  // as Kubernetes names it
  // What is wrong, in Kubernetes' own sentences: rules and people compare them. Empty: nothing.
  std::vector<std::string> (*validate)(std::string_view text);
  // Size of the pattern that the cost model assumes, in characters.
  uint64_t pattern_size;
};

// Sorted by name.
std::span<const NamedFormat> NamedFormats();
const NamedFormat* FindNamedFormat(std::string_view name);

}  // namespace ouro::rules::functions
