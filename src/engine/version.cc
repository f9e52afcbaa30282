#include "engine/engine.h"

#ifndef OURO_VERSION
#error "the build names the version: see src/CMakeLists.txt"
#endif

namespace ouro::engine {

std::string_view Version() {
  return OURO_VERSION;
}

}  // namespace ouro::engine
