// A page of a list as the server sends it. Private to kube.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace ouro::kube {

struct ListHead {
  std::string resource_version;
  std::string continue_token;  // empty: this is the last page
};

// Reads a List's metadata. It stands in front of the items, except in lists of custom resources,
// where all items have to be passed over. kParse when the text is no List or ends in the middle.
Result<ListHead> ReadListHead(std::string_view page);

}  // namespace ouro::kube
