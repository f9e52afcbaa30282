// Reading fields of a JSON report without ceremony. Reports of other tools are loose: a field may
// be absent, null, or a number where a text is expected. Absent and null are the same here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/tree.h"

namespace ouro::ingest {

// The child that a dotted path leads to ("metadata.name"); does not exist when any step is absent.
// Only for keys that hold no dot themselves.
io::NodeView At(io::NodeView node, std::string_view path);

// Text of a scalar: strings as they are, numbers and booleans as JSON writes them; empty for null,
// maps, lists and what does not exist.
std::string ScalarText(io::NodeView node);

// Text of the scalar at the path, trimmed of blanks at both ends; empty when absent.
std::string Text(io::NodeView node, std::string_view path);
// The first of the paths that has a text.
std::string FirstText(io::NodeView node, std::initializer_list<std::string_view> paths);
// Whole number at the path, also when it is written as a text; `otherwise` when absent or no
// number.
int64_t Integer(io::NodeView node, std::string_view path, int64_t otherwise = 0);
std::optional<double> Number(io::NodeView node, std::string_view path);
bool Flag(io::NodeView node, std::string_view path, bool otherwise = false);
// Texts of the list at the path (scalars; maps are left out); a single scalar is a list of one.
std::vector<std::string> Texts(io::NodeView node, std::string_view path);
// Items of the list at the path; empty when absent or no list.
std::vector<io::NodeView> Items(io::NodeView node, std::string_view path);
// Does the map have all of these keys (of any type, null included)?
bool HasKeys(io::NodeView node, std::initializer_list<std::string_view> keys);
// "line:column" of the node in the report, for problems.
std::string PlaceOf(io::NodeView node);

}  // namespace ouro::ingest
