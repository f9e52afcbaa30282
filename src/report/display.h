// Text for terminals: what may be shown, how wide it is, and the source line with its mark. Private
// to the report formats.
#pragma once

#include <string>
#include <string_view>

#include "model/finding.h"

namespace ouro::report {

// Text that a terminal can show without being changed by it: no control characters, and none that
// reorder text (Unicode bidirectional formatting), because a line that shows something else than it
// says misleads whoever reviews it. Each becomes U+FFFD, tabs and line ends become blanks.
std::string SafeText(std::string_view text);

// Columns that a terminal uses for `text` (valid UTF-8 without control characters): two for East
// Asian wide characters and emoji (Unicode Standard Annex #11), none for combining marks.
int DisplayWidth(std::string_view text);

// Appends `text` broken at blanks so that no line is wider than `width`; lines after the first
// begin with `indent` blanks. `column` is where the text starts. Words are never cut. 0: no limit.
void AppendWrapped(std::string& out, std::string_view text, int column, int indent, int width);

// One source line, ready to print, and where its span stands in it.
struct SourceExcerpt {
  std::string text;    // without leading blanks, tabs expanded, cut with "…" where it is too long
  int mark_start = 0;  // columns before the span
  int mark_width = 0;  // columns of the span; 0: the column is unknown or past the end
};

// The source line of a location in at most `width` columns, cut around the span. A span that goes
// over several lines is marked to the end of its first line.
SourceExcerpt ExcerptSource(const model::Location& location, int width);

}  // namespace ouro::report
