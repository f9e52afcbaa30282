#include "io/document_splitter.h"

#include <doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace ouro::io {
namespace {

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> out;
  DocumentChunk chunk;
  for (uint32_t start = 0; NextDocumentChunk(text, start, chunk); start = chunk.separator_end) {
    out.emplace_back(text.substr(chunk.start, chunk.end - chunk.start));
    if (chunk.bad_separator != DocumentChunk::kNoBadSeparator) out.back() += "<bad>";
  }
  return out;
}

using Parts = std::vector<std::string>;

}  // namespace

TEST_CASE("separator lines split, blanks and comments on them do not matter") {
  CHECK(Split("a\n---\nb\n") == Parts{"a\n", "b\n"});
  CHECK(Split("a\n--- # c\nb") == Parts{"a\n", "b"});
  CHECK(Split("a\r\n---  \r\nb") == Parts{"a\r\n", "b"});
  CHECK(Split("a\n---\xE2\x80\xA9\nb") == Parts{"a\n", "b"});
  CHECK(Split("a\n ---\nb") == Parts{"a\n ---\nb"});
}

TEST_CASE("a separator with nothing above it belongs to the document below") {
  CHECK(Split("---\na\n---\n---\nb\n") == Parts{"---\na\n", "---\nb\n"});
  CHECK(Split("---\n---\nb") == Parts{"---\n", "b"});
  CHECK(Split("# c\n---\na") == Parts{"# c\n", "a"});
  CHECK(Split("---\n") == Parts{"---\n"});
  CHECK(Split("a\n---\n") == Parts{"a\n"});
  CHECK(Split("").empty());
}

TEST_CASE("a separator with more on its line spoils its document only") {
  CHECK(Split("a\n--- b\nc\n---\nd\n") == Parts{"a\n--- b\nc\n<bad>", "d\n"});
  CHECK(Split("-----\n---\nd") == Parts{"-----\n<bad>", "d"});
}

TEST_CASE("separators are found at any offset") {
  for (size_t i = 0; i < 70; ++i) {
    const std::string head = std::string(i, 'x') + "\n";
    CHECK(Split(head + "---\nb") == Parts{head, "b"});
    CHECK(Split(head + "--") == Parts{head + "--"});
  }
}

}  // namespace ouro::io
