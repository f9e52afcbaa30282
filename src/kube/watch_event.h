// One line of a watch. Private to kube.
#pragma once

#include <string_view>

#include "base/error.h"
#include "kube/client.h"

namespace ouro::kube {

struct ParsedWatchLine {
  bool is_error = false;
  WatchEvent event;  // views into the line
  ApiStatus status;  // when is_error
};

// kParse when the line is no event of a known type.
Result<ParsedWatchLine> ParseWatchLine(std::string_view line);

}  // namespace ouro::kube
