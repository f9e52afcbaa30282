#include "io/yaml_scalar.h"

#include <doctest.h>

#include <string>
#include <string_view>

namespace ouro::io {
namespace {

// Type letter and value, as in "i:5".
std::string Meaning(std::string_view text) {
  const Scalar s = ResolvePlain(text);
  std::string out;
  switch (s.type) {
    case ScalarType::kNull:
      return "null";
    case ScalarType::kBool:
      return s.boolean ? "true" : "false";
    case ScalarType::kInt:
      return "i:" + std::to_string(s.integer);
    case ScalarType::kUint:
      return "u:" + std::to_string(s.unsigned_integer);
    case ScalarType::kDouble:
      AppendJsonDouble(out, s.number);
      return "d:" + out;
    case ScalarType::kString:
      return "string";
  }
  return "";
}

std::string Json(double value) {
  std::string out;
  AppendJsonDouble(out, value);
  return out;
}

std::string Decoded(std::string_view text) {
  std::string bytes;
  return DecodeBase64(text, bytes) ? bytes : "refused";
}

}  // namespace

TEST_CASE("words") {
  for (const char* word : {"y", "Yes", "ON", "true", "TRUE"}) CHECK(Meaning(word) == "true");
  for (const char* word : {"n", "No", "off", "False"}) CHECK(Meaning(word) == "false");
  for (const char* word : {"", "~", "null", "Null", "NULL"}) CHECK(Meaning(word) == "null");
  for (const char* word : {"yEs", "nULL", "tRUE", "yess", "o", "t", "None"})
    CHECK(Meaning(word) == "string");
}

TEST_CASE("integers in every base") {
  CHECK(Meaning("0") == "i:0");
  CHECK(Meaning("-0") == "i:0");
  CHECK(Meaning("+12") == "i:12");
  CHECK(Meaning("0777") == "i:511");
  CHECK(Meaning("0o777") == "i:511");
  CHECK(Meaning("0x1F") == "i:31");
  CHECK(Meaning("0b101") == "i:5");
  CHECK(Meaning("-0b101") == "i:-5");
  CHECK(Meaning("0b-101") == "i:-5");
  CHECK(Meaning("1_000") == "i:1000");
  CHECK(Meaning("08") == "d:8");
  CHECK(Meaning("9223372036854775807") == "i:9223372036854775807");
  CHECK(Meaning("-9223372036854775808") == "i:-9223372036854775808");
  CHECK(Meaning("9223372036854775808") == "u:9223372036854775808");
  CHECK(Meaning("18446744073709551616") == "d:18446744073709552000");
  CHECK(Meaning("-9223372036854775809") == "d:-9223372036854776000");
  for (const char* text : {"0x", "1__", "-", "+", "0b2", "12a", "_1", "190:20:30", "2001-01-01"}) {
    INFO(text);
    CHECK(Meaning(text) == (std::string_view(text) == "1__" ? "i:1" : "string"));
  }
}

TEST_CASE("floats") {
  CHECK(Meaning("1.5") == "d:1.5");
  CHECK(Meaning("1.0") == "d:1");
  CHECK(Meaning("1e3") == "d:1000");
  CHECK(Meaning(".5") == "d:0.5");
  CHECK(Meaning("5.") == "d:5");
  CHECK(Meaning("+.5e1") == "d:5");
  CHECK(Meaning("-0.0") == "d:-0");
  CHECK(Meaning("1_0.5") == "d:10.5");
  CHECK(Meaning(".1_5") == "d:0.15");
  CHECK(Meaning(".1__5") == "string");
  CHECK(Meaning("._5") == "string");
  CHECK(Meaning("1e-400") == "d:0");
  CHECK(Meaning("1e400") == "string");
  CHECK(Meaning(".") == "string");
  CHECK(Meaning("1e") == "string");
  CHECK(ResolvePlain("-.inf").number < 0);
  CHECK(ResolvePlain("+.INF").type == ScalarType::kDouble);
  CHECK(ResolvePlain(".nan").type == ScalarType::kDouble);
  CHECK(Meaning("+.nan") == "string");
}

TEST_CASE("tags decide, or refuse") {
  CHECK(ScalarTagOf("") == ScalarTag::kNone);
  CHECK(ScalarTagOf("!local") == ScalarTag::kOther);
  CHECK(ScalarTagOf("tag:yaml.org,2002:set") == ScalarTag::kOther);
  CHECK(ResolveTagged(ScalarTag::kString, "5")->type == ScalarType::kString);
  CHECK(ResolveTagged(ScalarTag::kFloat, "5")->number == 5.0);
  CHECK(ResolveTagged(ScalarTag::kInt, "0x10")->integer == 16);
  CHECK_FALSE(ResolveTagged(ScalarTag::kInt, "1.5").has_value());
  CHECK_FALSE(ResolveTagged(ScalarTag::kInt, "").has_value());
  CHECK_FALSE(ResolveTagged(ScalarTag::kNull, "x").has_value());
  CHECK_FALSE(ResolveTagged(ScalarTag::kFloat, "18446744073709551615").has_value());
  CHECK(ResolveTagged(ScalarTag::kTimestamp, "2001-12-14t21:59:43.10-05:00").has_value());
  CHECK(ResolveTagged(ScalarTag::kTimestamp, "2024-2-29").has_value());
  CHECK_FALSE(ResolveTagged(ScalarTag::kTimestamp, "2023-2-29").has_value());
  CHECK_FALSE(ResolveTagged(ScalarTag::kTimestamp, "now").has_value());
}

TEST_CASE("base64") {
  CHECK(Decoded("aGk=") == "hi");
  CHECK(Decoded("aG\nk=\n") == "hi");
  CHECK(Decoded("").empty());
  CHECK(Decoded("aGk") == "refused");
  CHECK(Decoded("aGk==") == "refused");
  CHECK(Decoded("a===") == "refused");
  CHECK(Decoded("aGk=aGk=") == "refused");
  CHECK(Decoded("a b=") == "refused");
  CHECK(ReplaceInvalidUtf8("a\xFF\xFE") == "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("numbers print as Go prints them") {
  CHECK(Json(0) == "0");
  CHECK(Json(0.1) == "0.1");
  CHECK(Json(1e20) == "100000000000000000000");
  CHECK(Json(123456789012345678901.0) == "123456789012345680000");
  CHECK(Json(1e21) == "1e+21");
  CHECK(Json(1e-6) == "0.000001");
  CHECK(Json(1e-7) == "1e-7");
  CHECK(Json(1.5e-10) == "1.5e-10");
  CHECK(Json(1234567890123456.8) == "1234567890123456.8");
  CHECK(FloatKeyText(1.5) == "1.5");
  CHECK(FloatKeyText(1e6) == "1e+06");
  CHECK(FloatKeyText(123456) == "123456");
  CHECK(FloatKeyText(0.00001) == "1e-05");
  CHECK(FloatKeyText(1e40) == ".inf");
  CHECK(FloatKeyText(0.1) == "0.1");
}

}  // namespace ouro::io
