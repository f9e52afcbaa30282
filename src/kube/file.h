// Small files of outside: tokens, kubeconfigs, parts of a dump. Private to kube.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ouro::kube {

// The bytes of a regular file (or a pipe that ends). kNotFound, kIo, and kLimit above `size_max`.
Result<std::string> ReadSmallFile(const std::string& path, int64_t size_max);

// Writes a new file, for its owner alone. kIo.
Status WriteNewFile(const std::string& path, std::string_view bytes);

}  // namespace ouro::kube
