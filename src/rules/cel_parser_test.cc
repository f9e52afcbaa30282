#include "rules/cel_parser.h"

#include <doctest.h>

#include <string>

namespace ouro::rules {
namespace {

SyntaxOptions All() {
  SyntaxOptions options;
  options.optional_syntax = true;
  options.two_variables = true;
  options.bindings = true;
  options.block = true;
  return options;
}

Error ErrorOf(std::string_view text, const SyntaxOptions& options = All()) {
  Arena arena;
  const auto parsed = ParseExpression(text, options, arena);
  REQUIRE_MESSAGE(!parsed, text);
  return parsed.error();
}

TEST_CASE("every form of the grammar is read") {
  Arena arena;
  for (std::string_view text : {"a",
                                ".a.b",
                                "a.`b-c`",
                                "a.?b",
                                "a[?0]",
                                "a[0]",
                                "f()",
                                "a.f(1, 2)",
                                "[]",
                                "[,]",
                                "[1, 2,]",
                                "{}",
                                "{,}",
                                "{1: 2,}",
                                "{?'a': b}",
                                "[?a]",
                                "A{}",
                                "a.B{c: 1, ?d: e,}",
                                "-1",
                                "- 1",
                                "--1",
                                "!!a",
                                "!-1",
                                "1 + 2 * 3 - 4 / 5 % 6",
                                "a ? b : c ? d : e",
                                "a || b && c",
                                "1u",
                                "0xFu",
                                "1.5e-3",
                                ".5",
                                "1.e",
                                "'a'",
                                "\"a\"",
                                "'''a\n'b'''",
                                "r'\\d'",
                                "b'\\xff'",
                                "bR\"\\\"",
                                "a in b",
                                "a.in_b",
                                "a // comment\n + b",
                                "true == false",
                                "null",
                                "a.for",
                                "a.namespace.b",
                                "-9223372036854775808",
                                "''",
                                "''''''",
                                "'\\u00e9\\U0001F600\\101\\x41\\?\\`'"}) {
    const auto parsed = ParseExpression(text, All(), arena);
    CHECK_MESSAGE(parsed, text << ": " << (parsed ? "" : parsed.error().ToString()));
  }
}

TEST_CASE("bad text is refused with its place") {
  CHECK(ErrorOf("1 +").where == "1:4");
  CHECK(ErrorOf("a\n  ~ b").where == "2:3");
  CHECK(ErrorOf("'é' + ~").where == "1:7");
  CHECK(ErrorOf("a.true").message == "Syntax error: mismatched input 'true' expecting IDENTIFIER");
  CHECK(ErrorOf("for").message == "reserved identifier: for");
  for (std::string_view text : {"",
                                "(",
                                ")",
                                "a b",
                                "1.foo.",
                                "'a",
                                "'\\q'",
                                "'\\ud800'",
                                "b'\\u0041'",
                                "1 ? 2",
                                "a.`b",
                                "a.``",
                                "[1 2]",
                                "{1}",
                                "{1:}",
                                "f(,)",
                                "a.f(1,)",
                                "9223372036854775808",
                                "1e999",
                                "18446744073709551616u",
                                "a.b{",
                                "'a\nb'",
                                "a..b",
                                "=",
                                "a = b",
                                "a & b",
                                "a | b",
                                "-",
                                "has(a)",
                                "a.all(1, true)",
                                "a.all(x.y, true)",
                                "a.map(x)x",
                                "\xff",
                                "a.@b",
                                "$a"}) {
    Arena arena;
    const auto parsed = ParseExpression(text, All(), arena);
    CHECK_MESSAGE(!parsed, text);
  }
}

TEST_CASE("optional syntax only exists where it is enabled") {
  const SyntaxOptions plain;
  CHECK(ErrorOf("a.?b", plain).message == "unsupported syntax '.?'");
  CHECK(ErrorOf("a[?b]", plain).message == "unsupported syntax '[?'");
  CHECK(ErrorOf("[?b]", plain).message == "unsupported syntax '?'");
  CHECK(ErrorOf("{?b: c}", plain).message == "unsupported syntax '?'");
}

TEST_CASE("nesting is limited, long chains of logic are not nesting") {
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '(') + "1" +
           std::string(static_cast<size_t>(depth), ')');
  };
  Arena arena;
  CHECK(ParseExpression(nested(200), All(), arena));
  CHECK(ErrorOf(nested(300)).code == ErrorCode::kLimit);
  std::string sum = "1";
  for (int i = 0; i < 300; ++i) sum += "+1";
  CHECK(ErrorOf(sum).code == ErrorCode::kLimit);
  std::string logic = "a";
  for (int i = 0; i < 5000; ++i) logic += "&&a";
  CHECK(ParseExpression(logic, All(), arena));
  CHECK(ErrorOf(std::string(200'000, ' ') + "1").code == ErrorCode::kLimit);
  std::string deep = "[]";
  for (int i = 0; i < 40; ++i) deep = "a.?b.optMap(x, " + deep + ")";
  CHECK(ParseExpression(deep, All(), arena));
}

TEST_CASE("macros that double their target cannot exhaust memory") {
  std::string text = "a";
  for (int i = 0; i < 30; ++i) text += ".optMap(x, x)";
  const Error error = ErrorOf(text);
  CHECK(error.code == ErrorCode::kLimit);
}

}  // namespace
}  // namespace ouro::rules
