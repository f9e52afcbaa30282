#include "io/text_encoding.h"

#include <doctest.h>

#include <string>

namespace ouro::io {
namespace {

size_t Forbidden(const std::string& text) {
  return ExamineText(text).forbidden;
}
constexpr size_t kNone = std::string_view::npos;

std::string Utf16(const std::u16string& text, bool little) {
  std::string out = little ? "\xFF\xFE" : "\xFE\xFF";
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xFF);
    const char high = static_cast<char>(unit >> 8);
    out += little ? std::string{low, high} : std::string{high, low};
  }
  return out;
}

}  // namespace

TEST_CASE("what YAML forbids is found at any offset") {
  for (size_t i = 0; i < 40; ++i) {
    const std::string head(i, 'a');
    CHECK(Forbidden(head + std::string(1, '\0')) == i);
    CHECK(Forbidden(head + "\x01 and more of the text") == i);
    CHECK(Forbidden(head + "\x7F") == i);
    CHECK(Forbidden(head + "\xFF") == i);
    CHECK(Forbidden(head + "\t\r\n\xC2\x85\xC3\xA9\xF0\x9F\x98\x80 tail of text") == kNone);
  }
}

TEST_CASE("UTF-8 is checked strictly") {
  for (const char* bad : {"\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xC2\x80", "\xEF\xBF\xBE", "\xEF\xBF\xBF", "\x80", "\xE2\x80"}) {
    CHECK(Forbidden(bad) == 0);
  }
  CHECK(Forbidden("\xEF\xBB\xBF\xEF\xBF\xBD\xC2\xA0") == kNone);
}

TEST_CASE("unusual line breaks are noticed") {
  CHECK(ExamineText("a\r\nb").has_cr);
  CHECK_FALSE(ExamineText("a\nb").has_cr);
  CHECK(ExamineText("a long line of plain text\r").has_cr);
  CHECK(ExamineText("\xC2\x85").has_wide_break);
  CHECK(ExamineText("\xE2\x80\xA8").has_wide_break);
  CHECK_FALSE(ExamineText("\xE2\x80\xA7").has_wide_break);
}

TEST_CASE("UTF-16 with a mark becomes UTF-8") {
  for (const bool little : {true, false}) {
    std::string text = Utf16(u"a: \u00E9\U0001F600\n", little);
    REQUIRE(DecodeToUtf8(text).has_value());
    CHECK(text == "a: \xC3\xA9\xF0\x9F\x98\x80\n");
    std::string odd = Utf16(u"a", little) + "x";
    CHECK_FALSE(DecodeToUtf8(odd).has_value());
    std::string half = Utf16(std::u16string(1, static_cast<char16_t>(0xD800)) + u"a", little);
    CHECK_FALSE(DecodeToUtf8(half).has_value());
  }
}

TEST_CASE("other encodings are refused by name") {
  std::string utf32("\xFF\xFE\0\0a\0\0\0", 8);
  CHECK(DecodeToUtf8(utf32).error().message.find("UTF-32") != std::string::npos);
  std::string unmarked("a\0:\0 \0", 6);
  CHECK(DecodeToUtf8(unmarked).error().message.find("UTF-16") != std::string::npos);
  std::string plain = "a: 1";
  CHECK(DecodeToUtf8(plain).has_value());
}

}  // namespace ouro::io
