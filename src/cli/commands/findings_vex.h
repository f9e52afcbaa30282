// What was decided about vulnerabilities, as a VEX document. Internal to the commands.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "store/store.h"

namespace ouro::cli {

// `format`: openvex, cyclonedx or csaf. One statement for each vulnerability of an issue that
// somebody decided, and for each that is resolved.
Result<std::string> ExportVex(store::Store& store, const std::string& format,
                              const std::string& author, UnixSeconds now);

}  // namespace ouro::cli
