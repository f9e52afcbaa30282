// Reading and replacing files. Private to feed.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ouro::feed {

// Hands the file on in pieces. kNotFound, kIo.
Status ReadPieces(const std::string& path, const std::function<Status(std::string_view)>& sink);

// Writes beside `path` and renames over it, after syncing both; makes the folder. kIo.
Status ReplaceFile(const std::string& path, std::string_view bytes);

// The regular files of a folder, sorted by name; the path itself when it is a file. kNotFound, kIo.
Result<std::vector<std::string>> ListFiles(const std::string& path);

}  // namespace ouro::feed
