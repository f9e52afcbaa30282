// Unicode code points ("runes") of UTF-8 text. Invalid bytes count as one U+FFFD each, as Go's
// []rune conversion has it, so that offsets agree with the API server on any input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::rules::functions {

struct Rune {
  uint32_t code_point = 0;
  uint32_t size_bytes = 1;  // bytes of the text that it stands for
};

// The first rune of non-empty `text`.
Rune FirstRune(std::string_view text);

int64_t RuneCount(std::string_view text);

// Byte offset of rune `index`; text.size() for the rune after the last; -1 beyond that.
int64_t RuneOffset(std::string_view text, int64_t index);

std::vector<uint32_t> ToRunes(std::string_view text);

// `text` in double quotes with Go's escapes (strconv.Quote): control characters, invalid bytes and
// what Unicode does not call printable are escaped.
std::string QuoteGo(std::string_view text);

}  // namespace ouro::rules::functions
