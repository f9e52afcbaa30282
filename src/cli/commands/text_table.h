// Plain tables of the commands. Internal to the commands.
#pragma once

#include <string>
#include <vector>

namespace ouro::cli {

// Columns as wide as their widest cell (in characters), two blanks between; the last one is not
// padded. Cells must be printable.
std::string TextTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace ouro::cli
