#include "report/display.h"

#include <doctest.h>

#include <string>

namespace ouro::report {
namespace {

model::Location At(std::string line, int64_t column, int64_t end_column) {
  model::Location place;
  place.line = place.end_line = 1;
  place.column = column;
  place.end_column = end_column;
  place.source_line = std::move(line);
  return place;
}

TEST_CASE("text for terminals") {
  CHECK(SafeText("plain") == "plain");
  CHECK(SafeText("a\tb\nc\rd") == "a b c d");
  CHECK(SafeText("\x1b[31mred\x07") == "\uFFFD[31mred\uFFFD");
  CHECK(SafeText("\xC2\x9B"
                 "31m") == "\uFFFD31m");
  CHECK(SafeText("\xff") == "\uFFFD");
  CHECK(SafeText("a\u202Eb\u2066c\u061Cd\u200Fe") == "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe");
  CHECK(SafeText("grün 漢字 — ok") == "grün 漢字 — ok");
}

TEST_CASE("width in columns") {
  CHECK(DisplayWidth("") == 0);
  CHECK(DisplayWidth("abc") == 3);
  CHECK(DisplayWidth("größe") == 5);
  CHECK(DisplayWidth("漢字") == 4);
  CHECK(DisplayWidth("e\u0301") == 1);
  CHECK(DisplayWidth("🚀") == 2);
  CHECK(DisplayWidth("│ …×✗") == 5);
}

TEST_CASE("wrapping at blanks") {
  const auto wrapped = [](std::string_view text, int column, int indent, int width) {
    std::string out;
    AppendWrapped(out, text, column, indent, width);
    return out;
  };
  CHECK(wrapped("one two three", 0, 2, 0) == "one two three");
  CHECK(wrapped("one two three", 0, 2, 8) == "one two\n  three");
  CHECK(wrapped("one two three", 5, 2, 8) == "one\n  two\n  three");
  CHECK(wrapped("averyveryverylongword x", 0, 1, 5) == "averyveryverylongword\n x");
  CHECK(wrapped("", 0, 1, 5).empty());
  CHECK(wrapped("漢字 漢字", 0, 0, 8) == "漢字\n漢字");
}

TEST_CASE("the mark stands under the span") {
  struct Row {
    const char* name;
    model::Location place;
    std::string text;
    int start;
    int width;
  };
  const std::vector<Row> rows = {
      {"indent is dropped", At("      privileged: true", 7, 23), "privileged: true", 0, 16},
      {"value", At("      privileged: true", 19, 23), "privileged: true", 12, 4},
      {"tabs before the span", At("\t\t\"a\":\t1", 8, 9), "\"a\":    1", 8, 1},
      {"wide characters before the span", At("漢字: x", 5, 6), "漢字: x", 6, 1},
      {"wide span", At("x: 漢字", 4, 6), "x: 漢字", 3, 4},
      {"combining mark", At("e\u0301: x", 5, 6), "e\u0301: x", 3, 1},
      {"empty span marks one character", At("abc", 2, 2), "abc", 1, 1},
      {"no column", At("  abc  ", 0, 0), "abc", 0, 0},
      {"column past the end", At("abc", 9, 12), "abc", 3, 0},
      {"empty line", At("", 1, 1), "", 0, 0},
      {"trailing blanks", At("  abc \t", 3, 6), "abc", 0, 3},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const SourceExcerpt excerpt = ExcerptSource(row.place, 80);
    CHECK(excerpt.text == row.text);
    CHECK(excerpt.mark_start == row.start);
    CHECK(excerpt.mark_width == row.width);
  }
}

TEST_CASE("a span over several lines is marked to the end of its first") {
  model::Location place = At("      - name: app   ", 9, 12);
  place.end_line = 5;
  const SourceExcerpt excerpt = ExcerptSource(place, 80);
  CHECK(excerpt.text == "- name: app");
  CHECK(excerpt.mark_start == 2);
  CHECK(excerpt.mark_width == 9);
}

TEST_CASE("long lines are cut around the span and stay within the width") {
  for (const int width : {20, 40, 80, 160}) {
    for (const size_t before : {0u, 5u, 500u, 500'000u}) {
      for (const size_t span : {1u, 16u, 5'000u}) {
        const auto column = static_cast<int64_t>(before) + 1;
        const std::string line =
            std::string(before, 'a') + std::string(span, 'X') + std::string(700, 'b');
        const SourceExcerpt excerpt =
            ExcerptSource(At(line, column, column + static_cast<int64_t>(span)), width);
        CAPTURE(width);
        CAPTURE(before);
        CAPTURE(span);
        CHECK(DisplayWidth(excerpt.text) <= width);
        CHECK(excerpt.mark_width >= 1);
        CHECK(excerpt.mark_start + excerpt.mark_width <= width);
        // The ellipsis is one column but three bytes.
        const bool cut_before = excerpt.text.substr(0, 3) == "…";
        const auto first = static_cast<size_t>(excerpt.mark_start) + (cut_before ? 2 : 0);
        CHECK(excerpt.text[first] == 'X');
      }
    }
  }
}

}  // namespace
}  // namespace ouro::report
