// Small text functions used everywhere. All take and return UTF-8 bytes; none allocates unless it
// returns std::string.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro {

std::string_view TrimSpace(std::string_view text);  // ASCII blanks, tabs and line ends
std::vector<std::string_view> SplitText(std::string_view text,
                                        char separator);  // keeps empty parts
std::string JoinText(const std::vector<std::string>& parts, std::string_view separator);
std::string LowerAscii(std::string_view text);
bool StartsWith(std::string_view text, std::string_view prefix);
bool EndsWith(std::string_view text, std::string_view suffix);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);  // ASCII
std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to);

// Decimal, whole text, no sign but '-'; nullopt on anything else or overflow.
std::optional<int64_t> ParseInt64(std::string_view text);

// Glob over the whole text: '*' any run, '?' any one byte, everything else itself. Linear time.
bool MatchesGlob(std::string_view text, std::string_view pattern);

// The candidate with the smallest edit distance to `word` (at most 1 + size/3 edits), or empty.
std::string_view NearestWord(std::string_view word,
                             const std::vector<std::string_view>& candidates);

// Length of the longest valid UTF-8 prefix in bytes (RFC 3629: no surrogates, no overlong forms).
size_t ValidUtf8Prefix(std::string_view bytes);
inline bool IsValidUtf8(std::string_view bytes) {
  return ValidUtf8Prefix(bytes) == bytes.size();
}

// Appends the UTF-8 form of a Unicode scalar value.
void AppendUtf8(std::string& out, uint32_t code_point);

// Appends `text` as a JSON string literal with quotes; invalid UTF-8 becomes U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);

// Text without control characters (they become U+FFFD or a blank): safe to print on a terminal.
std::string Printable(std::string_view text);

}  // namespace ouro
